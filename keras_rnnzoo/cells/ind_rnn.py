"""The independently recurrent network."""

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer
from keras_rnnzoo.base.constraints import MaxMagnitude
from keras_rnnzoo.base.options import positive_int
from keras_rnnzoo.base.starts import described


class IndRNNCell(RecurrentCell):
    """One step of the independently recurrent network: each unit sees itself alone.

    **Equations**

        h = φ(x W + u ⊙ h' + b)

    where φ is `activation` (ReLU) and ' marks the step before. With `max_length` T each |u| is held
    at 2^(1/T) or below, so that no state grows by more than twice over T steps. torchrecurrent,
    TensorFlow and haste take tanh and no bound. Units meet in the next layer: stack several. The
    paper's normalisation between them is batch normalisation; `layer_norm` is one within the step.

    Weights: `kernel (features, units)`, `recurrent_kernel (units,)` (u), `bias (units,)`. u starts
    at U(0, 1); the last layer of a stack remembers longer from U(2^(-1/T), 2^(1/T)):
    `recurrent_initializer=keras.initializers.RandomUniform(low, high)`.

    Arguments:
        max_length: the number of steps T over which a state may double, or `None` for no bound. The
            bound is one of u; `layer_norm` and `integration` scale u h' once more.

    Example:

    >>> IndRNNCell(8, max_length=784)

    Reference: Li et al., arXiv:1803.04831 (2018).
    """

    gates = ("h",)
    mixes_h = False
    defaults = {
        "activation": "relu",
        "recurrence": "diagonal",
        "recurrent_initializer": described("RandomUniform", minval=0.0, maxval=1.0),
    }
    refuses = {
        "recurrent_activation": "it has no gates",
        "recurrence": "its recurrence is the diagonal; SimpleRNN has the others",
        "blocks": "its recurrence is the diagonal",
        "projection": "each unit sees itself alone",
    }

    def __init__(self, units, max_length=None, **options):
        super().__init__(units, **options)
        self.max_length = (
            max_length if max_length is None else positive_int("max_length", max_length)
        )
        if self.max_length and self.recurrent_constraint:
            raise ValueError(
                "`max_length` is a constraint of the recurrent kernel. Give it or "
                f"`recurrent_constraint`. Received: max_length={max_length} and "
                f"recurrent_constraint={self.recurrent_constraint!r}"
            )

    def build_weights(self, features):
        super().build_weights(features)
        if self.max_length:
            self.recurrent_kernel.constraint = MaxMagnitude(2.0 ** (1.0 / self.max_length))

    def update(self, a, h):
        return self.phi(a.h)


class IndRNN(RecurrentLayer):
    cell_class = IndRNNCell
