"""Stops a run whose loss is not finite, and finds where that began."""

import keras
import numpy as np

from keras_rnnzoo import kernels
from keras_rnnzoo.through_time.not_finite import CALM, explain_nan

EVERY = 100  # windows between two copies of the weights; as many are run again to find the first


class NotFinite(Exception):
    """The loss is NaN or infinite."""


class Watch(keras.callbacks.Callback):
    """Tells the segments the epoch, and raises `NotFinite` one window after the loss is so.

    One window later, as asking at once would have the processor wait for the accelerator in every
    step. From a copy of all variables, taken now and then, the windows up to there are run again to
    find the first and the variables before it, with which the model is left.

    Arguments:
        trainer: the `TruncatedBPTT`.
        segments: what it trains on.
    """

    def __init__(self, trainer, segments):
        super().__init__()
        self.trainer, self.segments = trainer, segments

    def on_train_begin(self, logs=None):
        self.trainer.optimizer.build(self.trainer.trainable_variables)

    def on_epoch_begin(self, epoch, logs=None):
        self.segments.set_epoch(epoch)
        self._logs = None
        self._copy(0)

    def on_train_batch_begin(self, batch, logs=None):
        if batch >= self._first + EVERY:
            self._check()
            kernels.settle(self.trainer)
            self._copy(batch)

    def on_train_batch_end(self, batch, logs=None):
        self._check()
        self._logs, self._last = logs, batch

    def on_epoch_end(self, epoch, logs=None):
        self._check()
        kernels.settle(self.trainer)
        if self._broken():  # by the last update, of which no loss tells
            raise NotFinite

    def _broken(self):
        """Paths of the weights that are not finite."""
        return [
            weight.path
            for weight in self.trainer.trainable_variables
            if not np.isfinite(_array(weight)).all()
        ]

    def _check(self):
        loss, self._logs = (self._logs or {}).get("loss", 0.0), None
        if not np.isfinite(float(loss)):
            raise NotFinite

    # Finding it ---------------------------------------------------------------------------------

    def _variables(self):
        trainer = self.trainer
        return [
            *trainer.trainable_variables,
            *trainer.non_trainable_variables,
            *trainer.optimizer.variables,
        ]

    def _copy(self, batch):
        self._first = batch
        self._values = [_array(variable) for variable in self._variables()]

    def _restore(self):
        for variable, value in zip(self._variables(), self._values, strict=True):
            variable.assign(value)

    def explain(self):
        """The message: which batch and window, and what `explain_nan` says of it."""
        trainer, segments = self.trainer, self.segments
        first, last = self._first, self._last
        self._restore()
        trainer.reset_metrics()
        for index in range(first, last + 1):
            self._copy(index)
            logs = trainer.train_on_batch(*segments[index], return_dict=True)
            broken = self._broken()
            if np.isfinite(logs["loss"]) and not broken:
                continue
            self._restore()
            return (
                f"The loss is no longer finite, from {segments.position(index)} of epoch "
                f"{segments.epoch}. Counted from 0 within that window:\n"
                f"{self._reason(index) or _update(broken)}\n"
                "The model has the weights from before that window."
            )
        return (
            f"The loss is no longer finite, at or before {segments.position(last)} of epoch "
            f"{segments.epoch}, but it was when the {last - first + 1} windows up to there were "
            "run again: it depends on what is drawn at random, or on the order of sums."
        )

    def _reason(self, index):
        inputs, *rest = self.segments[index]
        batch, trainer = self.segments.batch_size, self.trainer
        states = trainer.carried.start(batch, inputs["begins"]) if trainer.carry else None
        return explain_nan(
            trainer.model,
            inputs["window"],
            rest[0],
            trainer.loss,
            sample_weight=rest[1] if len(rest) > 1 else None,
            states=states,
            resets=inputs.get("resets"),
            valid=inputs.get("valid"),
        )


def _update(broken):
    """Of a window in which nothing was found."""
    after = (
        f" The update makes of them weights that are not: {', '.join(broken)}." if broken else ""
    )
    return (
        "States, loss and gradients are finite when it is run again without dropout."
        f"{after}\nWhat to do first: {CALM}."
    )


def _array(variable):
    return np.array(keras.ops.convert_to_numpy(variable.value))
