"""How a network learned."""

import numpy as np

from keras_rnnzoo.figures.style import GREY, INK, PALETTE, line_look, new_figure, tidy

HIGHER_IS_BETTER = ("accuracy", "acc", "auc", "f1", "precision", "recall")


def learning_curves(history, levels=None):
    """A panel for each metric, training against validation, with the best epoch marked.

    Args:
        history: lists of one value an epoch by name, as `History.history`; `val_loss` belongs to
            `loss`, and may stand alone. The best epoch is that of the lowest validation loss;
            without one that of the best other validation score, else of the lowest loss.
        levels: what to compare a metric with: `{"loss": {"unigram": 3.3}}`.

    Returns:
        A Matplotlib `Figure`.

    Raises:
        ValueError: no finished epoch.

    Example:

    >>> learning_curves({"loss": [0.6, 0.4], "val_loss": [0.5, 0.6]})
    """
    history = {name: np.asarray(values, "float64") for name, values in history.items()}
    names = [name.removeprefix("val_") for name in history if name != "learning_rate"]
    shown = list(dict.fromkeys(names))
    if not shown or not all(map(len, history.values())):
        raise ValueError(
            "Expected a history with at least one finished epoch. Received: history with "
            f"{ {name: len(values) for name, values in history.items()} }"
        )
    best = _best_epoch(history)
    figure, grid = new_figure(4.6 * len(shown), 3.8, ncols=len(shown), squeeze=False)
    for axes, name in zip(grid[0], shown, strict=True):
        if name in history:
            _curve(axes, history[name], "training", PALETTE[0], "o")
        if f"val_{name}" in history:
            _curve(axes, history[f"val_{name}"], "validation", PALETTE[1], "s")
        values = history.get(f"val_{name}", history.get(name))
        label = f"best epoch ({best + 1}): {values[best]:.4g}"
        axes.axvline(best + 1, color=GREY, linestyle=":", linewidth=1.2, label=label, zorder=1)
        for number, (other, level) in enumerate((levels or {}).get(name, {}).items(), start=2):
            look = {"linewidth": 1.2, "zorder": 1, **line_look(number)}
            axes.axhline(level, label=f"{other}: {level:.4g}", **look)
        tidy(axes, name.replace("_", " "), "epoch", "")
        axes.set_xlim(0.7, len(values) + 0.3)
        axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        axes.legend(frameon=bool(levels), edgecolor="white", fontsize=9, labelcolor=INK)
    return figure


def _best_epoch(history):
    validated = [name for name in history if name.startswith("val_")]
    name = next(n for n in ("val_loss", *validated, "loss", *history) if n in history)
    higher = any(word in name.lower() for word in HIGHER_IS_BETTER)
    return int(np.argmax(history[name]) if higher else np.argmin(history[name]))


def _curve(axes, values, label, colour, marker):
    epochs = np.arange(1, len(values) + 1)
    axes.plot(epochs, values, color=colour, marker=marker, markersize=4, label=label)
