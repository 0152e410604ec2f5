"""Windows of series for training and forecasting, cut when a batch is made and not before."""

import keras
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from keras_rnnzoo.base.options import boolean, choice, positive_int
from keras_rnnzoo.datasets.calendar import Calendar
from keras_rnnzoo.datasets.scaling import PARTS
from keras_rnnzoo.datasets.series_splits import ends, origins
from keras_rnnzoo.datasets.time_series import TimeSeries


class ForecastWindows(keras.utils.PyDataset):
    """Batches of windows: `look_back` rows of history and the `horizon` rows that follow.

    The origin of a window is its first horizon row: inputs hold rows before it, and beyond them
    nothing but what is known ahead (calendar and future covariates). A window belongs to
    [start, stop) if its horizon rows do; its history may reach back before `start`. Every window
    comes once an epoch, with `shuffle` in an order drawn from `(seed, epoch)`, see `set_epoch`.

    All batches have `batch_size` rows. The last one is filled up with copies of its first window
    that have weight 0, all others have weight 1. So compile with a loss that gives one number a
    window (with Keras's own of (batch, horizon) the weights do not go together), and choose by
    `weighted_metrics`: the loss that Keras shows is a mean over filled rows too.

    Args:
        series: a `TimeSeries`.
        look_back, horizon: numbers of steps.
        scaler: a fitted `SeriesScaler`, or None where the values are scaled already.
        calendar: a `Calendar`, or None for no features of the times.
        start, stop: the rows of each series that are forecast, as in a slice.
        stride: steps from one origin to the next.
        batch_size: rows of every batch.
        shuffle, seed: the order of the windows.
        covariates: whether the series' own covariates (past, future, static) are inputs.
        channels: "joint": a row is a window with all targets. "shared": a row is a window of one
            target, for models that treat all targets alike; covariates are repeated for each.
        ahead: instead of windows with known ends, one window a series whose horizon begins after
            its last row; a batch is then `(inputs,)`.
        workers: `workers`, `use_multiprocessing` and `max_queue_size` of `keras.utils.PyDataset`.

    Attributes:
        origins: integers (windows, 2): the number of the series, and the origin.
        names: names of the columns of each input.

    Returns:
        Batch i is `(inputs, y, weights)`, all float32 but "channel". With T targets (joint) or 1
        (shared) y is (batch, horizon, T), weights are (batch,), and the inputs, where the series
        has such columns, are "history" (batch, look_back, T), "past" (batch, look_back, P),
        "known" (batch, look_back + horizon, F), first the calendar's features and then future
        covariates, "static" (batch, S), and for shared channels "channel" int32 (batch,).

    Raises:
        ValueError: sizes below 1, too few rows, a scaler of other columns, future covariates that
            end before the horizon does.
        TypeError: something else than a `TimeSeries`.

    Example:

    >>> train = ForecastWindows(series, 96, 24, scaler, stop=8640, shuffle=True)
    >>> model.fit(train, shuffle=False)
    >>> test = ForecastWindows(series, 96, 24, scaler, start=11520, stop=14400)
    >>> forecasts = test.unscale(test.restore(model.predict(test)))  # (windows, 24, targets)
    """

    def __init__(
        self,
        series,
        look_back,
        horizon,
        scaler=None,
        calendar=None,
        start=0,
        stop=None,
        stride=1,
        batch_size=32,
        shuffle=False,
        seed=0,
        covariates=True,
        channels="joint",
        ahead=False,
        **workers,
    ):
        super().__init__(**workers)
        if not isinstance(series, TimeSeries):
            raise TypeError(
                "Expected a TimeSeries, as TimeSeries.from_arrays and read_csv give it. "
                f"Received: series of type {type(series).__name__}"
            )
        self.series, self.scaler = series, scaler
        self.look_back = positive_int("look_back", look_back)
        self.horizon = positive_int("horizon", horizon)
        self.batch_size = positive_int("batch_size", batch_size)
        self.calendar = calendar or Calendar()
        self.ahead, self.shuffle = boolean("ahead", ahead), boolean("shuffle", shuffle)
        self.seed, self.epoch = seed, 0
        shared = choice("channels", channels, ("joint", "shared")) == "shared"
        self.channels, self._split = channels, len(series.targets) if shared else 1
        sizes = self.look_back, self.horizon
        self.origins = (ends if ahead else origins)(series, *sizes, start, stop, stride)
        self._lay_out(boolean("covariates", covariates))
        self._order = self._draw()

    @property
    def num_rows(self):
        """Rows of all batches that are not filled up: windows, or windows times targets."""
        return len(self.origins) * self._split

    @property
    def num_batches(self):
        """Batches in an epoch, the same in each."""
        return -(-self.num_rows // self.batch_size)

    def __len__(self):
        return self.num_batches

    def set_epoch(self, epoch):
        """Take the order of this epoch (from 0), as a resumed run does."""
        changed, self.epoch = epoch != self.epoch, int(epoch)
        if changed and self.shuffle:
            self._order = self._draw()

    def on_epoch_end(self):
        """Called by Keras: go on to the order of the next epoch."""
        self.set_epoch(self.epoch + 1)

    def __getitem__(self, index):
        numbers = self._numbers(index)
        filled = self.batch_size - len(numbers)
        window, channel = np.divmod(np.append(numbers, np.repeat(numbers[:1], filled)), self._split)
        series, origin = self.origins[window].T
        strip, first = series * self._split + channel, origin - self.look_back
        inputs = {"history": self._values.cut(strip, first, self.look_back)}
        if "past" in self.names:
            inputs["past"] = self._past.cut(series, first, self.look_back)
        if "known" in self.names:
            inputs["known"] = self._known.cut(series, first, self.look_back + self.horizon)
        if "static" in self.names:
            inputs["static"] = self._static[series]
        if self.channels == "shared":
            inputs["channel"] = channel.astype("int32")
        if self.ahead:
            return (inputs,)
        weights = (np.arange(self.batch_size) < len(numbers)).astype("float32")
        return inputs, self._values.cut(strip, origin, self.horizon), weights

    def rows(self, index):
        """What a batch holds, filled rows left out.

        Returns:
            A list of (series, origin), for shared channels (series, origin, channel).
        """
        window, channel = np.divmod(self._numbers(index), self._split)
        named = self.origins[window]
        if self.channels == "shared":
            named = np.column_stack([named, channel])
        return [tuple(row) for row in named.tolist()]

    # What came of the windows --------------------------------------------------------------------

    def restore(self, predictions, axis=2):
        """Bring predictions for all batches, as `predict` gives them, into the order of `origins`.

        Args:
            predictions: array (num_batches * batch_size, ...).
            axis: of the targets, which shared channels are put together on: 2 in (rows, horizon,
                targets, ...), 3 in (rows, samples, horizon, targets).

        Returns:
            Array (windows, ...); the rows that filled up are gone.

        Raises:
            ValueError: windows with `shuffle=True`, another number of predictions; for shared
                channels another number of targets than 1.
        """
        if self.shuffle:
            raise ValueError(
                "The order of the windows that were predicted is gone. Received: shuffle=True. "
                "Build the windows to predict with shuffle=False."
            )
        predictions, expected = np.asarray(predictions), self.num_batches * self.batch_size
        if len(predictions) != expected:
            raise ValueError(
                f"Expected one prediction for each of the {expected} rows of all batches. "
                f"Received: predictions of shape {predictions.shape}"
            )
        kept = predictions[: self.num_rows]
        if self.channels == "joint":
            return kept
        if kept.ndim <= axis or kept.shape[axis] != 1:
            raise ValueError(
                f"Expected one target on axis {axis}, as channels are shared. "
                f"Received: predictions of shape {predictions.shape}"
            )
        apart = kept.reshape(len(self.origins), self._split, *kept.shape[1:])
        return np.moveaxis(apart.squeeze(axis + 1), 1, axis)

    def unscale(self, forecasts, axis=2):
        """Bring restored forecasts back to the units of the series; `axis` as in `restore`."""
        if self.scaler is None:
            return np.asarray(forecasts, "float64")
        ids = np.array(self.series.ids)[self.origins[:, 0]]
        return self.scaler.inverse(forecasts, series=ids, axis=axis)

    def truth(self, scaled=True):
        """What happened: float64 (windows, horizon, targets), scaled or in units of the series.

        Raises:
            ValueError: windows with `ahead=True`, which lie in the future.
        """
        if self.ahead:
            raise ValueError("Expected windows whose horizon is known. Received: ahead=True")
        values, parts = self.series.values, []
        for k, rows in enumerate(self._scaled("targets", values) if scaled else values):
            windows = sliding_window_view(rows, self.horizon, axis=0)
            parts.append(windows[self.origins[self.origins[:, 0] == k, 1]].swapaxes(1, 2))
        return np.concatenate(parts)

    # Building ------------------------------------------------------------------------------------

    def _numbers(self, index):
        """Which rows of the epoch a batch holds."""
        return self._order[index * self.batch_size : (index + 1) * self.batch_size]

    def _draw(self):
        order = np.arange(self.num_rows)
        if self.shuffle:
            np.random.default_rng((self.seed, self.epoch)).shuffle(order)
        return order

    def _lay_out(self, covariates):
        """Scale all rows once, and lay the series end to end."""
        series, count = self.series, len(self.series)
        if self.scaler is not None:
            self.scaler.check(series, PARTS if covariates else PARTS[:1])
        values = self._scaled("targets", series.values)
        if self.channels == "shared":
            values = [rows[:, [k]] for rows in values for k in range(self._split)]
        self._values, self.names = _Rows(values), {"history": series.targets}
        past, future, static = (
            getattr(series, f"{part}_names") if covariates else () for part in PARTS[1:]
        )
        if past:
            self._past, self.names["past"] = _Rows(self._scaled("past", series.past)), past
        known = [self._moments(k) for k in range(count)]
        if future:
            rows = self._scaled("future", [self._future(k) for k in range(count)])
            known = [np.hstack(pair) for pair in zip(known, rows)]
        if known[0].shape[1]:
            self._known, self.names["known"] = _Rows(known), (*self.calendar.names, *future)
        if static:
            rows = self._scaled("static", series.static[None])[0]
            self._static, self.names["static"] = rows.astype("float32"), static

    def _scaled(self, part, arrays):
        if self.scaler is None:
            return arrays
        ids = self.series.ids
        return [self.scaler.transform(rows, ids[k], part) for k, rows in enumerate(arrays)]

    def _moments(self, k):
        """The calendar's features of all rows of a series, and of the horizon after them."""
        times, calendar = self.series.times[k], self.calendar
        if not self.ahead or not calendar.cycles:
            return calendar.features(times if not self.ahead else range(len(times) + self.horizon))
        later = calendar.extend(times, self.series.frequency, self.horizon)
        return np.concatenate([calendar.features(times), calendar.features(later)])

    def _future(self, k):
        """The future covariates of as many rows as windows can ask for."""
        rows, times = self.series.future[k], self.series.times[k]
        needed = len(times) + self.horizon * self.ahead
        if len(rows) < needed:
            later = Calendar.extend(times, self.series.frequency, self.horizon)
            found = times.append(later)[len(rows) - 1]
            raise ValueError(
                f"Expected future covariates {', '.join(self.series.future_names)} of series "
                f"{self.series.ids[k]!r} up to {later[-1]}. Received: they end at {found}. Add "
                f"{needed - len(rows)} rows, or pass covariates=False."
            )
        return rows[:needed]


class _Rows:
    """Rows of several series end to end, of which windows are cut; only these are copied."""

    def __init__(self, arrays):
        self.rows = np.concatenate(arrays, dtype="float32")
        self.begins = np.cumsum([0, *map(len, arrays[:-1])])

    def cut(self, series, first, width):
        """`width` rows of each of `series` from row `first` on: (windows, width, columns)."""
        columns = self.rows.shape[1]
        windows = sliding_window_view(self.rows.reshape(-1), width * columns)[::columns]
        return windows[self.begins[series] + first].reshape(-1, width, columns)
