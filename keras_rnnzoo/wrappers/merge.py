"""Two tensors to one: how a bidirectional layer joins its directions."""

import keras
from keras import ops

from keras_rnnzoo.base.arithmetic import product
from keras_rnnzoo.base.configurable import register
from keras_rnnzoo.base.options import nearest

MERGE_MODES = ("concat", "sum", "ave", "mul", "max", "gated", "linear", None)
_EQUAL_WIDTHS = ("sum", "ave", "mul", "max", "gated")


def merge_mode_of(value):
    """`value` as a merge mode; `"avg"` is taken for Keras's `"ave"`."""
    value = "ave" if value == "avg" else value
    if value not in MERGE_MODES:
        names = [mode for mode in MERGE_MODES if mode]
        raise ValueError(
            f"`merge_mode` must be one of {', '.join(map(repr, MERGE_MODES))}."
            f"{nearest(value, names)} Received: merge_mode={value!r}"
        )
    return value


class Merge(keras.layers.Layer):
    """Joins a forward tensor f and a backward tensor b along their last axis.

    **Equations**

        concat   y = [f; b]
        sum      y = f + b
        ave      y = (f + b) / 2
        mul      y = f ⊙ b
        max      y = max(f, b)
        gated    g = σ([f; b] W + d),  y = g ⊙ f + (1 - g) ⊙ b
        linear   y = [f; b] W + d

    All but `concat` and `linear` need f and b of one width; `linear` gives the width of f.

    Weights: `kernel (width f + width b, width f)` (W), `bias (width f,)` (d), with `gated` and
    `linear` only.

    Arguments:
        merge_mode: one of the above.

    Raises:
        ValueError: the mode does not exist, or the widths differ where they must not.

    Example:

    >>> keras_rnnzoo.wrappers.Merge("gated")(np.ones((2, 4)), np.zeros((2, 4))).shape
    (2, 4)
    """

    def __init__(self, merge_mode="concat", **kwargs):
        super().__init__(**kwargs)
        self.merge_mode = merge_mode_of(merge_mode)
        if self.merge_mode is None:
            raise ValueError("Merge joins two tensors, so it needs a mode. Received: None")
        self.supports_masking = True

    def build(self, forward_shape, backward_shape):
        self._check(forward_shape, backward_shape)
        if self.merge_mode in ("gated", "linear"):
            width = forward_shape[-1]
            shape = (width + backward_shape[-1], width)
            self.kernel = self.add_weight(shape, initializer="glorot_uniform", name="kernel")
            self.bias = self.add_weight((width,), initializer="zeros", name="bias")
        self.built = True

    def call(self, forward, backward):
        mode = self.merge_mode
        if mode == "sum":
            return forward + backward
        if mode == "ave":
            return (forward + backward) / 2
        if mode == "mul":
            return forward * backward
        if mode == "max":
            return ops.maximum(forward, backward)
        both = ops.concatenate([forward, backward], axis=-1)
        if mode == "concat":
            return both
        joined = product(both, ops.convert_to_tensor(self.kernel)) + self.bias
        if mode == "linear":
            return joined
        g = ops.sigmoid(joined)
        return g * forward + (1 - g) * backward

    def compute_output_shape(self, forward_shape, backward_shape):
        self._check(forward_shape, backward_shape)
        if self.merge_mode != "concat":
            return tuple(forward_shape)
        return (*forward_shape[:-1], forward_shape[-1] + backward_shape[-1])

    def compute_mask(self, forward, mask):
        return mask

    def _check(self, forward_shape, backward_shape):
        widths = forward_shape[-1], backward_shape[-1]
        if self.merge_mode in _EQUAL_WIDTHS and widths[0] != widths[1]:
            raise ValueError(
                f"merge_mode={self.merge_mode!r} needs directions of one width. Use 'concat' or "
                f"'linear', or equal units. Received: widths {widths[0]} and {widths[1]}"
            )

    def get_config(self):
        return {**super().get_config(), "merge_mode": self.merge_mode}

    @classmethod
    def sample(cls):
        """A small one."""
        return cls("gated")


register(Merge)
