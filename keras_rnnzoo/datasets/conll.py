"""Sentences with one tag for each token, from the column files of the CoNLL tasks and their kin."""

import bz2
import gzip
import io
import lzma
import re
import zlib
from itertools import chain, islice
from pathlib import Path

from keras_rnnzoo.datasets.tagged import Tagged, as_iob2
from keras_rnnzoo.tags import split_tag
from keras_rnnzoo.training.files import write_atomic

OPENERS = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
PACKERS = {".gz": lambda raw: gzip.compress(raw, mtime=0), ".bz2": bz2.compress}
PACKERS[".xz"] = lzma.compress
DOCUMENT = "-DOCSTART-"
# Not `str.split()`: it would cut tokens that hold a non-breaking space.
BLANKS = re.compile("[ \t]+")
KEY_VALUE = re.compile(r"#\s*\S+\s+=(\s|$)")
PROBED = 10  # sentences that show whether the first column counts the tokens


def read_conll(path, token_column=None, tag_column=-1, scheme=None, encoding="utf-8"):
    """Read a column file: a token a line, with its tag, and a blank line after each sentence.

    Columns end at tabs if any line has one, else at blanks. `-DOCSTART-` lines end a sentence and
    are dropped. So are comments: lines that begin with "#" and have one column, or read
    `# key = value` and cannot be a token. The token "#" with its tag stays.

    Args:
        path: of the file; `.gz`, `.xz` and `.bz2` are unpacked.
        token_column: number of the column with the tokens, negative from the right. Default: the
            first one, or the second where the first counts the tokens of each sentence.
        tag_column: number of the column with the tags.
        scheme: IOB1, IOB2, IOBES or BILOU, in which all tags must be legal, or "conlleval", which
            takes any order of tags. Default: the one of the four that the tags show.
        encoding: of the text. A byte order mark is dropped.

    Returns:
        A `Tagged`, whose tags are in IOB2 whatever they were in the file.

    Raises:
        FileNotFoundError: no such file.
        ValueError: anything else that is wrong with it. The message names the file and the line.

    Example:

    >>> train = read_conll("train.conll")
    >>> train.tokens[0], train.tags[0]
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"Expected a file of tokens and tags. Received: path={str(path)!r}, which is not a file"
        )
    sentences = _sentences(path, encoding, _has_tabs(path, encoding))
    first = list(islice(sentences, PROBED))
    if not first:
        raise ValueError(
            f"{path}, line 1: expected lines of a token and its tag. Received: a file without a "
            "sentence"
        )
    columns = _columns(path, first, token_column, tag_column)
    tokens, tags, lines = [], [], []
    seen = {}
    for sentence in chain(first, sentences):
        tokens.append([_token(path, row, columns[0]) for row in sentence])
        tags.append([_tag(path, row, columns[1], seen) for row in sentence])
        lines.append([line for line, _ in sentence])
    return Tagged(tokens, as_iob2(tags, scheme, lambda i, k: f"{path}, line {lines[i][k]}"))


def write_conll(path, tagged):
    """Write sentences as lines of token, tab, tag, with a blank line after each sentence.

    Args:
        path: of the file, which is there whole or not at all; its folder must exist. `.gz`,
            `.xz` and `.bz2` are packed.
        tagged: a `Tagged`, or anything else with `tokens` and `tags`.

    Raises:
        ValueError: what `read_conll` would not read back: an empty sentence, more or fewer tags
            than tokens, a token that is empty, breaks the line or means the start of a document.

    Example:

    >>> write_conll("train.conll", Tagged([["Rose", "slept"]], [["B-PER", "O"]]))
    """
    blocks = []
    for i, (tokens, tags) in enumerate(zip(tagged.tokens, tagged.tags, strict=True)):
        if not 0 < len(tokens) == len(tags):
            raise ValueError(
                f"Sentence {i}: expected tokens and as many tags. Received: {len(tokens)} tokens "
                f"and {len(tags)} tags"
            )
        for token in tokens:
            if not token.strip(" ") or token == DOCUMENT or re.search("[\t\r\n\ufeff]", token):
                raise ValueError(
                    f"Sentence {i}: expected tokens without tab, line break and byte order mark, "
                    f"not empty and not {DOCUMENT}. Received: {token!r}. Change it before writing."
                )
        blocks.append("".join(f"{token}\t{tag}\n" for token, tag in zip(tokens, tags)))
    path = Path(path)
    pack = PACKERS.get(path.suffix.lower(), bytes)
    write_atomic(path, pack("\n".join(blocks).encode()))


def _lines(path, encoding):
    """Number and text of each line, without its end."""
    try:
        # Only "\n" ends a line, whatever Unicode says: tokens of real posts hold the others.
        with _open(path) as raw, io.TextIOWrapper(raw, encoding, newline="\n") as file:
            for number, line in enumerate(file, 1):
                text = line.removeprefix("\ufeff" if number == 1 else "").rstrip("\r\n")
                if "\r" in text:
                    raise ValueError(
                        f"{path}, line {number}: expected lines that end in LF or CRLF. Received: "
                        "a lone CR. Convert the line ends."
                    )
                yield number, text
    except LookupError:
        raise ValueError(
            f"Expected an encoding that Python knows. Received: encoding={encoding!r}"
        ) from None
    except UnicodeError:
        raise ValueError(_undecodable(path, encoding)) from None
    except (EOFError, OSError, lzma.LZMAError, zlib.error) as error:
        if getattr(error, "errno", None) is not None:  # such as a missing permission
            raise
        raise ValueError(
            f"{path}: expected a whole {path.suffix} file. Received: {error}. Fetch it again, or "
            "name it after what it holds."
        ) from None


def _open(path):
    return OPENERS.get(path.suffix.lower(), open)(path, "rb")


def _undecodable(path, encoding):
    """Where the text ends that can be decoded: the reader itself knows blocks, not lines."""
    with _open(path) as file:
        raw = file.read()
    try:
        raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].decode(encoding, "ignore").count("\n") + 1
        what = f"the byte 0x{raw[error.start]:02x}"
    else:  # a UTF-16 reader wants a byte order mark, which decoding at once does not
        line, what = 1, "other bytes"
    return (
        f"{path}, line {line}: expected text in the encoding {encoding}, which was tried. "
        f"Received: {what}, of an unknown encoding. Pass encoding=, such as encoding='cp1252'."
    )


def _has_tabs(path, encoding):
    return any("\t" in text.strip(" \t") for _, text in _lines(path, encoding))


def _sentences(path, encoding, tabs):
    """For each sentence the line number and the cells of its rows."""
    width, since, sentence = None, None, []
    for line, text in _lines(path, encoding):
        bare = text.strip(" \t")
        cells = text.split("\t") if tabs else BLANKS.split(bare)
        if not bare or bare.startswith(DOCUMENT) or DOCUMENT in cells[:2]:
            if sentence:
                yield sentence
            sentence = []
        elif not _is_comment(bare, cells, width, tabs, bool(sentence)):
            width, since = width or len(cells), since or line
            if len(cells) != width:
                raise ValueError(
                    f"{path}, line {line}: expected {width} columns that end at "
                    f"{'tabs' if tabs else 'blanks'}, as in line {since}. Received: {len(cells)}, "
                    f"{text!r}"
                )
            sentence.append((line, cells))
    if sentence:
        yield sentence


def _is_comment(bare, cells, width, tabs, inside):
    if not bare.startswith("#") or (tabs and len(cells) == width):
        return False
    if len(cells) == 1:
        # Inside a sentence a lone "#word" is a hashtag that has lost its tag.
        return not (inside and BLANKS.search(bare) is None)
    return KEY_VALUE.match(bare) is not None and not (tabs and width is None)


def _columns(path, sentences, token_column, tag_column):
    """The numbers of the two columns, from the left."""
    line, cells = sentences[0][0]
    width = len(cells)
    if token_column is None:
        token_column = int(width > 2 and all(map(_counts, sentences)))
    for name, column in (("token_column", token_column), ("tag_column", tag_column)):
        if not isinstance(column, int) or not -width <= column < width:
            raise ValueError(
                f"{path}, line {line}: expected a column of the {width} that the file has, 0 to "
                f"{width - 1} or -{width} to -1. Received: {name}={column!r} for {cells}"
            )
    if token_column % width == tag_column % width:
        raise ValueError(
            f"{path}, line {line}: expected a token and its tag in two columns. Received: {cells} "
            f"with token_column={token_column} and tag_column={tag_column}"
        )
    return token_column % width, tag_column % width


def _counts(sentence):
    """Whether the first column counts the tokens, from 0 or from 1."""
    cells = [row[0] for _, row in sentence]
    return any(cells == [str(k + start) for k in range(len(cells))] for start in (0, 1))


def _token(path, row, column):
    line, cells = row
    if not cells[column].strip(" "):
        raise ValueError(f"{path}, line {line}: expected a token. Received: none, in {cells}")
    return cells[column]


def _tag(path, row, column, seen):
    line, cells = row
    tag = cells[column].strip(" ")
    if tag not in seen:
        try:
            split_tag(tag)
        except ValueError as error:
            raise ValueError(f"{path}, line {line}, column {column}: {error}") from None
        seen[tag] = tag
    return seen[tag]  # one string for all, since there are few tags and many tokens
