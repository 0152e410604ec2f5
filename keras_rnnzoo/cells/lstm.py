"""Long short-term memory with a forget gate."""

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer
from keras_rnnzoo.base.options import boolean


class LSTMCell(RecurrentCell):
    """One step of long short-term memory with a forget gate.

    **Equations**

        i = σ(x W_i + h' U_i + b_i)
        f = σ(x W_f + h' U_f + b_f)
        g = φ(x W_g + h' U_g + b_g)
        c = f ⊙ c' + i ⊙ g
        o = σ(x W_o + h' U_o + b_o)
        h = o ⊙ φ(c)

    where φ is `activation`, σ is `recurrent_activation` and ' marks the step before.

    Weights: `kernel (features, 4·units)`, `recurrent_kernel (units, 4·units)`, `bias (4·units,)`,
    blocks i, f, g, o: those of `keras.layers.LSTM`.

    Arguments:
        unit_forget_bias: whether b_f starts at one (Gers et al. 2000).

    Example:

    >>> LSTMCell(8)

    Reference: Hochreiter and Schmidhuber, Neural Computation 9 (1997); forget gate: Gers,
    Schmidhuber and Cummins, Neural Computation 12 (2000).
    """

    gates = ("i", "f", "g", "o")
    states = ("h", "c")
    mixes_h = False
    family = "lstm"

    def __init__(self, units, unit_forget_bias=True, **options):
        super().__init__(units, **options)
        self.unit_forget_bias = boolean("unit_forget_bias", unit_forget_bias)
        self.bias_starts = {"f": 1.0} if self.unit_forget_bias else {}

    def update(self, a, h, c):
        σ, φ = self.sigma, self.phi
        i = σ(a.i)
        f = σ(a.f)
        g = φ(a.g)
        c = self.clipped(f * c + i * g)
        o = σ(a.o)
        h = o * φ(self.normed(c))
        return h, c


class LSTM(RecurrentLayer):
    cell_class = LSTMCell
