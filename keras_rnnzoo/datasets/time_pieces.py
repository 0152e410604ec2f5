"""Each series from its rows to its grid: order, one row a stamp, place on the grid, gaps."""

from dataclasses import dataclass

import numpy as np
import pandas

from keras_rnnzoo.datasets import time_grid, time_rules

MOST_STEPS = 100_000  # of a grid whose steps are nearly all without a row
SPARSE = 20  # steps for each row, unless max_gap allows more


@dataclass(frozen=True)
class Rows:
    """Raw rows of all series, as numbers.

    Attributes:
        index: for each row its stamp, a `DatetimeIndex`, or int64 where steps are counted.
        table: float64 (rows, columns): targets, past and future covariates; NaN where missing.
        names: of its columns.
        targets, futures: how many of the columns are targets, the first ones, and known ahead,
            the last ones.
        groups: for each series the numbers of its rows.
        ids: names of the series.
        where: a function from the number of a row to words for it.
    """

    index: object
    table: np.ndarray
    names: tuple
    targets: int
    futures: int
    groups: list
    ids: tuple
    where: object

    @property
    def stamps(self):
        """For each row its stamp as int64: microseconds, or counted steps."""
        return _as_numbers(self.index)

    def words(self, stamp, k):
        """Words for a stamp of a series."""
        step = isinstance(stamp, (int, np.integer))
        series = f" in series {self.ids[k]!r}" if self.ids[k] else ""
        return f"{'step ' if step else ''}{stamp}{series}"

    def first(self, stamp, k):
        """Words for the first of several stamps of a series."""
        return f"first {self.words(stamp, k)}"


def pieces(rows, how, findings):
    """Bring each series onto the grid.

    Args:
        rows: `Rows`.
        how: a `Reading`.
        findings: `Findings`, to which is added what was found.

    Returns:
        The frequency, a list with a sentence on how it was found, and for each series a dict of
        `values`, `times`, `past` and `future` as a `TimeSeries` has them.
    """
    stamps = rows.stamps
    single = [_distinct(rows, stamps, k, how, findings) for k in range(len(rows.groups))]
    if isinstance(rows.index, np.ndarray):
        frequency, told = None, []
    elif how.frequency is not None:
        frequency = time_grid.offset_of(how.frequency).freqstr
        told = [f"Frequency: {frequency}, as given."]
    else:
        frequency, agree, steps = time_grid.infer([index for index, _ in single])
        told = [f"Frequency: {frequency}, to which {agree:,} of {steps:,} steps agree."]
    return frequency, told, [
        _piece(rows, k, *single[k], frequency, how, findings) for k in range(len(single))
    ]  # fmt: skip


def _distinct(rows, stamps, k, how, findings):
    """Stamps of one series, rising, and a table with one row each."""
    order = rows.groups[k]
    back = np.flatnonzero(np.diff(stamps[order]) < 0)
    if len(back) and not how.sort:
        row, before = order[back[0] + 1], order[back[0]]
        raise ValueError(
            f"Expected rows in the order of time. Received: {rows.index[row]} in {rows.where(row)} "
            f"after {rows.index[before]}{' of one series' if rows.ids[k] else ''}, the first of "
            f"{len(back)} such rows. Pass sort=True to sort them, zone= if clocks were set back, "
            "or id= if there are several series."
        )
    if len(back):
        row = order[back[0] + 1]
        findings.note("sorted", len(back), f"first {rows.where(row)}")
    order = order[np.argsort(stamps[order], kind="stable")]
    kept, table, equal, differ = time_rules.distinct(
        stamps[order], rows.table[order], "mean" if how.duplicates == "error" else how.duplicates
    )
    if len(differ) and how.duplicates == "error":
        row = order[differ[0]]
        raise ValueError(
            f"Expected one row a stamp. Received: {rows.index[row]} in {rows.where(row)} and again "
            f"with other cells, the first of {len(differ)} such stamps. Pass duplicates='mean', "
            "'first' or 'last', or id= if there are several series."
        )
    for key, found in (("equal", equal), (how.duplicates, differ)):
        if len(found):
            findings.note(key, len(found), rows.first(rows.index[order[found[0]]], k))
    if isinstance(rows.index, np.ndarray):
        return kept, table
    return rows.index[order[np.searchsorted(stamps[order], kept)]], table


def _as_numbers(index):
    return index if isinstance(index, np.ndarray) else index.as_unit("us").asi8


def _grid(rows, k, index, frequency, how):
    """All points from the first stamp to the last one, and a point more at both ends."""
    span = int(index[-1]) - int(index[0]) if frequency is None else 0
    if frequency is not None:
        span = time_grid.steps_between(index[0], index[-1], frequency)
    allowed = SPARSE if how.max_gap is None else how.max_gap + 1
    if span > MOST_STEPS and span > allowed * len(index):
        raise ValueError(
            f"Expected a row for most steps. Received: {len(index):,} rows from "
            f"{rows.words(index[0], k)} to {index[-1]}, which are {span:,} steps of "
            f"{frequency or 'one'}. Look for a wrong stamp, name another frequency=, or say with "
            "max_gap= how many steps may be filled."
        )
    if frequency is None:
        return np.arange(index[0] - 1, index[-1] + 2)
    return time_grid.covering(index, frequency)


def _piece(rows, k, index, table, frequency, how, findings):
    points = _grid(rows, k, index, frequency, how)
    at, moved, between = time_rules.place(_as_numbers(index), _as_numbers(points))
    for key, which in (("moved", moved), ("between", between)):
        findings.note(key, which.sum(), rows.first(index[which.argmax()], k))
    points, at = points[at[0] : at[-1] + 1], at - at[0]
    cells = time_rules.spread(at, table, len(points))
    has_row = np.zeros(len(points), bool)
    has_row[at] = True
    stop, end = time_rules.extent(cells, rows.targets, rows.futures)
    full = time_rules.carry(cells)
    start = _start(rows, k, full[:stop])
    cells, full, points, has_row = (part[start:end] for part in (cells, full, points, has_row))
    findings.note("cut", start, f"begins at {rows.words(points[0], k)}")
    findings.note("tail", np.count_nonzero(at >= end))
    findings.note("ahead", end - stop, rows.first(points[min(stop, end - 1) - start], k))
    _gaps(rows, k, np.isnan(cells), has_row, points, stop - start, how, findings)
    values, past, future = np.split(full, [rows.targets, full.shape[1] - rows.futures], axis=1)
    times = points[: stop - start]
    if frequency is None:
        times = pandas.RangeIndex(int(times[0]), int(times[-1]) + 1)
    return {
        "values": np.ascontiguousarray(values[: stop - start]),
        "times": times,
        "past": np.ascontiguousarray(past[: stop - start]),
        "future": np.ascontiguousarray(future),
    }


def _start(rows, k, full):
    """The first step at which every column has had a value."""
    ready = ~np.isnan(full).any(axis=1)
    if ready.any():
        return int(ready.argmax())
    never = np.isnan(full[-1]) if len(full) else np.arange(len(rows.names)) < rows.targets
    raise ValueError(
        f"Expected a value of column {rows.names[int(never.argmax())]!r} in series "
        f"{rows.ids[k]!r}, up to its last target. Received: none. Leave out the series or the "
        "column."
    )


def _gaps(rows, k, missing, has_row, points, stop, how, findings):
    """Note the steps and cells that are filled, and refuse runs that are too long."""
    last = len(rows.names) - rows.futures
    missing[stop:, :last] = False  # steps to come need no targets
    for key, which in (
        ("steps", ~has_row[:, None]),
        ("cells", missing & has_row[:, None]),
    ):
        count = np.count_nonzero(which)
        if count:
            first = points[int(which.any(axis=1).argmax())]
            longest = max(time_rules.runs(column)[1].max(initial=0) for column in which.T)
            findings.note(key, count, rows.first(first, k), longest)
    if how.max_gap is None:
        return
    for name, column in zip(rows.names, missing.T, strict=True):
        starts, lengths = time_rules.runs(column)
        long = np.flatnonzero(lengths > how.max_gap)
        if len(long):
            raise ValueError(
                f"Expected gaps of at most max_gap={how.max_gap} steps. Received: "
                f"{lengths[long[0]]} steps without a value in column {name!r} from "
                f"{rows.words(points[starts[long[0]]], k)}. Raise max_gap, or cut the series there."
            )
