"""What a cell can remember: one run on its way to the goal, and all cells beside each other."""

from textwrap import fill

import numpy as np

from keras_rnnzoo.figures.style import FAINT, GREY, INK, PALETTE, new_figure, tidy
from keras_rnnzoo.figures.time_axes import numbers

CELL_INCHES = (1.15, 0.34)  # of the map, width and height


def goal_curve(values, limit, trivial, score="MSE", higher=False, steps=1):
    """A validation score over training, between what needs no memory and the goal.

    Args:
        values: the score after each epoch.
        limit: the goal.
        trivial: the score of a predictor that remembers nothing.
        score: its name.
        higher: whether a higher score is better; losses are on a logarithmic scale.
        steps: of training in an epoch.

    Returns:
        A Matplotlib `Figure`.

    Raises:
        ValueError: no finished epoch, or values that are not numbers.

    Example:

    >>> goal_curve([0.17, 0.12, 0.0004], 1e-3, 1 / 6, steps=50)
    """
    values = np.asarray(values, "float64").reshape(-1)
    if not len(values):
        raise ValueError("Expected at least one finished epoch. Received: values=[]")
    limit, trivial = numbers("limit and trivial", [limit, trivial], 2)
    figure, axes = new_figure(6.4, 3.8)
    x = steps * np.arange(1, len(values) + 1)
    marks = {"marker": "o", "markersize": 3.5} if len(values) <= 40 else {}
    axes.plot(x, values, color=PALETTE[0], linewidth=1.8, label="validation", zorder=3, **marks)
    look = {"linewidth": 1.2, "zorder": 2}
    axes.axhline(trivial, color=GREY, linestyle="--", label=f"no memory: {trivial:.3g}", **look)
    axes.axhline(limit, color=PALETTE[2], linestyle=":", label=f"goal: {limit:.3g}", **look)
    if not higher and limit > 0 and np.nanmin(values) > 0:
        axes.set_yscale("log")
    axes.set_xlim(0, max(x[-1], 1) * 1.02)
    better = "higher" if higher else "lower"
    tidy(axes, f"{score} on validation", "training steps", f"{score}, {better} is better", "both")
    axes.legend(frameon=False, fontsize=9, labelcolor=INK)
    return figure


def solved_map(shares, tasks=None):
    """Which cell solves which task: a square for each, shaded by the share of its runs that did.

    Args:
        shares: by the name of each cell a dict from the name of a task to (solved, runs). A pair
            that was not run is left white.

    Returns:
        A Matplotlib `Figure`; cells that solve the most stand on top.

    Raises:
        ValueError: no cell, a cell without tasks, numbers that cannot be.

    Example:

    >>> solved_map({"GRU": {"adding 400": (3, 3)}, "LSTM": {"adding 400": (1, 3)}})
    """
    tasks = [task for task in tasks or _tasks(shares) if task in _tasks(shares)]
    order = sorted(shares, key=lambda cell: (-_mean_share(shares[cell]), cell))
    width, height = CELL_INCHES
    figure, axes = new_figure(2.6 + width * len(tasks), 1.6 + height * len(order))
    colours = _shades()
    for y, cell in enumerate(order):
        for x, task in enumerate(tasks):
            if task not in shares[cell]:
                axes.text(x, y, "·", color=GREY, ha="center", va="center", fontsize=9)
                continue
            solved, runs = shares[cell][task]
            share = solved / runs
            axes.add_patch(_square(x, y, colours(share)))
            ink = "white" if share > 0.55 else INK
            text = f"{solved}/{runs}"
            axes.text(x, y, text, color=ink, ha="center", va="center", fontsize=8.5)
    axes.set_xlim(-0.5, len(tasks) - 0.5)
    axes.set_ylim(len(order) - 0.5, -0.5)
    tidy(axes, "Solved, of all runs", "", "", grid="")
    axes.set_xticks(range(len(tasks)), [fill(task, 12) for task in tasks])
    axes.set_yticks(range(len(order)), order)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return figure


def _tasks(shares):
    """All tasks, in the order in which they come first."""
    if not isinstance(shares, dict) or not shares:
        raise ValueError(
            f"Expected a dict with the tasks of at least one cell. Received: shares={shares!r:.200}"
        )
    for cell, tasks in shares.items():
        if not isinstance(tasks, dict) or not tasks:
            raise ValueError(
                f"Expected (solved, runs) by task. Received: shares[{cell!r}]={tasks!r}"
            )
        for task, (solved, runs) in tasks.items():
            if not 0 <= solved <= runs or runs < 1:
                raise ValueError(
                    "Expected some runs, and not more of them solved. Received: "
                    f"shares[{cell!r}][{task!r}]={(solved, runs)!r}"
                )
    return list(dict.fromkeys(task for tasks in shares.values() for task in tasks))


def _mean_share(tasks):
    return np.mean([solved / runs for solved, runs in tasks.values()])


def _shades():
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("share", [FAINT, PALETTE[5], PALETTE[0]])


def _square(x, y, colour):
    from matplotlib.patches import Rectangle

    return Rectangle((x - 0.47, y - 0.44), 0.94, 0.88, color=colour, linewidth=0)
