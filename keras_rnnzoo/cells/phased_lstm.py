"""The LSTM whose state moves while its time gate is open."""

from keras import initializers, ops

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer
from keras_rnnzoo.base.options import boolean, choice, number, positive, share
from keras_rnnzoo.base.starts import log_uniform, scaled


class PhasedLSTMCell(RecurrentCell):
    """One step of the phased LSTM: each unit opens once in a period, for events at any time.

    **Equations**

        i = σ(x W_i + h' U_i + p_i ⊙ c' + b_i)
        f = σ(x W_f + h' U_f + p_f ⊙ c' + b_f)
        g = φ(x W_g + h' U_g + b_g)
        c~ = f ⊙ c' + i ⊙ g
        o = σ(x W_o + h' U_o + p_o ⊙ c~ + b_o)
        h~ = o ⊙ φ(c~)
        ψ = ((t - s) mod τ) / τ
        k = 2 ψ / r  for ψ < r / 2,  2 - 2 ψ / r  for ψ < r,  α ψ  else
        c = k ⊙ c~ + (1 - k) ⊙ c'
        h = k ⊙ h~ + (1 - k) ⊙ h'

    where t, the first channel of the input, is the time of the step, x are the channels after it,
    φ is `activation`, σ is `recurrent_activation` and ' marks the step before. As in TensorFlow's
    PhasedLSTMCell the leak α acts in inference too and nothing holds τ and r above zero; that cell
    has full peepholes or none, r = 0.1, and no gradient through the mod to τ, which here is exact.
    Half precision has too few digits for times and is refused; so has float32 for seconds of a
    calendar, from which the time of a first step is to be taken away.

    Weights: `kernel (features, 4·units)`, features without the time, `recurrent_kernel (units,
    4·units)`, `bias (4·units,)`, blocks i, f, g, o; `period` (τ), `phase` (s) and `ratio_on` (r),
    each `(units,)`; `peephole_i`, `peephole_f`, `peephole_o`, each `(units,)`, if wished. τ starts
    log-uniform between the shortest and the longest period, in the unit of t, s at U(0, τ).

    Arguments:
        peephole: `"diagonal"` (a vector for each gate) or `"none"`.
        leak: α, how far a closed gate stays open.
        initial_ratio_on: where r starts.
        shortest_period: the shortest τ at the start.
        longest_period: the longest τ at the start.
        unit_forget_bias: whether b_f starts at one.

    Example:

    >>> PhasedLSTMCell(8, longest_period=100.0)

    Reference: Neil, Pfeiffer and Liu, arXiv:1610.09513 (2016).
    """

    gates = ("i", "f", "g", "o")
    states = ("h", "c")
    side_inputs = 1

    def __init__(
        self,
        units,
        peephole="diagonal",
        leak=0.001,
        initial_ratio_on=0.05,
        shortest_period=1.0,
        longest_period=1000.0,
        unit_forget_bias=True,
        **options,
    ):
        super().__init__(units, **options)
        self.peephole = choice("peephole", peephole, ("diagonal", "none"))
        self.leak = number("leak", leak, "a number in [0, 1]", lambda value: 0 <= value <= 1)
        self.initial_ratio_on = share("initial_ratio_on", initial_ratio_on)
        self.shortest_period = positive("shortest_period", shortest_period)
        in_order = "a number of `shortest_period` or above", lambda value: value >= shortest_period
        self.longest_period = number("longest_period", longest_period, *in_order)
        self.unit_forget_bias = boolean("unit_forget_bias", unit_forget_bias)
        self.bias_starts = {"f": 1.0} if self.unit_forget_bias else {}
        if self.compute_dtype not in ("float32", "float64"):
            raise ValueError(
                f"{type(self).__name__} reads times, which lose their digits in half precision. "
                f'Give it dtype="float32". Received: dtype={self.dtype_policy.name!r}'
            )

    def own_weights(self, features):
        period = log_uniform(self.shortest_period, self.longest_period)
        ratio_on = initializers.Constant(self.initial_ratio_on)
        begin = {"period": period, "phase": scaled(period), "ratio_on": ratio_on}
        for name, start in begin.items():
            self.add_own(name, (self.units,), "own", start)
        for gate in "ifo" if self.peephole == "diagonal" else "":
            self.add_own(f"peephole_{gate}", (self.units,), role="kernel")

    def peep(self, c, gate):
        return c * getattr(self.w, f"peephole_{gate}") if self.peephole == "diagonal" else 0.0

    def openness(self, t):
        """k, how far each unit is open at time t."""
        τ, s, r = self.w.period, self.w.phase, self.w.ratio_on
        hold, turns = ops.stop_gradient, (t - s) / τ
        # By value remainders, which keep the digits of a late t; by gradient (t - s) / τ.
        ψ = hold(ops.mod(ops.mod(t, τ) - s, τ) / τ) + (turns - hold(turns))
        falling = ops.where(ψ < r, 2 - 2 * ψ / r, self.leak * ψ)
        return ops.where(ψ < r / 2, 2 * ψ / r, falling)

    def project(self, inputs):
        return {**super().project(inputs), "k": self.openness(inputs[..., :1])}

    def update(self, a, h, c):
        σ, φ = self.sigma, self.phi
        i = σ(a.i + self.peep(c, "i"))
        f = σ(a.f + self.peep(c, "f"))
        g = φ(a.g)
        c_new = self.clipped(f * c + i * g)
        o = σ(a.o + self.peep(c_new, "o"))
        h_new = o * φ(self.normed(c_new))
        return a.k * h_new + (1 - a.k) * h, a.k * c_new + (1 - a.k) * c


class PhasedLSTM(RecurrentLayer):
    cell_class = PhasedLSTMCell
