"""Where weights start: every weight, gate and block draws numbers of its own."""

from keras import initializers, ops


class Draws:
    """Hands out the initializers of a cell, by role, so that no two weights start equal.

    A Keras initializer with a number as its seed, which is every one made without a seed too,
    repeats itself: weights of one shape that share it would start alike. The first to ask gets the
    initializer as it is, the next ones the same with the next seeds.
    """

    def __init__(self, cell):
        roles = ("kernel", "recurrent", "bias")
        self.initializers = {role: getattr(cell, f"{role}_initializer") for role in roles}
        self.taken = dict.fromkeys(roles, 0)

    def take(self, role, count=1):
        first = self.taken[role]
        self.taken[role] += count
        return [_reseeded(self.initializers[role], k) for k in range(first, first + count)]


def _reseeded(initializer, k):
    """`initializer` with a seed `k` further on; itself where its seed is no number."""
    seed = getattr(initializer, "seed", None)
    if k == 0 or not isinstance(seed, int):
        return initializer
    return type(initializer).from_config({**initializer.get_config(), "seed": seed + k})


def joined(draws, part, shape):
    """Start each part of shape `part` by itself, then lay them side by side in `shape`."""

    def start(_, dtype=None):
        return ops.reshape(ops.stack([draw(part, dtype=dtype) for draw in draws]), shape)

    return start


def diagonal(initializer):
    """A diagonal that is orthogonal has entries ± 1; an identity has ones."""
    gain = getattr(initializer, "gain", 1.0)
    if isinstance(initializer, initializers.Orthogonal):
        draw = initializers.RandomUniform(-1.0, 1.0, seed=initializer.seed)
        return lambda shape, dtype=None: gain * ops.sign(draw(shape, dtype=dtype))
    if isinstance(initializer, initializers.Identity):
        return lambda shape, dtype=None: gain * ops.ones(shape, dtype=dtype)
    return initializer


def with_constants(initializer, constants, units):
    """A bias of one or two rows whose first row starts at `constants` for the gates that have one.

    A constant is a number, or an initializer of the `(units,)` biases of that gate.
    """

    def part(k, value, row, dtype):
        if value is None:
            return row[k * units : (k + 1) * units]
        if callable(value):
            return ops.cast(value((units,), dtype=dtype), dtype)
        return ops.full((units,), value, dtype=dtype)

    def start(shape, dtype=None):
        drawn = initializer(shape, dtype=dtype)
        row = drawn if len(shape) == 1 else drawn[0]
        parts = [part(k, value, row, dtype) for k, value in enumerate(constants)]
        row = ops.concatenate(parts)
        return row if len(shape) == 1 else ops.stack([row, drawn[1]])

    return start
