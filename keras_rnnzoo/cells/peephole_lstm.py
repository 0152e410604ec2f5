"""The LSTM whose gates see the cell."""

from keras import ops

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer
from keras_rnnzoo.base.options import boolean, choice


class PeepholeLSTMCell(RecurrentCell):
    """One step of the LSTM with peepholes: its gates see the cell.

    **Equations**

        i = σ(x W_i + h' U_i + p_i ⊙ c' + b_i)
        f = σ(x W_f + h' U_f + p_f ⊙ c' + b_f)
        g = φ(x W_g + h' U_g + b_g)
        c = f ⊙ c' + i ⊙ g
        o = σ(x W_o + h' U_o + p_o ⊙ c + b_o)
        h = o ⊙ φ(c)

    where φ is `activation`, σ is `recurrent_activation` and ' marks the step before. The output
    gate sees the new cell c, not c'. With `peephole="full"` the products p ⊙ c become c P with a
    matrix for each gate. Gers et al. leave c unsquashed in the output (h = o ⊙ c); φ(c) is what
    later papers and all libraries compute.

    Weights: `kernel (features, 4·units)`, `recurrent_kernel (units, 4·units)`, `bias (4·units,)`,
    blocks i, f, g, o; `peephole_i`, `peephole_f`, `peephole_o`, each `(units,)`, in the order of
    tensorflow-addons; or `peephole_kernel_if (units, 2·units)` and `peephole_kernel_o
    (units, units)` when full.

    Arguments:
        peephole: `"diagonal"` (a vector for each gate) or `"full"` (a matrix for each gate).
        unit_forget_bias: whether b_f starts at one.

    Example:

    >>> PeepholeLSTMCell(8, peephole="full")

    Reference: Gers, Schraudolph and Schmidhuber, JMLR 3 (2002).
    """

    gates = ("i", "f", "g", "o")
    states = ("h", "c")
    mixes_h = False

    def __init__(self, units, peephole="diagonal", unit_forget_bias=True, **options):
        super().__init__(units, **options)
        self.peephole = choice("peephole", peephole, ("diagonal", "full"))
        self.unit_forget_bias = boolean("unit_forget_bias", unit_forget_bias)
        self.bias_starts = {"f": 1.0} if self.unit_forget_bias else {}

    def own_weights(self, features):
        if self.peephole == "full":
            self.add_matrix("peephole_kernel_if", ("i", "f"))
            self.add_matrix("peephole_kernel_o", ("o",))
        else:
            for gate in "ifo":
                self.add_own(f"peephole_{gate}", (self.units,), role="kernel")

    def peep(self, c, gates, drop):
        """What each of `gates` sees of the cell."""
        if self.peephole == "full":
            u = self.recur(c, f"peephole_kernel_{gates}", drop)
            return ops.split(u, len(gates), axis=-1)
        return [c * getattr(self.w, f"peephole_{gate}") for gate in gates]

    def step(self, x, states, drop):
        σ, φ = self.sigma, self.phi
        h, c = states
        a = self.join_all(x, states, drop)
        p_i, p_f = self.peep(c, "if", drop)
        i = σ(a.i + p_i)
        f = σ(a.f + p_f)
        g = φ(a.g)
        c = self.clipped(f * c + i * g)
        (p_o,) = self.peep(c, "o", drop)
        o = σ(a.o + p_o)
        h = o * φ(self.normed(c))
        return a, (h, c)


class PeepholeLSTM(RecurrentLayer):
    cell_class = PeepholeLSTMCell
