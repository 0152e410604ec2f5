"""The LSTM whose pre-activations and cell are layer-normalised."""

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer
from keras_rnnzoo.base.arithmetic import normalise, product
from keras_rnnzoo.base.options import boolean, choice

EPSILONS = {"paper": 1e-5, "tfa": 1e-3}


class LayerNormLSTMCell(RecurrentCell):
    """One step of the LSTM with layer normalisation.

    **Equations**

        a = LN(x W; γ_x, β_x) + LN(h' U; γ_h, β_h) + b      blocks i, f, g, o
        i = σ(a_i)
        f = σ(a_f)
        g = φ(a_g)
        c = f ⊙ c' + i ⊙ g
        o = σ(a_o)
        h = o ⊙ φ(LN(c; γ_c, β_c))
        c = LN(c; γ_c, β_c)                                 norm="tfa"

    where LN(v; γ, β) = γ ⊙ (v - mean) / √(variance + ε) + β over the whole of v, all four gates
    together, φ is `activation`, σ is `recurrent_activation` and ' marks the step before. The paper
    carries c as it is and normalises it on its way to the output, ε = 1e-5; tensorflow-addons
    carries the normalised c, ε = 1e-3. haste is the paper's form without the shifts β.
    `LSTM(layer_norm=True)` takes statistics of each gate by itself and has no β_x and β_h.

    Weights: `kernel (features, 4·units)`, `recurrent_kernel (units, 4·units)`, `bias (4·units,)`,
    blocks i, f, g, o; `input_norm_gain`, `input_norm_shift` (γ_x, β_x), `recurrent_norm_gain`,
    `recurrent_norm_shift` (γ_h, β_h), each `(4·units,)`; `cell_norm_gain`, `cell_norm_shift`
    (γ_c, β_c), each `(units,)`. The order is that of tensorflow-addons (kernel_norm gamma and
    beta, recurrent_norm, state_norm): `set_weights` takes its `get_weights` with `norm="tfa"`.

    Arguments:
        norm: `"paper"` or `"tfa"`: whether c or the normalised c is carried.
        unit_forget_bias: whether b_f starts at one.

    Example:

    >>> LayerNormLSTMCell(8, norm="tfa")

    Reference: Ba, Kiros and Hinton, arXiv:1607.06450 (2016).
    """

    gates = ("i", "f", "g", "o")
    states = ("h", "c")
    mixes_h = False
    refuses = {"layer_norm": "it is normalised as it is"}

    def __init__(self, units, norm="paper", unit_forget_bias=True, **options):
        super().__init__(units, **options)
        self.norm = choice("norm", norm, tuple(EPSILONS))
        self.unit_forget_bias = boolean("unit_forget_bias", unit_forget_bias)
        self.bias_starts = {"f": 1.0} if self.unit_forget_bias else {}

    def own_weights(self, features):
        for part, width in (("input", 4), ("recurrent", 4), ("cell", 1)):
            self.add_own(f"{part}_norm_gain", (width * self.units,), "own", "ones")
            self.add_own(f"{part}_norm_shift", (width * self.units,), "bias", "zeros")

    def normalised(self, v, part):
        gain, shift = getattr(self.w, f"{part}_norm_gain"), getattr(self.w, f"{part}_norm_shift")
        return gain * normalise(v, 1, EPSILONS[self.norm]) + shift

    def project(self, inputs):
        x = self.normalised(product(inputs, self.w.kernel), "input")
        return {"gates": x if self.w.input_bias is None else x + self.w.input_bias}

    def recur(self, operand, matrix, drop):
        return self.normalised(super().recur(operand, matrix, drop), "recurrent")

    def update(self, a, h, c):
        σ, φ = self.sigma, self.phi
        i = σ(a.i)
        f = σ(a.f)
        g = φ(a.g)
        c = self.clipped(f * c + i * g)
        o = σ(a.o)
        seen = self.normalised(c, "cell")
        h = o * φ(seen)
        return h, (seen if self.norm == "tfa" else c)


class LayerNormLSTM(RecurrentLayer):
    cell_class = LayerNormLSTMCell
