"""Recordings of sound, or short videos, each with a class: checked, cut and counted."""

from dataclasses import dataclass

import numpy as np

from keras_rnnzoo.base.options import positive_int
from keras_rnnzoo.datasets.sequences import SequenceParts, numbered


@dataclass(frozen=True)
class Clips:
    """Clips of unequal length: waves, or frames of one size, with a class each.

    Attributes:
        values: a list of float32 arrays, finite and not empty: waves (samples,) in [-1, 1], or
            videos (time, height, width, channels). Integers of 16 bits are taken as a wave's.
        labels: int64 array (n,), numbers of classes; given as names, they become numbers. None
            where the classes are not known.
        classes: their names. Default: the different labels in alphabetical order.
        ids: names of the clips. Default: "0", "1", ...
        rate: samples a second of all waves; None for videos.

    Raises:
        ValueError: no clips, an empty one, one of another kind or size, a value that is not finite,
            an unknown label; each names the clip.

    Example:

    >>> Clips([np.zeros(800), np.zeros(950)], ["yes", "no"], rate=8000).classes
    ('no', 'yes')
    """

    values: list
    labels: np.ndarray | None = None
    classes: tuple = ()
    ids: tuple = ()
    rate: int | None = None

    def __post_init__(self):
        values, labels = list(self.values), self.labels
        ids = tuple(map(str, self.ids if len(self.ids) else range(len(values))))
        if not values:
            raise ValueError("Expected at least one clip. Received: values=[]")
        if len(ids) != len(values):
            raise ValueError(
                f"Expected an id for each of the {len(values)} clips. Received: {len(ids)} ids"
            )
        rate = None if self.rate is None else positive_int("rate", self.rate)
        values = [checked(value, name, rate) for value, name in zip(values, ids)]
        for value, name in zip(values, ids):
            if value.shape[1:] != values[0].shape[1:]:
                raise ValueError(
                    f"Clip {name}: expected frames {values[0].shape[1:]} as in the first clip. "
                    f"Received: frames {value.shape[1:]}"
                )
        classes = tuple(map(str, self.classes))
        if labels is not None:
            names = labels if classes else [str(label) for label in labels]
            classes = classes or tuple(sorted(set(names)))
            labels = numbered(names, classes, ids)
        made = {"values": values, "labels": labels, "classes": classes, "ids": ids}
        for name, value in made.items():
            object.__setattr__(self, name, value)

    def __len__(self):
        return len(self.values)

    @property
    def lengths(self):
        """Samples or frames of each clip, int64 (n,)."""
        return np.array([len(value) for value in self.values])

    @property
    def meaning(self):
        """What the numbers are of, for a checksum."""
        return self.rate

    def take(self, rows):
        """The clips of the given numbers, in that order."""
        values, ids = ([given[row] for row in rows] for given in (self.values, self.ids))
        labels = None if self.labels is None else self.labels[rows]
        return Clips(values, labels, self.classes, tuple(ids), self.rate)


class ClipParts(SequenceParts):
    """Clips to train on, to choose on, and to score once: a `SequenceParts` of three `Clips`."""


def checked(given, name, rate):
    """One clip as a float32 array: a wave where there is a `rate`, else a video.

    Raises:
        ValueError: as `Clips`.
    """
    array = np.asarray(given)
    if array.dtype == np.int16:
        array = array.astype("float32") / 2**15
    wanted = "a wave (samples,)" if rate else "a video (time, height, width, channels)"
    if array.dtype.kind not in "fiub" or array.ndim != (1 if rate else 4):
        hint = " Average its channels." if rate and array.ndim == 2 else ""
        raise ValueError(
            f"Clip {name}: expected {wanted}.{hint} Received: an array of shape {array.shape} and "
            f"type {array.dtype}"
        )
    array = array.astype("float32")
    if not array.size:
        raise ValueError(f"Clip {name}: expected one step or more. Received: shape={array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(
            f"Clip {name}: expected finite numbers. Received: "
            f"{array[~np.isfinite(array)][0]} in step {int(np.argwhere(~np.isfinite(array))[0, 0])}"
        )
    return array


def described(train, validation, test, source, title, hint="", rule=""):
    """`ClipParts` with a line that says what and how many they are."""
    lengths = np.concatenate([part.lengths for part in (train, validation, test)])
    counts = f"{len(train):,} train, {len(validation):,} validation, {len(test):,} test"
    if train.rate:
        seconds = lengths / train.rate
        shape = f"{seconds.min():.2f} to {seconds.max():.2f} s at {train.rate:,} Hz"
    else:
        height, width, _ = train.values[0].shape[1:]
        shape = f"{lengths.min()} to {lengths.max()} frames of {height} x {width}"
    rule = f"; {rule}" if rule else ""
    text = f"{title}: {counts}{rule}; {shape}; classes {', '.join(train.classes)}."
    return ClipParts(train, validation, test, source, text, hint)
