"""Cells whose gates do not see the state, ONE step in NumPy float64, as in `oracles.py`.

Only SRU's gates look at c', each unit at itself. Weights: `kernel` and `bias` with the gates side
by side, in the order in which each function unpacks them; each function names what else it needs.
"""

import numpy as np
from oracles import blocks, sigmoid, squashed


def min_lstm(w, x, states, candidate="positive"):
    """Feng et al. 2024, arXiv 2410.01201: minLSTM, f and i scaled to a sum of one."""
    (h_prev,) = states
    W_f, W_i, W_n = blocks(w, "kernel", 3)  # lucidrains: n, f, i, no bias
    b_f, b_i, b_n = blocks(w, "bias", 3)
    f = sigmoid(x @ W_f + b_f)
    i = sigmoid(x @ W_i + b_i)
    n = squashed(x @ W_n + b_n, candidate)
    # lucidrains applies g to a carried state once more, which is wrong.
    h = f / (f + i) * h_prev + i / (f + i) * n
    return h, [h]


def lru(w, x, states):
    """Orvieto et al. 2023, arXiv 2303.06349: a complex diagonal recurrence; states re, im.

    `nu`, `theta`, `gamma`, each `(n,)` and a logarithm; `kernel (d, 2n)` is B, blocks re, im;
    `output_kernel (2n, m)` is C, rows re, im; D is `skip (m,)`, or `skip_kernel (d, m)` if d != m.
    """
    h_prev = states[0] + 1j * states[1]
    B_re, B_im = blocks(w, "kernel", 2)
    C_re, C_im = np.split(w["output_kernel"], 2)
    decay = np.exp(-np.exp(w["nu"]) + 1j * np.exp(w["theta"]))
    h = decay * h_prev + np.exp(w["gamma"]) * (x @ (B_re + 1j * B_im))
    y = np.real(h @ (C_re + 1j * C_im))
    # The paper's D is a vector, as there d = m; a matrix takes its place where they differ.
    y = y + (x @ w["skip_kernel"] if "skip_kernel" in w else w.get("skip", 0.0) * x)
    return y, [h.real, h.imag]


def rg_lru(w, x, states, c=8.0, reset=None):
    """De et al. 2024, arXiv 2402.19427, eq. 1-4: RG-LRU, gates r and i from the input.

    `kernel (d, 2n)`, or blocks `(heads, d/heads, 2·n/heads)`, order r, i; `decay (n,)` is Lambda;
    `skip_kernel (d, n)` where d and n differ. `reset (batch,)` is true where a document starts.
    The paper's text has a = sigmoid(Lambda), its appendix and the code the other sign, as here.
    """
    (h_prev,) = states
    if w["kernel"].ndim == 3:
        parts = np.split(x, len(w["kernel"]), axis=-1)
        parts = [np.split(part @ W, 2, axis=-1) for part, W in zip(parts, w["kernel"])]
        a_r, a_i = (np.concatenate(gate, axis=-1) for gate in zip(*parts))
    else:
        a_r, a_i = np.split(x @ w["kernel"], 2, axis=-1)
    b_r, b_i = blocks(w, "bias", 2)
    r = sigmoid(a_r + b_r)
    i = sigmoid(a_i + b_i)
    log_a = -c * r * np.logaddexp(0.0, w["decay"])
    a, scale = np.exp(log_a), np.sqrt(-np.expm1(2.0 * log_a))
    if reset is not None:  # in the authors' code only, and there the first step is one as well
        reset = np.reshape(reset, (-1, 1)).astype(bool)
        a, scale = np.where(reset, 0.0, a), np.where(reset, 1.0, scale)
    u = x @ w["skip_kernel"] if "skip_kernel" in w else x
    h = a * h_prev + scale * (i * u)
    return h, [h]


def sru(w, x, states, highway_bias=0.0, rescale=True, activation=lambda a: a):
    """Lei et al. 2017, arXiv 1709.02755: gates see the input and, unit by unit, the old c.

    Order x_tilde, f, r; `recurrent_kernel (2n)` is v, and `bias (2n)`, blocks f, r;
    `skip_kernel (d, n)` where d and n differ.
    """
    (c_prev,) = states
    W, W_f, W_r = blocks(w, "kernel", 3)
    v_f, v_r = blocks(w, "recurrent_kernel", 2)  # absent in version 1 and in tf.contrib
    b_f, b_r = blocks(w, "bias", 2)
    x_tilde = x @ W
    f = sigmoid(x @ W_f + v_f * c_prev + b_f)
    r = sigmoid(x @ W_r + v_r * c_prev + b_r)
    c = f * c_prev + (1.0 - f) * x_tilde
    # The authors scale x only where no matrix stands before it; else the matrix starts larger.
    alpha = np.sqrt(1.0 + 2.0 * np.exp(highway_bias)) if rescale else 1.0
    skip = x @ w["skip_kernel"] if "skip_kernel" in w else alpha * x
    h = r * activation(c) + (1.0 - r) * skip
    return h, [c]


def _windowed(w, x, x_prev, count):
    """The `count` pre-activations from x and from the inputs before it, the latest first."""
    a = x @ w["kernel"] + w.get("bias", 0.0)
    for lag in range(x_prev.shape[1]):
        a = a + x_prev[:, lag] @ w["window_kernel"][lag]
    return np.split(a, count, axis=-1)


def qrnn(w, x, states, pooling="fo", window=2):
    """Bradbury et al. 2016, arXiv 1611.01576: a causal convolution, then pooling in time.

    Order z, f, o, i, as far as `pooling` ("f", "fo", "ifo") needs them; `kernel (d, k·n)` for x,
    `window_kernel (window - 1, d, k·n)` for the inputs before. States: c and, unless `window` is
    1, those inputs `(batch, window - 1, d)`, the latest first.
    """
    c_prev = states[0]
    x_prev = states[1] if window > 1 else np.zeros((len(x), 0, x.shape[-1]))
    gates = dict(zip("zfoi", _windowed(w, x, x_prev, len(pooling) + 1)))
    z, f = np.tanh(gates["z"]), sigmoid(gates["f"])
    i = sigmoid(gates["i"]) if "i" in pooling else 1.0 - f
    # Salesforce's code swaps the roles of f and 1 - f.
    c = f * c_prev + i * z
    h = sigmoid(gates["o"]) * c if "o" in pooling else c
    x_new = np.concatenate([x[:, None], x_prev], axis=1)[:, : window - 1]
    return h, [c, x_new] if window > 1 else [c]


def t_rnn(w, x, states):
    """Balduzzi & Ghifary 2016, arXiv 1602.02218, T-RNN: an average with a gate from the input."""
    (h_prev,) = states
    W_z, W_f = blocks(w, "kernel", 2)
    (b_f,) = blocks(w, "bias", 1)  # the paper has no b_z, torchrecurrent has
    z = x @ W_z
    f = sigmoid(x @ W_f + b_f)
    h = f * h_prev + (1.0 - f) * z
    return h, [h]


def t_gru(w, x, states):
    """Balduzzi & Ghifary 2016, arXiv 1602.02218, T-GRU: the gates see x and the x before.

    Order z, f, o; `window_kernel (1, d, 3n)` for the input before, which is the second state
    `(batch, 1, d)`; torchrecurrent has two biases, of which only the sum counts.
    """
    h_prev, x_prev = states
    a_z, a_f, a_o = _windowed(w, x, x_prev, 3)
    z, f, o = a_z, sigmoid(a_f), np.tanh(a_o)
    h = f * h_prev + z * o
    return h, [h, x[:, None]]


def t_lstm(w, x, states):
    """Balduzzi & Ghifary 2016, arXiv 1602.02218, T-LSTM: weights and states as T-GRU, c for h."""
    c_prev, x_prev = states
    a_z, a_f, a_o = _windowed(w, x, x_prev, 3)
    z, f, o = a_z, sigmoid(a_f), np.tanh(a_o)
    c = f * c_prev + (1.0 - f) * z
    h = c * o
    return h, [c, x[:, None]]


ORACLES = {
    "MinLSTM": min_lstm,
    "LRU": lru,
    "RGLRU": rg_lru,
    "SRU": sru,
    "QRNN": qrnn,
    "TRNN": t_rnn,
    "TGRU": t_gru,
    "TLSTM": t_lstm,
}

STATES = {
    "MinLSTM": ("h",),
    "LRU": ("re", "im"),
    "RGLRU": ("h",),
    "SRU": ("c",),
    "QRNN": ("c", "x"),  # ("c",) with window=1
    "TRNN": ("h",),
    "TGRU": ("h", "x"),
    "TLSTM": ("c", "x"),
}
