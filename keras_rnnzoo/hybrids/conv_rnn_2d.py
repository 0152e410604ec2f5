"""A convolutional network on every frame, and a recurrent layer over what it says of them."""

from keras import ops

from keras_rnnzoo import kernels
from keras_rnnzoo.base import checks
from keras_rnnzoo.cells import GRU
from keras_rnnzoo.hybrids.base import HybridLayer, recurrent_layer
from keras_rnnzoo.hybrids.frame_tower import OF_THE_TOWER, FrameTower


class ConvRNN2D(HybridLayer):
    """Two-dimensional convolutions on every frame, then a recurrent layer over the frames.

    **Equations**, for frame t of a video, or window t of a spectrogram:

        z_t = tower(x_t),  y_1 ... y_n = layer(z_1 ... z_n)

    All frames go through the same tower. A spectrogram (batch, time, bands) has no frames:
    `context=(width, hop)` cuts it into windows of `width` neighbouring columns, one for every
    `hop`-th column. Window t holds the columns from `t·hop - (width - 1) // 2` on, zeros where
    there are none, as a frame (width, bands, 1); so n columns give n / hop windows, rounded up.

    **Masks**: a masked frame or column counts as zero in its windows, and a window is valid where
    its column t·hop is; the mask goes on to the recurrent layer. Padding on the right therefore
    changes nothing, whatever stands in it. A tower that mixes the frames of a batch in training,
    as `BatchNormalization` does, sees masked frames as zeros; `LayerNormalization` mixes none.

    Arguments:
        layer: a recurrent layer of this package or of Keras, `Bidirectional` or
            `StackedRecurrent`, with `return_sequences` either way.
        tower: a Keras layer or model that takes frames (batch, height, width, channels). Maps that
            it gives are pooled. None: a block of `Conv2D`, relu and 2 x 2 `MaxPooling2D` for each
            of `filters`, pooled, and a `Dense` layer of `features`, relu.
        filters: of the blocks.
        kernel_size: of their convolutions.
        features: width of the dense layer.
        pooling: `"flatten"` keeps where in the frame something was, and needs frames of a fixed
            size; `"mean"` and `"max"` over height and width need none.
        context: `(width, hop)` for a spectrogram, None for video.

    Call arguments: `sequences`, `mask` (batch, time), `lengths` (batch,), `training`.

    Raises:
        TypeError: `layer` or `tower` is no layer.
        ValueError: an option, or the shape of an input, that cannot be.

    Example:

    >>> video = np.zeros((2, 7, 16, 16, 3), "float32")
    >>> keras_rnnzoo.ConvRNN2D(keras_rnnzoo.LSTM(8))(video).shape
    (2, 8)
    >>> spectrogram = np.zeros((2, 90, 40), "float32")
    >>> layer = keras_rnnzoo.GRU(8, return_sequences=True)
    >>> keras_rnnzoo.ConvRNN2D(layer, context=(8, 4))(spectrogram, lengths=[90, 50]).shape
    (2, 23, 8)

    Reference: Donahue et al. 2015, "Long-term recurrent convolutional networks for visual
    recognition and description", arXiv:1411.4389; for sound Choi et al. 2017, arXiv:1609.04243.
    """

    def __init__(
        self,
        layer,
        tower=None,
        filters=OF_THE_TOWER["filters"],
        kernel_size=OF_THE_TOWER["kernel_size"],
        features=OF_THE_TOWER["features"],
        pooling="flatten",
        context=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.layer = recurrent_layer(type(self), layer)
        self.frames = FrameTower(
            tower,
            filters,
            kernel_size,
            features,
            pooling,
            context,
            dtype=self.dtype_policy,
            name="frames",
        )
        self.tower = tower
        for name in ("filters", "kernel_size", "features", "pooling", "context"):
            setattr(self, name, getattr(self.frames, name))

    def __call__(self, sequences, *args, mask=None, lengths=None, **kwargs):
        if lengths is not None:
            mask = kernels.mask_of(sequences) if mask is None else mask
            steps = sequences
            while len(steps.shape) > 3:  # one number a step tells how many there are
                steps = steps[..., 0]
            mask = checks.lengths_to_mask(steps, lengths, mask)
        return super().__call__(sequences, *args, mask=mask, **kwargs)

    def build(self, sequences_shape):
        if not self.frames.built:
            self.frames.build(sequences_shape)
        if not self.layer.built:
            self.layer.build(self.frames.compute_output_shape(sequences_shape))
        self.built = True

    def call(self, sequences, mask=None, training=False):
        # Handed on in words: Keras does not always attach a mask to what comes out of a layer.
        frames = self.frames(sequences, mask=mask)
        return self.layer(frames, mask=self.frame_mask(mask), training=training)

    def frame_mask(self, mask):
        """Which frames are valid, (batch, frames), where `mask` says which columns are."""
        mask = self.frames.compute_mask(None, mask)
        return None if mask is None else ops.cast(mask, "bool")

    def compute_mask(self, sequences, mask=None):
        return self.frame_mask(mask) if self.layer.return_sequences else None

    def compute_output_shape(self, sequences_shape):
        return self.layer.compute_output_shape(self.frames.compute_output_shape(sequences_shape))

    @classmethod
    def sample(cls):
        """A small one, over a spectrogram."""
        layer = GRU(4, return_sequences=True)
        return cls(layer, filters=(2, 3), features=4, context=(3, 1))
