"""The loss of the sequence predictor and what is measured beside it, step by step."""

import keras
from keras import ops

from keras_rnnzoo.base.configurable import register
from keras_rnnzoo.base.options import choice
from keras_rnnzoo.datasets.task_sequences import KINDS
from keras_rnnzoo.metrics.task_scores import OBJECTIVES


class StepLoss(keras.losses.Loss):
    """The mean over scored steps of their loss, on raw outputs.

    For "binary" the cross-entropy of each output, summed over the outputs of a step; for
    "categorical" the cross-entropy of the class; for "values" the mean squared error. A step of
    weight 0 counts nowhere, neither above nor below the line.

    Arguments:
        kind: `"binary"`, `"categorical"` or `"values"`.

    Example:

    >>> StepLoss("binary")(np.ones((2, 5, 3)), np.zeros((2, 5, 3)))  # 3 ln 2
    """

    def __init__(self, kind, name="step_loss", **kwargs):
        kwargs = {"reduction": "mean_with_sample_weight", **kwargs}
        super().__init__(name=name, **kwargs)
        self.kind = choice("kind", kind, KINDS)

    def call(self, y_true, y_pred):
        return step_losses(y_true, y_pred, self.kind)

    def get_config(self):
        return {**super().get_config(), "kind": self.kind}


def step_losses(y_true, y_pred, kind):
    """The loss of every step, without the last axis of `y_pred`."""
    y_pred = ops.cast(y_pred, "float32")
    if kind == "categorical":
        logs = ops.log_softmax(y_pred, axis=-1)
        hits = ops.one_hot(ops.cast(y_true, "int32"), y_pred.shape[-1], dtype="float32")
        return -ops.sum(hits * logs, axis=-1)
    y = ops.cast(y_true, "float32")
    if kind == "values":
        return ops.mean(ops.square(y_pred - y), axis=-1)
    return ops.sum(ops.softplus(y_pred) - y * y_pred, axis=-1)


def step_hits(y_true, y_pred, kind):
    """1 where all outputs of a step are right, or its class is."""
    if kind == "categorical":
        said = ops.cast(ops.argmax(y_pred, axis=-1), "int32")
        return ops.equal(said, ops.cast(y_true, "int32"))
    return ops.all(ops.equal(y_pred > 0, ops.cast(y_true, "float32") > 0), axis=-1)


class StepMetric(keras.metrics.Mean):
    """The mean over all scored steps of an epoch, however they are batched.

    Keras's own averages take the mean over time first, so that a step in a long batch counts less.

    Arguments:
        kind: as in `StepLoss`.
        of: `"loss"`, or `"accuracy"`: the share of steps with every output right.

    Example:

    >>> model.compile(weighted_metrics=[StepMetric("binary")])
    """

    def __init__(self, kind, of="loss", name=None, dtype=None):
        self.kind, self.of = choice("kind", kind, KINDS), choice("of", of, ("loss", "accuracy"))
        if of == "accuracy" and kind == "values":
            raise ValueError(
                "Values are never right or wrong. Received: of='accuracy', kind='values'"
            )
        name = name or (OBJECTIVES[kind] if of == "loss" else "accuracy")
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true, y_pred, sample_weight=None):
        values = step_losses if self.of == "loss" else step_hits
        values = ops.reshape(values(y_true, y_pred, self.kind), (-1,))
        if sample_weight is not None:
            sample_weight = ops.reshape(sample_weight, (-1,))
        return super().update_state(values, sample_weight)

    def get_config(self):
        return {"kind": self.kind, "of": self.of, "name": self.name, "dtype": self.dtype}


for _part in (StepLoss, StepMetric):
    register(_part)
