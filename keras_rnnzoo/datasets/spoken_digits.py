"""Spoken digits: the Free Spoken Digit Dataset 1.0.9, one's own recordings, or a sample of tones.

2,500 recordings of five people who say each digit fifty times, at 8,000 Hz, by Zohar Jackson and
others, CC BY-SA 4.0: https://github.com/Jakobovski/free-spoken-digit-dataset. The version is the
one of TensorFlow Datasets (`spoken_digit`).

**The split** of its authors: recordings 0 to 4 of each digit and speaker are the test part, the
others are for training. Of those, recordings 5 to 9 are kept for validation here. That gives 2,000,
250 and 250 recordings. Every speaker is in every part.
"""

import hashlib
import os
import re
import tarfile
from pathlib import Path

import numpy as np

from keras_rnnzoo.base.options import nearest
from keras_rnnzoo.datasets import spoken_digits_tfds, tones
from keras_rnnzoo.datasets.clips import Clips, described
from keras_rnnzoo.datasets.sequences import cut
from keras_rnnzoo.datasets.wav import read_wav, resampled

SOURCES = ("auto", "fsdd", "tfds", "sample")
ARCHIVE = "free-spoken-digit-dataset-1.0.9.tar.gz"
SHA256 = "8bc44cde129d505cbbb6b365c09f80c663f2aa77578afc634e6141a2f87100c0"
COUNT = 2500
TITLE = "Free Spoken Digit Dataset 1.0.9"
NAME = re.compile(r"(?P<label>[^_]+)_(?P<speaker>.+)_(?P<number>\d+)")
RULE = "recordings 0-4 of each speaker test, 5-9 validation"
HOW_TO_GET = (
    "To get the real set: download https://github.com/Jakobovski/free-spoken-digit-dataset/archive/"
    f"v1.0.9.tar.gz as {ARCHIVE}, and name it or its folder: "
    'load("fsdd", data_dir=...), --data-dir in the example.'
)


def load(source="auto", data_dir=None, verbose=True):
    """Load recordings in three parts: spoken digits, one's own, or the sample.

    Args:
        source: "fsdd" for the real set from its archive or unpacked folder; "tfds" for the same
            from TensorFlow Datasets, see `spoken_digits_tfds`; "sample" for generated tones; "auto"
            for the archive where it is, else the set that TFDS has prepared, else the sample; or
            the path of a folder of one's own, see `read_folder`.
        data_dir: the archive, its unpacked folder, or the folder of either; with "tfds" the TFDS
            folder. Default: `data/audio` in the folder that the environment variable
            KERAS_RNNZOO_DATA names; TFDS's own.
        verbose: whether to print one line that says what was loaded.

    Returns:
        A `keras_rnnzoo.datasets.clips.ClipParts`.

    Raises:
        FileNotFoundError: "fsdd" that is not there, or a path that is not.
        ValueError: files that cannot be used; the message names the file.
        ImportError, ConnectionError: as `spoken_digits_tfds.read`.

    Example:

    >>> parts = load("sample", verbose=False)
    >>> len(parts.train), parts.train.rate
    (120, 8000)
    """
    source = os.fspath(source)
    if source == "sample":
        parts = _sample(f"It was asked for by name. {HOW_TO_GET}")
    elif source == "tfds":
        parts = _official(spoken_digits_tfds.read(data_dir), f"{TITLE}, from TFDS")
    elif source in SOURCES:
        parts = _real(source, data_dir)
    elif Path(source).is_dir():
        parts = _own(Path(source))
    else:
        raise FileNotFoundError(
            f"Expected one of {', '.join(SOURCES)}, or a folder of WAV files."
            f"{nearest(source, SOURCES)} Received: {source!r}, which is none"
        )
    if verbose:
        print(f"{parts.description} {parts.hint}".strip(), flush=True)
    return parts


def _real(source, data_dir):
    place = _place(data_dir)
    if place is not None:
        return _official(read(place), TITLE)
    if source == "auto" and data_dir is None and spoken_digits_tfds.prepared() is not None:
        return _official(spoken_digits_tfds.read(), f"{TITLE}, from TFDS")
    where = f"data_dir={None if data_dir is None else os.fspath(data_dir)!r}"
    where += f", KERAS_RNNZOO_DATA={os.environ.get('KERAS_RNNZOO_DATA')!r}"
    if source == "auto" and data_dir is None:
        return _sample(f"The real set was not found ({where}). {HOW_TO_GET}")
    raise FileNotFoundError(
        f"Expected {ARCHIVE}, or a folder with its recordings. Received: {where}. {HOW_TO_GET}"
    )


def _place(data_dir):
    """The archive or the folder of the real set, or None."""
    root = os.environ.get("KERAS_RNNZOO_DATA")
    if data_dir is None:
        places = [Path(root) / "data" / "audio" / ARCHIVE] if root else []
    else:
        given = Path(data_dir)
        places = [given / ARCHIVE, given] if given.is_dir() else [given]
    for place in places:
        if place.is_file() or any(place.glob("**/0_*_0.wav")):
            return place
    return None


def read(path):
    """All recordings of the real set, in the order of their names.

    Args:
        path: of the archive, or of a folder that holds its recordings.

    Returns:
        `Clips` whose ids are the names of the files without ".wav".

    Raises:
        ValueError: a damaged file, or not this set.
    """
    path = Path(path)
    try:
        if path.is_dir():
            found = {file.stem: file.read_bytes() for file in path.rglob("*_*_*.wav")}
        else:
            with tarfile.open(path) as archive:
                files = [m for m in archive if m.isfile() and m.name.endswith(".wav")]
                found = {Path(m.name).stem: archive.extractfile(m).read() for m in files}
        if len(found) != COUNT:
            raise ValueError(f"it holds {len(found)} recordings")
        waves = {name: read_wav(found[name], f"{name}.wav") for name in sorted(found)}
        labels = [str(int(NAME.fullmatch(name)["label"])) for name in waves]
        (rate,) = {rate for _, rate in waves.values()}
        values = [wave for wave, _ in waves.values()]
        return Clips(values, labels, tuple("0123456789"), tuple(waves), rate)
    except (tarfile.TarError, OSError, EOFError, ValueError, TypeError) as error:
        wrong = "" if path.is_dir() or checksum(path) == SHA256 else f", whose SHA-256 is {SHA256}"
        raise ValueError(
            f"{path}: expected the {COUNT:,} recordings of the {TITLE}{wrong}. Received: one that "
            f"is damaged or another ({error}). {HOW_TO_GET}"
        ) from error


def checksum(path):
    """SHA-256 of a file, as hexadecimal digits."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _official(clips, title):
    """Three parts by the number of the recording, which ends its name."""
    numbers = np.array([int(name.rsplit("_", 1)[1]) for name in clips.ids])
    part = np.where(numbers < 5, 2, np.where(numbers < 10, 1, 0))
    parts = [clips.take(np.flatnonzero(part == k)) for k in range(3)]
    return described(*parts, "spoken_digits", title, rule=RULE)


# One's own recordings --------------------------------------------------------------------------


def read_folder(path):
    """One's own recordings: WAV files in a folder for each class, or with names that say it.

    Args:
        path: a folder of folders, whose names are the classes; or one of files named
            `{class}_{speaker}_{number}.wav`. Files of other rates are brought to the lowest of all,
            several channels become their mean.

    Returns:
        `Clips` with ids relative to the folder.

    Raises:
        ValueError: no such files, or a damaged one.

    Example:

    >>> clips = read_folder("recordings")
    """
    path = Path(path)
    files = sorted(p for p in path.rglob("*") if p.suffix.lower() == ".wav" and p.is_file())
    nested = [file for file in files if file.parent != path]
    matches = {file: NAME.fullmatch(file.stem) for file in files}
    if not files or (not nested and not all(matches.values())):
        bad = next((file.name for file in files if not matches[file]), "no WAV file")
        raise ValueError(
            f"{path}: expected a folder of WAV files for each class, or files named "
            f"{{class}}_{{speaker}}_{{number}}.wav. Received: {bad}"
        )
    if nested and len(nested) < len(files):
        loose = next(file for file in files if file.parent == path)
        raise ValueError(
            f"{path}: expected all files in the folders of their classes. Received: {loose.name} "
            "beside them. Move it."
        )
    waves = [read_wav(file) for file in files]
    rate = min(rate for _, rate in waves)
    values = [resampled(wave, given, rate) for wave, given in waves]
    if nested:
        labels = [file.relative_to(path).parts[0] for file in files]
    else:
        labels = [matches[file]["label"] for file in files]
    ids = [file.relative_to(path).with_suffix("").as_posix() for file in files]
    return Clips(values, labels, (), tuple(ids), rate)


def _own(path):
    """By the rule of the real set where all parts get all classes; else a fifth is drawn of each.

    Of recordings that are equal in all samples, the first alone is kept.
    """
    clips = read_folder(path)
    first = {}
    for row, wave in enumerate(clips.values):
        first.setdefault(wave.tobytes(), row)
    clips = clips.take(np.array(list(first.values())))
    title = f"Recordings from {path}"
    if all(NAME.fullmatch(name) for name in clips.ids):
        parts = _official_rows(clips)
        if all(len(np.unique(part)) == len(clips.classes) for part in parts):
            return _renamed(_official(clips, title), path)
    parts = cut(clips)
    return described(
        *parts, str(path), title, rule="a fifth of each class test, as many validation"
    )


def _official_rows(clips):
    numbers = np.array([int(name.rsplit("_", 1)[1]) for name in clips.ids])
    return [
        clips.labels[rows] for rows in (numbers < 5, (numbers > 4) & (numbers < 10), numbers > 9)
    ]


def _renamed(parts, path):
    return type(parts)(parts.train, parts.validation, parts.test, str(path), parts.description)


def _sample(hint):
    title = "EMBEDDED SAMPLE of generated tones, not speech"
    return described(*tones.sample(), "sample", title, hint)
