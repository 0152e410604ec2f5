"""The coupled oscillatory network."""

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer
from keras_rnnzoo.base.options import positive
from keras_rnnzoo.base.starts import described

# The authors start everything at U(±1/√(features + 2·units)), here with the features left out.
START = {"scale": 1 / 6, "mode": "fan_out", "distribution": "uniform"}


class CoRNNCell(RecurrentCell):
    """One step of the coupled oscillatory network: units are damped, driven oscillators.

    **Equations**

        z = z' + δ (φ(x W + y' U + z' V + b) - γ y' - ε z')
        y = y' + δ z

    where y is position and output, z velocity, δ is `dt`, γ `gamma`, ε `epsilon`, φ is `activation`
    and ' marks the step before. The damping is explicit, ε z', as in the authors' code; the paper's
    second form damps with the new z. Gradients neither vanish nor explode where δ is small; states
    grow without end where 2 δ ε + δ² γ > 4. In half precision small steps δ are rounded away.

    Weights: `kernel (features, units)`, `recurrent_kernel (units, units)` (U), `bias (units,)`,
    `velocity_kernel (units, units)` (V). All start at U(±1/√(2·units)), the authors' range for few
    features.

    Arguments:
        dt: the step in time.
        gamma: how stiff the springs are.
        epsilon: how strong the damping is; the defaults are the authors' for sequential MNIST, and
            other tasks want quite others.

    Example:

    >>> CoRNNCell(8, dt=0.1, gamma=1.0, epsilon=1.0)

    Reference: Rusch and Mishra, arXiv:2010.00951 (2020).
    """

    gates = ("f",)
    states = ("y", "z")
    defaults = {
        f"{role}_initializer": described("VarianceScaling", **START)
        for role in ("kernel", "recurrent", "bias")
    }
    refuses = {
        "recurrent_activation": "it has no gates",
        "integration": "the force on an oscillator is a sum",
        "layer_norm": "the force on an oscillator is bounded as it is",
        "projection": "y and z must stay alike wide",
    }

    def __init__(self, units, dt=0.042, gamma=2.7, epsilon=4.7, **options):
        super().__init__(units, **options)
        self.dt = positive("dt", dt)
        self.gamma = positive("gamma", gamma)
        self.epsilon = positive("epsilon", epsilon)

    def own_weights(self, features):
        self.add_matrix("velocity_kernel", ("f",))

    def step(self, x, states, drop):
        δ, γ, ε = self.dt, self.gamma, self.epsilon
        y, z = states
        a = self.join_all(x, states, drop)
        force = self.phi(a.f + self.recur(z, "velocity_kernel", drop))
        z = z + δ * (force - γ * y - ε * z)
        y = y + δ * z
        return a, (y, z)


class CoRNN(RecurrentLayer):
    cell_class = CoRNNCell
