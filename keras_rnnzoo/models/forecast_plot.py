"""The figure of one forecast."""

import numpy as np


def plot_row(forecast, series, row, levels, history):
    """See `Forecast.plot`."""
    from keras_rnnzoo import figures

    horizon = forecast.point.shape[1]
    shown = {"channels": list(forecast.targets), "point": forecast.point[row]}
    try:
        shown["quantiles"], shown["levels"] = forecast.quantiles(levels)[row], list(levels)
    except ValueError:
        if levels_of(forecast):
            shown["levels"] = levels_of(forecast)
            shown["quantiles"] = forecast.quantiles(shown["levels"])[row]
    stamps = forecast.times[row]
    if series is None:
        raise ValueError("Expected the series that was forecast, for its history. Received: None")
    which = series.ids.index(forecast.ids[row])
    index, values = series.times[which], series.values[which]
    origin = int(np.searchsorted(index, stamps[0]))
    before = slice(max(0, origin - (history or 3 * horizon)), origin)
    truth = values[origin : origin + horizon]
    shown["truth"] = truth if len(truth) == horizon else None
    times = list(index[before]) + list(stamps)
    return figures.forecast(values[before], times=_index(times), **shown)


def levels_of(forecast):
    """Levels that a quantile forecast was trained for, symmetric ones alone."""
    levels = getattr(forecast._output, "levels", ())
    return [q for q in levels if any(abs(1 - q - p) < 1e-9 for p in levels)]


def _index(times):
    if hasattr(times[0], "year"):
        import pandas as pd

        return pd.DatetimeIndex(times)
    return np.array(times)
