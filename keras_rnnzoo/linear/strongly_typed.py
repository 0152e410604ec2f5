"""The strongly typed cells, whose gates see inputs and no state."""

from keras import ops

from keras_rnnzoo.base import LinearCell, RecurrentLayer
from keras_rnnzoo.base.windowed import WindowedCell


class TRNNCell(LinearCell):
    """One step of the strongly typed RNN: an average with a gate, parallel over time.

    **Equations**

        z = x W_z
        f = σ(x W_f + b_f)
        h = f ⊙ h' + (1 - f) ⊙ z

    where ' marks the step before. It is `MinGRU(candidate="linear")` with its gate turned round.

    Weights: `kernel (features, 2·units)`, blocks z, f; `bias (units,)`, of f alone.

    Example:

    >>> TRNNCell(8)

    Reference: Balduzzi and Ghifary, arXiv:1602.02218 (2016).
    """

    gates = ("z", "f")
    biases = ("f",)
    refuses = {"activation": "its candidate is linear"}

    def coefficients(self, a):
        f = ops.sigmoid(a.f)
        return f, (1 - f) * a.z


class TGRUCell(WindowedCell):
    """One step of the strongly typed GRU: its gates see two inputs, parallel over time.

    **Equations**

        z = x W_z + x' V_z + b_z
        f = σ(x W_f + x' V_f + b_f)
        o = φ(x W_o + x' V_o + b_o)
        h = f ⊙ h' + z ⊙ o

    where φ is `activation` and ' marks the step before; the state x keeps x'.

    Weights: `kernel (features, 3·units)` (W), `bias (3·units,)`, `window_kernel
    (1, features, 3·units)` (V), blocks z, f, o.

    Example:

    >>> TGRUCell(8)

    Reference: Balduzzi and Ghifary, arXiv:1602.02218 (2016).
    """

    gates = ("z", "f", "o")
    states = ("h", "x")

    def coefficients(self, a):
        return ops.sigmoid(a.f), a.z * self.phi(a.o)


class TLSTMCell(WindowedCell):
    """One step of the strongly typed LSTM: its gates see two inputs, parallel over time.

    **Equations**

        z = x W_z + x' V_z + b_z
        f = σ(x W_f + x' V_f + b_f)
        o = φ(x W_o + x' V_o + b_o)
        c = f ⊙ c' + (1 - f) ⊙ z
        h = o ⊙ c

    where φ is `activation` and ' marks the step before; the state x keeps x'.

    Weights: as `TGRU`: `kernel (features, 3·units)` (W), `bias (3·units,)`, `window_kernel
    (1, features, 3·units)` (V), blocks z, f, o.

    Example:

    >>> TLSTMCell(8)

    Reference: Balduzzi and Ghifary, arXiv:1602.02218 (2016).
    """

    gates = ("z", "f", "o")
    states = ("c", "x")

    def coefficients(self, a):
        f = ops.sigmoid(a.f)
        return f, (1 - f) * a.z

    def readout(self, c, a):
        return self.phi(a.o) * c


class TRNN(RecurrentLayer):
    cell_class = TRNNCell


class TGRU(RecurrentLayer):
    cell_class = TGRUCell


class TLSTM(RecurrentLayer):
    cell_class = TLSTMCell
