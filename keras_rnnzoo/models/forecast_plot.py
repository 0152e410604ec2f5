"""The figure of one forecast."""

import numpy as np

BANDS = (0.025, 0.1, 0.25, 0.75, 0.9, 0.975)


def plot_row(forecast, series, row, levels, history):
    """See `Forecast.plot`."""
    from keras_rnnzoo import figures

    if series is None:
        raise ValueError("Expected the series that was forecast, for its history. Received: None")
    horizon = forecast.point.shape[1]
    shown = {"channels": list(forecast.targets), "point": forecast.point[row]}
    levels = forecast.known_levels(BANDS) if levels is None else levels
    if len(levels):
        shown |= {"quantiles": forecast.quantiles(levels)[row], "levels": list(levels)}
    stamps = forecast.times[row]
    which = series.ids.index(forecast.ids[row])
    index, values = series.times[which], series.values[which]
    origin = int(np.searchsorted(index, stamps[0]))
    before = slice(max(0, origin - (history or 3 * horizon)), origin)
    truth = values[origin : origin + horizon]
    shown["truth"] = truth if len(truth) == horizon else None
    times = list(index[before]) + list(stamps)
    return figures.forecast(values[before], times=_index(times), **shown)


def _index(times):
    if hasattr(times[0], "year"):
        import pandas as pd

        return pd.DatetimeIndex(times)
    return np.array(times)
