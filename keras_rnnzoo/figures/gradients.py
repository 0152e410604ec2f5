"""How far back the gradient of a loss reaches."""

import numpy as np

from keras_rnnzoo.figures.style import GREY, INK, line_look, new_figure, tidy

FLOOR, CEILING = 1e-12, 1e12  # whatever lies beyond would press the other lines together
BACK = "steps before the end"


def gradient_through_time(norms, jacobians=None):
    """How much of the loss's gradient arrives at each earlier step, for several cells.

    Args:
        norms: for each cell's name the norms of the gradient with respect to the state (or input)
            of each step, first step first; or an array (runs, time) of several runs, whose median
            is drawn, and in a light band all that lies between the extremes.
        jacobians: for cells of these the largest singular value of each step's Jacobian, alike;
            drawn in a panel below. NaN where it was not computed.

    Returns:
        A Matplotlib `Figure`, the norms on a logarithmic scale and relative to the last step. A
        gradient that has vanished altogether leaves a gap; steps without a number are passed over.
        The legend has the order of the lines at the first step.

    Raises:
        ValueError: no cells, no steps, negative or infinite norms, or a last one that is not above
            zero; Jacobians of a cell without norms.

    Example:

    >>> gradient_through_time({"LSTM": [0.5, 0.8, 1.0], "SimpleRNN": [1e-6, 1e-3, 1.0]})
    """
    jacobians = jacobians or {}
    if not norms or not jacobians.keys() <= norms.keys():
        raise ValueError(
            "Expected the norms of at least one cell, and of each whose Jacobians are given. "
            f"Received: norms of {list(norms)}, jacobians of {list(jacobians)}"
        )
    relative = {name: _relative(name, runs) for name, runs in norms.items()}
    looks = {name: line_look(number) for number, name in enumerate(norms)}
    panels = {"nrows": 2, "sharex": True, "height_ratios": (5, 2)} if jacobians else {}
    size = (8.4, 6.0) if jacobians else (7.4, 4.2)
    figure, grid = new_figure(*size, squeeze=False, **panels)
    axes = grid[0, 0]
    lines = [_median(axes, runs, name, looks[name]) for name, runs in relative.items()]
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, FLOOR), min(high, CEILING))
    axes.invert_xaxis()
    title = "Gradient through time, relative to the last step"
    tidy(axes, title, "" if jacobians else BACK, "norm of the gradient", "both")
    for name, runs in jacobians.items():
        _median(grid[1, 0], np.atleast_2d(np.asarray(runs, "float64")), name, looks[name])
    if jacobians:
        grid[1, 0].set_yscale("log")
        tidy(grid[1, 0], "Jacobian of a step", BACK, "largest singular value", "both")
    for panel in grid[:, 0]:
        panel.axhline(1, color=GREY, linewidth=0.8, zorder=1)
    lines.sort(key=_at_the_first_step, reverse=True)
    where = {"loc": "outside right upper"} if len(lines) > 4 else {"loc": "outside right center"}
    figure.legend(handles=lines, frameon=False, fontsize=9, labelcolor=INK, **where)
    return figure


def _relative(name, runs):
    """`(runs, time)` in units of the last step."""
    runs = np.atleast_2d(np.asarray(runs, "float64"))
    last = runs[:, -1:] if runs.size else np.zeros(1)
    if np.isinf(runs).any() or (runs < 0).any() or not (last > 0).all():
        raise ValueError(
            "Expected finite norms from 0, with the last one above it. Received: "
            f"norms of {name!r} = {runs.ravel()[:5]}... ({runs.shape[-1]} steps)"
        )
    return runs / last


def _median(axes, runs, name, look):
    """A line of the middle one of several runs, and a band between the extremes."""
    known = ~np.isnan(runs).any(axis=0)
    values = np.where(known, np.sort(runs, axis=0), np.nan)
    values = np.where(values > 0, values, np.nan)
    back = np.arange(runs.shape[1])[::-1]
    if len(known) > known.sum() > 1:  # computed at some steps alone
        back, values = back[known], values[:, known]
    middle = np.median(values, axis=0)
    if len(runs) > 1:
        axes.fill_between(back, values[0], values[-1], alpha=0.12, lw=0, color=look["color"])
    return axes.plot(back, middle, linewidth=1.4, **look, label=name)[0]


def _at_the_first_step(line):
    """What a line shows farthest back; a gap is the least of all."""
    first = line.get_ydata()[0]
    return -1.0 if np.isnan(first) else first
