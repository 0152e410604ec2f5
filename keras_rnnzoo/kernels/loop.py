"""What every kernel is told about a step, and the mask arithmetic that they share."""

from collections.abc import Callable
from typing import Any, NamedTuple

from keras import ops


class Loop(NamedTuple):
    """One step of a recurrent cell, cut where the kernels need it cut.

    Attributes:
        project: inputs `(..., features)` to a dict of arrays `(..., ·)`: the part of a step that
            depends on the input alone, for all time at once or step by step.
        advance: `(projected, steps, rows, states) -> (output, states)`.
        blank: zeros of the shape and dtype of one output, `(batch, output_size)`.
        output_is_state: whether the output always equals the first new state.
        weights: what `project` and `advance` read beside their arguments, as tensors.
        reading: `values -> context` within which they read `values` in place of `weights`; a loop
            without it cannot be walked again for its gradient.
    """

    project: Callable[[Any], dict]
    advance: Callable[..., tuple]
    blank: Any
    output_is_state: bool
    weights: tuple = ()
    reading: Callable[[list], Any] | None = None


def hold(mask, new, old):
    """`new` where `mask (batch,)` is true, `old` elsewhere, for tensors of any rank."""
    shape = (-1,) + (1,) * (len(new.shape) - 1)
    return ops.where(ops.reshape(mask, shape), new, old)


def blank_before_start(outputs, last, mask):
    """Zero the outputs before the first valid step; rows without one are zero throughout.

    States that serve as outputs need this, as a given initial state is not an output.
    """
    if outputs is not None:
        started = ops.cumsum(ops.cast(mask, "int32"), axis=1) > 0
        outputs = ops.where(ops.expand_dims(started, -1), outputs, ops.zeros_like(outputs))
    last = hold(ops.any(mask, axis=1), last, ops.zeros_like(last))
    return outputs, last


def forward_fill(x, mask):
    """Replace masked steps of `x (batch, time, units)` by the last valid one, or by zero."""
    length = ops.shape(mask)[1]
    time = ops.expand_dims(ops.arange(length), 0)
    order = ops.argsort(ops.where(mask, time, time + length), axis=1)  # valid steps first
    rank = ops.cumsum(ops.cast(mask, "int32"), axis=1)
    source = ops.take_along_axis(order, ops.cast(ops.maximum(rank - 1, 0), order.dtype), axis=1)
    filled = ops.take_along_axis(x, ops.expand_dims(source, -1), axis=1)
    return ops.where(ops.expand_dims(rank > 0, -1), filled, ops.zeros_like(filled))


def previous(x, initial, mask=None, resets=None):
    """What stands before each step of `x (batch, time, ·)`, and what stands at the end.

    That is the last valid step: `initial (batch, ·)` before there is one, and zero where `resets`
    is true, as a sequence begins there.
    """
    x = ops.concatenate([ops.expand_dims(initial, 1), x], axis=1)
    if mask is not None:
        x = forward_fill(x, ops.concatenate([ops.ones_like(mask[:, :1]), mask], axis=1))
    before, last = x[:, :-1], x[:, -1]
    if resets is not None:
        before = ops.where(ops.expand_dims(resets, -1), ops.zeros_like(before), before)
    return before, last
