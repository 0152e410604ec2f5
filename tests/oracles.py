"""What each cell computes, in NumPy float64, written from the papers and not from the cells.

One function a cell computes ONE step on row vectors: `name(w, x, states, **own)` returns
`(output, [states])`. `w` holds the weights by name, `x` is `(batch, features)`, each state is
`(batch, units)`. Gates lie next to each other in the concatenated weights, in the order in which
each function unpacks them. A bias that is not in `w` counts as zero. `run` walks a whole sequence.

In the equations W is the input matrix of a gate, U its recurrent matrix, b its bias; the value of
a state at the step before carries a prime (h'), in code the suffix `_prev`.
"""

import numpy as np


def sigmoid(a):
    """Logistic function, from tanh so that large arguments do not overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * a))


def relu(a):
    return np.maximum(a, 0.0)


def blocks(w, name, count):
    """The `count` equal blocks of one weight along its last axis; zeros when it is absent."""
    if name not in w:
        return [0.0] * count
    return np.split(np.asarray(w[name], "float64"), count, axis=-1)


def simple_rnn(w, x, states, activation=np.tanh):
    """Elman 1990, "Finding structure in time": h = act(xW + h'U + b); Keras's default is tanh."""
    (h_prev,) = states
    h = activation(x @ w["kernel"] + h_prev @ w["recurrent_kernel"] + w.get("bias", 0.0))
    return h, [h]


def lstm(w, x, states):
    """Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000."""
    h_prev, c_prev = states
    W_i, W_f, W_g, W_o = blocks(w, "kernel", 4)
    U_i, U_f, U_g, U_o = blocks(w, "recurrent_kernel", 4)
    b_i, b_f, b_g, b_o = blocks(w, "bias", 4)
    i = sigmoid(x @ W_i + h_prev @ U_i + b_i)
    f = sigmoid(x @ W_f + h_prev @ U_f + b_f)
    g = np.tanh(x @ W_g + h_prev @ U_g + b_g)
    o = sigmoid(x @ W_o + h_prev @ U_o + b_o)
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, [h, c]


def gru(w, x, states, reset_after=True):
    """Cho et al. 2014, eq. 5-8 (`reset_after=False`); the cuDNN form resets the product h'U_n."""
    (h_prev,) = states
    W_z, W_r, W_n = blocks(w, "kernel", 3)
    U_z, U_r, U_n = blocks(w, "recurrent_kernel", 3)
    if reset_after:
        rows = w.get("bias", np.zeros((2, 3 * h_prev.shape[-1])))
        b_z, b_r, b_n = np.split(rows[0], 3)
        b_rz, b_rr, b_rn = np.split(rows[1], 3)
        z = sigmoid(x @ W_z + b_z + h_prev @ U_z + b_rz)
        r = sigmoid(x @ W_r + b_r + h_prev @ U_r + b_rr)
        n = np.tanh(x @ W_n + b_n + r * (h_prev @ U_n + b_rn))
    else:
        b_z, b_r, b_n = blocks(w, "bias", 3)
        z = sigmoid(x @ W_z + h_prev @ U_z + b_z)
        r = sigmoid(x @ W_r + h_prev @ U_r + b_r)
        n = np.tanh(x @ W_n + (r * h_prev) @ U_n + b_n)
    h = z * h_prev + (1.0 - z) * n
    return h, [h]


def peephole_lstm(w, x, states, peephole="diagonal"):
    """Gers et al. 2002: i and f look at c(t-1), o at the new c(t); tanh(c) as in Graves 2013."""
    h_prev, c_prev = states
    W_i, W_f, W_g, W_o = blocks(w, "kernel", 4)
    U_i, U_f, U_g, U_o = blocks(w, "recurrent_kernel", 4)
    b_i, b_f, b_g, b_o = blocks(w, "bias", 4)
    if peephole == "diagonal":
        P_i, P_f, P_o = (np.diag(w[f"peephole_{gate}"]) for gate in "ifo")
    elif peephole == "full":
        P_i, P_f, P_o = blocks(w, "peephole_kernel", 3)
    else:
        raise ValueError(peephole)
    i = sigmoid(x @ W_i + h_prev @ U_i + c_prev @ P_i + b_i)
    f = sigmoid(x @ W_f + h_prev @ U_f + c_prev @ P_f + b_f)
    g = np.tanh(x @ W_g + h_prev @ U_g + b_g)
    c = f * c_prev + i * g
    o = sigmoid(x @ W_o + h_prev @ U_o + c @ P_o + b_o)
    h = o * np.tanh(c)
    return h, [h, c]


def mgu(w, x, states):
    """Zhou et al. 2016, arXiv 1603.09420: the forget gate also plays the reset gate."""
    (h_prev,) = states
    W_f, W_n = blocks(w, "kernel", 2)
    U_f, U_n = blocks(w, "recurrent_kernel", 2)
    b_f, b_n = blocks(w, "bias", 2)
    f = sigmoid(x @ W_f + h_prev @ U_f + b_f)
    n = np.tanh(x @ W_n + (f * h_prev) @ U_n + b_n)
    h = (1.0 - f) * h_prev + f * n
    return h, [h]


def li_gru(w, x, states):
    """Ravanelli et al. 2018, arXiv 1803.10225: no reset gate, relu; no batch normalisation here."""
    (h_prev,) = states
    W_z, W_n = blocks(w, "kernel", 2)
    U_z, U_n = blocks(w, "recurrent_kernel", 2)
    b_z, b_n = blocks(w, "bias", 2)
    z = sigmoid(x @ W_z + h_prev @ U_z + b_z)
    n = relu(x @ W_n + h_prev @ U_n + b_n)
    h = z * h_prev + (1.0 - z) * n
    return h, [h]


def cifg_lstm(w, x, states):
    """Greff et al. 2015, arXiv 1503.04069, variant CIFG, with the weights on f and i = 1 - f."""
    h_prev, c_prev = states
    W_f, W_g, W_o = blocks(w, "kernel", 3)
    U_f, U_g, U_o = blocks(w, "recurrent_kernel", 3)
    b_f, b_g, b_o = blocks(w, "bias", 3)
    f = sigmoid(x @ W_f + h_prev @ U_f + b_f)
    i = 1.0 - f
    g = np.tanh(x @ W_g + h_prev @ U_g + b_g)
    o = sigmoid(x @ W_o + h_prev @ U_o + b_o)
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, [h, c]


def squashed(a, candidate):
    """The three forms of the candidate of minGRU and minLSTM, arXiv 2410.01201."""
    if candidate == "positive":  # the function g of the paper's log-space form
        return np.where(a >= 0.0, a + 0.5, sigmoid(a))
    if candidate == "linear":  # the plain form of the paper
        return a
    if candidate == "signed":
        return np.tanh(a)
    raise ValueError(candidate)


def min_gru(w, x, states, candidate="positive"):
    """Feng et al. 2024, arXiv 2410.01201: gate and candidate see the input only."""
    (h_prev,) = states
    W_z, W_n = blocks(w, "kernel", 2)
    b_z, b_n = blocks(w, "bias", 2)
    z = sigmoid(x @ W_z + b_z)
    n = squashed(x @ W_n + b_n, candidate)
    h = (1.0 - z) * h_prev + z * n
    return h, [h]


def intersection_rnn(w, x, states):
    """Collins et al. 2016, arXiv 1611.09913, +RNN: one gate in depth (y), one in time (h)."""
    (h_prev,) = states
    W_y, W_h, W_gy, W_gh = blocks(w, "kernel", 4)
    U_y, U_h, U_gy, U_gh = blocks(w, "recurrent_kernel", 4)
    b_y, b_h, b_gy, b_gh = blocks(w, "bias", 4)
    y_in = relu(x @ W_y + h_prev @ U_y + b_y)
    h_in = np.tanh(x @ W_h + h_prev @ U_h + b_h)
    g_y = sigmoid(x @ W_gy + h_prev @ U_gy + b_gy)
    g_h = sigmoid(x @ W_gh + h_prev @ U_gh + b_gh)
    skip = x @ w["skip_kernel"] if "skip_kernel" in w else x
    y = g_y * skip + (1.0 - g_y) * y_in
    h = g_h * h_prev + (1.0 - g_h) * h_in
    return y, [h]


ORACLES = {
    "SimpleRNN": simple_rnn,
    "LSTM": lstm,
    "GRU": gru,
    "PeepholeLSTM": peephole_lstm,
    "MGU": mgu,
    "LiGRU": li_gru,
    "CIFGLSTM": cifg_lstm,
    "MinGRU": min_gru,
    "IntersectionRNN": intersection_rnn,
}

STATES = {
    "SimpleRNN": ("h",),
    "LSTM": ("h", "c"),
    "GRU": ("h",),
    "PeepholeLSTM": ("h", "c"),
    "MGU": ("h",),
    "LiGRU": ("h",),
    "CIFGLSTM": ("h", "c"),
    "MinGRU": ("h",),
    "IntersectionRNN": ("h",),
}


def run(step, w, x, states, mask=None, reverse=False, per_step=None, **own):
    """Walk `x (batch, time, features)` and return `dict(outputs=(batch, time, ·), states=[...])`.

    Where `mask (batch, time)` is False a row keeps every state and repeats its previous output,
    which is zeros before its first valid step; what `x` holds there is of no account, NaN too.
    `reverse=True` starts at the last step, and `outputs` follow the order of the walk, as with
    Keras's `go_backwards`. `per_step` holds arguments that change with time: entry k along the
    first axis goes to the k-th step walked. `own` goes to every step as it is.
    """
    w = {name: np.asarray(value, "float64") for name, value in w.items()}
    x = np.asarray(x, "float64")
    states = [np.asarray(state, "float64") for state in states]
    batch, time = x.shape[:2]
    valid = np.ones((batch, time), bool) if mask is None else np.asarray(mask, bool)
    walk = range(time - 1, -1, -1) if reverse else range(time)
    output, outputs = 0.0, []
    for k, t in enumerate(walk):
        now = {name: value[k] for name, value in (per_step or {}).items()}
        new_output, new_states = step(w, x[:, t], states, **own, **now)
        here = valid[:, t, None]
        output = np.where(here, new_output, output)
        states = [
            np.where(here.reshape((batch,) + (1,) * (new.ndim - 1)), new, old)
            for new, old in zip(new_states, states)
        ]
        outputs.append(output)
    return {"outputs": np.stack(outputs, axis=1), "states": states}
