"""The gated FastRNN, whose gate and candidate share their matrices."""

from keras import initializers

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer
from keras_rnnzoo.base.arithmetic import sigmoid
from keras_rnnzoo.base.starts import described

NORMAL = described("RandomNormal", mean=0.0, stddev=0.1)


class FastGRNNCell(RecurrentCell):
    """One step of FastGRNN: gate and candidate share one W and one U.

    **Equations**

        a = x W + h' U
        z = σ(a + b_z)
        h~ = φ(a + b_h)
        h = (s(ζ) (1 - z) + s(ν)) ⊙ h~ + z ⊙ h'

    where φ is `activation`, σ is `recurrent_activation`, s the logistic function and ' marks the
    step before. The authors may make W and U products of two thin matrices each, which is not
    offered. torchrecurrent's gate is tanh unless told otherwise, its ζ and ν start at 3 and -3.

    Weights: `kernel (features, units)`, `recurrent_kernel (units, units)`, `bias (2·units,)`,
    blocks z, h; `zeta (1,)`, `nu (1,)`. They start as the authors': kernels normal with deviation
    0.1, biases at one, ζ at 1, ν at -4.

    Example:

    >>> FastGRNNCell(8)

    Reference: Kusupati et al., arXiv:1901.02358 (2018).
    """

    gates = ("a",)
    biases = ("b_z", "b_h")
    defaults = {
        "kernel_initializer": NORMAL,
        "recurrent_initializer": NORMAL,
        "bias_initializer": described("Ones"),
    }

    def own_weights(self, features):
        self.add_own("zeta", (1,), "own", initializers.Constant(1.0))
        self.add_own("nu", (1,), "own", initializers.Constant(-4.0))

    def update(self, a, h):
        σ, φ, s = self.sigma, self.phi, sigmoid
        z = σ(a.a + a.b_z)
        h_new = φ(a.a + a.b_h)
        return (s(self.w.zeta) * (1 - z) + s(self.w.nu)) * h_new + z * h


class FastGRNN(RecurrentLayer):
    cell_class = FastGRNNCell
