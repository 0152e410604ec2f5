"""What a forecaster gives for each step: a number, quantiles, or a distribution.

An output turns the raw numbers of a network into parameters, has a loss for them, and, in NumPy,
their mean, quantiles and samples. Parameters lie along the last axis; those that are locations and
those that are widths follow a change of units.
"""

import math
from statistics import NormalDist

import numpy as np
from keras import ops

from keras_rnnzoo.base.options import choice

LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
POINT_LOSSES = ("mse", "mae", "huber")
TINY = 1e-4
ONE = math.log(math.e - 1)  # its softplus is 1


class Point:
    """One number a step: the mean under `loss="mse"`, the median under `"mae"`."""

    count = 1

    def __init__(self, loss="mse"):
        self.loss_name = choice("loss", loss, POINT_LOSSES)

    def parameters(self, raw, base, spread=1.0):
        """Raw numbers `(..., count)` to parameters.

        Where the raw numbers are zero, they are those of a normal distribution about `base` with
        the deviation `spread` (both `(...)`, or what broadcasts to it), or nearly so.
        """
        return raw + ops.expand_dims(base, -1)

    def in_units(self, parameters, scale, shift):
        """Parameters after y' = scale · y + shift, with scale and shift that broadcast to `y`."""
        return parameters * scale[..., None] + shift[..., None]

    def loss(self, y, parameters):
        """The loss of each number in `y`."""
        error = y - parameters[..., 0]
        if self.loss_name == "mse":
            return ops.square(error)
        if self.loss_name == "mae":
            return ops.abs(error)
        size = ops.abs(error)
        return ops.where(size < 1.0, 0.5 * ops.square(error), size - 0.5)

    def mean(self, parameters):
        """The best point forecast."""
        return parameters[..., 0]

    def quantiles(self, parameters, levels):
        """`(..., len(levels))`."""
        raise ValueError(
            "A forecaster with output='point' knows no quantiles. Train one with "
            f"output='quantiles' or a distribution. Received: levels={tuple(levels)}"
        )

    def sample(self, parameters, rng):
        """One draw for each step, independent of the others."""
        raise ValueError(
            "A forecaster with output='point' cannot draw samples. Train one with "
            "output='gaussian', 'student_t' or 'negative_binomial'."
        )


class Quantiles(Point):
    """Quantiles at fixed levels that cannot cross, by the pinball loss.

    The middle one is free; each further one lies a softplus beyond its neighbour.
    """

    def __init__(self, levels=LEVELS):
        self.levels = tuple(float(level) for level in levels)
        ordered = all(a < b for a, b in zip(self.levels, self.levels[1:]))
        if not self.levels or not ordered or not 0 < self.levels[0] or not self.levels[-1] < 1:
            raise ValueError(
                f"`levels` must increase within (0, 1). Received: levels={self.levels}"
            )
        self.count = len(self.levels)
        self.middle = int(np.argmin(np.abs(np.array(self.levels) - 0.5)))
        steps = np.diff([NormalDist().inv_cdf(level) for level in self.levels])
        self.starts = np.insert(np.log(np.expm1(steps)), self.middle, 0.0)

    def parameters(self, raw, base, spread=1.0):
        k, spread = self.middle, _column(spread)
        steps = spread * ops.softplus(raw + ops.convert_to_tensor(self.starts, dtype=raw.dtype))
        middle = raw[..., k : k + 1] + ops.expand_dims(base, -1)
        above = middle + ops.cumsum(steps[..., k + 1 :], axis=-1)
        below = middle - ops.flip(ops.cumsum(ops.flip(steps[..., :k], -1), -1), -1)
        return ops.concatenate([below, middle, above], axis=-1)

    def loss(self, y, parameters):
        error = ops.expand_dims(y, -1) - parameters
        levels = ops.convert_to_tensor(self.levels, dtype=parameters.dtype)
        return 2 * ops.mean(ops.maximum(levels * error, (levels - 1) * error), axis=-1)

    def mean(self, parameters):
        return parameters[..., self.middle]

    def quantiles(self, parameters, levels):
        found = []
        for level in levels:
            near = int(np.argmin(np.abs(np.array(self.levels) - level)))
            if abs(self.levels[near] - level) > 1e-9:
                raise ValueError(
                    f"The forecaster was trained for the quantiles {self.levels}. "
                    f"Received: level {level}. Ask for those, or train it with levels=(...)."
                )
            found.append(parameters[..., near])
        return np.stack(found, axis=-1)

    def sample(self, parameters, rng):
        """By its quantiles: linear between them, flat beyond the outermost."""
        u = rng.uniform(size=parameters.shape[:-1])
        place = np.clip(np.searchsorted(self.levels, u), 1, max(1, self.count - 1))
        levels = np.array(self.levels)
        if self.count == 1:
            return parameters[..., 0]
        low, high = levels[place - 1], levels[place]
        share = np.clip((u - low) / (high - low), 0, 1)
        below = np.take_along_axis(parameters, (place - 1)[..., None], -1)[..., 0]
        above = np.take_along_axis(parameters, place[..., None], -1)[..., 0]
        return below + share * (above - below)


class Gaussian(Point):
    """Normal distributions, by their log-likelihood: mean and standard deviation."""

    count = 2

    def __init__(self):
        pass

    def parameters(self, raw, base, spread=1.0):
        location = raw[..., 0] + base
        deviation = spread * (TINY + ops.softplus(raw[..., 1] + ONE))
        return ops.stack([location, deviation], axis=-1)

    def in_units(self, parameters, scale, shift):
        moved = [parameters[..., :1] * scale[..., None] + shift[..., None]]
        moved.append(parameters[..., 1:2] * scale[..., None])
        if self.count > 2:
            moved.append(parameters[..., 2:])
        join = np.concatenate if isinstance(parameters, np.ndarray) else ops.concatenate
        return join(moved, axis=-1)

    def loss(self, y, parameters):
        location, deviation = parameters[..., 0], parameters[..., 1]
        z = (y - location) / deviation
        return ops.log(deviation) + 0.5 * ops.square(z) + 0.5 * math.log(2 * math.pi)

    def quantiles(self, parameters, levels):
        standard = np.array([NormalDist().inv_cdf(level) for level in levels])
        return parameters[..., :1] + parameters[..., 1:2] * standard

    def sample(self, parameters, rng):
        noise = rng.standard_normal(parameters.shape[:-1])
        return parameters[..., 0] + parameters[..., 1] * noise


class StudentT(Gaussian):
    """Student's t: location, scale and degrees of freedom above 2, for heavy tails."""

    count = 3

    def parameters(self, raw, base, spread=1.0):
        freedom = 2.0 + TINY + ops.softplus(raw[..., 2] + 4.0)
        two = super().parameters(raw, base, spread)
        return ops.concatenate([two, ops.expand_dims(freedom, -1)], axis=-1)

    def loss(self, y, parameters):
        location, scale, freedom = (parameters[..., k] for k in range(3))
        z = ops.square((y - location) / scale) / freedom
        norm = log_gamma((freedom + 1) / 2) - log_gamma(freedom / 2)
        norm = norm - 0.5 * ops.log(math.pi * freedom) - ops.log(scale)
        return 0.5 * (freedom + 1) * ops.log1p(z) - norm

    def quantiles(self, parameters, levels):
        from scipy import stats

        location, scale, freedom = (parameters[..., k, None] for k in range(3))
        return location + scale * stats.t.ppf(np.array(levels), freedom)

    def sample(self, parameters, rng):
        return parameters[..., 0] + parameters[..., 1] * rng.standard_t(parameters[..., 2])


class NegativeBinomial(Point):
    """Counts: mean μ and dispersion α, with variance μ + α μ² (Salinas et al., arXiv:1704.04110).

    The network sees the history divided by its mean v, and μ = v · softplus, α = softplus / √v.
    """

    count = 2

    def __init__(self):
        pass

    def parameters(self, raw, base, spread=1.0):
        return TINY + ops.softplus(raw)

    def in_units(self, parameters, scale, shift):
        two = [parameters[..., 0] * scale, parameters[..., 1] / ops.sqrt(scale)]
        return ops.stack(two, axis=-1)

    def loss(self, y, parameters):
        mean, dispersion = parameters[..., 0], parameters[..., 1]
        shape, product = 1.0 / dispersion, dispersion * mean
        chance = log_gamma(y + shape) - log_gamma(y + 1.0) - log_gamma(shape)
        return -(chance - shape * ops.log1p(product) + y * ops.log(product / (1.0 + product)))

    def _distribution(self, parameters):
        from scipy import stats

        mean, dispersion = parameters[..., 0], parameters[..., 1]
        return stats.nbinom(1 / dispersion, 1 / (1 + dispersion * mean))

    def quantiles(self, parameters, levels):
        found = [self._distribution(parameters).ppf(level) for level in levels]
        return np.stack(found, axis=-1)

    def sample(self, parameters, rng):
        mean, dispersion = parameters[..., 0], parameters[..., 1]
        return rng.poisson(rng.gamma(1 / dispersion, dispersion * mean)).astype("float64")


OUTPUTS = {
    "point": Point,
    "quantiles": Quantiles,
    "gaussian": Gaussian,
    "student_t": StudentT,
    "negative_binomial": NegativeBinomial,
}


def make_output(name, levels=None, loss=None):
    """The output that options name."""
    cls = OUTPUTS[choice("output", name, tuple(OUTPUTS))]
    if loss is not None and cls is not Point:
        raise ValueError(
            f"`loss` chooses for output='point' alone; the others have their own. Received: "
            f"output={name!r}, loss={loss!r}"
        )
    if levels is not None and cls is not Quantiles:
        raise ValueError(
            "`levels` are those of output='quantiles'; a distribution gives any level at "
            f"prediction. Received: output={name!r}, levels={levels!r}"
        )
    if cls is Point:
        return Point(loss or "mse")
    return Quantiles(LEVELS if levels is None else levels) if cls is Quantiles else cls()


def log_gamma(x):
    """log Γ(x) for x > 0: Stirling's series at x + 8 and eight steps of Γ(x + 1) = x Γ(x) back."""
    z = x + 8.0
    inverse = 1.0 / z
    square = inverse * inverse
    series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)))
    stirling = (z - 0.5) * ops.log(z) - z + 0.5 * math.log(2 * math.pi) + series
    steps = sum(ops.log(x + float(k)) for k in range(8))
    return stirling - steps


def _column(spread):
    return ops.expand_dims(spread, -1) if hasattr(spread, "shape") else spread
