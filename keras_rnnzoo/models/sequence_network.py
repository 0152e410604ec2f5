"""Parts of the sequence classifier: one network, and the loss and accuracy of several."""

import keras
from keras import ops

from keras_rnnzoo.base.configurable import register
from keras_rnnzoo.base.options import positive_int
from keras_rnnzoo.models.text_layers import MaskedPooling
from keras_rnnzoo.wrappers import StackedRecurrent


class ChannelJitter(keras.layers.Layer):
    """In training, each channel of a sequence gets a gain and an offset of its own.

    x becomes x (1 + s u) + s v, with u and v drawn from a normal distribution once for a sequence
    and channel: sensors that are tuned otherwise see the same thing.

    Arguments:
        sd: s, for channels scaled to unit variance.
        seed: of the draw.

    Example:

    >>> ChannelJitter(0.2)(np.ones((2, 5, 3)), training=True).shape
    (2, 5, 3)
    """

    def __init__(self, sd=0.2, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.sd, self.seed = sd, seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def call(self, x, training=False):
        if not training or not self.sd:
            return x
        batch, _, channels = ops.shape(x)
        shape = (2, batch, 1, channels)
        noise = keras.random.normal(shape, stddev=self.sd, seed=self.seed_generator)
        return x * (1 + noise[0]) + noise[1]

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return {**super().get_config(), "sd": self.sd, "seed": self.seed}


class SequenceNetwork(keras.layers.Layer):
    """One member of a `SequenceClassifier`: scaled sequences and their mask to logits.

    Jitter and noise, perhaps a convolution whose output joins the channels, a `StackedRecurrent`,
    pooling over the valid steps, dropout and a dense layer. What stands in masked steps changes
    nothing.

    Arguments:
        channels, classes: how many.
        options: of `SequenceClassifier`, a dict.
        seed: of jitter, noise and dropout.

    Call arguments: values `(batch, time, channels)`, valid steps bool `(batch, time)`.

    Returns logits `(batch, classes)`.
    """

    def __init__(self, channels, classes, options, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.channels, self.pooling = channels, options["pooling"]

        def seeded(k):
            return None if seed is None else seed + k

        self.jitter = ChannelJitter(options["jitter"], seed=seeded(99), name="jitter")
        self.noise = keras.layers.GaussianNoise(options["noise"], seed=seeded(100))
        self.convolution = None
        if options["convolution"] is not None:
            width = positive_int("convolution", options["convolution"])
            filters = positive_int("filters", options["filters"])
            self.convolution = keras.layers.Conv1D(
                filters, width, padding="same", activation="relu", name="convolution"
            )
        self.recurrent = StackedRecurrent(
            options["cell"],
            options["units"],
            options["depth"],
            connections=options["connections"],
            dropout=options["dropout"],
            bidirectional=options["bidirectional"],
            merge_mode=options["merge_mode"],
            cell_options=options["cell_options"],
            return_sequences=self.pooling != "last",
            seed=seeded(101),
            name="recurrent",
        )
        self.pool = MaskedPooling(self.pooling, name="pool")
        self.drop = keras.layers.Dropout(options["dropout"], seed=seeded(102))
        self.logits = keras.layers.Dense(classes, name="logits")

    def build(self, input_shape=None):
        shape = (None, None, self.channels)
        if self.convolution is not None:
            self.convolution.build(shape)
            shape = (None, None, self.channels + self.convolution.filters)
        self.recurrent.build(shape)
        hidden = self.recurrent.compute_output_shape(shape)
        self.logits.build(hidden if len(hidden) == 2 else self.pool.compute_output_shape(hidden))
        self.built = True

    def call(self, values, valid, training=False):
        x = self.jitter(values, training=training)
        x = self.noise(x, training=training)
        x = x * ops.expand_dims(ops.cast(valid, x.dtype), -1)  # a convolution would see the noise
        if self.convolution is not None:
            x = ops.concatenate([x, self.convolution(x)], axis=-1)
        y = self.recurrent(x, mask=valid, training=training)
        pooled = y if self.pooling == "last" else self.pool(y, mask=valid)
        return self.logits(self.drop(pooled, training=training))

    def compute_output_shape(self, values_shape, valid_shape=None):
        return (values_shape[0], self.logits.units)


class MembersCrossentropy(keras.losses.Loss):
    """The mean over members of the cross-entropy of each, on logits `(batch, members, classes)`.

    Arguments:
        label_smoothing: s in [0, 1); one-hot targets become `y (1 - s) + s / classes`.

    Example:

    >>> MembersCrossentropy()(np.array([[0.0, 1.0]]), np.array([[[0.0, 2.0]]]))
    """

    def __init__(self, label_smoothing=0.0, name="members_crossentropy", **kwargs):
        super().__init__(name=name, **kwargs)
        if not 0 <= label_smoothing < 1:
            raise ValueError(
                f"`label_smoothing` must lie in [0, 1). Received: label_smoothing={label_smoothing}"
            )
        self.label_smoothing = float(label_smoothing)

    def call(self, y_true, y_pred):
        y = ops.expand_dims(ops.cast(y_true, y_pred.dtype), 1)
        y = y * (1 - self.label_smoothing) + self.label_smoothing / y_pred.shape[-1]
        return -ops.mean(ops.sum(y * ops.log_softmax(y_pred, axis=-1), axis=-1), axis=-1)

    def get_config(self):
        return {**super().get_config(), "label_smoothing": self.label_smoothing}


class MembersAccuracy(keras.metrics.MeanMetricWrapper):
    """How often the class with the highest mean probability over members is the right one."""

    def __init__(self, name="accuracy", dtype=None):
        super().__init__(_right, name, dtype=dtype)

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype}


def _right(y_true, y_pred):
    said = ops.argmax(ops.mean(ops.softmax(y_pred, axis=-1), axis=1), axis=-1)
    return ops.equal(said, ops.argmax(y_true, axis=-1))


for _part in (ChannelJitter, MembersCrossentropy, MembersAccuracy):
    register(_part)
