"""The minimal RNN, whose state lives in the space of its inputs."""

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer
from keras_rnnzoo.base.arithmetic import product
from keras_rnnzoo.base.options import boolean


class MinimalRNNCell(RecurrentCell):
    """One step of the minimal RNN: a gate mixes the old state with a latent input z.

    **Equations**

        z = φ(x W + b_z)
        u = σ(z V + h' U + b_u)
        h = u ⊙ h' + (1 - u) ⊙ z

    where φ is `activation`, σ is `recurrent_activation` and ' marks the step before. The paper
    allows any network as the map from x to z; here it is one layer. TensorFlow's MinimalRNNCell
    has no b_z and starts b_u at one too, torchrecurrent starts it at zero.

    Weights: `kernel (features, units)` (W), `recurrent_kernel (units, units)` (U), `bias (units,)`
    (b_u), `latent_kernel (units, units)` (V), `latent_bias (units,)` (b_z).

    Arguments:
        unit_forget_bias: whether b_u starts at one.

    Example:

    >>> MinimalRNNCell(8)

    Reference: Chen, arXiv:1711.06788 (2017).
    """

    gates = ("u",)
    refuses = {"layer_norm": "its gate meets the input as the latent z, which φ bounds already"}

    def __init__(self, units, unit_forget_bias=True, **options):
        super().__init__(units, **options)
        self.unit_forget_bias = boolean("unit_forget_bias", unit_forget_bias)
        self.bias_starts = {"u": 1.0} if self.unit_forget_bias else {}

    def own_weights(self, features):
        self.add_own("latent_kernel", (self.units, self.units), role="kernel")
        if self.use_bias:
            self.add_own("latent_bias", (self.units,), role="bias")

    def project(self, inputs):
        φ, w = self.phi, self.w
        z = product(inputs, w.kernel)
        z = φ(z + w.latent_bias if self.use_bias else z)
        v = product(z, w.latent_kernel)
        return {"gates": v if w.input_bias is None else v + w.input_bias, "z": z}

    def update(self, a, h):
        σ = self.sigma
        u = σ(a.u)
        return u * h + (1 - u) * a.z


class MinimalRNN(RecurrentLayer):
    cell_class = MinimalRNNCell
