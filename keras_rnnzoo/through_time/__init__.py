"""Learning through time: sequences too long for one backward pass, and what gradients do in it."""

from keras_rnnzoo.through_time.truncated import TruncatedBPTT

__all__ = [
    "TruncatedBPTT",
]
