"""The multiplicative LSTM, whose recurrent matrix depends on the input."""

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer
from keras_rnnzoo.base.options import boolean


class MultiplicativeLSTMCell(RecurrentCell):
    """One step of the multiplicative LSTM: its gates see a product of input and state.

    **Equations**

        m = (x W_m) ⊙ (h' U_m)
        i = σ(x W_i + m U_i + b_i)
        f = σ(x W_f + m U_f + b_f)
        g = φ(x W_g + m U_g + b_g)
        c = f ⊙ c' + i ⊙ g
        o = σ(x W_o + m U_o + b_o)
        h = o ⊙ φ(c)

    where φ is `activation`, σ is `recurrent_activation` and ' marks the step before. m stands
    where the LSTM has h', and has no bias. The paper's byte-level models squash after the output
    gate instead, h = φ(c ⊙ o). This is not the mLSTM of the xLSTM.

    Weights: `kernel (features, 5·units)` and `recurrent_kernel (units, 5·units)`, blocks m, i, f,
    g, o; `bias (4·units,)`, blocks i, f, g, o.

    Arguments:
        unit_forget_bias: whether b_f starts at one.

    Example:

    >>> MultiplicativeLSTMCell(8)

    Reference: Krause et al., arXiv:1609.07959 (2016).
    """

    gates = ("m", "i", "f", "g", "o")
    recurrent = (("m",), ("i", "f", "g", "o"))
    apart = ("m",)
    biases = ("i", "f", "g", "o")
    states = ("h", "c")
    refuses = {
        "integration": "m is a product of the input and the state already",
        "projection": "m is as wide as the state",
    }

    def __init__(self, units, unit_forget_bias=True, **options):
        super().__init__(units, **options)
        self.unit_forget_bias = boolean("unit_forget_bias", unit_forget_bias)
        self.bias_starts = {"f": 1.0} if self.unit_forget_bias else {}

    def inner(self, a, h, c):
        x, u = a.m
        return x * u

    def update(self, a, h, c):
        σ, φ = self.sigma, self.phi
        i = σ(a.i)
        f = σ(a.f)
        g = φ(a.g)
        c = self.clipped(f * c + i * g)
        o = σ(a.o)
        h = o * φ(self.normed(c))
        return h, c


class MultiplicativeLSTM(RecurrentLayer):
    cell_class = MultiplicativeLSTMCell
