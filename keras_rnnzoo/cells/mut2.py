"""The second of three cells that a search over architectures found."""

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer


class MUT2Cell(RecurrentCell):
    """One step of MUT2, a GRU that the paper gives the raw input in its reset gate.

    **Equations**

        z = σ(x W_z + h' U_z + b_z)
        r = σ(x W_r + h' U_r + b_r)
        n = φ(x W_h + (r ⊙ h') U_h + b_h)
        h = z ⊙ n + (1 - z) ⊙ h'

    where φ is `activation`, σ is `recurrent_activation` and ' marks the step before. The paper has
    x for x W_r, which needs as many features as units; W_r as the identity is that. With W_r
    learned, as here, this is `GRU(reset_after=False)` with z and 1 - z exchanged.

    Weights: `kernel (features, 3·units)`, `recurrent_kernel (units, 3·units)`, `bias (3·units,)`,
    blocks z, r, h.

    Example:

    >>> MUT2Cell(8)

    Reference: Jozefowicz, Zaremba and Sutskever, PMLR 37 (2015), MUT2.
    """

    gates = ("z", "r", "h")
    recurrent = (("z", "r"), ("h",))

    def inner(self, a, h):
        r = self.sigma(a.r)
        return r * h

    def update(self, a, h):
        σ, φ = self.sigma, self.phi
        z = σ(a.z)
        n = φ(a.h)
        return z * n + (1 - z) * h


class MUT2(RecurrentLayer):
    cell_class = MUT2Cell
