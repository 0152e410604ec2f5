"""The quasi-recurrent network: a convolution over time, then a gated average."""

from keras_rnnzoo.base import RecurrentLayer
from keras_rnnzoo.base.options import choice, positive_int
from keras_rnnzoo.base.windowed import WindowedCell

_GATES = {"f": ("z", "f"), "fo": ("z", "f", "o"), "ifo": ("z", "f", "o", "i")}


class QRNNCell(WindowedCell):
    """One step of the quasi-recurrent network: a convolution over time, then pooling.

    **Equations**

        z = φ(x W_z + x' V_z + b_z)
        f = σ(x W_f + x' V_f + b_f)
        o = σ(x W_o + x' V_o + b_o)              pooling "fo" and "ifo"
        i = σ(x W_i + x' V_i + b_i)              pooling "ifo"; else i = 1 - f
        c = f ⊙ c' + i ⊙ z
        h = o ⊙ c                                pooling "f": h = c

    where φ is `activation` and ' marks the step before; a window above two sees x'' and so on
    through matrices of their own. No gate sees the state, so time is parallel. `zoneout`
    keeps parts of c after h is made; the paper has f = 1 for them, in h too. Salesforce's code
    swaps the roles of f and 1 - f.

    Weights: `kernel (features, k·units)` (W), `bias (k·units,)`, blocks z, f, o, i as far as the
    pooling has them; `window_kernel (window - 1, features, k·units)` (V, V', ...).

    Arguments:
        pooling: `"f"`, `"fo"` or `"ifo"`: the gates between the convolution and the output.
        window: how many inputs the convolution sees; the state x keeps those before this one.

    Example:

    >>> QRNNCell(8, pooling="ifo", window=3)

    Reference: Bradbury et al., arXiv:1611.01576 (2016).
    """

    gates = _GATES["fo"]
    states = ("c", "x")

    def __init__(self, units, pooling="fo", window=2, **options):
        super().__init__(units, **options)
        self.pooling = choice("pooling", pooling, tuple(_GATES))
        self.window = positive_int("window", window)
        self.gates = _GATES[self.pooling]
        self.states = ("c", "x") if self.window > 1 else ("c",)

    def coefficients(self, a):
        z = self.phi(a.z)
        f = self.sigma(a.f)
        i = self.sigma(a.i) if "i" in self.pooling else 1 - f
        return f, i * z

    def readout(self, c, a):
        return self.sigma(a.o) * c if "o" in self.pooling else c


class QRNN(RecurrentLayer):
    cell_class = QRNNCell
