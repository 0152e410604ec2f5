"""Sums over windows for each step and target, and the scores that they give."""

import numpy as np

from keras_rnnzoo.metrics.forecast_distributions import (
    crps_terms,
    ordered_quantiles,
    pinball_terms,
)
from keras_rnnzoo.metrics.forecast_intervals import central_pairs, interval_terms
from keras_rnnzoo.metrics.forecast_points import smape_terms

AT_ONCE = 1 << 21  # numbers of a forecast that are scored at once, to need little memory


def add(sums, truth, there, forecasts, scale, levels, intervals, fair):
    """The sums with those of more windows, a part of the windows at a time.

    Args:
        sums: of what came before, a dictionary of (total, what it lost by rounding), or empty.
        truth, there: arrays (windows, horizon, targets), `there` false where truths are missing.
        forecasts: one or more of "points", "quantiles", "samples".
        scale: (windows, 1, targets), or `None`.
        levels, intervals: to score at; of points alone `None` and empty.
        fair: of the CRPS of samples.

    Returns:
        A new dictionary; each total is (horizon, targets) or (horizon, targets, levels).
    """
    largest = max(array[0].size for array in forecasts.values()) if len(truth) else 1
    rows = max(1, AT_ONCE // largest)
    for start in range(0, len(truth), rows):
        part = slice(start, start + rows)
        known = np.where(there[part], truth[part], 0).astype("float64")
        own = {name: array[part].astype("float64") for name, array in forecasts.items()}
        if "samples" in own:
            own["samples"] = np.sort(np.moveaxis(own["samples"], 1, -1), axis=-1)
        terms = _point_terms(known, own, levels)
        if scale is not None:
            terms["scaled"] = terms["absolute"] / scale[part]
        if "points" not in own or len(own) > 1:
            terms |= _distribution_terms(known, own, levels, intervals, fair)
        sums = _added(sums, terms | {"count": np.ones_like(known)}, there[part])
    return sums


def score(sums, axes=()):
    """All scores from sums, those over `axes` taken together.

    Args:
        sums: a dictionary of (total, lost) as `add` gives.
        axes: 0 is the horizon and 1 are the targets.

    Returns:
        A dictionary of arrays, NaN where there is nothing to divide by: the names of
        `ForecastScores`, and "quantile_losses", "coverage", "width" and "winkler" with one more
        axis.
    """
    total = {name: (pair[0] + pair[1]).sum(axis=axes) for name, pair in sums.items()}
    count = total["count"]
    scores = {"mae": _share(total["absolute"], count), "mse": _share(total["squared"], count)}
    scores |= {"rmse": np.sqrt(scores["mse"]), "smape": _share(total["smape"], count)}
    if "scaled" in total:
        scores["mase"] = _share(total["scaled"], count)
    if "pinball" in total:
        losses = _share(2 * total["pinball"], total["magnitude"][..., None])
        scores |= {"wql": losses.mean(-1), "crps": _share(total["crps"], count)}
        scores["quantile_losses"] = losses
        for name in ("coverage", "width", "winkler"):
            scores[name] = _share(total[name], count[..., None])
    return scores


def exact_sum(values):
    """The sum over the first axis as a number and what it lost by rounding."""
    total, lost = values, np.zeros(values.shape[1:])
    while len(total) > 1:
        half = len(total) // 2
        odd = total[2 * half :]
        total, rest = _two_sum(total[:half], total[half : 2 * half])
        lost = lost + rest.sum(0)
        total = np.concatenate([total, odd])
    return total[0], lost


def _point_terms(truth, forecasts, levels):
    if "points" in forecasts:
        points = forecasts["points"]
    elif "quantiles" in forecasts:
        points = forecasts["quantiles"][..., int(np.abs(levels - 0.5).argmin())]
    else:
        points = ordered_quantiles(forecasts["samples"], [0.5])[..., 0]
    errors = np.abs(truth - points)
    terms = {"absolute": errors, "squared": errors**2, "smape": smape_terms(truth, points)}
    return terms | {"magnitude": np.abs(truth)}


def _distribution_terms(truth, forecasts, levels, intervals, fair):
    if "samples" in forecasts:
        ordered = forecasts["samples"]
        quantiles = ordered_quantiles(ordered, levels)
        low, high = (ordered_quantiles(ordered, (1 + k * intervals) / 2) for k in (-1, 1))
    else:
        quantiles = forecasts["quantiles"]
        pairs = list(central_pairs(levels, intervals).values()) if len(intervals) else []
        low, high = (quantiles[..., [pair[k] for pair in pairs]] for k in (0, 1))
    losses = pinball_terms(truth, quantiles, levels)
    inside, width, winkler = interval_terms(truth[..., None], low, high, intervals)
    terms = {"pinball": losses, "coverage": inside, "width": width, "winkler": winkler}
    exact = "samples" in forecasts
    return terms | {"crps": crps_terms(truth, ordered, fair) if exact else 2 * losses.mean(-1)}


def _added(sums, terms, there):
    new = {}
    for name, term in terms.items():
        mask = there[..., None] if term.ndim > there.ndim else there
        total, lost = exact_sum(term * mask)
        if name in sums:
            total, rest = _two_sum(sums[name][0], total)
            lost = lost + rest + sums[name][1]
        new[name] = total, lost
    return new


def _two_sum(a, b):
    """Sum of two numbers and its exact rounding error (Knuth)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _share(total, count):
    count = np.broadcast_to(count, total.shape)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
