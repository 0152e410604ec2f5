"""Generated videos: into which direction does a small shape move?

A square, a disc or a cross moves steadily through noise, and comes in again on the other side where
it leaves the picture. It starts anywhere, so no frame alone tells the direction, and all frames
without their order tell no more than the line along which it moves, which is right half the time: a
model has to look at the frames and to remember.
"""

import numpy as np

from keras_rnnzoo.base.options import positive_int
from keras_rnnzoo.datasets.clips import Clips, described

FOUR = ("right", "down", "left", "up")
EIGHT = ("right", "down-right", "down", "down-left", "left", "up-left", "up", "up-right")
SHAPES = ("square", "disc", "cross")
SIZES = (800, 200, 400)


def load(sizes=SIZES, directions=4, size=16, frames=(8, 12), noise=0.3, seed=2020, verbose=True):
    """Generate videos in three parts, each drawn on its own.

    Args:
        sizes: how many videos each part has.
        directions: 4 or 8.
        size: height and width of a frame.
        frames: the fewest and the most of a video.
        noise: standard deviation of what is added to every pixel; a shape is 1, the ground 0.
        seed: of all that is drawn. Videos of one seed never change.
        verbose: whether to print one line that says what was made.

    Returns:
        A `keras_rnnzoo.datasets.clips.ClipParts` of videos (time, size, size, 1).

    Raises:
        ValueError: a number that cannot be.

    Example:

    >>> parts = load(sizes=(8, 4, 4), verbose=False)
    >>> parts.train.classes, parts.train.values[0].shape[1:]
    (('right', 'down', 'left', 'up'), (16, 16, 1))
    """
    if directions not in (4, 8):
        raise ValueError(f"`directions` must be 4 or 8. Received: directions={directions!r}")
    fewest, most = (positive_int("frames", count) for count in frames)
    if not 2 <= fewest <= most or positive_int("size", size) < 8 or noise < 0:
        raise ValueError(
            "Expected frames=(fewest, most) from 2, a size from 8, and noise from 0. Received: "
            f"frames={frames}, size={size}, noise={noise}"
        )
    classes = FOUR if directions == 4 else EIGHT
    parts = []
    for number, count in enumerate(sizes):
        # RandomState, not default_rng: NumPy promises that its numbers never change
        draw = np.random.RandomState([seed, number])
        labels = np.arange(positive_int("sizes", count)) % directions
        angles = 2 * np.pi * labels / directions
        videos = [_video(draw, angle, size, (fewest, most), noise) for angle in angles]
        parts.append(Clips(videos, labels, classes))
    parts = described(*parts, "moving_shapes", "GENERATED videos of moving shapes")
    if verbose:
        print(parts.description, flush=True)
    return parts


def _video(draw, angle, size, frames, noise):
    shape = SHAPES[draw.randint(len(SHAPES))]
    count, speed = draw.randint(frames[0], frames[1] + 1), draw.uniform(0.8, 1.6)
    start, radius = draw.uniform(0, size, 2), draw.uniform(1.5, 2.5)
    steps = speed * np.arange(count)[:, None] * np.array([np.sin(angle), np.cos(angle)])
    places = (start + steps)[:, :, None, None]  # (time, 2, 1, 1): row and column
    grid = np.stack(np.meshgrid(np.arange(size), np.arange(size), indexing="ij"))
    away = np.abs((grid - places + size / 2) % size - size / 2)
    if shape == "disc":
        distance = np.sqrt((away**2).sum(1))
    elif shape == "square":
        distance = away.max(1)
    else:
        distance = np.maximum(away.min(1) + radius - 0.5, away.max(1))
    picture = np.clip(radius + 0.5 - distance, 0, 1)  # an edge of one pixel
    return (picture + noise * draw.standard_normal(picture.shape))[..., None]
