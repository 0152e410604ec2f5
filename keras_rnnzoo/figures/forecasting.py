"""Forecasts beside what was known before them and what came."""

import numpy as np

from keras_rnnzoo.figures.style import GREY, INK, PALETTE, new_figure, tidy
from keras_rnnzoo.figures.time_axes import numbers, read_times

COVERAGES = {0.95: 0.16, 0.8: 0.36, 0.5: 0.6}  # and the share of colour in the band: apart in grey
MANY = 24  # panels that one figure holds


def forecast(
    history, truth=None, quantiles=None, levels=None, point=None, times=None, channels=None, unit=""
):
    """What was seen, what is expected, how sure that is, and what came.

    Of the central bands of 50, 80 and 95 % those are drawn that the levels hold, in nested
    shades; where they hold none of the three, the widest that they do hold. Lines and bands
    begin at the last value of the history, which is known. Several channels get a panel each.

    Args:
        history: (time, channels); here and below the axis of channels may be missing when there
            is one.
        truth: (horizon, channels), or `None`.
        quantiles: (horizon, channels, levels), or `None`.
        levels: of the quantiles, increasing in (0, 1), with 1 - q for each q.
        point: (horizon, channels): the line of the forecast; `None`: the median, where it is
            among the quantiles.
        times: of history and forecast together, increasing: a `pandas.DatetimeIndex`, dates of
            NumPy, or numbers; `None`: steps, 0 at the last value of the history.
        channels: the name of each channel, or `None`.
        unit: of the values: one for all channels, or a list with one for each.

    Returns:
        A Matplotlib `Figure`.

    Raises:
        ValueError: neither quantiles nor point, lengths or shapes that do not fit, values that
            are not finite, levels that do not increase or are not symmetric, quantiles that
            cross, times that do not increase, more than 24 channels.
        TypeError: times that are neither dates nor numbers.

    Example:

    >>> forecast([3.0, 4.0], truth=[5.0], quantiles=[[4.0, 4.8, 6.0]], levels=[0.1, 0.5, 0.9])
    """
    history = numbers("history", history, None, None)
    count = history.shape[1]
    if count > MANY:
        raise ValueError(
            f"Expected at most {MANY} channels, a panel for each. Received: history of shape "
            f"{history.shape}. Choose some of its channels"
        )
    parts, bands, horizon = _expected(count, quantiles, levels, point)
    if truth is not None:
        parts["truth"] = numbers("truth", truth, horizon, count)
    axis = read_times(times, len(history) + horizon, 1 - len(history))
    if len(axis.places) > len(history) + horizon:
        raise ValueError(
            f"Expected {len(history) + horizon} times, those of {len(history)} steps of history "
            f"and {horizon} of the forecast. Received: times of length {len(axis.places)}"
        )
    names = _each("channels", channels, count)
    units = [unit] * count if isinstance(unit, str) else _each("unit", unit, count)
    figure, panels = _panels(count)
    for k, axes in enumerate(panels):
        lines = {name: part[:, k] for name, part in parts.items()}
        _draw_forecast(axes, axis.places, history[:, k], lines, bands)
        tidy(axes, names[k], axis.label, units[k])
        axis.dress(axes)
    _outer_labels(panels)
    _legend_below(figure, *panels[0].get_legend_handles_labels())
    return figure


def rolling_forecasts(times, truth, forecasts, channel="", unit=""):
    """A backtest: the truth, and each forecast as a thin line from the last value it knew.

    Args:
        times: of the rows, increasing, as in `forecast`; `None`: the numbers of the rows. Those
            after the end of the truth are the future.
        truth: (time,).
        forecasts: by the number of its first row, counted from 0, the values (horizon,) of each
            forecast; horizons may differ.
        channel, unit: the name and the unit of the values.

    Returns:
        A Matplotlib `Figure`; the title holds the mean absolute error over all forecast values
        of which the truth is known.

    Raises:
        ValueError: no forecast, one that starts before row 0 or more than one row after the
            truth, values that are not finite, times that do not increase or end too early.
        TypeError: times that are neither dates nor numbers.

    Example:

    >>> rolling_forecasts(None, [3.0, 4.0, 5.0, 4.0], {1: [3.5, 4.5], 3: [5.0]})
    """
    truth = numbers("truth", truth, None)
    forecasts = _by_first_row(forecasts, len(truth))
    rows = max(len(truth), *(row + len(values) for row, values in forecasts.items()))
    axis = read_times(times, rows, label="row")
    axis = axis._replace(places=axis.places[:rows])
    figure, axes = new_figure(8.0, 3.8)
    axes.plot(axis.places[: len(truth)], truth, color=INK, linewidth=1.7)
    errors, drawn = [], []
    for number, (row, values) in enumerate(forecasts.items()):
        first = max(row - 1, 0)
        line = np.concatenate([truth[first:row], values])
        look = {"color": PALETTE[(1, 0, 2)[number % 3]], "linewidth": 1.3, "zorder": 3}
        dot = {"marker": "o", "markevery": [0], "markersize": 4}
        drawn += axes.plot(axis.places[first : row + len(values)], line, **look, **dot)
        known = truth[row : row + len(values)]
        errors.append(np.abs(known - values[: len(known)]))
    errors, count = np.concatenate(errors), len(forecasts)
    title = (f"{channel}: " if channel else "") + f"{count:,} forecast{'s' * (count > 1)}"
    title += f", mean absolute error {errors.mean():.3g}" if len(errors) else ""
    tidy(axes, title, axis.label, unit)
    axis.dress(axes)
    name = "forecast" + "s, each" * (count > 1) + " from the last value it knew"
    _legend_below(figure, [axes.lines[0], tuple(drawn[:3])], ["truth", name])
    return figure


def central_bands(levels):
    """Pairs of levels around the median as (coverage, index below, index above), widest first."""
    count = len(levels)
    pairs = [(round(levels[~k] - levels[k], 6), k, count - 1 - k) for k in range(count // 2)]
    return [pair for pair in pairs if pair[0] in COVERAGES] or pairs[:1]


def _expected(count, quantiles, levels, point):
    """The forecast's arrays by name, its bands, and its horizon."""
    if (quantiles is None) != (levels is None) or (quantiles is None and point is None):
        given = {"quantiles": quantiles, "levels": levels, "point": point}
        given = [name for name, value in given.items() if value is not None]
        raise ValueError(
            "Expected quantiles together with their levels, or point, or all three. Received: "
            + (" and ".join(given) or "none of them")
        )
    parts, bands, horizon = {}, [], None
    if quantiles is not None:
        levels = numbers("levels", levels, None)
        inside = levels[0] > 0 and levels[-1] < 1 and (np.diff(levels) > 0).all()
        if not inside or not np.allclose(levels + levels[::-1], 1, rtol=0, atol=1e-6):
            raise ValueError(
                "Expected levels that increase between 0 and 1, with 1 - q for each q, such as "
                f"0.1, 0.5, 0.9. Received: levels={levels.tolist()}"
            )
        values = numbers("quantiles", quantiles, None, count, len(levels))
        crossing = np.argwhere(np.diff(values, axis=-1) < 0)
        if len(crossing):
            raise ValueError(
                "Expected quantiles that rise with their levels. Received: quantiles that cross "
                f"in step {crossing[0][0] + 1}. Sort them: numpy.sort(quantiles, axis=-1)"
            )
        horizon, bands = len(values), central_bands(levels)
        parts["quantiles"] = values
        if len(levels) % 2:
            parts["median"] = values[..., len(levels) // 2]
    if point is not None:
        parts["point"] = numbers("point", point, horizon, count)
        horizon = len(parts["point"])
    return parts, bands, horizon


def _by_first_row(forecasts, count):
    """The forecasts in order of their rows, if each starts where something was known before."""
    if not isinstance(forecasts, dict) or not forecasts:
        raise ValueError(
            "Expected a dict with at least one forecast by the number of its first row. Received: "
            f"forecasts={forecasts!r:.200}"
        )
    for row in forecasts:
        if not hasattr(row, "__index__") or not 0 <= row <= count:
            raise ValueError(
                f"Expected forecasts by the number of their first row, from 0 to {count}, the end "
                f"of the truth. Received: a forecast of row {row!r}"
            )
    return {
        int(row): numbers(f"forecast of row {row}", forecasts[row], None)
        for row in sorted(forecasts)
    }


def _each(name, values, count):
    """One word for each channel."""
    if values is None:
        return ["Forecast"] if count == 1 else [f"channel {k + 1}" for k in range(count)]
    values = [values] if isinstance(values, str) else list(values)
    if len(values) != count:
        raise ValueError(
            f"Expected {name} for {count} channel{'s' * (count > 1)}. Received: {name}={values}"
        )
    return values


def _panels(count):
    """A figure with that many axes, in the order of reading."""
    columns = 1 if count <= 3 else 2 if count <= 10 else 3
    rows = -(-count // columns)
    width, height = (7.6, 4.0) if count == 1 else (max(7.6, 4.4 * columns), 0.6 + 2.1 * rows)
    figure, grid = new_figure(width, height, nrows=rows, ncols=columns, squeeze=False)
    panels = list(grid.flat)
    for axes in panels[count:]:
        axes.remove()
    return figure, panels[:count]


def _outer_labels(panels):
    """What is written on the axis of time stands below the lowest panel of each column alone."""
    columns = panels[0].get_subplotspec().get_gridspec().ncols
    for axes in panels[:-columns]:
        axes.set_xlabel("")
        axes.tick_params(labelbottom=False)


def _draw_forecast(axes, places, history, parts, bands):
    """One panel: the bands behind, then what is expected, then what was seen."""
    known = len(history)
    ahead, last = places[known - 1 :], history[-1:]
    axes.axvline(places[known - 1], color=GREY, linewidth=1, linestyle=":", zorder=1.5)
    axes.plot(places[:known], history, color=INK, linewidth=1.5, label="history")
    if "truth" in parts:
        look = {"color": INK, "linewidth": 1.5, "linestyle": (0, (2, 0.8)), "zorder": 4}
        axes.plot(ahead, np.concatenate([last, parts["truth"]]), label="truth", **look)
    line = "point" if "point" in parts else "median"
    if line in parts:
        values, label = np.concatenate([last, parts[line]]), {"point": "forecast"}.get(line, line)
        axes.plot(ahead, values, color=PALETTE[0], linewidth=1.9, label=label, zorder=3)
    for coverage, below, above in bands[::-1]:
        low, high = (np.append(last, parts["quantiles"][:, k]) for k in (below, above))
        colour = _tint(PALETTE[0], COVERAGES.get(coverage, 0.36))
        look = {"linewidth": 0, "label": f"{100 * coverage:.3g} % band", "zorder": 3 - coverage}
        axes.fill_between(ahead, low, high, color=colour, **look)


def _tint(colour, share):
    """That share of a colour, the rest white: unlike a transparent one the same in any nest."""
    parts = [int(colour[k : k + 2], 16) for k in (1, 3, 5)]
    return "#" + "".join(f"{round(255 - share * (255 - part)):02x}" for part in parts)


def _legend_below(figure, handles, labels):
    from matplotlib.legend_handler import HandlerTuple

    look = {"frameon": False, "fontsize": 9, "labelcolor": INK, "columnspacing": 1.5}
    side_by_side = {tuple: HandlerTuple(ndivide=None)}
    place = {"loc": "outside lower center", "ncols": len(labels)}
    figure.legend(handles, labels, handler_map=side_by_side, **place, **look)
