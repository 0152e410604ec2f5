"""The LSTM with coupled input and forget gate."""

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer
from keras_rnnzoo.base.options import boolean


class CIFGLSTMCell(RecurrentCell):
    """One step of the LSTM with coupled input and forget gate.

    **Equations**

        f = σ(x W_f + h' U_f + b_f)
        i = 1 - f
        g = φ(x W_g + h' U_g + b_g)
        c = f ⊙ c' + i ⊙ g
        o = σ(x W_o + h' U_o + b_o)
        h = o ⊙ φ(c)

    where φ is `activation`, σ is `recurrent_activation` and ' marks the step before. Greff et al.
    compute i and set f = 1 - i, the same family with the sign of the gate's weights turned, and
    keep peepholes; here f is computed, as in TensorFlow's CoupledInputForgetGateLSTMCell.

    Weights: `kernel (features, 3·units)`, `recurrent_kernel (units, 3·units)`, `bias (3·units,)`,
    blocks f, g, o.

    Arguments:
        unit_forget_bias: whether b_f starts at one.

    Example:

    >>> CIFGLSTMCell(8)

    Reference: Greff et al., arXiv:1503.04069 (2015), variant CIFG of section III.
    """

    gates = ("f", "g", "o")
    states = ("h", "c")
    mixes_h = False

    def __init__(self, units, unit_forget_bias=True, **options):
        super().__init__(units, **options)
        self.unit_forget_bias = boolean("unit_forget_bias", unit_forget_bias)
        self.bias_starts = {"f": 1.0} if self.unit_forget_bias else {}

    def update(self, a, h, c):
        σ, φ = self.sigma, self.phi
        f = σ(a.f)
        i = 1 - f
        g = φ(a.g)
        c = self.clipped(f * c + i * g)
        o = σ(a.o)
        h = o * φ(self.normed(c))
        return h, c


class CIFGLSTM(RecurrentLayer):
    cell_class = CIFGLSTMCell
