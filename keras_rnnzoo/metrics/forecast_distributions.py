"""Errors of forecasts that are distributions: quantiles, samples and Gaussians."""

import math

import numpy as np

from keras_rnnzoo.metrics.forecast_checks import (
    finite,
    numbers,
    paired,
    read_levels,
    with_levels,
    with_samples,
)

_erf = np.vectorize(math.erf, otypes=["float64"])


def pinball(truth, quantiles, levels, missing="error", sort=False):
    """Mean pinball loss of each level, in the unit of the truth.

        loss = max(p (y - q), (p - 1) (y - q))    for level p

    Args:
        truth: array of any shape, as (windows, horizon, targets).
        quantiles: array of that shape and one more axis for the levels.
        levels: increasing, within (0, 1).
        missing: "error" refuses truths that are NaN, "skip" leaves them out.
        sort: whether to sort quantiles that cross, instead of refusing them.

    Returns:
        float64 (levels,).

    Raises:
        ValueError: shapes that do not fit, empty arrays, NaN or infinite numbers, levels not
            increasing within (0, 1), crossing quantiles (with their number).
        TypeError: what is not numbers.

    Example:

    >>> pinball([1.0, 1.0], [[0.0, 2.0], [0.0, 3.0]], levels=[0.25, 0.75])
    array([0.25 , 0.375])
    """
    return pinball_terms(*with_levels(truth, quantiles, levels, missing, sort)).mean(0)


def pinball_terms(truth, quantiles, levels):
    """The loss of each element and level, float64."""
    errors = truth[..., None] - quantiles
    return np.maximum(levels * errors, (levels - 1) * errors)


def weighted_quantile_loss(truth, quantiles, levels, missing="error", sort=False):
    """Weighted quantile loss of each level, without a unit, as GluonTS defines it.

        wQL(p) = 2 sum of pinball losses of level p / sum of |y|

    over all elements, so that targets of large values weigh more than small ones.

    Args and errors: as `pinball`; a `ValueError` also where every truth is 0.

    Returns:
        float64 (levels,).

    Example:

    >>> weighted_quantile_loss([1.0, 3.0], [[0.0], [3.0]], levels=[0.5])
    array([0.25])
    """
    truth, quantiles, levels = with_levels(truth, quantiles, levels, missing, sort)
    size = np.abs(truth).sum()
    if not size:
        raise ValueError(
            f"Expected a truth other than 0 to weigh losses by. Received: {truth.size} zeros; use "
            "`pinball`"
        )
    return 2 * pinball_terms(truth, quantiles, levels).sum(0) / size


def mean_weighted_quantile_loss(truth, quantiles, levels, missing="error", sort=False):
    """Mean of `weighted_quantile_loss` over the levels.

    With levels 0.1 to 0.9 it is what is printed as CRPS in papers that use GluonTS.

    Args and errors: as `weighted_quantile_loss`.

    Example:

    >>> mean_weighted_quantile_loss([1.0], [[0.0, 1.0]], levels=[0.25, 0.75])
    0.25
    """
    return float(weighted_quantile_loss(truth, quantiles, levels, missing, sort).mean())


def crps_quantiles(truth, quantiles, levels, missing="error", sort=False):
    """Continuous ranked probability score approximated from quantiles, in the unit of the truth.

        CRPS = mean over levels of 2 pinball(p)

    which nears the integral over all levels as levels k / (K + 1) become more. For levels that
    are not evenly spaced it is no approximation of it.

    Args and errors: as `pinball`.

    Example:

    >>> crps_quantiles([1.0], [[0.0, 1.0]], levels=[0.25, 0.75])
    0.25
    """
    return float(2 * pinball(truth, quantiles, levels, missing, sort).mean())


def crps_samples(truth, samples, fair=False, missing="error"):
    """Continuous ranked probability score of samples, mean over all truths, in their unit.

        CRPS = integral of (F(x) - [x >= y])^2 dx
             = mean |x_i - y| - 1 / (2 n^2) sum of |x_i - x_j|

    exactly for the step function F of the samples, in time n log n. The fair score divides the
    second sum by 2 n (n - 1): its expectation is that of endless samples, so forecasts of
    different n can be compared (Ferro 2014); it may fall below 0.

    Args:
        truth: array (windows, ...), as (windows, horizon, targets).
        samples: array (windows, samples, ...).
        fair: whether to correct for the number of samples, of which it needs two.
        missing: "error" refuses truths that are NaN, "skip" leaves them out.

    Returns:
        A float.

    Raises:
        ValueError: shapes that do not fit, empty arrays, NaN or infinite numbers, one sample for
            the fair score.
        TypeError: what is not numbers.

    Example:

    >>> crps_samples([1.0], [[0.0, 2.0]]), crps_samples([1.0], [[0.0, 2.0]], fair=True)
    (0.5, 0.0)
    """
    truth, ordered = with_samples(truth, samples, missing)
    enough_samples(ordered.shape[-1], fair)
    return float(crps_terms(truth, ordered, fair).mean())


def enough_samples(count, fair):
    """Refuse the fair score of one sample."""
    if fair and count < 2:
        raise ValueError(f"Expected two samples at least for fair=True. Received: {count}")


def crps_terms(truth, ordered, fair=False):
    """The score of each element, from sorted samples on the last axis; no terms cancel."""
    count = ordered.shape[-1]
    share = np.arange(1, count) / count
    gaps = np.diff(ordered)
    below = np.diff(np.minimum(ordered, truth[..., None]))
    terms = below @ share**2 + (gaps - below) @ (1 - share) ** 2
    terms += np.maximum(ordered[..., 0] - truth, 0) + np.maximum(truth - ordered[..., -1], 0)
    return terms - gaps @ (share * (1 - share)) / (count - 1) if fair else terms


def crps_gaussian(truth, mean, deviation, missing="error"):
    """Continuous ranked probability score of normal distributions, in the unit of the truth.

        CRPS = s (z (2 Phi(z) - 1) + 2 phi(z) - 1 / sqrt(pi)),    z = (y - m) / s

    Args:
        truth, mean, deviation: arrays of one shape; deviations are above 0.
        missing: "error" refuses truths that are NaN, "skip" leaves them out.

    Returns:
        A float, the mean over all truths.

    Raises:
        As `mae`; a `ValueError` also for a deviation that is not above 0.

    Reference: Gneiting and Raftery, Strictly proper scoring rules (2007), equation 21.

    Example:

    >>> round(crps_gaussian([0.0], [0.0], [1.0]), 4)
    0.2337
    """
    known, mean = paired(truth, mean, missing, "mean")
    _, deviation = paired(truth, deviation, missing, "deviation")
    if deviation.min() <= 0:
        raise ValueError(
            f"Expected deviations above 0. Received: deviation with {deviation.min()} among "
            f"{deviation.size}"
        )
    z = (known - mean) / deviation
    bell = math.sqrt(2 / math.pi) * np.exp(-(z**2) / 2)
    terms = deviation * (z * _erf(z / math.sqrt(2)) + bell - 1 / math.sqrt(math.pi))
    return float(terms.mean())


def sample_quantiles(samples, levels, axis=1):
    """Quantiles of samples, by linear interpolation as `numpy.quantile` does.

    Args:
        samples: array (windows, samples, horizon, targets).
        levels: increasing, within (0, 1).
        axis: that of the samples.

    Returns:
        float64 (windows, horizon, targets, levels).

    Raises:
        ValueError: levels not increasing within (0, 1), NaN or infinite numbers.

    Example:

    >>> sample_quantiles([[0.0, 1.0, 2.0]], levels=[0.25, 0.5])
    array([[0.5, 1. ]])
    """
    levels = read_levels(levels)
    samples = np.moveaxis(finite("samples", numbers("samples", samples)), axis, -1)
    return ordered_quantiles(np.sort(samples.astype("float64"), axis=-1), levels)


def ordered_quantiles(ordered, levels):
    """Quantiles of samples that are sorted on the last axis."""
    places = np.asarray(levels, "float64") * (ordered.shape[-1] - 1)
    lower = np.floor(places).astype(int)
    upper = np.minimum(lower + 1, ordered.shape[-1] - 1)
    return ordered[..., lower] + (places - lower) * (ordered[..., upper] - ordered[..., lower])
