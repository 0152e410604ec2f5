"""A small convolutional network on every frame of a sequence, and frames cut from a spectrogram."""

import keras
from keras import ops

from keras_rnnzoo.base import checks
from keras_rnnzoo.base.options import choice, positive_int
from keras_rnnzoo.hybrids.base import HybridLayer

POOLINGS = ("flatten", "mean", "max")
SOME = 6  # frames on which a tower is tried
OF_THE_TOWER = {"filters": (16, 32), "kernel_size": 3, "features": 64}


class FrameTower(HybridLayer):
    """A network on every frame of `(batch, time, height, width, channels)`, or of a spectrogram.

    Arguments, inputs, windows and masks: as in `ConvRNN2D`.

    Returns `(batch, frames, features)`; what stands in masked frames is of no meaning.

    Example:

    >>> FrameTower(features=8)(np.zeros((2, 5, 6, 6, 1), "float32")).shape
    (2, 5, 8)
    """

    def __init__(
        self,
        tower=None,
        filters=OF_THE_TOWER["filters"],
        kernel_size=OF_THE_TOWER["kernel_size"],
        features=OF_THE_TOWER["features"],
        pooling="flatten",
        context=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = _filters(filters)
        self.kernel_size = positive_int("kernel_size", kernel_size)
        self.features = positive_int("features", features)
        self.pooling = choice("pooling", pooling, POOLINGS)
        self.context = _context(context)
        self.tower = tower
        self.network = self._own_network() if tower is None else self._checked(tower)

    def _own_network(self):
        given = {"dtype": self.dtype_policy}
        pools = {"mean": "GlobalAveragePooling2D", "max": "GlobalMaxPooling2D"}
        layers = []
        for filters in self.filters:
            options = {"padding": "same", "activation": "relu", **given}
            layers.append(keras.layers.Conv2D(filters, self.kernel_size, **options))
            layers.append(keras.layers.MaxPooling2D(2, padding="same", **given))
        layers.append(getattr(keras.layers, pools.get(self.pooling, "Flatten"))(**given))
        layers.append(keras.layers.Dense(self.features, activation="relu", **given))
        return keras.Sequential(layers, name="tower")

    def _checked(self, tower):
        if not isinstance(tower, keras.layers.Layer):
            raise TypeError(
                "`tower` must be a Keras layer or model that takes frames (batch, height, width, "
                f"channels), or None for a small one. Received: tower={tower!r}"
            )
        for name, default in OF_THE_TOWER.items():
            given = getattr(self, name)
            if given != (list(default) if isinstance(default, tuple) else default):
                raise ValueError(
                    f"`{name}` is for the tower that the layer makes itself. Set it in your own "
                    f"`tower`, or leave that out. Received: {name}={given!r}, tower={tower!r}"
                )
        return tower

    def frame_shape(self, shape):
        """Height, width and channels of the frames of a whole input of this shape."""
        shape = tuple(shape)
        if len(shape) != (5 if self.context is None else 3):
            wanted = (
                "video (batch, time, height, width, channels). A spectrogram (batch, time, bands) "
                "needs context=(width, hop); frames without channels need one more axis"
                if self.context is None
                else "a spectrogram (batch, time, bands), which context=(width, hop) cuts into "
                "frames. For video leave `context` out"
            )
            raise ValueError(f"{self.name} expects {wanted}. Received: shape={shape}")
        if shape[1] == 0:
            raise ValueError(f"{self.name} needs at least one time step. Received: shape={shape}")
        frame = shape[2:] if self.context is None else (self.context[0], shape[2], 1)
        if self.pooling == "flatten" and self.tower is None and None in frame:
            raise ValueError(
                "pooling='flatten' needs frames of a fixed size. Give height, width and channels, "
                f"or pooling='mean'. Received: shape={shape}"
            )
        return frame

    def build(self, sequences_shape):
        self._width(self.frame_shape(sequences_shape))
        self.built = True

    def _width(self, frame):
        """How many numbers the tower makes of a frame, pooled where it gives maps."""
        frames = keras.KerasTensor((SOME, *frame), dtype=self.compute_dtype)
        network = self.network  # the first call builds whatever it is made of
        made = network.compute_output_spec(frames) if network.built else network(frames)
        shape = tuple(made.shape)
        if shape[:1] != (SOME,):
            raise ValueError(
                "`tower` sees each frame alone and must give as many frames as it gets, or the "
                "time axis and its mask would change. Shorten the sequence in front of the layer. "
                f"Received: a tower that makes {shape} of {SOME} frames {frame}"
            )
        if len(shape) == 4 and self.pooling != "flatten":
            return shape[-1]
        size = shape[-1] if len(shape) == 2 else shape[1] and shape[2] and shape[1] * shape[2]
        if len(shape) not in (2, 4) or not size:
            raise ValueError(
                "`tower` must give a vector (batch, features) for each frame, or maps (batch, "
                "height, width, features) of a fixed size; pooling='mean' takes any size. "
                f"Received: a tower that makes {shape} of {SOME} frames {frame}"
            )
        return size if len(shape) == 2 else size * shape[3]

    def call(self, sequences, mask=None):
        x = ops.cast(sequences, self.compute_dtype)
        if mask is not None:  # what is masked may be anything, NaN too
            mask = checks.mask(self, x, mask)
            mask = ops.reshape(mask, (*ops.shape(mask), *[1] * (len(x.shape) - 2)))
            x = ops.where(mask, x, ops.zeros_like(x))
        x = x if self.context is None else self._windows(x)
        _, time, *frame = ops.shape(x)
        y = self._pooled(self.network(ops.reshape(x, (-1, *frame))))
        y = ops.reshape(y, (-1, time, y.shape[-1]))
        return ops.cast(y, self.compute_dtype)

    def _windows(self, x):
        """Column k·hop and its neighbours, `(batch, time / hop, width, bands, 1)`."""
        width, hop = self.context
        before, time = (width - 1) // 2, ops.shape(x)[1]
        x = ops.pad(x, [(0, 0), (before, width - 1 - before), (0, 0)])
        columns = [x[:, place : place + time : hop] for place in range(width)]
        return ops.expand_dims(ops.stack(columns, axis=2), -1)

    def _pooled(self, y):
        if len(y.shape) == 2:
            return y
        if self.pooling == "flatten":
            return ops.reshape(y, (-1, y.shape[1] * y.shape[2] * y.shape[3]))
        return (ops.mean if self.pooling == "mean" else ops.max)(y, axis=(1, 2))

    def compute_mask(self, sequences, mask=None):
        if mask is None or self.context is None:
            return mask
        return ops.convert_to_tensor(mask)[:, :: self.context[1]]

    def compute_output_shape(self, sequences_shape):
        frame, (batch, time) = self.frame_shape(sequences_shape), tuple(sequences_shape)[:2]
        if self.context is not None and time is not None:
            time = -(-time // self.context[1])
        return (batch, time, self._width(frame))


def _filters(filters):
    given = filters if isinstance(filters, (list, tuple)) else [filters]
    if not given:
        raise ValueError(f"`filters` must name a block or more. Received: filters={filters!r}")
    return [positive_int("filters", one) for one in given]


def _context(context):
    if context is None:
        return None
    if not isinstance(context, (list, tuple)) or len(context) != 2:
        raise ValueError(
            "`context` must be (width, hop): how many columns a frame holds, and how many columns "
            f"lie from one frame to the next. Received: context={context!r}"
        )
    return [positive_int(name, part) for name, part in zip(("width", "hop"), context)]
