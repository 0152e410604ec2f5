"""The chaos-free network."""

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer
from keras_rnnzoo.base.options import boolean


class CFNCell(RecurrentCell):
    """One step of the chaos-free network: without input its state dies away.

    **Equations**

        θ = σ(x W_θ + h' U_θ + b_θ)
        η = σ(x W_η + h' U_η + b_η)
        h = θ ⊙ φ(h') + η ⊙ φ(x W_n)

    where φ is `activation`, σ is `recurrent_activation` and ' marks the step before. No bias
    stands beside x W_n: it would drive the state where there is no input. TensorFlow's CFNCell
    multiplies the input by 1 - η instead, and starts both biases at one.

    Weights: `kernel (features, 3·units)`, blocks θ, η, n; `recurrent_kernel (units, 2·units)` and
    `bias (2·units,)`, blocks θ, η.

    Arguments:
        unit_forget_bias: whether b_θ starts at one.

    Example:

    >>> CFNCell(8)

    Reference: Laurent and von Brecht, arXiv:1612.06212 (2016).
    """

    gates = ("theta", "eta", "n")
    recurrent = (("theta", "eta"),)
    biases = ("theta", "eta")
    refuses = {"layer_norm": "its input block n has no recurrent part"}

    def __init__(self, units, unit_forget_bias=True, **options):
        super().__init__(units, **options)
        self.unit_forget_bias = boolean("unit_forget_bias", unit_forget_bias)
        self.bias_starts = {"theta": 1.0} if self.unit_forget_bias else {}

    def update(self, a, h):
        σ, φ = self.sigma, self.phi
        θ = σ(a.theta)
        η = σ(a.eta)
        return θ * φ(h) + η * φ(a.n)


class CFN(RecurrentLayer):
    cell_class = CFNCell
