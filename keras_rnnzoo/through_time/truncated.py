"""Training on sequences too long for one backward pass: window by window, the states carried on."""

import warnings
from contextlib import contextmanager

import keras
import numpy as np
from keras import ops

from keras_rnnzoo import kernels
from keras_rnnzoo.base.configurable import CONFIG_VERSION, register, take_version
from keras_rnnzoo.base.options import boolean, positive_int
from keras_rnnzoo.base.passage import Passage
from keras_rnnzoo.through_time.carrying import Carried, check_loss, find_layers
from keras_rnnzoo.through_time.loss_of_steps import LossOfSteps, listed
from keras_rnnzoo.through_time.segments import Segments
from keras_rnnzoo.through_time.watch import NotFinite, Watch


class TruncatedBPTT(LossOfSteps, keras.Model):
    """Trains a model on long sequences with truncated backpropagation through time.

    Sequences are cut into windows. The states in which the recurrent layers end a window start the
    next one, as numbers through which no gradient flows back. So time and memory of a step are
    those of a window, while the states come from the whole past. With a window as long as the
    sequences this is full backpropagation.

    It wraps `model` and shares its weights: train with this, then save and use `model`. Compile it
    as the model. Every update takes a window of `batch_size` rows; its loss is the mean over those
    of its steps that are no padding, so a window that is cut short is not diluted. The loss that is
    reported is the mean over all steps. Metrics are weighted, padding counts in none. Dropout masks
    are drawn anew for each window. Where windows divide the sequences and `batch_size` the rows,
    nothing is padded and no mask is needed, which is fastest.

    Arguments:
        model: a `keras.Model` with one input, or a dict of inputs, all `(rows, time, ...)`, and one
            output `(rows, time, ...)`, whose recurrent layers are those of keras_rnnzoo and run
            forwards.
        window: how many steps a gradient reaches back at most.
        carry: whether states are carried; without, each window starts from zero.
        seed: of the order of the rows.

    Raises:
        TypeError: something else than a model.
        ValueError: a window below one. When it first sees data: a layer whose state cannot be
            carried, an output or a loss without time. While training: a loss that is not finite;
            the message names batch, window, layer and step.

    Example:

    >>> model = keras.Sequential([
    ...     keras.Input((None, 3)), keras_rnnzoo.LSTM(8, return_sequences=True),
    ...     keras.layers.Dense(1)])
    >>> trainer = TruncatedBPTT(model, window=100)
    >>> trainer.compile("adam", "mse")
    >>> x, y = np.random.randn(4, 1000, 3), np.random.randn(4, 1000, 1)
    >>> history = trainer.fit(x, y, batch_size=4, epochs=1, verbose=0)
    >>> model.save("model.keras")

    Reference: Williams and Peng, Neural Computation 2 (1990).
    """

    def __init__(self, model, window, carry=True, seed=0, **kwargs):
        if not isinstance(model, keras.Model):
            raise TypeError(
                "TruncatedBPTT takes a keras.Model, such as keras.Sequential([...]). "
                f"Received: model={model!r}"
            )
        super().__init__(**{"dtype": model.dtype_policy, **kwargs})
        self.model, self.seed = model, seed
        self.window, self.carry = positive_int("window", window), boolean("carry", carry)
        self.carried = self._batch = None
        self.step_loss = keras.metrics.Mean(name="loss")
        self._seen, self._checked = {}, set()
        self._cut_told = False
        self.built = True

    # One window ---------------------------------------------------------------------------------

    def call(self, inputs, training=False):
        if not (isinstance(inputs, dict) and "window" in inputs):
            inputs = {"window": inputs}
        window, valid = inputs["window"], inputs.get("valid")
        states = {}
        if self.carry:
            self._look_at(window)
            # One backend hides the number of rows while it traces.
            batch = keras.tree.flatten(window)[0].shape[0] or self._batch
            states = self.carried.start(batch, inputs.get("begins"))
        with Passage(states, inputs.get("resets"), mask=valid) as passage:
            outputs = self.model(window, training=training)
        if self.carry:
            self.carried.keep(batch, passage.visits)
        if valid is not None:
            own = kernels.mask_of(outputs)
            kernels.set_mask(outputs, valid if own is None else ops.logical_and(own, valid))
        return outputs

    def reset_state(self):
        """Start from zero with the next window of `train_on_batch`, or a call."""
        if self.carried is not None:
            self.carried.reset()

    def _look_at(self, window):
        """Find the layers to carry from a first window, before anything is traced."""
        if self.carried is not None:
            return
        first = keras.tree.flatten(window)[0]
        if kernels.concrete(first) is None:
            raise ValueError(
                "TruncatedBPTT looks at data once before it is traced. Call `fit`, `evaluate`, "
                f"`predict` or `train_on_batch` first. Received: a traced {first}"
            )
        layers, _ = find_layers(self.model, window)
        self.carried = Carried(layers)
        self.carried.prepare(first.shape[0])

    def train_on_batch(self, x, y=None, sample_weight=None, return_dict=False):
        """One update on a window of your own, which goes on from the window before it."""
        shape = keras.tree.flatten(x)[-1].shape[:2]
        if sample_weight is not None and len(np.shape(sample_weight)) == 1:  # for all its steps
            sample_weight = np.tile(np.asarray(sample_weight)[:, None], shape[1])
        if self.carry:
            self._look_at(x)
            self.carried.check(shape[0])
        self._one_shape("train", shape)
        return super().train_on_batch(x, y, sample_weight, return_dict=return_dict)

    @property
    def non_trainable_variables(self):
        """Those of the model, and the carried states, which are in no list of weights."""
        carried = [] if self.carried is None else self.carried.variables
        return [*super().non_trainable_variables, *carried]

    # Whole sequences ----------------------------------------------------------------------------

    def fit(
        self,
        x,
        y=None,
        batch_size=32,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_data=None,
        shuffle=True,
        sample_weight=None,
        initial_epoch=0,
        validation_freq=1,
        lengths=None,
        resets=None,
    ):
        """Train on sequences, window by window.

        Arguments:
            x: array `(rows, time, ...)`, or a dict of such as the model takes it.
            y: array `(rows, time, ...)`, targets for every step.
            batch_size: how many rows are walked side by side; each group of rows starts from zero.
            validation_data: `(x, y)`, `(x, y, sample_weight)`, or a dict of arguments of
                `evaluate`.
            shuffle: whether rows are grouped anew for each epoch, from seed and epoch alone.
            sample_weight: array `(rows,)` or `(rows, time)`.
            lengths: `(rows,)` whole numbers, how many steps of each row there are.
            resets: `(rows, time)` bool, true at the first step of each document in a row: the
                states start from zero there.
            epochs, verbose, callbacks, initial_epoch, validation_freq: as in Keras.

        Returns:
            Keras's `History`.

        Raises:
            ValueError: arrays that do not fit together, or a loss that is not finite.
        """
        given = {"lengths": lengths, "resets": resets, "sample_weight": sample_weight}
        segments = self._segments(x, y, batch_size, shuffle=shuffle, **given)
        self._check("train", segments)
        if validation_data is not None:
            named = {"batch_size": batch_size, **_named(validation_data)}
            validation_data = self._segments(**named)
            self._check("test", validation_data)  # now and not after an epoch
        self._prepare("train", segments)
        if self.window > segments.window and not self._cut_told:
            self._cut_told = True
            warnings.warn(
                f"The window of {self.window} steps is longer than the longest sequence and was "
                f"cut to its {segments.window} steps: this is full backpropagation.",
                stacklevel=2,
            )
        watch = Watch(self, segments)
        try:
            return super().fit(
                segments,
                epochs=epochs,
                verbose=verbose,
                callbacks=[watch, *listed(callbacks)],
                validation_data=validation_data,
                shuffle=False,  # Keras would shuffle windows
                initial_epoch=initial_epoch,
                validation_freq=validation_freq,
            )
        except NotFinite:
            raise ValueError(watch.explain()) from None

    def evaluate(
        self, x, y=None, batch_size=32, sample_weight=None, lengths=None, resets=None, **kwargs
    ):
        """Loss and metrics of whole sequences, window by window; arguments as in `fit`."""
        if not isinstance(x, Segments):
            given = {"lengths": lengths, "resets": resets, "sample_weight": sample_weight}
            x = self._segments(x, y, batch_size, **given)
        with self._aside("test", x):
            return super().evaluate(x, **kwargs)

    def predict(self, x, batch_size=32, lengths=None, resets=None, **kwargs):
        """Outputs `(rows, time, ...)` of whole sequences; zeros past the longest of `lengths`."""
        segments = self._segments(x, batch_size=batch_size, lengths=lengths, resets=resets)
        with self._aside("predict", segments):
            return segments.restored(super().predict(segments, **kwargs))

    def _segments(self, x, y=None, batch_size=32, **kwargs):
        return Segments(x, y, window=self.window, batch_size=batch_size, seed=self.seed, **kwargs)

    @contextmanager
    def _aside(self, kind, segments):
        """Within, other sequences are walked; what was carried is back afterwards."""
        batch, held = self._batch, self.carried.copied() if self.carried else ()
        self._prepare(kind, segments)
        try:
            yield
        finally:
            self._batch = batch or self._batch
            self.carried.reset()
            self.carried.put_back(held)

    def _check(self, kind, segments):
        """Look at the first window before anything is traced; once for data of a shape."""
        window, *targets = (segments[0][0]["window"], *segments[0][1:2])
        scored = kind != "predict" and self.loss is not None
        if scored and not targets:
            raise ValueError("Expected targets for every step. Received: y=None")
        shapes = tuple(part.shape[2:] for part in keras.tree.flatten([window, *targets]))
        if (scored, shapes) in self._checked:
            return
        layers, outputs = find_layers(self.model, window)
        self.carried = self.carried or Carried(layers)
        if scored:
            check_loss(self.loss, *targets, outputs)
        self._checked.add((scored, shapes))

    def _prepare(self, kind, segments):
        self._check(kind, segments)
        self.carried.prepare(segments.batch_size)
        self._one_shape(kind, (segments.batch_size, segments.window))

    def _one_shape(self, kind, shape):
        """Have a traced function see one shape alone, as it holds the states of that many rows."""
        if self._seen.get(kind, shape) != shape:
            setattr(self, f"{kind}_function", None)
        self._seen[kind], self._batch = shape, shape[0]

    # Config -------------------------------------------------------------------------------------

    def get_config(self):
        return {
            **super().get_config(),
            **{name: getattr(self, name) for name in ("window", "carry", "seed")},
            "model": keras.saving.serialize_keras_object(self.model),
            "config_version": CONFIG_VERSION,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = take_version(cls, config)
        config["model"] = keras.saving.deserialize_keras_object(config["model"], custom_objects)
        return cls(**config)


def _named(validation_data):
    """`validation_data` as arguments of `evaluate`."""
    if isinstance(validation_data, dict):
        return validation_data
    if not isinstance(validation_data, (list, tuple)) or len(validation_data) not in (2, 3):
        raise ValueError(
            "`validation_data` is (x, y), (x, y, sample_weight), or a dict of arguments of "
            f"`evaluate`. Received: {type(validation_data).__name__}"
            + (f" of {len(validation_data)}" if isinstance(validation_data, (list, tuple)) else "")
        )
    return dict(zip(("x", "y", "sample_weight"), validation_data))


register(TruncatedBPTT)
