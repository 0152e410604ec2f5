"""The minimal GRU whose gates see the input alone."""

from keras import ops

from keras_rnnzoo.base import LinearCell, RecurrentLayer
from keras_rnnzoo.base.arithmetic import tanh
from keras_rnnzoo.base.options import choice


def _positive(a):
    """g(a) = a + 0.5 where a ≥ 0, else σ(a): positive, continuous, with slope one above zero."""
    return ops.where(a >= 0, a + 0.5, ops.sigmoid(a))


CANDIDATES = {"positive": _positive, "linear": lambda a: a, "signed": tanh}


class MinGRUCell(LinearCell):
    """One step of the minimal GRU: linear in its state, parallel over time.

    **Equations**

        z = σ(x W_z + b_z)
        n = g(x W_n + b_n)
        h = (1 - z) ⊙ h' + z ⊙ n

    where ' marks the step before and g is the candidate: positive as in the paper's appendix B,
    linear as in its section 3.1, or tanh. A positive state cannot follow a sign through time
    (parity); `candidate="signed"` can.

    Weights: `kernel (features, 2·units)`, `bias (2·units,)`, blocks z, n.

    Arguments:
        candidate: `"positive"` (g(a) = a + 0.5 where a ≥ 0, else σ(a)), `"linear"` or `"signed"`
            (tanh).

    Example:

    >>> MinGRUCell(8, candidate="signed")

    Reference: Feng et al., arXiv:2410.01201 (2024), section 3.1 and appendix B.
    """

    gates = ("z", "n")
    refuses = {"activation": "choose `candidate`"}

    def __init__(self, units, candidate="positive", **options):
        super().__init__(units, **options)
        self.candidate = choice("candidate", candidate, tuple(CANDIDATES))

    def coefficients(self, a):
        z = self.sigma(a.z)
        n = CANDIDATES[self.candidate](a.n)
        return 1 - z, z * n


class MinGRU(RecurrentLayer):
    cell_class = MinGRUCell
