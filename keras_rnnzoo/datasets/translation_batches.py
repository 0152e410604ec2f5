"""Batches of pairs of texts: right-padded, of few shapes, in an order that can be repeated."""

import keras
import numpy as np

from keras_rnnzoo.base.options import positive_int
from keras_rnnzoo.datasets.batches import least_padding, vary_first


class TranslationBatches(keras.utils.PyDataset):
    """Batches for a `Seq2Seq`, by the longer text of each pair.

    Batches have few shapes, as a compiling backend compiles once for each. The last batch is filled
    up with rows of padding, which have no weight.

    Args:
        sources: lists of int, one for each text, ended.
        targets: lists of int, started and ended.
        batch_size: rows of every batch.
        buckets: of how many lengths the batches are, at most.
        shuffle: whether to draw a new order for each epoch.
        seed: of that order.

    Returns:
        Batch i is `({"source": int32 (batch, places), "target": int32 (batch, time)}, labels int32
        (batch, time), weights float32 (batch, time))`: the target without its end, the same
        without its start, and 1 where there is a label.

    Raises:
        ValueError: no pairs, or lists of different lengths.

    Example:

    >>> TranslationBatches([[5, 3]], [[2, 7, 3]], batch_size=1)[0][1]
    array([[7, 3]], dtype=int32)
    """

    def __init__(self, sources, targets, batch_size=64, buckets=3, shuffle=True, seed=0):
        super().__init__()
        if len(sources) != len(targets) or not len(sources):
            raise ValueError(
                f"Expected one pair or more. Received: {len(sources)} sources, {len(targets)} "
                "targets"
            )
        self.sources, self.targets = list(sources), list(targets)
        self.batch_size = positive_int("batch_size", batch_size)
        self.shuffle, self.seed, self.epoch = shuffle, seed, 0
        pairs = zip(self.sources, self.targets)
        self.counts = np.array([[len(source), len(target) - 1] for source, target in pairs])
        multiple = 4 if self.counts.max() > 8 else 1
        longest = self.counts.max(axis=1)
        self.lengths = least_padding(longest, buckets, multiple)
        # up to a length of the longer text, how long each side gets
        self.shapes = {n: tuple(self.counts[longest <= n].max(axis=0)) for n in self.lengths}
        self._plan = self._make_plan()

    @property
    def num_batches(self):
        """Batches in an epoch, the same in each."""
        return -(-len(self.sources) // self.batch_size)

    def set_epoch(self, epoch):
        """Take the order of this epoch (from 0), as a resumed run does."""
        changed, self.epoch = epoch != self.epoch, int(epoch)
        if changed and self.shuffle:
            self._plan = self._make_plan()

    def on_epoch_end(self):
        """Called by Keras: go on to the order of the next epoch."""
        self.set_epoch(self.epoch + 1)

    def __getitem__(self, index):
        length, rows = self._plan[index]
        places, steps = self.shapes[length]
        source = np.zeros((self.batch_size, places), "int32")
        target, labels = np.zeros((2, self.batch_size, steps), "int32")
        for place, row in enumerate(rows):
            source[place, : len(self.sources[row])] = self.sources[row]
            count = len(self.targets[row]) - 1
            target[place, :count] = self.targets[row][:-1]
            labels[place, :count] = self.targets[row][1:]
        return {"source": source, "target": target}, labels, (labels != 0).astype("float32")

    def _make_plan(self):
        """Which rows make up which batch: a list of (length, row numbers)."""
        order = np.arange(len(self.sources))
        random = np.random.default_rng((self.seed, self.epoch))
        if self.shuffle:
            random.shuffle(order)
        bucket = np.searchsorted(self.lengths, self.counts.max(axis=1)[order])
        plan, left = [], order[:0]
        for number, length in enumerate(self.lengths):
            rows = np.concatenate([left, order[bucket == number]])
            full = len(rows) - len(rows) % self.batch_size
            cuts = range(0, full, self.batch_size)
            plan += [(length, rows[k : k + self.batch_size]) for k in cuts]
            left = rows[full:]
        if len(left):
            plan.append((self.lengths[-1], left))
        if self.shuffle:
            random.shuffle(plan)
        return vary_first(plan)
