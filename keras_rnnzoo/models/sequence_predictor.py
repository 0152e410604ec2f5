"""Sequences of numbers or ids to something at every step, or after the last one."""

import inspect

import keras
import numpy as np
from keras import ops

from keras_rnnzoo.base.configurable import register
from keras_rnnzoo.base.options import boolean, choice, positive_int, rate, refuse_unknown
from keras_rnnzoo.datasets.task_batches import TaskBatches
from keras_rnnzoo.datasets.task_sequences import KINDS, TaskSequences, checked_inputs
from keras_rnnzoo.metrics.task_scores import task_scores
from keras_rnnzoo.models.files import InOneFile
from keras_rnnzoo.models.forget_start import check_forget_start, start_forget_gates
from keras_rnnzoo.models.predictor_losses import StepLoss, StepMetric
from keras_rnnzoo.wrappers import StackedRecurrent


class SequencePredictor(InOneFile, keras.Model):
    """Predicts from what came before: notes of the next step, a class, a sum, a spike.

    A `StackedRecurrent` walks the steps in their order and a dense layer reads its outputs, at
    every step or at the last valid one. It never looks ahead, so it may predict what comes next.

    Arguments:
        features: how many channels the inputs have, or how many ids there are.
        outputs: how many outputs, or classes.
        kind: `"binary"` (each output is 0 or 1), `"categorical"` (one of the classes) or
            `"values"`.
        every_step: whether it predicts at every step, or once, after the last valid step.
        ids: whether the inputs are ids. They are one-hot, or embedded with `embedding_dim`.
        embedding_dim: width of the embedding of ids, or `None`.
        cell, units, depth, connections, cell_options: of the `StackedRecurrent`; one layer unless
            `depth` or a list says more.
        dropout: between the recurrent layers and in front of the outputs.
        forget_start: where the biases of forget gates start: a number, `"chrono"`, or `None` for
            what the cell does by itself.
        chrono_steps: the longest time that matters, for `"chrono"`.
        step_times: whether the number of each valid step, from 0, stands in front of its features,
            for cells that read the time in their first column.
        seed: of dropout and of the chrono start. Other weights start by
            `keras.utils.set_random_seed`.

    Call arguments:
        inputs: a dict with `"values"` float (batch, time, features) or `"ids"` int (batch, time),
            and perhaps `"mask"` bool (batch, time).

    Returns raw outputs, logits unless `kind` is `"values"`: `(batch, time, outputs)` or
    `(batch, outputs)`.

    Raises:
        TypeError: an unknown option.
        ValueError: an option that cannot be.

    Example:

    >>> model = SequencePredictor(3, 2, "values", every_step=False, cell="mgu", units=8)
    >>> model.predict([np.zeros((5, 3)), np.ones((9, 3))]).shape
    (2, 2)
    """

    def __init__(
        self,
        features,
        outputs,
        kind="values",
        every_step=True,
        ids=False,
        embedding_dim=None,
        cell="lstm",
        units=64,
        depth=None,
        connections="none",
        cell_options=None,
        dropout=0.0,
        forget_start=None,
        chrono_steps=None,
        step_times=False,
        seed=None,
        **kwargs,
    ):
        given = dict(locals())
        of_keras = ["name", "dtype", "trainable"]
        refuse_unknown(type(self), kwargs, [*of_keras, *_options()], of_keras)
        super().__init__(**kwargs)
        self._config = {name: given[name] for name in _options()}
        self.features = positive_int("features", features)
        self.outputs = positive_int("outputs", outputs)
        self.kind = choice("kind", kind, KINDS)
        self.every_step, self.ids = boolean("every_step", every_step), boolean("ids", ids)
        self.step_times = boolean("step_times", step_times)
        self.dropout = rate("dropout", dropout)
        if embedding_dim is not None and not self.ids:
            raise ValueError(
                "Numbers are not embedded. Use ids=True, or leave embedding_dim out. Received: "
                f"embedding_dim={embedding_dim!r}, ids=False"
            )
        self._start = check_forget_start(forget_start, chrono_steps)
        self.embedding = None
        if embedding_dim is not None:
            width = positive_int("embedding_dim", embedding_dim)
            self.embedding = keras.layers.Embedding(self.features, width, name="embedding")
        self.recurrent = StackedRecurrent(
            cell,
            units,
            depth,
            connections=connections,
            dropout=self.dropout,
            cell_options=cell_options,
            return_sequences=self.every_step,
            seed=None if seed is None else seed + 101,
            name="recurrent",
        )
        self.drop = keras.layers.Dropout(self.dropout, seed=None if seed is None else seed + 102)
        self.head = keras.layers.Dense(self.outputs, name="head")
        self.build()

    def build(self, input_shape=None):
        if self.built:
            return
        width = self.features
        if self.embedding is not None:
            self.embedding.build((None, None))
            width = self.embedding.output_dim
        shape = (None, None, width + self.step_times)
        self.recurrent.build(shape)
        start, steps = self._start
        if start is not None:
            start_forget_gates(self.recurrent, start, steps, self._config["seed"])
        self.head.build(self.recurrent.compute_output_shape(shape))
        self.built = True

    def call(self, inputs, training=False):
        if not self.ids:
            x = inputs["values"]
        elif self.embedding is None:
            x = ops.one_hot(inputs["ids"], self.features, dtype=self.compute_dtype)
        else:
            x = self.embedding(inputs["ids"])
        if self.step_times:
            x = ops.concatenate([_times(x, inputs.get("mask")), x], axis=-1)
        y = self.recurrent(x, mask=inputs.get("mask"), training=training)
        return self.head(self.drop(y, training=training))

    def compute_output_shape(self, input_shape):
        shape = input_shape["ids" if self.ids else "values"]
        return (*shape[: 2 if self.every_step else 1], self.outputs)

    def compile(self, optimizer="adam", loss=None, weighted_metrics=None, **kwargs):
        """As `keras.Model.compile`; the loss and the scores of `kind` unless told otherwise."""
        if weighted_metrics is None:
            weighted_metrics = [StepMetric(self.kind)]
            if self.kind != "values":
                weighted_metrics.append(StepMetric(self.kind, "accuracy"))
        loss = loss or StepLoss(self.kind)
        super().compile(optimizer, loss, weighted_metrics=weighted_metrics, **kwargs)

    # Sequences -------------------------------------------------------------------------------

    def batches(self, sequences, **kwargs):
        """`TaskBatches` of a `TaskSequences` for `fit` and `evaluate`.

        Raises:
            ValueError: sequences of another kind or width than the model's.
        """
        for name in ("kind", "features", "outputs", "every_step", "takes_ids"):
            own = getattr(self, name.replace("takes_", ""))
            if getattr(sequences, name) != own:
                raise ValueError(
                    f"Expected sequences with {name}={own!r}, as the model has. Received: "
                    f"{name}={getattr(sequences, name)!r}"
                )
        return TaskBatches(sequences, **kwargs)

    def raw(self, sequences, batch_size=64, lengths=None):
        """Raw outputs for each sequence: an array (time, outputs) each, or (outputs,).

        Arguments:
            sequences: a `TaskSequences`, or a list of inputs as it takes them.
            batch_size: rows of a batch.
            lengths: of the batches, see `TaskBatches`.

        Raises:
            ValueError: as `TaskSequences` and `batches`.
        """
        if not isinstance(sequences, TaskSequences):
            sequences = self._unanswered(sequences)
        # A number of rows that varied would be compiled for each number.
        options = {"batch_size": min(batch_size, len(sequences)), "lengths": lengths}
        batches = self.batches(sequences, **options, shuffle=False)
        found = [None] * len(sequences)
        for k in range(batches.num_batches):
            outputs = ops.convert_to_numpy(self.predict_on_batch(batches[k][0]))
            for row, said in zip(batches.rows(k), outputs):
                found[row] = said[: batches.counts[row]] if self.every_step else said
        return found

    def _unanswered(self, inputs):
        inputs = checked_inputs(inputs, self.features)
        width = () if self.kind == "categorical" else (self.outputs,)
        steps = [(len(x),) if self.every_step else () for x in inputs]
        targets = [np.zeros((*lead, *width), "int64") for lead in steps]
        return TaskSequences(inputs, targets, self.kind, self.features, self.outputs)

    def predict(self, x, batch_size=64, **kwargs):
        """Probabilities, or values, for each sequence; for anything else as in Keras.

        Arguments:
            x: a `TaskSequences`, or a list of inputs as it takes them.

        Returns:
            A list of arrays (time, outputs), or one array (n, outputs) after the last steps.

        Raises:
            ValueError: as `raw`.
        """
        if not isinstance(x, (list, tuple, TaskSequences)):
            return super().predict(x, batch_size=batch_size, **kwargs)
        found = [_probabilities(one, self.kind) for one in self.raw(x, batch_size)]
        return found if self.every_step else np.stack(found)

    def score(self, sequences, batch_size=64, lengths=None):
        """Scores of a `TaskSequences`, see `keras_rnnzoo.metrics.task_scores`; a dict.

        Every scored step counts once, so they do not depend on `batch_size` or `lengths`.
        """
        return task_scores(sequences, self.raw(sequences, batch_size, lengths))

    def get_config(self):
        return self.written(dict(self._config))

    @classmethod
    def sample(cls):
        """A small one."""
        return cls(2, 3, "binary", units=4)


def _times(x, mask):
    """How many valid steps were before each step, (batch, time, 1)."""
    valid = ops.ones_like(x[..., :1]) if mask is None else ops.cast(mask, x.dtype)[..., None]
    return ops.cumsum(valid, axis=1) - valid


def _probabilities(raw, kind):
    if kind == "values":
        return raw
    raw = raw.astype("float64")
    if kind == "binary":
        return (np.exp(-np.logaddexp(0, -raw))).astype("float32")
    shares = np.exp(raw - raw.max(-1, keepdims=True))
    return (shares / shares.sum(-1, keepdims=True)).astype("float32")


def _options():
    """The names of the options of `SequencePredictor`."""
    parameters = inspect.signature(SequencePredictor.__init__).parameters
    return [name for name in parameters if name not in ("self", "kwargs")]


register(SequencePredictor)
