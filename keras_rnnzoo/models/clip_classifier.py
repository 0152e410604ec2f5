"""Recordings or short videos to a class: spectrograms, convolutions and a recurrent stack."""

import inspect

import keras
import numpy as np

from keras_rnnzoo.base.configurable import register
from keras_rnnzoo.base.options import positive_int, rate, refuse_unknown
from keras_rnnzoo.datasets.clip_batches import ClipBatches
from keras_rnnzoo.datasets.clips import Clips
from keras_rnnzoo.datasets.sequences import numbered
from keras_rnnzoo.datasets.spectrograms import LogMel
from keras_rnnzoo.models.classes import NamesClasses, names_of, probabilities, scaling
from keras_rnnzoo.models.clip_network import ClipNetwork
from keras_rnnzoo.models.files import InOneFile


class ClipClassifier(NamesClasses, InOneFile, keras.Model):
    """Classifies recordings of sound, or short videos, of unequal length.

    Waves become log-mel spectrograms, cut into windows of neighbouring columns; videos have their
    frames. Those are scaled and go through convolutions, a `StackedRecurrent` walks them, and its
    outputs are pooled over the valid frames and become a probability for each class.

    Arguments:
        classes: their names, two or more.
        kind: `"conv-rnn"`; or, to see what either part is worth with all else the same, `"rnn"`
            without the convolutions and `"cnn"` without the recurrence.
        spectrogram: dict of arguments of `datasets.spectrograms.LogMel`, for sound.
        frame: `(height, width, channels)` for videos, None for sound.
        mean, sd: a number for each band, or each channel of a video; the network sees
            (x - mean) / sd. `clip_scaling` measures them. None: values are seen as they are.
        context: `(width, hop)` of the windows, in columns, see `ConvRNN2D`; for sound.
        filters, kernel_size, features: of the convolutions, see `ConvRNN2D`.
        cell, units, depth, bidirectional, merge_mode, connections, cell_options: of the
            `StackedRecurrent`; one layer unless `depth` or a list says more.
        pooling: `"last"`, `"max"`, `"mean"` or `"max+mean"` of the outputs.
        dropout: between the recurrent layers and in front of the logits.
        label_smoothing: of the loss.
        seed: of the dropout. Weights start by `keras.utils.set_random_seed`.

    Call arguments:
        inputs: `{"values": float (batch, time, ...), "mask": bool (batch, time)}`, spectrograms or
            videos, scaled.

    Returns logits `(batch, classes)`.

    Raises:
        ValueError: an option cannot be, fewer than two classes.

    Example:

    >>> model = ClipClassifier(["yes", "no"], spectrogram={"rate": 8000}, units=8)
    >>> model.predict([np.zeros(8000), np.zeros(5000)]).shape
    (2, 2)
    """

    def __init__(
        self,
        classes,
        kind="conv-rnn",
        spectrogram=None,
        frame=None,
        mean=None,
        sd=None,
        context=(8, 4),
        filters=(16, 32),
        kernel_size=3,
        features=64,
        cell="gru",
        units=64,
        depth=None,
        bidirectional=True,
        merge_mode="concat",
        connections="none",
        cell_options=None,
        pooling="max+mean",
        dropout=0.3,
        label_smoothing=0.0,
        seed=None,
        **kwargs,
    ):
        given = dict(locals())
        of_keras = ["name", "dtype", "trainable"]
        refuse_unknown(type(self), kwargs, [*of_keras, *_options()], of_keras)
        super().__init__(**kwargs)
        self._config = {name: given[name] for name in _options()}
        self.classes = names_of("classes", classes, 2)
        self.log_mel = _log_mel(spectrogram, frame)
        shape = (self.log_mel.bands,) if frame is None else _frame(frame)
        self.mean, self.sd = scaling(mean, sd, shape[-1], "bands or channels")
        rate("dropout", dropout)
        if not 0 <= label_smoothing < 1:
            raise ValueError(
                f"`label_smoothing` must lie in [0, 1). Received: label_smoothing={label_smoothing}"
            )
        self.cross_entropy = keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=label_smoothing
        )
        self.network = ClipNetwork(given, shape, len(self.classes), name="network")

    def build(self, input_shape=None):
        self.network.build()
        self.built = True

    def call(self, inputs, training=False):
        return self.network(inputs["values"], inputs["mask"], training=training)

    def compute_output_shape(self, input_shape):
        return (input_shape["values"][0], len(self.classes))

    def compile(self, optimizer="adam", loss=None, weighted_metrics=None, **kwargs):
        """As `keras.Model.compile`; cross-entropy and accuracy unless told otherwise."""
        metrics = ["accuracy"] if weighted_metrics is None else weighted_metrics
        super().compile(optimizer, loss or self.cross_entropy, weighted_metrics=metrics, **kwargs)

    # Clips -------------------------------------------------------------------------------------

    def scale(self, clips):
        """Raw clips as the network sees them: float32 spectrograms or videos, (x - mean) / sd.

        Raises:
            ValueError: as `Clips`; sound at another rate, sound for video, frames of another size.
        """
        values = features_of(self._clips(clips), self.log_mel)
        mean, sd = self.mean.astype("float32"), self.sd.astype("float32")
        return [(x - mean) / sd for x in values]

    def _clips(self, clips):
        expected = self.log_mel and self.log_mel.rate
        if not isinstance(clips, Clips):
            clips = Clips(clips, rate=expected)
        if clips.rate != expected:
            raise ValueError(
                f"Expected {f'sound at {expected:,} Hz' if expected else 'videos'}. Received: "
                f"{f'sound at {clips.rate:,} Hz' if clips.rate else 'videos'}"
                f"{'. datasets.wav.resampled changes a rate.' if clips.rate and expected else ''}"
            )
        if not expected and clips.values[0].shape[1:] != self.network.frame:
            raise ValueError(
                f"Expected frames (height, width, channels) = {self.network.frame}. Received: "
                f"frames {clips.values[0].shape[1:]}"
            )
        return clips

    def batches(self, clips, labels=None, **kwargs):
        """`ClipBatches` of raw clips for `fit` and `evaluate`.

        Arguments:
            clips: a list of arrays, or `Clips` with their labels.
            labels: names of classes, or their numbers.

        Raises:
            ValueError: as `scale`; an unknown label.
        """
        scaled, ids = self.scale(clips), range(len(clips))
        if isinstance(clips, Clips):
            ids = clips.ids
            if clips.labels is not None and labels is None:
                labels = [clips.classes[number] for number in clips.labels]
        labels = None if labels is None else numbered(labels, self.classes, ids)
        return ClipBatches(scaled, labels, len(self.classes), **kwargs)

    def predict(self, x, batch_size=64, **kwargs):
        """Probabilities of the classes for raw clips; for anything else as in Keras.

        Arguments:
            x: `Clips`, a list of waves or videos, or one wave (samples,). Waves are in [-1, 1] or
                of 16 bits.

        Returns:
            `(number of clips, classes)`, or `(classes,)` for one wave.

        Raises:
            ValueError: as `scale`.
        """
        if isinstance(x, np.ndarray) and x.ndim == 1:
            return self.predict([x], batch_size, **kwargs)[0]
        if not isinstance(x, (list, tuple, np.ndarray, Clips)):
            return super().predict(x, batch_size=batch_size, **kwargs)
        if len(x) == 0:
            return np.zeros((0, len(self.classes)), "float32")
        size = min(batch_size, len(x))
        batches = ClipBatches(self.scale(x), None, len(self.classes), size, shuffle=False)
        logits = batches.restore(super().predict(batches, verbose=0, **kwargs))
        return probabilities(logits).astype("float32")

    def get_config(self):
        config = {**self._config, "classes": list(self.classes)}
        for name in ("context", "filters", "frame"):
            value = config[name]
            config[name] = list(value) if isinstance(value, tuple) else value
        for name in ("mean", "sd"):
            config[name] = None if config[name] is None else getattr(self, name).tolist()
        return self.written(config)

    @classmethod
    def sample(cls):
        """A small one, for sound."""
        return cls(["low", "high"], spectrogram={"bands": 4}, units=4, filters=(2, 3), features=4)


def features_of(clips, log_mel):
    """Log-mel spectrograms of waves, or the videos as they are: a list of float32 arrays."""
    return clips.values if log_mel is None else [log_mel(wave) for wave in clips.values]


def clip_scaling(clips, spectrogram=None):
    """Mean and standard deviation of each band, or of each channel of videos.

    Arguments:
        clips: `Clips` to measure, those to train on.
        spectrogram: as of `ClipClassifier`.

    Returns:
        A dict with the lists `mean` and `sd`, options of `ClipClassifier`.

    Raises:
        ValueError: a band or channel that is the same in every step.
    """
    log_mel = None if clips.rate is None else LogMel(**{"rate": clips.rate, **(spectrogram or {})})
    steps = np.concatenate([x.reshape(-1, x.shape[-1]) for x in features_of(clips, log_mel)])
    mean, sd = steps.mean(0, dtype="float64"), steps.std(0, dtype="float64")
    constant = np.flatnonzero(np.ptp(steps, axis=0) == 0)
    if len(constant):
        raise ValueError(
            f"{'Channel' if log_mel is None else 'Band'} {constant[0]} has the same value in every "
            f"step of the training part. Received: {steps[0, constant[0]]} in {len(steps)} steps"
        )
    return {"mean": mean.tolist(), "sd": sd.tolist()}


def _log_mel(spectrogram, frame):
    if frame is None:
        return LogMel(**(spectrogram or {}))
    if spectrogram is not None:
        raise ValueError(
            "Give `spectrogram` for sound or `frame` for videos. Received: "
            f"spectrogram={spectrogram}, frame={frame}"
        )
    return None


def _frame(frame):
    if not isinstance(frame, (list, tuple)) or len(frame) != 3:
        raise ValueError(f"`frame` must be (height, width, channels). Received: frame={frame!r}")
    return tuple(positive_int("frame", size) for size in frame)


def _options():
    """The names of the options of `ClipClassifier`."""
    parameters = inspect.signature(ClipClassifier.__init__).parameters
    return [name for name in parameters if name not in ("self", "kwargs")]


register(ClipClassifier)
