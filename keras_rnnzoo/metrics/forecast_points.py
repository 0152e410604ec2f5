"""Errors of forecasts that are one number for each truth."""

import numpy as np

from keras_rnnzoo.base.options import positive_int
from keras_rnnzoo.metrics.forecast_checks import agree, finite, numbers, paired, scored, some

ROUNDING = 1e-12  # seasonal differences below this share of the values are rounding errors


def mae(truth, forecast, missing="error"):
    """Mean absolute error, in the unit of the truth.

    Args:
        truth: array of any shape, as (windows, horizon, targets).
        forecast: array of the same shape.
        missing: "error" refuses truths that are NaN, "skip" leaves them out of the mean.

    Returns:
        A float.

    Raises:
        ValueError: other shapes, empty arrays, NaN or infinite numbers, no truth that is there.
        TypeError: what is not numbers.

    Example:

    >>> mae([1.0, 2.0], [1.5, 2.0])
    0.25
    """
    truth, forecast = paired(truth, forecast, missing)
    return float(np.abs(truth - forecast).mean())


def mse(truth, forecast, missing="error"):
    """Mean squared error, in the unit of the truth squared.

    Args and errors: as `mae`.

    Example:

    >>> mse([1.0, 2.0], [1.5, 2.0])
    0.125
    """
    truth, forecast = paired(truth, forecast, missing)
    return float(np.square(truth - forecast).mean())


def rmse(truth, forecast, missing="error"):
    """Root of the mean squared error over all elements, in the unit of the truth.

    Args and errors: as `mae`.

    Example:

    >>> rmse([1.0, 2.0], [1.0, 4.0]) ** 2
    2.0000000000000004
    """
    return float(np.sqrt(mse(truth, forecast, missing)))


def smape(truth, forecast, missing="error"):
    """Symmetric mean absolute percentage error, as a fraction between 0 and 2.

        sMAPE = mean of 2 |y - f| / (|y| + |f|),    0 / 0 = 0

    as in the M4 competition, where it is given in percent: times 100. Some programs leave out the
    2 and give half of this.

    Args and errors: as `mae`.

    Example:

    >>> smape([1.0, 0.0], [3.0, 0.0])
    0.5
    """
    return float(smape_terms(*paired(truth, forecast, missing)).mean())


def smape_terms(truth, forecast):
    """The term of each element, float64."""
    size = np.abs(truth) + np.abs(forecast)
    terms = 2 * np.abs(truth - forecast)
    return np.divide(terms, size, out=np.zeros_like(size), where=size > 0)


def mase_scale(train, season=1, ids=None, targets=None, missing="error"):
    """The mean absolute error of the seasonal naive forecast within the training part.

        scale = mean over t of |y_t - y_{t - season}|

    Args:
        train: the training part of one series, (time,) or (time, targets); a list of such arrays
            for several series; or a `TimeSeries`. In the unit of truth and forecast.
        season: how many steps before the naive forecast looks; 1 is the last value.
        ids, targets: names for errors; taken from a `TimeSeries`.
        missing: "skip" leaves out differences of values that are NaN; "error" refuses NaN.

    Returns:
        float64 (series, targets).

    Raises:
        ValueError: a series no longer than the season, or a scale of 0 (up to rounding): the
            channel repeats itself exactly and MASE is not defined.

    Example:

    >>> mase_scale([1.0, 2.0, 4.0, 5.0], season=2)
    array([[3.]])
    """
    season = positive_int("season", season)
    ids = getattr(train, "ids", None) if ids is None else ids
    targets = getattr(train, "targets", None) if targets is None else targets
    series = _series(train)
    scales = []
    for number, values in enumerate(series):
        name = f"series {number}" if ids is None else f"series {ids[number]!r}"
        scales.append(_scale(values, season, name, targets, missing))
    if len({len(scale) for scale in scales}) > 1:
        raise ValueError(
            "Expected the same number of targets in every series. Received: train with "
            f"{[len(scale) for scale in scales]} targets"
        )
    return np.array(scales)


def mase(truth, forecast, train, season=1, series=None, missing="error"):
    """Mean absolute scaled error: errors over those of the seasonal naive forecast in training.

        MASE = mean of |y - f| / scale of its series and target

    Below 1 the forecast errs less than the naive one does one season ahead. Every element counts
    the same, so a series counts by its windows.

    Args:
        truth, forecast: arrays (windows, horizon, targets).
        train, season: as in `mase_scale`.
        series: int (windows,), the number of each window's series in `train`; not needed for one.
        missing: "skip" leaves out what is NaN in truth and training part; "error" refuses it.

    Returns:
        A float.

    Raises:
        As `mae` and `mase_scale`; a `ValueError` also for numbers of series that do not fit.

    Example:

    >>> mase(np.ones((1, 2, 1)), np.zeros((1, 2, 1)), train=[0.0, 2.0, 4.0])
    0.5
    """
    truth, forecast = numbers("truth", truth), numbers("forecast", forecast)
    agree(truth.shape, "forecast", forecast.shape, truth.shape, "as truth")
    there = some(scored(truth, missing))
    finite("forecast", forecast)
    scale = scale_of_windows(mase_scale(train, season, missing=missing), truth.shape, series)
    errors = np.abs(truth.astype("float64") - forecast) / scale
    return float(errors[there].mean())


def scale_of_windows(scale, shape, series=None):
    """The scale of each window, (windows or 1, 1, targets), for truths of this shape."""
    scale = np.atleast_2d(scale)
    if len(shape) != 3 or scale.shape[-1] != shape[-1]:
        raise ValueError(
            f"Expected truth of shape (windows, horizon, {scale.shape[-1]}) to go with scales of "
            f"(series, targets) = {scale.shape}. Received: truth of shape {shape}"
        )
    if series is None and len(scale) > 1:
        raise ValueError(
            f"Expected the number of each window's series among {len(scale)}. Received: series=None"
        )
    rows = np.asarray(np.zeros(shape[0], int) if series is None else series)
    if rows.shape != shape[:1] or rows.dtype.kind not in "iu":
        raise ValueError(
            f"Expected one whole number for each of {shape[0]} windows. Received: series of shape "
            f"{rows.shape} and type {rows.dtype}"
        )
    if rows.size and (rows.min() < 0 or rows.max() >= len(scale)):
        raise ValueError(
            f"Expected numbers of series from 0 to {len(scale) - 1}. Received: series from "
            f"{rows.min()} to {rows.max()}"
        )
    return scale[rows][:, None]


def error_by_horizon(truth, forecast, metric=mae, axis=1, **options):
    """A metric at each step of the horizon.

    Args:
        truth: array (windows, horizon, ...).
        forecast: array that `metric` takes.
        metric: function of truth and forecast, such as `mae`, `rmse` or `crps_samples`.
        axis: that of the horizon in `forecast`: 1, and 2 for samples.
        options: further arguments of the metric, such as `levels` or `missing`.

    Returns:
        float64 (horizon,), or (horizon, ...) where the metric gives an array.

    Raises:
        As the metric; a `ValueError` also for other horizons or without an axis of the horizon.

    Example:

    >>> error_by_horizon([[1.0, 2.0], [1.0, 2.0]], [[1.0, 3.0], [1.0, 1.0]])
    array([0., 1.])
    """
    truth, forecast = numbers("truth", truth), numbers("forecast", forecast)
    if truth.ndim < 2 or forecast.ndim <= axis or truth.shape[1] != forecast.shape[axis]:
        raise ValueError(
            f"Expected as many steps on axis 1 of truth as on axis {axis} of forecast. Received: "
            f"truth of shape {truth.shape} and forecast of shape {forecast.shape}"
        )
    steps = ([k] for k in range(truth.shape[1]))
    return np.array(
        [metric(truth[:, k], np.take(forecast, k, axis), **options) for k in steps], "float64"
    )


def _series(train):
    """The training parts as a list of arrays (time, targets)."""
    several = train.values if hasattr(train, "ids") else train
    one = not isinstance(several, (list, tuple)) or not several or np.ndim(several[0]) == 0
    parts = [numbers("train", part) for part in ([several] if one else several)]
    for part in parts:
        if part.ndim > 2:
            raise ValueError(
                "Expected each training part of shape (time,) or (time, targets). Received: train "
                f"of shape {part.shape}; put several series into a list"
            )
    return [part.reshape(len(part), -1).astype("float64") for part in parts]


def _scale(values, season, name, targets, missing):
    there = scored(values, missing)
    if len(values) <= season:
        raise ValueError(
            f"Expected more rows than the season to scale by. Received: season={season} and "
            f"{len(values)} rows of {name} in train"
        )
    both = there[season:] & there[:-season]
    known = np.where(there, values, 0)
    counts, size = both.sum(0), np.abs(known).sum(0) / np.maximum(there.sum(0), 1)
    moves = np.where(both, np.abs(known[season:] - known[:-season]), 0).sum(0)
    scale = moves / np.maximum(counts, 1)
    for channel in np.flatnonzero(scale <= ROUNDING * size):
        target = channel if targets is None else repr(targets[channel])
        raise ValueError(
            f"Target {target} of {name} does not differ from itself {season} steps before, in "
            f"{counts[channel]} pairs of rows, so that there is nothing to scale its errors by. "
            f"Received: season={season}. Choose another season, or leave this series out"
        )
    return scale
