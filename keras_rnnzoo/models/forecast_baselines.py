"""The plain forecasts that stand in every table: each is fitted and asked in the same way."""

import re
import warnings
from statistics import NormalDist

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from keras_rnnzoo.base.options import nearest, positive_int
from keras_rnnzoo.models.ridge import RidgeForecast, cut, finite_history

MOST_WINDOWS = 10_000  # that residual quantiles are taken from
SEASONS = {"s": 3600, "S": 3600, "min": 1440, "T": 1440, "h": 24, "H": 24, "D": 7, "B": 5, "W": 52}
SEASONS |= {"SM": 24, "M": 12, "Q": 4, "Y": 1, "A": 1}  # also as MS, ME, BMS, BME ...


class Baseline:
    """What all baselines share: `fit`, `predict` and `quantiles`.

    Quantiles are the point plus quantiles of the residuals of the training windows, apart for each
    channel and step of the horizon and over all series: of at most 10,000 windows, evenly spaced.
    Those of `Ridge` and `ETS` are Gaussian.

    Example:

    >>> baseline = LastValue().fit(np.arange(30.0), look_back=5, horizon=2)
    >>> baseline.predict(np.arange(5.0).reshape(1, 5, 1)).tolist()
    [[[4.0], [4.0]]]
    """

    least, report, look_back, horizon, channels = 1, (), None, None, None

    def fit(self, values, look_back, horizon, train=None, validation=None):
        """Learn what there is to learn from the training rows; returns the baseline itself.

        Args: values and rows as `RidgeForecast.fit`; `horizon` is the longest that is asked later.

        Raises:
            ValueError: a history shorter than the season, and what `RidgeForecast.fit` refuses.
        """
        self.look_back = positive_int("look_back", look_back)
        self.horizon = positive_int("horizon", horizon)
        if self.look_back < self.least:
            name, season = type(self).__name__, getattr(self, "season", None)
            raise ValueError(
                f"{name} needs look_back >= {self.least}. Received: look_back={look_back}, season="
                f"{season}. Lengthen the history or shorten the season."
            )
        self._train, _ = cut(values, train, validation, self.look_back, self.horizon)
        self.channels, self._tables = self._train[0].shape[1], {}
        self._learn(values, train, validation)
        return self

    def predict(self, history, horizon=None, series=None):
        """Points (windows, horizon, channels) for a history (windows, look_back, channels).

        The horizon is at most the one fitted, which is the default. `series` is the number of the
        series that the windows are of, or one for each window; only `ETS` looks at it.
        """
        horizon, history = self._asked(history, horizon)
        return self._points(history, series)[:, :horizon]

    def quantiles(self, history, horizon, levels, series=None):
        """Quantiles (windows, horizon, channels, levels), for increasing levels in (0, 1)."""
        horizon, history = self._asked(history, horizon)
        levels = tuple(np.atleast_1d(np.asarray(levels, "float64")).tolist())
        if not levels or not 0 < levels[0] <= levels[-1] < 1 or any(np.diff(levels) <= 0):
            raise ValueError(f"Expected increasing levels in (0, 1). Received: levels={levels}")
        points = self._points(history, series)[:, :horizon, :, None]
        return points + self._spread(levels, series)[..., :horizon, :, :]

    def _asked(self, history, horizon):
        history = finite_history(history, self.look_back, self.channels)
        horizon = self.horizon if horizon is None else positive_int("horizon", horizon)
        if horizon > self.horizon or history.ndim != 3:
            raise ValueError(
                f"Expected a history (windows, look_back, channels) and horizon <= {self.horizon}, "
                f"the one fitted. Received: shape {history.shape}, horizon={horizon}"
            )
        return horizon, history

    def _learn(self, values, train, validation):
        pass

    def _spread(self, levels, series):
        """Quantiles of the residuals: (horizon, channels, levels)."""
        if levels not in self._tables:
            width = self.look_back + self.horizon
            total = sum(len(part) - width + 1 for part in self._train)
            found = []
            for channel in range(self.channels):
                views = [sliding_window_view(part[:, channel], width) for part in self._train]
                every = [view[:: -(-total // MOST_WINDOWS)] for view in views]
                past, future = np.split(np.concatenate(every)[..., None], [self.look_back], axis=1)
                residuals = (future - self._points(past, None))[..., 0]
                found.append(np.quantile(residuals, levels, axis=0).T)
            self._tables[levels] = np.stack(found, axis=1)
        return self._tables[levels]


class LastValue(Baseline):
    """The last value, for every step."""

    def _points(self, history, series):
        return np.repeat(history[:, -1:], self.horizon, axis=1)


class SeasonalNaive(Baseline):
    """The value one season before. `season_of(frequency)` knows how many steps that usually is."""

    def __init__(self, season):
        self.season = self.least = positive_int("season", season)

    def _points(self, history, series):
        steps = np.arange(self.horizon) % self.season
        return history[:, self.look_back - self.season + steps]


class Drift(Baseline):
    """The line through the first and the last value of the history, continued."""

    least = 2

    def _points(self, history, series):
        slope = (history[:, -1:] - history[:, :1]) / (self.look_back - 1)
        return history[:, -1:] + slope * np.arange(1, self.horizon + 1)[:, None]


class Ridge(Baseline):
    """`RidgeForecast` and its options, without look_back and horizon; `model` is the fitted one.

    Quantiles are Gaussian, with the root mean square residual of each channel and step on the
    validation rows, or on the training rows with `residuals="training"` or where there are no
    validation rows; `model.residuals_from` says which.
    """

    def __init__(self, **options):
        self._options = options
        RidgeForecast(1, 1, **options)  # refuses a wrong option now

    def _learn(self, values, train, validation):
        model = RidgeForecast(self.look_back, self.horizon, **self._options)
        self.model = model.fit(values, train, validation)
        self.report = model.report

    def _points(self, history, series):
        return self.model.predict(history)

    def _spread(self, levels, series):
        return self.model.residual_deviation[..., None] * _normal(levels)


class ETS(Baseline):
    """Exponential smoothing with additive errors, one model for each series and channel.

    statsmodels fits ETS(A,N,N), (A,A,N), (A,Ad,N) and the same with an additive season to the last
    `max_rows` training rows. The lowest AICc, initial states counted, decides among the models that
    converged, or among all with a warning. The smoothing parameters are then kept; each history has
    the initial states that make its one-step errors least, which is linear: one product a window.
    Quantiles are Gaussian with the model's σ²(1 + Σ_{j<h} c_j²) (Hyndman et al. (2008), chapter 6).

    Args:
        season: steps in a season, 1 for none. A history must hold two seasons.
        max_rows: how many training rows are used at most, which bounds the time.

    Attributes:
        models: {(series, channel): {"name": "ETS(A,Ad,N)", "aicc": ..., "converged": ..., ...}}.
        report: sentences about models that did not converge.
    """

    def __init__(self, season=1, max_rows=2000):
        self.season = positive_int("season", season)
        self.max_rows = positive_int("max_rows", max_rows)
        self.least = max(4, 2 * self.season)

    def _learn(self, values, train, validation):
        needed, self.models, notes = max(16, 2 * self.season), {}, []
        if (shortest := min(self.max_rows, *map(len, self._train))) < needed:
            raise ValueError(f"ETS needs {needed} training rows or more. Received: {shortest}")
        self._maps = np.empty((len(self._train), self.channels, self.look_back, self.horizon))
        self._deviations = np.empty((len(self._train), self.horizon, self.channels))
        for number, channel in np.ndindex(self._maps.shape[:2]):
            k = number, channel
            rows = self._train[number][-self.max_rows :, channel]
            self.models[k], bad = _best_ets(rows, self.season)
            self._maps[k], wider = ets_map(self.models[k], self.look_back, self.horizon)
            self._deviations[number, :, channel] = wider * self.models[k]["deviation"]
            if bad:
                notes.append(f"No convergence in series {number}, channel {channel}: {bad}")
            if not self.models[k]["converged"]:
                warnings.warn(f"{notes[-1]}. No other model was left.", stacklevel=3)
        self.report = tuple(notes)

    def _numbers(self, series):
        known = len(self._train)
        numbers = np.asarray(0 if series is None and known == 1 else series)
        if numbers.dtype.kind not in "iu" or numbers.min() < 0 or numbers.max() >= known:
            raise ValueError(
                f"Expected the series of each window, 0 to {known - 1}. Received: series={series!r}"
            )
        return numbers

    def _points(self, history, series):
        numbers = np.broadcast_to(self._numbers(series), len(history))
        points = np.empty((len(history), self.horizon, self.channels))
        for number in np.unique(numbers):
            columns = np.moveaxis(history[numbers == number], 2, 0)
            points[numbers == number] = np.moveaxis(columns @ self._maps[number], 0, 2)
        return points

    def _spread(self, levels, series):
        return self._deviations[self._numbers(series)][..., None] * _normal(levels)


def _best_ets(column, season):
    """The best model, and the names of those that did not converge."""
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    models = []
    for trend, steps in np.ndindex(3, 2 if season > 1 else 1):
        options = dict(trend="add" if trend else None, damped_trend=trend == 2)
        options |= dict(seasonal="add", seasonal_periods=season) if steps else {}
        with warnings.catch_warnings(action="ignore"):  # `converged` tells, and the report
            model = ETSModel(column, initialization_method="heuristic", **options)
            fitted = model.fit(disp=False, maxiter=200)
        found = dict(zip(fitted.param_names, fitted.params.tolist()))
        free = len(fitted.params) + 2 + (trend > 0) + (season - 1) * steps  # states and variance
        models.append(
            dict(
                name=f"ETS(A,{('N', 'A', 'Ad')[trend]},{'NA'[steps]})",
                aicc=2 * (free - fitted.llf + free * (free + 1) / (len(column) - free - 1)),
                converged=bool(fitted.mle_retvals["converged"]),
                deviation=float(np.sqrt(fitted.mse)),
                level=found["smoothing_level"],
                trend=found.get("smoothing_trend", 0.0),
                seasonal=found.get("smoothing_seasonal", 0.0),
                damping=found.get("damping_trend", float(trend > 0)),
                season=season if steps else 1,
            )
        )
    best = min(models, key=lambda model: (not model["converged"], model["aicc"]))
    return best, ", ".join(model["name"] for model in models if not model["converged"])


def ets_map(model, look_back, horizon):
    """The forecast of an additive ETS model as a matrix (look_back, horizon), and its deviation."""
    # with the states x = (level, trend, last seasons): y = w'x + e, x' = F x + g e
    season, phi = model["season"], model["damping"]
    w, g = np.zeros((2, 2 + season))
    w[:2], w[-1] = (1, phi), season > 1
    g[:3] = model["level"], model["trend"], model["seasonal"]
    F = np.zeros((len(w), len(w)))
    F[0, :2], F[1, 1], F[2, -1], F[3:, 2:-1] = (1, phi), phi, 1, np.eye(season - 1)
    D = F - np.outer(g, w)
    gains, rows, steps = [g], [w], [w]
    for _ in range(look_back):
        gains.append(D @ gains[-1])
        rows.append(rows[-1] @ D)
    for _ in range(horizon - 1):
        steps.append(steps[-1] @ F)
    first = np.r_[1, -np.array(gains[: look_back - 1]) @ w]
    ahead = np.arange(look_back)
    errors = np.tril(first[np.abs(ahead[:, None] - ahead)])  # of histories that start from x = 0
    start = np.linalg.lstsq(np.array(rows[:look_back]), errors, rcond=None)[0]
    last = np.array(gains[look_back - 1 :: -1]).T + np.linalg.matrix_power(D, look_back) @ start
    spread = np.r_[0, np.cumsum(np.square(np.array(steps[:-1]).reshape(-1, len(g)) @ g))]
    return (np.array(steps) @ last).T, np.sqrt(1 + spread)


def _normal(levels):
    return np.array([NormalDist().inv_cdf(level) for level in levels])


def season_of(frequency):
    """Steps in the usual season of a pandas offset alias, 1 where there is none.

    A day for steps of minutes and hours, an hour for seconds, a week for days, five business days,
    a year for weeks, months and quarters. A multiple that does not divide it, as "5h", has none.

    Example:

    >>> [season_of(one) for one in ("h", "15min", "D", "MS", "QS-OCT", None)]
    [24, 96, 7, 12, 4, 1]
    """
    if frequency is None:
        return 1
    # MS, ME, BMS, QS-OCT: starts, ends and business periods have the season of the plain alias
    found = re.fullmatch(r"(\d*)(?:B(?=[MQYA]))?([a-zA-Z]+?)[SE]?(-\w+)?", str(frequency))
    multiple = int(found[1] or 1) if found else 0
    if not multiple or found[2] not in SEASONS:
        hint = nearest(frequency, SEASONS)
        raise ValueError(f"Expected a pandas frequency.{hint} Received: frequency={frequency!r}")
    steps = SEASONS[found[2]]
    return 1 if steps % multiple else steps // multiple


BASELINES = {"last value": LastValue, "seasonal naive": SeasonalNaive, "drift": Drift}
BASELINES |= {"ETS": ETS, "ridge": Ridge}
