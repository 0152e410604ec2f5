"""Which column of a frame is what, and columns of numbers with what is missing in them."""

import re
from dataclasses import dataclass

import numpy as np
import pandas

from keras_rnnzoo.base.options import nearest
from keras_rnnzoo.datasets.time_rules import MARKS
from keras_rnnzoo.datasets.time_stamps import is_text, looks_like_times

MISSING = ("", "na", "n/a", "nan", "null", "none", "-nan", "#n/a", "<na>", "nil", "?", "-")
NUMBER = r"[-+]?[\d.,' ]*\d(?:[eE][-+]?\d+)?"
CLOCK = {"year", "month", "day", "hour", "minute", "second"}


@dataclass(frozen=True)
class Roles:
    """Names of columns by what they are; `time` is a tuple, empty where rows are counted."""

    time: tuple
    id: str | None
    targets: tuple
    past: tuple
    future: tuple
    static: tuple
    found: bool
    left_out: tuple


def roles(frame, time, targets, id, past, future, static, date_format=None):
    """Find out which column is what, and refuse what cannot be.

    Args:
        frame: the raw data.
        time, targets, id, past, future, static, date_format: as in `from_frame`.

    Returns:
        `Roles`. `found` says that the column of times was found, `left_out` which columns are
        of no use since no targets were named.
    """
    columns = [str(name) for name in frame.columns]
    _refuse_twice(columns)
    given = {"targets": targets, "past": past, "future": future, "static": static, "id": id}
    given = {role: _tuple(names) for role, names in given.items()}
    given["time"] = () if time is None or time is False else _tuple(time)
    if targets is not None and not given["targets"]:
        raise ValueError(f"Expected the name of at least one target. Received: {targets=}")
    if len(given["id"]) > 1:
        raise ValueError(f"Expected one column of ids. Received: {id=}")
    for role, names in given.items():
        for name in names:
            if name not in columns:
                raise ValueError(
                    f"Expected columns of {listed(columns)}.{nearest(name, columns)} "
                    f"Received: {role}={name!r}"
                )
    taken = [name for names in given.values() for name in names]
    for name in taken:
        if taken.count(name) > 1:
            raise ValueError(f"Expected each column in one part. Received: {name!r} in two")
    if time is None:
        given["time"] = (_find_time(frame, taken, date_format),)
        taken.append(given["time"][0])
    left_out = ()
    if targets is None:
        given["targets"], left_out = _find_targets(frame, taken)
        _refuse_several(frame, given, left_out)
    given["id"] = given["id"][0] if given["id"] else None
    return Roles(**given, found=time is None, left_out=left_out)


def _refuse_twice(columns):
    for name in columns:
        if columns.count(name) > 1:
            raise ValueError(f"Expected columns whose names differ. Received: {name!r} twice")


def _tuple(names):
    if names is None:
        return ()
    return tuple(names) if isinstance(names, (list, tuple)) else (names,)


def listed(names):
    """Names in quotes, not more than a dozen."""
    names = [repr(name) for name in names]
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _find_time(frame, taken, date_format):
    for name in frame.columns:
        if name not in taken and looks_like_times(frame[name], name, date_format):
            return name
    cells = ", ".join(f"{name!r} ({frame[name].iloc[0]!r})" for name in frame.columns[:8])
    raise ValueError(
        f"Expected a column of dates. Received: {cells}, of which none reads as dates. Name it "
        "with time= (and its form with date_format=), or count the rows with time=False."
    )


def _find_targets(frame, taken):
    """All other columns of numbers, and those that are left out."""
    targets, left_out = [], []
    for name in frame.columns:
        if name in taken:
            continue
        unnamed = re.fullmatch(r"(Unnamed: \d+)?(\.\d+)?", str(name).strip()) is not None
        counts = unnamed and _is_count(frame[name])
        blank = unnamed and _blank(frame[name]).all()
        if counts or blank or not _mostly_numbers(frame[name]):
            left_out.append(name)
        else:
            targets.append(name)
    if not targets:
        raise ValueError(
            f"Expected a column of numbers beside {listed(taken)}. Received: "
            f"{listed(left_out) if left_out else 'no other column'}"
        )
    return tuple(targets), tuple(left_out)


def _is_count(column):
    numbers = pandas.to_numeric(column, errors="coerce").to_numpy("float64")
    return bool((np.diff(numbers) == 1).all())


def _blank(column):
    blank = column.isna().to_numpy()
    if is_text(column):
        blank = blank | column.astype(str).str.strip().str.lower().isin(MISSING).to_numpy()
    return blank


def _mostly_numbers(column):
    """Whether at least half of the cells that are not blank are numbers; blanks alone are."""
    if not is_text(column):
        return column.dtype.kind in "iuf" or pandas.api.types.is_numeric_dtype(column.dtype)
    if looks_like_times(column, column.name):
        return False
    cells = column[~_blank(column)].astype(str).str.strip()
    return 2 * cells.str.fullmatch(NUMBER).sum() >= len(cells)


def _refuse_several(frame, given, left_out):
    """An error for several series in long form whose column of ids was not named."""
    if given["id"] or not given["time"]:
        return
    times = list(given["time"])
    if 2 * frame.duplicated(times).sum() < len(frame):
        return
    for name in left_out:
        if not frame.duplicated([*times, name]).any():
            raise ValueError(
                f"Expected one row at a time, or a column of ids. Received: most stamps more than "
                f"once, with other text in column {name!r} each time. Pass id={name!r}, or name "
                "the targets to average over such rows."
            )


def clock_columns(frame, names, where):
    """One column of times from several: of year, month and so on, or of texts such as date and
    time of day, which are joined by a blank."""
    if {str(name).strip().lower() for name in names} <= CLOCK:
        parts = frame[list(names)].rename(columns=lambda name: str(name).strip().lower())
        parts = parts.apply(pandas.to_numeric, errors="coerce")
        for name in ("month", "day"):
            parts[name] = parts.get(name, 1)
        if "year" in parts:
            stamps = pandas.to_datetime(parts, errors="coerce")
            bad = stamps.isna().to_numpy()
            if bad.any():
                row = int(bad.argmax())
                cells = ", ".join(f"{name}={frame[name].iloc[row]}" for name in names)
                raise ValueError(f"Expected a date in {where(row)}. Received: {cells}")
            return stamps.rename(" ".join(names))
    texts = frame[names[0]].astype(str).str.strip()
    for name in names[1:]:
        texts = texts + " " + frame[name].astype(str).str.strip()
    return texts.rename(" ".join(map(str, names)))


def numbers(column, where, marks=MARKS, decimal=".", thousands=None):
    """A column as float64, NaN where a cell is missing.

    Args:
        column: a `pandas.Series`.
        where: a function from the number of a row to words for it.
        marks: numbers and texts that stand for what is missing, beside blank cells, infinite
            numbers and words such as NA.
        decimal, thousands: marks in the numbers of texts.

    Returns:
        float64 (rows,), and for each number of `marks` that occurs how often.

    Raises:
        ValueError: a cell that is neither a number nor missing.
    """
    blank = _blank(column)
    if not is_text(column):
        if column.dtype.kind in "Mm" or isinstance(column.dtype, pandas.DatetimeTZDtype):
            raise ValueError(
                f"Expected numbers in column {column.name!r}. Received: {column.dtype}"
            )
        array = column.to_numpy("float64", na_value=np.nan, copy=True)
    else:
        texts = column.astype(str).str.strip()
        blank = blank | texts.isin([mark for mark in marks if isinstance(mark, str)]).to_numpy()
        plain = texts
        if thousands:
            plain = plain.str.replace(thousands, "", regex=False)
        if decimal != ".":
            plain = plain.str.replace(decimal, ".", regex=False)
        plain = plain.where(~blank, "nan").replace({"True": "1", "False": "0"})
        array = pandas.to_numeric(plain, errors="coerce").to_numpy("float64", copy=True)
        _refuse_text(column, texts, np.isnan(array) & ~blank, where)
    found = {}
    for mark in marks:
        if not isinstance(mark, str):
            equal = array == mark
            if equal.any():
                found[mark] = (int(equal.sum()), int(equal.argmax()))
                array[equal] = np.nan
    array[~np.isfinite(array)] = np.nan
    return array, found


def _refuse_text(column, texts, bad, where):
    if not bad.any():
        return
    row = int(bad.argmax())
    text = texts.iloc[row]
    comma = " Pass decimal=','." if re.fullmatch(r"-?\d+,\d+", text) else ""
    raise ValueError(
        f"Expected numbers in column {column.name!r}. Received: {text!r} in {where(row)}, the "
        f"first of {int(bad.sum())} cells that are none.{comma} Texts that stand for missing cells "
        f"can be named: missing_values=(..., {text!r})."
    )
