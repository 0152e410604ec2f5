"""Word vectors that others have trained, from the text files they come in."""

import gzip
import lzma
import sys
import zlib
from pathlib import Path

import numpy as np

_OPENERS = {".gz": gzip.open, ".xz": lzma.open}
_EVERY = 100_000  # lines between two reports
_LARGEST = float(np.finfo("float32").max)


def read_word_vectors(path, words, progress=False):
    """Vectors of the wanted words from a GloVe, word2vec or fastText text file.

    The file is read line by line and only wanted words are kept. A word takes the vector that is
    listed under it, else the one of its lower-case form.

    Args:
        path: of a file with a word and its numbers on each line, parted by blanks, as
            `glove.6B.100d.txt`, and a first line "count width" or none; compressed where it ends
            with `.gz` or `.xz`. Words may hold blanks: the numbers are the last fields.
        words: the wanted words.
        progress: whether to report the lines read on the standard error stream.

    Returns:
        float32 array (len(words), width), zero where a word is not listed, and a boolean array
        (len(words),) that says which are. Of a word that is listed twice the first counts.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is empty, binary or cut off; a line has too few or too many fields,
            or a wanted one what is no finite number (the message names file and line); no
            wanted word is listed.
        TypeError: `words` is one string.

    Example:

    >>> vectors, found = read_word_vectors("glove.6B.100d.txt.gz", ["Paris", "qwxz"])
    """
    if isinstance(words, str):
        raise TypeError(f"Expected a list of words. Received: words={words!r}; write [{words!r}]")
    words, path = list(words), Path(path)
    exact, lower = [_bytes(word) for word in words], [_bytes(word.lower()) for word in words]
    try:
        kept, width = _read(path, {*exact, *lower}, progress)
    except (EOFError, lzma.LZMAError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(
            f"Expected a whole compressed file. Received: {path}, of which reading failed: {error}"
        ) from error
    vectors, found = np.zeros((len(words), width), "float32"), np.zeros(len(words), bool)
    for k, (word, small) in enumerate(zip(exact, lower)):
        if (vector := kept.get(word, kept.get(small))) is not None:
            vectors[k], found[k] = vector, True
    if words and not found.any():
        shown = ", ".join(map(repr, words[:5])) + (", ..." if len(words) > 5 else "")
        raise ValueError(
            f"Expected vectors of some of the words. Received: words={shown}, none of which is in "
            f"{path}; is it a file of their language?"
        )
    return vectors, found


def _bytes(word):
    """A word as a file holds it; files are not decoded, so a damaged word in one does no harm."""
    return word.encode("utf-8", "surrogatepass")


def _read(path, wanted, progress):
    """The vectors of all wanted words, and the width of the file's vectors."""
    kept, width, count, listed = {}, None, None, 0
    for number, line in _lines(path):
        if width is None:
            count, width = _header(path, number, line)
            if count is not None:
                continue
        word, *fields = line.rsplit(b" ", width)
        _check_fields(path, number, line, word, fields, width)
        if word in wanted and word not in kept:
            kept[word] = _numbers(path, number, fields)
        listed += 1
        if progress and listed % _EVERY == 0:
            _report(path, listed, kept)
    if not listed or listed < (count or 0):
        promised = f" of {count} that its first line promises" if count else ""
        raise ValueError(
            f"Expected a whole file of word vectors. Received: {path} with {listed} lines of "
            f"vectors{promised}; get the file again"
        )
    if progress:
        _report(path, listed, kept, last=True)
    return kept, width


def _lines(path):
    """Number and bytes of each line that is not blank, in a plain or compressed file."""
    with _OPENERS.get(path.suffix.lower(), open)(path, "rb") as file:
        for number, line in enumerate(file, 1):
            _refuse_binary(path, number, line)
            if not line.isspace():
                yield number, line.replace(b"\t", b" ").rstrip(b" \r\n")


def _header(path, number, line):
    """How many vectors the first line promises, if it does, and how long they are."""
    fields = line.split(b" ")
    if len(fields) == 2 and all(field.isdigit() for field in fields) and int(fields[1]):
        return int(fields[0]), int(fields[1])
    if len(fields) < 2 or not all(map(_is_number, fields[1:])):
        raise _malformed(path, number, 'a word and its numbers, or "count width"', line)
    return None, len(fields) - 1


def _check_fields(path, number, line, word, fields, width):
    """Refuse a line with too few fields, and one with too many that are no parts of its word."""
    rest = word.split(b" ")[1:]
    if len(fields) < width or (rest and all(map(_is_number, rest))):
        raise _malformed(path, number, f"a word and {width} numbers", line)


def _numbers(path, number, fields):
    for field in fields:
        if not _is_number(field):
            raise _malformed(path, number, "finite numbers after the word", field)
    return np.array([float(field) for field in fields], "float32")


def _is_number(field):
    """Whether a field is a number that float32 can hold."""
    try:
        return abs(float(field)) <= _LARGEST
    except ValueError:
        return False


def _refuse_binary(path, number, line):
    """Numbers that are not written out hold zero bytes, or at the very start no text at all."""
    binary = b"\0" in line
    if number <= 2 and not binary:
        try:
            line.decode()
        except UnicodeDecodeError:
            binary = True
    if binary:
        raise ValueError(
            f"Expected a text file of word vectors. Received: {path}, which is binary. Take the "
            "text form of word2vec or fastText (.txt or .vec; gensim writes it with "
            "save_word2vec_format(path, binary=False)); unpack a .zip file first; name a gzip or "
            "xz file .gz or .xz"
        )


def _malformed(path, number, expected, received):
    shown = received[:60].decode("utf-8", "replace") + ("..." if len(received) > 60 else "")
    return ValueError(f"Expected {expected} at {path}:{number}. Received: {shown!r}")


def _report(path, listed, kept, last=False):
    """A line on the standard error stream, written over on a terminal until the last one."""
    over = sys.stderr.isatty()
    text = f"{path.name}: {listed:,} lines, {len(kept):,} wanted words"
    end = "" if over and not last else "\n"
    print("\r" * over + text, end=end, file=sys.stderr, flush=True)
