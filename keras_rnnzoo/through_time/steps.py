"""Single steps along a walk: the states before them, their gates, and their Jacobians."""

import math
from contextlib import contextmanager

import numpy as np
from keras import ops

from keras_rnnzoo import kernels

NEAR = 0.05  # of an end of the range
ROWS = 4  # of the batch, for Jacobians
AT_ONCE = 2**14  # rows in one call of a cell
WIDEST = 4096  # numbers in all states of a row, for Jacobians


class Walk:
    """The steps of one visit: `x (batch, time, features)`, flat states before them, the mask.

    A step at which the states start anew, `reset`, has zeros before it.
    """

    def __init__(self, visit):
        self.cell, start = visit.layer.cell, _flat(visit.start)
        self.after = self._walked(visit, start)
        self.x = array(visit.sequences).astype(self.after.dtype)
        self.valid = np.ones(self.x.shape[:2], bool)
        start = ops.convert_to_numpy(start)[:, None]
        self.before = np.concatenate([start, self.after[:, :-1]], axis=1)
        if visit.mask is not None:
            self.valid = ops.convert_to_numpy(visit.mask)
            begun = np.cumsum(self.valid, axis=1) - self.valid > 0
            self.before = np.where(begun[..., None], self.before, start)
        self.reset = np.zeros_like(self.valid)
        if visit.reset is not None:
            self.reset = ops.convert_to_numpy(visit.reset)
            self.before = np.where(self.reset[..., None], 0, self.before)

    def _walked(self, visit, start):
        """All states after each step, flat."""
        cell = self.cell

        def advance(x, here, rows, states):
            _, new = cell.advance(x, here, rows, states)
            return _flat(new), new

        loop = kernels.Loop(cell.project, advance, ops.zeros_like(start), output_is_state=False)
        steps = {} if visit.reset is None else {"reset": visit.reset}
        with cell.bound():
            after = kernels.walk(loop, visit.sequences, visit.start, visit.mask, steps)[0]
        return ops.convert_to_numpy(after)

    def inputs(self, x):
        """An array as the cell takes it."""
        return ops.convert_to_tensor(x, dtype=self.cell.compute_dtype)

    def named(self, flat):
        """`flat (..., width)` cut into the states of the cell, by name."""
        parts, low = {}, 0
        for name in self.cell.states:
            high = low + math.prod(self.cell.state_shape(name))
            parts[name], low = flat[..., low:high], high
        return parts

    def states(self, flat):
        """`flat (rows, width)` as the cell takes its states."""
        cell = self.cell
        return [
            ops.cast(ops.reshape(part, (-1, *cell.state_shape(name))), cell.state_dtype(name))
            for name, part in self.named(flat).items()
        ]

    def chunks(self, places, most):
        """`(places, x, flat states)` of at most so many of the `places (·, 2)` at a time."""
        for low in range(0, len(places), max(1, most)):
            some = places[low : low + max(1, most)]
            row, step = some.T
            yield some, self.x[row, step], self.before[row, step]

    def averaged(self, places, values):
        """Averages over the rows of `values` at `places`: (time,), NaN where there is none."""
        sums, counts = np.zeros(self.x.shape[1]), np.zeros(self.x.shape[1])
        np.add.at(sums, places[:, 1], values)
        np.add.at(counts, places[:, 1], 1)
        return np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)


def array(tensor):
    """A tensor of any precision in float64; NumPy by itself knows no bfloat16."""
    wide = "float64" if "float64" in str(tensor.dtype) else "float32"
    return ops.convert_to_numpy(ops.cast(tensor, wide)).astype("float64")


def _flat(states):
    """States side by side, `(batch, width)`, in the widest of float32 and float64."""
    dtype = "float64" if any("float64" in str(state.dtype) for state in states) else "float32"
    parts = [ops.reshape(state, (ops.shape(state)[0], -1)) for state in states]
    return ops.concatenate([ops.cast(part, dtype) for part in parts], axis=-1)


# Jacobians ---------------------------------------------------------------------------------------


def jacobian_norms(walk, steps):
    """The largest singular value of d state_t / d state_(t-1), averaged over a few rows: (time,).

    Only at so many steps, evenly spaced with the last among them; NaN at the others.
    """
    width, length = walk.before.shape[-1], walk.x.shape[1]
    if width > WIDEST:
        raise ValueError(
            f"A Jacobian of {width} × {width} numbers a step is too large. Give "
            "jacobian_steps=None, or fewer units. Received: "
            f"{type(walk.cell).__name__}, states of {width} numbers"
        )
    chosen = np.unique(np.linspace(length - 1, 0, min(steps, length)).round().astype(int))
    wanted = np.zeros_like(walk.valid)
    wanted[:ROWS, chosen] = walk.valid[:ROWS, chosen]
    places, norms = np.argwhere(wanted), []
    for some, x, before in walk.chunks(places, AT_ONCE // width):
        matrices = _jacobians(walk, x, before).astype("float64")
        matrices[walk.reset[*some.T]] = 0  # nothing of the state before reaches such a step
        norms.append(np.linalg.norm(matrices, 2, axis=(1, 2)))
    return walk.averaged(places, np.concatenate([*norms, []]))


def _jacobians(walk, x, before):
    """`(rows, width, width)`: row i of a matrix is the gradient of number i of the new states."""
    rows, width = before.shape
    pick = ops.convert_to_tensor(np.tile(np.eye(width, dtype=before.dtype), (rows, 1)))
    x = walk.inputs(np.repeat(x, width, axis=0))

    def picked(flat):
        with walk.cell.bound():
            _, new = walk.cell.advance(walk.cell.project(x), {}, {}, walk.states(flat))
        return ops.sum(_flat(new) * pick)

    copies = ops.convert_to_tensor(np.repeat(before, width, axis=0))
    gradient = ops.convert_to_numpy(kernels.gradient(picked, copies))
    return gradient.reshape(rows, width, width)


# Gates -------------------------------------------------------------------------------------------


def saturation(walk):
    """For each gate that is seen in `_gates`: share of its units near an end, (time,)."""
    places, shares = np.argwhere(walk.valid), {}
    gates = _gates(walk, *places[-1]) if len(places) else {}
    for _, x, before in walk.chunks(places, AT_ONCE):
        calls = _step(walk, x, before)[1]
        for gate, (number, ends) in gates.items():
            value = array(calls[number][1])
            near = np.any([abs(value - end) < NEAR for end in ends], axis=0)
            shares.setdefault(gate, []).append(near.reshape(len(near), -1).mean(axis=1))
    return {gate: walk.averaged(places, np.concatenate(parts)) for gate, parts in shares.items()}


def _gates(walk, row, step):
    """For each gate: which call of σ or φ in a step is its activation, and the ends of its range.

    It is the call whose argument is the gate's pre-activation itself, or moves by one in every
    unit where the input part of that gate does. Activations without an end have no entry.
    """
    cell, found = walk.cell, {}
    rows = 1 + len(cell.gates)
    x, before = (np.repeat(v[row, step][None], rows, axis=0) for v in (walk.x, walk.before))
    a, calls = _step(walk, x, before, shifted=True)
    for k, gate in enumerate(cell.gates, 1):
        for number, (argument, _, function) in enumerate(calls):
            ends = _ends(function)
            if ends and (argument is getattr(a, gate, None) or _moves_by_one(argument, k)):
                found.setdefault(gate, (number, ends))
    return found


def _step(walk, x, before, shifted=False):
    """`(a, calls)` of one step, where a call is (argument, value, function) of σ or φ.

    With `shifted` the input part of gate k is one larger in row k + 1.
    """
    cell = walk.cell
    with cell.bound(), _recorded(cell) as calls:
        x = cell.project(walk.inputs(x))
        states = walk.states(ops.convert_to_tensor(before))
        if shifted:
            shift = np.kron(np.eye(len(cell.gates) + 1)[:, 1:], np.ones(cell.units))
            shift = ops.convert_to_tensor(shift, dtype=x["gates"].dtype)
            x = {**x, "gates": x["gates"] + shift}
        a, new = cell.step(x, states, {})
        new = new if isinstance(new, (list, tuple)) else [new]
        cell.output(a, *new)
    return a, calls


@contextmanager
def _recorded(cell):
    """Within, each call of `cell.sigma` and `cell.phi` is written down."""
    calls, own = [], {"sigma": cell.sigma, "phi": cell.phi}

    def recording(function):
        def called(x):
            calls.append((x, function(x), function))
            return calls[-1][1]

        return called

    try:
        for name, function in own.items():
            setattr(cell, name, recording(function))
        yield calls
    finally:
        for name, function in own.items():
            setattr(cell, name, function)


def _moves_by_one(argument, row):
    argument = array(argument)
    if argument.ndim < 2:  # a weight of the cell, not what it sees
        return False
    return np.allclose(argument[row] - argument[0], 1, atol=0.02)


def _ends(function):
    """The finite values that an activation takes far out on either side."""
    far = ops.convert_to_numpy(function(ops.convert_to_tensor([-1e4, 1e4], dtype="float32")))
    return [float(end) for end in far if abs(end) < 100]
