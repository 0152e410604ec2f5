"""Does a person leave the room? Radio signal strengths of Bacciu et al. (2014), or a sample.

A person with a radio on the chest walks through one of two rooms; four anchors measure the strength
of its signal eight times a second, up to a marker that all walks reach. The class tells whether the
walk will end in the other room. 314 walks of 19 to 129 steps were taken on six paths in three pairs
of rooms. The authors scaled each channel to [-1, 1] over all walks of a pair of rooms, test walks
included. What they ask for is to be cited: D. Bacciu, P. Barsocchi, S. Chessa, C. Gallicchio and
A. Micheli, "An experimental characterization of reservoir computing in ambient assisted living
applications", Neural Computing and Applications 24 (6), 2014, doi:10.1007/s00521-013-1364-4.

**The split**: within each of the 17 pairs of rooms and path that the authors' files in `groups`
tell of, walks are drawn with seed 7: a fifth (rounded) for test, as many for validation, the others
for training, by `keras_rnnzoo.datasets.sequences.cut`. That gives 188, 63 and 63 walks, and every
part has seen all rooms and paths, as in the authors' homogeneous setting.
"""

import math
import os
import random
import zipfile
from pathlib import Path

import numpy as np

from keras_rnnzoo.base.options import nearest
from keras_rnnzoo.datasets.sequence_files import described, read_parts
from keras_rnnzoo.datasets.sequences import Sequences, cut

SOURCES = ("auto", "indoor_movement", "sample")
ZIP = "indoor_movement_rss.zip"
TARGETS = "MovementAAL_target.csv"
COUNT = 314
CLASSES = ("stays", "leaves")  # -1 and 1 in the files
CHANNELS = ("anchor1", "anchor2", "anchor3", "anchor4")
SEED = 7
SIZES = (200, 60, 100)  # of the sample
HOW_TO_GET = (
    "To get the real set: download 'Indoor User Movement Prediction from RSS data' of the UCI "
    "Machine Learning Repository, and name its folder or zip file: "
    'load("indoor_movement", data_dir=...).'
)


def load(source="auto", data_dir=None, verbose=True):
    """Load labelled sequences in three parts: walks through rooms, one's own, or the sample.

    Args:
        source: "indoor_movement" for the real set; "sample" for the small generated one; "auto" for
            the real set if it is there and else the sample; or the path of one's own CSV file or
            folder, see `keras_rnnzoo.datasets.sequence_files`.
        data_dir: the zip file of the real set, its unpacked folder, or the folder of either.
            Default: `data/timeseries/indoor_movement_rss.zip` in the folder that the environment
            variable KERAS_RNNZOO_DATA names.
        verbose: whether to print one line that says what was loaded.

    Returns:
        A `keras_rnnzoo.datasets.sequences.SequenceParts`.

    Raises:
        FileNotFoundError: "indoor_movement" that is not there, or a path that is not.
        ValueError: files that cannot be used; the message names the file.

    Example:

    >>> walks = load("sample", verbose=False)
    >>> len(walks.train), walks.train.classes
    (200, ('clockwise', 'anticlockwise'))
    """
    source = os.fspath(source)
    if source == "sample":
        parts = _sample(f"It was asked for by name. {HOW_TO_GET}")
    elif source in SOURCES:
        parts = _real(source, data_dir)
    elif Path(source).exists():
        parts = read_parts(source)
    else:
        raise FileNotFoundError(
            f"Expected one of {', '.join(SOURCES)}, or the path of a CSV file or folder."
            f"{nearest(source, SOURCES)} Received: {source!r}, which is none"
        )
    if verbose:
        print(f"{parts.description} {parts.hint}".strip(), flush=True)
    return parts


def _real(source, data_dir):
    place = _place(data_dir)
    if place is None:
        where = f"data_dir={None if data_dir is None else os.fspath(data_dir)!r}"
        where += f", KERAS_RNNZOO_DATA={os.environ.get('KERAS_RNNZOO_DATA')!r}"
        if source == "auto" and data_dir is None:
            return _sample(f"The real set was not found ({where}). {HOW_TO_GET}")
        raise FileNotFoundError(
            f"Expected {ZIP}, or a folder with {TARGETS}. Received: {where}. {HOW_TO_GET}"
        )
    sequences, rooms, paths = read(place)
    title = "Indoor movement (Bacciu et al. 2014)"
    return described(*cut(sequences, 10 * rooms + paths, seed=SEED), "indoor_movement", title)


def _place(data_dir):
    """The zip file or the folder of the real set, or None."""
    root = os.environ.get("KERAS_RNNZOO_DATA")
    if data_dir is None:
        places = [Path(root) / "data" / "timeseries" / ZIP] if root else []
    else:
        given = Path(data_dir)
        places = [given / ZIP, given] if given.is_dir() else [given]
    for place in places:
        if place.is_file() or any(place.glob(f"**/{TARGETS}")):
            return place
    return None


def read(path):
    """All sequences of the real set, and the groups that its authors tell of.

    Args:
        path: of the zip file, or of a folder that holds its files.

    Returns:
        A `Sequences` of 314, the pair of rooms (1 to 3) and the path (1 to 6) of each, int (314,).

    Raises:
        ValueError: a damaged file, or not this set.
    """
    path = Path(path)
    try:
        if path.is_dir():
            return _parse({p.name: p.read_text("utf-8") for p in path.rglob("MovementAAL_*.csv")})
        with zipfile.ZipFile(path) as file:
            found = [n for n in file.namelist() if Path(n).match("MovementAAL_*.csv")]
            return _parse({Path(name).name: file.read(name).decode("utf-8") for name in found})
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{path}: expected the {COUNT} walks of the set on indoor movement, their targets and "
            f"groups. Received: a file that is damaged or another ({error}). {HOW_TO_GET}"
        ) from error


def _parse(texts):
    """From the texts of the files by name."""

    def table(name, dtype):
        lines = texts[f"MovementAAL_{name}.csv"].splitlines()
        return np.loadtxt(lines, delimiter=",", comments="#", dtype=dtype, ndmin=2)

    tables = [table(name, "int64") for name in ("target", "DatasetGroup", "Paths")]
    ids = np.arange(1, COUNT + 1)
    if any(not np.array_equal(found[:, 0], ids) for found in tables):
        raise ValueError(f"its tables do not count from 1 to {COUNT}")
    target, rooms, paths = (found[:, 1] for found in tables)
    if not np.isin(target, (-1, 1)).all():
        raise ValueError("its targets are not all -1 or 1")
    values = [table(f"RSS_{number}", "float64") for number in ids]
    return Sequences(values, (target + 1) // 2, CLASSES, CHANNELS, ids), rooms, paths


# The embedded sample ---------------------------------------------------------------------------


def _sample(hint):
    parts = sample()
    title = "EMBEDDED SAMPLE of generated walks round a table, not measured ones"
    return described(*parts, "sample", title, hint)


def sample(sizes=SIZES, seed=2014):
    """Generate walks round a table with a receiver at each corner; the class is the direction.

    A walk starts anywhere and goes round between one and two times, so levels, extremes and trends
    of the four signals hardly tell the direction; the order in which they rise does.

    Args:
        sizes: how many walks each part has.
        seed: of the walks. The default never changes, nor does the sample it gives.

    Returns:
        For each part a `Sequences`.

    Raises:
        ValueError: a size below 2.
    """
    if any(size < 2 for size in sizes):
        raise ValueError(f"Sizes must be 2 or more. Received: sizes={sizes!r}")
    # `random.gauss` may change between versions of Python, `random.random` does not.
    draw = random.Random(seed).random
    classes = ("clockwise", "anticlockwise")
    parts = []
    for size in sizes:
        labels = np.arange(size) % 2
        walks = [_walk(draw, 1 if label else -1) for label in labels]
        parts.append(Sequences(walks, labels, classes, CHANNELS))
    return parts


def _walk(draw, direction):
    """Signals (time, 4) of one walk: the negative logarithm of distances, and noise."""
    steps = 20 + int(draw() * 60)
    start, rounds = 2 * math.pi * draw(), 1 + draw()
    radius = 1.3 + 0.3 * draw()
    signals = []
    for step in range(steps):
        angle = start + direction * 2 * math.pi * rounds * step / steps
        x, y = radius * math.cos(angle), radius * math.sin(angle)
        corners = ((1, 1), (-1, 1), (-1, -1), (1, -1))
        noise = [draw() + draw() - 1 for _ in corners]
        signals.append(
            [
                0.5 * e - math.log(0.2 + math.hypot(x - a, y - b))
                for (a, b), e in zip(corners, noise)
            ]
        )
    return np.array(signals)
