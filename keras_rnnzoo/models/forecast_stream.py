"""Forecasts that go on as rows come in, one at a time."""

import dataclasses

import numpy as np
from keras import ops


class ForecastStream:
    """A forecaster beside series that grow.

    Where it can, the stream carries the recurrent states and reads each new row once: then it
    remembers all rows since its start, and a forecast costs one step and not a whole history. It
    can where windows are not normalised and the head reads step by step. Otherwise it keeps the
    last `look_back` rows and reads them anew. `explain()` says which.

    Arguments:
        model: a `Forecaster`.
        series: a `TimeSeries` with `look_back` rows or more; its last ones are read.

    Example:

    >>> stream = model.stream(series)
    >>> stream.update([21.5])  # the next value
    >>> stream.predict().point
    """

    def __init__(self, model, series):
        model._check_series(series)
        self.model, self.series = model, series.slice(-model.look_back, None)
        self._states = None
        if not self._why_not():
            self._begin()

    def _why_not(self):
        """Why no states are carried, or nothing."""
        if self.model.normalise.kind != "none":
            return f"each window is normalised anew ({self.model.normalise.kind})"
        if self.model._config["head"] == "segments":
            return "segments of the history shift as rows come in"
        if len(self.model.heads) > 1:
            return "several members are averaged"
        return "the linear skip reads the whole history" if self.model.skip is not None else ""

    def explain(self):
        """In words: whether states are carried, and why not."""
        reason = self._why_not()
        if reason:
            return f"the last {self.model.look_back} rows are read anew for each forecast: {reason}"
        return "states are carried: each row is read once"

    def update(self, values, past=None, future=None):
        """Take the next row of each series.

        Arguments:
            values: (targets,), or (series, targets) for several.
            past: its past covariates, likewise.
            future: covariates of one more step ahead, likewise.

        Returns:
            The stream.

        Raises:
            ValueError: another number of columns, or a value that is not finite.
        """
        from keras_rnnzoo.datasets.calendar import Calendar

        old, grown = self.series, {}
        rows = {
            "values": self._row("values", values, old.targets),
            "past": self._row("past", past, old.past_names),
            "future": None if future is None else self._row("future", future, old.future_names),
        }
        for name, row in rows.items():
            if row is not None:
                grown[name] = [np.concatenate(pair) for pair in zip(getattr(old, name), row)]
        grown["times"] = [
            _appended(index, Calendar.extend(index, old.frequency, 1)) for index in old.times
        ]
        self.series = dataclasses.replace(old, **grown).slice(-self.model.look_back, None)
        if self._states is not None:
            self._read(self.model.look_back - 1)
        return self

    def predict(self, horizon=None, paths=None, seed=None):
        """Forecast what follows the last row that came, as `Forecaster.predict`."""
        model = self.model
        if self._states is None:
            return model.predict(self.series, horizon, paths=paths, seed=seed)
        steps = model._steps(horizon)
        length = steps if model.autoregressive else model.horizon
        windows = model.windows(self.series, ahead=True, horizon=length, batch_size=self._rows)
        carried = self._states if model.autoregressive else self._output
        return model._forecast(windows, steps, paths, seed, carried)

    # Carried states --------------------------------------------------------------------------

    def _begin(self):
        self._states = self._output = None
        for step in range(1 if self.model.autoregressive else 0, self.model.look_back):
            self._read(step)

    def _read(self, step):
        """Read a row: its values, or before an autoregressive head those of the row before."""
        model, series = self.model, self.series
        at, columns = step - 1 if model.autoregressive else step, []
        for k, name in enumerate(series.ids):
            own = series.values[k][at], series.past[k][step], series.future[k][step]
            if model.scaler is not None:
                parts = zip(own, ("targets", "past", "future"))
                own = [model.scaler.transform(row, name, part) for row, part in parts]
            stamp = series.times[k][step : step + 1]
            calendar = model.calendar.features(stamp)[0] if model.calendar else np.empty(0)
            values = own[0][:, None] if model.channels == "shared" else own[0][None]
            others = np.concatenate([own[1], calendar, own[2]])
            columns.append(np.hstack([values, np.tile(others, (len(values), 1))]))
        x = ops.convert_to_tensor(np.concatenate(columns).astype("float32"))
        extra = model.extra(self._fixed())
        x = x if extra is None else ops.concatenate([x, extra], axis=-1)
        self._output, self._states = model.head.stack.step(x, self._states)

    def _fixed(self):
        """The inputs that stay the same, for each row of the network's batch."""
        count = self._rows // len(self.series)
        return {
            "static": np.repeat(self._static(), count, axis=0).astype("float32"),
            "channel": np.tile(np.arange(count, dtype="int32"), len(self.series)),
        }

    def _static(self):
        scaler, static = self.model.scaler, self.series.static
        if scaler is None or not static.shape[1]:
            return static
        return np.stack([scaler.transform(r, k, "static") for r, k in zip(static, self.series.ids)])

    @property
    def _rows(self):
        shared = self.model.channels == "shared"
        return len(self.series) * (len(self.series.targets) if shared else 1)

    def _row(self, name, given, columns):
        """One row for each series: a list of (1, columns)."""
        count = len(self.series)
        array = np.zeros((count, 0)) if given is None else np.asarray(given, "float64")
        array = array[None] if array.ndim == 1 and count == 1 else array
        if array.shape != (count, len(columns)) or not np.isfinite(array).all():
            raise ValueError(
                f"Expected {name} of shape ({count}, {len(columns)}): a row for each series with "
                f"the columns {list(columns)}, all finite. Received: {name}={given!r}"
            )
        return list(array[:, None])


def _appended(index, new):
    """An index with one more stamp; counted steps stay counted."""
    if hasattr(index, "start"):
        return type(index)(index.start, index.stop + 1)
    return index.append(new)
