"""The simple recurrent unit, whose gates see each unit's own cell."""

import math

from keras import initializers, ops

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer
from keras_rnnzoo.base.arithmetic import product
from keras_rnnzoo.base.configurable import register
from keras_rnnzoo.base.options import boolean, number
from keras_rnnzoo.base.starts import described


class SRUKernel(initializers.VarianceScaling):
    """Uniform within ± √(3 / features), and within √½ of that for the gates f and r."""

    def __init__(self, seed=None):
        super().__init__(1.0, "fan_in", "uniform", seed=seed)

    def __call__(self, shape, dtype=None):
        x_tilde, *gates = ops.split(super().__call__(shape, dtype=dtype), 3, axis=-1)
        return ops.concatenate([x_tilde, *(0.5**0.5 * gate for gate in gates)], axis=-1)

    def get_config(self):
        return {"seed": super().get_config()["seed"]}


register(SRUKernel)


class SRUCell(RecurrentCell):
    """One step of the simple recurrent unit: a light cell with a highway around it.

    **Equations**

        x̃ = x W
        f = σ(x W_f + v_f ⊙ c' + b_f)
        r = σ(x W_r + v_r ⊙ c' + b_r)
        c = f ⊙ c' + (1 - f) ⊙ x̃
        h = r ⊙ φ(c) + (1 - r) ⊙ α x

    where φ is `activation` (linear), σ is `recurrent_activation`, ' marks the step before and
    α = √(1 + 2 exp(`highway_bias`)). x S, which starts α times as large, replaces α x where the
    input is not `units` wide. This is version 2 of the paper: its first version and
    tf.contrib.rnn have no v and no α. As the gates see c', time is walked step by step.

    Weights: `kernel (features, 3·units)`, blocks x̃, f, r; `recurrent_kernel (2·units,)` (v) and
    `bias (2·units,)`, blocks f, r; `skip_kernel (features, units)` (S) where features differ from
    units. W and v start uniform, as in the authors' code.

    Arguments:
        highway_bias: where b_r starts; below zero, more of x passes at first.
        rescale: whether α is as above, which keeps the variance of x at the start, or one.

    Example:

    >>> SRUCell(8, highway_bias=-2.0)

    Reference: Lei et al., arXiv:1709.02755 (2017).
    """

    gates = ("x_tilde", "f", "r")
    recurrent = (("f", "r"),)
    biases = ("f", "r")
    states = ("c",)
    defaults = {
        "activation": "linear",
        "recurrence": "diagonal",
        "kernel_initializer": SRUKernel,
        "recurrent_initializer": described("RandomUniform", minval=-(1.5**0.5), maxval=1.5**0.5),
    }
    refuses = dict.fromkeys(("recurrence", "blocks", "projection"), "its gates see c' unit by unit")
    refuses["layer_norm"] = "x̃ has no recurrent part"

    def __init__(self, units, highway_bias=0.0, rescale=True, **options):
        super().__init__(units, **options)
        wanted, fits = "a number from -100 to 100", lambda value: abs(value) <= 100
        self.highway_bias = number("highway_bias", highway_bias, wanted, fits)
        if self.highway_bias and not self.use_bias:
            raise ValueError(
                "`highway_bias` is where a bias starts. Give it with a bias or leave it out. "
                f"Received: highway_bias={highway_bias}, use_bias=False"
            )
        self.rescale = boolean("rescale", rescale)
        self.alpha = math.sqrt(1 + 2 * math.exp(self.highway_bias)) if self.rescale else 1.0
        self.bias_starts = {"r": self.highway_bias} if self.highway_bias else {}

    def own_weights(self, features):
        if features != self.units:
            start = initializers.VarianceScaling(self.alpha**2, "fan_in", "uniform")
            self.add_own("skip_kernel", (features, self.units), "kernel", start)

    def project(self, inputs):
        narrow = self.features == self.units
        skip = self.alpha * inputs if narrow else product(inputs, self.w.skip_kernel)
        return {**super().project(inputs), "skip": skip}

    def update(self, a, c):
        f = self.sigma(a.f)
        return self.clipped(f * c + (1 - f) * a.x_tilde)

    def output(self, a, c):
        r = self.sigma(a.r)
        return r * self.phi(c) + (1 - r) * a.skip


class SRU(RecurrentLayer):
    cell_class = SRUCell
