"""Convolution over neighbouring steps, and recurrence over what it finds."""

import keras
from keras import ops

from keras_rnnzoo.base.options import boolean, choice, positive_int, rate
from keras_rnnzoo.cells import GRU
from keras_rnnzoo.hybrids import steps
from keras_rnnzoo.hybrids.base import HybridLayer, recurrent_layer

PADDINGS = ("same", "causal")
POOLINGS = ("max", "mean")


class ConvRNN1D(HybridLayer):
    """N-gram convolutions of one or several widths in front of a recurrent layer.

    **Equations**, for each width k, over the valid steps:

        z_k = φ(conv_k(x)),  z = pool([z_k1; z_k2; ...] + x R),  y = layer(z)

    where x R stands with `residual=True` only; R is the identity where the widths allow it.

    Masked steps are taken out before the convolution and put back behind the layer, so that
    padding on any side changes nothing, whatever the stride. With strides or pooling the output is
    shorter: from n valid steps to ⌈⌈n / strides⌉ / pool_size⌉, at the front of each row, and so is
    the mask.

    Arguments:
        layer: a recurrent layer, of this package or of Keras.
        filters: of each width.
        kernel_sizes: width of the convolution in steps, or several.
        strides: steps from one window to the next.
        pool_size: neighbouring outputs of the convolution that become one.
        pooling: `"max"` or `"mean"`.
        dilation_rate: steps between the taps of a window; above 1 only without strides.
        padding: `"same"`, or `"causal"` where a window must not see what comes after its step.
        residual: whether the input is added to the convolution.
        conv_activation: φ, a name or function of Keras.
        conv_dropout: rate of dropping channels of z for a whole sequence.

    Call arguments:
        sequences: `(batch, time, features)`.
        mask: `(batch, time)` bool; or `lengths (batch,)`.

    Returns what the layer returns, for the steps that are left.

    Raises:
        TypeError: no recurrent layer was given.
        ValueError: an option cannot be, two do not go together, or windows are wider than sequences
            of a known length. (Short rows of a longer batch see zeros beyond their ends.)

    Example:

    >>> layer = keras_rnnzoo.GRU(8, return_sequences=True)
    >>> trigrams = keras_rnnzoo.ConvRNN1D(layer, 16, kernel_sizes=(2, 3), pool_size=2)
    >>> trigrams(np.zeros((2, 7, 5), "float32")).shape
    (2, 4, 8)

    Reference: Kim, arXiv:1408.5882 (2014), several widths; Zhou et al., A C-LSTM neural network
    for text classification, arXiv:1511.08630 (2015).
    """

    def __init__(
        self,
        layer,
        filters,
        kernel_sizes=3,
        strides=1,
        pool_size=1,
        pooling="max",
        dilation_rate=1,
        padding="same",
        residual=False,
        conv_activation="relu",
        conv_dropout=0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.layer = recurrent_layer(type(self), layer)
        several = isinstance(kernel_sizes, (list, tuple))
        sizes = list(kernel_sizes) if several else [kernel_sizes]
        self.kernel_sizes = [positive_int("kernel_sizes", size) for size in sizes]
        if not sizes:
            raise ValueError("`kernel_sizes` must name a width at least. Received: ()")
        self.filters = positive_int("filters", filters)
        self.strides = positive_int("strides", strides)
        self.pool_size = positive_int("pool_size", pool_size)
        self.dilation_rate = positive_int("dilation_rate", dilation_rate)
        if self.strides > 1 and self.dilation_rate > 1:
            raise ValueError(
                "A convolution has strides or dilation, not both. "
                f"Received: strides={strides}, dilation_rate={dilation_rate}"
            )
        self.pooling = choice("pooling", pooling, POOLINGS)
        self.padding = choice("padding", padding, PADDINGS)
        self.residual = boolean("residual", residual)
        self.conv_activation = keras.activations.get(conv_activation)
        self.conv_dropout = rate("conv_dropout", conv_dropout)
        self.convolutions = [self._convolution(size) for size in self.kernel_sizes]
        self.drop = keras.layers.SpatialDropout1D(self.conv_dropout, dtype=self.dtype_policy)
        self.shortcut = None

    def _convolution(self, size):
        return keras.layers.Conv1D(
            self.filters,
            size,
            strides=self.strides,
            dilation_rate=self.dilation_rate,
            activation=self.conv_activation,
            dtype=self.dtype_policy,
            name=f"convolution_{size}",
        )

    @property
    def width(self):
        """Channels of the convolutions together."""
        return self.filters * len(self.kernel_sizes)

    def build(self, sequences_shape):
        widest, length = (max(self.kernel_sizes) - 1) * self.dilation_rate + 1, sequences_shape[1]
        if length is not None and length < widest:
            raise ValueError(
                f"{self.name} has windows of {widest} steps, which sequences of {length} steps "
                "never fill. Use narrower `kernel_sizes`; where only some are so short, build it "
                "for any length: layer.build((None, None, features)). Received: kernel_sizes="
                f"{tuple(self.kernel_sizes)}, dilation_rate={self.dilation_rate}, "
                f"shape={tuple(sequences_shape)}"
            )
        for convolution in self.convolutions:
            convolution.build((None, None, sequences_shape[-1]))
        if self.residual and sequences_shape[-1] != self.width:
            self.shortcut = keras.layers.Dense(
                self.width, use_bias=False, dtype=self.dtype_policy, name="shortcut"
            )
            self.shortcut.build(sequences_shape)
        if not self.layer.built:
            self.layer.build(self._convolved_shape(sequences_shape))
        self.built = True

    def call(self, sequences, mask=None, training=False):
        z, packed = self.convolved(sequences, mask)
        y = self.layer(self.drop(z, training=training), mask=packed, training=training)
        if mask is None or not self.layer.return_sequences or self.shortens:
            return y
        return steps.unpack(y, ops.cast(mask, "bool"))

    def convolved(self, sequences, mask=None):
        """z, which the layer reads, and its mask: valid steps first."""
        x, packed = sequences, None
        if mask is not None:
            x, packed = steps.pack(x, ops.cast(mask, "bool"))
        z = ops.concatenate([self._convolve(c, x) for c in self.convolutions], axis=-1)
        if self.residual:
            kept = x[:, :: self.strides]
            z = z + (kept if self.shortcut is None else self.shortcut(kept))
        return self._pool(z, None if packed is None else packed[:, :: self.strides])

    def _convolve(self, convolution, x):
        """Windows that begin at steps 0, strides, 2 · strides ... less what lies to their left."""
        reach = (convolution.kernel_size[0] - 1) * self.dilation_rate
        left = reach if self.padding == "causal" else reach // 2
        return convolution(ops.pad(x, [(0, 0), (left, reach - left), (0, 0)]))

    def _pool(self, z, mask):
        """Neighbours made one; what is masked takes no part."""
        size = self.pool_size
        if size == 1:
            return z, mask
        time = ops.shape(z)[1]
        valid = ops.ones_like(z[..., :1], dtype="bool") if mask is None else mask[..., None]
        lacking = -time % size
        z, valid = (ops.pad(part, [(0, 0), (0, lacking), (0, 0)]) for part in (z, valid))
        short = (-1, (time + lacking) // size, size)
        z, valid = ops.reshape(z, (*short, self.width)), ops.reshape(valid, (*short, 1))
        known = ops.any(valid, axis=(2, 3))
        if self.pooling == "max":
            lowest = ops.cast(-6e4, z.dtype)  # float16 holds it
            pooled = steps.zeroed(ops.max(ops.where(valid, z, lowest), axis=2), known)
        else:
            weight = ops.cast(valid, z.dtype)
            pooled = ops.sum(z * weight, axis=2) / ops.maximum(ops.sum(weight, axis=2), 1)
        return pooled, None if mask is None else known

    @property
    def shortens(self):
        """Whether fewer steps come out than go in."""
        return self.strides > 1 or self.pool_size > 1

    def _convolved_shape(self, shape):
        time = shape[1]
        for step in (self.strides, self.pool_size):
            time = None if time is None else (time + step - 1) // step
        return (shape[0], time, self.width)

    def compute_output_shape(self, sequences_shape):
        return self.layer.compute_output_shape(self._convolved_shape(sequences_shape))

    def compute_mask(self, sequences, mask=None):
        if mask is None or not self.layer.return_sequences:
            return None
        if not self.shortens:
            return mask
        return steps.front(mask)[:, :: self.strides][:, :: self.pool_size]

    def get_config(self):
        activation = keras.activations.serialize(self.conv_activation)
        return {**super().get_config(), "conv_activation": activation}

    def explain_kernel(self, backend=None):
        """In words: what walks time in the recurrent layer."""
        return self.layer.explain_kernel(backend)

    @classmethod
    def sample(cls):
        """A small one."""
        return cls(GRU(4, return_sequences=True), 3, kernel_sizes=(2, 3), pool_size=2)
