"""Loss and metric of forecasts: that of their output, averaged over horizon and channels."""

import keras
from keras import ops
from keras.src.losses.loss import reduce_weighted_values


class ForecastLoss(keras.losses.Loss):
    """The loss of an output for targets `(batch, horizon, channels)`, one number a window.

    Arguments:
        output: one of `forecast_outputs.OUTPUTS`.
    """

    def __init__(self, output, name="forecast_loss", **kwargs):
        super().__init__(name=name, **kwargs)
        self.output = output

    def __call__(self, y_true, y_pred, sample_weight=None):
        losses = self.call(ops.cast(y_true, y_pred.dtype), y_pred)
        return reduce_weighted_values(losses, sample_weight, reduction=self.reduction)

    def call(self, y_true, y_pred):
        return error_of(self.output, y_true, y_pred)


class ForecastError(keras.metrics.Mean):
    """The mean loss over all windows, whatever the size of the batches.

    Arguments:
        output: one of `forecast_outputs.OUTPUTS`.
    """

    def __init__(self, output, name="error", **kwargs):
        super().__init__(name=name, **kwargs)
        self.output = output

    def update_state(self, y_true, y_pred, sample_weight=None):
        losses = error_of(self.output, ops.cast(y_true, y_pred.dtype), y_pred)
        return super().update_state(losses, sample_weight)


def error_of(output, y_true, y_pred):
    """The loss of each window; where there is an axis of members, its mean over these."""
    if len(y_pred.shape) > len(y_true.shape) + 1:
        y_true = ops.expand_dims(y_true, 1)
    return ops.mean(output.loss(y_true, y_pred), axis=tuple(range(1, len(y_pred.shape) - 1)))
