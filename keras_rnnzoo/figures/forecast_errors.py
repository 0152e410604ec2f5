"""How far forecasts lie off: by horizon, in their quantiles, and in what is left over."""

import numpy as np

from keras_rnnzoo.base.options import choice, nearest, positive_int
from keras_rnnzoo.figures.style import FAINT, GREY, INK, LINE_STYLES, PALETTE, new_figure, tidy
from keras_rnnzoo.figures.time_axes import WHOLE, numbers, read_times

MARKERS = "os^DvPX"
DASHES = ("--", ":", "-.", (0, (9, 2)), (0, (5, 1, 1, 1, 1, 1)))  # of baselines
KINDS = {
    "quantiles": ("quantiles", "level of the quantile", "share of values below", "low", "high"),
    "intervals": ("intervals", "stated coverage", "share of values inside", "narrow", "wide"),
}
TICKS = (1, 2, 3, 4, 6, 12, 24, 48, 72, 96, 120, 168, 240, 336, 672)
LAGS = 48


def error_by_horizon(errors, baselines=(), metric="mean absolute error", unit="steps"):
    """The error of the first step ahead, of the second, and so on, for several models.

    Args:
        errors: (horizon,) by the name of each model; horizons may differ.
        baselines: the names of those that are drawn dashed and grey.
        metric: what the errors are.
        unit: of the horizon.

    Returns:
        A Matplotlib `Figure`, with each name at the end of its line.

    Raises:
        ValueError: no model, no step, an error below 0 or not finite, a baseline that is not
            among the models.

    Example:

    >>> error_by_horizon({"GRU": [0.2, 0.3], "last value": [0.3, 0.5]}, ["last value"])
    """
    if not isinstance(errors, dict) or not errors:
        raise ValueError(
            "Expected a dict with the errors of at least one model by its name. Received: "
            f"errors={errors!r:.200}"
        )
    baselines = [baselines] if isinstance(baselines, str) else list(baselines)
    for name in baselines:
        if name not in errors:
            raise ValueError(
                f"Expected baselines among the models {list(errors)}.{nearest(name, errors)} "
                f"Received: baselines={baselines}"
            )
    figure, axes = new_figure(7.4, max(4.2, 1 + 0.22 * len(errors)))
    models = [name for name in errors if name not in baselines]
    for name in [*baselines, *models]:
        values = numbers(f"errors[{name!r}]", errors[name], None)
        if values.min() < 0:
            raise ValueError(
                f"Expected errors from 0. Received: errors[{name!r}] with {values.min()}"
            )
        if name in baselines:
            dashes = DASHES[baselines.index(name) % len(DASHES)]
            look = {"color": GREY, "linestyle": dashes, "linewidth": 1.5}
        else:
            look = _look(models.index(name)) | _marks(models.index(name), len(values))
        axes.plot(np.arange(1, len(values) + 1), values, label=name, **look)
    tidy(axes, f"{metric[:1].upper()}{metric[1:]} by horizon", f"{unit} ahead", metric)
    _step_ticks(axes, max(len(line.get_xdata()) for line in axes.lines))
    _names_at_the_ends(figure, axes)
    return figure


def calibration(levels, observed, windows=None, kind="quantiles"):
    """Whether a quantile of 0.9 has 90 of 100 values below it, or a 90 % interval holds them.

    Args:
        levels: (levels,) in (0, 1), increasing: of the quantiles, or the stated coverages of
            central intervals.
        observed: (levels,) in [0, 1]: the share of values below each quantile or inside each
            interval; for several models a dict of such arrays by name.
        windows: how many windows were forecast, for the title; or `None`.
        kind: `"quantiles"` or `"intervals"`.

    Returns:
        A Matplotlib `Figure`; the legend holds each mean distance from the diagonal, in
        percentage points.

    Raises:
        ValueError: no model, lengths that differ, levels that do not increase or leave (0, 1),
            shares outside [0, 1], windows below 1, another kind.

    Example:

    >>> calibration([0.5, 0.8, 0.95], [0.46, 0.77, 0.93], windows=2785, kind="intervals")
    """
    what, x, y, below, above = KINDS[choice("kind", kind, tuple(KINDS))]
    levels = numbers("levels", levels, None)
    if levels[0] <= 0 or levels[-1] >= 1 or not (np.diff(levels) > 0).all():
        raise ValueError(
            f"Expected levels that increase between 0 and 1. Received: levels={levels.tolist()}"
        )
    observed = observed if isinstance(observed, dict) else {None: observed}
    if not observed:
        raise ValueError("Expected shares of at least one model. Received: observed={}")
    figure, axes = new_figure(5.0, 5.4)
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="calibrated")
    for number, (name, given) in enumerate(observed.items()):
        shares = numbers("observed" if name is None else f"observed[{name!r}]", given, len(levels))
        if shares.min() < 0 or shares.max() > 1:
            raise ValueError(
                f"Expected shares between 0 and 1. Received: observed={shares.tolist()}"
            )
        label = f"{100 * np.abs(shares - levels).mean():.1f} points off"
        label = label if name is None else f"{name}: {label}"
        axes.plot(levels, shares, label=label, clip_on=False, zorder=3, **_look(number))
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    for place, side, word in ((0.03, "left", above), (0.97, "right", below)):
        height = {"left": "top", "right": "bottom"}[side]
        text = f"{what} too {word}"
        axes.text(place, 1 - place, text, ha=side, va=height, color=GREY, fontsize=9)
    title = f"Calibration of {what}"
    if windows is not None:
        title += f", {positive_int('windows', windows):,} window{'s' * (windows > 1)}"
    tidy(axes, title, x, y, "both")
    columns = 1 if len(observed) > 1 and max(len(str(name)) for name in observed) > 14 else 2
    look = {"frameon": False, "fontsize": 9, "labelcolor": INK}
    figure.legend(loc="outside lower center", ncols=columns, **look)
    return figure


def residuals(residuals, times=None, lags=None, unit=""):
    """What forecasts left over: over time, how it is spread, and whether it repeats.

    What is left of a good forecast looks like noise: around zero, and with an autocorrelation
    that leaves the band, +-1.96 / sqrt(n), at one lag in twenty. Take residuals of one step
    ahead: those of h steps ahead are correlated over h - 1 lags even of the best forecast.

    Args:
        residuals: (time,), truth minus forecast, in the order of time.
        times: of each, increasing, as in `forecast`; `None`: steps.
        lags: how many autocorrelations to show; `None`: 48, or a third of the residuals when
            these are less.
        unit: of the residuals.

    Returns:
        A Matplotlib `Figure` of three panels.

    Raises:
        ValueError: fewer than three residuals, some that are not finite, all of one value, other
            lengths, lags that are not a whole number from 1 and below the number of residuals.

    Example:

    >>> residuals([0.2, -0.1, 0.3, -0.4, 0.1])
    """
    values = numbers("residuals", residuals, None)
    count = len(values)
    if count < 3 or np.ptp(values) == 0:
        raise ValueError(
            "Expected at least three residuals that are not all the same. Received: residuals of "
            f"length {count}, from {values.min()} to {values.max()}"
        )
    lags = min(LAGS, count // 3) if lags is None else positive_int("lags", lags)
    if lags >= count:
        raise ValueError(f"Expected lags from 1 to {count - 1}. Received: lags={lags!r}")
    axis = read_times(times, count)
    if len(axis.places) != count:
        raise ValueError(f"Expected {count} times. Received: times of length {len(axis.places)}")
    figure, grid = new_figure(8.0, 5.2, nrows=2, ncols=2)
    whole = grid[0, 0].get_gridspec()[0, :]
    for axes in grid[0]:
        axes.remove()
    _over_time(figure.add_subplot(whole), axis, values, unit)
    _histogram(grid[1, 0], values, unit)
    _correlogram(grid[1, 1], values, lags)
    return figure


def autocorrelation(values, lags):
    """The autocorrelations of lags 1 to `lags`: the usual estimate, which divides by n."""
    centred = values - values.mean()
    products = [centred[lag:] @ centred[:-lag] for lag in range(1, lags + 1)]
    return np.array(products) / (centred @ centred)


def _look(number):
    """Colour and mark, then dashes, so that 28 lines differ, and the first seven in grey, too."""
    return {
        "color": PALETTE[number % len(PALETTE)],
        "marker": MARKERS[number % len(MARKERS)],
        "linestyle": LINE_STYLES[number // len(PALETTE) % len(LINE_STYLES)],
        "linewidth": 1.6,
        "markersize": 5,
    }


def _marks(number, count):
    """Eight marks on each line, not at the same places as those of the next one."""
    every = max(count // 8, 1)
    return {"markevery": (number * 2 * every // 5 % every, every)}


def _step_ticks(axes, horizon):
    """Ticks at full days and the like where these divide the horizon."""
    fitting = [k for k in TICKS if horizon % k == 0 and 3 <= horizon // k <= 8]
    if fitting:
        axes.set_xticks(np.arange(0, horizon + 1, fitting[0])[1:])
    else:
        axes.xaxis.get_major_locator().set_params(**WHOLE)
    space = 0.02 * (horizon - 1) or 0.5
    axes.set_xlim(1 - space, horizon + space)


def _names_at_the_ends(figure, axes):
    """The name of each line right of its end, moved up or down where two would touch."""
    figure.draw_without_rendering()
    low, high = axes.get_ylim()
    axes.set_ylim(low, high)
    line_height = 12.5 / 72 * figure.dpi / axes.get_window_extent().height
    ends = [(line.get_ydata()[-1] - low) / (high - low) for line in axes.lines]
    for line, place in zip(axes.lines, _apart(ends, line_height)):
        bend = {"arrowstyle": "-", "color": line.get_color(), "linewidth": 0.9}
        axes.annotate(
            line.get_label(),
            (line.get_xdata()[-1], line.get_ydata()[-1]),
            xytext=(1.03, place),
            textcoords="axes fraction",
            va="center",
            fontsize=9,
            color=INK,
            arrowprops=bend | {"shrinkA": 1, "shrinkB": 3, "relpos": (0, 0.5)},
        )


def _apart(places, gap):
    """The places nearest to the given ones, in the same order, `gap` apart and from 0 to 1."""
    order = np.argsort(places, kind="stable")
    groups = []  # of places that touch: the mean of where they would start, and their number
    for rank, place in enumerate(np.asarray(places)[order]):
        groups.append((place - rank * gap, 1))
        while len(groups) > 1 and groups[-2][0] >= groups[-1][0]:
            (one, n), (two, m) = groups[-2:]
            groups[-2:] = [((one * n + two * m) / (n + m), n + m)]
    starts = np.concatenate([np.full(count, start) for start, count in groups])
    starts = starts.clip(0, max(1 - gap * (len(order) - 1), 0))
    moved = np.empty(len(order))
    moved[order] = starts + gap * np.arange(len(order))
    return moved


def _over_time(axes, axis, values, unit):
    axes.axhline(0, color=GREY, linewidth=1)
    many = len(values) > 400
    look = {"linewidth": 0.7} if many else {"linewidth": 1.1, "marker": "o", "markersize": 3}
    axes.plot(axis.places, values, color=PALETTE[0], **look)
    title = f"Residuals: mean {values.mean():.3g}, standard deviation {values.std():.3g}"
    tidy(axes, title.replace("-", "\u2212"), axis.label, unit)
    axis.dress(axes)


def _histogram(axes, values, unit):
    edges = np.linspace(values.min(), values.max(), int(np.clip(len(values) ** 0.5, 5, 50)) + 1)
    axes.hist(values, edges, color=PALETTE[0], alpha=0.75, rwidth=0.92)
    x = np.linspace(values.min(), values.max(), 200)
    bell = np.exp(-0.5 * ((x - values.mean()) / values.std()) ** 2)
    bell *= len(values) * (edges[1] - edges[0]) / (values.std() * np.sqrt(2 * np.pi))
    axes.plot(x, bell, color=INK, linewidth=1.2, linestyle="--")
    tidy(axes, "Distribution, dashed: normal", unit or "residual", "number")


def _correlogram(axes, values, lags):
    band = 1.96 / np.sqrt(len(values))
    places, heights = np.arange(1, lags + 1), autocorrelation(values, lags)
    axes.axhspan(-band, band, color=FAINT, linewidth=0)
    axes.axhline(0, color=GREY, linewidth=1)
    axes.vlines(places, 0, heights, color=PALETTE[0], linewidth=1.4)
    axes.plot(places, heights, "o", color=PALETTE[0], markersize=3.5)
    tidy(axes, "Autocorrelation, grey: 95 % of noise", "lag", "")
    _step_ticks(axes, lags)
