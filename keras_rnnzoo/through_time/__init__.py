"""What happens along time in a model: how far gradients reach, and where they break."""

from keras_rnnzoo.through_time.gradients import gradient_through_time
from keras_rnnzoo.through_time.not_finite import explain_nan

__all__ = [
    "explain_nan",
    "gradient_through_time",
]
