"""Embedded words to one vector: a recurrent stack, and the hybrid that it stands in."""

import keras
import numpy as np
from keras import ops

from keras_rnnzoo import kernels
from keras_rnnzoo.base.configurable import register
from keras_rnnzoo.base.options import choice, positive_int
from keras_rnnzoo.datasets.text import head_and_tail, tokenize
from keras_rnnzoo.hybrids import ConvRNN1D, HierarchicalAttention, RNNAttention, RNNTransformerBlock
from keras_rnnzoo.models.text_layers import HalveTime, MaskedPooling
from keras_rnnzoo.wrappers import StackedRecurrent

ARCHITECTURES = ("rnn", "cnn-rnn", "rnn-attention", "rnn-transformer", "hierarchical")
WORDS = 24  # of a sentence to the hierarchical reader; longer ones are cut


def most_sentences(length):
    """How many sentences of a text the hierarchical reader takes at most, by its length in words.

    It does not depend on the padding, and a batch of short texts has few, which saves time.
    """
    return length // 12 + 4


class TextReader(keras.layers.Layer):
    """Reads embedded words and gives one vector.

    | architecture | what |
    |---|---|
    | `"rnn"` | the stack, its outputs pooled |
    | `"cnn-rnn"` | `ConvRNN1D`: windows of 2, 3 and 4 words in front of the stack, pooled |
    | `"rnn-attention"` | `RNNAttention`: the outputs of the stack, weighted by learned attention |
    | `"rnn-transformer"` | `RNNTransformerBlock` around the stack, pooled |
    | `"hierarchical"` | `HierarchicalAttention`: words to sentences, sentences to a text |

    Arguments:
        architecture: one of these.
        stack: arguments of the `StackedRecurrent`, but for `return_sequences`.
        pooling: as in `MaskedPooling`, of the first, second and fourth.
        halve_time: whether neighbours become one in front of the stack: `HalveTime`, or the pool
            of the convolution. Those of the hierarchical reader are of one sentence.
        dropout: within the transformer block.
        sentence_ends: ids of the words behind which a sentence ends.

    Call arguments:
        x: `(batch, time, width)`, embedded.
        words: `(batch, time)` int.
        mask: `(batch, time)` bool.
        return_attention_scores: whether to return a weight for each word `(batch, time)` too.

    Example:

    >>> reader = TextReader("rnn-attention", {"cell": "gru", "units": 4})
    >>> reader(np.ones((2, 7, 3)), np.ones((2, 7), "int32"), np.ones((2, 7), bool)).shape
    (2, 4)
    """

    def __init__(
        self,
        architecture,
        stack,
        pooling="max+mean",
        halve_time=False,
        dropout=0.0,
        sentence_ends=(),
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.architecture = choice("architecture", architecture, ARCHITECTURES)
        self.stack, self.sentence_ends = dict(stack), list(sentence_ends)
        self.pooling, self.halve_time, self.dropout = pooling, bool(halve_time), dropout
        self.pool = MaskedPooling(pooling, name="pool")
        self.halve = HalveTime(name="halve")
        last_alone = architecture == "rnn" and pooling == "last"
        self.recurrent = self._stack("recurrent", not last_alone)
        self.hybrid = self._hybrid()

    def _stack(self, name, return_sequences=True):
        return StackedRecurrent(**self.stack, return_sequences=return_sequences, name=name)

    def _hybrid(self):
        if self.architecture == "cnn-rnn":
            filters = positive_int("units", _widest(self.stack["units"]))
            pool_size = 2 if self.halve_time else 1
            return ConvRNN1D(self.recurrent, filters, (2, 3, 4), pool_size=pool_size, name="hybrid")
        if self.architecture == "rnn-attention":
            return RNNAttention(self.recurrent, name="hybrid")
        if self.architecture == "rnn-transformer":
            options = {"num_heads": 4, "dropout": self.dropout}
            return RNNTransformerBlock(self.recurrent, **options, name="hybrid")
        if self.architecture == "hierarchical":
            return HierarchicalAttention(self.recurrent, self._stack("sentences"), name="hybrid")
        return None

    @property
    def weighs_words(self):
        """Whether it has attention to show."""
        return self.architecture in ("rnn-attention", "rnn-transformer", "hierarchical")

    def build(self, x_shape, words_shape=None):
        if self.architecture == "hierarchical":
            self.hybrid.build((x_shape[0], None, WORDS, x_shape[-1]))
        else:
            (self.hybrid or self.recurrent).build(x_shape)
        self.built = True

    def call(self, x, words, mask, training=False, return_attention_scores=False):
        options = {"training": training}
        if return_attention_scores:
            options["return_attention_scores"] = True
        if self.architecture == "hierarchical":
            return self._by_sentence(x, words, mask, options)
        halved = self.halve_time and self.architecture != "cnn-rnn"
        steps = mask
        if halved:
            x, steps = self.halve(x, mask=mask), self.halve.compute_mask(x, mask)
        y = (self.hybrid or self.recurrent)(x, mask=steps, **options)
        weights = None
        if return_attention_scores:
            y, weights = y
            weights = _of_words(weights, steps, mask, halved)
        if self.architecture == "cnn-rnn":
            steps = self.hybrid.compute_mask(x, steps)
        if self.architecture != "rnn-attention" and len(y.shape) == 3:
            y = self.pool(y, mask=steps)
        return y if weights is None else (y, weights)

    def _by_sentence(self, x, words, mask, options):
        index, valid = sentences_of(words, mask, self.sentence_ends)
        count, width = ops.shape(index)[1], x.shape[-1]
        flat = ops.take_along_axis(x, ops.reshape(index, (-1, count * WORDS, 1)), axis=1)
        flat, known = ops.reshape(flat, (-1, WORDS, width)), ops.reshape(valid, (-1, WORDS))
        steps = known
        if self.halve_time:
            flat, steps = self.halve(flat, mask=known), self.halve.compute_mask(flat, known)
        shape = (-1, count, -(-WORDS // 2) if self.halve_time else WORDS)
        y = self.hybrid(
            ops.reshape(flat, (*shape, width)), mask=ops.reshape(steps, shape), **options
        )
        if not isinstance(y, tuple):
            return y
        y, alpha, beta = y
        alpha = ops.reshape(alpha, (-1, 1, shape[-1]))
        alpha = ops.reshape(_of_words(alpha, steps, known, self.halve_time), (-1, count, WORDS))
        return y, _put_back(alpha * ops.expand_dims(beta, -1), index, valid, x)

    def compute_output_shape(self, x_shape, words_shape=None):
        if self.architecture == "hierarchical":
            return self.hybrid.compute_output_shape((x_shape[0], None, WORDS, x_shape[-1]))
        shape = (self.hybrid or self.recurrent).compute_output_shape(x_shape)
        return self.pool.compute_output_shape(shape) if len(shape) == 3 else shape

    def get_config(self):
        names = ("architecture", "stack", "pooling", "halve_time", "dropout", "sentence_ends")
        own = {name: getattr(self, name) for name in names}
        own["stack"] = keras.saving.serialize_keras_object(self.stack)
        return {**super().get_config(), **own}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        config["stack"] = keras.saving.deserialize_keras_object(config["stack"], custom_objects)
        return cls(**config)


def weighable(model, text):
    """The words of `text` that `model` reads.

    Raises:
        ValueError: it has no attention to weigh them, or there are none.
    """
    if not model.reader.weighs_words:
        raise ValueError(
            "Attention is there with architecture='rnn-attention', 'rnn-transformer' or "
            f"'hierarchical'. Received: architecture={model.architecture!r}"
        )
    words = head_and_tail(np.array(tokenize(text), dtype=object), model.max_length).tolist()
    if not words:
        raise ValueError(f"A text without words has nothing to weigh. Received: text={text!r}")
    return words


def _widest(units):
    return max(units) if isinstance(units, (list, tuple)) else units


def _of_words(weights, steps, mask, halved):
    """A weight for each word: what all heads and, of a block, all steps pay it, in the mean."""
    if len(weights.shape) == 4:  # (batch, heads, seeing step, seen step)
        seeing = ops.cast(steps, weights.dtype)[:, None, :, None]
        count = ops.maximum(ops.sum(seeing, axis=2), 1)
        weights = ops.sum(weights * seeing, axis=2) / count
    weights = ops.mean(weights, axis=1)
    if not halved:
        return weights
    time = ops.shape(mask)[1]
    words = ops.cast(mask, weights.dtype)
    pairs = ops.reshape(ops.pad(words, [(0, 0), (0, time % 2)]), (-1, (time + 1) // 2, 2))
    share = pairs / ops.maximum(ops.sum(pairs, axis=2, keepdims=True), 1)
    return ops.reshape(ops.expand_dims(weights, -1) * share, (-1, time + time % 2))[:, :time]


def sentences_of(words, mask, ends):
    """Where the words of each sentence stand: `(index, valid)`, `(batch, sentences, WORDS)` each.

    A sentence begins behind the last of one or several ends; longer ones than `WORDS` are cut in
    two, and sentences beyond the first `most_sentences` are left out.

    Arguments:
        words: `(batch, time)` int.
        mask: `(batch, time)` bool, true for the first steps of each row.
        ends: ids of words that end a sentence.
    """
    length = ops.shape(words)[1]
    time = ops.cumsum(ops.ones_like(words), axis=1) - 1
    ended = ops.zeros_like(mask)
    for end in ends:
        ended = ops.logical_or(ended, ops.equal(words, end))
    before = ops.pad(ended[:, :-1], [(0, 0), (1, 0)], constant_values=True)
    begins = ops.logical_and(before, ops.logical_not(ended))
    begins = ops.logical_or(begins, time == 0)
    start = kernels.forward_fill(ops.expand_dims(time, -1), begins)[..., 0]
    begins = ops.logical_and((time - start) % WORDS == 0, mask)
    first = ops.sort(ops.where(begins, time, length), axis=1)
    most = most_sentences(length)
    first = ops.pad(first, [(0, 0), (0, most_sentences(0) + 1)], constant_values=length)
    first, after = first[:, :most], first[:, 1 : most + 1]
    index = ops.expand_dims(first, -1) + ops.arange(WORDS, dtype=first.dtype)
    count = ops.sum(ops.cast(mask, first.dtype), axis=1)[:, None, None]
    valid = ops.logical_and(index < ops.expand_dims(after, -1), index < count)
    number = ops.reshape(ops.arange(most, dtype=first.dtype), (1, -1, 1))
    valid = ops.logical_and(valid, number < most_sentences(count))
    return ops.minimum(index, length - 1), valid


def _put_back(weights, index, valid, x):
    """Weights of `(batch, sentences, words)` at their steps of `x (batch, time, ...)`."""
    places = ops.one_hot(index, ops.shape(x)[1], dtype=weights.dtype)
    return ops.einsum("bsw,bswt->bt", weights * ops.cast(valid, weights.dtype), places)


register(TextReader)
