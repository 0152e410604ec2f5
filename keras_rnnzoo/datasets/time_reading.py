"""From a frame of raw rows to series: columns, stamps and numbers, checked one after another."""

from dataclasses import dataclass

import numpy as np
import pandas

from keras_rnnzoo.base.options import boolean, choice, nearest
from keras_rnnzoo.datasets import time_grid, time_rules
from keras_rnnzoo.datasets.time_columns import clock_columns, listed, numbers, roles
from keras_rnnzoo.datasets.time_pieces import Rows, pieces
from keras_rnnzoo.datasets.time_rules import MARKS
from keras_rnnzoo.datasets.time_series import TimeSeries
from keras_rnnzoo.datasets.time_stamps import into_zone, read_stamps


@dataclass(frozen=True)
class Reading:
    """How raw data are to be read: the arguments of `from_frame` and `read_csv`, checked."""

    time: object = None
    targets: object = None
    id: str | None = None
    past: tuple = ()
    future: tuple = ()
    static: tuple = ()
    frequency: str | None = None
    date_format: str | None = None
    zone: str | None = None
    sort: bool = False
    duplicates: str = "mean"
    max_gap: int | None = None
    missing_values: tuple = MARKS
    valid_range: object = None
    decimal: str = "."
    thousands: str | None = None

    def __post_init__(self):
        choice("duplicates", self.duplicates, time_rules.DUPLICATES)
        boolean("sort", self.sort)
        if self.frequency is not None:
            time_grid.offset_of(self.frequency)
        gap = self.max_gap
        if gap is not None and (isinstance(gap, bool) or not hasattr(gap, "__index__") or gap < 0):
            raise ValueError(f"Expected a number of steps, or None. Received: max_gap={gap!r}")
        if self.decimal not in (".", ",") or self.thousands == self.decimal:
            raise ValueError(
                "Expected '.' or ',' as decimal, and another mark for thousands. Received: "
                f"decimal={self.decimal!r}, thousands={self.thousands!r}"
            )
        marks = self.missing_values
        marks = () if marks is None else marks
        marks = tuple(marks) if isinstance(marks, (list, tuple, set)) else (marks,)
        object.__setattr__(self, "missing_values", marks)
        counted = [name for name in ("frequency", "zone") if getattr(self, name) is not None]
        if self.time is False and counted:
            raise ValueError(
                f"Rows that are counted have no {counted[0]}. Received: time=False, "
                f"{counted[0]}={getattr(self, counted[0])!r}"
            )

    @property
    def as_texts(self):
        """Whether the cells of a file stay texts until their columns are known."""
        dates = self.date_format is not None and self.time is None
        return dates or self.decimal != "." or self.thousands is not None

    def range_of(self, name, targets):
        """The lowest and the highest valid number of a column."""
        given = self.valid_range
        if isinstance(given, dict):
            for key in given:
                if key not in targets:
                    raise ValueError(
                        f"Expected a valid_range of targets.{nearest(key, targets)} Received: "
                        f"{key!r}"
                    )
            given = given.get(name)
        if given is None:
            return -np.inf, np.inf
        if not isinstance(given, (list, tuple)) or len(given) != 2:
            raise ValueError(
                f"Expected valid_range as (low, high), or a dict of them by column. Received: "
                f"{self.valid_range!r}"
            )
        low = -np.inf if given[0] is None else given[0]
        return low, np.inf if given[1] is None else given[1]


def with_index(frame):
    """A frame whose index of times or with names has become columns."""
    if not isinstance(frame, pandas.DataFrame):
        raise TypeError(
            f"Expected a pandas DataFrame. Received: {type(frame).__name__}. For arrays there is "
            "TimeSeries.from_arrays."
        )
    index = frame.index
    plain = (
        index.nlevels == 1
        and index.name is None
        and not isinstance(index, (pandas.DatetimeIndex, pandas.PeriodIndex))
    )
    frame = frame.reset_index(drop=plain)
    return frame.set_axis([str(name) for name in frame.columns], axis=1)


def read(frame, where, how):
    """Series from a frame, as `from_frame` states.

    Args:
        frame: a `pandas.DataFrame` of raw data.
        where: a function from the number of a row to words for it.
        how: a `Reading`.

    Returns:
        A `TimeSeries`.
    """
    if frame.empty:
        raise ValueError(
            f"Expected rows. Received: {len(frame)} rows of {len(frame.columns)} columns"
        )
    who = roles(
        frame, how.time, how.targets, how.id, how.past, how.future, how.static, how.date_format
    )
    findings = time_rules.Findings()
    groups, ids = _groups(frame, who.id, where)
    index, told = _stamps(frame, who, groups, where, how)
    names = (*who.targets, *who.past, *who.future)
    table = np.column_stack([_numbers(frame[name], who, where, how, findings) for name in names])
    _refuse_empty(table, names, len(who.targets))
    rows = Rows(index, table, names, len(who.targets), len(who.future), groups, ids, where)
    frequency, sentence, parts = pieces(rows, how, findings)
    return TimeSeries(
        targets=who.targets,
        ids=ids,
        frequency=frequency,
        past_names=who.past,
        future_names=who.future,
        static=_static(frame, who, groups, ids, where, how),
        static_names=who.static,
        report=(*told, *sentence, *findings.sentences()),
        **{name: [part[name] for part in parts] for name in ("values", "times", "past", "future")},
    )


def _groups(frame, id, where):
    """The numbers of the rows of each series, in their order, and the ids of the series."""
    if id is None:
        return [np.arange(len(frame))], ("",)
    column = frame[id]
    blank = column.isna() | (column.astype(str).str.strip() == "")
    if blank.any():
        row = int(blank.to_numpy().argmax())
        raise ValueError(
            f"Expected an id in each row. Received: none in {where(row)}, column {id!r}"
        )
    if column.dtype.kind == "f" and (column % 1 == 0).all():
        column = column.astype("int64")
    codes, ids = pandas.factorize(column.astype(str).str.strip())
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.cumsum(np.bincount(codes))[:-1]), tuple(ids)


def _stamps(frame, who, groups, where, how):
    """An index of times, or int64 where steps are counted, and sentences on how it was read."""
    left = f"Columns left out: {listed(who.left_out)}, which hold no numbers, or count rows."
    told = [left] if who.left_out else []
    if not who.time:
        counts = np.empty(len(frame), "int64")
        for rows in groups:
            counts[rows] = np.arange(len(rows))
        return counts, told
    several = len(who.time) > 1
    column = clock_columns(frame, who.time, where) if several else frame[who.time[0]]
    index, words = read_stamps(column, where, how.date_format)
    first = ", the first one that reads as dates" if who.found else ""
    columns = "columns" if several else "column"
    told.insert(0, f"Times: {columns} {listed(who.time)}{first}, read as {words}.")
    if isinstance(index, np.ndarray):
        for name in ("frequency", "zone"):
            if getattr(how, name) is not None:
                raise ValueError(
                    f"Expected times with {name}={getattr(how, name)!r}. Received: whole numbers "
                    f"in column {column.name!r}, which count steps. Pass date_format=."
                )
        return index, told
    if how.sort:
        _turn(index, groups)
    if how.zone is not None:
        known = "local times of" if index.tz is None else "turned into"
        told.append(f"Time zone: stamps {'were taken as ' * (index.tz is None)}{known} {how.zone}.")
        index = into_zone(index, how.zone, groups, where)
    return index, told


def _turn(index, groups):
    """Turn series round that go back in time, so that clocks set back are seen as such."""
    stamps = index.asi8
    for k, rows in enumerate(groups):
        steps = np.diff(stamps[rows])
        if np.count_nonzero(steps < 0) > np.count_nonzero(steps > 0):
            groups[k] = rows[::-1]


def _numbers(column, who, where, how, findings):
    array, found = numbers(column, where, how.missing_values, how.decimal, how.thousands)
    for mark, (count, row) in found.items():
        findings.note("marks", count, f"first {mark:g} in column {column.name!r}, {where(row)}")
    if column.name in who.targets:
        low, high = how.range_of(column.name, who.targets)
        with np.errstate(invalid="ignore"):
            outside = (array < low) | (array > high)
        if outside.any():
            row = int(outside.argmax())
            place = f"first {array[row]:g} in column {column.name!r}, {where(row)}"
            findings.note("outside", outside.sum(), place)
            array[outside] = np.nan
    return array


def _refuse_empty(table, names, targets):
    """An error for a column without a number, and for a target that never changes."""
    for k, name in enumerate(names):
        cells = table[~np.isnan(table[:, k]), k]
        if not len(cells):
            raise ValueError(
                f"Expected numbers in column {name!r}. Received: {len(table)} cells that are all "
                "missing. Leave the column out: targets= names those to forecast."
            )
        if k < targets and cells.min() == cells.max() and len(table) > 1:
            raise ValueError(
                f"Expected a target that changes. Received: {cells[0]:g} in all rows of column "
                f"{name!r}. Leave the column out: targets= names those to forecast."
            )


def _static(frame, who, groups, ids, where, how):
    """What does not change within a series: (series, columns)."""
    done = np.empty((len(groups), len(who.static)))
    for k, name in enumerate(who.static):
        array, _ = numbers(frame[name], where, how.missing_values, how.decimal, how.thousands)
        for i, rows in enumerate(groups):
            there = rows[~np.isnan(array[rows])]
            if not len(there):
                raise ValueError(
                    f"Expected a number of column {name!r} in series {ids[i]!r}. Received: none"
                )
            other = there[array[there] != array[there[0]]]
            if len(other):
                raise ValueError(
                    f"Expected one number of column {name!r} in series {ids[i]!r}, since it is "
                    f"static. Received: {array[there[0]]:g} in {where(there[0])} and "
                    f"{array[other[0]]:g} in {where(other[0])}. Pass it in past= or future=."
                )
            done[i, k] = array[there[0]]
    return done
