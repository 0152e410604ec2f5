"""All trials of a sweep in one figure: a line for each, through its choices to its score."""

import numpy as np

from keras_rnnzoo.figures.style import GREY, INK, PALETTE, new_figure
from tuning.factors import plain_value

SHARE, LEAST = 0.1, 5  # of the trials that are drawn as the best
ABSENT = -0.14
READABLE = 30  # categories with more than this many get smaller letters


def parallel_coordinates(configurations, scores, factors, label, lower=True):
    """A line for each trial through its choices; the best tenth and the very best stand out.

    Args:
        configurations: flat dictionaries, `None` where a choice does not apply.
        scores: of each, finite.
        factors: a list of `Factor`, an axis each from left to right; the score comes last.
        label: what the score is.
        lower: whether a lower one is better.

    Returns:
        A Matplotlib `Figure`, with the better end of the score on top. Scores that are much
        worse than most end at the foot of their axis.

    Raises:
        ValueError: no trial.

    Example:

    >>> parallel_coordinates(rows, scores, find_factors(rows), "nll")
    """
    losses = np.asarray(scores, "float64") * (1 if lower else -1)
    if not len(losses):
        raise ValueError("Expected at least one trial. Received: scores=[]")
    ranks = losses.argsort(kind="stable").argsort(kind="stable")
    random = np.random.default_rng(0)
    heights = [_heights(factor, configurations, random) for factor in factors]
    foot = _foot(losses)
    heights.append(1 - np.clip((losses - losses.min()) / (foot - losses.min() or 1), 0, 1))
    lines = np.stack(heights, axis=1)
    most = max([factor.width for factor in factors], default=1)
    figure, axes = new_figure(max(7.0, 1.6 * lines.shape[1] + 1), min(4.6 + 0.09 * most, 9))
    best = max(LEAST, int(np.ceil(SHARE * len(losses))))
    for row in np.argsort(-ranks):
        look = {"color": GREY, "alpha": max(0.12, min(0.4, 40 / len(losses))), "linewidth": 0.8}
        if ranks[row] < best:
            look = {"color": PALETTE[0], "alpha": 0.7, "linewidth": 1.3}
        if ranks[row] == 0:
            look = {"color": PALETTE[1], "linewidth": 2.4}
        axes.plot(lines[row], zorder=2 + (ranks[row] < best) + (ranks[row] == 0), **look)
    for place, factor in enumerate(factors):
        _axis(axes, place, factor)
    ends = (foot, losses.min()) if lower else (-foot, -losses.min())
    beyond = foot < losses.max()
    words = [f"{ends[0]:.3g}" + (" or worse" if beyond else ""), f"{ends[1]:.3g}"]
    _ticks(axes, len(factors), [0, 1], words, left=False)
    _dress(axes, [factor.name.replace("_", " ") for factor in factors] + [label], best)
    return figure


def _foot(losses):
    """The loss at the foot of the axis: of the worst, unless most are much better."""
    third = np.quantile(losses, 0.75)
    return (
        min(losses.max(), third + 1.5 * (third - losses.min()))
        if third > losses.min()
        else losses.max()
    )


def _heights(factor, configurations, random):
    """Where each trial crosses an axis; steps and categories with a little shaking."""
    values = [plain_value(c.get(factor.name)) for c in configurations]
    if factor.kind == "categorical":
        places = dict(zip(factor.values, _even(len(factor.values))))
        heights = np.array([places.get(value, ABSENT) for value in values])
        shake = 0.25 / max(len(places), 10)
    else:
        there = _between(factor, values)
        heights = np.where([value is None for value in values], ABSENT, there)
        shake = 0.015 if factor.kind == "steps" else 0.0
    return heights + random.uniform(-shake, shake, len(values))


def _between(factor, values):
    """How far up numbers lie, from 0 for the smallest to 1 for the largest."""
    low, high = factor.encode([factor.values[0], factor.values[-1]])[:, 0]
    encoded = factor.encode(values)[:, 0]
    return (encoded - low) / (high - low) if high > low else np.full(len(values), 0.5)


def _even(count):
    """From the top down; in the middle where there is but one."""
    return np.linspace(1, 0, count) if count > 1 else np.array([0.5])


def _axis(axes, place, factor):
    if factor.kind == "categorical":
        heights, words = _even(len(factor.values)), [str(value) for value in factor.values]
    elif factor.kind == "steps":
        heights = _between(factor, factor.values)
        words = [f"{value:g}" for value in factor.values]
    else:
        low, high = factor.values
        middle = np.sqrt(low * high) if factor.kind == "log" else (low + high) / 2
        heights, words = [0, 0.5, 1], [f"{value:.2g}" for value in (low, middle, high)]
    if factor.absent:
        heights, words = [*heights, ABSENT], [*words, "none"]
    _ticks(axes, place, heights, words, small=len(words) > READABLE)


def _ticks(axes, place, heights, words, small=False, left=True):
    from matplotlib.patheffects import withStroke

    axes.vlines(place, min(*heights, 0), 1, color=INK, linewidth=1, zorder=5)
    side, shift = ("right", -4) if left else ("left", 4)
    for height, word in zip(heights, words):
        text = axes.annotate(
            word, (place, height), (shift, 0), textcoords="offset points", ha=side, va="center",
            fontsize=6.5 if small else 8, color=INK, zorder=6,
        )  # fmt: skip
        text.set_path_effects([withStroke(linewidth=2.2, foreground="white")])


def _dress(axes, names, best):
    title = f"All trials; the best {best} in blue, the best one in orange"
    axes.set_title(title, loc="left", fontsize=11, color=INK, fontweight="bold", pad=24)
    for place, name in enumerate(names):
        axes.text(place, 1.05, name, ha="center", va="bottom", fontsize=9, color=INK)
    axes.set_xlim(-0.75, len(names) - 0.45)
    axes.set_ylim(ABSENT - 0.05, 1.04)
    axes.set_axis_off()
