"""Series brought to one scale by what their training part says, and forecasts brought back."""

import numpy as np

from keras_rnnzoo.base.options import choice, nearest

KINDS = ("standard", "mean")
GROUPS = ("channel", "series", None)
PARTS = ("targets", "past", "future", "static")
CONSTANT = 1e-12  # a spread below this share of the largest value is rounding


class SeriesScaler:
    """Scales targets and covariates. Fit it on the training part alone.

    **Equations**: scaled = (x - location) / scale

        kind "standard":  location = mean,  scale = standard deviation (divided by rows)
        kind "mean":      location = 0,     scale = mean of |x|; for counts, whose 0 stays 0

    The kind is that of the targets. Covariates are standardised, always over all series: past and
    future ones over the rows whose targets are there (not over what is known ahead), static ones
    over the series. A static covariate that is the same for all series is shifted to 0. Features
    of a `Calendar` have their scale and are not meant for this class.

    Args:
        by: "channel" for one location and scale a target, over the rows of all series; "series" for
            each series its own; None leaves everything as it is.
        kind: "standard" or "mean".

    Attributes:
        ids, targets: of the series that it was fitted on.
        location, scale: float64 (1 or series, targets).

    Raises:
        ValueError: unknown options; in `fit` a target or covariate (static ones excepted) that is
            constant in the training part.

    Example:

    >>> scaler = SeriesScaler().fit(series.slice(0, 8640))
    >>> scaled = scaler.transform(series.values[0])
    >>> forecast = scaler.inverse(model.predict(windows))
    """

    def __init__(self, by="channel", kind="standard"):
        self.by, self.kind = choice("by", by, GROUPS), choice("kind", kind, KINDS)
        self.ids, self._tables = None, {}

    def fit(self, series):
        """Take locations and scales from a `TimeSeries`, and return the scaler."""
        tables = {}
        columns = {
            "past": (series.past_names, series.past),
            "future": (
                series.future_names,
                [known[: len(rows)] for known, rows in zip(series.future, series.values)],
            ),
            "static": (series.static_names, [series.static]),
        }
        tables["targets"] = self._fit_targets(series)
        for part, (names, arrays) in columns.items():
            tables[part] = self._fit(names, arrays, part, "standard", "the training part")
        self.ids, self._tables = tuple(series.ids), tables
        return self

    @property
    def targets(self):
        """Names of the scaled columns."""
        return self._table("targets")["names"]

    @property
    def location(self):
        """What is taken off each target: float64 (1 or series, targets)."""
        return self._table("targets")["location"]

    @property
    def scale(self):
        """What each target is divided by: float64 (1 or series, targets)."""
        return self._table("targets")["scale"]

    def names(self, part):
        """Names of the columns of a part: "targets", "past", "future" or "static"."""
        return self._table(choice("part", part, PARTS))["names"]

    def check(self, series, parts=PARTS):
        """Raise a `ValueError` unless the scaler was fitted on such columns (and such series).

        Args:
            series: a `TimeSeries`.
            parts: which columns count.
        """
        for part in parts:
            fitted = self.names(part)
            given = series.targets if part == "targets" else getattr(series, f"{part}_names")
            if tuple(given) != fitted:
                raise ValueError(
                    f"Expected a scaler that was fitted on the {part} {list(given)} of the series. "
                    f"Received: one fitted on {list(fitted)}"
                )
        if self.by == "series":
            for name in series.ids:
                self._row(name)

    def transform(self, values, series=0, part="targets", axis=-1):
        """Scale an array.

        Args:
            values: array with the columns of `part` on `axis`.
            series: number or id of the series; or one for each entry of the first axis. Asked for
                where scaling is `by="series"`.
            part: "targets", "past", "future" or "static".
            axis: where the columns are: -1, or -2 where quantile levels come last.

        Returns:
            A float64 array of the same shape.

        Raises:
            ValueError: another number of columns, an unknown series, a scaler that is not fitted.
        """
        values, location, scale = self._aligned(values, series, part, axis)
        return (values - location) / scale

    def inverse(self, values, series=0, part="targets", axis=-1):
        """Undo `transform`; arguments and errors as there.

        Example:

        >>> quantiles = scaler.inverse(quantiles, axis=-2)  # (windows, horizon, targets, levels)
        """
        values, location, scale = self._aligned(values, series, part, axis)
        return values * scale + location

    def to_config(self):
        """A JSON-able description from which `from_config` builds the same scaler."""
        tables = {
            part: {key: np.asarray(value).tolist() for key, value in table.items()}
            for part, table in self._tables.items()
        }
        ids = None if self.ids is None else list(self.ids)
        return {"by": self.by, "kind": self.kind, "ids": ids, "tables": tables}

    @classmethod
    def from_config(cls, config):
        """Rebuild a scaler from `to_config`."""
        scaler = cls(config["by"], config["kind"])
        for part, table in config["tables"].items():
            names, shape = tuple(table["names"]), (-1, len(table["names"]))
            numbers = {k: np.array(table[k], "float64") for k in ("location", "scale")}
            scaler._tables[part] = {"names": names} | {
                k: v.reshape(shape) if names else np.zeros((1, 0)) for k, v in numbers.items()
            }
        scaler.ids = None if config["ids"] is None else tuple(config["ids"])
        return scaler

    # Fitting -------------------------------------------------------------------------------------

    def _fit_targets(self, series):
        names, arrays = series.targets, series.values
        if self.by != "series":
            return self._fit(names, arrays, "target", self.kind, "the training part")
        tables = [
            self._fit(names, [rows], "target", self.kind, f"the training part of series {name!r}")
            for name, rows in zip(series.ids, arrays)
        ]
        return {"names": tables[0]["names"]} | {
            key: np.concatenate([table[key] for table in tables]) for key in ("location", "scale")
        }

    def _fit(self, names, arrays, part, kind, where):
        """Names, location and scale (1, columns) over the rows of all `arrays`."""
        location, scale = np.zeros((1, len(names))), np.ones((1, len(names)))
        if self.by is not None and names:
            rows = np.concatenate(arrays)
            spread = rows.max(axis=0) - rows.min(axis=0)
            constant = spread <= CONSTANT * np.abs(rows).max(axis=0)
            if constant.any() and part != "static":
                raise _constant(names, rows, constant, part, where)
            scale[0] = np.abs(rows).mean(axis=0) if kind == "mean" else rows.std(axis=0)
            location[0] = 0 if kind == "mean" else rows.mean(axis=0)
            scale[0, constant] = 1
        return {"names": tuple(names), "location": location, "scale": scale}

    # Use -----------------------------------------------------------------------------------------

    def _table(self, part):
        if not self._tables:
            raise ValueError(
                "The scaler has no scales yet. Call fit(series) with the training part first."
            )
        return self._tables[part]

    def _aligned(self, values, series, part, axis):
        """`values` as float64, and location and scale in shapes that go with them."""
        table = self._table(choice("part", part, PARTS))
        values, count = np.asarray(values, "float64"), len(table["names"])
        if not -values.ndim <= axis < values.ndim or values.shape[axis] != count:
            raise ValueError(
                f"Expected {count} columns {list(table['names'])} on axis {axis}. "
                f"Received: values.shape={values.shape}"
            )
        shape = [1] * values.ndim
        shape[axis] = count
        rows = self._rows(series, part, values, axis % values.ndim)
        shape[0] = len(rows) if len(rows) > 1 else shape[0]
        return values, table["location"][rows].reshape(shape), table["scale"][rows].reshape(shape)

    def _rows(self, series, part, values, axis):
        """Which row of the table each entry of the first axis of `values` follows."""
        if self.by != "series" or part != "targets":
            return np.zeros(1, int)
        wanted = np.atleast_1d(np.asarray(series))
        if wanted.ndim > 1 or (len(wanted) > 1 and (axis == 0 or len(wanted) != len(values))):
            raise ValueError(
                f"Expected one series, or one for each of the {len(values)} entries of the first "
                f"axis. Received: series of shape {wanted.shape}"
            )
        names, places = np.unique(wanted, return_inverse=True)
        return np.array([self._row(name) for name in names.tolist()], int)[places]

    def _row(self, name):
        if isinstance(name, str) and name in self.ids:
            return self.ids.index(name)
        if isinstance(name, int) and 0 <= name < len(self.ids):
            return name
        near = nearest(name, self.ids) if isinstance(name, str) else ""
        raise ValueError(
            f"The scaler knows the {len(self.ids)} series that it was fitted on.{near} "
            f"Received: series={name!r}. Fit with by='channel' to scale series that come later."
        )


def _constant(names, rows, constant, part, where):
    k = int(np.argmax(constant))
    what = part if part == "target" else f"{part} covariate"
    return ValueError(
        f"Expected values that vary in {where}. Received: {what} {names[k]!r}, which is "
        f"{rows[0, k]:g} in all {len(rows)} rows. Leave the column out or train on more rows"
        + (", or scale by='channel' or None." if "of series" in where else ", or scale by=None.")
    )
