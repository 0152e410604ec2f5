"""The LSTM with working memory connections."""

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer
from keras_rnnzoo.base.arithmetic import split
from keras_rnnzoo.base.options import boolean


class WMCLSTMCell(RecurrentCell):
    """One step of the LSTM with working memory connections: its gates see a squashed cell.

    **Equations**

        i = σ(x W_i + h' U_i + b_i + φ(c' V_i + d_i))
        f = σ(x W_f + h' U_f + b_f + φ(c' V_f + d_f))
        g = φ(x W_g + h' U_g + b_g)
        c = f ⊙ c' + i ⊙ g
        o = σ(x W_o + h' U_o + b_o + φ(c V_o + d_o))
        h = o ⊙ φ(c)

    where φ is `activation`, σ is `recurrent_activation` and ' marks the step before. A peephole
    LSTM with full matrices has c' V in place of φ(c' V + d), which can saturate the gates. The
    output gate sees the new c. `integration` leaves the memory's part outside.

    Weights: `kernel (features, 4·units)`, `recurrent_kernel (units, 4·units)`, `bias (4·units,)`,
    blocks i, f, g, o; `memory_kernel_if (units, 2·units)` and `memory_kernel_o (units, units)` (V);
    `memory_bias (3·units,)` (d), blocks i, f, o.

    Arguments:
        unit_forget_bias: whether b_f starts at one.

    Example:

    >>> WMCLSTMCell(8)

    Reference: Landi et al., arXiv:2109.00020 (2021).
    """

    gates = ("i", "f", "g", "o")
    states = ("h", "c")
    mixes_h = False

    def __init__(self, units, unit_forget_bias=True, **options):
        super().__init__(units, **options)
        self.unit_forget_bias = boolean("unit_forget_bias", unit_forget_bias)
        self.bias_starts = {"f": 1.0} if self.unit_forget_bias else {}

    def own_weights(self, features):
        self.add_matrix("memory_kernel_if", ("i", "f"))
        self.add_matrix("memory_kernel_o", ("o",))
        if self.use_bias:
            self.add_own("memory_bias", (3 * self.units,), role="bias")

    def remember(self, c, gates, bias, drop):
        """What `gates` see of the cell, side by side; `bias` cuts their blocks out of d."""
        u = self.recur(c, f"memory_kernel_{gates}", drop)
        return self.phi(u + self.w.memory_bias[bias] if self.use_bias else u)

    def step(self, x, states, drop):
        σ, φ, n = self.sigma, self.phi, self.units
        h, c = states
        a = self.join_all(x, states, drop)
        v_i, v_f = split(self.remember(c, "if", slice(0, 2 * n), drop), 2)
        i = σ(a.i + v_i)
        f = σ(a.f + v_f)
        g = φ(a.g)
        c = self.clipped(f * c + i * g)
        v_o = self.remember(c, "o", slice(2 * n, None), drop)
        o = σ(a.o + v_o)
        h = o * φ(self.normed(c))
        return a, (h, c)


class WMCLSTM(RecurrentLayer):
    cell_class = WMCLSTMCell
