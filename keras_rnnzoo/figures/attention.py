"""Where a network looked while it wrote or read."""

import numpy as np

from keras_rnnzoo.figures.style import INK, new_figure, tidy


def alignment(examples, columns=None):
    """Attention as shades: what was read across, what was written down; a panel for each text.

    Args:
        examples: a list of `(source, target, weights)`: tokens that were read, tokens that were
            written, and float (target, source) weights. For attention over one text, weights
            (source,) and `None` as target, or the same tokens on both sides.
        columns: panels in a row; two of short texts, one of long ones if `None`.

    Returns:
        A Matplotlib `Figure`.

    Raises:
        ValueError: no examples, or weights whose shape does not fit the tokens.

    Example:

    >>> alignment([(["a", "cat"], ["un", "chat"], [[0.9, 0.1], [0.2, 0.8]])])
    """
    examples = [_checked(*example) for example in examples]
    if not examples:
        raise ValueError("Expected one example or more. Received: examples=[]")
    widest = max(len(source) for source, _, _ in examples)
    columns = min(columns or (2 if widest <= 24 else 1), len(examples))
    rows = -(-len(examples) // columns)
    tallest = max(len(target) for _, target, _ in examples)
    # ends such as </s> aside, texts of characters have narrow columns and upright labels
    letters = max(len(token) for source, _, _ in examples for token in source[:-1] or source)
    side = 0.2 if letters == 1 else 0.36
    width, height = 1.4 + side * widest, 1.2 + side * tallest + 0.06 * letters
    figure, grid = new_figure(
        width * columns + 0.8, max(height, 1.6) * rows, nrows=rows, ncols=columns, squeeze=False
    )
    for axes in grid.flat[len(examples) :]:
        axes.set_visible(False)
    for axes, (source, target, weights) in zip(grid.flat, examples):
        image = axes.imshow(weights, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        tidy(axes, "", "", "", grid=None)
        axes.set_xticks(range(len(source)), source)
        if letters > 1:
            axes.set_xticks(
                range(len(source)), source, rotation=60, ha="right", rotation_mode="anchor"
            )
        axes.set_yticks(range(len(target)), target)
        axes.tick_params(length=0, labelsize=8, labelcolor=INK)
        axes.spines[:].set_visible(False)
    bar = figure.colorbar(image, ax=list(grid.flat), shrink=0.7, label="share of attention")
    bar.outline.set_visible(False)
    return figure


def _checked(source, target, weights):
    source = list(map(str, source))
    weights = np.atleast_2d(np.asarray(weights, "float64"))
    target = [""] if target is None else [str(token) for token in target]
    if weights.shape != (len(target), len(source)):
        raise ValueError(
            "Expected weights with a row for each token that was written and a column for each "
            f"that was read. Received: weights of shape {weights.shape}, {len(target)} and "
            f"{len(source)} tokens"
        )
    return source, target, weights
