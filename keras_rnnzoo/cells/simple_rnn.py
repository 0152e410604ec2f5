"""The plain recurrent network."""

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer


class SimpleRNNCell(RecurrentCell):
    """One step of the plain (Elman) recurrent network.

    **Equations**

        h = φ(x W + h' U + b)

    where φ is `activation` and ' marks the step before. Elman's own φ is the logistic function;
    tanh is the field's habit and Keras's.

    For long memories with ReLU start the recurrent kernel at the identity and the bias at zero
    (Le et al. 2015, arXiv:1504.00941, section 2): `activation="relu",
    recurrent_initializer=keras.initializers.Identity(), kernel_initializer=
    keras.initializers.RandomNormal(stddev=0.001)`, gradients clipped.

    Weights: `kernel (features, units)`, `recurrent_kernel (units, units)`, `bias (units,)`: those
    of `keras.layers.SimpleRNN`.

    Example:

    >>> SimpleRNNCell(8)

    Reference: Elman, Finding structure in time, Cognitive Science 14 (1990).
    """

    gates = ("h",)
    mixes_h = False
    family = "rnn"
    refuses = {"recurrent_activation": "it has no gates"}

    def update(self, a, h):
        return self.phi(a.h)


class SimpleRNN(RecurrentLayer):
    cell_class = SimpleRNNCell
