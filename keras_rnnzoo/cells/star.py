"""The stackable recurrent cell."""

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer


class STARCell(RecurrentCell):
    """One step of the stackable recurrent cell (STAR): one gate, made for deep stacks.

    **Equations**

        z = φ(x W_z + b_z)
        k = σ(x W_k + h' U_k + b_k)
        h = φ((1 - k) ⊙ h' + k ⊙ z)

    where φ is `activation`, σ is `recurrent_activation` and ' marks the step before. The authors'
    code computes f = 1 - k as JANET does, with its shift of one between f and k, and starts b_f
    at ln u, u drawn evenly up to the longest time that matters; here b_k starts at zero.

    Weights: `kernel (features, 2·units)` and `bias (2·units,)`, blocks z, k;
    `recurrent_kernel (units, units)` for k.

    Example:

    >>> STARCell(8)

    Reference: Turkoglu et al., arXiv:1911.11033 (2019).
    """

    gates = ("z", "k")
    recurrent = (("k",),)
    refuses = {"layer_norm": "its input block z has no recurrent part"}

    def update(self, a, h):
        σ, φ = self.sigma, self.phi
        z = φ(a.z)
        k = σ(a.k)
        return φ((1 - k) * h + k * z)


class STAR(RecurrentLayer):
    cell_class = STARCell
