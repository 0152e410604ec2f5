"""Long expressive memory."""

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer
from keras_rnnzoo.base.options import positive
from keras_rnnzoo.base.starts import described

# U(±1/√units) for weights with four gates side by side, and for the recurrent kernel.
GATED = {"scale": 4 / 3, "mode": "fan_out", "distribution": "uniform"}
RECURRENT = {"scale": 1 / 3, "mode": "fan_in", "distribution": "uniform"}


class LEMCell(RecurrentCell):
    """One step of long expressive memory: two states whose step sizes are learned.

    **Equations**

        Δ = δ σ(x W_Δ + y' U_Δ + b_Δ)
        Δ¯ = δ σ(x W_Δ¯ + y' U_Δ¯ + b_Δ¯)
        z = (1 - Δ) ⊙ z' + Δ ⊙ φ(x W_z + y' U_z + b_z)
        y = (1 - Δ¯) ⊙ y' + Δ¯ ⊙ φ(x W_y + z U_y + b_y)

    where y is the output, δ is `dt`, φ is `activation`, σ is `recurrent_activation` and ' marks the
    step before. y reads the new z, as in paper and authors' code; torchrecurrent and
    RecurrentLayers.jl read the old one.

    Weights: `kernel (features, 4·units)`, `recurrent_kernel (units, 4·units)`, `bias (4·units,)`,
    blocks Δ, Δ¯, z, y; the last recurrent block meets z, the others y'. All start at U(±1/√units).

    Arguments:
        dt: the largest step; above 2 a state can grow without end.

    Example:

    >>> LEMCell(8, dt=0.5)

    Reference: Rusch et al., arXiv:2110.04744 (2021).
    """

    gates = ("delta", "delta_bar", "z", "y")
    recurrent = (("delta", "delta_bar", "z"), ("y",))
    states = ("y", "z")
    defaults = {
        "kernel_initializer": described("VarianceScaling", **GATED),
        "recurrent_initializer": described("VarianceScaling", **RECURRENT),
        "bias_initializer": described("VarianceScaling", **GATED),
    }
    refuses = {
        "integration": "the force on each state is a sum",
        "projection": "y and z must stay alike wide",
    }

    def __init__(self, units, dt=1.0, **options):
        super().__init__(units, **options)
        self.dt = positive("dt", dt)

    def inner(self, a, y, z):
        delta = self.dt * self.sigma(a.delta)
        a.new_z = (1 - delta) * z + delta * self.phi(a.z)
        return a.new_z

    def update(self, a, y, z):
        z = a.new_z
        delta_bar = self.dt * self.sigma(a.delta_bar)
        y = (1 - delta_bar) * y + delta_bar * self.phi(a.y)
        return y, z


class LEM(RecurrentLayer):
    cell_class = LEMCell
