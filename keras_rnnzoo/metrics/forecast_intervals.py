"""Central intervals of forecasts: how many truths they hold, and how wide they are."""

from typing import NamedTuple

import numpy as np

from keras_rnnzoo.metrics.forecast_checks import (
    agree,
    finite,
    numbers,
    paired,
    read_levels,
    with_levels,
)


class IntervalScore(NamedTuple):
    """Share of truths inside, mean width and interval score, of intervals of one level."""

    coverage: float
    width: float
    score: float


def coverage(truth, low, high, missing="error"):
    """Share of truths inside [low, high], both ends included.

    Args:
        truth, low, high: arrays of one shape; bounds may be infinite.
        missing: "error" refuses truths that are NaN, "skip" leaves them out.

    Returns:
        A float.

    Raises:
        ValueError: as `mae`, and a lower bound above the upper one.

    Example:

    >>> coverage([1.0, 2.0], [0.0, 0.0], [1.0, 1.0])
    0.5
    """
    truth, low, high = _bounded(truth, low, high, missing)
    return float(interval_terms(truth, low, high, 0.5)[0].mean())


def interval_width(low, high):
    """Mean width of intervals, in the unit of the truth.

    Args and errors: as `coverage`.

    Example:

    >>> interval_width([0.0, 0.0], [1.0, 2.0])
    1.5
    """
    low, high = _bounds(low, high)
    return float((high.astype("float64") - low).mean())


def interval_score(truth, low, high, level, missing="error"):
    """Interval score (Winkler 1972), in the unit of the truth; lower is better.

        score = (high - low) + 2 / (1 - level) * (distance of the truth from the interval)

    Args:
        truth, low, high: as in `coverage`.
        level: the probability that the central intervals claim, within (0, 1).
        missing: "error" refuses truths that are NaN, "skip" leaves them out.

    Returns:
        A float, the mean over all truths.

    Raises:
        ValueError: as `coverage`, and another level.

    Example:

    >>> interval_score([3.0], [0.0], [2.0], level=0.5)
    6.0
    """
    level = read_levels([level], "level")[0]
    truth, low, high = _bounded(truth, low, high, missing)
    return float(interval_terms(truth, low, high, level)[2].mean())


def interval_terms(truth, low, high, level):
    """Inside or not, width and score of each element, float64."""
    width = high - low
    outside = np.maximum(np.maximum(low - truth, truth - high), 0)
    inside = ((low <= truth) & (truth <= high)).astype("float64")
    return inside, width, width + 2 / (1 - level) * outside


def interval_scores(truth, quantiles, levels, intervals=None, missing="error", sort=False):
    """Coverage, mean width and score of the central intervals that quantiles make up.

    The interval of 80 % goes from the quantile of level 0.1 to that of level 0.9.

    Args:
        truth, quantiles, levels, missing, sort: as in `pinball`.
        intervals: probabilities within (0, 1), increasing, or `None` for all that the levels give.

    Returns:
        A dictionary of probability and `IntervalScore`, increasing; empty where no two levels lie
        the same way from 0.5.

    Raises:
        As `pinball`; a `ValueError` also for an interval whose levels are not there.

    Example:

    >>> interval_scores([1.0, 5.0], [[0.0, 2.0], [0.0, 2.0]], levels=[0.25, 0.75])
    {0.5: IntervalScore(coverage=0.5, width=2.0, score=8.0)}
    """
    truth, quantiles, levels = with_levels(truth, quantiles, levels, missing, sort)
    scores = {}
    for level, (low, high) in central_pairs(levels, intervals).items():
        terms = interval_terms(truth, quantiles[:, low], quantiles[:, high], level)
        scores[level] = IntervalScore(*(float(term.mean()) for term in terms))
    return scores


def central_pairs(levels, intervals=None):
    """For each interval's probability the places of its two levels."""
    levels = np.asarray(levels)
    if intervals is None:
        found = [round(1 - 2 * level, 9) for level in levels[::-1] if level < 0.5]
        intervals = [p for p in found if np.isclose(levels, (1 + p) / 2, atol=1e-9, rtol=0).any()]
        if not intervals:
            return {}
    pairs = {}
    for level in read_levels(intervals, "intervals"):
        ends = (1 - level) / 2, (1 + level) / 2
        near = [np.flatnonzero(np.isclose(levels, end, atol=1e-9, rtol=0)) for end in ends]
        if not all(map(len, near)):
            raise ValueError(
                f"Expected the levels {ends[0]:.6g} and {ends[1]:.6g} for the interval of "
                f"{100 * level:.6g} %. Received: levels={levels.tolist()}"
            )
        pairs[float(level)] = int(near[0][0]), int(near[1][0])
    return pairs


def _bounds(low, high):
    """Bounds of one shape, none NaN, none of the lower ones above its upper one."""
    low, high = numbers("low", low), numbers("high", high)
    agree(low.shape, "high", high.shape, low.shape, "as low", "low")
    finite("low", low, infinite=True)
    finite("high", high, infinite=True)
    crossed = int((low > high).sum())
    if crossed:
        raise ValueError(
            f"Expected no lower bound above its upper one. Received: {crossed} of {low.size} that "
            "are"
        )
    return low, high


def _bounded(truth, low, high, missing):
    _bounds(low, high)
    truth_low, low = paired(truth, low, missing, "low", infinite=True)
    return truth_low, low, paired(truth, high, missing, "high", infinite=True)[1]
