"""A rolling origin: forecasts from many rows of a series beside what came."""

import numpy as np


class Backtest:
    """Forecasts from many origins, the truth, and their scores.

    Attributes:
        forecast: a `Forecast` with a row for each origin.
        truth: float64 (origins, horizon, targets), in the units of the series.
        origins: integers (origins, 2): the number of the series, and the first row forecast.
        series: the `TimeSeries`.

    Example:

    >>> result = model.backtest(series, start=500, stride=24)
    >>> print(result.scores(levels=(0.1, 0.5, 0.9)))
    """

    def __init__(self, forecast, windows, season=None):
        self.forecast, self.series, self.origins = forecast, windows.series, windows.origins
        self.truth, self._scaler = windows.truth(scaled=False), windows.scaler
        self._season = season

    def scores(self, levels=None, scaled=False, season=None):
        """`ForecastScores` over all origins, steps and targets.

        Arguments:
            levels: quantiles to score as well; sampled paths are scored as they are without.
            scaled: whether to score in the units of the model's scaler, as tables of the
                literature do; there is no scaled error MASE then.
            season: for MASE, whose scale comes from the rows before the first origin; by default
                that of `backtest`, else that of the frequency.
        """
        from keras_rnnzoo.metrics import forecast_scores
        from keras_rnnzoo.models.forecast_baselines import season_of

        truth, parts = self._scaled(self.truth, scaled), {}
        if self.forecast.samples is not None:
            parts["samples"] = self._scaled(self.forecast.samples, scaled, 3)
            levels = None if levels is None else list(levels)
        else:
            parts["points"] = self._scaled(self.forecast.point, scaled)
        if levels is not None and "samples" not in parts:
            parts["quantiles"] = self._scaled(self.forecast.quantiles(levels), scaled)
        if levels is not None:
            parts["levels"] = list(levels)
        if not scaled:
            first = [
                int(self.origins[self.origins[:, 0] == k, 1].min()) for k in range(len(self.series))
            ]
            parts["train"] = [rows[:row] for rows, row in zip(self.series.values, first)]
            parts["season"] = season or self._season or season_of(self.series.frequency)
            parts["series"] = self.origins[:, 0]
        return forecast_scores(truth, targets=self.series.targets, **parts)

    def frame(self, levels=()):
        """As `Forecast.frame`, with a column `truth`."""
        table = self.forecast.frame(levels)
        table["truth"] = self.truth.reshape(-1)
        return table

    def plot(self, target=0, series=0, every=None):
        """A figure of the truth and of forecasts that do not overlap.

        Arguments:
            target, series: which, by number.
            every: rows between the forecasts drawn; by default a horizon.
        """
        from keras_rnnzoo import figures

        here = np.flatnonzero(self.origins[:, 0] == series)
        every = every or self.truth.shape[1]
        first = self.origins[here[0], 1]
        chosen = [k for k in here if (self.origins[k, 1] - first) % every == 0]
        stop = self.origins[here[-1], 1] + self.truth.shape[1]
        before = max(0, first - every)
        lines = {
            int(self.origins[k, 1] - before): self.forecast.point[k, :, target] for k in chosen
        }
        times = self.series.times[series][before:stop]
        values = self.series.values[series][before:stop, target]
        return figures.rolling_forecasts(times, values, lines, self.series.targets[target])

    def _scaled(self, values, scaled, axis=2):
        if not scaled or self._scaler is None:
            return values
        ids = np.array(self.series.ids, dtype=object)[self.origins[:, 0]]
        return self._scaler.transform(values, series=ids, axis=axis)
