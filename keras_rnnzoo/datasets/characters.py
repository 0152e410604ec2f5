"""Texts to model character by character: tiny Shakespeare, one's own, or a generated play.

Tiny Shakespeare is 1,115,394 characters of Shakespeare's plays, as Andrej Karpathy put them
together for char-rnn; the text is in the public domain. TensorFlow Datasets has the same file.

**The split**: the first 90 % of the characters are the training part, the next 5 % the validation
part and the last 5 % the test part, as in TensorFlow Datasets. Figures that others publish are
often scored on the last 10 % as a whole, on which the epoch was chosen too. Characters are listed
over all three parts, as others do it (65 of them in tiny Shakespeare).
"""

import hashlib
import lzma
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_rnnzoo.base.options import nearest, positive_int
from keras_rnnzoo.datasets import tfds_sets
from keras_rnnzoo.datasets.play_sample import play

SOURCES = ("auto", "tiny_shakespeare", "tfds", "sample")
FILES = ("tinyshakespeare_input.txt.xz", "tinyshakespeare_input.txt", "input.txt")
SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
TITLE, TFDS = "Tiny Shakespeare", "tiny_shakespeare"
FEWEST = 1_000
HOW_TO_GET = (
    "To get the real text: download https://raw.githubusercontent.com/karpathy/char-rnn/master/"
    "data/tinyshakespeare/input.txt, and name it or its folder: "
    'load("tiny_shakespeare", data_dir=...), --data-dir in the example. Or have TensorFlow and '
    "tensorflow-datasets prepare tiny_shakespeare as array_record, and use tfds."
)


@dataclass(frozen=True)
class CharacterParts:
    """A text in three parts.

    Attributes:
        train, validation, test: strings, each with two characters or more.
        source: `"tiny_shakespeare"`, `"sample"` or the path of a file or folder.
        description: one line that says what the text is.
    """

    train: str
    validation: str
    test: str
    source: str
    description: str

    @property
    def characters(self):
        """Every character of the three parts once, in the order of their code points."""
        return "".join(sorted({*self.train, *self.validation, *self.test}))

    @property
    def checksum(self):
        """SHA-256 of the whole text as UTF-8, as 64 hexadecimal digits."""
        return _checksum(self.train + self.validation + self.test)

    def shortened(self, count=60_000):
        """The first `count` characters for training, and fewer to choose on and to score."""
        train, fewer = self.train[:count], max(2, count // 20)
        rest = self.validation[:fewer], self.test[:fewer]
        used = f"used: {len(train):,} train, {len(rest[0]):,} validation, {len(rest[1]):,} test"
        return CharacterParts(train, *rest, self.source, f"{self.description} {used}")


def load(source="auto", data_dir=None, verbose=True):
    """Load a text in three parts.

    Args:
        source: "tiny_shakespeare" for its file; "tfds" for the same from TensorFlow Datasets, which
            is prepared first where it is not; "sample" for a generated play; "auto" for the file
            where it is, else what TFDS has prepared, else the sample; or the path of a UTF-8 text
            file, or of a folder whose `.txt` files are read in the order of their names.
        data_dir: the file of tiny Shakespeare or its folder; with "tfds" the TFDS folder. Default:
            `data/text` in the folder that the environment variable KERAS_RNNZOO_DATA names.
        verbose: whether to print one line that says what was loaded.

    Returns:
        A `CharacterParts`.

    Raises:
        FileNotFoundError: the text is not there.
        ValueError: a file that is not UTF-8, is damaged or too short; the message names it.
        ImportError, ConnectionError: as `tfds_sets.rows`.

    Example:

    >>> parts = load("sample", verbose=False)
    >>> parts.train[:4]
    """
    source = os.fspath(source)
    if source == "sample":
        parts = _sample("It was asked for by name.")
    elif source == "tfds":
        parts = _from_tfds(data_dir)
    elif source in SOURCES:
        parts = _tiny_shakespeare(source, data_dir)
    elif Path(source).is_file() or Path(source).is_dir():
        parts = _parts(read_texts(source), source, Path(source).name)
    else:
        raise FileNotFoundError(
            f"Expected one of {', '.join(SOURCES)}, or the path of a text file or of a folder with "
            f".txt files.{nearest(source, SOURCES)} Received: {source!r}, which is none"
        )
    if verbose:
        print(parts.description, flush=True)
    return parts


def read_texts(path):
    """The text of a file, or of all `.txt` files of a folder, joined by a line break.

    Args:
        path: of a UTF-8 file, which may be compressed as `.xz`, or of a folder. Line ends become
            `\\n`.

    Raises:
        ValueError: a file that is not UTF-8 text or is empty, a folder without one.
    """
    path = Path(path)
    if not path.is_dir():
        return _read(path)
    files = sorted(path.glob("*.txt"))
    if not files:
        raise ValueError(f"{path}: expected .txt files in this folder. Received: none")
    return "\n".join(_read(file) for file in files)


def text_of(name, value):
    """`value` if it is a string."""
    if not isinstance(value, str):
        raise TypeError(
            f"`{name}` must be a string. Received: {name}={value!r} ({type(value).__name__})"
        )
    return value


def streams(ids, rows, window=1):
    """Cut a long row of ids into parallel streams of inputs and of what follows each.

    Args:
        ids: int (length,).
        rows: how many streams.
        window: of which their length is a multiple. What does not fill all of them is left out at
            the end.

    Returns:
        `x, y`, int32 (rows, time) each: y is x one step later, across the ends of rows too.

    Raises:
        ValueError: too few ids for one window in each row.

    Example:

    >>> streams(np.arange(8), 2)[1]
    array([[1, 2, 3],
           [4, 5, 6]], dtype=int32)
    """
    ids, rows = np.asarray(ids, "int32"), positive_int("rows", rows)
    window = positive_int("window", window)
    time = (len(ids) - 1) // rows // window * window
    if time < 1:
        raise ValueError(
            f"Expected more characters than rows times window. Received: {len(ids)} characters, "
            f"rows={rows}, window={window}"
        )
    return tuple(ids[k : k + rows * time].reshape(rows, time) for k in (0, 1))


def _tiny_shakespeare(source, data_dir):
    place = _place(data_dir)
    if place is not None:
        return _real(_read(place), str(place), TITLE)
    if source == "auto" and data_dir is None and tfds_sets.prepared(TFDS) is not None:
        return _from_tfds(None)
    where = f"data_dir={None if data_dir is None else os.fspath(data_dir)!r}"
    where += f", KERAS_RNNZOO_DATA={os.environ.get('KERAS_RNNZOO_DATA')!r}"
    if source == "auto" and data_dir is None:
        return _sample(f"The real text was not found ({where}). {HOW_TO_GET}")
    raise FileNotFoundError(f"Expected {FILES[0]} or {FILES[2]}. Received: {where}. {HOW_TO_GET}")


def _from_tfds(data_dir):
    rows = tfds_sets.rows(TFDS, ("train", "validation", "test"), data_dir, HOW_TO_GET)
    text = b"".join(row["text"] for row in rows).decode()
    return _real(text, "TFDS", f"{TITLE}, from TFDS")


def _place(data_dir):
    """The file of tiny Shakespeare, or None."""
    root = os.environ.get("KERAS_RNNZOO_DATA")
    if data_dir is None:
        places = [Path(root) / "data" / "text" / name for name in FILES] if root else []
    else:
        given = Path(data_dir)
        places = [given / name for name in FILES] if given.is_dir() else [given]
    return next((place for place in places if place.is_file()), None)


def _real(text, place, title):
    if _checksum(text) != SHA256:
        raise ValueError(
            f"{place}: expected the {TITLE.lower()} of char-rnn, SHA-256 {SHA256}. Received: "
            f"another text, {_checksum(text)}. Give a text of your own as source, not data_dir."
        )
    return _parts(text, "tiny_shakespeare", title)


def _sample(why):
    return _parts(play(), "sample", f"GENERATED SAMPLE, no real text. {why} A play")


def _parts(text, source, title):
    if len(text) < FEWEST:
        raise ValueError(
            f"{title}: expected a text of {FEWEST:,} characters or more, to be cut into three "
            f"parts. Received: {len(text):,} characters. Give a longer text."
        )
    first = int(len(text) * 0.9)
    second = first + (len(text) - first) // 2
    parts = text[:first], text[first:second], text[second:]
    sizes = "{:,} train, {:,} validation, {:,} test".format(*map(len, parts))
    description = f"{title}: {sizes}; {len(set(text))} different characters."
    return CharacterParts(*parts, source, description)


def _read(path):
    try:
        raw = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
    except (lzma.LZMAError, EOFError) as error:
        raise ValueError(
            f"{path}: expected a text compressed as .xz. Received: a damaged file ({error})"
        ) from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"{path}, line {line}: expected UTF-8 text. Received: the byte 0x{raw[error.start]:02x}"
            ". Save the file as UTF-8 and try again."
        ) from None
    if not text.strip() or "\0" in text:
        what = "a file with the character U+0000" if text.strip() else "an empty file"
        raise ValueError(f"{path}: expected UTF-8 text. Received: {what}")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _checksum(text):
    return hashlib.sha256(text.encode()).hexdigest()
