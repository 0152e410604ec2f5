"""The recurrent network with an antisymmetric matrix, which keeps it at the edge of stability."""

from keras import activations, ops

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer
from keras_rnnzoo.base.options import boolean, number, positive
from keras_rnnzoo.base.starts import described


class AntisymmetricRNNCell(RecurrentCell):
    """One step of the antisymmetric network: an Euler step of a stable differential equation.

    **Equations**

        q = h' (U - Uᵀ - γ I)
        z = σ(x W_z + q + b_z)                    gated=True; else z = 1
        h = h' + ε z ⊙ φ(x W_h + q + b_h)

    where ε is `epsilon`, γ `gamma`, φ is `activation`, σ is `recurrent_activation` and ' marks the
    step before. The eigenvalues of U - Uᵀ are imaginary, so gradients neither vanish nor explode;
    γ damps what the Euler step adds. torchrecurrent's defaults are ε = 1 and γ = 0. In half
    precision small steps ε are rounded away.

    Weights: `kernel (features, units)`, `recurrent_kernel (units, units)` (U), `bias (units,)`; if
    gated `kernel (features, 2·units)` and `bias (2·units,)`, blocks z, h, with one U for both. U
    starts normal with variance 1 / units.

    Arguments:
        gated: whether each unit has a gate on its step; `recurrent_activation` acts there alone.
        epsilon: the size of a step; the paper takes 0.01 to 0.1.
        gamma: the damping.

    Example:

    >>> AntisymmetricRNNCell(8, gated=True, epsilon=0.1)

    Reference: Chang et al., arXiv:1902.09689 (2019).
    """

    gates = ("h",)
    defaults = {
        "recurrent_initializer": described(
            "VarianceScaling", scale=1.0, mode="fan_in", distribution="untruncated_normal"
        )
    }
    refuses = {
        **dict.fromkeys(("recurrence", "blocks"), "antisymmetry needs the full matrix"),
        "integration": "its stability is that of a sum",
        "layer_norm": "it would change the eigenvalues that make it stable",
        "projection": "antisymmetry needs a square matrix",
    }

    def __init__(self, units, gated=False, epsilon=0.01, gamma=0.01, **options):
        super().__init__(units, **options)
        self.gated = boolean("gated", gated)
        self.epsilon = positive("epsilon", epsilon)
        self.gamma = number("gamma", gamma, "a number of zero or above", lambda value: value >= 0)
        if not self.gated and self.recurrent_activation is not activations.sigmoid:
            raise ValueError(
                "`recurrent_activation` acts on the gate alone. Add `gated=True`, or remove it. "
                f"Received: recurrent_activation={options['recurrent_activation']!r}"
            )
        if self.gated:
            self.gates, self.recurrent, self.apart = ("z", "h"), (("h",),), ("h",)

    def recurrent_matrix(self, kernel):
        damping = self.gamma * ops.eye(self.units, dtype=self.compute_dtype)
        return kernel - ops.transpose(kernel) - damping

    def update(self, a, h):
        σ, φ = self.sigma, self.phi
        if not self.gated:
            return h + self.epsilon * φ(a.h)
        x, q = a.h
        z = σ(a.z + q)
        return h + self.epsilon * z * φ(x + q)


class AntisymmetricRNN(RecurrentLayer):
    cell_class = AntisymmetricRNNCell
