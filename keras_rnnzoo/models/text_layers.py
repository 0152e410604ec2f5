"""Parts of the text classifier: dropping tokens, halving time, pooling, one loss for all heads."""

import keras
from keras import ops

from keras_rnnzoo import kernels
from keras_rnnzoo.base.configurable import register
from keras_rnnzoo.base.options import choice, positive_int
from keras_rnnzoo.base.options import rate as checked_rate

POOLINGS = ("last", "max", "mean", "max+mean")


class TokenDropout(keras.layers.Layer):
    """Drops whole tokens, and whole spans of tokens, in training.

    A dropped token becomes a zero vector; the others are not scaled, as a text with fewer words is
    still a text.

    Arguments:
        rate: chance that a token is dropped.
        span_rate: chance that a span of `span` neighbouring tokens is dropped.
        span: its length.
        seed: of the draw.

    Example:

    >>> TokenDropout(0.3, 0.2)(np.ones((2, 20, 4)), training=True).shape
    (2, 20, 4)
    """

    def __init__(self, rate=0.3, span_rate=0.0, span=10, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = checked_rate("rate", rate)
        self.span_rate = checked_rate("span_rate", span_rate)
        self.span = positive_int("span", span)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def draw(self, x):
        """`(batch, time, 1)`, one where a token of `x (batch, time, width)` is kept."""
        batch, time = ops.shape(x)[0], ops.shape(x)[1]
        kept = self._uniform((batch, time)) >= self.rate
        if self.span_rate:
            spans = self._uniform((batch, -(-time // self.span))) >= self.span_rate
            spans = ops.repeat(spans, self.span, axis=1)[:, :time]
            kept = ops.logical_and(kept, spans)
        return ops.expand_dims(ops.cast(kept, self.compute_dtype), -1)

    def call(self, x, training=False):
        return x * self.draw(x) if training else x

    def _uniform(self, shape):
        return keras.random.uniform(shape, seed=self.seed_generator)

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        own = {name: getattr(self, name) for name in ("rate", "span_rate", "span", "seed")}
        return {**super().get_config(), **own}


class HalveTime(keras.layers.Layer):
    """Adds neighbouring steps in pairs, divided by √2: half as many steps to walk through.

    Masked steps count as zero, and so does the missing neighbour of a last step. A pair is valid
    when one of its steps is.

    Example:

    >>> HalveTime()(np.ones((2, 5, 4))).shape
    (2, 3, 4)
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, x, mask=None):
        if mask is not None:
            x = x * ops.expand_dims(ops.cast(mask, x.dtype), -1)
        return ops.sum(self._pairs(x), axis=2) / 2**0.5

    def compute_mask(self, x, mask=None):
        if mask is None:
            return None
        valid = ops.expand_dims(ops.cast(mask, "int32"), -1)
        return ops.any(self._pairs(valid) > 0, axis=(2, 3))

    def _pairs(self, x):
        time, width = ops.shape(x)[1], x.shape[-1]
        x = ops.pad(x, [(0, 0), (0, time % 2), (0, 0)])
        return ops.reshape(x, (-1, (time + 1) // 2, 2, width))

    def compute_output_shape(self, shape):
        time = None if shape[1] is None else (shape[1] + 1) // 2
        return (shape[0], time, shape[2])


class MaskedPooling(keras.layers.Layer):
    """One vector from a sequence: its last, maximal or mean valid step, or maximum and mean.

    A row without a valid step gives zeros.

    Arguments:
        pooling: `"last"`, `"max"`, `"mean"` or `"max+mean"`.

    Example:

    >>> MaskedPooling("max+mean")(np.ones((2, 5, 4))).shape
    (2, 8)
    """

    def __init__(self, pooling="max+mean", **kwargs):
        super().__init__(**kwargs)
        self.pooling = choice("pooling", pooling, POOLINGS)
        self.supports_masking = True

    def call(self, x, mask=None):
        if mask is None:
            mask = ops.ones(ops.shape(x)[:2], dtype="bool")
        mask = ops.cast(mask, "bool")
        if self.pooling == "last":
            return kernels.forward_fill(x, mask)[:, -1]
        parts = {"max": self._max, "mean": self._mean}
        return ops.concatenate([parts[p](x, mask) for p in self.pooling.split("+")], axis=-1)

    def _max(self, x, mask):
        highest = ops.max(ops.where(ops.expand_dims(mask, -1), x, -1e4), axis=1)
        return ops.where(ops.any(mask, axis=1, keepdims=True), highest, ops.zeros_like(highest))

    def _mean(self, x, mask):
        weight = ops.expand_dims(ops.cast(mask, x.dtype), -1)
        return ops.sum(x * weight, axis=1) / ops.maximum(ops.sum(weight, axis=1), 1)

    def compute_mask(self, x, mask=None):
        return None

    def compute_output_shape(self, shape):
        return (shape[0], shape[2] * (self.pooling.count("+") + 1))

    def get_config(self):
        return {**super().get_config(), "pooling": self.pooling}


class HeadsCrossentropy(keras.losses.Loss):
    """The sum of the binary cross-entropies of several heads, each on its own logit.

    Arguments:
        label_smoothing: s in [0, 1); targets become `y (1 - s) + s / 2`.

    Example:

    >>> HeadsCrossentropy()(np.array([[1.0]]), np.array([[2.0, 0.5]]))
    """

    def __init__(self, label_smoothing=0.0, name="heads_crossentropy", **kwargs):
        super().__init__(name=name, **kwargs)
        if not 0 <= label_smoothing < 1:
            raise ValueError(
                f"`label_smoothing` must lie in [0, 1). Received: label_smoothing={label_smoothing}"
            )
        self.label_smoothing = label_smoothing

    def call(self, y_true, y_pred):
        y = ops.cast(y_true, y_pred.dtype)
        y = y * (1 - self.label_smoothing) + self.label_smoothing / 2
        # max(z, 0) - z y + log(1 + exp(-|z|)): the cross-entropy of a logit, without overflow
        each = ops.relu(y_pred) - y_pred * y + ops.log1p(ops.exp(-ops.abs(y_pred)))
        return ops.sum(each, axis=-1)

    def get_config(self):
        return {**super().get_config(), "label_smoothing": self.label_smoothing}


class HeadsAccuracy(keras.metrics.MeanMetricWrapper):
    """How often the sum of the heads' logits has the sign of the label."""

    def __init__(self, name="accuracy", dtype=None):
        super().__init__(_right, name, dtype=dtype)

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype}


def _right(y_true, y_pred):
    said = ops.sum(y_pred, axis=-1, keepdims=True) > 0
    return ops.equal(said, ops.cast(y_true, "bool"))[..., 0]


for _part in (TokenDropout, HalveTime, MaskedPooling, HeadsCrossentropy, HeadsAccuracy):
    register(_part)
