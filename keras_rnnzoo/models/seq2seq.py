"""From one text to another: an encoder, a decoder of any cell with attention, and beam search."""

import inspect

import keras
from keras import ops

from keras_rnnzoo.base.configurable import register
from keras_rnnzoo.base.options import choice, positive_int, rate, refuse_unknown
from keras_rnnzoo.datasets.text import PADDING, UNKNOWN, Vocabulary
from keras_rnnzoo.datasets.translation_batches import TranslationBatches
from keras_rnnzoo.datasets.translation_text import END, END_ID, START, START_ID, TOKENS, cut
from keras_rnnzoo.hybrids import AttentionRNN
from keras_rnnzoo.hybrids.attention_scores import SCORES
from keras_rnnzoo.models.files import InOneFile
from keras_rnnzoo.models.seq2seq_parts import (
    Bridge,
    TokenLoss,
    View,
    cells_of,
    decode,
    decode_sampled,
    decoder_of,
    token_losses,
    vocabulary,
    words_of,
)
from keras_rnnzoo.models.seq2seq_use import Generates
from keras_rnnzoo.wrappers import StackedRecurrent


class Seq2Seq(Generates, InOneFile, keras.Model):
    """Turns a text into another, with the vocabularies of both inside.

    A `StackedRecurrent` reads the source in both directions; an `AttentionRNN` writes the target
    word by word, looking at all places of the source (arXiv:1409.0473, arXiv:1508.04025). With
    `attention=None` all that it knows of the source is its start, as in Sutskever et al. 2014,
    arXiv:1409.3215.

    Arguments:
        source_vocabulary, target_vocabulary: from `vocabulary_of`, or their configs.
        tokens: `"words"` or `"characters"`: how texts are cut.
        cell, depth, cell_options: of encoder and decoder; any of `keras_rnnzoo.list_layers()`.
        units: width of the decoder, and of the encoder's output.
        attention: `"additive"`, `"dot"`, `"general"` or `None`.
        attention_units: width of what the words are read off, `units` if `None`.
        bidirectional: whether the encoder reads in both directions, each of half the width.
        embedding_dim: width of the word embeddings.
        dropout: of channels of the embedded words, for a whole text, and of the outputs.
        scheduled_sampling: chance at the end of training that the decoder reads its own word in
            place of the teacher's, arXiv:1506.03099; what it is now is in `sampling_rate`.
        label_smoothing: of the training loss, see `TokenLoss`.
        max_length: of a target in tokens, its end included, when texts are generated.
        seed: of dropout and sampling.

    Call arguments:
        inputs: a dict of int arrays: `source` (batch, places) and `target` (batch, time) that
            begins with the start; 0 is padding, in every place but the first of a target.

    Returns logits of the next token, `(batch, time, tokens)`.

    Raises:
        ValueError: an option that cannot be. TypeError: something else than vocabularies.

    Example:

    >>> words = vocabulary_of(["un chat", "un chien"])
    >>> model = Seq2Seq(vocabulary_of(["a cat", "a dog"]), words, cell="gru", units=8)
    >>> model.generate("a dog", beam=4)[0].text
    """

    def __init__(
        self,
        source_vocabulary,
        target_vocabulary,
        tokens="words",
        cell="gru",
        units=256,
        depth=1,
        attention="additive",
        attention_units=None,
        bidirectional=True,
        cell_options=None,
        embedding_dim=128,
        dropout=0.2,
        scheduled_sampling=0.0,
        label_smoothing=0.0,
        max_length=50,
        seed=None,
        **kwargs,
    ):
        given = dict(locals())
        of_keras = ["name", "dtype", "trainable"]
        refuse_unknown(type(self), kwargs, [*of_keras, *_options()], of_keras)
        super().__init__(**kwargs)
        self._config = {name: given[name] for name in _options()}
        self.source_vocabulary = vocabulary("source_vocabulary", source_vocabulary)
        self.target_vocabulary = vocabulary("target_vocabulary", target_vocabulary)
        self.tokens = choice("tokens", tokens, TOKENS)
        self.units, depth = positive_int("units", units), positive_int("depth", depth)
        choice("attention", attention, (*SCORES, None))
        if bidirectional and self.units % 2:
            raise ValueError(
                "Each direction of the encoder has half the units. Give an even number, or "
                f"bidirectional=False. Received: units={units}"
            )
        self.scheduled_sampling = rate("scheduled_sampling", scheduled_sampling)
        self.label_smoothing = rate("label_smoothing", label_smoothing)
        self.max_length = positive_int("max_length", max_length)
        own = {"dtype": self.dtype_policy}
        self.decoder = decoder_of(
            cell, self.units, depth, attention, attention_units, cell_options, self.dtype_policy
        )
        self._check_sampling()
        self.encoder = StackedRecurrent(
            cell, self.units // 2 if bidirectional else self.units, depth,
            bidirectional=bool(bidirectional), cell_options=cell_options, return_sequences=True,
            return_state=True, name="encoder", **own,
        )  # fmt: skip
        width = positive_int("embedding_dim", embedding_dim)
        sizes = self.source_vocabulary.size, self.target_vocabulary.size
        self.source_words = words_of("source_words", sizes[0], width, self.dtype_policy)
        self.target_words = words_of("target_words", sizes[1], width, self.dtype_policy)
        self.bridge = Bridge(self.decoder, name="bridge", **own)
        self.readout = keras.layers.Dense(sizes[1], name="readout", **own)
        self._make_noise(dropout, seed)
        self.sampling_rate = self.add_weight(
            name="sampling_rate", shape=(), initializer="zeros", trainable=False, dtype="float32"
        )
        self._hide_views()

    def _make_noise(self, dropout, seed):
        shapes = [(None, 1, None), (None, 1, None), None]  # two for a whole text, one a step
        self.droppers = [
            keras.layers.Dropout(
                dropout, shape, None if seed is None else seed + k, dtype=self.dtype_policy
            )
            for k, shape in enumerate(shapes)
        ]
        self.draws = keras.random.SeedGenerator(seed)

    def _check_sampling(self):
        noisy = [cell for cell in cells_of(self.decoder) if cell.draws_noise]
        if self.scheduled_sampling and noisy:
            raise ValueError(
                "With scheduled sampling the decoder is walked step by step and draws no dropout "
                "or zoneout of its cells. Choose one: scheduled_sampling=0, or other cell_options. "
                f"Received: scheduled_sampling={self.scheduled_sampling}, "
                f"cell_options={self._config['cell_options']}"
            )

    def build(self, input_shape=None):
        width = self._config["embedding_dim"]
        self.source_words.build((None, None))
        self.target_words.build((None, None))
        self.encoder.build((None, None, width))
        memory, *states = self.encoder.compute_output_shape((None, None, width))
        if isinstance(self.decoder, AttentionRNN):
            self.decoder.build((None, None, width), memory_shape=memory)
        else:
            self.decoder.build((None, None, width))
        self.bridge.build((None, sum(shape[1] for shape in states if len(shape) == 2)))
        self.readout.build((None, None, self.output_width))
        self.built = True

    @property
    def output_width(self):
        """Of what the words are read off."""
        attends = isinstance(self.decoder, AttentionRNN)
        return (self.decoder if attends else self.decoder.recurrent_layers[-1]).cell.output_size

    def call(self, inputs, training=False):
        memory, mask, states = self._encode(inputs["source"], training)
        target = ops.cast(inputs["target"], "int32")
        x = self.droppers[1](self.target_words(target), training=training)
        if training and self.scheduled_sampling:
            outputs = self._decode_sampled(x, states, memory, mask)
        else:
            outputs = decode(self.decoder, x, states, memory, mask, training)
        return self.readout(self.droppers[2](outputs, training=training))

    def compute_output_shape(self, input_shape):
        return (*input_shape["target"], self.target_vocabulary.size)

    def compile(self, optimizer="adam", loss=None, **kwargs):
        """As `keras.Model.compile`; the loss is a `TokenLoss` unless told otherwise."""
        super().compile(optimizer, loss or TokenLoss(self.label_smoothing), **kwargs)

    def _encode(self, source, training):
        source = ops.cast(source, "int32")
        mask = ops.not_equal(source, PADDING)
        x = self.droppers[0](self.source_words(source), training=training)
        memory, *states = self.encoder(x, mask=mask, training=training)
        start = self.decoder.get_initial_state(ops.shape(source)[0])
        return memory, mask, self.bridge(states, start)

    def _decode_sampled(self, x, states, memory, mask):
        batch, length = ops.shape(x)[0], ops.shape(x)[1]
        own, uniform = (keras.random.uniform((batch, length), seed=self.draws) for _ in range(2))
        own = ops.logical_and(own < self.sampling_rate, ops.arange(length)[None] > 0)
        kept = self.droppers[1](ops.ones_like(x[:, :1]), training=True)[:, 0]
        shared = {**self._prepared(memory, mask), "kept": kept}
        table = ops.convert_to_tensor(self.target_words.embeddings, dtype=self.compute_dtype)

        def step(x, states, rows):
            output, *_, states = self._advance(x, states, rows)
            return output, states

        def choose(output, uniform, rows):
            logits = ops.cast(self.readout(ops.stop_gradient(output)), "float32")
            below = ops.cumsum(ops.softmax(logits), axis=-1) < ops.expand_dims(uniform, -1)
            ids = ops.sum(ops.cast(below, "int32"), axis=-1)
            ids = ops.minimum(ids, self.target_vocabulary.size - 1)
            return ops.take(table, ids, axis=0) * rows["kept"]

        draws = {"own": own, "uniform": uniform}
        return decode_sampled(step, x, states, shared, draws, choose, self.output_width)

    # Steps, for what generates ------------------------------------------------------------------

    def _prepared(self, memory, mask):
        attends = isinstance(self.decoder, AttentionRNN)
        return self.decoder.prepare(memory, mask) if attends else {}

    def _advance(self, x, states, prepared):
        """`(output, weights, states)`, or without attention `(output, states)`."""
        if isinstance(self.decoder, AttentionRNN):
            return self.decoder.step(x, states, prepared)
        return self.decoder.step(x, states)

    def encoded(self, inputs):
        """What decoding starts from: `{"states": [...], "prepared": {...}}`."""
        memory, mask, states = self._encode(inputs["source"], training=False)
        return {"states": states, "prepared": self._prepared(memory, mask)}

    def step(self, inputs, choices):
        """One step of the decoder: the `choices` most probable next tokens of each row."""
        x = self.target_words(inputs["tokens"])
        output, *weights, states = self._advance(x, inputs["states"], inputs.get("prepared", {}))
        logits = ops.cast(self.readout(output), "float32")
        never = ops.arange(self.target_vocabulary.size)
        never = (never == PADDING) | (never == UNKNOWN) | (never == START_ID)
        log_p, ids = ops.top_k(ops.where(never, -1e30, ops.log_softmax(logits)), choices)
        found = {"log_p": log_p, "ids": ids, "states": states}
        return {**found, "weights": weights[0]} if weights else found

    def losses_of(self, inputs):
        """- log P of the labels of each row of a batch, summed."""
        given = {name: inputs[name] for name in ("source", "target")}
        losses = token_losses(inputs["labels"], self.call(given))
        there = ops.cast(ops.not_equal(inputs["labels"], PADDING), losses.dtype)
        return ops.sum(losses * there, axis=-1)

    # Texts --------------------------------------------------------------------------------------

    def encode_source(self, text):
        """Ids of a source text, with its end."""
        return [*self.source_vocabulary.ids(cut(text, self.tokens)).tolist(), END_ID]

    def encode_target(self, text):
        """Ids of a target text, with its start and end."""
        ids = self.target_vocabulary.ids(cut(text, self.tokens)).tolist()
        return [START_ID, *ids, END_ID]

    def batches(self, sources, targets, **kwargs):
        """`TranslationBatches` of pairs of texts for `fit`."""
        return TranslationBatches(
            [*map(self.encode_source, sources)], [*map(self.encode_target, targets)], **kwargs
        )

    def get_config(self):
        config = {**self._config, "source_vocabulary": self.source_vocabulary.to_config()}
        return self.written({**config, "target_vocabulary": self.target_vocabulary.to_config()})

    @classmethod
    def sample(cls):
        """A small one."""
        words = Vocabulary([START, END, "a", "b"])
        return cls(words, words, units=4, embedding_dim=4, max_length=5)

    def _view(self, method, **options):
        """`method` as a model that Keras compiles; each is made once."""
        key = (method, *options.values())
        if key not in self._views:
            self._views[key] = View(self, method, **options)
        return self._views[key]


def _options():
    """The names of the options of `Seq2Seq`."""
    parameters = inspect.signature(Seq2Seq.__init__).parameters
    return [name for name in parameters if name not in ("self", "kwargs")]


register(Seq2Seq)
