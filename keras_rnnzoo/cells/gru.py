"""The gated recurrent unit, with the reset gate before or after the product."""

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer
from keras_rnnzoo.base.options import boolean


class GRUCell(RecurrentCell):
    """One step of the gated recurrent unit.

    **Equations**

        z = σ(x W_z + h' U_z + b_z)
        r = σ(x W_r + h' U_r + b_r)
        n = φ(x W_n + b_n + r ⊙ (h' U_n + b'_n))      reset_after=True
        n = φ(x W_n + (r ⊙ h') U_n + b_n)             reset_after=False
        h = z ⊙ h' + (1 - z) ⊙ n

    where φ is `activation`, σ is `recurrent_activation` and ' marks the step before. With
    `reset_after` every gate has a recurrent bias b' too. The first preprint resets before, cuDNN
    and Keras after; Haiku and Sonnet swap the roles of z and 1 - z.

    Weights: `kernel (features, 3·units)`, `recurrent_kernel (units, 3·units)`, `bias (2, 3·units)`
    with `reset_after`, else `(3·units,)`, blocks z, r, n: those of `keras.layers.GRU`.

    Arguments:
        reset_after: whether the reset gate acts after the recurrent product.

    Example:

    >>> GRUCell(8, reset_after=False)

    Reference: Cho et al., arXiv:1406.1078 (2014), equations 5 to 8.
    """

    gates = ("z", "r", "n")
    family = "gru"

    def __init__(self, units, reset_after=True, **options):
        super().__init__(units, **options)
        self.reset_after = boolean("reset_after", reset_after)
        self.recurrent_bias = self.reset_after
        self.apart = ("n",) if self.reset_after else ()
        self.recurrent = (("z", "r", "n"),) if self.reset_after else (("z", "r"), ("n",))

    def inner(self, a, h):
        r = self.sigma(a.r)
        return r * h

    def update(self, a, h):
        σ, φ = self.sigma, self.phi
        z = σ(a.z)
        if self.reset_after:
            r = σ(a.r)
            x, u = a.n
            n = φ(self.join("n", x, r * u))
        else:
            n = φ(a.n)
        return z * h + (1 - z) * n


class GRU(RecurrentLayer):
    cell_class = GRUCell
