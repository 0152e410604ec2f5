"""The light gated recurrent unit."""

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer


class LiGRUCell(RecurrentCell):
    """One step of the light GRU: no reset gate, and a ReLU candidate.

    **Equations**

        z = σ(x W_z + h' U_z + b_z)
        n = φ(x W_n + h' U_n + b_n)
        h = z ⊙ h' + (1 - z) ⊙ n

    where φ is `activation` (ReLU), σ is `recurrent_activation` and ' marks the step before. The
    paper batch-normalises x W over batch and time; here that part is as plain as in a GRU, and a
    ReLU candidate can grow without bound over long sequences: `layer_norm=True` prevents it.

    Weights: `kernel (features, 2·units)`, `recurrent_kernel (units, 2·units)`, `bias (2·units,)`,
    blocks z, n.

    Example:

    >>> LiGRUCell(8, layer_norm=True)

    Reference: Ravanelli et al., arXiv:1803.10225 (2018).
    """

    gates = ("z", "n")
    defaults = {"activation": "relu"}

    def update(self, a, h):
        σ, φ = self.sigma, self.phi
        z = σ(a.z)
        n = φ(a.n)
        return z * h + (1 - z) * n


class LiGRU(RecurrentLayer):
    cell_class = LiGRUCell
