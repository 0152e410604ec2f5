"""What attention weighs: a text with its words shaded."""

import numpy as np

from keras_rnnzoo.figures.style import INK, PALETTE, new_figure

LINE = 84  # letters
LETTER = 0.0765  # inches, of the font below
FONT = {"family": "monospace", "fontsize": 9, "color": INK, "va": "center"}


def word_weights(texts, title="What the attention weighs"):
    """Texts in lines, each word the darker the more it weighs.

    Shades are relative to the heaviest word of each text.

    Args:
        texts: by a heading for each: pairs of a word and its weight, as
            `TextClassifier.attention` gives them.
        title: of the figure.

    Returns:
        A Matplotlib `Figure`.

    Raises:
        ValueError: no text, a text without words, weights that are negative or not finite.

    Example:

    >>> word_weights({"positive, 93 %": [("a", 0.1), ("wonder", 0.9)]})
    """
    from matplotlib.patches import Rectangle

    lines = [line for heading, pairs in texts.items() for line in _lines(heading, pairs)]
    if not lines:
        raise ValueError(f"Expected a text at least. Received: texts={texts!r}")
    figure, axes = new_figure(LINE * LETTER + 0.4, 0.2 * len(lines) + 0.6)
    for row, words in enumerate(lines):
        for column, word, shade in words:
            heading = shade is None
            if shade:
                box = Rectangle((column - 0.25, row - 0.42), len(word) + 0.5, 0.84, lw=0)
                box.set(facecolor=PALETTE[1], alpha=0.75 * shade)
                axes.add_patch(box)
            weight = "bold" if heading else "normal"
            axes.text(column, row, word, **FONT, fontweight=weight, parse_math=False)
    axes.set(xlim=(-0.5, LINE + 0.5), ylim=(len(lines) - 0.4, -0.8))
    axes.set_axis_off()
    axes.set_title(title, loc="left", fontsize=11, color=INK, fontweight="bold")
    return figure


def _lines(heading, pairs):
    """Lines of (column, word, shade); a heading has no shade."""
    words = [str(word) for word, _ in pairs]
    weights = np.array([weight for _, weight in pairs], dtype="float64")
    if not words or not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError(
            "Expected words with finite weights from 0, one word at least. Received: "
            f"{heading!r}: {pairs!r}"
        )
    shades = weights / (weights.max() or 1)
    lines, column = [[(0, heading, None)], []], 0
    for word, shade in zip(words, shades):
        shown = word if len(word) <= LINE else word[: LINE - 1] + "…"
        if column and column + len(shown) > LINE:
            lines.append([])
            column = 0
        lines[-1].append((column, shown, float(shade)))
        column += len(shown) + 1
    return [*lines, []]
