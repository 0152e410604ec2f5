"""A transformer block whose sense of order comes from recurrence."""

import keras
from keras import ops

from keras_rnnzoo.base.options import boolean, positive_int
from keras_rnnzoo.cells import GRU
from keras_rnnzoo.hybrids import steps
from keras_rnnzoo.hybrids.self_attention import _Attending, attended


class RNNTransformerBlock(_Attending):
    """A pre-norm transformer block with a recurrent layer in place of position encodings.

    **Equations**

        r = x + dropout(layer(norm(x)) P)
        a = r + dropout(attention(norm(r)))
        y = a + dropout(φ(norm(a) W + b) V + d)

    P is there where the width of the layer is not that of x. With `position_encoding=True`
    sinusoids are added to x first, so that the recurrence stands beside them; they count valid
    steps. Blocks can be stacked, as the output is as wide as the input. A masked step gives zeros.

    Arguments:
        layer: a recurrent layer with `return_sequences=True`, of this package or of Keras.
        num_heads, key_dim, causal, window: as in `SelfAttention`.
        feed_forward: width of the feed-forward part; by default four times that of the input.
        activation: φ.
        position_encoding: whether sinusoids are added, for the first block of a stack.
        dropout: rate of each of the three.

    Call arguments:
        sequences: `(batch, time, features)`.
        mask: `(batch, time)` bool; or `lengths (batch,)`.
        return_attention_scores: whether to return the weights `(batch, heads, time, time)` too.

    Returns `(batch, time, features)`.

    Raises:
        TypeError: no recurrent layer was given.
        ValueError: the layer returns its last output alone, or is bidirectional and `causal` is
            asked for.

    Example:

    >>> block = keras_rnnzoo.RNNTransformerBlock(keras_rnnzoo.GRU(8, return_sequences=True), 2)
    >>> block(np.zeros((2, 7, 6), "float32")).shape
    (2, 7, 6)

    Reference: Wang et al., R-Transformer, arXiv:1907.05572 (2019), without its window around the
    recurrence; pre-norm: Xiong et al., arXiv:2002.04745 (2020); sinusoids: Vaswani et al.,
    arXiv:1706.03762 (2017), section 3.5.
    """

    def __init__(
        self,
        layer,
        num_heads=4,
        key_dim=None,
        feed_forward=None,
        causal=False,
        window=None,
        activation="gelu",
        position_encoding=False,
        dropout=0.0,
        **kwargs,
    ):
        super().__init__(layer, num_heads, key_dim, causal, window, dropout, **kwargs)
        given = feed_forward is not None
        self.feed_forward = positive_int("feed_forward", feed_forward) if given else None
        self.activation = keras.activations.get(activation)
        self.position_encoding = boolean("position_encoding", position_encoding)
        self.norms = [self._norm(f"norm_{name}") for name in ("layer", "attention", "feed_forward")]
        self.project = None

    def build(self, sequences_shape):
        width, policy = sequences_shape[-1], self.dtype_policy
        for norm in self.norms:
            norm.build(sequences_shape)
        if not self.layer.built:
            self.layer.build(sequences_shape)
        recurrent = self.layer.compute_output_shape(sequences_shape)
        if recurrent[-1] != width:
            self.project = keras.layers.Dense(width, dtype=policy, name="project")
            self.project.build(recurrent)
        self.attention.build(sequences_shape)
        inner = self.feed_forward or 4 * width
        self.widen = keras.layers.Dense(
            inner, activation=self.activation, dtype=policy, name="widen"
        )
        self.narrow = keras.layers.Dense(width, dtype=policy, name="narrow")
        self.widen.build(sequences_shape)
        self.narrow.build((*sequences_shape[:-1], inner))
        self.built = True

    def call(self, sequences, mask=None, training=False, return_attention_scores=False):
        options = {"mask": mask, "training": training}
        first, second, third = self.norms
        x = sequences
        if self.position_encoding:
            x = x + sinusoids(x, mask)
        r = self.layer(first(x), **options)
        r = r if self.project is None else self.project(r)
        r = x + self.drop(r, training=training)
        a, weights = attended(self.attention, second(r), return_attention_scores, options)
        a = r + self.drop(a, training=training)
        y = a + self.drop(self.narrow(self.widen(third(a))), training=training)
        y = steps.zeroed(y, mask)
        return (y, weights) if return_attention_scores else y

    def compute_output_shape(self, sequences_shape):
        return sequences_shape

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "activation": activation}

    @classmethod
    def sample(cls):
        """A small one."""
        return cls(GRU(3, return_sequences=True), 2, position_encoding=True)


def sinusoids(x, mask):
    """sin and cos of the number of each valid step, `(batch, time, features of x)`.

    Features 2 i and 2 i + 1 turn by 10000^(-2 i / features) radians a step.
    """
    ones = ops.ones_like(x[..., 0], dtype="float32")
    place = ops.cumsum(ones if mask is None else ops.cast(mask, "float32"), axis=1) - 1
    feature = ops.arange(x.shape[-1], dtype="float32")
    even = 2 * ops.floor(feature / 2)
    angle = ops.expand_dims(place, -1) * ops.power(1e4, -even / x.shape[-1])
    return ops.cast(ops.where(feature == even, ops.sin(angle), ops.cos(angle)), x.dtype)
