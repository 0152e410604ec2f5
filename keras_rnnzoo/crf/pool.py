"""Several CRFs side by side, and their mean."""

import keras

from keras_rnnzoo import kernels
from keras_rnnzoo.base.configurable import register
from keras_rnnzoo.base.options import positive_int
from keras_rnnzoo.crf import checks
from keras_rnnzoo.crf.layer import CRF


class CRFPool(CRF):
    """Several CRFs trained side by side, and asked as one: a logarithmic opinion pool.

    **Equations**

        score(y) = Σ_m score_m(y) / M

    so that p(y) is the normalised geometric mean of the members' p_m(y), a CRF again. `CRFLoss` is
    the mean of the members' own losses, so each learns as if it were alone; where they differ by
    chance, their mean is better than most of them.

    Weights: `transition (tags, tags)`, `start (tags,)`, `end (tags,)` of each member.

    Arguments:
        tags: how many tags, or their names in order.
        members: M.
        options: those of `CRF`.

    Call arguments:
        scores: `(batch, time, members · tags)`, those of the first member first.
        mask, lengths: as in `CRF`.

    Example:

    >>> pool = keras_rnnzoo.CRFPool(3, members=2)
    >>> pool(np.zeros((2, 4, 6), "float32")).shape
    (2, 4)

    Reference: Smith, Cohn and Osborne (2005), "Logarithmic opinion pools for conditional random
    fields", ACL.
    """

    def __init__(self, tags, members=2, **options):
        super().__init__(tags, **options)
        self.members = positive_int("members", members)
        own = {name: value for name, value in options.items() if name not in ("name", "dtype")}
        self.parts = [CRF(tags, name=f"member_{k}", **own) for k in range(self.members)]
        self.width = self.members * self.size

    def build(self, input_shape):
        checks.scores_shape(self, input_shape)
        for part in self.parts:
            part.build((*input_shape[:-1], self.size))
        self.input_spec = [keras.layers.InputSpec(ndim=3, axes={-1: self.width})]
        self.built = True

    def chains(self, scores, mask=None):
        if not self.built:
            self.build(tuple(scores.shape))
        checks.scores_shape(self, scores.shape)
        pieces = kernels.split(scores, self.members)
        return [part.chain(piece, mask) for part, piece in zip(self.parts, pieces)]

    def get_config(self):
        return {**super().get_config(), "members": self.members}


register(CRFPool)
