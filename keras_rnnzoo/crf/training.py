"""Loss and accuracy for `compile`: they read what a CRF attached to the tags it predicts."""

import keras
from keras import ops
from keras.src.losses.loss import reduce_weighted_values

from keras_rnnzoo import kernels
from keras_rnnzoo.base.configurable import register
from keras_rnnzoo.crf import chain as chains
from keras_rnnzoo.crf import checks


class CRFLoss(keras.losses.Loss):
    """The negative log-likelihood of the targets, in nats a sequence.

    It needs no parameters: a CRF hands its scores on with the tags that it predicts. So the model
    must end in the CRF, and saved models keep their loss.

    Targets are tags `(batch, time)`; a negative one is unknown, and the likelihood sums over it.
    Masked steps do not count whatever stands there; sample weights are one for each sequence.

    Arguments:
        reduction: as in `keras.losses.Loss`; the mean over sequences by default.

    Raises:
        ValueError: the predictions do not come from a CRF; weights of single steps; targets of
            another shape, or beyond the tags (in a compiled step, where values are unknown, the
            loss is then NaN).

    Example:

    >>> tags = keras_rnnzoo.CRF(3)(np.zeros((2, 4, 3), "float32"))
    >>> keras_rnnzoo.CRFLoss()(np.zeros((2, 4), "int32"), tags).shape
    ()
    """

    def __init__(self, reduction="sum_over_batch_size", name="crf_loss", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def __call__(self, y_true, y_pred, sample_weight=None):
        if sample_weight is not None:
            checks.row_weights(sample_weight)
        losses = self.call(y_true, y_pred)
        return reduce_weighted_values(losses, sample_weight, reduction=self.reduction)

    def call(self, y_true, y_pred):
        parts = kernels.attached(y_pred, "chains")
        if parts is None and kernels.in_symbolic_scope():  # Keras asks for shapes alone
            return ops.zeros(ops.shape(y_pred)[:1])
        if parts is None:
            raise ValueError(
                "CRFLoss reads the output of a CRF layer itself. End the model in the CRF, without "
                f"a layer or function behind it. Received: y_pred of shape {tuple(y_pred.shape)}"
            )
        tags = checks.targets(parts[0].scores.shape[-1], y_true, parts[0])
        return -sum(chains.log_likelihood(chain, tags) for chain in parts) / len(parts)

    def get_config(self):
        return {"name": self.name, "reduction": self.reduction}


class TagAccuracy(keras.metrics.Mean):
    """The share of valid steps with the right tag; unknown (negative) targets do not count.

    Arguments: those of `keras.metrics.Mean`.

    Example:

    >>> accuracy = keras_rnnzoo.TagAccuracy()
    >>> accuracy.update_state(np.array([[0, 1, -1]]), np.array([[0, 2, 2]]))
    >>> float(accuracy.result())
    0.5
    """

    def __init__(self, name="tag_accuracy", dtype=None):
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true, y_pred, sample_weight=None):
        parts, mask = kernels.attached(y_pred, "chains"), kernels.mask_of(y_pred)
        y_true, y_pred = (ops.cast(ops.convert_to_tensor(y), "int32") for y in (y_true, y_pred))
        if len(y_true.shape) == 3:
            y_true = ops.squeeze(y_true, -1)
        mask = mask if parts is None else parts[0].mask
        counted = y_true >= 0
        counted = counted if mask is None else ops.logical_and(counted, mask)
        weight = ops.cast(counted, self.dtype)
        if sample_weight is not None:
            sample_weight = ops.cast(sample_weight, self.dtype)
            if len(sample_weight.shape) == 1:
                sample_weight = sample_weight[:, None]
            weight = weight * sample_weight
        return super().update_state(ops.cast(ops.equal(y_true, y_pred), self.dtype), weight)


for _part in (CRFLoss, TagAccuracy):
    register(_part)
