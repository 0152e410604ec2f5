"""PyTorch's own LSTM, GRU and plain RNN, for the cells that compute exactly that.

Each runs the whole sequence in one call. Weights are Keras's, brought to PyTorch's order of gates
here; a masked batch goes in packed, as in `torch_loops`.
"""

import keras
import torch

from keras_rnnzoo.kernels.torch_loops import Packed, is_traced, restore

CALLS = {"lstm": torch.lstm, "gru": torch.gru}
PLAIN = {keras.activations.tanh: torch.rnn_tanh, keras.activations.relu: torch.rnn_relu}


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
    packed = None if mask is None else Packed(mask)
    if packed is not None and packed.longest == 0:
        return None
    weights = _weights(cell.family, cell.w)
    call = CALLS.get(cell.family) or PLAIN[cell.activation]
    if packed is None or not packed.padded:
        outputs, states = _call(call, weights, states, inputs)
        return (outputs if return_sequences else None), outputs[:, -1], states
    order, rows = packed.order, packed.rows_of_step[0]
    states = [state[order] for state in states]
    sizes = torch.tensor(packed.rows_of_step)  # on the CPU, wherever the data lies
    started = [state[:rows] for state in states]
    flat, ended = _call(call, weights, started, inputs[packed.flat_index()], sizes)
    states = [torch.cat([end, state[rows:]]) for end, state in zip(ended, states)]
    last = torch.cat([ended[0], torch.zeros_like(states[0][rows:])])
    outputs = packed.unpack(flat) if return_sequences else None
    last, *states = restore([last, *states], order)
    return outputs, last, states


def _call(function, weights, states, inputs, sizes=None):
    """One call over whole sequences, or over packed steps with `sizes` rows each."""
    start = tuple(state[None].contiguous() for state in states)
    start = start if len(start) > 1 else start[0]
    common = (weights, len(weights) == 4, 1, 0.0, torch.is_grad_enabled(), False)
    if sizes is None:
        outputs, *ends = function(inputs, start, *common, True)
    else:
        outputs, *ends = function(inputs, sizes, start, *common)
    return outputs, [end[0] for end in ends]
