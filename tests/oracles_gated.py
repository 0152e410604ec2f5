"""Gated cells with one state (RAN has two), ONE step in NumPy float64, as in `oracles.py`.

Weights: `kernel`, `recurrent_kernel` and `bias` with the gates side by side, in the order in which
each function unpacks them; `recurrent_kernel` holds only the gates that have a recurrent part.
"""

import numpy as np
from oracles import blocks, sigmoid


def ugrnn(w, x, states):
    """Collins et al. 2016, arXiv 1611.09913, UGRNN: one gate between old state and candidate."""
    (h_prev,) = states
    W_c, W_g = blocks(w, "kernel", 2)
    U_c, U_g = blocks(w, "recurrent_kernel", 2)
    b_c, b_g = blocks(w, "bias", 2)
    c = np.tanh(x @ W_c + h_prev @ U_c + b_c)
    # tf.contrib: order g, c, and 1 is added to the gate in each step; here b_g starts at 1.
    g = sigmoid(x @ W_g + h_prev @ U_g + b_g)
    h = g * h_prev + (1.0 - g) * c
    return h, [h]


def minimal_rnn(w, x, states):
    """Chen 2017, arXiv 1711.06788: the input meets the state only as a latent z.

    z has `kernel (d, n)` and `latent_bias (n)`; u has `recurrent_kernel (n, n)` from h',
    `latent_kernel (n, n)` from z, and `bias (n)`.
    """
    (h_prev,) = states
    W, U, V = w["kernel"], w["recurrent_kernel"], w["latent_kernel"]
    b_z, b_u = w.get("latent_bias", 0.0), w.get("bias", 0.0)
    # tf.contrib has no b_z, and its b_u starts at 1.
    z = np.tanh(x @ W + b_z)
    u = sigmoid(h_prev @ U + z @ V + b_u)
    h = u * h_prev + (1.0 - u) * z
    return h, [h]


def light_ru(w, x, states):
    """Ye et al. 2024, Electronics 13(16):3204: the candidate sees the input only."""
    (h_prev,) = states
    W_n, W_f = blocks(w, "kernel", 2)
    U_f = w["recurrent_kernel"]
    b_n, b_f = blocks(w, "bias", 2)
    n = np.tanh(x @ W_n + b_n)
    f = sigmoid(x @ W_f + h_prev @ U_f + b_f)
    h = (1.0 - f) * h_prev + f * n
    return h, [h]


def ran(w, x, states, activation=np.tanh):
    """Lee et al. 2017, arXiv 1705.07393: c is a gated sum of inputs; the output map may be id."""
    h_prev, c_prev = states
    W_c, W_i, W_f = blocks(w, "kernel", 3)
    U_i, U_f = blocks(w, "recurrent_kernel", 2)
    b_i, b_f = blocks(w, "bias", 2)
    c_tilde = x @ W_c  # no bias, so that c is a sum of inputs and of nothing else
    i = sigmoid(x @ W_i + h_prev @ U_i + b_i)
    f = sigmoid(x @ W_f + h_prev @ U_f + b_f)
    c = i * c_tilde + f * c_prev
    h = activation(c)
    return h, [h, c]


def atr(w, x, states):
    """Zhang et al. 2018, arXiv 1810.12546: twin gates, from p + q and p - q."""
    (h_prev,) = states
    # RecurrentLayers.jl has no bias on q; its form is the second row at zero.
    b_p, b_q = w.get("bias", np.zeros((2, h_prev.shape[-1])))
    p = x @ w["kernel"] + b_p
    q = h_prev @ w["recurrent_kernel"] + b_q
    i = sigmoid(p + q)
    f = sigmoid(p - q)
    h = i * p + f * h_prev
    return h, [h]


def cfn(w, x, states):
    """Laurent & von Brecht 2016, arXiv 1612.06212: no recurrent product outside the gates."""
    (h_prev,) = states
    W_theta, W_eta, W_n = blocks(w, "kernel", 3)
    U_theta, U_eta = blocks(w, "recurrent_kernel", 2)
    b_theta, b_eta = blocks(w, "bias", 2)
    theta = sigmoid(x @ W_theta + h_prev @ U_theta + b_theta)
    # tf.contrib multiplies the input by 1 - eta, and its gate biases start at 1.
    eta = sigmoid(x @ W_eta + h_prev @ U_eta + b_eta)
    # No bias b_n, with which the state would move without input; torchrecurrent has one.
    h = theta * np.tanh(h_prev) + eta * np.tanh(x @ W_n)
    return h, [h]


def star(w, x, states):
    """Turkoglu et al. 2019, arXiv 1911.11033: one gate, made for deep stacks."""
    (h_prev,) = states
    W_z, W_k = blocks(w, "kernel", 2)
    U_k = w["recurrent_kernel"]
    b_z, b_k = blocks(w, "bias", 2)
    z = np.tanh(x @ W_z + b_z)
    k = sigmoid(x @ W_k + h_prev @ U_k + b_k)
    h = np.tanh((1.0 - k) * h_prev + k * z)
    return h, [h]


def mut1(w, x, states):
    """Jozefowicz et al. 2015, PMLR 37, MUT1: z sees the input only."""
    (h_prev,) = states
    W_z, W_r, W_h = blocks(w, "kernel", 3)
    U_r, U_h = blocks(w, "recurrent_kernel", 2)
    b_z, b_r, b_h = blocks(w, "bias", 3)
    z = sigmoid(x @ W_z + b_z)
    r = sigmoid(x @ W_r + h_prev @ U_r + b_r)
    # The paper has tanh(x), that is W_h = 1 for as many features as units; torchrecurrent learns
    # W_h and adds a bias inside this inner tanh too.
    h_tilde = np.tanh((r * h_prev) @ U_h + np.tanh(x @ W_h) + b_h)
    h = z * h_tilde + (1.0 - z) * h_prev
    return h, [h]


def mut2(w, x, states):
    """Jozefowicz et al. 2015, PMLR 37, MUT2."""
    (h_prev,) = states
    W_z, W_r, W_h = blocks(w, "kernel", 3)
    U_z, U_r, U_h = blocks(w, "recurrent_kernel", 3)
    b_z, b_r, b_h = blocks(w, "bias", 3)
    z = sigmoid(x @ W_z + h_prev @ U_z + b_z)
    # The paper has x itself here (W_r = 1); with a learned W_r MUT2 is a GRU whose z is 1 - z.
    r = sigmoid(x @ W_r + h_prev @ U_r + b_r)
    h_tilde = np.tanh((r * h_prev) @ U_h + x @ W_h + b_h)
    h = z * h_tilde + (1.0 - z) * h_prev
    return h, [h]


def mut3(w, x, states):
    """Jozefowicz et al. 2015, PMLR 37, MUT3: z sees tanh(h')."""
    (h_prev,) = states
    W_z, W_r, W_h = blocks(w, "kernel", 3)
    U_z, U_r, U_h = blocks(w, "recurrent_kernel", 3)
    b_z, b_r, b_h = blocks(w, "bias", 3)
    z = sigmoid(x @ W_z + np.tanh(h_prev) @ U_z + b_z)
    # torchrecurrent's docstring shows x itself here, its code projects x.
    r = sigmoid(x @ W_r + h_prev @ U_r + b_r)
    h_tilde = np.tanh((r * h_prev) @ U_h + x @ W_h + b_h)
    h = z * h_tilde + (1.0 - z) * h_prev
    return h, [h]


ORACLES = {
    "UGRNN": ugrnn,
    "MinimalRNN": minimal_rnn,
    "LightRU": light_ru,
    "RAN": ran,
    "ATR": atr,
    "CFN": cfn,
    "STAR": star,
    "MUT1": mut1,
    "MUT2": mut2,
    "MUT3": mut3,
}

STATES = {name: ("h", "c") if name == "RAN" else ("h",) for name in ORACLES}
