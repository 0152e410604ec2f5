"""Cells with a leak, a step size or a depth, ONE step in NumPy float64, as in `oracles.py`.

Weights: `kernel`, `recurrent_kernel` and `bias` with the gates side by side, in the order in which
each function unpacks them; each function names what else it needs.
"""

import numpy as np
from oracles import blocks, relu, sigmoid


def ind_rnn(w, x, states, activation=relu):
    """Li et al. 2018, arXiv 1803.04831: each unit sees itself alone.

    `recurrent_kernel (n,)`.
    """
    (h_prev,) = states
    # torchrecurrent, tf.contrib and haste have tanh; the paper also clips |u| to 2^(1/T).
    u = w["recurrent_kernel"]
    h = activation(x @ w["kernel"] + u * h_prev + w.get("bias", 0.0))
    return h, [h]


def antisymmetric_rnn(w, x, states, epsilon=0.01, gamma=0.01, gated=False):
    """Chang et al. 2019, arXiv 1902.09689: an Euler step with U - U' - gamma 1, which is stable.

    Gated: blocks z, h of `kernel` and `bias`; both read one recurrent product.
    """
    (h_prev,) = states
    U = w["recurrent_kernel"]
    # torchrecurrent's defaults are epsilon 1 and gamma 0; its gate lacks the recurrent bias.
    q = h_prev @ (U - U.T - gamma * np.eye(len(U)))
    if gated:
        W_z, W_h = blocks(w, "kernel", 2)
        b_z, b_h = blocks(w, "bias", 2)
        z = sigmoid(x @ W_z + q + b_z)
    else:
        W_h, b_h, z = w["kernel"], w.get("bias", 0.0), 1.0
    h = h_prev + epsilon * z * np.tanh(x @ W_h + q + b_h)
    return h, [h]


def fast_rnn(w, x, states, activation=np.tanh):
    """Kusupati et al. 2018, arXiv 1901.02358, FastRNN: a residual step with two learned scalars.

    `alpha`, `beta`, each `()` or `(1,)`.
    """
    (h_prev,) = states
    # The authors start alpha at -3 and beta at 3, torchrecurrent the other way round.
    alpha, beta = sigmoid(w["alpha"]), sigmoid(w["beta"])
    h_tilde = activation(x @ w["kernel"] + h_prev @ w["recurrent_kernel"] + w.get("bias", 0.0))
    h = alpha * h_tilde + beta * h_prev
    return h, [h]


def fast_grnn(w, x, states, activation=np.tanh):
    """Kusupati et al. 2018, arXiv 1901.02358, FastGRNN: gate and candidate share W and U.

    `kernel (d, n)`, `recurrent_kernel (n, n)`, `bias (2n)` blocks z, h; `zeta`, `nu`, each `()` or
    `(1,)`.
    """
    (h_prev,) = states
    zeta, nu = sigmoid(w["zeta"]), sigmoid(w["nu"])
    b_z, b_h = blocks(w, "bias", 2)
    shared = x @ w["kernel"] + h_prev @ w["recurrent_kernel"]
    z = sigmoid(shared + b_z)  # torchrecurrent's gate is tanh unless told otherwise
    h_tilde = activation(shared + b_h)
    h = (zeta * (1.0 - z) + nu) * h_tilde + z * h_prev
    return h, [h]


def co_rnn(w, x, states, dt=0.042, gamma=2.7, epsilon=4.7):
    """Rusch & Mishra 2020, arXiv 2010.00951: coupled damped oscillators, y position, z velocity.

    `recurrent_kernel` from y, `velocity_kernel` from z, each `(n, n)`; defaults of the authors'
    sequential MNIST.
    """
    y_prev, z_prev = states
    U, V = w["recurrent_kernel"], w["velocity_kernel"]
    force = np.tanh(x @ w["kernel"] + y_prev @ U + z_prev @ V + w.get("bias", 0.0))
    # The authors' code damps with z'; the paper's second form damps with the new z.
    z = z_prev + dt * (force - gamma * y_prev - epsilon * z_prev)
    y = y_prev + dt * z
    return y, [y, z]


def lem(w, x, states, dt=1.0):
    """Rusch et al. 2021, arXiv 2110.04744: long expressive memory, two learned step sizes.

    Blocks delta, delta_bar, z, y; `recurrent_kernel (n, 4n)`, its last block from the NEW z, the
    others from y'.
    """
    y_prev, z_prev = states
    W_delta, W_bar, W_z, W_y = blocks(w, "kernel", 4)
    U_delta, U_bar, U_z, V = blocks(w, "recurrent_kernel", 4)
    b_delta, b_bar, b_z, b_y = blocks(w, "bias", 4)
    delta = dt * sigmoid(x @ W_delta + y_prev @ U_delta + b_delta)
    delta_bar = dt * sigmoid(x @ W_bar + y_prev @ U_bar + b_bar)
    z = (1.0 - delta) * z_prev + delta * np.tanh(x @ W_z + y_prev @ U_z + b_z)
    # torchrecurrent and RecurrentLayers.jl read the old z; paper and authors' code the new one.
    y = (1.0 - delta_bar) * y_prev + delta_bar * np.tanh(x @ W_y + z @ V + b_y)
    return y, [y, z]


def rhn(w, x, states, depth=3, coupled=True):
    """Zilly et al. 2016, arXiv 1607.03474: `depth` highway layers within a step.

    Blocks h, t and, unless `coupled`, c; the input enters the first layer alone. Layer 1 has
    `kernel`, `recurrent_kernel`, `bias`; layer l has `recurrent_kernel_l`, `bias_l`.
    """
    (s,) = states
    for layer in range(1, depth + 1):
        suffix = "" if layer == 1 else f"_{layer}"
        a = s @ w[f"recurrent_kernel{suffix}"] + w.get(f"bias{suffix}", 0.0)
        if layer == 1:
            a = a + x @ w["kernel"]
        a_h, a_t, *a_c = np.split(a, 2 if coupled else 3, axis=-1)
        h, t = np.tanh(a_h), sigmoid(a_t)
        c = 1.0 - t if coupled else sigmoid(a_c[0])
        s = h * t + s * c
    return s, [s]


def phased_lstm(w, x, states, leak=1e-3, time=None):
    """Neil et al. 2016, arXiv 1610.09513: an LSTM whose state moves while its time gate is open.

    Gates i, f, g, o; `period`, `phase`, `ratio_on`, each `(n,)`; `peephole_i`, `peephole_f`,
    `peephole_o (n,)` where wanted. `time (batch, 1)` changes with the step; without it the first
    column of `x` is the time and the rest goes to `kernel`.
    """
    h_prev, c_prev = states
    if time is None:
        time, x = x[:, :1], x[:, 1:]
    W_i, W_f, W_g, W_o = blocks(w, "kernel", 4)
    U_i, U_f, U_g, U_o = blocks(w, "recurrent_kernel", 4)
    b_i, b_f, b_g, b_o = blocks(w, "bias", 4)
    p_i, p_f, p_o = (w.get(f"peephole_{gate}", 0.0) for gate in "ifo")  # tf.contrib: full matrices
    i = sigmoid(x @ W_i + h_prev @ U_i + p_i * c_prev + b_i)
    f = sigmoid(x @ W_f + h_prev @ U_f + p_f * c_prev + b_f)
    g = np.tanh(x @ W_g + h_prev @ U_g + b_g)
    c_tilde = f * c_prev + i * g
    o = sigmoid(x @ W_o + h_prev @ U_o + p_o * c_tilde + b_o)
    h_tilde = o * np.tanh(c_tilde)
    tau, s, r = w["period"], w["phase"], w["ratio_on"]
    phi = np.mod(time - s, tau) / tau
    k = np.where(phi < r, 2.0 - 2.0 * phi / r, leak * phi)
    k = np.where(phi < r / 2.0, 2.0 * phi / r, k)
    c = k * c_tilde + (1.0 - k) * c_prev
    h = k * h_tilde + (1.0 - k) * h_prev
    return h, [h, c]


def esn(w, x, states, leaky=1.0, activation=np.tanh):
    """Jaeger 2001, GMD Report 148: a leaky reservoir; its weights are drawn once and never learned.

    tensorflow-addons, whose default has no leak, computes the same.
    """
    (h_prev,) = states
    drawn = activation(x @ w["kernel"] + h_prev @ w["recurrent_kernel"] + w.get("bias", 0.0))
    h = (1.0 - leaky) * h_prev + leaky * drawn
    return h, [h]


ORACLES = {
    "IndRNN": ind_rnn,
    "AntisymmetricRNN": antisymmetric_rnn,
    "FastRNN": fast_rnn,
    "FastGRNN": fast_grnn,
    "CoRNN": co_rnn,
    "LEM": lem,
    "RHN": rhn,
    "PhasedLSTM": phased_lstm,
    "ESN": esn,
}

STATES = {
    "IndRNN": ("h",),
    "AntisymmetricRNN": ("h",),
    "FastRNN": ("h",),
    "FastGRNN": ("h",),
    "CoRNN": ("y", "z"),
    "LEM": ("y", "z"),
    "RHN": ("s",),
    "PhasedLSTM": ("h", "c"),
    "ESN": ("h",),
}
