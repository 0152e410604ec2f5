"""What one does with a forecaster: fit, predict, backtest, plot, stream."""

from functools import partial

import numpy as np
from keras import ops

from keras_rnnzoo.base.options import nearest, positive_int
from keras_rnnzoo.models.forecast import Forecast


class Forecasts:
    """Mixin of `Forecaster`: everything that takes a `TimeSeries`."""

    # Making and training ---------------------------------------------------------------------

    @classmethod
    def for_series(cls, series, look_back, horizon, scale=True, calendar=True, **options):
        """A forecaster for series like these: names, scaler and calendar are taken from them.

        Arguments:
            series: the training part, a `TimeSeries`; the scaler sees nothing else.
            look_back, horizon, options: of the constructor.
            scale: whether targets and covariates are standardised.
            calendar: whether features of the stamps are used.
        """
        from keras_rnnzoo.datasets.calendar import Calendar
        from keras_rnnzoo.datasets.scaling import SeriesScaler

        if scale and options.get("output") != "negative_binomial":
            options.setdefault("scaler", SeriesScaler().fit(series))
        if calendar and series.frequency is not None:
            options.setdefault("calendar", Calendar.for_frequency(series.frequency))
        names = {"past": series.past_names, "future": series.future_names}
        names |= {"static": series.static_names, "frequency": series.frequency}
        return cls(look_back, horizon, series.targets, **{**names, **options})

    def windows(self, series, start=0, stop=None, **options):
        """`ForecastWindows` of a series for this model, for `fit` and `evaluate`."""
        from keras_rnnzoo.datasets.windows import ForecastWindows

        self._check_series(series)
        own = {"horizon": self.horizon, "scaler": self.scaler, "calendar": self.calendar}
        own |= {"start": start, "stop": stop, "channels": self.channels, "batch_size": 64}
        return ForecastWindows(series, self.look_back, **{**own, **options})

    def fit_ridge(self, series, train=(0, None), validation=None, ridge=None):
        """Solve for the linear skip: least squares on normalised windows with a ridge penalty.

        Arguments:
            series: a `TimeSeries`.
            train: its rows (start, stop) to solve for.
            validation: its rows to choose the penalty on.
            ridge: or a penalty, as a multiple of the mean diagonal; 0.01 without either.

        Returns:
            The `RidgeForecast`.

        Raises:
            ValueError: the model has no skip.
        """
        from keras_rnnzoo.models.forecast_training import solve_skip

        return solve_skip(self, series, train, validation, ridge)

    def fit(self, x=None, train=(0, None), validation=None, recipe=None, **options):
        """Train on a `TimeSeries`; on anything else as `keras.Model.fit`.

        Arguments:
            x: the series.
            train: rows (start, stop), as in a slice, that are trained on.
            validation: rows that are scored after each epoch; the best epoch is kept.
            recipe: a `ForecastRecipe`; `options` change it (`epochs=5`).

        Returns:
            The history, a dict of lists.
        """
        if not hasattr(x, "targets"):
            return super().fit(x, **options)
        from keras_rnnzoo.models.forecast_training import ForecastRecipe, fit_forecaster

        keep = {k: options.pop(k) for k in ("seed", "callbacks", "checkpoint") if k in options}
        recipe = (recipe or ForecastRecipe()).changed(**options)
        return fit_forecaster(self, x, train, validation, recipe, **keep)

    # Forecasts -------------------------------------------------------------------------------

    def predict(self, x, horizon=None, paths=None, seed=None, **options):
        """Forecast what follows the end of each series; for batches of inputs as in Keras.

        Arguments:
            x: a `TimeSeries` with `look_back` rows or more; known covariates must reach over the
                horizon.
            horizon: steps, at most those of the model (any number if it is autoregressive).
            paths: how many paths an autoregressive model with a distribution draws; 200 by default.
            seed: of the draws.

        Returns:
            A `Forecast` with one row for each series.

        Raises:
            ValueError: columns other than the model's, too short a series, a horizon that cannot
                be, covariates that end too early.
        """
        if not hasattr(x, "targets"):
            return super().predict(x, **options)
        steps = self._steps(horizon)
        length = steps if self.autoregressive else self.horizon
        windows = self.windows(x, ahead=True, horizon=length, shuffle=False)
        return self._forecast(windows, steps, paths, seed)

    def backtest(self, series, start=None, stop=None, stride=1, season=None, paths=None, seed=None):
        """Rolling origin: forecast the rows `[start, stop)` again and again from their past.

        Arguments:
            series: a `TimeSeries`.
            start: first row that is forecast; default: the first with enough history.
            stop: row before which the last horizon ends.
            stride: rows from one origin to the next.
            season: steps of a season, for the scaled error; by default that of the frequency.
            paths, seed: as of `predict`.

        Returns:
            A `Backtest`: the forecasts, the truth, the origins and `scores()`.
        """
        from keras_rnnzoo.models.forecast_backtest import Backtest

        start = self.look_back if start is None else start
        windows = self.windows(series, start, stop, stride=stride, shuffle=False)
        forecast = self._forecast(windows, self.horizon, paths, seed)
        return Backtest(forecast, windows, season)

    def plot(self, series, horizon=None, **options):
        """A figure of the forecast that follows the end of a series, see `Forecast.plot`."""
        return self.predict(series, horizon).plot(series, **options)

    def stream(self, series):
        """A `ForecastStream` that has read a series and takes further rows one at a time."""
        from keras_rnnzoo.models.forecast_stream import ForecastStream

        return ForecastStream(self, series)

    # Within ----------------------------------------------------------------------------------

    def _steps(self, horizon):
        if horizon is None:
            return self.horizon
        steps = positive_int("horizon", horizon)
        if steps > self.horizon and (self.skip is not None or not self.autoregressive):
            raise ValueError(
                f"This model forecasts {self.horizon} steps at most. Train one with a longer "
                "horizon, or an autoregressive one without a skip (head='autoregressive'). "
                f"Received: horizon={horizon}"
            )
        return steps

    def _check_series(self, series):
        for name in ("targets", "past", "future", "static"):
            wanted = tuple(getattr(self, name))
            found = series.targets if name == "targets" else getattr(series, f"{name}_names")
            if tuple(found) != wanted:
                missing = [column for column in wanted if column not in found]
                hint = nearest(missing[0], found) if missing else ""
                raise ValueError(
                    f"The model was made for {name}={list(wanted)}.{hint} "
                    f"Received: a series with {list(found)}"
                )
        if series.frequency != self.frequency:
            raise ValueError(
                f"The model was made for series with frequency={self.frequency!r}. Received: "
                f"{series.frequency!r}. Resample it, or train a model for it."
            )

    def _forecast(self, windows, steps, paths=None, seed=None, carried=None):
        """A `Forecast` for windows, in the units of the series.

        `carried` is what a stream has read: the states of an autoregressive head, or the last
        output of a direct one, for the only batch of the windows.
        """
        parameters = samples = None
        windows.batch_size = min(windows.batch_size, windows.num_rows)  # nothing is filled up
        batches = [windows[k][0] for k in range(len(windows))]
        if self.autoregressive and self._config["output"] != "point":
            rng, count = np.random.default_rng(seed), positive_int("paths", paths or 200)
            found = [self._paths_of(inputs, count, rng, steps, carried) for inputs in batches]
            samples = windows.restore(np.concatenate(found), axis=3)[:, :, :steps]
            samples = windows.unscale(samples, axis=3)
        else:
            one = self.predict_on_batch
            if carried is not None or self.autoregressive:
                one = partial(self.answer, carried, steps=steps)
            found = [ops.convert_to_numpy(one(inputs)) for inputs in batches]
            parameters = self._in_units(windows, windows.restore(np.concatenate(found))[:, :steps])
        series = windows.series
        times = [self._times(series, *row, steps) for row in windows.origins]
        ids = [series.ids[number] for number, _ in windows.origins]
        return Forecast(times, ids, series.targets, self.output_kind, parameters, samples)

    def _times(self, series, number, origin, steps):
        """The stamps of a horizon, within the series or after its end."""
        index = series.times[number]
        if origin < len(index):
            return index[origin : origin + steps]
        from keras_rnnzoo.datasets.calendar import Calendar

        return Calendar.extend(index, series.frequency, steps)

    def _in_units(self, windows, parameters):
        """Parameters of the output from scaled units to those of the series."""
        parameters = parameters.astype("float64")
        if self.scaler is None:
            return parameters
        raw, numbers = np.empty_like(parameters), windows.origins[:, 0]
        for number in np.unique(numbers):
            name = windows.series.ids[number]
            row = self.scaler.ids.index(name) if len(self.scaler.scale) > 1 else 0
            moved = self.scaler.scale[row], self.scaler.location[row]
            rows = numbers == number
            raw[rows] = self.output_kind.in_units(parameters[rows], *moved)
        return raw

    def _paths_of(self, inputs, count, rng, steps, states=None):
        """Paths `(batch, count, horizon, channels)` of one batch, in scaled units."""
        rows = len(inputs["history"])
        repeated = {k: np.repeat(v, count, axis=0) for k, v in inputs.items() if k != "target"}
        history, scale, shift = self.normalise(ops.convert_to_tensor(repeated["history"]))
        drawn = []

        def draw(parameters):
            drawn.append(self.output_kind.sample(ops.convert_to_numpy(parameters), rng))
            return drawn[-1].astype("float32")

        if states is not None:
            states = [ops.repeat(state, count, axis=0) for state in states]
        self.unrolled(history, repeated, self.extra(repeated), scale, shift, steps, draw, states)
        found = np.concatenate(drawn, axis=1)
        return found.reshape(rows, count, *found.shape[1:])
