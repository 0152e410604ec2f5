"""The third of three cells that a search over architectures found."""

from keras_rnnzoo.base import RecurrentLayer
from keras_rnnzoo.cells.mut2 import MUT2Cell


class MUT3Cell(MUT2Cell):
    """One step of MUT3, a relative of the GRU whose update gate sees the squashed state.

    **Equations**

        z = σ(x W_z + φ(h') U_z + b_z)
        r = σ(x W_r + h' U_r + b_r)
        n = φ(x W_h + (r ⊙ h') U_h + b_h)
        h = z ⊙ n + (1 - z) ⊙ h'

    where φ is `activation`, σ is `recurrent_activation` and ' marks the step before.

    Weights: `kernel (features, 3·units)`, `recurrent_kernel (units, 3·units)`, `bias (3·units,)`,
    blocks z, r, h.

    Example:

    >>> MUT3Cell(8)

    Reference: Jozefowicz, Zaremba and Sutskever, PMLR 37 (2015), MUT3.
    """

    recurrent = (("z",), ("r",), ("h",))

    def operand(self, k, a, h):
        if k == 0:
            return self.phi(h)
        return h if k == 1 else self.inner(a, h)


class MUT3(RecurrentLayer):
    cell_class = MUT3Cell
