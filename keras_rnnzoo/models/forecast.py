"""What a forecaster says: points, quantiles, intervals and paths, in the units of the series."""

import numpy as np


class Forecast:
    """Forecasts of one horizon, for several series or from several origins.

    Attributes:
        times: for each row the stamps of its horizon.
        ids: for each row the id of its series.
        targets: names of the columns.
        point: float64 (rows, horizon, targets).
        samples: (rows, paths, horizon, targets) where paths were drawn, else `None`.

    Example:

    >>> forecast = model.predict(series)
    >>> low, high = forecast.interval(0.8)
    >>> forecast.frame(levels=(0.1, 0.9))
    """

    def __init__(self, times, ids, targets, output, parameters, samples=None):
        self.times, self.ids, self.targets = list(times), list(ids), tuple(targets)
        self.samples, self._output, self._parameters = samples, output, parameters
        if samples is None:
            self.point = np.asarray(output.mean(parameters), "float64")
        elif getattr(output, "middle", None) is not None:
            self.point = np.median(samples, axis=1)
        else:
            self.point = samples.mean(axis=1)

    def __len__(self):
        return len(self.ids)

    def quantiles(self, levels):
        """`(rows, horizon, targets, len(levels))` for increasing levels in (0, 1).

        Raises:
            ValueError: levels that cannot be, or that the forecaster was not trained for.
        """
        levels = [levels] if np.isscalar(levels) else list(levels)
        if not levels or not all(0 < level < 1 for level in levels) or sorted(levels) != levels:
            raise ValueError(f"`levels` must increase within (0, 1). Received: levels={levels}")
        if self.samples is not None:
            return np.moveaxis(np.quantile(self.samples, levels, axis=1), 0, -1)
        return np.asarray(self._output.quantiles(self._parameters, levels), "float64")

    def interval(self, coverage=0.8):
        """Lower and upper end `(rows, horizon, targets)` of the central interval."""
        if not 0 < coverage < 1:
            raise ValueError(f"`coverage` must lie in (0, 1). Received: coverage={coverage}")
        both = self.quantiles([(1 - coverage) / 2, (1 + coverage) / 2])
        return both[..., 0], both[..., 1]

    def sample(self, count=100, seed=None):
        """Draws `(rows, count, horizon, targets)`.

        Paths of an autoregressive forecaster hang together in time; those of the others are drawn
        for each step on its own, as these know each step alone.
        """
        rng = np.random.default_rng(seed)
        if self.samples is not None:
            paths = self.samples.shape[1]
            chosen = rng.choice(paths, count, replace=count > paths)
            return self.samples[:, chosen]
        draws = [self._output.sample(self._parameters, rng) for _ in range(count)]
        return np.stack(draws, axis=1)

    def frame(self, levels=()):
        """A long pandas frame: id, time, step, target, forecast and a column for each level."""
        import pandas as pd

        steps, targets = self.point.shape[1:]
        place = np.arange(len(self) * steps * targets)
        row, step, target = np.unravel_index(place, (len(self), steps, targets))
        stamps = [stamp for times in self.times for stamp in times for _ in range(targets)]
        table = {
            "id": np.array(self.ids, dtype=object)[row],
            "time": stamps,
            "step": step + 1,
            "target": np.array(self.targets, dtype=object)[target],
            "forecast": self.point.reshape(-1),
        }
        found = self.quantiles(levels) if len(levels) else None
        for k, level in enumerate(levels):
            table[f"q{level:g}"] = found[..., k].reshape(-1)
        return pd.DataFrame(table)

    def known_levels(self, wanted):
        """Levels that can be asked of it: `wanted` of a distribution or of paths, none of points.

        Of quantiles those that it was trained for, where 1 - q is one of them for each q.
        """
        if self.samples is not None or not hasattr(self._output, "levels"):
            return () if self.samples is None and self._output.count == 1 else tuple(wanted)
        own = self._output.levels
        return tuple(q for q in own if any(abs(1 - q - p) < 1e-9 for p in own))

    def plot(self, series=None, row=0, levels=None, history=None):
        """A figure of one row: its history, if the series is given, and bands where there are any.

        Arguments:
            series: the `TimeSeries`; what it holds of the horizon is drawn as the truth.
            row: which.
            levels: of the bands; by default those of 50, 80 and 95 % that the forecast knows.
            history: how many steps of it to show; default: three horizons.
        """
        from keras_rnnzoo.models.forecast_plot import plot_row

        return plot_row(self, series, row, levels, history)
