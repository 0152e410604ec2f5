"""Cells beside each other: what each costs and what it reaches."""

import numpy as np

from keras_rnnzoo.figures.style import GREY, INK, PALETTE, new_figure, tidy
from keras_rnnzoo.figures.time_axes import numbers

DISTANCES = (5, 9, 15, 23, 33, 45)  # of a name from its point, in points
ANGLES = np.arange(16) * np.pi / 8
ROUNDS = 5


def cells_scatter(cells, cost="seconds", score="MSE", lower=True):
    """Score against cost: a name at each cell, and the cells that none beats in both.

    Args:
        cells: by the name of each cell (cost, score), such as seconds or parameters and an
            error; the score may be a list with one for each seed, of which mean and range are
            shown.
        cost: what the first number is.
        score: what the second number is.
        lower: whether a lower score is better.

    Returns:
        A Matplotlib `Figure`; costs are on a logarithmic scale where the largest is ten times
        the smallest or more.

    Raises:
        ValueError: no cell, one without a pair, a cost that is not above 0, a cell without
            scores, numbers that are not finite.

    Example:

    >>> cells_scatter({"GRU": (61, [0.371, 0.374]), "LSTM": (75, 0.372)})
    """
    names, costs, scores = _read(cells)
    means = np.array([values.mean() for values in scores])
    best = _unbeaten(costs, means if lower else -means)
    figure, axes = new_figure(7.4, min(4.6 + 0.05 * len(names), 9))
    for chosen, colour, shape, label in (
        (~best, GREY, "o", "another cell is better in both"),
        (best, PALETTE[0], "D", "no other cell is better in both"),
    ):
        if chosen.any():
            look = {"color": colour, "marker": shape, "markersize": 6, "linestyle": "none"}
            axes.plot(costs[chosen], means[chosen], label=label, zorder=3, **look)
    ranges = [((x, s.min()), (x, s.max())) for x, s in zip(costs, scores) if len(s) > 1]
    for (place, low), (_, high) in ranges:
        axes.vlines(place, low, high, color=GREY, linewidth=1, zorder=1)
    order = np.flatnonzero(best)[np.argsort(costs[best], kind="stable")]
    stairs = np.repeat(costs[order], 2)[1:], np.repeat(means[order], 2)[:-1]
    axes.plot(*stairs, color=PALETTE[0], linewidth=1, alpha=0.5, zorder=1.5)
    _cost_axis(axes, costs)
    axes.margins(x=0.1, y=0.12)
    better = "lower" if lower else "higher"
    title = f"{score[:1].upper()}{score[1:]} against {cost}"
    tidy(axes, title, cost, f"{score}, {better} is better", "both")
    look = {"frameon": False, "fontsize": 9, "labelcolor": INK}
    figure.legend(loc="outside lower center", ncols=2, **look)
    corners = list(zip(*stairs))
    strokes = ranges + list(zip(corners[:-1], corners[1:]))
    _name_points(figure, axes, names, np.stack([costs, means], axis=1), strokes)
    return figure


def _read(cells):
    """Names, costs, and an array of scores for each."""
    if not isinstance(cells, dict) or not cells:
        raise ValueError(
            "Expected a dict with at least one cell's cost and score by its name. Received: "
            f"cells={cells!r:.200}"
        )
    costs, scores = [], []
    for name, pair in cells.items():
        if not isinstance(pair, (tuple, list, np.ndarray)) or len(pair) != 2:
            raise ValueError(
                f"Expected a pair of cost and score. Received: cells[{name!r}]={pair!r}"
            )
        costs.append(float(numbers(f"cost of {name!r}", [pair[0]], 1)[0]))
        scores.append(numbers(f"score of {name!r}", np.atleast_1d(pair[1]), None))
        if costs[-1] <= 0:
            raise ValueError(f"Expected costs above 0. Received: cells[{name!r}]={pair!r}")
    return list(cells), np.array(costs), scores


def _unbeaten(costs, errors):
    """Whether no other cell is at least as good in both and better in one."""
    as_good = (costs[:, None] >= costs) & (errors[:, None] >= errors)
    better = (costs[:, None] > costs) | (errors[:, None] > errors)
    return ~(as_good & better).any(axis=1)


def _cost_axis(axes, costs):
    from matplotlib.ticker import FuncFormatter, LogLocator

    if costs.max() >= 10 * costs.min():
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.minorticks_off()
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


def _name_points(figure, axes, names, points, strokes):
    """Names beside their points, placed so that they cover as little as possible.

    A thin line leads to a name that had to go further away.
    """
    from matplotlib.patheffects import withStroke

    figure.draw_without_rendering()
    look = {"fontsize": 8.5, "color": INK, "zorder": 4, "ha": "center", "va": "center"}
    texts = [axes.text(0, 0, name, **look) for name in names]
    pixel = figure.dpi / 72
    sizes = np.array([text.get_window_extent().size for text in texts]) / pixel + [2, 0]
    for text in texts:
        text.remove()
    places, *ends = (
        axes.transData.transform(np.reshape(part, (-1, 2))) / pixel
        for part in (points, [one for one, _ in strokes], [two for _, two in strokes])
    )
    boxes = np.concatenate([places, (ends[0] + ends[1]) / 2])
    extents = np.concatenate([np.full(places.shape, 9.0), np.abs(ends[0] - ends[1]) + 2])
    frame = axes.get_window_extent().get_points() / pixel
    for name, point, size, offset in zip(
        names, points, sizes, _offsets(places, sizes, frame, boxes, extents)
    ):
        far = (np.abs(offset) - size / 2).max() > DISTANCES[1] + 1
        line = {"arrowstyle": "-", "color": GREY, "linewidth": 0.7, "shrinkA": 0, "shrinkB": 4}
        look |= {"textcoords": "offset points", "arrowprops": line if far else None}
        text = axes.annotate(name, point, offset, **look)
        text.set_path_effects([withStroke(linewidth=2, foreground="white")])
        text.set_in_layout(False)


def _offsets(places, sizes, frame, boxes, extents):
    """From each point to the middle of its name, all in points of print.

    Each name in turn takes the place around its point that is best given all others, a few
    times over. `boxes` and `extents` are what names should not cover, the points' marks first.
    """
    distance = np.repeat(DISTANCES, len(ANGLES))
    rings = np.tile(np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1), (len(DISTANCES), 1))
    offsets, count = np.full(places.shape, np.nan), len(places)
    for _ in range(ROUNDS):
        for k, (place, size) in enumerate(zip(places, sizes)):
            tried = rings * (distance[:, None] + size / 2)
            middle = place + tried
            others = np.arange(count) != k
            cost = 10.0 * _covered(middle, size, (places + offsets)[others], sizes[others])
            cost += 5 * _covered(middle, size, places[others], extents[:count][others])
            cost += 1.5 * _covered(middle, size, boxes[count:], extents[count:])
            outside = np.maximum(frame[0] - (middle - size / 2), middle + size / 2 - frame[1])
            cost += 10 * (outside > 0).any(axis=1) + 0.06 * distance
            cost -= 0.1 * rings[:, 0]  # best on the right
            offsets[k] = tried[np.argmin(cost)]
    return offsets


def _covered(middles, size, others, sizes):
    """How many other boxes a box touches at each of its middles; one without a place is none."""
    gaps = np.abs(middles[:, None] - others[None]) - (size + sizes[None]) / 2
    return (gaps < 0).all(axis=2).sum(axis=1)
