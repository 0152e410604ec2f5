"""What the standard options do, in NumPy float64, written from their definitions.

`lstm`, `peephole_lstm` and `gru` are steps like those of `oracles.py`, to be walked by its `run`;
here each takes the options as arguments. Extra weights, for k gates in gate order and u units:

* `layer_norm`: `input_norm_gain (k·u,)`, `recurrent_norm_gain (k·u,)`, and where there is a c
  `cell_norm_gain (u,)`, `cell_norm_shift (u,)`
* `recurrence="diagonal"`: `recurrent_kernel (k·u,)`
* `recurrence="block"`: `recurrent_kernel (blocks, u/blocks, k·u/blocks)`
* `integration="multiplicative"`: `integration_alpha`, `integration_beta_x`, `integration_beta_h`,
  each `(k·u,)`
* full peepholes: `peephole_kernel`, three gates in the shape of the recurrent kernel, and with
  `layer_norm` a `peephole_norm_gain (3·u,)`
* projection to p: `projection_kernel (u, p)`, which switches it on, and a recurrent kernel whose
  rows are p
* `cell_clip` and `recurrent_mask` (on what meets the recurrent kernel) bring no weights

`zoneout(step)` adds zoneout to any step. Options may be combined.
"""

import numpy as np
from oracles import blocks, sigmoid

EPSILON = 1e-5


def normalise(a, gain, shift=0.0):
    """Ba et al. 2016, arXiv 1607.06450: zero mean, unit (biased) variance over the last axis."""
    mean = np.mean(a, axis=-1, keepdims=True)
    variance = np.mean((a - mean) ** 2, axis=-1, keepdims=True)
    return (a - mean) / np.sqrt(variance + EPSILON) * gain + shift


def recurrent_product(U, operand, gate, gates, recurrence):
    """operand · U_gate, for a full, a diagonal or a block-diagonal U_gate."""
    if recurrence == "dense":
        return operand @ np.split(U, gates, axis=1)[gate]
    if recurrence == "diagonal":
        return operand * np.split(U, gates)[gate]
    if recurrence == "block":
        groups = np.split(operand, U.shape[0], axis=-1)
        width = U.shape[2] // gates
        columns = slice(gate * width, (gate + 1) * width)
        return np.concatenate([group @ U[j][:, columns] for j, group in enumerate(groups)], axis=-1)
    raise ValueError(recurrence)


def gate_parts(w, x, operand, gate, gates, layer_norm, recurrence):
    """The input part and the recurrent part of one gate, each normalised over its own units.

    haste takes the statistics over all gates together instead; here they are one gate's.
    """
    input_part = x @ np.split(w["kernel"], gates, axis=1)[gate]
    recurrent_part = recurrent_product(w["recurrent_kernel"], operand, gate, gates, recurrence)
    if layer_norm:
        input_part = normalise(input_part, np.split(w["input_norm_gain"], gates)[gate])
        recurrent_part = normalise(recurrent_part, np.split(w["recurrent_norm_gain"], gates)[gate])
    return input_part, recurrent_part


def integrate(w, input_part, recurrent_part, gate, gates, integration):
    """Join the parts: their sum, or Wu et al. 2016 (arXiv 1606.06630), general form."""
    if integration == "sum":
        return input_part + recurrent_part
    if integration == "multiplicative":
        alpha, beta_x, beta_h = (
            np.split(w[f"integration_{name}"], gates)[gate]
            for name in ("alpha", "beta_x", "beta_h")
        )
        second_order = alpha * input_part * recurrent_part
        return second_order + beta_x * input_part + beta_h * recurrent_part
    raise ValueError(integration)


def _lstm(w, x, states, peep, layer_norm, recurrence, integration, cell_clip, recurrent_mask):
    h_prev, c_prev = states
    operand = h_prev if recurrent_mask is None else h_prev * recurrent_mask

    def joined(gate):
        parts = gate_parts(w, x, operand, gate, 4, layer_norm, recurrence)
        return integrate(w, *parts, gate, 4, integration)

    b_i, b_f, b_g, b_o = blocks(w, "bias", 4)
    i = sigmoid(joined(0) + peep(0, c_prev) + b_i)
    f = sigmoid(joined(1) + peep(1, c_prev) + b_f)
    g = np.tanh(joined(2) + b_g)
    c = f * c_prev + i * g
    if cell_clip is not None:
        c = np.clip(c, -cell_clip, cell_clip)
    o = sigmoid(joined(3) + peep(2, c) + b_o)
    seen = normalise(c, w["cell_norm_gain"], w["cell_norm_shift"]) if layer_norm else c
    h = o * np.tanh(seen)
    if "projection_kernel" in w:  # Sak et al. 2014, arXiv 1402.1128
        h = h @ w["projection_kernel"]
    return h, [h, c]


def lstm(
    w,
    x,
    states,
    layer_norm=False,
    recurrence="dense",
    integration="sum",
    cell_clip=None,
    recurrent_mask=None,
):
    """LSTM; gates i, f, g, o; the state c is carried raw, only its way to the output is normed."""
    options = (layer_norm, recurrence, integration, cell_clip, recurrent_mask)
    return _lstm(w, x, states, lambda gate, c: 0.0, *options)


def peephole_lstm(
    w,
    x,
    states,
    peephole="diagonal",
    layer_norm=False,
    recurrence="dense",
    integration="sum",
    cell_clip=None,
    recurrent_mask=None,
    peephole_masks=(1.0, 1.0, 1.0),
):
    """LSTM with peepholes, which stay outside integration; o sees the clipped new c.

    Full peepholes are recurrent products too: they take the shape that `recurrence` gives, a norm
    of their own, and the `peephole_masks` of recurrent dropout on what i, f and o look at.
    """

    def peep(gate, c):
        if peephole == "diagonal":
            return c * w[f"peephole_{'ifo'[gate]}"]
        seen = c * peephole_masks[gate]
        part = recurrent_product(w["peephole_kernel"], seen, gate, 3, recurrence)
        if layer_norm:
            part = normalise(part, np.split(w["peephole_norm_gain"], 3)[gate])
        return part

    options = (layer_norm, recurrence, integration, cell_clip, recurrent_mask)
    return _lstm(w, x, states, peep, *options)


def gru(
    w,
    x,
    states,
    reset_after=True,
    layer_norm=False,
    recurrence="dense",
    integration="sum",
    recurrent_mask=None,
):
    """GRU; gates z, r, n. A projection feeds the products and the output; h itself stays whole.

    With `reset_after` the recurrent part of n that is integrated is r * (h'U_n + b_rn); the two
    biases of z and r are plain terms. With `reset_after=False` the one mask meets h' and r * h'.
    """
    (h_prev,) = states
    units = h_prev.shape[-1]
    project = (lambda a: a @ w["projection_kernel"]) if "projection_kernel" in w else (lambda a: a)
    keep = 1.0 if recurrent_mask is None else recurrent_mask

    def parts(gate, operand):
        return gate_parts(w, x, operand, gate, 3, layer_norm, recurrence)

    if reset_after:
        rows = w.get("bias", np.zeros((2, 3 * units)))
        b_z, b_r, b_n = np.split(rows[0], 3)
        b_rz, b_rr, b_rn = np.split(rows[1], 3)
    else:
        b_z, b_r, b_n = blocks(w, "bias", 3)
        b_rz = b_rr = 0.0
    operand = project(h_prev) * keep
    z = sigmoid(integrate(w, *parts(0, operand), 0, 3, integration) + b_z + b_rz)
    r = sigmoid(integrate(w, *parts(1, operand), 1, 3, integration) + b_r + b_rr)
    if reset_after:
        xW_n, hU_n = parts(2, operand)
        n = np.tanh(integrate(w, xW_n, r * (hU_n + b_rn), 2, 3, integration) + b_n)
    else:
        inner = project(r * h_prev) * keep
        n = np.tanh(integrate(w, *parts(2, inner), 2, 3, integration) + b_n)
    h = z * h_prev + (1.0 - z) * n
    return project(h), [h]


def zoneout(step, names):
    """Krueger et al. 2016, arXiv 1606.01305: `step` with zoneout on its states called `names`.

    The new step takes `rates` by state name (inference: z * old + (1 - z) * new) or one 0/1 mask
    a state as `keep_h`, `keep_c`, ... (training: 1 keeps the old value); give those to `run` in
    `per_step`. A state with neither is left alone. The output is that of the un-zoned states.
    """

    def zoned(w, x, states, rates=None, **own):
        shares = dict(rates or {})
        shares.update({n: own.pop(f"keep_{n}") for n in names if f"keep_{n}" in own})
        output, new_states = step(w, x, states, **own)
        mixed = [
            shares.get(name, 0.0) * old + (1.0 - shares.get(name, 0.0)) * new
            for name, old, new in zip(names, states, new_states)
        ]
        return output, mixed

    return zoned


OPTION_ORACLES = {"LSTM": lstm, "PeepholeLSTM": peephole_lstm, "GRU": gru}
