"""Element-wise helpers and recurrent products, as plain functions of tensors."""

import math
from types import SimpleNamespace
from typing import NamedTuple

from keras import activations, backend, ops

from keras_rnnzoo.kernels import once, pointwise, split

EPSILON = 1e-5
_PART = 2 * math.pi / 2048
_PART_HEAD = 201 / 65536  # its first digits, whose product with a whole number is exact
# `ops` rounds float64 in these on JAX.
tanh, cos, sin = map(pointwise, (activations.tanh, ops.cos, ops.sin))
sigmoid = pointwise(activations.sigmoid)


class Gates(SimpleNamespace):
    """Pre-activations by the name of their gate, and whatever else `project` handed on."""

    reset = None  # whether each step starts a sequence, of linear cells

    def __init__(self, projected, biases=()):
        super().__init__(**{name: x for name, x in projected.items() if name != "gates"})
        self.__dict__.update(biases)

    def spread(self, gates, block):
        """Cut `block (batch, len(gates)·units)` into its gates."""
        parts = (block,) if len(gates) == 1 else split(block, len(gates))
        self.__dict__.update(zip(gates, parts))


class Run(NamedTuple):
    """Neighbouring gates that are treated alike, and where their blocks lie."""

    gates: tuple
    operand: int | None
    joined: bool
    low: int
    high: int
    u_low: int
    u_high: int
    whole: bool
    u_whole: bool


def plan(gates, recurrent, apart, units):
    """The fewest runs of neighbouring gates that cover `gates`."""
    fed = [gate for operand in recurrent for gate in operand]
    if len(set(fed)) < len(fed) or not set(fed) <= set(gates):
        raise ValueError(
            "Each recurrent product feeds gates of its own, and a gate is fed once. "
            f"Received: gates={gates}, recurrent={recurrent}"
        )
    fed_by = {gate: k for k, operand in enumerate(recurrent) for gate in operand}
    groups = []
    for gate in gates:
        kind = (fed_by.get(gate), gate not in apart)
        if groups and groups[-1][1] == kind and kind[1] and _follows(recurrent, groups[-1], gate):
            groups[-1][0].append(gate)
        else:
            groups.append(([gate], kind))
    runs = []
    for names, (operand, joined) in groups:
        low = gates.index(names[0]) * units
        feeds = () if operand is None else recurrent[operand]
        u_low = feeds.index(names[0]) * units if feeds else 0
        width = len(names) * units
        whole, u_whole = len(names) == len(gates), len(names) == len(feeds)
        cuts = (low, low + width, u_low, u_low + width, whole, u_whole)
        runs.append(Run(tuple(names), operand, joined, *cuts))
    return sorted(runs, key=lambda run: -1 if run.operand is None else run.operand)


def _follows(recurrent, group, gate):
    names, (operand, _) = group
    if operand is None:
        return True
    feeds = recurrent[operand]
    return feeds.index(gate) == feeds.index(names[-1]) + 1


def normalise(x, groups, epsilon=EPSILON):
    """Zero mean and unit variance over each of `groups` equal blocks of the last axis."""
    shape = ops.shape(x)
    dtype = backend.standardize_dtype(x.dtype)
    x = ops.cast(x, "float32") if dtype in ("float16", "bfloat16") else x
    x = ops.reshape(x, (*shape[:-1], groups, shape[-1] // groups))
    mean, variance = ops.moments(x, axes=[-1], keepdims=True)
    x = (x - mean) * ops.rsqrt(variance + epsilon)
    return ops.cast(ops.reshape(x, shape), dtype)


def product(x, kernel):
    """`x (..., rows)` times `kernel (rows, columns)`; `ops.matmul` rounds float64 on torch."""
    if len(x.shape) == 2:
        return x @ kernel
    flat = ops.reshape(x, (-1, x.shape[-1])) @ kernel
    return ops.reshape(flat, (*ops.shape(x)[:-1], kernel.shape[-1]))


def dense(operand, kernel):
    return operand @ kernel


def diagonal(operand, kernel):
    """`kernel (k·units,)`: each unit sees itself alone."""
    units = operand.shape[-1]
    repeats = kernel.shape[0] // units
    if repeats == 1:
        return operand * kernel
    return ops.tile(operand, (1,) * (len(operand.shape) - 1) + (repeats,)) * kernel


def block(operand, kernel):
    """`kernel (blocks, rows, gates, columns)`: each block of units sees itself alone."""
    blocks, rows, gates, columns = kernel.shape
    cut = ops.reshape(operand, (-1, blocks, rows))
    parts = ops.einsum("bnr,nrgc->bgnc", cut, kernel)
    return ops.reshape(parts, (-1, gates * blocks * columns))


def winding(angle, count):
    """`angle · count` but for whole turns, which would cost the digits of a large count.

    The angle is a whole number of parts of a turn, of which a count makes whole turns and a number
    of parts that float32 holds exactly, and a rest so small that its product with a count is too.
    """
    parts = ops.stop_gradient(ops.round(angle / _PART))
    rest = (angle - parts * _PART_HEAD) - parts * (_PART - _PART_HEAD)
    return ops.mod(parts * ops.mod(count, 2048), 2048) * _PART + rest * count


def circle(angle):
    """The cosine and the sine of `angle (·, time, units)`, computed before they are broadcast."""
    return once(lambda angle: (cos(angle), sin(angle)), angle)


PRODUCTS = {"dense": dense, "diagonal": diagonal, "block": block}
