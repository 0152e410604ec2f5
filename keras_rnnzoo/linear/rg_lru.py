"""The real-gated linear recurrent unit of Griffin."""

from keras import initializers, ops

from keras_rnnzoo.base import LinearCell, RecurrentLayer
from keras_rnnzoo.base.arithmetic import product
from keras_rnnzoo.base.options import positive, positive_int
from keras_rnnzoo.base.starts import mapped, normal

_RING = (0.9**2, 0.999**2)  # in which a² starts, were c · r one


def _root(x):
    """√x, whose derivative goes no higher than 1000, which it has at x = 1 / 2000²."""
    far, still = x > 2000.0**-2, ops.stop_gradient(x)
    root = ops.sqrt(ops.where(far, x, ops.ones_like(x)))
    return ops.where(far, root, ops.sqrt(still) + 1000 * (x - still))


class RGLRUCell(LinearCell):
    """One step of the real-gated linear recurrent unit, the recurrence of Griffin.

    **Equations**

        r = σ(x W_r + b_r)
        i = σ(x W_i + b_i)
        a = exp(-c · r ⊙ ln(1 + exp(Λ)))
        h = a ⊙ h' + √(1 - a²) ⊙ (i ⊙ x)

    where ' marks the step before; x S replaces x in the last line where the input is not `units`
    wide. Λ has the sign of the authors' code; the paper's text writes a = σ(Λ), which turns it. As
    in the code, h = i ⊙ x where a sequence begins and the derivative of the root goes no higher
    than 1000. `resets` alone tell where one begins; the code has them at each first step too. The
    state is float32 under mixed precision.

    Weights: `kernel (features, 2·units)`, or `(heads, features/heads, 2·units/heads)` with more
    than one head, `bias (2·units,)`, blocks r, i; `decay (units,)` (Λ), which starts so that a²,
    were c · r one, is spread evenly between 0.9² and 0.999²; `skip_kernel (features, units)` (S)
    where features differ from units.

    Arguments:
        c: how fast an open gate forgets.
        heads: how many blocks of the input feed blocks of gates of their own; a head sees no other.

    Example:

    >>> RGLRUCell(8, heads=2)

    Reference: De et al., arXiv:2402.19427 (2024), equations 1 to 4 and appendix A.
    """

    gates = ("r", "i")
    state_dtypes = {"h": "float32"}
    refuses = {"activation": "its candidate is the input itself"}
    defaults = {"kernel_initializer": normal(1.0)}

    def __init__(self, units, c=8.0, heads=1, **options):
        super().__init__(units, **options)
        self.c = positive("c", c)
        self.heads = positive_int("heads", heads)
        self._cuts("units", self.units)

    def _cuts(self, name, width):
        if width % self.heads:
            raise ValueError(
                f"{type(self).__name__} cuts input and state into `heads` equal blocks. Choose "
                f"`heads` that divides both. Received: {name}={width}, heads={self.heads}"
            )
        return width // self.heads

    def add_kernel(self, rows):
        if self.heads == 1:
            return super().add_kernel(rows)
        shape = (self.heads, self._cuts("features", rows), 2 * self.units // self.heads)
        return self._add("kernel", shape, "kernel", self.drawn_apart(shape))

    def own_weights(self, features):
        square = initializers.RandomUniform(*_RING)
        start = mapped(square, lambda square: ops.log(ops.expm1(-0.5 * ops.log(square))))
        self.add_own("decay", (self.units,), initializer=start, dtype=self.state_dtype("h"))
        if features != self.units:
            self.add_own("skip_kernel", (features, self.units), role="kernel")

    def project(self, inputs):
        u = inputs if self.features == self.units else product(inputs, self.w.skip_kernel)
        return {**super().project(inputs), "u": u}

    def weigh(self, features):
        if self.heads == 1:
            return super().weigh(features)
        cut = ops.reshape(features, (-1, self.heads, self.features // self.heads))
        parts = ops.einsum("bhd,hdk->bhk", cut, self.w.kernel)
        parts = ops.reshape(parts, (-1, self.heads, 2, self.units // self.heads))
        gates = ops.transpose(parts, (0, 2, 1, 3))
        return ops.reshape(gates, (*ops.shape(features)[:-1], 2 * self.units))

    def coefficients(self, a):
        r, i, u = (ops.cast(part, self.state_dtype("h")) for part in (a.r, a.i, a.u))
        log_a = -self.c * ops.sigmoid(r) * ops.softplus(self.w.decay)
        scale = _root(-ops.expm1(2 * log_a))
        if a.reset is not None:
            scale = ops.where(ops.expand_dims(a.reset, -1), ops.ones_like(scale), scale)
        return ops.exp(log_a), scale * ops.sigmoid(i) * u


class RGLRU(RecurrentLayer):
    cell_class = RGLRUCell
