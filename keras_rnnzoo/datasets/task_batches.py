"""Batches of `TaskSequences` for `fit`, `evaluate` and `predict`."""

import keras
import numpy as np

from keras_rnnzoo.base.options import positive_int
from keras_rnnzoo.datasets.batches import ReviewBatches, least_padding


class TaskBatches(ReviewBatches):
    """Batches of sequences and their targets, in an order that depends on seed and epoch alone.

    Planned as `ReviewBatches`: sequences of similar length share a batch, batches have few shapes,
    every sequence is seen once an epoch, and the last batch is filled up with rows of weight 0.
    Steps that pad have the weight 0 too. So pass metrics as `weighted_metrics=` to `compile`, and
    `shuffle=False` to `fit`.

    Args:
        sequences: a `TaskSequences`.
        batch_size: rows of every batch.
        lengths: the lengths of the batches, or None to choose those that pad the least.
        buckets: how many lengths to choose at most.
        shuffle: whether to draw a new order for each epoch.
        seed: of that order.
        fresh: None, or a function of the number of an epoch that gives the sequences of that epoch,
            as many as there are now, such as `TaskParts.fresh`: nothing is seen twice.

    Returns:
        Batch k is `(inputs, targets, weights)`. The inputs are a dict with "values" float32 (batch,
        time, features) or "ids" int32 (batch, time), and "mask" bool (batch, time), which is left
        out where all sequences are as long as their batches. Targets and weights are (batch, time,
        ...) or, where what is asked comes after the last step, (batch, ...).

    Raises:
        ValueError: sizes below 1.

    Example:

    >>> model.fit(TaskBatches(parts.train, batch_size=16, seed=1), shuffle=False)
    """

    def __init__(
        self,
        sequences,
        batch_size=32,
        lengths=None,
        buckets=3,
        shuffle=True,
        seed=0,
        fresh=None,
    ):
        keras.utils.PyDataset.__init__(self)
        self.batch_size = positive_int("batch_size", batch_size)
        self.shuffle, self.seed, self.epoch, self.fresh = shuffle, seed, 0, fresh
        if lengths is None:
            counts = sequences.lengths
            lengths = counts[:1] if np.ptp(counts) == 0 else least_padding(counts, buckets)
        self.lengths, self.masked = lengths, False
        self._take(sequences)

    def _take(self, sequences):
        self.sequences, self.counts = sequences, sequences.lengths
        self._rows = sequences.inputs
        self.lengths = self._complete(self.lengths)
        self.masked = self.masked or bool((self.counts != self.lengths[0]).any())
        self._plan = self._make_plan()

    def set_epoch(self, epoch):
        """Take the order of this epoch, from 0, and its own sequences where they are fresh."""
        if self.fresh is None:
            super().set_epoch(epoch)
        elif epoch != self.epoch:
            self.epoch = int(epoch)
            self._take(self.fresh(self.epoch))

    def rows(self, index):
        """The numbers of the sequences of a batch, in its order."""
        return self._plan[index][1]

    def __getitem__(self, index):
        length, rows = self._plan[index]
        data = self.sequences
        name, dtype = ("ids", "int32") if data.takes_ids else ("values", "float32")
        inputs = {name: self._padded(data.inputs, length, rows, dtype)}
        if self.masked:
            mask = np.arange(length) < self.counts[rows][:, None]
            filler = np.zeros((self.batch_size - len(rows), length), "bool")
            filler[:, 0] = True
            inputs["mask"] = np.concatenate([mask, filler])
        dtype = "int32" if data.kind == "categorical" else "float32"
        if data.every_step:
            targets = self._padded(data.targets, length, rows, dtype)
            weights = self._padded(data.weights or _Ones(self.counts), length, rows, "float32")
            return inputs, targets, weights
        targets = np.zeros((self.batch_size, *np.shape(data.targets[0])), dtype)
        targets[: len(rows)] = [data.targets[row] for row in rows]
        return inputs, targets, (np.arange(self.batch_size) < len(rows)).astype("float32")

    def _padded(self, arrays, length, rows, dtype):
        padded = np.zeros((self.batch_size, length, *np.shape(arrays[0])[1:]), dtype)
        for place, row in enumerate(rows):
            padded[place, : self.counts[row]] = arrays[row]
        return padded


class _Ones:
    """Weights where every step is scored."""

    def __init__(self, counts):
        self._counts = counts

    def __getitem__(self, row):
        return np.ones(self._counts[row], "float32")
