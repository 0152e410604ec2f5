"""Sequences of several channels and unequal length, each with a class: checked, cut and batched."""

import hashlib
from dataclasses import dataclass

import keras
import numpy as np

from keras_rnnzoo.base.options import nearest, positive_int
from keras_rnnzoo.datasets.batches import ReviewBatches, least_padding

FEWEST_PER_CLASS = 5


@dataclass(frozen=True)
class Sequences:
    """Sequences of unequal length over the same channels, with a class each.

    Attributes:
        values: a list of float64 arrays (time, channels), finite, with one step or more.
        labels: int64 array (n,), numbers of classes; given as names, they become numbers. None
            where the classes are not known.
        classes: their names. Default: the different labels in alphabetical order.
        channels: their names. Default: "0", "1", ...
        ids: names of the sequences. Default: "0", "1", ...

    Raises:
        ValueError: no sequences, a cell that is not finite, a wrong number of channels, an empty
            sequence, an unknown label; each names the sequence, and step and channel where it can.

    Example:

    >>> Sequences([np.zeros((5, 2)), np.ones((3, 2))], ["left", "right"]).classes
    ('left', 'right')
    """

    values: list
    labels: np.ndarray | None
    classes: tuple = ()
    channels: tuple = ()
    ids: tuple = ()

    def __post_init__(self):
        values, labels = list(self.values), self.labels
        ids = tuple(map(str, self.ids if len(self.ids) else range(len(values))))
        width = np.shape(values[0])[-1] if values and np.ndim(values[0]) > 1 else 1
        channels = tuple(map(str, self.channels if len(self.channels) else range(width)))
        classes = tuple(map(str, self.classes))
        values = checked(values, channels, ids)
        if labels is not None:
            names = labels if classes else [str(label) for label in labels]
            classes = classes or tuple(sorted(set(names)))
            labels = numbered(names, classes, ids)
        made = {"values": values, "labels": labels, "classes": classes}
        for name, value in {**made, "channels": channels, "ids": ids}.items():
            object.__setattr__(self, name, value)

    def __len__(self):
        return len(self.values)

    @property
    def lengths(self):
        """Steps of each sequence, int64 (n,)."""
        return np.array([len(value) for value in self.values])

    @property
    def meaning(self):
        """What the numbers are of, for a checksum."""
        return self.channels

    def take(self, rows):
        """The sequences of the given numbers, in that order."""
        values, ids = ([given[row] for row in rows] for given in (self.values, self.ids))
        labels = None if self.labels is None else self.labels[rows]
        return Sequences(values, labels, self.classes, self.channels, tuple(ids))


@dataclass(frozen=True)
class SequenceParts:
    """Sequences to train on, to choose on, and to score once.

    Attributes:
        train, validation, test: a `Sequences` each.
        source: the name of the set, or a path.
        description: one line that says what these sequences are, and how they were cut.
        hint: for the sample, why it is the sample and how to get the real set.
    """

    train: Sequences
    validation: Sequences
    test: Sequences
    source: str
    description: str
    hint: str = ""

    @property
    def checksum(self):
        """SHA-256 over channels, classes, values and labels in order, as hexadecimal digits."""
        digest = hashlib.sha256()
        for part in (self.train, self.validation, self.test):
            digest.update(repr((part.meaning, part.classes, len(part))).encode())
            for values, label in zip(part.values, part.labels):
                digest.update(f"{values.shape};{int(label)};".encode())
                little = values.dtype.newbyteorder("<")
                digest.update(np.ascontiguousarray(values, little).tobytes())
        return digest.hexdigest()


def checked(values, channels, ids=None):
    """`values` as a list of float64 arrays (time, channels).

    Raises:
        ValueError: as `Sequences`.
    """
    values = list(values)
    if not values:
        raise ValueError("Expected at least one sequence. Received: values=[]")
    ids = range(len(values)) if ids is None else ids
    if len(ids) != len(values):
        raise ValueError(
            f"Expected an id for each of the {len(values)} sequences. Received: {len(ids)} ids"
        )
    return [_checked(given, channels, name) for given, name in zip(values, ids)]


def _checked(given, channels, name):
    try:
        array = np.array(given, dtype="float64")
    except (TypeError, ValueError) as error:
        raise ValueError(f"Sequence {name}: expected numbers. Received: {error}") from None
    array = array[:, None] if array.ndim == 1 and len(channels) == 1 else array
    if array.ndim != 2 or array.shape[1] != len(channels):
        raise ValueError(
            f"Sequence {name}: expected an array (time, {len(channels)}) with the channels "
            f"{', '.join(channels)}. Received: an array of shape {array.shape}"
        )
    if not len(array):
        raise ValueError(
            f"Sequence {name}: expected at least one step. Received: an empty sequence. Leave it "
            "out."
        )
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        step, channel = bad[0]
        raise ValueError(
            f"Sequence {name}, step {step}, channel {channels[channel]}: expected a finite number. "
            f"Received: {array[step, channel]}. Fill the gap, or cut the sequence before it."
        )
    return array


def numbered(labels, classes, ids):
    """Labels as an int64 array: a whole number is the number of a class, a string its name.

    Raises:
        ValueError: another number of labels, or one that is no class; it names the nearest.
    """
    labels = list(labels)
    if len(labels) != len(ids):
        raise ValueError(
            f"Expected a label for each of the {len(ids)} sequences. Received: {len(labels)} labels"
        )
    numbers = {name: number for number, name in enumerate(classes)}
    numbers.update({number: number for number in range(len(classes))})
    for label, name in zip(labels, ids):
        if np.ndim(label) or isinstance(label, (float, np.floating)) or label not in numbers:
            raise ValueError(
                f"Sequence {name}: expected one of the classes {', '.join(classes)}, or its number "
                f"from 0.{nearest(label, classes)} Received: label={label!r}"
            )
    return np.array([numbers[label] for label in labels], dtype="int64")


def cut(sequences, strata=None, share=0.2, seed=7):
    """Cut sequences into train, validation and test, with the shares of every stratum.

    Of the n sequences of a stratum, in an order drawn from `seed`, the first round(share · n) are
    the test part, as many again validation, the others train; each part keeps their old order.

    Args:
        sequences: a `Sequences` with labels.
        strata: an array (n,); default the labels.
        share: of test and of validation.
        seed: of the order.

    Returns:
        Three `Sequences`.

    Raises:
        ValueError: fewer than 5 sequences of a class, or only one class.
    """
    counts = np.bincount(sequences.labels, minlength=len(sequences.classes))
    if len(counts) < 2 or counts.min() < FEWEST_PER_CLASS:
        found = ", ".join(f"{count} of {name}" for name, count in zip(sequences.classes, counts))
        raise ValueError(
            f"Expected two classes or more, and {FEWEST_PER_CLASS} different sequences of each. "
            f"Received: {found}. Add sequences."
        )
    strata = sequences.labels if strata is None else np.asarray(strata)
    random = np.random.default_rng(seed)
    part = np.zeros(len(sequences), dtype="int64")
    for stratum in np.unique(strata):
        rows = random.permutation(np.flatnonzero(strata == stratum))
        count = round(share * len(rows))
        part[rows[:count]], part[rows[count : 2 * count]] = 2, 1
    return [sequences.take(np.flatnonzero(part == number)) for number in range(3)]


class SequenceBatches(ReviewBatches):
    """Batches of sequences for `fit`, `evaluate` and `predict` on every backend.

    Planned as `ReviewBatches`: sequences of similar length share a batch, batches have few shapes,
    every sequence is seen once an epoch in an order drawn from `(seed, epoch)`, and the last batch
    is filled up with rows of weight 0. So pass metrics as `weighted_metrics=` to `compile`, and
    `shuffle=False` to `fit`.

    Args:
        values: a list of arrays (time, channels), scaled as the network shall see them.
        labels: numbers of classes (n,), or None for prediction.
        classes: how many classes there are.
        batch_size: rows of every batch.
        lengths: the lengths of the batches, or None to choose those that pad the least.
        shuffle: whether to draw a new order for each epoch.
        seed: of that order.

    Returns:
        Batch k is `({"values": float32 (batch, time, channels), "mask": bool (batch, time)},
        one-hot labels float32 (batch, classes), weights float32 (batch,))`, padded with zeros at
        the end; without labels the inputs alone.

    Raises:
        ValueError: no sequences, sizes below 1, labels that are no classes.
    """

    def __init__(self, values, labels, classes, batch_size=32, lengths=None, shuffle=True, seed=0):
        keras.utils.PyDataset.__init__(self)
        self.batch_size = positive_int("batch_size", batch_size)
        self._rows = [np.asarray(value, dtype="float32") for value in values]
        if not self._rows:
            raise ValueError("Expected at least one sequence. Received: values=[]")
        self.classes = positive_int("classes", classes)
        if labels is not None:
            labels = numbered(labels, tuple(map(str, range(classes))), range(len(self._rows)))
        self.labels = labels
        self.shuffle, self.seed, self.epoch = shuffle, seed, 0
        self.counts = np.array([len(row) for row in self._rows])
        self.lengths = self._complete(lengths or least_padding(self.counts, buckets=3))
        self._plan = self._make_plan()

    def __getitem__(self, index):
        length, rows = self._plan[index]
        padded = np.zeros((self.batch_size, length, self._rows[0].shape[1]), dtype="float32")
        mask = np.zeros((self.batch_size, length), dtype="bool")
        for place, row in enumerate(rows):
            padded[place, : self.counts[row]] = self._rows[row]
            mask[place, : self.counts[row]] = True
        mask[len(rows) :, 0] = True  # a mean over no valid step would be 0 / 0, whatever its weight
        inputs = {"values": padded, "mask": mask}
        if self.labels is None:
            return (inputs,)
        labels = np.zeros((self.batch_size, self.classes), dtype="float32")
        labels[np.arange(len(rows)), self.labels[rows]] = 1
        labels[len(rows) :, 0] = 1
        weights = np.zeros(self.batch_size, dtype="float32")
        weights[: len(rows)] = 1
        return inputs, labels, weights
