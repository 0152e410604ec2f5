"""Relatives of the LSTM, ONE step in NumPy float64, as in `oracles.py`.

Weights: `kernel`, `recurrent_kernel` and `bias` with the gates side by side, in the order in which
each function unpacks them; each function names what else it needs.
"""

import numpy as np
from oracles import blocks, relu, sigmoid


def log_sigmoid(a):
    """log of the logistic function without overflow."""
    return -np.logaddexp(0.0, -a)


def normalise(a, gain=1.0, shift=0.0, epsilon=1e-5):
    """Ba et al. 2016, arXiv 1607.06450: statistics over the WHOLE last axis, biased variance."""
    mean = np.mean(a, axis=-1, keepdims=True)
    variance = np.mean((a - mean) ** 2, axis=-1, keepdims=True)
    return (a - mean) / np.sqrt(variance + epsilon) * gain + shift


def block_product(h, U):
    """h U for `U (n, k·n)`, or for blocks `(heads, n/heads, k·n/heads)`; the k gates side by side.

    In a block the gates lie side by side too, as in `option_oracles.py`.
    """
    if U.ndim == 2:
        return h @ U
    heads, width, _ = U.shape
    parts = [h[:, j * width : (j + 1) * width] @ U[j] for j in range(heads)]
    parts = [part.reshape(len(h), -1, width) for part in parts]
    return np.concatenate(parts, axis=-1).reshape(len(h), -1)


def janet(w, x, states, beta=1.0):
    """van der Westhuizen & Lasenby 2018, arXiv 1804.04849: forget gate only, h = c, beta fixed."""
    (h_prev,) = states
    W_f, W_g = blocks(w, "kernel", 2)
    U_f, U_g = blocks(w, "recurrent_kernel", 2)
    b_f, b_g = blocks(w, "bias", 2)
    s = x @ W_f + h_prev @ U_f + b_f
    f = sigmoid(s)
    # The authors' code has order g, f; torchrecurrent learns beta and carries h twice.
    i = 1.0 - sigmoid(s - beta)
    g = np.tanh(x @ W_g + h_prev @ U_g + b_g)
    h = f * h_prev + i * g
    return h, [h]


def multiplicative_lstm(w, x, states):
    """Krause et al. 2016, arXiv 1609.07959: the gates see m, a product of input and state, not h'.

    Weights: `kernel (d, 5n)` m, i, f, g, o; `recurrent_kernel (n, 5n)`, its first block onto m from
    h', the other four from m; `bias (4n)` without one for m.
    """
    h_prev, c_prev = states
    W_m, W_i, W_f, W_g, W_o = blocks(w, "kernel", 5)
    U_m, U_i, U_f, U_g, U_o = blocks(w, "recurrent_kernel", 5)
    b_i, b_f, b_g, b_o = blocks(w, "bias", 4)
    m = (x @ W_m) * (h_prev @ U_m)  # torchrecurrent has a bias in each factor
    i = sigmoid(x @ W_i + m @ U_i + b_i)
    f = sigmoid(x @ W_f + m @ U_f + b_f)
    g = np.tanh(x @ W_g + m @ U_g + b_g)
    o = sigmoid(x @ W_o + m @ U_o + b_o)
    c = f * c_prev + i * g
    # The paper's byte-level models squash after the gate: tanh(c * o).
    h = o * np.tanh(c)
    return h, [h, c]


def layer_norm_lstm(w, x, states, norm="paper"):
    """Ba et al. 2016, arXiv 1607.06450: the LSTM with normalised pre-activations and cell.

    Gates i, f, g, o. `input_norm_gain`, `input_norm_shift`, `recurrent_norm_gain`,
    `recurrent_norm_shift`, each `(4n)`; `cell_norm_gain`, `cell_norm_shift`, each `(n)`. The
    statistics are taken over all four gates together. A missing gain is one, a missing shift zero.
    """
    h_prev, c_prev = states
    epsilon = {"paper": 1e-5, "tfa": 1e-3}[norm]

    def normed(a, part):
        gain, shift = w.get(f"{part}_norm_gain", 1.0), w.get(f"{part}_norm_shift", 0.0)
        return normalise(a, gain, shift, epsilon)

    a = normed(x @ w["kernel"], "input") + normed(h_prev @ w["recurrent_kernel"], "recurrent")
    a_i, a_f, a_g, a_o = np.split(a + w.get("bias", 0.0), 4, axis=-1)
    i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
    c = f * c_prev + i * g
    if norm == "tfa":  # tensorflow-addons carries the normalised c
        c = normed(c, "cell")
        h = o * np.tanh(c)
    else:  # the paper carries c as it is and normalises it on its way to the output
        h = o * np.tanh(normed(c, "cell"))
    return h, [h, c]


def nas(w, x, states):
    """Zoph & Le 2016, arXiv 1611.01578, as in tensorflow-addons: eight branches, 0 to 7.

    The bias belongs to the recurrent part, which shows in branch 3 alone.
    """
    h_prev, c_prev = states
    X = np.split(x @ w["kernel"], 8, axis=-1)
    U = np.split(h_prev @ w["recurrent_kernel"] + w.get("bias", 0.0), 8, axis=-1)
    b0 = sigmoid(X[0] + U[0])
    b1 = relu(X[1] + U[1])
    b2 = sigmoid(X[2] + U[2])
    b3 = relu(X[3] * U[3])  # torchrecurrent and RecurrentLayers.jl: the sum
    b4 = np.tanh(X[4] + U[4])
    b5 = sigmoid(X[5] + U[5])
    b6 = np.tanh(X[6] + U[6])
    b7 = sigmoid(X[7] + U[7])
    l0 = np.tanh(np.tanh(b0 * b1) + c_prev)
    l1 = np.tanh(b2 + b3)
    l2 = np.tanh(b4 * b5)
    l3 = sigmoid(b6 + b7)
    c = l0 * l1
    h = np.tanh(c * np.tanh(l2 + l3))
    return h, [h, c]  # tensorflow-addons hands on [c, h]


def wmc_lstm(w, x, states):
    """Landi et al. 2021, arXiv 2109.00020: the gates see the cell through a squashed projection.

    Gates i, f, g, o; `memory_kernel (n, 3n)` and `memory_bias (3n)`, blocks i, f, o.
    """
    h_prev, c_prev = states
    W_i, W_f, W_g, W_o = blocks(w, "kernel", 4)
    U_i, U_f, U_g, U_o = blocks(w, "recurrent_kernel", 4)
    b_i, b_f, b_g, b_o = blocks(w, "bias", 4)
    V_i, V_f, V_o = blocks(w, "memory_kernel", 3)
    d_i, d_f, d_o = blocks(w, "memory_bias", 3)
    i = sigmoid(x @ W_i + h_prev @ U_i + b_i + np.tanh(c_prev @ V_i + d_i))
    f = sigmoid(x @ W_f + h_prev @ U_f + b_f + np.tanh(c_prev @ V_f + d_f))
    # torchrecurrent's docstring forgets h' here, and every tanh around c V; its code has both.
    g = np.tanh(x @ W_g + h_prev @ U_g + b_g)
    c = f * c_prev + i * g
    o = sigmoid(x @ W_o + h_prev @ U_o + b_o + np.tanh(c @ V_o + d_o))
    h = o * np.tanh(c)
    return h, [h, c]


def slstm(w, x, states, forget="sigmoid"):
    """Beck et al. 2024, arXiv 2405.04517, eq. 8-17: exponential gates, normaliser n, stabiliser m.

    Gates i, f, z, o; `recurrent_kernel (n, 4n)` or, by heads, `(heads, n/heads, 4·n/heads)`.
    """
    h_prev, c_prev, n_prev, m_prev = states
    a = x @ w["kernel"] + block_product(h_prev, w["recurrent_kernel"]) + w.get("bias", 0.0)
    i_tilde, f_tilde, z_tilde, o_tilde = np.split(a, 4, axis=-1)
    log_f = {"sigmoid": log_sigmoid, "exponential": lambda v: v}[forget](f_tilde)
    m = np.maximum(log_f + m_prev, i_tilde)
    # At a fresh start the authors' code takes i_tilde, if n' is zero in ALL rows and units; here
    # each unit decides for itself. Without this rule h is the same, short of underflow in i.
    m = np.where(n_prev == 0.0, i_tilde, m)
    i = np.exp(i_tilde - m)
    f = np.exp(np.minimum(log_f + m_prev - m, 0.0))
    c = f * c_prev + i * np.tanh(z_tilde)
    n = f * n_prev + i
    h = sigmoid(o_tilde) * c / n
    return h, [h, c, n, m]


ORACLES = {
    "JANET": janet,
    "MultiplicativeLSTM": multiplicative_lstm,
    "LayerNormLSTM": layer_norm_lstm,
    "NAS": nas,
    "WMCLSTM": wmc_lstm,
    "SLSTM": slstm,
}

STATES = {
    "JANET": ("h",),
    "MultiplicativeLSTM": ("h", "c"),
    "LayerNormLSTM": ("h", "c"),
    "NAS": ("h", "c"),
    "WMCLSTM": ("h", "c"),
    "SLSTM": ("h", "c", "n", "m"),
}
