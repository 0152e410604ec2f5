"""The minimal LSTM whose gates see the input alone."""

from keras import ops

from keras_rnnzoo.base import LinearCell, RecurrentLayer
from keras_rnnzoo.base.options import choice
from keras_rnnzoo.linear.min_gru import CANDIDATES


class MinLSTMCell(LinearCell):
    """One step of the minimal LSTM: linear in its state, parallel over time.

    **Equations**

        f = σ(x W_f + b_f)
        i = σ(x W_i + b_i)
        n = g(x W_n + b_n)
        h = f / (f + i) ⊙ h' + i / (f + i) ⊙ n

    where ' marks the step before and g is the candidate, as in `MinGRU`. The shares of f and i are
    σ(d) and σ(-d) with d = ln f - ln i, which is what is computed: it holds where both gates are
    closed. A sequence cut into pieces, the state carried, gives the numbers of the whole; the
    PyTorch package minGRU-pytorch applies g to a carried state once more.

    Weights: `kernel (features, 3·units)`, `bias (3·units,)`, blocks f, i, n.

    Arguments:
        candidate: `"positive"` (g(a) = a + 0.5 where a ≥ 0, else σ(a)), `"linear"` or `"signed"`
            (tanh).

    Example:

    >>> MinLSTMCell(8, candidate="signed")

    Reference: Feng et al., arXiv:2410.01201 (2024), section 3.2 and appendix B.
    """

    gates = ("f", "i", "n")
    refuses = {"activation": "choose `candidate`"}

    def __init__(self, units, candidate="positive", **options):
        super().__init__(units, **options)
        self.candidate = choice("candidate", candidate, tuple(CANDIDATES))

    def coefficients(self, a):
        d = ops.softplus(-a.i) - ops.softplus(-a.f)
        n = CANDIDATES[self.candidate](a.n)
        return ops.sigmoid(d), ops.sigmoid(-d) * n


class MinLSTM(RecurrentLayer):
    cell_class = MinLSTMCell
