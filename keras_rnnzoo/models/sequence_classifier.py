"""Sequences of several channels to a class: scaling, a recurrent stack, pooling, probabilities."""

import inspect

import keras
import numpy as np
from keras import ops

from keras_rnnzoo.base.configurable import register
from keras_rnnzoo.base.options import positive_int, rate, refuse_unknown
from keras_rnnzoo.datasets.sequences import SequenceBatches, Sequences, checked, numbered
from keras_rnnzoo.models.classes import NamesClasses, names_of, probabilities, scaling
from keras_rnnzoo.models.files import InOneFile
from keras_rnnzoo.models.sequence_network import (
    MembersAccuracy,
    MembersCrossentropy,
    SequenceNetwork,
)


class SequenceClassifier(NamesClasses, InOneFile, keras.Model):
    """Classifies sequences of several channels and unequal length, with its scaling inside.

    Channels are scaled, a `StackedRecurrent` walks the steps, its outputs are pooled over the valid
    ones and become a probability for each class. With `members`, several such networks are trained
    side by side on the same batches, and their probabilities are averaged.

    Arguments:
        channels: their names, or how many there are.
        classes: their names, two or more.
        mean, sd: a number for each channel; the networks see (x - mean) / sd. `scaling_of` measures
            them. None: values are seen as they are.
        cell, units, depth, bidirectional, merge_mode, connections, cell_options: of the
            `StackedRecurrent`; one layer unless `depth` or a list says more.
        pooling: `"last"`, `"max"`, `"mean"` or `"max+mean"` of the outputs.
        convolution: width of a convolution over time whose output joins the channels, or `None`.
        filters: of that convolution.
        jitter, noise: standard deviations of what alters scaled values in training: a gain and an
            offset of each channel of a sequence, see `ChannelJitter`, and what is added to a value.
        dropout: between the recurrent layers and in front of the logits.
        label_smoothing: of the loss.
        members: how many networks.
        seed: of jitter, noise and dropout. Weights start by `keras.utils.set_random_seed`.

    Call arguments:
        inputs: `{"values": float (batch, time, channels), "mask": bool (batch, time)}`, scaled.

    Returns logits `(batch, members, classes)`.

    Raises:
        ValueError: an option cannot be, fewer than two classes.

    Example:

    >>> model = SequenceClassifier(["x", "y"], ["left", "right"], cell="mgu", units=8)
    >>> model.predict([np.zeros((5, 2)), np.ones((9, 2))]).shape
    (2, 2)
    """

    def __init__(
        self,
        channels,
        classes,
        mean=None,
        sd=None,
        cell="gru",
        units=32,
        depth=None,
        bidirectional=True,
        merge_mode="concat",
        connections="none",
        cell_options=None,
        pooling="max+mean",
        convolution=None,
        filters=32,
        jitter=0.0,
        noise=0.0,
        dropout=0.3,
        label_smoothing=0.0,
        members=1,
        seed=None,
        **kwargs,
    ):
        given = dict(locals())
        of_keras = ["name", "dtype", "trainable"]
        refuse_unknown(type(self), kwargs, [*of_keras, *_options()], of_keras)
        super().__init__(**kwargs)
        self._config = {name: given[name] for name in _options()}
        numbers = isinstance(channels, int) and not isinstance(channels, bool)
        channels = range(positive_int("channels", channels)) if numbers else channels
        self.channels = names_of("channels", channels, 1)
        self.classes = names_of("classes", classes, 2)
        self.mean, self.sd = scaling(mean, sd, len(self.channels), "channels")
        rate("dropout", dropout)
        for name, value in (("jitter", jitter), ("noise", noise)):
            if not isinstance(value, (int, float)) or not 0 <= value < np.inf:
                raise ValueError(f"`{name}` must be a number from 0. Received: {name}={value!r}")
        self.members, self.seed = positive_int("members", members), seed
        self.cross_entropy = MembersCrossentropy(label_smoothing)
        seeds = [None if seed is None else seed + 1000 * k for k in range(self.members)]
        sizes = len(self.channels), len(self.classes)
        self.networks = [
            SequenceNetwork(*sizes, given, each, name=f"network_{k}")
            for k, each in enumerate(seeds)
        ]

    def build(self, input_shape=None):
        for network in self.networks:
            network.build()
        self.built = True

    def call(self, inputs, training=False):
        values, valid = inputs["values"], inputs["mask"]
        each = [network(values, valid, training=training) for network in self.networks]
        return ops.stack(each, axis=1)

    def compute_output_shape(self, input_shape):
        return (input_shape["values"][0], self.members, len(self.classes))

    def compile(self, optimizer="adam", loss=None, weighted_metrics=None, **kwargs):
        """As `keras.Model.compile`; cross-entropy and accuracy unless told otherwise."""
        metrics = [MembersAccuracy()] if weighted_metrics is None else weighted_metrics
        super().compile(optimizer, loss or self.cross_entropy, weighted_metrics=metrics, **kwargs)

    # Sequences -------------------------------------------------------------------------------

    def scale(self, values):
        """Raw sequences as the networks see them: float32, each channel (x - mean) / sd.

        Raises:
            ValueError: as `Sequences`.
        """
        ids = None
        if isinstance(values, Sequences):
            self._check_channels(values)
            values, ids = values.values, values.ids
        values = checked(values, self.channels, ids)
        return [((x - self.mean) / self.sd).astype("float32") for x in values]

    def _check_channels(self, sequences):
        if sequences.channels != self.channels:
            raise ValueError(
                f"Expected the channels {', '.join(self.channels)}, in this order. Received: "
                f"{', '.join(sequences.channels)}"
            )

    def batches(self, values, labels=None, **kwargs):
        """`SequenceBatches` of raw sequences for `fit` and `evaluate`.

        Arguments:
            values: a list of arrays (time, channels), or a `Sequences` with its labels.
            labels: names of classes, or their numbers.

        Raises:
            ValueError: as `Sequences`; an unknown label.
        """
        scaled, ids = self.scale(values), range(len(values))
        if isinstance(values, Sequences):
            ids = values.ids
            if values.labels is not None:
                labels = [values.classes[number] for number in values.labels]
        labels = None if labels is None else numbered(labels, self.classes, ids)
        return SequenceBatches(scaled, labels, len(self.classes), **kwargs)

    def predict(self, x, batch_size=64, **kwargs):
        """Probabilities of the classes for raw sequences; for anything else as in Keras.

        Arguments:
            x: a list of arrays (time, channels), a `Sequences`, or one array (time, channels).

        Returns:
            `(number of sequences, classes)`, or `(classes,)` for one array.

        Raises:
            ValueError: as `Sequences`.
        """
        if isinstance(x, np.ndarray) and x.ndim < 3:
            return self.predict([x], batch_size, **kwargs)[0]
        if not isinstance(x, (list, tuple, np.ndarray, Sequences)):
            return super().predict(x, batch_size=batch_size, **kwargs)
        if len(x) == 0:
            return np.zeros((0, len(self.classes)), "float32")
        batches = self.batches(_unlabelled(x), batch_size=min(batch_size, len(x)), shuffle=False)
        logits = batches.restore(super().predict(batches, verbose=0, **kwargs))
        return probabilities(logits).mean(1).astype("float32")

    def get_config(self):
        config = {**self._config, "channels": list(self.channels), "classes": list(self.classes)}
        for name in ("mean", "sd"):
            if config[name] is not None:
                config[name] = getattr(self, name).tolist()
        return self.written(config)

    @classmethod
    def sample(cls):
        """A small one."""
        return cls(2, ["left", "right"], units=4)


def scaling_of(sequences):
    """Mean and standard deviation of each channel over all steps of a `Sequences`.

    Returns:
        A dict with the lists `mean` and `sd`, options of `SequenceClassifier`.

    Raises:
        ValueError: a constant channel, which no scaling makes a help; it is named.
    """
    steps = np.concatenate(sequences.values)
    mean, sd = steps.mean(0), steps.std(0)
    constant = np.ptp(steps, axis=0) == 0
    if constant.any():
        name = sequences.channels[int(constant.argmax())]
        raise ValueError(
            f"Channel {name} has the same value in every step of the training part. Leave it out. "
            f"Received: {name}={steps[0, int(constant.argmax())]} in {len(steps)} steps"
        )
    return {"mean": mean.tolist(), "sd": sd.tolist()}


def _unlabelled(x):
    return Sequences(x.values, None, (), x.channels, x.ids) if isinstance(x, Sequences) else x


def _options():
    """The names of the options of `SequenceClassifier`."""
    parameters = inspect.signature(SequenceClassifier.__init__).parameters
    return [name for name in parameters if name not in ("self", "kwargs")]


register(SequenceClassifier)
