"""Where forget gates start: one number for all, or spread over the time to be remembered."""

import numpy as np
from keras import ops

from keras_rnnzoo.base.options import positive_int
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
        if steps is None or positive_int("chrono_steps", steps) < 3:
            raise ValueError(
                "forget_start='chrono' needs the longest time that matters, 3 steps or more. "
                f"Received: chrono_steps={steps!r}"
            )
        return start, int(steps)
    if not np.isfinite(start):
        raise ValueError(f"`forget_start` must be finite. Received: forget_start={start!r}")
    return float(start), steps


def forget_gates(cell):
    """Names of the gates of a cell class that keep the state where they are one; maybe none.

    They are those that its option `unit_forget_bias` speaks of.

    Arguments:
        cell: name or class of a recurrent layer.

    Example:

    >>> forget_gates("peephole_lstm"), forget_gates("gru")
    (('f',), ())
    """
    layer = get(cell)
    try:
        return tuple(layer.cell_class(1, unit_forget_bias=True).bias_starts)
    except TypeError:  # it has no such option
        return ()


def start_forget_gates(stack, start, steps=None, seed=None):
    """Set the biases of the forget gates of all layers of a built `StackedRecurrent`.

    With "chrono", b_f = ln u with u drawn evenly from [1, steps - 1] for each unit, and b_i = -b_f
    where there is a gate i beside it, so that units forget at speeds from one step to `steps`
    (Tallec and Ollivier, arXiv:1804.11188, 2018).

    Arguments:
        stack: whose layers all have a forget gate and a bias, in both directions where it has two.
        start: a number, or "chrono".
        steps: the longest time that matters.
        seed: of the draw.

    Raises:
        ValueError: a layer without a forget gate, or without a bias.
    """
    random = np.random.default_rng(seed)
    for layer in _one_way(stack.recurrent_layers):
        cell, gates = layer.cell, forget_gates(type(layer))
        if not gates or not cell.use_bias:
            raise ValueError(
                f"{type(layer).__name__} has no forget gate with a bias to start. Leave "
                f"forget_start out. Received: forget_start={start!r}"
            )
        bias = np.array(ops.convert_to_numpy(cell.bias))
        rows = bias.reshape(-1, len(cell.gates), cell.units)
        for gate in gates:
            drawn = start
            if start == "chrono":
                drawn = np.log(random.uniform(1, steps - 1, cell.units))
                if "i" in cell.gates:
                    rows[0, cell.gates.index("i")] = -drawn
            rows[0, cell.gates.index(gate)] = drawn
        cell.bias.assign(rows.reshape(bias.shape))


def _one_way(layers):
    """The layers, both directions of a bidirectional one apart."""
    for layer in layers:
        if hasattr(layer, "forward_layer"):
            yield from (layer.forward_layer, layer.backward_layer)
        else:
            yield layer
