"""Where forget gates start: one number for all, or spread over the time to be remembered."""

import inspect

import numpy as np
from keras import ops

from keras_rnnzoo.base import starts
from keras_rnnzoo.registry import get


def check_forget_start(start, steps):
    """`start` as a float, `"chrono"` or `None`; `steps` as an int or `None`.

    Raises:
        ValueError: anything else, or a chrono start without steps.
    """
    if start is None:
        return None, steps
    if isinstance(start, (str, bool)):
        if start != "chrono":
            raise ValueError(
                "`forget_start` must be a number, 'chrono' or None. Received: "
                f"forget_start={start!r}"
            )
        return start, starts.chrono_steps(steps)
    if not np.isfinite(start):
        raise ValueError(f"`forget_start` must be finite. Received: forget_start={start!r}")
    return float(start), steps


def forget_gates(cell):
    """Names of the gates of a cell class that keep the state where they are one; maybe none.

    They are those that its option `unit_forget_bias` or `chrono_steps` speaks of.

    Arguments:
        cell: name or class of a recurrent layer.

    Example:

    >>> forget_gates("peephole_lstm"), forget_gates("gru")
    (('f',), ())
    """
    cell_class = get(cell).cell_class
    options = inspect.signature(cell_class).parameters
    if "unit_forget_bias" in options:
        return tuple(cell_class(4, unit_forget_bias=True).bias_starts)
    return tuple(cell_class(4).bias_starts) if "chrono_steps" in options else ()


def start_forget_gates(stack, start, steps=None, seed=None):
    """Set the biases of the forget gates of all layers of a built `StackedRecurrent`.

    With "chrono", b_f is drawn for each unit as by `base.starts.chrono`, and b_i = -b_f where
    there is a gate i beside it (Tallec and Ollivier, arXiv:1804.11188, 2018).

    Arguments:
        stack: whose layers all have a forget gate and a bias, in both directions where it has two.
        start: a number, or "chrono".
        steps: the longest time that matters.
        seed: of the draw.

    Raises:
        ValueError: a layer without a forget gate, or without a bias.
    """
    draw = starts.chrono(steps, seed) if start == "chrono" else None
    for layer in _one_way(stack.recurrent_layers):
        cell, gates = layer.cell, forget_gates(type(layer))
        if not gates or not cell.use_bias:
            raise ValueError(
                f"{type(layer).__name__} has no forget gate with a bias to start. Leave "
                f"forget_start out. Received: forget_start={start!r}"
            )
        bias = np.array(ops.convert_to_numpy(cell.bias))
        blocks = cell.bias_blocks
        rows = bias.reshape(-1, len(blocks), cell.units)
        for gate in gates:
            drawn = draw((cell.units,)) if draw else start
            rows[0, blocks.index(gate)] = drawn
            if draw and "i" in blocks:
                rows[0, blocks.index("i")] = -drawn
        cell.bias.assign(rows.reshape(bias.shape))


def _one_way(layers):
    """The layers, both directions of a bidirectional one apart."""
    for layer in layers:
        if hasattr(layer, "forward_layer"):
            yield from (layer.forward_layer, layer.backward_layer)
        else:
            yield layer
