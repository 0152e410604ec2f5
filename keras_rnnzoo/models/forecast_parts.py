"""Parts of the forecaster: sizes, windows that are normalised and back, and the linear skip."""

from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from keras_rnnzoo.base.options import choice

NORMALIZATIONS = ("none", "last", "instance", "mean")


@dataclass(frozen=True)
class Sizes:
    """How many numbers there are of everything.

    Attributes:
        look_back, horizon: steps read and steps forecast.
        channels: that the network sees and forecasts at a time.
        count: parameters of the output for each of them.
        past, known: covariates known up to now, and ahead.
        extra: numbers that stay the same for a window.
    """

    look_back: int
    horizon: int
    channels: int
    count: int
    past: int = 0
    known: int = 0
    extra: int = 0

    @property
    def step_alone(self):
        """Features of one step without `extra`."""
        return self.channels + self.past + self.known

    @property
    def step(self):
        """Features of one step."""
        return self.step_alone + self.extra


def along(vector, steps):
    """`(batch, e)` to `(batch, steps, e)`."""
    return ops.repeat(ops.expand_dims(vector, 1), steps, axis=1)


def joined(values, inputs, extra, steps):
    """Values and covariates of some steps side by side.

    Arguments:
        values: `(batch, n, channels)`.
        inputs: of the window; "past" and "known" are read at `steps`, a slice of n steps.
        extra: `(batch, e)` or `None`.
    """
    parts = [values]
    parts += [ops.cast(inputs[k][:, steps], values.dtype) for k in ("past", "known") if k in inputs]
    if extra is not None:
        parts.append(along(extra, values.shape[1]))
    return ops.concatenate(parts, axis=-1) if len(parts) > 1 else values


class WindowNormalization(keras.layers.Layer):
    """Takes from each window the level, and perhaps the scale, of its own history.

    **Equations** for a history x of one channel, with z = (x - shift) / scale:

        last       shift = its last value,  scale = 1          (NLinear, arXiv:2205.13504)
        instance   shift = its mean,  scale = its deviation    (RevIN, ICLR 2022, without its
                                                                affine map)
        mean       shift = 0,  scale = 1 + its mean            (counts; arXiv:1704.04110, eq. 4)

    Arguments:
        kind: one of these, or `"none"`.
    """

    def __init__(self, kind, **kwargs):
        super().__init__(**kwargs)
        self.kind = choice("normalization", kind, NORMALIZATIONS)

    def call(self, history):
        """`(batch, time, channels)` normalised, and scale and shift `(batch, 1, channels)`."""
        zero = ops.zeros_like(history[:, -1:])
        if self.kind == "last":
            scale, shift = zero + 1.0, history[:, -1:]
        elif self.kind == "instance":
            shift = ops.mean(history, axis=1, keepdims=True)
            variance = ops.mean(ops.square(history - shift), axis=1, keepdims=True)
            scale = ops.sqrt(variance + 1e-5)
        elif self.kind == "mean":
            scale, shift = 1.0 + ops.mean(history, axis=1, keepdims=True), zero
        else:
            return history, zero + 1.0, zero
        return (history - shift) / scale, scale, shift


class LinearSkip(keras.layers.Layer):
    """A linear map from the history to the horizon, in the units of the history.

    **Equations** for one channel with the level and the scale of its window (`normalization`):

        z = (x - shift) / scale        y = shift + scale · (zᵀ W + b)

    Arguments:
        look_back, horizon: steps.
        normalization: as in `WindowNormalization`.
        maps: how many channels there are, if each has a map of its own; `None`: one for all.

    Call arguments:
        history: `(batch, look_back, channels)`.
        channel: `(batch,)`, the number of the only channel in each row; without it all channels
            are in the history.

    Returns what it says `(batch, horizon, channels)`, and how far that is off, which broadcasts.

    Weights, with a first axis of channels if each has its own:
        `kernel (look_back, horizon)`, `bias (horizon,)`: zero until `set_map`;
        `spread (horizon,)`: the deviation of what it misses, one until `set_map`, never trained.
    """

    def __init__(self, look_back, horizon, normalization="none", maps=None, **kwargs):
        super().__init__(**kwargs)
        self.look_back, self.horizon, self.maps = look_back, horizon, maps
        self.normalise = WindowNormalization(normalization)

    def build(self, shape=None):
        each = () if self.maps is None else (self.maps,)
        sizes = {"kernel": (self.look_back, self.horizon), "bias": (self.horizon,)}
        for name, size in sizes.items():
            setattr(self, name, self.add_weight((*each, *size), "zeros", name=name))
        self.spread = self.add_weight((*each, self.horizon), "ones", name="spread", trainable=False)
        self.built = True

    def set_map(self, kernel, bias, spread=None):
        """Take over a map that was solved for, such as that of `RidgeForecast`."""
        self.kernel.assign(np.asarray(kernel, "float32"))
        self.bias.assign(np.asarray(bias, "float32"))
        if spread is not None:
            self.spread.assign(np.asarray(spread, "float32"))

    def explain(self):
        """What it is, in words."""
        words = {"last": "less the last value", "instance": "standardised", "none": "as they are"}
        seen = words.get(self.normalise.kind, f"by their {self.normalise.kind}")
        maps = "one linear map for all channels" if self.maps is None else "a linear map a channel"
        return f"{maps}, of windows {seen}"

    def call(self, history, channel=None):
        z, scale, shift = self.normalise(history)
        x = ops.transpose(z, (0, 2, 1))
        kernel, bias, spread = (
            ops.cast(weight, x.dtype) for weight in (self.kernel, self.bias, self.spread)
        )
        if self.maps is None:
            y, spread = ops.matmul(x, kernel) + bias, ops.reshape(spread, (1, -1, 1))
        elif channel is None:
            y = ops.einsum("bcl,clh->bch", x, kernel) + bias
            spread = ops.expand_dims(ops.transpose(spread), 0)
        else:
            every = ops.einsum("bl,clh->bch", x[:, 0], kernel) + bias
            own = ops.one_hot(channel, self.maps, dtype=x.dtype)
            y = ops.einsum("bch,bc->bh", every, own)[:, None]
            spread = ops.expand_dims(ops.matmul(own, spread), -1)
        return shift + scale * ops.transpose(y, (0, 2, 1)), spread
