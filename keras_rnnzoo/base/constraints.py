"""Constraints that Keras lacks."""

from keras import constraints, ops

from keras_rnnzoo.base.configurable import register


@register
class MaxMagnitude(constraints.Constraint):
    """Each weight within ± `limit`.

    Arguments:
        limit: the largest absolute value.
    """

    def __init__(self, limit):
        self.limit = limit

    def __call__(self, w):
        return ops.clip(w, -self.limit, self.limit)

    def get_config(self):
        return {"limit": self.limit}
