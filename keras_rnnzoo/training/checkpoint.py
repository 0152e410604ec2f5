"""The whole state of a training run, written after every epoch so that a kill loses one at most."""

import hashlib
import io
import json
import os
import time
import warnings
import zipfile
from pathlib import Path

import keras
import numpy as np

from keras_rnnzoo.training.files import write_atomic

FORMAT = 1
DIGEST_SIZE = 32
_DAMAGE = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)


class Checkpoint(keras.callbacks.Callback):
    """Save everything that a run needs to go on as if it had never stopped.

    That is every variable of the model (weights, running statistics, random states of dropout),
    every variable of the optimizer (moments, step, moving averages of the weights), those of
    `variables`, the history, and the seconds that the run took so far. The file is replaced in one
    step and the one before it is kept beside it, so a damaged file costs an epoch and not the run.

    Put it before callbacks that change weights at the end of an epoch for evaluation.

    Args:
        path: of the file, such as `RunFolder(...).checkpoint`.
        batches: an object with `set_epoch`, such as `ReviewBatches`, that is told each epoch.
        variables: further Keras variables that belong to the state, those of another callback
            for instance.

    Example:

    >>> checkpoint = Checkpoint(run.checkpoint, batches=train)
    >>> start = checkpoint.restore(model)
    >>> model.fit(train, epochs=4, initial_epoch=start, callbacks=[checkpoint], shuffle=False)
    >>> run.save_history(checkpoint.history)
    """

    def __init__(self, path, batches=None, variables=()):
        super().__init__()
        self.path = Path(path)
        self.history = {}
        self._batches = batches
        self._past, self._began = 0.0, time.time()
        self._extra = list(variables)

    @property
    def previous(self):
        """The checkpoint of the epoch before."""
        return _previous(self.path)

    def restore(self, model):
        """Bring model, optimizer and history to where the last whole checkpoint left them.

        Args:
            model: built and compiled like the one that was saved.

        Returns:
            The epoch to go on with, for `fit(initial_epoch=...)`: 0 where nothing was saved.

        Raises:
            ValueError: the model is not built, every checkpoint is damaged, or it belongs to
                another model.
        """
        if not model.built or getattr(model, "optimizer", None) is None:
            raise ValueError(
                "Expected a model that is built and compiled before its state is restored. "
                f"Received: model={model.name!r}. Call compile, and the model once on a batch."
            )
        damage = []
        for path in (self.path, self.previous):
            if not path.exists():
                continue
            try:
                header, arrays = _read(path)
            except _DAMAGE as error:
                damage.append(f"{path}: {error or type(error).__name__}")
                continue
            if damage:
                warnings.warn(
                    f"{damage[0]}. That checkpoint is damaged; going on from the one before it, "
                    f"after epoch {header['epoch']}.",
                    stacklevel=2,
                )
            self._assign(model, path, header, arrays)
            self.history = header["history"]
            self._past = header.get("seconds", 0.0)
            return header["epoch"]
        if damage:
            raise ValueError(
                f"Expected a whole checkpoint. Received: damaged files ({'; '.join(damage)}). "
                "Delete them to begin this run again."
            )
        return 0

    def on_epoch_begin(self, epoch, logs=None):
        if self._batches is not None:
            self._batches.set_epoch(epoch)

    def on_epoch_end(self, epoch, logs=None):
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(float(value))
        names, variables = self._state(self.model)
        header = {
            "format": FORMAT,
            "epoch": epoch + 1,
            "history": self.history,
            "seconds": self._past + time.time() - self._began,
            "variables": _description(names, variables),
        }
        content = io.BytesIO()
        arrays = {str(i): _to_numpy(variable) for i, variable in enumerate(variables)}
        np.savez(content, header=np.array(json.dumps(header)), **arrays)
        # Only when the new state is whole on the disk does the old one make room.
        new = self.path.with_name(f"{self.path.stem}-new{self.path.suffix}")
        write_atomic(new, content.getvalue() + hashlib.sha256(content.getvalue()).digest())
        if self.path.exists():
            os.replace(self.path, self.previous)
        os.replace(new, self.path)

    def _state(self, model):
        """Names and variables of all that a run carries from epoch to epoch."""
        model.optimizer.build(model.trainable_variables)
        metrics = {id(variable) for variable in model.metrics_variables}
        own = [variable for variable in model.variables if id(variable) not in metrics]
        names = [variable.name for variable in own]
        # Names in an optimizer count the layers of every model of the process.
        names += ["optimizer"] * len(model.optimizer.variables) + ["extra"] * len(self._extra)
        return names, [*own, *model.optimizer.variables, *self._extra]

    def _assign(self, model, path, header, arrays):
        names, variables = self._state(model)
        found, expected = header["variables"], _description(names, variables)
        if found != expected:
            raise ValueError(
                f"{path}: expected the state of this model and optimizer, {len(expected)} "
                f"variables. Received: {len(found)} variables, "
                f"{_first_difference(found, expected)}. "
                "Build and compile the model as in the run that is resumed."
            )
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)


def seconds_until(path):
    """Seconds that a run took until the last whole checkpoint at `path`; 0.0 where there is none.

    Args:
        path: of the `Checkpoint`.

    Example:

    >>> seconds_until("runs/first/checkpoint.npz")
    """
    path = Path(path)
    for file in (path, _previous(path)):
        try:
            return _read(file)[0].get("seconds", 0.0)
        except _DAMAGE:
            continue
    return 0.0


def _previous(path):
    return path.with_name(f"{path.stem}-previous{path.suffix}")


def _description(names, variables):
    return [[name, list(var.shape)] for name, var in zip(names, variables, strict=True)]


def _first_difference(found, expected):
    for i, (there, here) in enumerate(zip(found, expected, strict=False)):
        if there != here:
            return f"of which number {i} is {there} and not {here}"
    return "of which the shorter list begins alike"


def _to_numpy(variable):
    array = keras.ops.convert_to_numpy(variable.value)
    # NumPy's files know no bfloat16; float32 holds each of its values exactly.
    return array.astype("float32") if array.dtype.name == "bfloat16" else array


def _read(path):
    # An archive checks its arrays, but not the names and headers around them: hence the digest
    # at the end, which NumPy and other readers of archives pass over.
    raw = path.read_bytes()
    content, digest = raw[:-DIGEST_SIZE], raw[-DIGEST_SIZE:]
    if hashlib.sha256(content).digest() != digest:
        raise ValueError("the content does not have the checksum at its end")
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        header = json.loads(str(file["header"]))
        if header["format"] != FORMAT:
            raise ValueError(f"written in format {header['format']}, this version reads {FORMAT}")
        return header, [file[str(i)] for i in range(len(header["variables"]))]
