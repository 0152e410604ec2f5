"""The linear recurrent unit: a complex state that decays and turns."""

from keras import initializers, ops

from keras_rnnzoo.base import LinearCell, RecurrentLayer
from keras_rnnzoo.base.arithmetic import circle, cos, product, sin, winding
from keras_rnnzoo.base.options import number, positive
from keras_rnnzoo.base.starts import mapped, normal

_BIAS = ("use_bias", "bias_initializer", "bias_regularizer", "bias_constraint")


class LRUCell(LinearCell):
    """One step of the linear recurrent unit: complex and diagonal, parallel over time.

    **Equations**

        λ = exp(-exp(ν) + i exp(θ))
        h = λ ⊙ h' + exp(γ) ⊙ (x B)
        y = Re(h C) + D ⊙ x

    where h is complex, y is the output and ' marks the step before; x D replaces D ⊙ x where the
    input is not `units` wide. λ turns all states alike, so over a whole sequence
    g_t = h_t exp(-i t exp(θ)) only decays: real scans give g, and h from it, with t counting valid
    steps. The states are float32 under mixed precision too.

    Weights: `kernel (features, 2·units)` (B, blocks re, im); `nu`, `theta`, `gamma`, each
    `(units,)`; `output_kernel (2·units, units)` (C, rows re, im); `skip (units,)` (D), or
    `skip_kernel (features, units)` where features differ from units.

    Arguments:
        r_min: the least |λ| at the start; |λ|² is spread evenly.
        r_max: the largest |λ| at the start.
        max_phase: the largest angle of λ at the start; angles are spread evenly from zero.

    Example:

    >>> LRUCell(8, r_min=0.9, r_max=0.999)

    Reference: Orvieto et al., arXiv:2303.06349 (2023).
    """

    gates = ("re", "im")
    biases = ()
    states = ("re", "im")
    state_dtypes = dict.fromkeys(states, "float32")
    defaults = {"kernel_initializer": normal(0.5)}
    refuses = dict.fromkeys(_BIAS, "its input product has none") | {
        "activation": "it is linear; put one between its layers",
        "zoneout": "a complex state of which one part is kept is turned",
    }

    def __init__(self, units, r_min=0.0, r_max=1.0, max_phase=6.28, **options):
        super().__init__(units, **options)
        self.r_min = number("r_min", r_min, "a number in [0, 1)", lambda r: 0 <= r < 1)
        self.r_max = number("r_max", r_max, "a number in (r_min, 1]", lambda r: self.r_min < r <= 1)
        self.max_phase = positive("max_phase", max_phase)

    def own_weights(self, features):
        n, dtype = self.units, self.state_dtype("re")
        area = initializers.RandomUniform(max(self.r_min**2, 1e-7), min(self.r_max**2, 1 - 1e-6))
        phase = initializers.RandomUniform(1e-6 * self.max_phase, self.max_phase)
        starts = {
            "nu": mapped(area, lambda square: ops.log(-0.5 * ops.log(square))),
            "theta": mapped(phase, ops.log),
            "gamma": mapped(area, lambda square: 0.5 * ops.log(1 - square)),  # of the same draw
        }
        for name, start in starts.items():
            self.add_own(name, (n,), initializer=start, dtype=dtype)
        self.add_own("output_kernel", (2 * n, n), "kernel", normal(2.0))
        if features == n:
            self.add_own("skip", (n,), "kernel", initializers.RandomNormal(stddev=1.0))
        else:
            self.add_own("skip_kernel", (features, n), "kernel")

    def project(self, inputs):
        w, narrow = self.w, self.features == self.units
        skip = w.skip * inputs if narrow else product(inputs, w.skip_kernel)
        return {**super().project(inputs), "skip": skip}

    def turning(self, a):
        """|λ|, the angle of λ, and the drive of both states."""
        w, dtype = self.w, self.state_dtype("re")
        drive = [ops.exp(w.gamma) * ops.cast(part, dtype) for part in (a.re, a.im)]
        return ops.exp(-ops.exp(w.nu)), ops.exp(w.theta), *drive

    def step(self, x, states, drop):
        a = self.join_all(x, states, drop)
        re, im = states
        decay, angle, u, v = self.turning(a)
        c, s = decay * cos(angle), decay * sin(angle)
        return a, (c * re - s * im + u, s * re + c * im + v)

    def solve(self, a, states, mask, steps):
        decay, angle, u, v = self.turning(a)
        u, v = self.nudged("re", u, steps), self.nudged("im", v, steps)
        valid = ops.ones_like(u[:1, :, :1]) if mask is None else ops.cast(mask, u.dtype)[..., None]
        c, s = circle(winding(angle, ops.cumsum(valid, axis=1)))
        drive = ops.concatenate([c * u + s * v, c * v - s * u], axis=-1)
        decay = ops.ones_like(drive) * ops.concatenate([decay, decay])
        g = self.scan(decay, drive, ops.concatenate(states, axis=-1), mask, a.reset)
        re, im = ops.split(g, 2, axis=-1)
        re, im = c * re - s * im, s * re + c * im
        return [re, im], [re[:, -1], im[:, -1]]

    def output(self, a, re, im):
        h = ops.cast(ops.concatenate([re, -im], axis=-1), self.compute_dtype)
        return product(h, self.w.output_kernel) + a.skip


class LRU(RecurrentLayer):
    cell_class = LRUCell
