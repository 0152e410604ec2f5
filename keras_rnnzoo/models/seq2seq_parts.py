"""What a `Seq2Seq` is made of: decoders with and without attention, a bridge, a loss."""

import keras
from keras import ops

from keras_rnnzoo import kernels
from keras_rnnzoo.base import RecurrentLayer
from keras_rnnzoo.base.configurable import register
from keras_rnnzoo.datasets.text import Vocabulary
from keras_rnnzoo.datasets.translation_text import END, START
from keras_rnnzoo.hybrids import AttentionCell, AttentionRNN
from keras_rnnzoo.registry import get
from keras_rnnzoo.wrappers import StackedRecurrent


class TokenLoss(keras.Loss):
    """Cross-entropy of tokens, from logits: the mean over tokens that have a weight.

    With label smoothing ε the aim is 1 - ε for the right token and ε spread over all tokens
    (Szegedy et al. 2016, arXiv:1512.00567).

    Arguments:
        label_smoothing: ε, from 0 to below 1.
    """

    def __init__(self, label_smoothing=0.0, name="token_loss", **kwargs):
        kwargs.setdefault("reduction", "mean_with_sample_weight")
        super().__init__(name=name, **kwargs)
        self.label_smoothing = label_smoothing

    def call(self, y_true, y_pred):
        return token_losses(y_true, y_pred, self.label_smoothing)

    def get_config(self):
        return {**super().get_config(), "label_smoothing": self.label_smoothing}


register(TokenLoss)


def token_losses(labels, logits, smoothing=0.0):
    """- log P of each label, smoothed: float32 `(batch, time)`."""
    if str(logits.dtype).endswith("float16"):
        logits = ops.cast(logits, "float32")
    top = ops.logsumexp(logits, axis=-1)
    labels = ops.expand_dims(ops.cast(labels, "int32"), -1)
    right = ops.squeeze(ops.take_along_axis(logits, labels, axis=-1), -1)
    if not smoothing:
        return top - right
    return top - (1 - smoothing) * right - smoothing * ops.mean(logits, axis=-1)


class View(keras.Model):
    """One method of a model as a model of its own, so that Keras compiles it on every backend."""

    def __init__(self, model, method, **options):
        super().__init__(name=f"{model.name}_{method}")
        self.model, self.method, self.options = model, method, options
        self.built = True

    def call(self, inputs):
        return getattr(self.model, self.method)(inputs, **self.options)


def words_of(name, size, width, dtype):
    """Embeddings of words that stand apart from the start.

    Rare words are seen a few times only: from within Keras's ± 0.05 they hardly grow apart.
    """
    start = keras.initializers.RandomNormal(stddev=0.5)
    return keras.layers.Embedding(size, width, start, name=name, dtype=dtype)


def decoder_of(cell, units, depth, attention, attention_units, cell_options, dtype):
    """The layer that writes: an `AttentionRNN`, or a `StackedRecurrent` without attention."""
    found = get(cell)
    if not (isinstance(found, type) and issubclass(found, RecurrentLayer) and found.cell_class):
        raise ValueError(
            "`cell` must name a recurrent layer, see keras_rnnzoo.list_layers(). "
            f"Received: cell={cell!r}"
        )
    options = dict(cell_options or {})
    if attention is None:
        return StackedRecurrent(
            cell, units, depth, cell_options=options, return_sequences=True, return_state=True,
            dtype=dtype, name="decoder",
        )  # fmt: skip
    cells = [found.cell_class(units, **options, dtype=dtype) for _ in range(depth)]
    cell = AttentionCell(cells, attention, attention_units, dtype=dtype, name="cell")
    return AttentionRNN(
        cell, return_sequences=True, return_attention_scores=True, dtype=dtype, name="decoder"
    )


def cells_of(decoder):
    """The cells of a decoder, the lowest first."""
    if isinstance(decoder, AttentionRNN):
        return decoder.cell.cells
    return [layer.cell for layer in decoder.recurrent_layers]


class Bridge(keras.layers.Layer):
    """The start of a decoder from the last states of an encoder.

    **Equations**, for each state that is called c or is the first of its cell:

        s_0 = tanh(W [all last states] + b)

    Other states start as their cell has them start; those are counters and normalisers.

    Arguments:
        decoder: from `decoder_of`.
    """

    def __init__(self, decoder, **kwargs):
        super().__init__(**kwargs)
        self._cells = [_Fixed(cell) for cell in cells_of(decoder)]
        widths = [size for cell in self._cells for size in cell.widths if size]
        self.widths = widths
        self.dense = keras.layers.Dense(sum(widths), "tanh", dtype=self.dtype_policy, name="dense")

    def build(self, shape):
        self.dense.build(shape)
        self.built = True

    def call(self, states, start):
        """`start` with its bridged states made from the encoder's `states`."""
        joined = self.dense(joined_states(states, self.compute_dtype))
        new, low = list(start), 0
        bridged = [size for cell in self._cells for size in cell.widths]
        for place, size in enumerate(bridged):
            if size:
                new[place] = ops.cast(joined[:, low : low + size], start[place].dtype)
                low += size
        return new


class _Fixed:
    """Which states of a cell are bridged, and how wide they are; others have `None`."""

    def __init__(self, cell):
        self.widths = [
            cell.state_shape(name)[0]
            if (k == 0 or name == "c")
            and len(cell.state_shape(name)) == 1
            and name not in cell.state_dtypes
            else None
            for k, name in enumerate(cell.states)
        ]


def joined_states(states, dtype):
    """The states that are vectors, side by side."""
    vectors = [ops.cast(state, dtype) for state in states if len(state.shape) == 2]
    return ops.concatenate(vectors, axis=-1)


def decode(decoder, x, states, memory, memory_mask, training):
    """All outputs `(batch, time, units)` for inputs that are known: teacher forcing."""
    if isinstance(decoder, AttentionRNN):
        return decoder(
            x, initial_state=states, memory=memory, memory_mask=memory_mask, training=training
        )[0]
    return decoder(x, initial_state=states, training=training)[0]


def decode_sampled(step, x, states, shared, draws, choose, units):
    """All outputs where the model reads its own words now and then: scheduled sampling.

    Arguments:
        step: `(x_t, states, shared) -> (output, states)`.
        x: `(batch, time, features)`, the embedded words of the teacher.
        states: the decoder's start.
        shared: dict of what stays the same for a sequence.
        draws: dict with `own (batch, time)`, true where the model's word is read, and `uniform
            (batch, time)`, from which it is drawn.
        choose: `(output, uniform, shared) -> embedding` of a word that is drawn.
        units: width of an output.
    """
    first = ops.zeros_like(x[:, 0])  # of which nothing is read
    blank = ops.zeros((ops.shape(x)[0], units), dtype=x.dtype)

    def advance(projected, here, rows, states):
        *old, word = states
        x_t = ops.where(ops.expand_dims(here["own"], -1), word, projected["x"])
        output, new = step(x_t, old, rows)
        word = choose(output, here["uniform"], rows)
        return output, [*new, word]

    loop = kernels.Loop(lambda x: {"x": x}, advance, blank, output_is_state=False)
    return kernels.walk(loop, x, [*states, first], None, draws, shared)[0]


def vocabulary(name, given):
    """`given`, or what its config describes, if it has a start and an end."""
    given = Vocabulary.from_config(given) if isinstance(given, dict) else given
    if not isinstance(given, Vocabulary) or given.words[:2] != [START, END]:
        raise TypeError(
            f"`{name}` must be a vocabulary with start and end, such as vocabulary_of(texts). "
            f"Received: {name}={given!r}"
        )
    return given
