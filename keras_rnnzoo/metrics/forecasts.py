"""All scores of a forecast at once, or batch by batch with the same result."""

import numpy as np

from keras_rnnzoo.base.options import choice
from keras_rnnzoo.metrics import forecast_checks as check
from keras_rnnzoo.metrics.forecast_distributions import enough_samples
from keras_rnnzoo.metrics.forecast_intervals import IntervalScore, central_pairs
from keras_rnnzoo.metrics.forecast_points import mase_scale, scale_of_windows
from keras_rnnzoo.metrics.forecast_sums import add, score
from keras_rnnzoo.metrics.forecast_table import POINTS, ForecastScores

LEVELS = tuple(k / 10 for k in range(1, 10))
INTERVALS = (0.5, 0.8, 0.95)


def forecast_scores(
    truth,
    points=None,
    quantiles=None,
    samples=None,
    *,
    levels=None,
    intervals=None,
    train=None,
    season=None,
    series=None,
    targets=None,
    missing="error",
    sort=False,
    fair=False,
):
    """Score points, quantiles or samples of all windows at once.

    Args:
        truth, points, quantiles, samples, series: as in `RunningScores.update`.
        train, season: as in `mase_scale`, for MASE; without a training part there is none. The
            season is 1 by default.
        levels, intervals, targets, missing, sort, fair: as in `RunningScores`; names of targets are
            taken from a `TimeSeries` where `train` is one.

    Returns:
        `ForecastScores`.

    Raises:
        As `RunningScores` and `mase_scale`.

    Example:

    >>> truth = np.ones((4, 24, 2))
    >>> scores = forecast_scores(truth, truth + 0.5, targets=("load", "price"))
    >>> scores.mae, scores.by_target["price"]["mse"]
    (0.5, 0.25)
    """
    if train is None and season is not None:
        raise ValueError(f"MASE needs a training part. Received: season={season!r}, train=None")
    targets = getattr(train, "targets", None) if targets is None else targets
    scale = None
    if train is not None:
        season = 1 if season is None else season
        scale = mase_scale(train, season, targets=targets, missing=missing)
    running = RunningScores(levels, intervals, scale, targets, missing, sort, fair)
    return running.update(truth, points, quantiles, samples, series=series).result()


class RunningScores:
    """Scores of windows that come batch by batch; whatever the batches, the result is the same.

    Every element counts once, so a last batch that is smaller weighs less. Sums carry along what
    they round off, so that the size of the batches shows in no digit that is printed.

    Args:
        levels: of the quantiles, increasing within (0, 1). For samples the levels to score them
            at, 0.1 to 0.9 by default.
        intervals: probabilities of central intervals; `None` for all that the levels of quantiles
            give, and for 0.5, 0.8 and 0.95 of samples.
        scale: as `mase_scale` gives it, for MASE.
        targets: their names; "0", "1", ... by default.
        missing: "error" refuses truths that are NaN, "skip" leaves them out.
        sort: whether to sort quantiles that cross, and count them, instead of refusing them.
        fair: whether to correct the CRPS for the number of samples, as in `crps_samples`.

    Raises:
        ValueError: options that do not fit.

    Example:

    >>> scores = RunningScores(levels=[0.1, 0.5, 0.9])
    >>> for inputs, truth, weight in windows:
    ...     scores.update(truth, quantiles=model.predict_on_batch(inputs), weight=weight)
    >>> print(scores.result())
    """

    def __init__(
        self,
        levels=None,
        intervals=None,
        scale=None,
        targets=None,
        missing="error",
        sort=False,
        fair=False,
    ):
        self.missing = choice("missing", missing, check.MISSING)
        self.levels = None if levels is None else check.read_levels(levels)
        self.intervals = None if intervals is None else check.read_levels(intervals, "intervals")
        self.scale = None if scale is None else _positive(scale)
        self.targets = None if targets is None else _names(targets)
        self.sort, self.fair = sort, fair
        self.windows = self.absent = self.crossings = 0
        self._kind, self._sums = None, {}

    def update(self, truth, points=None, quantiles=None, samples=None, *, series=None, weight=None):
        """Add a batch of windows; nothing is added where an error is raised.

        Args:
            truth: array (windows, horizon, targets).
            points: array (windows, horizon, targets), or `None` for the median of the quantiles,
                which need the level 0.5 then, or of the samples.
            quantiles: array (windows, horizon, targets, levels).
            samples: array (windows, samples, horizon, targets), instead of quantiles.
            series: int (windows,), the number of each window's series in `scale`; not needed where
                there is one.
            weight: (windows,), 0 for rows that only fill up a batch and 1 for others.

        Returns:
            The object itself.

        Raises:
            ValueError: shapes that do not fit or differ from those before, no forecast or two
                kinds of it, NaN, infinite numbers, crossing quantiles, other weights.
            TypeError: what is not numbers.
        """
        given = {"points": points, "quantiles": quantiles, "samples": samples}
        given = {n: check.numbers(n, v) for n, v in given.items() if v is not None}
        truth = check.numbers("truth", truth)
        shape = truth.shape
        kind = self._agreed(shape, given)
        levels, intervals = map(np.array, self._asked(kind[2]))
        kept = _kept(weight, shape[0])
        truth, given = truth[kept], {name: array[kept] for name, array in given.items()}
        scale = None
        if self.scale is None and series is not None:
            raise ValueError("The numbers of series need scales for MASE. Received: scale=None")
        if self.scale is not None:
            if series is not None and np.shape(series) == shape[:1]:
                series = np.asarray(series)[kept]
            scale = scale_of_windows(self.scale, truth.shape, series)
        there = check.scored(truth, self.missing)
        given = {name: check.finite(name, array) for name, array in given.items()}
        crossings = 0
        if quantiles is not None:
            given["quantiles"], crossings = check.uncrossed(given["quantiles"], self.sort)
        self._sums = add(self._sums, truth, there, given, scale, levels, intervals, self.fair)
        self._kind, self.windows = kind, self.windows + len(truth)
        self.absent, self.crossings = self.absent + int((~there).sum()), self.crossings + crossings
        return self

    def result(self):
        """The `ForecastScores` of all windows so far.

        Raises:
            ValueError: no truth was scored yet.
        """
        if not self._sums or not self._sums["count"][0].any():
            raise ValueError(
                f"Expected a truth to score before the result. Received: {self.windows} windows "
                f"with {self.absent} missing truths"
            )
        horizon, channels, _ = self._kind
        levels, intervals = self._asked(self._kind[2])
        overall = score(self._sums, (0, 1))
        by_target, by_horizon = score(self._sums, (0,)), score(self._sums, (1,))
        spans = zip(*(overall.get(name, ()) for name in ("coverage", "width", "winkler")))
        names = self.targets or tuple(map(str, range(channels)))
        columns = _columns(by_target, intervals)
        return ForecastScores(
            **{name: float(overall[name]) if name in overall else None for name in POINTS},
            quantile_losses=dict(zip(levels, overall.get("quantile_losses", np.empty(0)).tolist())),
            intervals={p: IntervalScore(*map(float, s)) for p, s in zip(intervals, spans)},
            by_target={t: {n: v[k] for n, v in columns.items()} for k, t in enumerate(names)},
            by_horizon=_columns(by_horizon, intervals),
            windows=self.windows,
            horizon=horizon,
            scored=int(self._sums["count"][0].sum()),
            missing=self.absent,
            crossings=self.crossings,
        )

    def _agreed(self, truth, given):
        """Horizon, targets and names of the forecasts, which are the same in every batch."""
        if len(truth) != 3:
            raise ValueError(
                "Expected truth of shape (windows, horizon, targets). Received: truth of shape "
                f"{truth}; one target is truth[..., None]"
            )
        names = tuple(given)
        if not names or {"quantiles", "samples"} <= set(names):
            raise ValueError(
                "Expected points, quantiles or samples, and no quantiles beside samples. "
                f"Received: {' and '.join(names) or 'none of them'}"
            )
        levels, _ = self._asked(names)
        if self.fair and "samples" not in names:
            raise ValueError(f"fair=True needs samples. Received: {' and '.join(names)}")
        for name, array in given.items():
            if name == "samples":
                check.agree_samples(truth, array.shape)
                enough_samples(array.shape[1], self.fair)
            else:
                last = (len(levels),) if name == "quantiles" else ()
                words = "truth + levels" if last else "as truth"
                check.agree(truth, name, array.shape, (*truth, *last), words)
        kind = (*truth[1:], names)
        if self.targets is not None and len(self.targets) != truth[2]:
            raise ValueError(
                f"Expected {len(self.targets)} targets, {', '.join(self.targets)}. Received: truth "
                f"of shape {truth}"
            )
        if self._kind not in (None, kind):
            raise ValueError(
                "Expected the same horizon, targets and forecasts in every batch. Received: first "
                f"{_words(self._kind)}, now {_words(kind)}"
            )
        return kind

    def _asked(self, names):
        """Levels and intervals to score forecasts of these names at, as tuples."""
        levels = () if self.levels is None else tuple(self.levels.tolist())
        intervals = () if self.intervals is None else tuple(self.intervals.tolist())
        if "samples" in names:
            return levels or LEVELS, intervals or INTERVALS
        if "quantiles" not in names:
            if levels or intervals:
                raise ValueError(
                    "Levels and intervals need quantiles or samples. Received: "
                    f"levels={levels or None}, intervals={intervals or None} and points alone"
                )
            return (), ()
        if not levels:
            raise ValueError("Expected the levels of the quantiles. Received: levels=None")
        if "points" not in names and not np.isclose(levels, 0.5, rtol=0, atol=1e-9).any():
            raise ValueError(
                "Expected the level 0.5, whose quantile is the point forecast, or `points`. "
                f"Received: levels={levels}"
            )
        return levels, tuple(central_pairs(levels, self.intervals))


def _names(targets):
    names = tuple(map(str, targets))
    if isinstance(targets, str) or len(set(names)) < len(names):
        raise ValueError(
            f"Expected a different name for each target. Received: targets={targets!r}"
        )
    return names


def _positive(scale):
    scale = np.atleast_2d(check.finite("scale", check.numbers("scale", scale)).astype("float64"))
    if scale.min() <= 0:
        raise ValueError(f"Expected scales above 0. Received: scale with {scale.min()}")
    return scale


def _kept(weight, windows):
    """Which windows count: a slice or an array of booleans."""
    if weight is None:
        return slice(None)
    weight = check.numbers("weight", weight)
    if weight.shape != (windows,) or not np.isin(weight, (0, 1)).all():
        raise ValueError(
            f"Expected a weight of 0 or 1 for each of {windows} windows. Received: weight of shape "
            f"{weight.shape} with the values {np.unique(weight)[:5].tolist()}"
        )
    return slice(None) if weight.all() else weight == 1


def _columns(scores, intervals):
    """Tuples of floats by name, with the coverage and width of each interval."""
    columns = {name: scores[name] for name in POINTS if name in scores}
    for place, level in enumerate(intervals):
        for name in ("coverage", "width"):
            columns[f"{name}_{100 * level:.6g}"] = scores[name][:, place]
    return {name: tuple(column.tolist()) for name, column in columns.items()}


def _words(kind):
    return f"{kind[0]} steps of {kind[1]} targets with {' and '.join(kind[2])}"
