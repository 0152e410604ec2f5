"""PyTorch's own LSTM, GRU and plain RNN, for the cells that compute exactly that.

Each runs the whole sequence in one call. Weights are Keras's, brought to PyTorch's order of gates
here. In a masked batch the valid steps of each row are moved to the front, and a further input
feature marks the steps behind them: its weights shut the gates that would change the memory, so
the state that comes out is that of the last valid step. (PyTorch's packed sequences would do the
same, but their gradient is quadratic in time on a CPU.)
"""

import keras
import torch

from keras_rnnzoo.kernels.torch_loops import is_traced

CALLS = {"lstm": torch.lstm, "gru": torch.gru}
PLAIN = {keras.activations.tanh: torch.rnn_tanh, keras.activations.relu: torch.rnn_relu}

SHUT = 1e4  # its sigmoid is exactly one, and that of its negative exactly zero
# What the mark adds to each gate, in PyTorch's order: i, f, g, o; r, z, n; the plain RNN has none.
MARKS = {"lstm": (-SHUT, SHUT, 0.0, 0.0), "gru": (0.0, SHUT, 0.0), "rnn": (0.0,)}


def _turned(block):
    """Columns z, r, n as r, z, n."""
    z, r, n = block.chunk(3, -1)
    return torch.cat([r, z, n], -1)


def _weights(family, w):
    """`[input, recurrent, input bias, recurrent bias]` as PyTorch wants them."""
    kernels = [w.kernel, w.matrices[0].kernel]
    bias = [] if w.bias is None else [w.bias, torch.zeros_like(w.bias)]
    if family == "gru":
        kernels = [_turned(kernel) for kernel in kernels]
        bias = [] if w.bias is None else [_turned(row) for row in w.bias]
    return [kernel.T.contiguous() for kernel in kernels] + bias


def unfold(cell, inputs, states, mask, return_sequences):
    """All of time, as `walk` gives it; `None` where only a step loop can do it."""
    if mask is not None and is_traced(mask):
        return None
    weights = _weights(cell.family, cell.w)
    call = CALLS.get(cell.family) or PLAIN[cell.activation]
    if mask is None:
        outputs, states = _call(call, weights, states, inputs)
        return (outputs if return_sequences else None), outputs[:, -1], states

    count, rank = mask.sum(1), mask.cumsum(1)
    inputs = _marked(_to_the_front(inputs, mask, count), count)
    mark = weights[0].new_tensor(MARKS[cell.family]).repeat_interleave(cell.units)
    weights[0] = torch.cat([weights[0], mark[:, None]], 1)
    outputs, ended = _call(call, weights, states, inputs)
    started = count > 0
    h = _at(outputs, (count - 1).clamp(min=0)[:, None])[:, 0]
    last = torch.where(started[:, None], h, 0)
    h = torch.where(started[:, None], h, states[0])
    if return_sequences:
        outputs = torch.where((rank > 0)[..., None], _at(outputs, (rank - 1).clamp(min=0)), 0)
    return (outputs if return_sequences else None), last, [h, *ended[1:]]


def _at(x, time):
    """`x (batch, time, width)` at the steps `time (batch, n)` of each row."""
    return x.gather(1, time[..., None].expand(-1, -1, x.shape[-1]))


def _to_the_front(inputs, mask, count):
    """The valid steps of each row first, in their order; zeros behind them."""
    valid = torch.arange(mask.shape[1], device=mask.device) < count[:, None]
    if not torch.equal(mask, valid):
        inputs = _at(inputs, torch.argsort((~mask).to(torch.int8), dim=1, stable=True))
    return torch.where(valid[..., None], inputs, 0)


def _marked(inputs, count):
    """`inputs` with one more feature that is one behind the valid steps."""
    behind = torch.arange(inputs.shape[1], device=inputs.device) >= count[:, None]
    return torch.cat([inputs, behind[..., None].to(inputs.dtype)], -1)


def _call(function, weights, states, inputs):
    """Whole sequences, batch first: `(outputs, last states)`."""
    start = tuple(state[None].contiguous() for state in states)
    start = start if len(start) > 1 else start[0]
    training = torch.is_grad_enabled()
    has_bias = len(weights) == 4
    outputs, *ends = function(inputs, start, weights, has_bias, 1, 0.0, training, False, True)
    return outputs, [end[0] for end in ends]
