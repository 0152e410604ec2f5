"""The sample that stands in for recordings: tones that rise, fall, stay or change to and fro."""

import numpy as np

from keras_rnnzoo.datasets.clips import Clips

CLASSES = ("rising", "falling", "steady", "warble")
SIZES = (120, 40, 80)
RATE = 8000


def sample(sizes=SIZES, seed=2021):
    """Generate short tones; the class is how their pitch goes.

    All start anywhere between 400 and 1,200 Hz, last a fifth to half a second and carry overtones
    and noise. Rising and falling ones cross the same pitches, so their order has to be heard.

    Args:
        sizes: how many tones each part has.
        seed: of the tones. The default never changes, nor does the sample it gives.

    Returns:
        For each part `Clips` at 8,000 Hz.

    Raises:
        ValueError: a size below 1.

    Example:

    >>> sample((4, 4, 4))[0].classes
    ('rising', 'falling', 'steady', 'warble')
    """
    if any(size < 1 for size in sizes):
        raise ValueError(f"Sizes must be 1 or more. Received: sizes={sizes!r}")
    parts = []
    for number, size in enumerate(sizes):
        # RandomState, not default_rng: NumPy promises that its numbers never change
        draw = np.random.RandomState([seed, number])
        labels = np.arange(size) % len(CLASSES)
        parts.append(Clips([tone(draw, CLASSES[k]) for k in labels], labels, CLASSES, rate=RATE))
    return parts


def tone(draw, kind):
    """One tone of a kind, float32 (samples,)."""
    time = np.arange(int(draw.uniform(0.2, 0.5) * RATE)) / RATE
    place = time / time[-1]
    low, ratio = draw.uniform(400, 800), draw.uniform(1.4, 1.9)
    if kind == "rising":
        pitch = low * ratio**place
    elif kind == "falling":
        pitch = low * ratio ** (1 - place)
    elif kind == "steady":
        pitch = low * ratio ** np.full_like(place, draw.uniform(0, 1))
    else:
        pitch = low * np.where(np.sin(2 * np.pi * draw.uniform(2, 4) * place) > 0, 1, ratio)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    wave = np.sin(phase) + draw.uniform(0.1, 0.5) * np.sin(2 * phase)
    loud = draw.uniform(0.1, 0.4) * np.sin(np.pi * np.clip(place, 0.02, 0.98)) ** 0.5
    return (loud * wave + 0.01 * draw.standard_normal(len(time))).astype("float32")
