"""Just another network: the LSTM with nothing but its forget gate."""

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer, starts
from keras_rnnzoo.base.options import number


class JANETCell(RecurrentCell):
    """One step of JANET: an LSTM with nothing but its forget gate.

    **Equations**

        s = x W_f + h' U_f + b_f
        f = σ(s)
        i = 1 - σ(s - β)
        g = φ(x W_g + h' U_g + b_g)
        h = f ⊙ h' + i ⊙ g

    where φ is `activation`, σ is `recurrent_activation` and ' marks the step before. h is the
    cell c of the paper, which it hands on as it is. β > 0 lets more in than was forgotten. The
    authors' code holds the blocks as g, f and starts b_f by `chrono_steps`.

    Weights: `kernel (features, 2·units)`, `recurrent_kernel (units, 2·units)`, `bias (2·units,)`,
    blocks f, g.

    Arguments:
        beta: the constant β.
        chrono_steps: the longest time that matters, 3 steps or more: b_f starts at ln u with u
            drawn evenly from [1, chrono_steps - 1] for each unit (Tallec and Ollivier,
            arXiv:1804.11188). By default b_f starts at one.

    Example:

    >>> JANETCell(8, chrono_steps=784)

    Reference: van der Westhuizen and Lasenby, arXiv:1804.04849 (2018).
    """

    gates = ("f", "g")

    def __init__(self, units, beta=1.0, chrono_steps=None, **options):
        super().__init__(units, **options)
        self.beta = number("beta", beta)
        self.chrono_steps = None if chrono_steps is None else starts.chrono_steps(chrono_steps)
        if self.chrono_steps and not self.use_bias:
            raise ValueError(
                "`chrono_steps` says where the bias of the forget gate starts. Give it with a bias "
                f"or leave it out. Received: chrono_steps={chrono_steps}, use_bias=False"
            )
        self.bias_starts = {"f": starts.chrono(self.chrono_steps) if self.chrono_steps else 1.0}

    def update(self, a, h):
        σ, φ = self.sigma, self.phi
        s = a.f
        f = σ(s)
        i = 1 - σ(s - self.beta)
        g = φ(a.g)
        return f * h + i * g


class JANET(RecurrentLayer):
    cell_class = JANETCell
