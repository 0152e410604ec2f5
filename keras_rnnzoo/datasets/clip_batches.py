"""Batches of spectrograms or videos, and what alters them in training."""

from dataclasses import dataclass

import keras
import numpy as np

from keras_rnnzoo.base.options import positive_int
from keras_rnnzoo.datasets.batches import ReviewBatches, least_padding
from keras_rnnzoo.datasets.sequences import numbered


@dataclass(frozen=True)
class ClipAugment:
    """Alters a scaled spectrogram (time, bands) or video (time, height, width, channels).

    In this order, each drawn anew whenever it is called:

    Arguments:
        stretch: s below 1; the clip is played up to 1 + s times as slowly or as fast.
        shift: up to so many steps are cut off at either end, one is always left.
        gain: standard deviation of a number that is added to all of the clip: loudness, for the
            logarithm of a spectrogram.
        noise: standard deviation of a number that is added to each value.
        time_mask: up to so many steps in a row, and at most a third of all, become 0.
        band_mask: up to so many bands in a row become 0; of spectrograms alone.

    Raises:
        ValueError: a number below 0, a stretch of 1 or more.

    Example:

    >>> ClipAugment(shift=2, noise=0.1)(np.zeros((30, 40)), np.random.default_rng(0)).shape[1]
    40
    """

    stretch: float = 0.0
    shift: int = 0
    gain: float = 0.0
    noise: float = 0.0
    time_mask: int = 0
    band_mask: int = 0

    def __post_init__(self):
        for name, value in vars(self).items():
            whole = name in ("shift", "time_mask", "band_mask")
            if not 0 <= value < np.inf or (whole and value != int(value)):
                kind = "a whole number" if whole else "a number"
                raise ValueError(f"`{name}` must be {kind} from 0. Received: {name}={value!r}")
        if self.stretch >= 1:
            raise ValueError(f"`stretch` must be below 1. Received: stretch={self.stretch!r}")

    def __call__(self, x, random, longest=None):
        """`x` altered; of at most `longest` steps, or as many as it has."""
        if self.stretch:
            faster = (1 + self.stretch) ** random.uniform(-1, 1)
            x = stretched(x, min(max(1, round(len(x) * faster)), longest or len(x)))
        if self.shift:
            first, last = random.integers(0, self.shift + 1, 2)
            first = min(first, len(x) - 1)
            x = x[first : max(first + 1, len(x) - last)]
        x = np.array(x, "float32")
        if self.gain:
            x += np.float32(self.gain * random.standard_normal())
        if self.noise:
            x += np.float32(self.noise) * random.standard_normal(x.shape, dtype="float32")
        if self.time_mask:
            x[_span(random, len(x), min(self.time_mask, len(x) // 3))] = 0
        if self.band_mask:
            x[:, _span(random, x.shape[1], min(self.band_mask, x.shape[1]))] = 0
        return x


def stretched(x, steps):
    """`x` at so many steps, straight lines between its own.

    Example:

    >>> stretched(np.array([[0.0], [1.0]]), 3)[:, 0]
    array([0. , 0.5, 1. ])
    """
    places = np.linspace(0, len(x) - 1, steps)
    left = np.minimum(places.astype("int64"), max(len(x) - 2, 0))
    share = (places - left).reshape(-1, *[1] * (x.ndim - 1)).astype(x.dtype)
    return x[left] * (1 - share) + x[np.minimum(left + 1, len(x) - 1)] * share


def _span(random, length, longest):
    width = int(random.integers(0, longest + 1))
    start = int(random.integers(0, length - width + 1))
    return slice(start, start + width)


class ClipBatches(ReviewBatches):
    """Batches of clips for `fit`, `evaluate` and `predict` on every backend.

    Planned as `ReviewBatches`: clips of similar length share a batch, batches have few shapes,
    every clip is seen once an epoch in an order drawn from `(seed, epoch)`, and the last batch is
    filled up with rows of weight 0. So pass metrics as `weighted_metrics=` to `compile`, and
    `shuffle=False` to `fit`. What is altered in a clip is drawn from seed, epoch and clip.

    Args:
        values: a list of arrays (time, ...), scaled as the network shall see them.
        labels: numbers of classes (n,), or None for prediction.
        classes: how many classes there are.
        batch_size: rows of every batch.
        augment: a `ClipAugment` for training, or None.
        lengths: the lengths of the batches, or None to choose those that pad the least.
        shuffle: whether to draw a new order for each epoch.
        seed: of that order.

    Returns:
        Batch k is `({"values": float32 (batch, time, ...), "mask": bool (batch, time)}, one-hot
        labels float32 (batch, classes), weights float32 (batch,))`, padded with zeros at the end;
        without labels the inputs alone.

    Raises:
        ValueError: no clips, sizes below 1, labels that are no classes, bands to mask in videos.

    Example:

    >>> batches = ClipBatches([np.zeros((9, 4)), np.zeros((5, 4))], [0, 1], 2, batch_size=2)
    """

    def __init__(
        self,
        values,
        labels,
        classes,
        batch_size=32,
        augment=None,
        lengths=None,
        shuffle=True,
        seed=0,
    ):
        keras.utils.PyDataset.__init__(self)
        self.batch_size = positive_int("batch_size", batch_size)
        self._rows = [np.asarray(value, dtype="float32") for value in values]
        if not self._rows:
            raise ValueError("Expected at least one clip. Received: values=[]")
        self.augment = augment
        if augment is not None and augment.band_mask and self._rows[0].ndim != 2:
            raise ValueError(
                "Videos have no bands to mask. Use band_mask=0. Received: "
                f"band_mask={augment.band_mask}"
            )
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
        padded = np.zeros((self.batch_size, length, *self._rows[0].shape[1:]), dtype="float32")
        mask = np.zeros((self.batch_size, length), dtype="bool")
        for place, row in enumerate(rows):
            value = self._rows[row]
            if self.augment is not None:
                random = np.random.default_rng((self.seed, self.epoch, int(row)))
                value = self.augment(value, random, length)
            padded[place, : len(value)] = value
            mask[place, : len(value)] = True
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
