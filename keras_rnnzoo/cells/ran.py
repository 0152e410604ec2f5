"""The recurrent additive network."""

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer
from keras_rnnzoo.base.options import boolean


class RANCell(RecurrentCell):
    """One step of the recurrent additive network: its cell is a gated sum of projected inputs.

    **Equations**

        c̃ = x W_c
        i = σ(x W_i + h' U_i + b_i)
        f = σ(x W_f + h' U_f + b_f)
        c = i ⊙ c̃ + f ⊙ c'
        h = φ(c)

    where φ is `activation`, σ is `recurrent_activation` and ' marks the step before. c̃ is linear
    and without a bias, so that c is a weighted sum of the inputs; the paper's other form has
    h = c, which is `activation="linear"`.

    Weights: `kernel (features, 3·units)`, blocks c, i, f; `recurrent_kernel (units, 2·units)` and
    `bias (2·units,)`, blocks i, f.

    Arguments:
        unit_forget_bias: whether b_f starts at one.

    Example:

    >>> RANCell(8, activation="linear")

    Reference: Lee, Levy and Zettlemoyer, arXiv:1705.07393 (2017).
    """

    gates = ("c_tilde", "i", "f")
    recurrent = (("i", "f"),)
    biases = ("i", "f")
    states = ("h", "c")
    mixes_h = False
    refuses = {"layer_norm": "its content c̃ has no recurrent part"}

    def __init__(self, units, unit_forget_bias=True, **options):
        super().__init__(units, **options)
        self.unit_forget_bias = boolean("unit_forget_bias", unit_forget_bias)
        self.bias_starts = {"f": 1.0} if self.unit_forget_bias else {}

    def update(self, a, h, c):
        σ, φ = self.sigma, self.phi
        i = σ(a.i)
        f = σ(a.f)
        c = self.clipped(i * a.c_tilde + f * c)
        h = φ(c)
        return h, c


class RAN(RecurrentLayer):
    cell_class = RANCell
