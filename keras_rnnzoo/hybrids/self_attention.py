"""Recurrence and self-attention over its outputs: once, or as a block of a transformer."""

import warnings

import keras
from keras import ops

from keras_rnnzoo.base.options import boolean, positive_int, rate
from keras_rnnzoo.cells import GRU
from keras_rnnzoo.hybrids import steps
from keras_rnnzoo.hybrids.base import HybridLayer, recurrent_layer


def visible(x, mask, causal, window):
    """Which steps each step may see: `(batch, time, time)` bool, the second axis the seeing ones.

    Distances are counted in valid steps, so that padding changes none.
    """
    ones = ops.ones_like(x[..., 0], dtype="int32")
    valid = ones if mask is None else ops.cast(mask, "int32")
    place = ops.cumsum(valid, axis=1)
    distance = ops.expand_dims(place, 2) - ops.expand_dims(place, 1)
    seen = ops.logical_and(ops.expand_dims(valid > 0, 1), ops.expand_dims(valid > 0, 2))
    if causal:
        seen = ops.logical_and(seen, distance >= 0)
    if window is not None:
        seen = ops.logical_and(seen, ops.abs(distance) <= window)
    return seen


class SelfAttention(HybridLayer):
    """Multi-head self-attention that is full, causal or local, with masks that hold exactly.

    Keras's `MultiHeadAttention` does the work. A masked step sees nothing and gives zeros.

    Arguments:
        num_heads: of the attention.
        key_dim: width of each head; by default the features divided by the heads.
        causal: whether a step sees only itself and what came before.
        window: how many valid steps away it sees; `None`: all.
        dropout: rate on the weights.

    Call arguments:
        sequences: `(batch, time, features)`.
        mask: `(batch, time)` bool; or `lengths (batch,)`.
        return_attention_scores: whether to return the weights `(batch, heads, time, time)` too.

    Raises:
        ValueError: a number that cannot be, or heads that do not divide the features.

    Example:

    >>> keras_rnnzoo.SelfAttention(2, window=3)(np.zeros((2, 7, 8), "float32")).shape
    (2, 7, 8)

    Reference: Vaswani et al., arXiv:1706.03762 (2017), section 3.2.
    """

    def __init__(self, num_heads=4, key_dim=None, causal=False, window=None, dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        self.num_heads = positive_int("num_heads", num_heads)
        self.key_dim = None if key_dim is None else positive_int("key_dim", key_dim)
        self.causal = boolean("causal", causal)
        self.window = None if window is None else positive_int("window", window)
        self.dropout = rate("dropout", dropout)

    def build(self, sequences_shape):
        features = sequences_shape[-1]
        if self.key_dim is None and features % self.num_heads:
            raise ValueError(
                "Heads share the features between them: `num_heads` must divide their number. Use "
                f"another, or say with `key_dim` how wide each head is. Received: num_heads="
                f"{self.num_heads}, {features} features"
            )
        self.heads = keras.layers.MultiHeadAttention(
            self.num_heads,
            self.key_dim or features // self.num_heads,
            dropout=self.dropout,
            dtype=self.dtype_policy,
            name="heads",
        )
        self.heads.build(sequences_shape, sequences_shape)
        self.built = True

    def call(self, sequences, mask=None, training=False, return_attention_scores=False):
        x = steps.zeroed(sequences, mask)
        seen = visible(x, mask, self.causal, self.window)
        # A softmax over nothing is no number on some backends; what comes of it is zeroed below.
        nothing = ops.logical_not(ops.any(seen, axis=-1, keepdims=True))
        options = {"attention_mask": ops.logical_or(seen, nothing), "training": training}
        if not return_attention_scores:
            return steps.zeroed(self.heads(x, x, **options), mask)
        with warnings.catch_warnings():  # Keras doubts a softmax over a sequence of one step
            warnings.filterwarnings(
                "ignore", message="(?s).*softmax over axis", category=UserWarning
            )
            y, weights = self.heads(x, x, **options, return_attention_scores=True)
        weights = weights * ops.cast(ops.expand_dims(seen, 1), weights.dtype)
        return steps.zeroed(y, mask), weights

    def compute_output_shape(self, sequences_shape):
        return sequences_shape

    def compute_output_spec(
        self, sequences, mask=None, training=False, return_attention_scores=False
    ):
        batch, time, _ = sequences.shape
        shapes = [sequences.shape, (batch, self.num_heads, time, time)]
        specs = [keras.KerasTensor(shape, dtype=self.compute_dtype) for shape in shapes]
        return tuple(specs) if return_attention_scores else specs[0]

    @classmethod
    def sample(cls):
        """A small one."""
        return cls(2, window=1)


class _Attending(HybridLayer):
    """What the two below share: a recurrent layer, and self-attention behind it."""

    def __init__(self, layer, num_heads, key_dim, causal, window, dropout, **kwargs):
        super().__init__(**kwargs)
        self.layer = recurrent_layer(type(self), layer, sequences=True)
        if causal and getattr(layer, "bidirectional", hasattr(layer, "backward_layer")):
            raise ValueError(
                "A bidirectional layer sees the future, so nothing behind it is causal. Use a "
                f"layer in one direction, or causal=False. Received: layer={layer.name}"
            )
        self.num_heads, self.key_dim, self.causal = num_heads, key_dim, causal
        self.window, self.dropout = window, rate("dropout", dropout)
        options = (num_heads, key_dim, causal, window, dropout)
        self.attention = SelfAttention(*options, dtype=self.dtype_policy, name="attention")
        self.drop = keras.layers.Dropout(self.dropout, dtype=self.dtype_policy)

    def _norm(self, name):
        return keras.layers.LayerNormalization(dtype=self.dtype_policy, name=name)

    def compute_output_spec(
        self, sequences, mask=None, training=False, return_attention_scores=False
    ):
        batch, time, _ = sequences.shape
        shapes = [self.compute_output_shape(sequences.shape), (batch, self.num_heads, time, time)]
        specs = [keras.KerasTensor(shape, dtype=self.compute_dtype) for shape in shapes]
        return tuple(specs) if return_attention_scores else specs[0]

    def explain_kernel(self, backend=None):
        """In words: what walks time in the recurrent layer."""
        return self.layer.explain_kernel(backend)


class RNNSelfAttention(_Attending):
    """A recurrent layer, then self-attention over its outputs, residual and normalised.

    **Equations**

        h = layer(x),  y = norm(h + dropout(attention(h)))

    A masked step gives zeros.

    Arguments:
        layer: a recurrent layer with `return_sequences=True`, of this package or of Keras.
        num_heads, key_dim, causal, window: as in `SelfAttention`.
        dropout: rate on the weights and on what the attention gives.

    Call arguments:
        sequences: `(batch, time, features)`.
        mask: `(batch, time)` bool; or `lengths (batch,)`.
        return_attention_scores: whether to return the weights `(batch, heads, time, time)` too.

    Returns `(batch, time, width of the layer)`.

    Raises:
        TypeError: no recurrent layer was given.
        ValueError: the layer returns its last output alone, or is bidirectional and `causal` is
            asked for.

    Example:

    >>> layer = keras_rnnzoo.RNNSelfAttention(keras_rnnzoo.MGU(8, return_sequences=True), 2)
    >>> layer(np.zeros((2, 7, 5), "float32")).shape
    (2, 7, 8)

    Reference: Vaswani et al., arXiv:1706.03762 (2017), section 3.2, over recurrent outputs as in
    Lin et al., arXiv:1703.03130 (2017).
    """

    def __init__(
        self, layer, num_heads=4, key_dim=None, causal=False, window=None, dropout=0.0, **kwargs
    ):
        super().__init__(layer, num_heads, key_dim, causal, window, dropout, **kwargs)
        self.norm = self._norm("norm")

    def build(self, sequences_shape):
        if not self.layer.built:
            self.layer.build(sequences_shape)
        width = self.layer.compute_output_shape(sequences_shape)
        self.attention.build(width)
        self.norm.build(width)
        self.built = True

    def call(self, sequences, mask=None, training=False, return_attention_scores=False):
        h = self.layer(sequences, mask=mask, training=training)
        options = {"mask": mask, "training": training}
        a, weights = attended(self.attention, h, return_attention_scores, options)
        y = self.norm(h + self.drop(a, training=training))
        y = steps.zeroed(y, mask)
        return (y, weights) if return_attention_scores else y

    def compute_output_shape(self, sequences_shape):
        return self.layer.compute_output_shape(sequences_shape)

    @classmethod
    def sample(cls):
        """A small one."""
        return cls(GRU(4, return_sequences=True), 2)


def attended(attention, x, with_scores, options):
    """What attention gives for `x`, and its weights or `None`."""
    if not with_scores:
        return attention(x, **options), None
    return attention(x, **options, return_attention_scores=True)
