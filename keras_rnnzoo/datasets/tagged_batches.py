"""Batches of tagged sentences: right-padded, of few lengths, in an order that can be repeated."""

import reprlib

import keras
import numpy as np

from keras_rnnzoo.base.options import positive_int
from keras_rnnzoo.datasets.batches import least_padding, vary_first
from keras_rnnzoo.tags import spans

UNTOLD = -1


class TaggedBatches(keras.utils.PyDataset):
    """Batches for a `SequenceTagger`.

    Sentences of similar length share a batch, and batches have few shapes, as a compiling backend
    compiles once for each. The last batch is filled up with empty rows of weight 0.

    With `swap`, a sentence with entities is altered with that probability each epoch: each of its
    mentions then gives way, seven times in ten, to another one of its type from the training
    sentences (Dai and Adel 2020, arXiv:2010.11683).

    Args:
        tokens: lists of strings, none of them empty.
        tags: as many lists of tags in IOB2, or `None` for prediction.
        features: a `WordFeatures`.
        encode_tags: from tags in IOB2 to tag numbers.
        batch_size: rows of every batch.
        lengths: the lengths of the batches, or `None` to choose them from the sentences.
        shuffle: whether to draw a new order for each epoch.
        swap: see above.
        seed: of order and swaps.

    Returns:
        Batch i is `(inputs, tags int32 (batch, time), weights float32 (batch,))`, with the inputs
        of `WordFeatures.encode` as (batch, time[, ·]); without tags `(inputs,)`.

    Raises:
        ValueError: no sentences, an empty one, tags of another number or not the model's; the
            sentence is named. TypeError: a sentence that is a string, a token that is none.
    """

    def __init__(
        self,
        tokens,
        tags,
        features,
        encode_tags=None,
        batch_size=16,
        lengths=None,
        shuffle=True,
        swap=0.0,
        seed=0,
    ):
        super().__init__()
        _check(tokens, tags)
        self.tokens, self.tags = list(tokens), None if tags is None else list(tags)
        self.features, self.encode_tags = features, encode_tags
        self.batch_size = positive_int("batch_size", batch_size)
        self.shuffle, self.seed, self.swap = shuffle, seed, swap
        self._fixed_lengths, self.epoch = lengths, 0
        self._mentions = self._find_mentions() if swap else None
        self._encode()

    @property
    def num_batches(self):
        """Batches in an epoch, the same in each."""
        return -(-len(self.tokens) // self.batch_size)

    def set_epoch(self, epoch):
        """Take order and swaps of this epoch (from 0), as a resumed run does."""
        changed, self.epoch = epoch != self.epoch, int(epoch)
        if changed and self.shuffle:
            self._encode()

    def on_epoch_end(self):
        """Called by Keras: go on to the order of the next epoch."""
        self.set_epoch(self.epoch + 1)

    def __getitem__(self, index):
        length, rows = self._plan[index]
        inputs = {name: self._pad(name, length, rows) for name in self._rows[0]}
        if self.tags is None:
            return (inputs,)
        tags = np.full((self.batch_size, length), UNTOLD, dtype="int32")
        for place, row in enumerate(rows):
            tags[place, : len(self._tags[row])] = self._tags[row]
        weights = np.zeros(self.batch_size, dtype="float32")
        weights[: len(rows)] = 1
        return inputs, tags, weights

    def rows(self, index):
        """The numbers of the sentences in a batch."""
        return self._plan[index][1]

    def _pad(self, name, length, rows):
        padded = np.zeros((self.batch_size, length, *self._rows[0][name].shape[1:]), "int32")
        for place, row in enumerate(rows):
            ids = self._rows[row][name]
            padded[place, : len(ids)] = ids
        return padded

    # The sentences of an epoch -------------------------------------------------------------------

    def _encode(self):
        random = np.random.default_rng((self.seed, self.epoch))
        tokens, tags = self.tokens, self.tags
        if self.swap:
            altered = [self._alter(*pair, random) for pair in zip(tokens, tags)]
            tokens, tags = zip(*altered)
        self._rows = [self.features.encode(sentence) for sentence in tokens]
        self._tags = None if tags is None else self._numbers(tags)
        self._plan = self._make_plan(random)

    def _numbers(self, tags):
        numbers = []
        for k, sentence in enumerate(tags):
            try:
                numbers.append(self.encode_tags(sentence))
            except ValueError as error:
                raise ValueError(f"Sentence {k}: {error}") from None
        return numbers

    def _make_plan(self, random):
        """Which rows make up which batch: a list of (length, row numbers)."""
        counts = np.array([len(row["words"]) for row in self._rows])
        # Chosen once: sentences with other entities are longer, but new shapes compile anew.
        self._fixed_lengths = self._fixed_lengths or least_padding(counts)
        lengths = sorted(set(self._fixed_lengths))
        if counts.max() > lengths[-1]:
            lengths.append(int(-(-counts.max() // 8) * 8))
        self.lengths = tuple(lengths)
        order = np.arange(len(counts))
        if self.shuffle:
            random.shuffle(order)
        order = self._by_length(order, counts)
        parts = [order[k : k + self.batch_size] for k in range(0, len(order), self.batch_size)]
        plan = [(self._length(counts[part].max()), part) for part in parts]
        if self.shuffle:
            random.shuffle(plan)
        return vary_first(plan)

    def _by_length(self, order, counts):
        """Sorted by length within windows of forty batches; all of them where order is free."""
        window = 40 * self.batch_size if self.shuffle else len(order)
        cuts = [order[k : k + window] for k in range(0, len(order), window)]
        return np.concatenate([cut[np.argsort(counts[cut], kind="stable")] for cut in cuts])

    def _length(self, longest):
        return self.lengths[np.searchsorted(self.lengths, longest)]

    def _find_mentions(self):
        found = {}
        for sentence, tags in zip(self.tokens, self.tags):
            for span in spans(tags, "IOB2"):
                mention = tuple(sentence[span.start : span.stop])
                found.setdefault(span.type, {})[mention] = None
        return {kind: list(mentions) for kind, mentions in found.items()}

    def _alter(self, tokens, tags, random):
        found = spans(tags, "IOB2")
        if not found or random.random() >= self.swap:
            return tokens, tags
        new_tokens, new_tags, at = [], [], 0
        for span in found:
            mention = tokens[span.start : span.stop]
            if random.random() < 0.7:
                mentions = self._mentions[span.type]
                mention = mentions[random.integers(len(mentions))]
            new_tokens += [*tokens[at : span.start], *mention]
            inside = [f"I-{span.type}"] * (len(mention) - 1)
            new_tags += [*tags[at : span.start], f"B-{span.type}", *inside]
            at = span.stop
        return new_tokens + list(tokens[at:]), new_tags + list(tags[at:])


def _check(tokens, tags):
    if len(tokens) == 0:
        raise ValueError("Expected at least one sentence. Received: tokens=[]")
    for number, sentence in enumerate(tokens):
        if isinstance(sentence, str) or not all(isinstance(token, str) for token in sentence):
            raise TypeError(
                "A sentence is a list of tokens, which are strings. Received: sentence "
                f"{number}: {reprlib.repr(sentence)}"
            )
        if len(sentence) == 0:
            raise ValueError(
                f"A sentence needs at least one token. Received: sentence {number}, which is empty"
            )
    if tags is None:
        return
    if len(tags) != len(tokens):
        raise ValueError(
            f"Every sentence needs its tags. Received: {len(tokens)} sentences, {len(tags)} lists "
            "of tags"
        )
    for number, (sentence, listed) in enumerate(zip(tokens, tags)):
        if len(sentence) != len(listed):
            raise ValueError(
                f"Every token needs a tag. Received: sentence {number} with {len(sentence)} tokens "
                f"and {len(listed)} tags"
            )
