"""The LSTM with exponential gates, a normaliser and a stabiliser."""

from keras import ops

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer
from keras_rnnzoo.base.options import choice
from keras_rnnzoo.base.starts import described


class SLSTMCell(RecurrentCell):
    """One step of the sLSTM, the scalar cell of xLSTM: exponential gates, normalised.

    **Equations**

        a = x W + h' U + b                                blocks i, f, z, o
        l = log σ(a_f)                                    forget="sigmoid"
        l = a_f                                           forget="exponential"
        k = l + m'                                        and a_i where n' = 0
        m = max(k, a_i)
        i = exp(a_i - m)
        f = exp(k - m)
        z = φ(a_z)
        o = σ(a_o)
        c = f ⊙ c' + i ⊙ z
        n = f ⊙ n' + i
        h = o ⊙ c / n

    where φ is `activation`, σ is `recurrent_activation` (the logistic function in l whatever that
    is) and ' marks the step before. c and n are stored divided by exp(m), which cancels in h. At
    a start, n' = 0, the authors' code takes m = a_i where the whole batch starts; here each unit
    decides, so that rows may start at any step, and i never underflows. c, n and m are kept in
    float32 at least. The authors' block puts a convolution before the cell and norms after it.

    Defaults of the authors: `recurrence="block"` with 4 heads, or with 3, 2 or 1 where 4 do not
    divide `units`; the recurrent kernel starts at zero; b_f falls within each head from 5 to -7
    as 5 - 12 (j / (width - 1))^0.3. With forget="exponential" b_f starts at zero, as any other
    bias: at 5 each later input would weigh exp(-5) of the one before it.

    Weights: `kernel (features, 4·units)`, `recurrent_kernel (heads, units/heads, 4, units/heads)`,
    or `(units, 4·units)` with `recurrence="dense"`; `bias (4·units,)`, blocks i, f, z, o.

    Arguments:
        forget: `"sigmoid"`, as in the authors' code, or `"exponential"`, the paper's other form.

    Example:

    >>> SLSTMCell(8, blocks=2)

    Reference: Beck et al., arXiv:2405.04517 (2024).
    """

    gates = ("i", "f", "z", "o")
    states = ("h", "c", "n", "m")
    state_dtypes = dict.fromkeys(("c", "n", "m"), "float32")
    zoneable = ("h",)
    mixes_h = False
    defaults = {"recurrence": "block", "recurrent_initializer": described("Zeros")}
    refuses = {
        "cell_clip": "c means nothing without n and m",
        "integration": "a product would grow in an exponential gate",
        "layer_norm": "its exponential gates need their range; normalise its output",
    }

    def __init__(self, units, forget="sigmoid", **options):
        super().__init__(units, **options)
        self.forget = choice("forget", forget, ("sigmoid", "exponential"))
        self.bias_starts = {"f": self.power_law} if self.forget == "sigmoid" else {}

    @property
    def block_count(self):
        if self.recurrence != "block" or self.blocks:
            return self.blocks
        fits = (k for k in (4, 3, 2, 1) if self.units % k == 0 and self.hidden_width % k == 0)
        return next(fits)

    def power_law(self, shape, dtype=None):
        """Where b_f starts."""
        width = self.units // (self.block_count or 1)
        places = [k % width / max(width - 1, 1) for k in range(self.units)]
        return ops.convert_to_tensor([5.0 - 12.0 * j**0.3 for j in places], dtype=dtype)

    def update(self, a, h, c, n, m):
        σ, φ = self.sigma, self.phi
        a_i, a_f, a_z, a_o = (ops.cast(part, c.dtype) for part in (a.i, a.f, a.z, a.o))
        l = ops.log_sigmoid(a_f) if self.forget == "sigmoid" else a_f  # noqa: E741
        k = ops.where(ops.equal(n, 0), a_i, l + m)
        m = ops.where(k > a_i, k, a_i)  # `ops.maximum` rounds float64 on torch
        i = ops.exp(a_i - m)
        f = ops.exp(k - m)
        z = φ(a_z)
        o = σ(a_o)
        c = f * c + i * z
        n = f * n + i
        h = o * c / n
        return ops.cast(h, self.compute_dtype), c, n, m


class SLSTM(RecurrentLayer):
    cell_class = SLSTMCell
