"""The plain recurrent network with a residual connection through time."""

from keras import initializers

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer
from keras_rnnzoo.base.starts import described

NORMAL = described("RandomNormal", mean=0.0, stddev=0.1)


class FastRNNCell(RecurrentCell):
    """One step of FastRNN: a small step away from the old state, with two learned scalars.

    **Equations**

        h~ = φ(x W + h' U + b)
        h = σ(α) h~ + σ(β) h'

    where φ is `activation`, σ the logistic function and ' marks the step before. The authors may
    make W and U products of two thin matrices each, which is not offered. torchrecurrent and
    RecurrentLayers.jl start α and β the other way round.

    Weights: `kernel (features, units)`, `recurrent_kernel (units, units)`, `bias (units,)`;
    `alpha (1,)`, `beta (1,)`. They start as the authors': kernels normal with deviation 0.1, bias
    at one, α at -3, β at 3.

    Example:

    >>> FastRNNCell(8)

    Reference: Kusupati et al., arXiv:1901.02358 (2018).
    """

    gates = ("h",)
    defaults = {
        "kernel_initializer": NORMAL,
        "recurrent_initializer": NORMAL,
        "bias_initializer": described("Ones"),
    }
    refuses = {"recurrent_activation": "it has no gates"}

    def own_weights(self, features):
        self.add_own("alpha", (1,), "own", initializers.Constant(-3.0))
        self.add_own("beta", (1,), "own", initializers.Constant(3.0))

    def update(self, a, h):
        σ, φ = self.sigma, self.phi
        h_new = φ(a.h)
        return σ(self.w.alpha) * h_new + σ(self.w.beta) * h


class FastRNN(RecurrentLayer):
    cell_class = FastRNNCell
