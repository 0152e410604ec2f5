"""The addition-subtraction twin-gated unit."""

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer


class ATRCell(RecurrentCell):
    """One step of the addition-subtraction twin-gated unit: two gates from two products.

    **Equations**

        p = x W + b
        q = h' U + b'
        i = σ(p + q)
        f = σ(p - q)
        h = i ⊙ p + f ⊙ h'

    where σ is `recurrent_activation` and ' marks the step before (b' is a second bias). The state
    has no squashing of its own. The paper writes no biases, its authors' code has b' alone.

    Weights: `kernel (features, units)`, `recurrent_kernel (units, units)`, `bias (2, units)` with
    b and b'.

    Example:

    >>> ATRCell(8)

    Reference: Zhang et al., arXiv:1810.12546 (2018).
    """

    gates = ("p",)
    apart = ("p",)
    recurrent_bias = True
    refuses = {
        "activation": "nothing but its gates is squashed",
        "integration": "p and q are added in one gate and subtracted in the other",
    }

    def update(self, a, h):
        σ = self.sigma
        p, q = a.p
        i = σ(p + q)
        f = σ(p - q)
        return i * p + f * h


class ATR(RecurrentLayer):
    cell_class = ATRCell
