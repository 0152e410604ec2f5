"""How raw rows become steps of a regular grid. No rule looks ahead in time.

All functions take NumPy arrays of one series: stamps as int64 (microseconds, or counted steps),
and a table float64 (rows, columns) with NaN in the cells that are missing.
"""

from dataclasses import dataclass, field

import numpy as np

MARKS = (-9999.0, -99999.0)  # numbers that stand for missing ones in many files
DUPLICATES = ("mean", "first", "last", "error")


# Each kind of finding: what it is, and what was done about it.
WORDS = {
    "marks": ("Cells with a mark for missing ones", "taken as missing"),
    "outside": ("Targets outside of valid_range", "taken as missing"),
    "sorted": ("Rows earlier than the row before them", "all were sorted by time"),
    "equal": ("Rows equal to another one of their stamp", "dropped"),
    "mean": ("Stamps with rows that differ", "averaged"),
    "first": ("Stamps with rows that differ", "the first row was taken"),
    "last": ("Stamps with rows that differ", "the last row was taken"),
    "moved": ("Stamps a tenth of a step or less from the grid", "moved to it"),
    "between": ("Stamps between two points of the grid", "averaged into the later point"),
    "cut": ("Steps before every column has had a value", "cut off"),
    "tail": ("Rows at the end without a target", "cut off"),
    "steps": ("Steps without a row", "filled with the last values before them"),
    "cells": ("Missing cells in rows", "filled with the last values before them"),
    "ahead": ("Steps to come", "their future covariates are known"),
}


@dataclass
class Findings:
    """What was found in the rows of all series: how often, the first place, the longest run."""

    found: dict = field(default_factory=dict)

    def note(self, key, count, place=None, longest=0):
        """Add to what was found of a kind of `WORDS`. `place` is in words."""
        if not count:
            return
        if key not in self.found:
            self.found[key] = [0, place, 0]
        self.found[key][0] += int(count)
        self.found[key][2] = max(self.found[key][2], int(longest))

    def sentences(self):
        """One sentence for each kind found, in the order of `WORDS`."""
        done = []
        for key, (what, handling) in WORDS.items():
            if key in self.found:
                count, place, longest = self.found[key]
                run = f"at most {longest:,} on end, " if longest else ""
                first = f" ({run}{place})" if place else ""
                done.append(f"{what}: {count:,}{first}; {handling}.")
        return done


def distinct(stamps, table, rule="mean"):
    """One row a stamp.

    Rows with equal cells are one row. Differing ones are averaged column by column over the cells
    that are not missing, or the first or last of them is taken.

    Args:
        stamps: (rows,), not falling.
        table: (rows, columns).
        rule: "mean", "first" or "last"; "error" is the caller's.

    Returns:
        stamps and table with one row a stamp; the numbers of the rows that were dropped as
        equal, and of the first row of each stamp whose rows differ, both among the rows given.
    """
    order, equal = _first_of_equal(stamps, table)
    stamps, table = stamps[order], table[order]
    starts = np.flatnonzero(np.r_[True, stamps[1:] != stamps[:-1]])
    ends = np.r_[starts[1:], len(stamps)]
    differ = order[starts[ends - starts > 1]]
    if rule == "mean":
        return stamps[starts], means(table, starts), equal, differ
    return stamps[starts], table[starts if rule == "first" else ends - 1], equal, differ


def _first_of_equal(stamps, table):
    """Numbers of the rows that no earlier row of their stamp equals, and of the others."""
    group = np.cumsum(np.r_[True, stamps[1:] != stamps[:-1]])
    shared = np.flatnonzero(np.bincount(group)[group] > 1)
    seen, equal = set(), []
    for row in shared:
        cells = (int(stamps[row]), (table[row] + 0.0).tobytes())
        if cells in seen:
            equal.append(row)
        seen.add(cells)
    equal = np.asarray(equal, dtype=int)
    return np.setdiff1d(np.arange(len(stamps)), equal), equal


def means(table, starts):
    """Means over groups of neighbouring rows, of the cells that are not missing: NaN for none."""
    there = ~np.isnan(table)
    sums = np.add.reduceat(np.where(there, table, 0.0), starts, axis=0)
    counts = np.add.reduceat(there.astype("int64"), starts, axis=0)
    return np.where(counts, sums / np.maximum(counts, 1), np.nan)


def place(stamps, points):
    """For each stamp its point of the grid: the number of it, and how the stamp came there.

    A stamp at most a tenth of a step after a point is moved back to it, if no earlier row is
    there. All others go to the next point after them, so that nothing is known before it was so.

    Args:
        stamps: (rows,), from the first point to the last one.
        points: (points,), rising.

    Returns:
        Numbers of points (rows,), and booleans (rows,) for stamps that were moved by a tenth of
        a step at most, and for those that lie between points.
    """
    later = np.searchsorted(points, stamps, side="left")
    earlier = np.maximum(later - 1, 0)
    step = points[later] - points[earlier]
    exact = points[later] == stamps
    found = later.copy()
    for row in np.flatnonzero(~exact & (10 * (stamps - points[earlier]) <= step)):
        if row == 0 or found[row - 1] < earlier[row]:
            found[row] = earlier[row]
    near = ~exact & ((found < later) | (10 * (points[later] - stamps) <= step))
    return found, near, ~(exact | near)


def spread(index, table, steps):
    """A table with a row for each step of the grid: means of the rows that share a step, NaN in
    steps without a row."""
    starts = np.flatnonzero(np.r_[True, index[1:] != index[:-1]])
    cells = np.full((steps, table.shape[1]), np.nan)
    cells[index[starts]] = means(table, starts)
    return cells


def carry(cells):
    """Each missing cell has the last value before it in its column, NaN where there is none."""
    rows = np.arange(len(cells))[:, None]
    last = np.maximum.accumulate(np.where(np.isnan(cells), 0, rows), axis=0)
    return np.take_along_axis(cells, last, axis=0)


def runs(missing):
    """Starts and lengths of the runs of True in a boolean array (steps,)."""
    edges = np.diff(np.r_[0, missing.astype("int8"), 0])
    starts = np.flatnonzero(edges == 1)
    return starts, np.flatnonzero(edges == -1) - starts


def extent(cells, targets, futures):
    """Where a series ends, and what is known of the steps to come.

    Args:
        cells: (steps, columns), NaN where missing.
        targets: how many of the columns are targets, the first ones.
        futures: how many are known ahead, the last ones.

    Returns:
        The number of steps up to the last one that has a target, and the number up to the last
        one after it that has a covariate known ahead.
    """
    there = ~np.isnan(cells)
    with_target = np.flatnonzero(there[:, :targets].any(axis=1))
    stop = int(with_target[-1]) + 1 if len(with_target) else 0
    known = np.flatnonzero(there[:, cells.shape[1] - futures :].any(axis=1))
    return stop, max(stop, int(known[-1]) + 1 if len(known) else 0)
