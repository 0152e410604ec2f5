"""What `TimeSeries.from_arrays` checks and completes, and how series become a frame."""

import numpy as np
import pandas

from keras_rnnzoo.datasets import time_grid


def arrays(name, given, count):
    """A list of float64 (time, columns), copied, one a series."""
    several = isinstance(given, (list, tuple))
    if several and any(isinstance(part, (list, tuple)) for part in given):
        raise TypeError(
            f"Expected an array, or a list of arrays with one a series. Received: {name}= a list "
            "of lists, which may mean either. Turn it, or its parts, into NumPy arrays."
        )
    several = several and any(np.ndim(part) for part in given)
    done = [_array(name, part) for part in (given if several else [given])]
    if not done or count not in (None, len(done)):
        raise ValueError(
            f"Expected {count or 'at least one'} array{'s, as many as values' if count else ''}. "
            f"Received: {len(done)} in {name}"
        )
    for part in done:
        if part.ndim != 2 or part.shape[1] != done[0].shape[1] or not part.size:
            raise ValueError(
                "Expected arrays (time,) or (time, columns), not empty and of as many columns "
                f"each. Received: {name} of shapes {', '.join(str(a.shape) for a in done)}"
            )
    return done


def _array(name, part):
    if hasattr(part, "iloc"):
        raise TypeError(
            f"Expected NumPy arrays. Received: {name}= a pandas {type(part).__name__}, whose index "
            "would be lost. Use from_frame, or pass its .to_numpy()."
        )
    array = np.asarray(part)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"Expected arrays of numbers. Received: {name} of dtype {array.dtype}")
    array = array.astype("float64")
    return array[:, None] if array.ndim == 1 else array


def covariates(name, given, values, ids, ahead=False):
    """A list of float64 (time, columns) that fit `values`, of no columns where none are given."""
    if given is None:
        return [np.empty((len(rows), 0)) for rows in values]
    done = arrays(name, given, len(values))
    for part, rows, series in zip(done, values, ids, strict=True):
        if len(part) < len(rows) or (len(part) > len(rows) and not ahead):
            raise ValueError(
                f"Expected {len(rows)} rows{' or more' if ahead else ''} of {name} for series "
                f"{series!r}, which has as many. Received: {len(part)}"
            )
    return done


def table(name, given, count):
    """A float64 array (series, columns)."""
    if given is None:
        return np.empty((count, 0))
    array = np.array(given, dtype="float64")
    array = array[None] if array.ndim == 1 and count == 1 else array
    if array.ndim != 2 or len(array) != count:
        raise ValueError(f"Expected {name} of shape ({count}, columns). Received: {array.shape}")
    return array


def names(name, given, stem, count, counted_from=1):
    """A tuple of `count` names, made up where none are given."""
    if given is None:
        if count == 1 and stem in ("", "y"):
            return (stem,)
        return tuple(f"{stem}{k}" for k in range(counted_from, count + counted_from))
    given = (given,) if isinstance(given, str) else tuple(given)
    if len(given) != count or not all(isinstance(part, str) for part in given):
        raise ValueError(f"Expected {name} with {count} strings. Received: {name}={given!r}")
    refuse_twice(given)
    return given


def refuse_twice(given):
    """An error for the first name that occurs twice."""
    for name in given:
        if given.count(name) > 1:
            raise ValueError(f"Expected names that differ. Received: {name!r} more than once")


def refuse_missing(name, arrays, ids):
    """An error for the first cell that is not finite."""
    for part, series in zip(arrays, ids, strict=True):
        bad = np.argwhere(~np.isfinite(part))
        if len(bad):
            row, column = bad[0]
            raise ValueError(
                f"Expected finite numbers. Received: {part[row, column]} in {name} of series "
                f"{series!r}, row {row}, column {column}, the first of {len(bad)}. from_frame "
                "fills what is missing."
            )


def indexes(given, frequency, values, ids):
    """One index of times a series, checked to be regular, and the frequency."""
    if given is None:
        if frequency is not None:
            raise ValueError(f"Expected times with a frequency. Received: {frequency=}, times=None")
        return [pandas.RangeIndex(len(rows)) for rows in values], None
    nested = isinstance(given, (list, tuple)) and len(given) > 0 and np.ndim(given[0]) > 0
    given = list(given) if nested else [given] * len(values)
    if len(given) != len(values):
        raise ValueError(f"Expected {len(values)} indexes of times. Received: {len(given)}")
    done = [_index(part) for part in given]
    for index, rows, series in zip(done, values, ids, strict=True):
        if len(index) != len(rows):
            raise ValueError(
                f"Expected {len(rows)} times for series {series!r}, one a row. Received: "
                f"{len(index)}"
            )
    if all(isinstance(index, pandas.RangeIndex) for index in done):
        if frequency is not None:
            raise ValueError(f"Counted steps have no frequency. Received: {frequency=}")
        return done, None
    return time_grid.regular(done, frequency, ids)


def _index(part):
    if isinstance(part, pandas.RangeIndex) and part.step == 1:
        return part.rename(None)
    index = pandas.Index(part)
    if isinstance(index, pandas.PeriodIndex):
        index = index.to_timestamp()
    if not isinstance(index, pandas.DatetimeIndex):
        raise TypeError(
            "Expected times as a DatetimeIndex, a datetime64 array or a RangeIndex of step 1. "
            f"Received: {type(part).__name__} of dtype {index.dtype}. Try pandas.to_datetime."
        )
    return pandas.DatetimeIndex(index, freq=None, name=None)


def frame(series, time, id):
    """The long pandas frame of a `TimeSeries`."""
    columns = (*series.targets, *series.past_names, *series.future_names, *series.static_names)
    named = series.ids != ("",)
    taken = list(columns)
    for name, value in (("time", time), *([("id", id)] if named else [])):
        taken.append(value)
        if taken.count(value) > 1:
            raise ValueError(
                f"Expected a name that no other column has. Received: {name}={value!r}"
            )
    parts = []
    for k, values in enumerate(series.values):
        ahead = series.ahead[k]
        times = time_grid.extended(series.times[k], series.frequency, ahead)
        empty = np.full((ahead, values.shape[1] + series.past[k].shape[1]), np.nan)
        known = np.concatenate([np.hstack([values, series.past[k]]), empty])
        static = np.broadcast_to(series.static[k], (len(times), series.static.shape[1]))
        part = pandas.DataFrame(np.hstack([known, series.future[k], static]), columns=columns)
        part.insert(0, time, times)
        if named:
            part.insert(0, id, series.ids[k])
        parts.append(part)
    return pandas.concat(parts, ignore_index=True)
