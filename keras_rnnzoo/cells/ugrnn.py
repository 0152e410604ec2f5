"""The update gate RNN."""

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer
from keras_rnnzoo.base.options import boolean


class UGRNNCell(RecurrentCell):
    """One step of the update gate RNN: one gate between the old state and a candidate.

    **Equations**

        c = φ(x W_c + h' U_c + b_c)
        g = σ(x W_g + h' U_g + b_g)
        h = g ⊙ h' + (1 - g) ⊙ c

    where φ is `activation`, σ is `recurrent_activation` and ' marks the step before. TensorFlow's
    UGRNNCell holds the blocks as g, c and adds one to the gate in each step; here b_g starts at
    one.

    Weights: `kernel (features, 2·units)`, `recurrent_kernel (units, 2·units)`, `bias (2·units,)`,
    blocks c, g.

    Arguments:
        unit_forget_bias: whether b_g starts at one.

    Example:

    >>> UGRNNCell(8)

    Reference: Collins, Sohl-Dickstein and Sussillo, arXiv:1611.09913 (2016), the UGRNN.
    """

    gates = ("c", "g")

    def __init__(self, units, unit_forget_bias=True, **options):
        super().__init__(units, **options)
        self.unit_forget_bias = boolean("unit_forget_bias", unit_forget_bias)
        self.bias_starts = {"g": 1.0} if self.unit_forget_bias else {}

    def update(self, a, h):
        σ, φ = self.sigma, self.phi
        c = φ(a.c)
        g = σ(a.g)
        return g * h + (1 - g) * c


class UGRNN(RecurrentLayer):
    cell_class = UGRNNCell
