"""The minimal gated unit."""

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer


class MGUCell(RecurrentCell):
    """One step of the minimal gated unit: a GRU with one gate.

    **Equations**

        f = σ(x W_f + h' U_f + b_f)
        n = φ(x W_n + (f ⊙ h') U_n + b_n)
        h = (1 - f) ⊙ h' + f ⊙ n

    where φ is `activation`, σ is `recurrent_activation` and ' marks the step before. Flax's MGU
    swaps f and 1 - f, resets after the product and starts b_f at one.

    Weights: `kernel (features, 2·units)`, `recurrent_kernel (units, 2·units)`, `bias (2·units,)`,
    blocks f, n.

    Example:

    >>> MGUCell(8)

    Reference: Zhou et al., arXiv:1603.09420 (2016).
    """

    gates = ("f", "n")
    recurrent = (("f",), ("n",))

    def inner(self, a, h):
        f = self.sigma(a.f)
        return f * h

    def update(self, a, h):
        σ, φ = self.sigma, self.phi
        f = σ(a.f)
        n = φ(a.n)
        return (1 - f) * h + f * n


class MGU(RecurrentLayer):
    cell_class = MGUCell
