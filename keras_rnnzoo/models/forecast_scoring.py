"""Scores over all windows of a part, batch by batch, for forecasters and baselines alike."""

from dataclasses import dataclass

import numpy as np
from keras import ops
from numpy.lib.stride_tricks import sliding_window_view


@dataclass(frozen=True)
class Scored:
    """How a model did on the windows of a part, in the units of the scaler.

    Attributes:
        scores: `ForecastScores`.
        squared: (windows,), the mean squared error of each window, in order of origins.
    """

    scores: object
    squared: np.ndarray


def score_windows(windows, forecast):
    """Score a function on `ForecastWindows`, every window once and none left out.

    Arguments:
        windows: not shuffled.
        forecast: from the inputs of a batch, and the number of the series of each of its rows, to
            a dict for `RunningScores.update`: "points"
            (rows, horizon, targets), "quantiles" (..., levels) or "samples"
            (rows, samples, horizon, targets); and "levels", the same for all batches.

    Returns:
        A `Scored`.
    """
    from keras_rnnzoo.metrics import RunningScores

    running, squared = None, []
    for k in range(len(windows)):
        inputs, y, weight = windows[k]
        numbers = np.array([row[0] for row in windows.rows(k)])
        parts = dict(forecast(inputs, np.pad(numbers, (0, len(y) - len(numbers)), "edge")))
        levels = parts.pop("levels", None)
        if running is None:
            running = RunningScores(levels)
        real = weight > 0
        parts = {name: np.asarray(part, "float64")[real] for name, part in parts.items()}
        truth = y[real].astype("float64")
        running.update(truth, **parts)
        error = truth - _points(parts, levels)
        squared.append(np.square(error).mean(axis=(1, 2)))
    squared = np.concatenate(squared).reshape(len(windows.origins), -1).mean(axis=1)
    return Scored(running.result(), squared)


def _points(parts, levels):
    if "points" in parts:
        return parts["points"]
    if "samples" in parts:
        return np.median(parts["samples"], axis=1)
    return parts["quantiles"][..., list(levels).index(0.5)]


def of_model(model, levels=None, paths=100, seed=0):
    """What `score_windows` asks, from a `Forecaster`: points, and quantiles where it has them."""
    rng, output = np.random.default_rng(seed), model.output_kind

    def forecast(inputs, series):
        if model.autoregressive and model._config["output"] != "point":
            samples = model._paths_of(inputs, paths, rng, model.horizon)
            return {"samples": samples, **({"levels": levels} if levels else {})}
        said = ops.convert_to_numpy(model.predict_on_batch(inputs)).astype("float64")
        parts = {"points": output.mean(said)}
        if levels and model._config["output"] != "point":
            parts |= {"quantiles": output.quantiles(said, levels), "levels": levels}
        return parts

    return forecast


def of_skip(model):
    """The same from the linear skip of a `Forecaster` alone."""

    def forecast(inputs, series):
        inputs = {name: ops.convert_to_tensor(part) for name, part in inputs.items()}
        return {"points": ops.convert_to_numpy(model.base(inputs, 1.0, 0.0)[0])}

    return forecast


def of_baseline(baseline, horizon, levels=None):
    """The same from one of `forecast_baselines`, for windows with joint channels."""

    def forecast(inputs, series):
        history = inputs["history"].astype("float64")
        parts = {"points": baseline.predict(history, horizon, series)}
        if levels:
            quantiles = baseline.quantiles(history, horizon, levels, series)
            parts |= {"quantiles": quantiles, "levels": levels}
        return parts

    return forecast


BLOCK = 24  # neighbouring windows, or a few more, whose errors are kept as one number


def differences(ours, other):
    """How much lower our squared errors are, as means of 24 neighbouring windows or a few more."""
    return blocks(other.squared - ours.squared)


def blocks(numbers):
    """Means of 24 neighbouring windows or a few more."""
    parts = np.array_split(numbers, max(1, len(numbers) // BLOCK))
    return [float(part.mean()) for part in parts]


def gain(differences, windows, draws=2000, seed=0, coverage=0.95):
    """The mean gain, with a confidence interval over seeds and over windows that overlap.

    The interval is that of the circular block bootstrap (Politis and Romano 1992): stretches of
    neighbouring windows are drawn anew, as windows that share rows err alike, and a stretch that
    reaches the end goes on at the start, so that every window is as likely; and where there are
    several seeds, these are drawn too.

    Arguments:
        differences: for each seed what `differences` gives.
        windows: of a stretch, such as look-back plus horizon.
        draws: how often.
        seed: of the draws.
        coverage: of the interval.

    Returns:
        `(mean, low, high)`; an interval that holds zero shows no gain.

    Raises:
        ValueError: seeds with unequal numbers of windows.
    """
    if len({len(each) for each in differences}) != 1:
        raise ValueError(
            "Expected as many windows from each seed. Received: "
            f"{[len(each) for each in differences]} blocks"
        )
    table = np.array(differences, "float64")
    seeds, blocks = table.shape
    length = min(max(1, round(windows / BLOCK)), blocks)
    rng, around = np.random.default_rng(seed), np.concatenate([table, table], axis=1)
    stretches = sliding_window_view(around, length, axis=1)[:, :blocks].mean(axis=2)
    means = []
    for _ in range(draws):
        chosen = stretches[rng.integers(seeds, size=seeds)]
        starts = rng.integers(blocks, size=-(-blocks // length))
        means.append(chosen[:, starts].mean())
    low, high = np.quantile(means, [(1 - coverage) / 2, (1 + coverage) / 2])
    return float(table.mean()), float(low), float(high)
