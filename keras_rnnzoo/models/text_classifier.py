"""Texts to a label: embedding, a recurrent stack, pooling, and a bag of words beside it."""

import inspect

import keras
import numpy as np
from keras import ops

from keras_rnnzoo.base.configurable import register
from keras_rnnzoo.base.options import positive_int, rate, refuse_unknown
from keras_rnnzoo.datasets.batches import ReviewBatches
from keras_rnnzoo.datasets.text import UNKNOWN, Vocabulary
from keras_rnnzoo.models.files import InOneFile
from keras_rnnzoo.models.text_layers import (
    HeadsAccuracy,
    HeadsCrossentropy,
    MaskedPooling,
    TokenDropout,
)
from keras_rnnzoo.models.text_reader import TextReader, weighable

SENTENCE_ENDS = (".", "!", "?")


class TextClassifier(InOneFile, keras.Model):
    """Classifies raw texts in two classes, with its vocabulary inside.

    The **recurrent head** embeds words (and, with `bigrams`, adds half an embedding of the pair
    that ends at each word), drops tokens in training, may convolve neighbours, may halve the number
    of steps, walks them with a `StackedRecurrent`, or a hybrid around one, and gives a logit. The
    **bag head**, with `bag=True`, is a linear classifier of the mean embedding of words and
    bigrams, with tables of its own. Each head has its own cross-entropy; the prediction is the sum
    of their logits.

    Arguments:
        vocabulary: a `Vocabulary`, or its config; with bigrams where `bigrams` or `bag` want them.
        cell, units, depth, bidirectional, merge_mode, connections, cell_options: of the
            `StackedRecurrent`; one layer unless `depth` or a list says more.
        architecture: `"rnn"`, `"cnn-rnn"`, `"rnn-attention"`, `"rnn-transformer"` or
            `"hierarchical"`, see `TextReader`.
        embedding_dim: width of the embeddings.
        pooling: `"last"`, `"max"`, `"mean"` or `"max+mean"` of the outputs, where no attention
            pools them.
        halve_time: whether neighbours become one before the recurrence: embeddings are added in
            pairs, convolutions pooled.
        convolution: width of an n-gram convolution in front of the recurrence, or `None`.
        bigrams: whether the recurrent head sees bigram embeddings.
        skip: whether the mean embedding also reaches the logit of the recurrent head directly.
        bag: whether there is a bag head.
        token_dropout, span_dropout: chance to drop a token, or ten neighbouring tokens.
        embedding_dropout: chance to drop a channel of the embedding for a whole text.
        dropout: between the recurrent layers and in front of the logit.
        label_smoothing: of the loss.
        max_length: tokens of a text that are read.
        seed: of the dropout. Weights start by `keras.utils.set_random_seed`, as in any layer.

    Call arguments:
        inputs: `{"words": int (batch, time)[, "bigrams": int (batch, time)]}`, 0 for padding.

    Returns logits `(batch, heads)`, the recurrent head first.

    Raises:
        ValueError: an option cannot be, or the vocabulary has no bigrams where they are wanted.

    Example:

    >>> vocabulary = Vocabulary.fit(["a good film", "a bad film"])
    >>> model = TextClassifier(vocabulary, cell="peephole_lstm", units=8)
    >>> model.predict(["good", "bad"])
    """

    def __init__(
        self,
        vocabulary,
        cell="gru",
        units=64,
        depth=None,
        bidirectional=True,
        merge_mode="concat",
        connections="none",
        cell_options=None,
        architecture="rnn",
        embedding_dim=64,
        pooling="max+mean",
        halve_time=False,
        convolution=None,
        bigrams=False,
        skip=False,
        bag=False,
        token_dropout=0.3,
        span_dropout=0.0,
        embedding_dropout=0.0,
        dropout=0.5,
        label_smoothing=0.0,
        max_length=400,
        seed=None,
        **kwargs,
    ):
        of_keras = ["name", "dtype", "trainable"]
        refuse_unknown(type(self), kwargs, [*of_keras, *_options()], of_keras)
        super().__init__(**kwargs)
        for name in _options():
            setattr(self, name, locals()[name])
        if isinstance(vocabulary, dict):
            self.vocabulary = Vocabulary.from_config(vocabulary)
        elif not isinstance(vocabulary, Vocabulary):
            raise TypeError(
                "`vocabulary` must be a Vocabulary, such as Vocabulary.fit(texts). "
                f"Received: vocabulary={vocabulary!r}"
            )
        self.embedding_dim = positive_int("embedding_dim", embedding_dim)
        self.max_length = positive_int("max_length", max_length)
        if (bigrams or bag) and self.vocabulary.bigrams is None:
            raise ValueError(
                "`bigrams` and `bag` read pairs of words. Fit the vocabulary with "
                f"Vocabulary.fit(texts, bigrams=True). Received: bigrams={bigrams}, bag={bag}"
            )
        self.heads_loss = HeadsCrossentropy(label_smoothing)
        self._make_recurrent_head()
        if bag:
            self._make_bag_head()

    def _seed(self, k):
        return None if self.seed is None else self.seed + k

    def _embedding(self, name, rows, scale=0.05):
        start = keras.initializers.RandomNormal(stddev=scale)
        return keras.layers.Embedding(rows, self.embedding_dim, start, name=name)

    def _make_recurrent_head(self):
        self.words = self._embedding("words", self.vocabulary.size)
        self.pairs = None
        if self.bigrams:
            self.pairs = self._embedding("pairs", self.vocabulary.bigram_size, 0.025)
        self.drop_tokens = TokenDropout(
            self.token_dropout, self.span_dropout, seed=self._seed(100), name="drop_tokens"
        )
        self.drop_channels = keras.layers.SpatialDropout1D(
            rate("embedding_dropout", self.embedding_dropout), seed=self._seed(101)
        )
        self.ngrams = None
        if self.convolution is not None:
            width = positive_int("convolution", self.convolution)
            self.ngrams = keras.layers.Conv1D(
                self.embedding_dim, width, padding="same", activation="relu", name="ngrams"
            )
        names = ("cell", "units", "depth", "connections", "bidirectional", "merge_mode")
        stack = {name: getattr(self, name) for name in (*names, "cell_options", "dropout")}
        ends = self.vocabulary.encode(" ".join(SENTENCE_ENDS))["words"].tolist()
        self.reader = TextReader(
            self.architecture,
            {**stack, "seed": self._seed(102)},
            self.pooling,
            self.halve_time,
            min(0.2, self.dropout),
            [end for end in ends if end != UNKNOWN],
            name="reader",
        )
        self.drop = keras.layers.Dropout(self.dropout, seed=self._seed(103))
        self.logit = keras.layers.Dense(1, name="logit")
        self.mean = MaskedPooling("mean", name="mean")
        shortcut = keras.layers.Dense(1, use_bias=False, name="shortcut")
        self.shortcut = shortcut if self.skip else None

    def _make_bag_head(self):
        self.bag_words = self._embedding("bag_words", self.vocabulary.size)
        self.bag_pairs = self._embedding("bag_pairs", self.vocabulary.bigram_size)
        self.bag_drop = keras.layers.Dropout(0.3, seed=self._seed(104))
        self.bag_logit = keras.layers.Dense(1, name="bag_logit")

    def build(self, input_shape=None):
        embedded = (None, None, self.width)
        bag = [self.bag_words, self.bag_pairs] if self.bag else []
        for table in (self.words, self.pairs, *bag):
            if table is not None:
                table.build((None, None))
        if self.ngrams is not None:
            self.ngrams.build(embedded)
        self.reader.build(embedded)
        self.logit.build(self.reader.compute_output_shape(embedded))
        if self.shortcut is not None:
            self.shortcut.build((None, self.width))
        if self.bag:
            self.bag_logit.build((None, self.embedding_dim))
        self.built = True

    def call(self, inputs, training=False):
        x, mask, kept = self.embedded(inputs, training)
        heads = [self._recurrent_logit(x * kept, inputs["words"], mask, training)]
        if self.bag:
            bag = (self.bag_words(inputs["words"]) + self.bag_pairs(inputs["bigrams"])) * kept
            mean = self.mean(bag, mask=mask) * 20.0  # means are small, logits are not
            heads.append(self.bag_logit(self.bag_drop(mean, training=training)))
        return ops.concatenate(heads, axis=-1)

    def embedded(self, inputs, training=False):
        """Embeddings, the mask, and what is kept of them: `(batch, time, 1)` of ones and zeros."""
        mask = ops.not_equal(inputs["words"], 0)
        x = self.words(inputs["words"])
        if self.pairs is not None:
            x = x + 0.5 * self.pairs(inputs["bigrams"])
        kept = ops.expand_dims(ops.cast(mask, x.dtype), -1)  # padding has an embedding too
        return x, mask, kept * self.drop_tokens.draw(x) if training else kept

    def _recurrent_logit(self, embedded, words, mask, training):
        x = self._convolved(self.drop_channels(embedded, training=training))
        read = self.reader(x, words, mask, training=training)
        logit = self.logit(self.drop(read, training=training))
        if self.shortcut is not None:
            logit = logit + self.shortcut(20.0 * self.mean(embedded, mask=mask))
        return logit

    @property
    def width(self):
        """Of what the recurrent head reads."""
        return self.embedding_dim

    @property
    def recurrent(self):
        """The `StackedRecurrent` that walks the words."""
        return self.reader.recurrent

    def attention(self, text):
        """Which words of a text the attention weighs: pairs of a word and its weight.

        The weights sum to one. Those of a transformer block are what all steps pay a word in the
        mean; where steps were halved, two words share one.

        Raises:
            ValueError: the architecture has no attention, or the text no words.
        """
        words = weighable(self, text)
        rows = self.encode(text, self.max_length)
        inputs = {name: ops.array(row[None]) for name, row in rows.items()}
        x, mask, kept = self.embedded(inputs)
        x = self._convolved(x * kept)
        weights = self.reader(x, inputs["words"], mask, return_attention_scores=True)[1]
        return list(zip(words, ops.convert_to_numpy(weights)[0].tolist()))

    def _convolved(self, x):
        return x if self.ngrams is None else x + self.ngrams(x)

    def compute_output_shape(self, input_shape):
        return (input_shape["words"][0], 2 if self.bag else 1)

    def compile(self, optimizer="adam", loss=None, weighted_metrics=None, **kwargs):
        """As `keras.Model.compile`; loss and accuracy of the heads unless told otherwise."""
        metrics = [HeadsAccuracy()] if weighted_metrics is None else weighted_metrics
        super().compile(optimizer, loss or self.heads_loss, weighted_metrics=metrics, **kwargs)

    def encode(self, text, max_length):
        """Arrays over the words of a text, as `call` takes them for a batch."""
        return self.vocabulary.encode(text, max_length)

    def batches(self, texts, labels=None, **kwargs):
        """`ReviewBatches` of raw texts for `fit`, `evaluate` and `predict`."""
        return ReviewBatches(texts, labels, self, max_length=self.max_length, **kwargs)

    def predict(self, x, batch_size=64, **kwargs):
        """Probabilities of the positive class for texts; for anything else as in Keras.

        Arguments:
            x: a text or a list of texts.

        Returns:
            `(number of texts,)`, or one number for one text.
        """
        if isinstance(x, str):
            return float(self.predict([x], batch_size, **kwargs)[0])
        if not isinstance(x, (list, tuple, np.ndarray)) or not all(isinstance(t, str) for t in x):
            return super().predict(x, batch_size=batch_size, **kwargs)
        # as 1 / (1 + exp(-logit)), without overflow
        return 0.5 + 0.5 * np.tanh(0.5 * self.logits(x, batch_size, **kwargs).sum(-1))

    def logits(self, texts, batch_size=64, verbose=0):
        """The logits of every head, `(number of texts, heads)`, the recurrent head first."""
        if len(texts) == 0:
            return np.zeros((0, 2 if self.bag else 1), "float32")
        batches = self.batches(texts, shuffle=False, batch_size=min(batch_size, len(texts)))
        return batches.restore(super().predict(batches, verbose=verbose))

    def get_config(self):
        config = {name: getattr(self, name) for name in _options()}
        config["vocabulary"] = self.vocabulary.to_config()
        return self.written(config)

    @classmethod
    def sample(cls):
        """A small one."""
        return cls(Vocabulary.fit(["a good film", "a bad film"]), units=4, embedding_dim=4)


def _options():
    """The names of the options of `TextClassifier`."""
    parameters = inspect.signature(TextClassifier.__init__).parameters
    return [name for name in parameters if name not in ("self", "kwargs")]


register(TextClassifier)
