"""The echo state network: a reservoir that is drawn once and never learned."""

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer
from keras_rnnzoo.base.options import positive, share
from keras_rnnzoo.base.starts import Reservoir

_FROZEN = "its weights are not learned"


class ESNCell(RecurrentCell):
    """One step of the echo state network: a leaky reservoir with frozen weights.

    **Equations**

        h~ = φ(x W + h' U + b)
        h = (1 - λ) h' + λ h~

    where λ is `leaky`, φ is `activation` and ' marks the step before. What reads the states is
    learned: a `Dense` layer after this one, or ridge regression. `trainable=True` unfreezes it. As
    in tensorflow-addons, whose `use_norm2` divides by the Frobenius norm and is not offered.

    Weights: `kernel (features, units)`, `recurrent_kernel (units, units)`, `bias (units,)`, none of
    them trainable. U starts sparse and uniform, scaled to the spectral radius; without a cycle in
    it, all eigenvalues are zero and it stays as drawn. tensorflow-addons has U first.

    Arguments:
        leaky: λ, how fast the state follows; 1 is no leak.
        connectivity: share of the entries of U that are not zero.
        spectral_radius: absolute value of the largest eigenvalue of U; below one, old inputs fade.

    Example:

    >>> ESNCell(100, leaky=0.3)

    Reference: Jaeger, The echo state approach, GMD Report 148 (2001).
    """

    gates = ("h",)
    refuses = {
        "recurrent_activation": "it has no gates",
        "recurrent_initializer": "`connectivity` and `spectral_radius` say how it starts",
        "recurrence": "`connectivity` says which units see each other",
        "blocks": "`connectivity` says which units see each other",
        "recurrent_dropout": _FROZEN,
        "layer_norm": "it would undo `spectral_radius`",
        "integration": "it would undo `spectral_radius`",
        "projection": "a layer that is learned reads the state",
        **{f"{role}_regularizer": _FROZEN for role in ("kernel", "recurrent", "bias")},
        **{f"{role}_constraint": _FROZEN for role in ("kernel", "recurrent", "bias")},
    }

    def __init__(self, units, leaky=1.0, connectivity=0.1, spectral_radius=0.9, **options):
        super().__init__(units, **{"trainable": False, **options})
        self.leaky = share("leaky", leaky)
        self.connectivity = share("connectivity", connectivity)
        self.spectral_radius = positive("spectral_radius", spectral_radius)
        self.recurrent_initializer = Reservoir(self.connectivity, self.spectral_radius)

    def update(self, a, h):
        h_new = self.phi(a.h)
        return (1 - self.leaky) * h + self.leaky * h_new


class ESN(RecurrentLayer):
    cell_class = ESNCell

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **{"trainable": False, **kwargs})
