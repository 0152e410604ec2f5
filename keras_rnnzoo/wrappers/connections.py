"""How the layers of a stack are joined along its depth."""

import keras
from keras import ops

from keras_rnnzoo.base.arithmetic import product
from keras_rnnzoo.base.configurable import register
from keras_rnnzoo.base.options import choice

CONNECTIONS = ("none", "residual", "highway", "dense")


class Connection(keras.layers.Layer):
    """Joins the input x of a recurrent layer to its output y.

    **Equations**

        none      z = y
        residual  z = y + x S
        highway   t = σ(x T + d),  z = t ⊙ y + (1 - t) ⊙ x S
        dense     z = [x; y]

    S is left out where x is as wide as y. d starts at -1, so that a deep stack starts out passing
    its input on.

    Weights: `skip_kernel (width x, width y)` (S) where the widths differ, for residual and highway;
    `gate_kernel (width x, width y)` (T) and `gate_bias (width y,)` (d) for highway.

    Arguments:
        kind: `"none"`, `"residual"`, `"highway"` or `"dense"`.

    Example:

    >>> Connection("residual")(np.ones((2, 3)), np.ones((2, 3))).shape
    (2, 3)

    Reference: highway: Srivastava et al., arXiv:1505.00387 (2015), equation 3; residual: He et al.,
    arXiv:1512.03385 (2015); dense: Huang et al., arXiv:1608.06993 (2016).
    """

    def __init__(self, kind, **kwargs):
        super().__init__(**kwargs)
        self.kind = choice("connections", kind, CONNECTIONS)
        self.supports_masking = True

    def build(self, x_shape, y_shape):
        shape = (x_shape[-1], y_shape[-1])
        skips = self.kind in ("residual", "highway") and shape[0] != shape[1]
        self.skip_kernel = (
            self.add_weight(shape, initializer="glorot_uniform", name="skip_kernel")
            if skips
            else None
        )
        if self.kind == "highway":
            self.gate_kernel = self.add_weight(
                shape, initializer="glorot_uniform", name="gate_kernel"
            )
            start = keras.initializers.Constant(-1.0)
            self.gate_bias = self.add_weight(shape[1:], initializer=start, name="gate_bias")
        self.built = True

    def call(self, x, y):
        if self.kind == "none":
            return y
        if self.kind == "dense":
            return ops.concatenate([x, y], axis=-1)
        skip = x if self.skip_kernel is None else _product(x, self.skip_kernel)
        if self.kind == "residual":
            return y + skip
        t = ops.sigmoid(_product(x, self.gate_kernel) + self.gate_bias)
        return t * y + (1 - t) * skip

    def compute_output_shape(self, x_shape, y_shape):
        if self.kind != "dense":
            return tuple(y_shape)
        return (*y_shape[:-1], x_shape[-1] + y_shape[-1])

    def get_config(self):
        return {**super().get_config(), "kind": self.kind}


def _product(x, kernel):
    return product(x, ops.convert_to_tensor(kernel))


def refuse_side_inputs(deeper):
    """An error if one of the `deeper` layer classes of a stack reads more than features."""
    for layer_class in deeper:
        if layer_class.cell_class.side_inputs:
            raise ValueError(
                f"{layer_class.__name__} reads the time of each step from its input, and below it "
                "in a stack there is only another layer's output. Use it as the first layer, and "
                f"others above it. Received: {layer_class.__name__} as a deeper layer"
            )


register(Connection)
