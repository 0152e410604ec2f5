"""What a classifier of clips was given, and what it said of it."""

import numpy as np

from keras_rnnzoo.figures.style import INK, PALETTE, new_figure

FRAMES = 6  # of a video that are shown


def clip_page(clips, titles, right, columns=4):
    """A page of spectrograms or videos, each below what was said of it.

    Args:
        clips: arrays (time, bands), drawn with time to the right and the highest band on top; or
            videos (time, height, width, channels), of which six frames stand side by side.
        titles: a line for each.
        right: whether what was said is right, which its colour tells.
        columns: pictures in a row.

    Returns:
        A Matplotlib `Figure`.

    Raises:
        ValueError: no clips, or another number of titles or marks.

    Example:

    >>> clip_page([np.zeros((30, 40))], ["seven (98 %)"], [True])
    """
    if not len(clips) or not len(clips) == len(titles) == len(right):
        raise ValueError(
            "Expected one clip or more, with a title and a mark each. Received: "
            f"{len(clips)} clips, {len(titles)} titles, {len(right)} marks"
        )
    clips, rows, width = list(map(np.asarray, clips)), -(-len(clips) // columns), 2.6
    # A strip of frames keeps its shape, and leaves no room above and below; sounds fill theirs.
    heights = [1.5 if c.ndim == 2 else width * c.shape[1] / (FRAMES * c.shape[2]) for c in clips]
    size = (width * columns, (max(heights) + 0.4) * rows)
    figure, grid = new_figure(*size, nrows=rows, ncols=columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, clip, title, good in zip(grid.flat, clips, titles, right):
        if clip.ndim == 2:
            axes.imshow(clip.T, origin="lower", aspect="auto", cmap="magma")
        else:
            shown = clip[np.linspace(0, len(clip) - 1, FRAMES).round().astype("int64"), ..., 0]
            shown = np.pad(shown, [(0, 0), (0, 0), (0, 1)], constant_values=shown.max())
            axes.imshow(np.concatenate(list(shown), axis=1), cmap="gray")
        colour = INK if good else PALETTE[1]
        weight = "normal" if good else "bold"
        axes.set_title(title, loc="left", fontsize=8.5, color=colour, fontweight=weight)
    return figure
