"""One look for all figures: colours that everybody can tell apart, quiet axes."""

import os
from pathlib import Path

# Okabe and Ito's palette, without its yellow, which is too light for lines on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINE_STYLES = ("-", "--", "-.", ":")
INK = "#222222"
GREY = "#8a8a8a"
FAINT = "#e4e4e4"


def new_figure(width=6.4, height=4.0, **grid):
    """A figure that belongs to no window, and its axes.

    Args:
        width, height: in inches.
        **grid: arguments of `Figure.subplots`.

    Raises:
        ImportError: Matplotlib is missing.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            f'Figures need Matplotlib. {error}. Install it: pip install "keras_rnnzoo[examples]"'
        ) from error
    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    return figure, figure.subplots(**grid)


def tidy(axes, title, x, y, grid="y"):
    """Title and labels, a faint grid behind the data, no frame on top and right."""
    axes.set_title(title, loc="left", fontsize=11, color=INK, fontweight="bold")
    axes.set_xlabel(x, color=INK)
    axes.set_ylabel(y, color=INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GREY)
    axes.tick_params(colors=INK, labelsize=9, color=GREY)
    axes.set_axisbelow(True)
    if grid:
        axes.grid(axis=grid, color=FAINT, linewidth=0.8)


def line_look(number):
    """Colour and dashes of line `number`; seven colours times four dashes before one repeats."""
    return {
        "color": PALETTE[number % len(PALETTE)],
        "linestyle": LINE_STYLES[number % len(LINE_STYLES)],
    }


def save(figure, path):
    """Write a figure to a file that is there whole or not at all.

    Args:
        figure: a Matplotlib `Figure`.
        path: of the file; its ending chooses the format (`.png`, `.svg`, `.pdf`). The folder is
            made where missing.

    Example:

    >>> save(learning_curves(history), "figures/curves.png")
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.stem}.{os.getpid()}.tmp{path.suffix}")
    try:
        figure.savefig(unfinished, dpi=150)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
