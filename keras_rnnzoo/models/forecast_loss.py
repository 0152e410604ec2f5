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
        return ops.mean(self.output.loss(y_true, y_pred), axis=(1, 2))


class ForecastError(keras.metrics.Mean):
    """The mean loss over all windows, whatever the size of the batches.

    Arguments:
        output: one of `forecast_outputs.OUTPUTS`.
    """

    def __init__(self, output, name="error", **kwargs):
        super().__init__(name=name, **kwargs)
        self.output = output

    def update_state(self, y_true, y_pred, sample_weight=None):
        losses = self.output.loss(ops.cast(y_true, y_pred.dtype), y_pred)
        return super().update_state(ops.mean(losses, axis=(1, 2)), sample_weight)
