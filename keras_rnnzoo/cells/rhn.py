"""The recurrent highway network."""

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer
from keras_rnnzoo.base.arithmetic import split
from keras_rnnzoo.base.options import boolean, number, positive_int


class RHNCell(RecurrentCell):
    """One step of the recurrent highway network: several highway layers within a step.

    **Equations**

        s_0 = s'
        for l = 1 ... depth:
            a = [l = 1] x W + s_(l-1) U_l + b_l        blocks h, t and, not coupled, c
            h = φ(a_h)
            t = σ(a_t)
            c = 1 - t                                  coupled=True
            c = σ(a_c)                                 coupled=False
            s_l = h ⊙ t + s_(l-1) ⊙ c
        s = s_depth

    where φ is `activation`, σ is `recurrent_activation` and ' marks the step before; the input
    enters the first layer alone. The authors use one dropout mask for all layers of a step; here
    each recurrent matrix has its own. A depth of one is the UGRNN with its gate turned.

    Weights: `kernel (features, 2·units)`, `recurrent_kernel (units, 2·units)`, `bias (2·units,)`,
    blocks h, t, or three blocks h, t, c; for the layers from the second on `recurrent_kernel_2`,
    `bias_2`, `recurrent_kernel_3`, `bias_3` and so on, of the same shapes. All b_t start at
    `transform_bias`, all b_c at its negative, so that layers start by carrying s.

    Arguments:
        depth: how many layers a step has.
        coupled: whether c is 1 - t.
        transform_bias: where b_t starts; the paper takes -2 to -4. Without biases layers start
            half open.

    Example:

    >>> RHNCell(8, depth=5)

    Reference: Zilly et al., arXiv:1607.03474 (2016).
    """

    states = ("s",)
    refuses = {
        **dict.fromkeys(("recurrence", "blocks"), "a highway mixes all units in every layer"),
        "projection": "s passes from layer to layer as wide as it is",
        "integration": "only its first layer has an input part",
        "layer_norm": "only its first layer has an input part",
    }

    def __init__(self, units, depth=3, coupled=True, transform_bias=-2.0, **options):
        super().__init__(units, **options)
        self.depth = positive_int("depth", depth)
        self.coupled = boolean("coupled", coupled)
        self.transform_bias = number("transform_bias", transform_bias)
        self.gates = ("h", "t") if self.coupled else ("h", "t", "c")
        self.bias_starts = {"t": self.transform_bias, "c": -self.transform_bias}

    def own_weights(self, features):
        for layer in range(2, self.depth + 1):
            self.add_matrix(f"recurrent_kernel_{layer}", self.gates)
            if self.use_bias:
                shape = (len(self.gates) * self.units,)
                self.add_own(f"bias_{layer}", shape, "bias", self.bias_start())

    def highway(self, s, a_h, a_t, a_c=None):
        σ, φ = self.sigma, self.phi
        h = φ(a_h)
        t = σ(a_t)
        c = 1 - t if self.coupled else σ(a_c)
        return h * t + s * c

    def step(self, x, states, drop):
        (s,) = states
        first = self.join_all(x, states, drop)
        s = self.highway(s, *(getattr(first, gate) for gate in self.gates))
        for layer in range(2, self.depth + 1):
            a = self.recur(s, f"recurrent_kernel_{layer}", drop)
            if self.use_bias:
                a = a + getattr(self.w, f"bias_{layer}")
            s = self.highway(s, *split(a, len(self.gates)))
        return first, s


class RHN(RecurrentLayer):
    cell_class = RHNCell
