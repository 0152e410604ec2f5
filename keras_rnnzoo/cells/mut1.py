"""The first of three cells that a search over architectures found."""

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer


class MUT1Cell(RecurrentCell):
    """One step of MUT1, a relative of the GRU whose update gate sees the input alone.

    **Equations**

        z = σ(x W_z + b_z)
        r = σ(x W_r + h' U_r + b_r)
        n = φ(φ(x W_h) + (r ⊙ h') U_h + b_h)
        h = z ⊙ n + (1 - z) ⊙ h'

    where φ is `activation`, σ is `recurrent_activation` and ' marks the step before. The paper has
    φ(x) for φ(x W_h), which needs as many features as units; W_h as the identity is that.

    Weights: `kernel (features, 3·units)` and `bias (3·units,)`, blocks z, r, h;
    `recurrent_kernel (units, 2·units)`, blocks r, h.

    Example:

    >>> MUT1Cell(8)

    Reference: Jozefowicz, Zaremba and Sutskever, PMLR 37 (2015), MUT1.
    """

    gates = ("z", "r", "h")
    recurrent = (("r",), ("h",))
    apart = ("h",)
    biases = ("z", "r", "b_h")
    refuses = {"layer_norm": "its gate z has no recurrent part"}

    def inner(self, a, h):
        r = self.sigma(a.r)
        return r * h

    def update(self, a, h):
        σ, φ = self.sigma, self.phi
        z = σ(a.z)
        x, u = a.h
        n = φ(self.join("h", φ(x), u) + a.b_h)
        return z * n + (1 - z) * h


class MUT1(RecurrentLayer):
    cell_class = MUT1Cell
