"""Where weights start: every weight, gate and block draws numbers of its own."""

import math

import numpy as np
from keras import initializers, ops

from keras_rnnzoo.base.configurable import register
from keras_rnnzoo.base.options import positive_int


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


def described(name, **config):
    """A Keras initializer as a config: a default of which each cell makes one with its own seed."""
    return {"class_name": name, "config": config}


def normal(scale):
    """Normal numbers of variance `scale` over the number of rows, as a config."""
    law = {"mode": "fan_in", "distribution": "untruncated_normal"}
    return described("VarianceScaling", scale=scale, **law)


def mapped(draw, function):
    """An initializer: `function` of what `draw` draws."""
    return lambda shape, dtype=None: function(draw(shape, dtype=dtype))


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


def chrono_steps(steps):
    """`steps` as an `int` if a chrono start can be made for it, else an error."""
    if steps is None or positive_int("chrono_steps", steps) < 3:
        raise ValueError(
            "A chrono start needs the longest time that matters, 3 steps or more. "
            f"Received: chrono_steps={steps!r}"
        )
    return int(steps)


def chrono(steps, seed=None):
    """The initializer of a forget gate's biases with which units forget at unlike speeds.

    ln u with u drawn evenly from [1, steps - 1] for each unit, so that the speeds reach from one
    step to `steps` (Tallec and Ollivier, arXiv:1804.11188, 2018). NumPy draws, on every backend
    the same; without a seed as `keras.utils.set_random_seed` decides.
    """
    last = chrono_steps(steps) - 1
    random = np.random.default_rng(initializers.RandomUniform(seed=seed).seed)
    return lambda shape, dtype=None: np.log(random.uniform(1, last, shape))


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


def log_uniform(low, high):
    """Uniform in the logarithm between `low` and `high`; each call gives the same numbers."""
    draw = initializers.RandomUniform(math.log(low), math.log(high))
    return lambda shape, dtype=None: ops.exp(draw(shape, dtype=dtype))


def scaled(initializer):
    """Uniform between zero and what `initializer` gives, entry by entry."""
    draw = initializers.RandomUniform(0.0, 1.0)
    return lambda shape, dtype=None: draw(shape, dtype=dtype) * initializer(shape, dtype=dtype)


@register
class Reservoir(initializers.RandomUniform):
    """A sparse random matrix whose largest eigenvalue has the absolute value `spectral_radius`.

    Entries are uniform around zero, all but a share `connectivity` of them zero. A matrix whose
    eigenvalues are all zero has nothing to scale and stays as drawn.

    Arguments:
        connectivity: share of the entries that are not zero.
        spectral_radius: absolute value of the largest eigenvalue.
        seed: of the draw.

    Raises:
        ValueError: the weight is no square matrix.
    """

    def __init__(self, connectivity=0.1, spectral_radius=0.9, seed=None):
        super().__init__(-1.0, 1.0, seed=seed)
        self.connectivity = connectivity
        self.spectral_radius = spectral_radius

    def __call__(self, shape, dtype=None):
        if len(shape) != 2 or shape[0] != shape[1]:
            raise ValueError(
                "A reservoir has eigenvalues, so it must be a square matrix. Use another "
                f"initializer for this weight. Received: shape={tuple(shape)}"
            )
        # Spread wider than ±1, a share `connectivity` of the draws lies within and is kept.
        drawn = ops.convert_to_numpy(super().__call__(shape, dtype=dtype)) / self.connectivity
        matrix = np.where(np.abs(drawn) <= 1.0, drawn, 0.0)
        radius = np.abs(np.linalg.eigvals(matrix)).max()
        if radius > 1e-6:
            matrix = matrix * (self.spectral_radius / radius)
        return ops.convert_to_tensor(matrix, dtype=dtype)

    def get_config(self):
        return {
            "connectivity": self.connectivity,
            "spectral_radius": self.spectral_radius,
            "seed": super().get_config()["seed"],
        }
