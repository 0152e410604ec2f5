"""A user's labelled sequences: one CSV in long form, or a folder with one for each part."""

import csv
import io
from datetime import datetime
from pathlib import Path

import numpy as np

from keras_rnnzoo.base.options import nearest
from keras_rnnzoo.datasets.sequences import SequenceParts, Sequences, cut

DELIMITERS = ",;\t|"
PARTS = {"train": ("train",), "validation": ("dev", "val"), "test": ("test",)}


def read_csv(path, channels=None, classes=None, labelled=True):
    """Read sequences from a file in long form: a row for each step.

    Columns are told by their names: `id`, the same in all rows of a sequence; `label`, its class;
    perhaps `time`, a number or a date that rises within a sequence; every other column is a
    channel. Without `time`, the steps of a sequence are its rows in their order.

    Args:
        path: a UTF-8 file with a row of names and the separator , ; | or a tab.
        channels: which columns to read, in this order; default all.
        classes: what labels may be; default what is found.
        labelled: whether labels are needed. If not, `labels` are None.

    Returns:
        A `Sequences` in the order in which the sequences begin.

    Raises:
        FileNotFoundError: no such file.
        ValueError: it is no such table; the message names line and column.

    Example:

    >>> sequences = read_csv("walks.csv")  # id,time,x,y,label
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"Expected a CSV file. Received: {str(path)!r}, which is none")
    rows, header = _rows(path)
    names = {name.strip().lower(): place for place, name in enumerate(header)}
    needed = ("id", "label") if labelled else ("id",)
    for name in needed:
        if name not in names:
            raise ValueError(
                f"{path}, line 1: expected the columns {' and '.join(needed)}, perhaps time, and "
                f"the channels.{nearest(name, header)} Received: {', '.join(header)}"
            )
    special = {names[name] for name in ("id", "label", "time") if name in names}
    found = {name.strip(): k for k, name in enumerate(header) if k not in special}
    for name in channels or ():
        if name not in found:
            raise ValueError(
                f"{path}, line 1: expected the channel {name!r}.{nearest(name, found)} Received: "
                f"the channels {', '.join(found)}"
            )
    channels = tuple(channels or found)
    if not channels:
        raise ValueError(f"{path}, line 1: expected a channel. Received: {', '.join(header)}")
    steps, labels = _collect(
        path, rows, names, [(name, found[name]) for name in channels], labelled
    )
    if not steps:
        raise ValueError(f"{path}: expected a row for each step. Received: no rows below line 1")
    labels = list(labels.values()) if labelled else None
    try:
        return Sequences(list(steps.values()), labels, classes or (), channels, tuple(steps))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def read_parts(path, seed=7):
    """Read a user's sequences in three parts.

    One file is cut by `cut`, a fifth for test and a fifth for validation of every class; of equal
    sequences the first alone is kept, so that none is in two parts. Where sequences belong
    together, those of one person for instance, name three files in a folder instead, with train,
    val (or dev) and test in their names.

    Args:
        path: of a file, as in `read_csv`, or of such a folder.
        seed: of the cut.

    Returns:
        A `SequenceParts`.

    Raises:
        FileNotFoundError: no such file or folder, or not one file for each part.
        ValueError: as `read_csv` and `cut`.
    """
    path = Path(path)
    if path.is_dir():
        files = [_file_of(path, part, marks) for part, marks in PARTS.items()]
        train = read_csv(files[0])
        others = [read_csv(file, train.channels, train.classes) for file in files[1:]]
        return described(train, *others, str(path), f"Sequences from the three files in {path}")
    sequences = read_csv(path)
    first = {}
    for row, (values, label) in enumerate(zip(sequences.values, sequences.labels)):
        first.setdefault((values.tobytes(), label), row)
    parts = cut(sequences.take(np.array(list(first.values()))), seed=seed)
    return described(*parts, str(path), f"Sequences from {path}")


def described(train, validation, test, source, title, hint=""):
    """`SequenceParts` with a line that says what and how many they are."""
    lengths = np.concatenate([part.lengths for part in (train, validation, test)])
    counts = f"{len(train):,} train, {len(validation):,} validation, {len(test):,} test"
    shape = f"{len(train.channels)} channels, {lengths.min()} to {lengths.max()} steps"
    text = f"{title}: {counts}; {shape}; classes {', '.join(train.classes)}."
    return SequenceParts(train, validation, test, source, text, hint)


def _file_of(folder, part, marks):
    names = sorted(p.name for p in folder.iterdir() if p.is_file() and p.name[0] != ".")
    found = [name for name in names if any(mark in name.lower() for mark in marks)]
    if len(found) != 1:
        raise FileNotFoundError(
            f"Expected one file for {part} in {folder}, with {' or '.join(marks)} in its name. "
            f"Received: {found or names}. Name one CSV file to have it cut."
        )
    return folder / found[0]


def _rows(path):
    """Rows with their line numbers, and the names of the columns."""
    raw = path.read_bytes()
    if not raw.strip():
        raise ValueError(f"{path}: expected a CSV file. Received: an empty file")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"{path}, line {line}: expected UTF-8 text. Received: the byte 0x{raw[error.start]:02x}"
            ". If it is text, save it as UTF-8."
        ) from None
    if "\0" in text:
        raise ValueError(f"{path}: expected UTF-8 text. Received: a binary file")
    first = text.lstrip("\n\r").split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        raise ValueError(
            f"{path}, after line {reader.line_num}: expected cells separated by {delimiter!r}. "
            f"Received: a line the reader cannot take ({error})"
        ) from None
    header = rows[0][1]
    if len({name.strip().lower() for name in header}) < len(header):
        raise ValueError(
            f"{path}, line 1: expected a name of its own for each column. Received: {header}"
        )
    for line, row in rows[1:]:
        if len(row) != len(header):
            raise ValueError(
                f"{path}, line {line}: expected {len(header)} cells. Received: {len(row)}"
            )
    return rows[1:], header


def _collect(path, rows, names, channels, labelled):
    """For each id its steps, and its label."""
    steps, labels, last = {}, {}, {}
    for line, row in rows:
        name = _filled(path, line, "id", row[names["id"]])
        values = [_number(path, line, column, row[place]) for column, place in channels]
        if labelled:
            label = _filled(path, line, "label", row[names["label"]])
            if labels.setdefault(name, label) != label:
                raise ValueError(
                    f"{path}, line {line}, column label: expected {labels[name]!r}, as in the rows "
                    f"of sequence {name} before. Received: {label!r}"
                )
        if "time" in names:
            now = _moment(path, line, row[names["time"]])
            _check_order(path, line, name, last.get(name), now)
            last[name] = now
        steps.setdefault(name, []).append(values)
    return steps, labels


def _filled(path, line, column, cell):
    if not cell.strip():
        raise ValueError(f"{path}, line {line}, column {column}: expected a name. Received: ''")
    return cell.strip()


def _check_order(path, line, name, before, now):
    try:
        rises = before is None or now > before
    except TypeError:
        rises = False  # a number after a date, or a time zone in one of two
    if not rises:
        raise ValueError(
            f"{path}, line {line}, column time: expected what comes after {before} in sequence "
            f"{name}. Received: {now}. Sort the rows, and leave copies out."
        )


def _number(path, line, column, cell):
    try:
        value = float(cell)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise ValueError(
            f"{path}, line {line}, column {column}: expected a finite number. Received: {cell!r}"
        )
    return value


def _moment(path, line, cell):
    for read in (float, datetime.fromisoformat):
        try:
            return read(cell.strip())
        except ValueError:
            continue
    raise ValueError(
        f"{path}, line {line}, column time: expected a number, or a date such as 2024-05-01 12:30. "
        f"Received: {cell!r}"
    )
