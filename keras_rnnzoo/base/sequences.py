"""How every layer over sequences takes its mask: the one way in."""

from keras import ops

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


def turned(resets):
    """`resets (batch, time)` for the walk from the other end: a border lies between two steps."""
    return ops.flip(ops.concatenate([resets[:, 1:], ops.zeros_like(resets[:, :1])], axis=1), axis=1)


def begun_anew(states, resets, mask):
    """`states` at the end, zero in the rows where a reset stands behind the last valid step."""
    if mask is None:
        return states
    to_come = ops.cumsum(ops.cast(ops.flip(mask, axis=1), "int32"), axis=1)  # valid steps
    waits = ops.any(ops.logical_and(resets, ops.flip(to_come, axis=1) == 0), axis=1)
    return [kernels.hold(waits, ops.zeros_like(state), state) for state in states]


def at_valid_steps(resets, mask):
    """`resets`, where one at a masked step waits for the next valid step."""
    if mask is None:
        return resets
    borders = ops.cumsum(ops.cast(resets, "int32"), axis=1)
    passed = kernels.forward_fill(ops.expand_dims(borders, -1), mask)[..., 0]
    before = ops.concatenate([ops.zeros_like(passed[:, :1]), passed[:, :-1]], axis=1)
    return ops.logical_and(mask, borders > before)
