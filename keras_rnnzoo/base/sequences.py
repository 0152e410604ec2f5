"""How every layer over sequences takes its mask: the one way in."""

from keras_rnnzoo import kernels
from keras_rnnzoo.base import checks


class TakesMask:
    """Mixin: `lengths` beside `mask`, and the mask that Keras attached to the input.

    Keras looks for that mask only when the input is the only tensor of a call, so an
    `initial_state` would lose it.
    """

    def __call__(self, sequences, initial_state=None, mask=None, *, lengths=None, **kwargs):
        mask = kernels.mask_of(sequences) if mask is None else mask
        if lengths is not None:
            mask = checks.lengths_to_mask(sequences, lengths, mask)
        given = {"initial_state": initial_state, "mask": mask}
        kwargs.update({name: value for name, value in given.items() if value is not None})
        return super().__call__(sequences, **kwargs)
