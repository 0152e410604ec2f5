"""Series on a regular grid of time: values, stamps, covariates, and what was done to raw data."""

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from keras_rnnzoo.base.options import nearest


@dataclass(frozen=True, eq=False)
class TimeSeries:
    """One or several series, each on a regular grid of time.

    Build one with `TimeSeries.from_arrays`, `from_frame` or `read_csv`, which check what goes in.
    Below, "a list" holds one entry a series, and series may differ in length.

    Attributes:
        values: a list of float64 (time, targets), finite.
        times: a list of pandas `DatetimeIndex`, or of `RangeIndex` where steps are only counted.
        targets: names of the columns of `values`, a tuple.
        ids: names of the series, a tuple of strings; ("",) for a single one.
        frequency: the step of the grid as an offset alias of pandas, such as "h", "15min", "D"
            or "MS"; None where steps are only counted.
        past: a list of float64 (time, P), covariates known up to now. P may be 0.
        past_names: names of their columns.
        future: a list of float64 (time + ahead, F), covariates known ahead: the rows past the
            last step of the series, if any, are those of the steps to come. F may be 0.
        future_names: names of their columns.
        static: float64 (series, S), what does not change in time. S may be 0.
        static_names: names of its columns.
        report: a tuple of sentences: what was found in the raw data, and what was done about it.

    Example:

    >>> series = TimeSeries.from_arrays(np.arange(10.0), targets="load")
    >>> len(series), series.steps, series.slice(-3).values[0][:, 0].tolist()
    (1, 10, [7.0, 8.0, 9.0])
    """

    values: list
    times: list
    targets: tuple
    ids: tuple = ("",)
    frequency: str | None = None
    past: list = ()
    past_names: tuple = ()
    future: list = ()
    future_names: tuple = ()
    static: np.ndarray = None
    static_names: tuple = ()
    report: tuple = ()

    def __post_init__(self):
        count = len(self.values)
        for name in ("past", "future"):
            if len(getattr(self, name)) == 0:
                empty = [np.empty((len(rows), 0)) for rows in self.values]
                object.__setattr__(self, name, empty)
        if self.static is None:
            object.__setattr__(self, "static", np.empty((count, 0)))

    @classmethod
    def from_arrays(
        cls,
        values,
        times=None,
        targets=None,
        frequency=None,
        past=None,
        future=None,
        static=None,
        ids=None,
        past_names=None,
        future_names=None,
        static_names=None,
    ):
        """Series from arrays that are already on a regular grid, without gaps.

        Args:
            values: an array (time,) or (time, targets), or a list of such arrays, one a series.
                Arrays are copied.
            times: an index of pandas (or datetime64 array) for each series, or one for all; their
                steps must be regular. Default: steps are counted from 0.
            targets: name or names of the columns. Default: "y", or "y1", "y2" and so on.
            frequency: of `times`. Default: the one that they show.
            past: covariates known up to now, (time,) or (time, P) for each series.
            future: covariates known ahead, (time + ahead,) or (time + ahead, F).
            static: (series, S), or (S,) for a single series.
            ids: names of the series. Default: "" for one, else "0", "1" and so on.
            past_names, future_names, static_names: of the columns. Default: "past1" and so on.

        Returns:
            A `TimeSeries`.

        Raises:
            ValueError: shapes that do not fit, a value that is not finite, names given twice,
                irregular times. `from_frame` reads raw data, which may have all of these.
            TypeError: what is no array of numbers, or no index of times.

        Example:

        >>> TimeSeries.from_arrays([np.ones(4), np.ones((3, 1))], ids=("a", "b")).steps
        7
        """
        from keras_rnnzoo.datasets import series_parts as parts

        values = parts.arrays("values", values, None)
        ids = parts.names("ids", ids, "", len(values), counted_from=0)
        past = parts.covariates("past", past, values, ids)
        future = parts.covariates("future", future, values, ids, ahead=True)
        static = parts.table("static", static, len(values))
        times, frequency = parts.indexes(times, frequency, values, ids)
        widths = {"targets": values[0], "past_names": past[0], "future_names": future[0]}
        given = {"targets": targets, "past_names": past_names, "future_names": future_names}
        stems = {"targets": "y", "past_names": "past", "future_names": "future"}
        columns = {
            name: parts.names(name, given[name], stems[name], array.shape[1])
            for name, array in widths.items()
        }
        columns["static_names"] = parts.names(
            "static_names", static_names, "static", static.shape[1]
        )
        parts.refuse_twice([name for group in columns.values() for name in group])
        for name, arrays in (("values", values), ("past", past), ("future", future)):
            parts.refuse_missing(name, arrays, ids)
        parts.refuse_missing("static", [static], ("",))
        return cls(
            values, times, ids=ids, frequency=frequency, past=past, future=future, static=static,
            **columns,
        )  # fmt: skip

    def __len__(self):
        return len(self.values)

    def __repr__(self):
        span = f"{len(self)} series, {self.steps} steps" if len(self) > 1 else f"{self.steps} steps"
        return f"TimeSeries({span} of {self.frequency or 'one'}, targets {', '.join(self.targets)})"

    @property
    def steps(self):
        """The number of rows of all series."""
        return sum(map(len, self.values))

    @property
    def ahead(self):
        """For each series the number of steps to come whose future covariates are known."""
        return tuple(len(f) - len(v) for f, v in zip(self.future, self.values, strict=True))

    @property
    def checksum(self):
        """SHA-256 over names, times, values and covariates, as 64 hexadecimal digits."""
        digest = hashlib.sha256()
        names = (self.targets, self.past_names, self.future_names, self.static_names)
        digest.update(repr((names, self.ids, self.frequency)).encode())
        for k, index in enumerate(self.times):
            if hasattr(index, "as_unit"):
                stamps, zone = index.as_unit("us").asi8, str(index.tz)
            else:
                stamps, zone = np.asarray(index, "int64"), "counted"
            digest.update(f"{zone};{len(index)};".encode() + stamps.astype("<i8").tobytes())
            for array in (self.values[k], self.past[k], self.future[k], self.static[k]):
                digest.update(f"{array.shape};".encode() + array.astype("<f8").tobytes())
        return digest.hexdigest()

    def slice(self, start=None, stop=None):
        """The rows [start, stop) of each series, as in slices of a list; no data are copied.

        Args:
            start, stop: row numbers, negative ones from the end, or None.

        Returns:
            A `TimeSeries`, whose future covariates keep all that lies ahead of its last row.

        Raises:
            ValueError: a series has no row there.
        """
        spans = [range(*slice(start, stop).indices(len(rows))) for rows in self.values]
        for span, rows, name in zip(spans, self.values, self.ids, strict=True):
            if not span:
                raise ValueError(
                    f"Expected at least one row of each series in [start, stop). Received: "
                    f"start={start}, stop={stop} for {_of(name)}{len(rows)} rows"
                )

        def cut(arrays):
            return [rows[s.start : s.stop] for rows, s in zip(arrays, spans, strict=True)]

        return replace(
            self,
            values=cut(self.values),
            times=cut(self.times),
            past=cut(self.past),
            future=[rows[s.start :] for rows, s in zip(self.future, spans, strict=True)],
        )

    def one(self, which):
        """One of the series.

        Args:
            which: its number, negative from the end, or its id.

        Returns:
            A `TimeSeries` of one.

        Raises:
            ValueError: there is no such series; the nearest id is named.
        """
        if isinstance(which, str):
            if which not in self.ids:
                raise ValueError(
                    f"Expected the id of a series.{nearest(which, self.ids)} Received: {which!r}"
                )
            which = self.ids.index(which)
        if not -len(self) <= which < len(self):
            raise ValueError(
                f"Expected the number of one of {len(self)} series, or its id. Received: {which!r}"
            )
        k = range(len(self))[which]
        lists = ("values", "times", "ids", "past", "future", "static")
        return replace(self, **{name: getattr(self, name)[k : k + 1] for name in lists})

    def select(self, targets):
        """The same series with some of the targets, in the order asked for.

        Args:
            targets: a name, or a list of names.

        Returns:
            A `TimeSeries`. The targets left out are gone, not turned into covariates.

        Raises:
            ValueError: an unknown name, a name given twice, or none.
        """
        names = (targets,) if isinstance(targets, str) else tuple(targets)
        for name in names:
            if name not in self.targets:
                raise ValueError(
                    f"Expected targets of {', '.join(self.targets)}.{nearest(name, self.targets)} "
                    f"Received: {name!r}"
                )
        if not names or len(set(names)) < len(names):
            raise ValueError(f"Expected names that differ. Received: targets={targets!r}")
        columns = [self.targets.index(name) for name in names]
        return replace(self, values=[rows[:, columns] for rows in self.values], targets=names)

    def to_frame(self, time="time", id="id"):
        """All series in one long pandas frame, which `from_frame` reads back.

        Args:
            time, id: names of the columns for stamps and series. There is no column of series
                where the only series has no name.

        Returns:
            A `pandas.DataFrame`. Rows of the steps to come have future covariates alone.

        Raises:
            ValueError: another column has one of the two names.
        """
        from keras_rnnzoo.datasets import series_parts as parts

        return parts.frame(self, time, id)


def _of(name):
    return f"series {name!r} of " if name else "a series of "
