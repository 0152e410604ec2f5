"""When time is cut into blocks that are walked again for their gradient, and how long they are.

Of a block only its inputs and the states before it are kept; whatever else its gradient needs is
computed a second time. With blocks of √T steps about √T states and the inner values of √T steps
are held at once, in place of the inner values of all T steps.
"""

import math

BACKENDS = ("jax", "tensorflow", "torch")
FREE = ("jax",)  # where walking twice costs no time, as what is kept stays in the cache
LONG = 500  # from so many steps on
UNKNOWN = 32  # the steps of a block where the length of a sequence is not known beforehand


def size(recompute, length, backend):
    """How many steps a block has; `None` where time is not cut.

    Arguments:
        recompute: the steps of a block; `True` for √length; `False` for no blocks; `None` for
            `True` where that costs no time.
        length: of the sequences, `None` where it is not known.
    """
    if recompute is None:
        recompute = backend in FREE and length is not None and length >= LONG
    if not recompute or backend not in BACKENDS:
        return None
    if length is None:
        return UNKNOWN if recompute is True else recompute
    block = math.isqrt(length) if recompute is True else recompute
    return block if block < length else None


def explain(recompute, backend):
    """In words: which blocks are walked again, if any."""
    if backend not in BACKENDS:
        return "there are no gradients to `recompute` for"
    if recompute is None and backend in FREE:
        return f"from {LONG} steps on, blocks of √time steps are walked again for the gradient"
    if not recompute:
        return ""
    steps = "√time" if recompute is True else recompute
    return f"blocks of {steps} steps are walked again for the gradient"


def leaves(tree):
    """The tensors in lists and dicts, in order; `keras.tree` wants keys that can be sorted."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, (list, tuple)):
        return [x for part in tree for x in leaves(part)]
    return [] if tree is None else [tree]


def filled(tree, tensors):
    """`tree` with `tensors` in place of its leaves."""
    return _filled(tree, iter(tensors))


def _filled(tree, tensors):
    if isinstance(tree, dict):
        return {name: _filled(part, tensors) for name, part in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [_filled(part, tensors) for part in tree]
    return None if tree is None else next(tensors)
