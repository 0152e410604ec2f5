"""Files of columns as text: what they are packed in, encoded in and separated by."""

import csv
import io
import lzma
import re
import zlib
from pathlib import Path

import numpy as np
import pandas

from keras_rnnzoo.datasets.conll import OPENERS
from keras_rnnzoo.datasets.time_columns import MISSING

SEPARATORS = (",", ";", "\t", "|")
PROBED = 50  # rows that show the separator
SIGNS = {b"PK\x03\x04": "zip", b"\x1f\x8b": "gzip", b"\xfd7zXZ": "xz", b"BZh": "bzip2"}
WORDS = sorted({form(word) for word in MISSING for form in (str, str.upper, str.title)} | {"NaN"})


def read_text(path, how, separator=None, encoding="utf-8", skip_rows=0):
    """Read a file of columns.

    Lines without a cell are skipped. Rows may be longer than the line of names by empty cells.

    Args:
        path, separator, encoding, skip_rows: as in `read_csv`.
        how: a `Reading`.

    Returns:
        A `pandas.DataFrame`, and int64 (rows,), the number of the line of each row.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a file that is no such text; the line is named where there is one.
    """
    path = Path(path)
    if separator is not None and (not isinstance(separator, str) or len(separator) != 1):
        raise ValueError(f"Expected one character, or None. Received: separator={separator!r}")
    if isinstance(skip_rows, bool) or not isinstance(skip_rows, int) or skip_rows < 0:
        raise ValueError(f"Expected a number of lines. Received: skip_rows={skip_rows!r}")
    if not path.is_file():
        raise FileNotFoundError(
            f"Expected a file of columns. Received: path={str(path)!r}, which is not a file"
        )
    # Not `str.splitlines()`: Unicode has other ends of lines, which a cell may hold.
    lines = [line + "\n" for line in _decoded(path, encoding).split("\n")]
    if not "".join(lines[skip_rows:]).strip():
        raise ValueError(
            f"Line {skip_rows + 1}: expected names of columns. Received: an empty file, or nothing "
            f"but blank lines after skip_rows={skip_rows}"
        )
    separator = separator or _separator(lines[skip_rows:], how)
    rows = _rows(lines, separator, skip_rows)
    names = _names(lines, rows[0], separator)
    if len(rows) == 1:
        raise ValueError(
            f"Line {rows[0, 1] + 1}: expected rows below the names {', '.join(names)}. Received: "
            "none"
        )
    _refuse_ragged(lines, rows[1:], names)
    names += [f"Unnamed: {k}" for k in range(len(names), rows[1:, 3].max())]
    if (np.diff(rows[1:, :2]) == 1).all():
        text = "".join([lines[k] for k in rows[1:, 0]])
    else:
        text = "".join("".join(lines[first:stop]) for first, stop in rows[1:, :2])
    return _frame(text, names, separator, how), rows[1:, 0] + 1


def _decoded(path, encoding):
    """The text of a file, whose lines end in a line feed alone."""
    try:
        with OPENERS.get(path.suffix.lower(), open)(path, "rb") as file:
            raw = file.read()
    except (EOFError, OSError, lzma.LZMAError, zlib.error) as error:
        if getattr(error, "errno", None) is not None:  # such as a missing permission
            raise
        raise ValueError(
            f"Expected a whole {path.suffix} file. Received: {error}. Fetch it again, or name it "
            "after what it holds."
        ) from None
    text = _text(raw, encoding).removeprefix("\ufeff")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.lstrip()[:1] in ("<", "{"):
        raise ValueError(
            f"Line 1: expected names of columns. Received: {text.lstrip()[:30]!r}, as in a page of "
            "the web or a JSON file"
        )
    return text


def _text(raw, encoding):
    for sign, kind in SIGNS.items():
        if raw.startswith(sign):
            raise ValueError(
                f"Expected text in columns. Received: the bytes of a {kind} file. Unpack it, or "
                f"name it by its suffix, of which {', '.join(OPENERS)} are unpacked."
            )
    try:
        text = raw.decode(encoding)
    except LookupError:
        raise ValueError(
            f"Expected an encoding that Python knows. Received: encoding={encoding!r}"
        ) from None
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ValueError(
            f"Line {line}: expected text in the encoding {encoding}. Received: the byte "
            f"0x{raw[error.start]:02x}. Pass encoding=, such as encoding='cp1252' or 'utf-16'."
        ) from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise ValueError(
            f"Line {line}: expected text in columns. Received: a zero byte, as in a binary file or "
            "one of another encoding. Pass encoding=, such as encoding='utf-16'."
        )
    return text


def _separator(lines, how):
    """The separator that gives the first rows the width of the line of names."""
    best = (0.0, 1, ",")
    for separator in SEPARATORS:
        if separator != how.decimal:
            rows = csv.reader(lines[:PROBED], delimiter=separator, skipinitialspace=True)
            try:
                widths = [len(row) for row in rows if any(row)]
            except csv.Error:  # a quote that does not end
                continue
            if widths[0] > 1:
                share = sum(width == widths[0] for width in widths) / len(widths)
                best = max(best, (share, widths[0], separator), key=lambda found: found[:2])
    if best[1] == 1 and how.time is not False:
        raise ValueError(
            "Line 1: expected columns that are separated by a comma, a semicolon, a tab or a bar. "
            f"Received: {lines[0].strip()[:60]!r}, in which they separate none. Pass separator=, "
            "or time=False to count the rows of one column."
        )
    return best[2]


def _rows(lines, separator, skip_rows):
    """The rows that are not blank, the one of names first: int64 (rows, 4), with the first line,
    the line after the row, the number of cells up to the last used one, and of all cells."""
    if not any('"' in line for line in lines):
        plain = [line.rstrip("\n") for line in lines[skip_rows:]]
        used = [line.rstrip(separator + " \t") for line in plain]
        first = np.flatnonzero([bool(line) for line in used])
        counts = [[lines[k].count(separator) + 1 for k in first] for lines in (used, plain)]
        return np.column_stack([first + skip_rows, first + skip_rows + 1, *counts])
    rows, first = [], skip_rows
    reader = csv.reader(lines[skip_rows:], delimiter=separator, skipinitialspace=True, strict=True)
    try:
        for cells in reader:
            stop = skip_rows + reader.line_num
            used = [k for k, cell in enumerate(cells, 1) if cell.strip()]
            if used:
                rows.append([first, stop, used[-1], len(cells)])
            first = stop
    except csv.Error as error:
        raise ValueError(
            f"Line {first + 1}: expected a row whose cells are in quotes as a whole or not at all. "
            f"Received: {lines[first].strip()[:60]!r} ({error})"
        ) from None
    return np.asarray(rows)


def _names(lines, head, separator):
    text = "".join(lines[head[0] : head[1]])
    cells = next(csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True))
    cells = [cell.strip() for cell in cells]
    if not any(re.search(r"[^\W\d]", cell) for cell in cells):
        raise ValueError(
            f"Line {head[0] + 1}: expected names of columns. Received: {text.strip()[:60]!r}. "
            "Write a line of names above the rows."
        )
    names = [cell or f"Unnamed: {k}" for k, cell in enumerate(cells)]
    for k, name in enumerate(names):
        if name in names[:k]:
            raise ValueError(
                f"Line {head[0] + 1}: expected names that differ. Received: {name!r} twice"
            )
    return names


def _refuse_ragged(lines, rows, names):
    """An error for the first row with fewer cells than there are names, or with more."""
    least = max(k for k, name in enumerate(names, 1) if not name.startswith("Unnamed: "))
    bad = (rows[:, 3] < least) | (rows[:, 2] > len(names))
    if bad.any():
        first, _, _, width = rows[bad.argmax()]
        raise ValueError(
            f"Line {first + 1}: expected {len(names)} cells, as there are names of columns. "
            f"Received: {width}, {lines[first].strip()[:60]!r}"
        )


def _frame(text, names, separator, how):
    times = how.time if isinstance(how.time, (list, tuple)) else (how.time,)
    as_texts = names if how.as_texts else [n for n in names if n == how.id or n in times]
    return pandas.read_csv(
        io.StringIO(text),
        sep=separator,
        header=None,
        names=names,
        index_col=False,
        dtype=dict.fromkeys(as_texts, str),
        keep_default_na=False,
        na_values={name: WORDS for name in names if name != how.id},
        skipinitialspace=True,
        skip_blank_lines=False,
        low_memory=False,
    )
