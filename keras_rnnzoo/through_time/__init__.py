"""Learning through time: how far gradients reach, where they break, and how to cut them."""

from keras_rnnzoo.through_time.gradients import gradient_through_time
from keras_rnnzoo.through_time.not_finite import explain_nan
from keras_rnnzoo.through_time.truncated import TruncatedBPTT

__all__ = ["TruncatedBPTT", "explain_nan", "gradient_through_time"]
