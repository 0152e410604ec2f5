"""The figures of a sweep; each is a Matplotlib `Figure` that stays readable with forty cells."""

import numpy as np

from keras_rnnzoo.figures.style import FAINT, GREY, INK, PALETTE, line_look, new_figure, tidy

NAMED, BANDS = 7, 3  # lines in colours of their own, and those with a band; others are grey


def intervals(table, title, label, zero=None, log=False, marked=None):
    """A row for each name: its estimate and its interval.

    Args:
        table: with a row for each name, first one on top, and columns `middle`, `low`, `high`.
        title, label: of the figure and of its axis.
        zero: where a line stands for no difference; default none.
        log: whether the axis is logarithmic.
        marked: names to be filled in, such as those that differ for sure; others are open.

    Returns:
        A Matplotlib `Figure`. Intervals that reach far beyond the others are cut, and an
        arrowhead says so.

    Example:

    >>> intervals(pd.DataFrame({"middle": [1], "low": [0], "high": [2]}, ["gru"]), "Cells", "nll")
    """
    count = len(table)
    figure, axes = new_figure(7.2, 1.5 + 0.23 * count)
    low, high = _view(table, zero) if not log else (None, None)
    if zero is not None:
        axes.axvline(zero, color=GREY, linewidth=1, linestyle="--", zorder=1)
    for place, (name, row) in enumerate(table.iterrows()):
        filled = marked is None or name in marked
        colour = PALETTE[0] if filled else GREY
        axes.hlines(place, row["low"], row["high"], color=colour, linewidth=2, zorder=2)
        face = {"markerfacecolor": colour if filled else "white", "markeredgecolor": colour}
        axes.plot(row["middle"], place, "o", markersize=6, zorder=3, **face)
        for beyond, edge, shape in ((row["low"], low, "<"), (row["high"], high, ">")):
            if edge is not None and np.sign(beyond - edge) == (1 if shape == ">" else -1):
                axes.plot(edge, place, shape, color=colour, markersize=7, clip_on=False, zorder=4)
    if log:
        _log_axis(axes)
    else:
        axes.set_xlim(low, high)
    tidy(axes, title, label, "", grid="x")
    axes.set_yticks(range(count), table.index)
    axes.set_ylim(count - 0.4, -0.6)
    return figure


def _log_axis(axes):
    from matplotlib.ticker import FuncFormatter, LogLocator

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.minorticks_off()


def _view(table, zero):
    """Ends of an axis that leaves out the far ends of a few intervals."""
    ends = table[["low", "middle", "high"]].to_numpy("float64").ravel()
    ends = ends[np.isfinite(ends)]
    if not len(ends):
        return None, None
    ends = np.append(ends, [] if zero is None else zero)
    first, third = np.quantile(ends, [0.25, 0.75])
    reach = 4 * (third - first) or np.inf
    low, high = max(ends.min(), first - reach), min(ends.max(), third + reach)
    space = 0.04 * (high - low) or 0.5
    return low - space, high + space


def heatmaps(panels, label, lower=True):
    """Scores of cells in rows and depths in columns, with the number in each field.

    Args:
        panels: tables by their titles, of the same rows; a field that is NaN was not tried.
        label: what the numbers are.
        lower: whether a lower one is better.

    Returns:
        A Matplotlib `Figure`. Colours end where the worst tenth of the fields begins, so that
        one diverged field does not take all of them.

    Example:

    >>> heatmaps({"best": pd.DataFrame({1: [0.5], 2: [0.4]}, ["gru"])}, "nll")
    """
    rows, columns = next(iter(panels.values())).shape
    width = 1.2 + len(panels) * (0.9 + 0.72 * columns)
    figure, grid = new_figure(
        max(width, 4.5), 1.6 + 0.26 * rows, ncols=len(panels), squeeze=False, sharey=True
    )
    for axes, (title, table) in zip(grid[0], panels.items()):
        values = table.to_numpy("float64")
        losses = values if lower else -values
        best, worst = np.nanmin(losses), np.nanquantile(losses, 0.9)
        shade = np.clip((losses - best) / (worst - best or 1), 0, 1)
        axes.imshow(1 - shade, cmap="viridis", vmin=-0.15, vmax=1, aspect="auto")
        for place in np.ndindex(rows, columns):
            missing = np.isnan(values[place])
            text = "-" if missing else f"{values[place]:#.3g}".rstrip(".")
            dark = not missing and shade[place] > 0.45
            axes.text(
                *place[::-1], text, ha="center", va="center", fontsize=8,
                color="white" if dark else INK,
            )  # fmt: skip
        tidy(axes, title, "depth", "", grid=None)
        axes.set_xticks(range(columns), table.columns)
        axes.set_yticks(range(rows), table.index)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
    better = "lower" if lower else "higher"
    figure.supxlabel(f"{label}; brighter is better ({better})", fontsize=9, color=INK)
    return figure


def best_of_n(curves, label, lower=True):
    """The score to expect after n trials, with bands for the first cells and the rest in grey.

    Args:
        curves: by the cell's name arrays of the expected best, and of the lower and the upper
            end of its band, from n = 1; the cells that matter most first.
        label: what the score is.
        lower: whether a lower one is better.

    Returns:
        A Matplotlib `Figure`; n is on a logarithmic scale.

    Example:

    >>> best_of_n({"gru": ([0.5, 0.4], [0.4, 0.3], [0.6, 0.5])}, "nll")
    """
    figure, axes = new_figure(7.4, 4.6)
    seen, longest = [], 1
    for number, (name, (middle, low, high)) in reversed(list(enumerate(curves.items()))):
        counts, look = np.arange(1, len(middle) + 1), _look(number, name)
        axes.plot(counts, middle, **look)
        longest = max(longest, len(middle))
        seen.append(middle)
        if number < BANDS:
            _band(axes, counts, low, high, look)
            seen += [low, high]
    _count_axis(axes, longest)
    axes.set_ylim(*_span(np.concatenate(seen), lower))
    tidy(axes, "Expected best of n trials", "trials n", _worded(label, lower))
    _name_lines(figure, axes, len(curves))
    return figure


def _look(number, name):
    if number >= NAMED:
        return {"color": GREY, "alpha": 0.5, "linewidth": 0.9, "zorder": 1}
    return line_look(number) | {"linewidth": 1.9, "label": name, "zorder": 3}


def _band(axes, places, low, high, look):
    axes.fill_between(places, low, high, color=look["color"], alpha=0.13, linewidth=0, zorder=2)


def _count_axis(axes, last):
    from matplotlib.ticker import FixedLocator, FuncFormatter

    ticks = [t for t in (1, 2, 3, 5, 8, 12, 20, 30, 50, 100, 200, 500, 1000) if t <= last]
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.minorticks_off()
    axes.set_xlim(0.95, max(last, 1.5) * 1.05)


def _span(values, lower):
    """Limits from the best value to where all but a diverged few have their place."""
    losses = np.sort(values if lower else -values)
    best, third = losses[0], np.quantile(losses, 0.75)
    worst = min(losses[-1], third + 1.5 * (third - best)) if third > best else losses[-1]
    space = 0.05 * (worst - best) or 0.05 * abs(best) or 0.5
    ends = best - space, worst + space
    return ends if lower else (-ends[1], -ends[0])


def _worded(label, lower):
    return f"{label}, {'lower' if lower else 'higher'} is better"


def _name_lines(figure, axes, count):
    handles, labels = axes.get_legend_handles_labels()
    if count > NAMED:
        handles.insert(0, axes.plot([], [], color=GREY, alpha=0.5)[0])
        labels.insert(0, f"{count - NAMED} others")
    look = {"frameon": False, "fontsize": 9, "labelcolor": INK}
    figure.legend(handles[::-1], labels[::-1], loc="outside right upper", **look)


def winner_curves(curves, label, lower=True):
    """Validation scores by epoch: the mean over seeds, and the range of the first cells.

    Args:
        curves: by the cell's name a list of curves, one for each seed; the cells that matter
            most first. Where curves differ in length, the mean is over those that go on.
        label: what the score is.
        lower: whether a lower one is better.

    Returns:
        A Matplotlib `Figure`.

    Example:

    >>> winner_curves({"gru": [[0.9, 0.7, 0.6], [0.8, 0.7]]}, "nll")
    """
    figure, axes = new_figure(7.4, 4.6)
    seen = []
    for number, (name, seeds) in reversed(list(enumerate(curves.items()))):
        longest = max(map(len, seeds))
        table = np.full((len(seeds), longest), np.nan)
        for row, curve in zip(table, seeds):
            row[: len(curve)] = curve
        epochs, mean = np.arange(1, longest + 1), np.nanmean(table, axis=0)
        look = _look(number, name)
        if number < BANDS:
            _band(axes, epochs, np.nanmin(table, axis=0), np.nanmax(table, axis=0), look)
        dot = {"marker": "o", "markersize": 4} if longest == 1 else {}
        axes.plot(epochs, mean, **look, **dot)
        seen.append(mean)
    axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    axes.set_ylim(*_span(np.concatenate(seen), lower))
    tidy(axes, "Winners while they learn", "epoch", _worded(f"validation {label}", lower))
    _name_lines(figure, axes, len(curves))
    return figure


def importance_bars(summary, pairs):
    """Bars of the shares of single factors and of the largest pairs, with quartiles over trees.

    Args:
        summary: as `Importance.summary()`.
        pairs: as `Importance.summary(pairs=True)`; the six largest are drawn.

    Returns:
        A Matplotlib `Figure`.

    Example:

    >>> importance_bars(found.summary(), found.summary(pairs=True))
    """
    pairs = pairs.iloc[:6]
    names = [*summary.index, *(f"{one} x {two}" for one, two in pairs.index)]
    shares = np.concatenate([summary.to_numpy("float64"), pairs.to_numpy("float64")])
    places = np.arange(len(names)) + 0.5 * (np.arange(len(names)) >= len(summary))
    figure, axes = new_figure(7.2, 1.4 + 0.27 * len(names))
    colours = [PALETTE[0]] * len(summary) + [PALETTE[1]] * len(pairs)
    axes.barh(places, shares[:, 0], color=colours, height=0.62, zorder=2)
    axes.hlines(places, shares[:, 1], shares[:, 2], color=INK, linewidth=1.4, zorder=3)
    for place, (share, _, high) in zip(places, shares):
        far = max(share, high) + 0.01
        axes.text(far, place, f"{share:.1%}", va="center", fontsize=8.5, color=INK)
    tidy(axes, "Share of the variance", "single factors, then what pairs add", "", grid="x")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xlim(0, min(1.12, 1.15 * shares.max() + 0.05))
    axes.set_yticks(places, names)
    axes.set_ylim(places[-1] + 0.6, -0.6)
    axes.grid(axis="x", color=FAINT)
    return figure
