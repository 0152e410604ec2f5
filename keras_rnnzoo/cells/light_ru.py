"""The light recurrent unit."""

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer


class LightRUCell(RecurrentCell):
    """One step of the light recurrent unit: its candidate sees the input alone.

    **Equations**

        n = φ(x W_n + b_n)
        f = σ(x W_f + h' U_f + b_f)
        h = (1 - f) ⊙ h' + f ⊙ n

    where φ is `activation`, σ is `recurrent_activation` and ' marks the step before. Against its
    name f lets the new in: the state is kept where f is zero.

    Weights: `kernel (features, 2·units)` and `bias (2·units,)`, blocks n, f;
    `recurrent_kernel (units, units)` for f.

    Example:

    >>> LightRUCell(8)

    Reference: Ye et al., Electronics 13(16), 3204 (2024).
    """

    gates = ("n", "f")
    recurrent = (("f",),)
    refuses = {"layer_norm": "its candidate n has no recurrent part"}

    def update(self, a, h):
        σ, φ = self.sigma, self.phi
        n = φ(a.n)
        f = σ(a.f)
        return (1 - f) * h + f * n


class LightRU(RecurrentLayer):
    cell_class = LightRUCell
