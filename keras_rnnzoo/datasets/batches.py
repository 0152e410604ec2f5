"""Right-padded batches of few shapes, in an order that depends on seed and epoch alone."""

import keras
import numpy as np

from keras_rnnzoo.datasets.text import UNKNOWN


def bucket_lengths(counts, buckets=4, multiple=8):
    """Choose a few lengths so that texts are padded little.

    Args:
        counts: number of tokens of each text.
        buckets: how many lengths to give at most.
        multiple: every length is rounded up to a multiple of this.

    Returns:
        An increasing tuple of integers; the last one holds the longest text.

    Example:

    >>> bucket_lengths([5, 9, 20, 40], buckets=2)
    (16, 40)
    """
    shares = np.arange(1, buckets + 1) / buckets
    lengths = np.quantile(np.asarray(counts), shares, method="inverted_cdf")
    return tuple(sorted({int(-(-length // multiple) * multiple) for length in lengths}))


def least_padding(counts, buckets=5, multiple=8):
    """As `bucket_lengths`, but chosen so that the texts are padded the least.

    Quantiles give half of all batches the length of a few very long texts; these do not.

    Example:

    >>> least_padding([5, 9, 20, 40, 41], buckets=2)
    (24, 48)
    """
    rounded = -(-np.asarray(counts) // multiple) * multiple
    lengths, numbers = np.unique(rounded, return_counts=True)
    lengths, upto = lengths.tolist(), np.cumsum(numbers).tolist()
    # best[j]: the steps of all texts up to lengths[j], and the buckets that give so few
    best = [(length * count, (length,)) for length, count in zip(lengths, upto)]
    for _ in range(buckets - 1):
        best = [
            min([best[j], *(_with(best[i], lengths[j], upto[j] - upto[i]) for i in range(j))])
            for j in range(len(lengths))
        ]
    return best[-1][1]


def _with(shorter, length, texts):
    """A choice of buckets for shorter texts, and one more of `length` for so many `texts`."""
    steps, lengths = shorter
    return steps + length * texts, (*lengths, length)


class ReviewBatches(keras.utils.PyDataset):
    """Batches of encoded texts for `fit`, `evaluate` and `predict` on every backend.

    Texts of similar length share a batch. Each batch has `batch_size` rows and one of a few
    lengths, because a compiling backend compiles once for each shape. What does not fill a batch
    of its length moves to the next longer one; the very last batch is filled up with rows of one
    unknown word that carry `sample_weight` 0. So pass metrics as `weighted_metrics=` to `compile`.

    Every text is seen once an epoch, in an order drawn from `(seed, epoch)`. Keras calls
    `on_epoch_end` now and then without an epoch, so a run that shall be repeatable tells the
    epoch itself: `keras_rnnzoo.training.Checkpoint(..., batches=train)` calls `set_epoch`. Pass
    `shuffle=False` to `fit`: Keras would otherwise shuffle the batches a second time, with
    randomness that a resumed run cannot repeat.

    Args:
        texts: a list of strings.
        labels: 0 or 1 for each text, or `None` for prediction.
        vocabulary: a `Vocabulary`, or what encodes texts as it does.
        batch_size: rows of every batch.
        max_length: how many tokens of a text are kept.
        lengths: the lengths of the batches, or `None` to choose them from the texts. Share those
            of the training batches with the validation batches to compile less.
        shuffle: whether to draw a new order for each epoch.
        seed: of that order.

    Returns:
        Batch i is `({"words": int32 (batch, time)[, "bigrams": ...]}, labels, sample_weight)` with
        labels float32 (batch, 1) and weights float32 (batch,); without labels the inputs alone.

    Raises:
        ValueError: no texts, labels of another number or other than 0 and 1, sizes below 1.

    Example:

    >>> train = ReviewBatches(texts, labels, vocabulary, seed=1)
    >>> model.fit(train, shuffle=False)
    >>> test = ReviewBatches(texts, None, vocabulary, shuffle=False)
    >>> probabilities = test.restore(model.predict(test))
    """

    def __init__(
        self,
        texts,
        labels,
        vocabulary,
        batch_size=64,
        max_length=400,
        lengths=None,
        shuffle=True,
        seed=0,
    ):
        super().__init__()
        self.batch_size = _positive("batch_size", batch_size)
        texts = list(texts)
        if not texts:
            raise ValueError("Expected at least one text. Received: texts=[]")
        self.labels = None if labels is None else _binary_labels(labels, len(texts))
        self.shuffle, self.seed, self.epoch = shuffle, seed, 0
        self._rows = [
            vocabulary.encode(text, _positive("max_length", max_length)) for text in texts
        ]
        self.counts = np.array([len(row["words"]) for row in self._rows])
        self.lengths = self._complete(lengths)
        self._plan = self._make_plan()

    @property
    def num_batches(self):
        """Batches in an epoch, the same in each."""
        return -(-len(self._rows) // self.batch_size)

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
        inputs = {name: self._pad(name, length, rows) for name in self._rows[0]}
        if self.labels is None:
            return (inputs,)
        labels = np.zeros((self.batch_size, 1), dtype="float32")
        weights = np.zeros(self.batch_size, dtype="float32")
        labels[: len(rows), 0] = self.labels[rows]
        weights[: len(rows)] = 1
        return inputs, labels, weights

    def restore(self, predictions):
        """Bring predictions for all batches, as `predict` gives them, back to the texts' order.

        Args:
            predictions: array (num_batches * batch_size, ...).

        Returns:
            Array (number of texts, ...); the rows that filled up are gone.

        Raises:
            ValueError: batches with `shuffle=True`, another number of predictions.
        """
        if self.shuffle:
            raise ValueError(
                "The order of the batches that were predicted is gone. Received: shuffle=True. "
                "Build the batches to predict with shuffle=False."
            )
        expected = self.num_batches * self.batch_size
        predictions = np.asarray(predictions)
        if len(predictions) != expected:
            raise ValueError(
                f"Expected one prediction for each of the {expected} rows of all batches. "
                f"Received: predictions of shape {predictions.shape}"
            )
        restored = np.empty((len(self._rows), *predictions.shape[1:]), predictions.dtype)
        for index, (_, rows) in enumerate(self._plan):
            start = index * self.batch_size
            restored[rows] = predictions[start : start + len(rows)]
        return restored

    def _complete(self, lengths):
        if lengths is None:
            return bucket_lengths(self.counts)
        lengths = sorted({_positive("lengths", length) for length in lengths})
        if self.counts.max() > lengths[-1]:
            lengths.append(int(self.counts.max()))
        return tuple(lengths)

    def _make_plan(self):
        """Which rows make up which batch: a list of (length, row numbers)."""
        order = np.arange(len(self._rows))
        random = np.random.default_rng((self.seed, self.epoch))
        if self.shuffle:
            random.shuffle(order)
        bucket = np.searchsorted(self.lengths, self.counts[order])
        plan, left = [], order[:0]
        for number, length in enumerate(self.lengths):
            rows = np.concatenate([left, order[bucket == number]])
            full = len(rows) - len(rows) % self.batch_size
            plan += [(length, part) for part in np.split(rows[:full], full // self.batch_size or 1)]
            left = rows[full:]
        plan = [(length, part) for length, part in plan if len(part)]
        if len(left):
            longest = self.counts[left].max()
            plan.append((self.lengths[np.searchsorted(self.lengths, longest)], left))
        if self.shuffle:
            random.shuffle(plan)
        return vary_first(plan)

    def _pad(self, name, length, rows):
        """Arrays over time padded with zeros, numbers of a whole text side by side."""
        given = [self._rows[row][name] for row in rows]
        over_time = (length, *given[0].shape[1:]) if given[0].ndim else ()
        padded = np.zeros((self.batch_size, *over_time), given[0].dtype)
        for place, values in enumerate(given):
            if over_time:
                padded[place, : len(values)] = values
            else:
                padded[place] = values
        if name == "words":  # a mean over no valid step would be 0 / 0, whatever its weight
            padded[len(rows) :, 0] = UNKNOWN
        return padded


def vary_first(plan):
    """Put two lengths first: one Keras trainer fixes every size in which the first two agree."""
    for place in range(2, len(plan)):
        if plan[0][0] != plan[1][0]:
            break
        plan[1], plan[place] = plan[place], plan[1]
    return plan


def _positive(name, value):
    if int(value) != value or value < 1:
        raise ValueError(f"{name} must be a whole number from 1. Received: {name}={value!r}")
    return int(value)


def _binary_labels(labels, expected):
    labels = np.asarray(labels).reshape(-1)
    if len(labels) != expected or not np.isin(labels, (0, 1)).all():
        raise ValueError(
            f"Expected {expected} labels of 0 or 1, one for each text. Received: {len(labels)} "
            f"labels with the values {np.unique(labels)[:5].tolist()}"
        )
    return labels.astype("float32")
