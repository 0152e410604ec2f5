"""Steps that count: masked ones moved out of the way and back, or zeroed."""

from keras import ops


def pack(x, mask):
    """Each row's valid steps moved to the front, zeros behind them.

    What looks at neighbours or takes every other step then gives for a padded sequence, on
    whichever side, what it gives without the padding.

    Arguments:
        x: `(batch, time, features)`.
        mask: `(batch, time)` bool.

    Returns:
        The packed tensor and its mask.
    """
    time = ops.arange(ops.shape(x)[1])
    order = ops.argsort(ops.where(mask, time, time + ops.shape(x)[1]), axis=1)
    packed = ops.take_along_axis(x, ops.expand_dims(order, -1), axis=1)
    mask = front(mask)
    return zeroed(packed, mask), mask


def unpack(y, mask):
    """What `pack` moved, back where it was; a masked step repeats the one before, or is zero."""
    place = ops.cumsum(ops.cast(mask, "int32"), axis=1) - 1
    spread = ops.take_along_axis(y, ops.expand_dims(ops.maximum(place, 0), -1), axis=1)
    return zeroed(spread, place >= 0)


def front(mask):
    """`mask (batch, time)` with the valid steps of each row at its front."""
    valid = ops.cast(mask, "int32")
    return ops.cumsum(ops.ones_like(valid), axis=1) <= ops.sum(valid, axis=1, keepdims=True)


def zeroed(x, mask):
    """`x (batch, time, features)` with zeros where it is masked; as it is without a mask."""
    if mask is None:
        return x
    return ops.where(ops.expand_dims(ops.cast(mask, "bool"), -1), x, ops.zeros_like(x))
