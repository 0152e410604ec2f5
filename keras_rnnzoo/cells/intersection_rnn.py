"""The intersection RNN, whose output is not its state."""

from keras import activations

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer
from keras_rnnzoo.base.arithmetic import product
from keras_rnnzoo.base.options import boolean


class IntersectionRNNCell(RecurrentCell):
    """One step of the intersection RNN (+RNN): one gate over time, one over depth.

    **Equations**

        y_in = ρ(x W_y + h' U_y + b_y)
        h_in = φ(x W_h + h' U_h + b_h)
        g_y  = σ(x W_gy + h' U_gy + b_gy)
        g_h  = σ(x W_gh + h' U_gh + b_gh)
        y = g_y ⊙ x + (1 - g_y) ⊙ y_in
        h = g_h ⊙ h' + (1 - g_h) ⊙ h_in

    where y is the output, h the state, ρ is ReLU, φ is `activation`, σ is `recurrent_activation`
    and ' marks the step before. Where the input is not `units` wide, x S replaces x in y.

    Weights: `kernel (features, 4·units)`, `recurrent_kernel (units, 4·units)`, `bias (4·units,)`,
    blocks y, h, g_y, g_h; `skip_kernel (features, units)` (S) where features differ from units.

    Arguments:
        unit_forget_bias: whether b_gy and b_gh start at one.

    Example:

    >>> IntersectionRNNCell(8)

    Reference: Collins, Sohl-Dickstein and Sussillo, arXiv:1611.09913 (2016), the +RNN.
    """

    gates = ("y", "h", "g_y", "g_h")

    def __init__(self, units, unit_forget_bias=True, **options):
        super().__init__(units, **options)
        self.unit_forget_bias = boolean("unit_forget_bias", unit_forget_bias)
        self.bias_starts = {"g_y": 1.0, "g_h": 1.0} if self.unit_forget_bias else {}

    def own_weights(self, features):
        if features != self.units:
            self.add_own("skip_kernel", (features, self.units), role="kernel")

    def project(self, inputs):
        skip = inputs if self.features == self.units else product(inputs, self.w.skip_kernel)
        return {**super().project(inputs), "x": skip}

    def output(self, a, h):
        g_y, y_in = self.sigma(a.g_y), activations.relu(a.y)
        return g_y * a.x + (1 - g_y) * y_in

    def update(self, a, h):
        σ, φ = self.sigma, self.phi
        h_in = φ(a.h)
        g_h = σ(a.g_h)
        return g_h * h + (1 - g_h) * h_in


class IntersectionRNN(RecurrentLayer):
    cell_class = IntersectionRNNCell
