"""A loss that is a mean over steps, whatever the windows in which they come."""

import keras
from keras import ops

from keras_rnnzoo import kernels


class LossOfSteps:
    """What `TruncatedBPTT` knows about losses and metrics."""

    def compile(self, optimizer="adam", loss=None, metrics=None, weighted_metrics=None, **kwargs):
        """As `keras.Model.compile`; all metrics are weighted, as padded steps must not count."""
        metrics, weighted = map(listed, (metrics, weighted_metrics))
        super().compile(optimizer, loss, weighted_metrics=[*metrics, *weighted] or None, **kwargs)
        self._checked.clear()
        self._seen.clear()

    def compile_from_config(self, config):
        """What `keras.saving.load_model` calls; Keras leaves it to whoever has an own `compile`."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    @property
    def metrics(self):
        """As in Keras, with the loss as a mean over steps in place of one over windows."""
        own = (self.step_loss, self._loss_tracker)
        others = [metric for metric in super().metrics if not any(metric is one for one in own)]
        return [self.step_loss, *others] if self.compiled else others

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        # Keras, on PyTorch, scales the weights that it is given in place where there is a mask.
        own = None if sample_weight is None else ops.copy(sample_weight)
        loss = super().compute_loss(x, y, y_pred, own, training)
        reduction = getattr(self.loss, "reduction", "sum_over_batch_size")
        weight = ops.ones(ops.shape(y_pred)[:2], "float32")
        mask = kernels.mask_of(y_pred)
        if mask is not None:
            weight = weight * ops.cast(mask, "float32")
        if reduction == "mean_with_sample_weight" and sample_weight is not None:
            weight = weight * ops.cast(sample_weight, "float32")
        count = 1.0 if reduction == "sum" else ops.sum(weight)
        self.step_loss.update_state(ops.stop_gradient(loss), sample_weight=count)
        return loss


def listed(value):
    """`value` as a list, empty for `None`."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]
