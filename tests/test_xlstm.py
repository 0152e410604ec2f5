"""The sLSTM beside its authors' package, xlstm: outputs, last states, gradients, start."""

import keras
import numpy as np
import pytest
from gradients import gradients
from helpers import close, filled, numpy, sequences

from keras_rnnzoo import SLSTM

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(keras.backend.backend() != "torch", reason="xlstm is written in PyTorch"),
]
UNITS, HEADS = 8, 2


@pytest.fixture
def theirs():
    """Their cell in plain PyTorch; the package asks for CUDA tools that this cell needs not."""
    reason = "needs the authors' package: pip install xlstm==2.0.6 --no-deps"
    cells = pytest.importorskip("xlstm.blocks.slstm.cell", reason=reason)
    options = {"enable_automatic_mixed_precision": False, "dtype": "float32"}
    config = cells.sLSTMCellConfig(UNITS, HEADS, backend="vanilla", **options)
    return cells.sLSTMCell_vanilla(config, skip_backend_init=True)


def test_outputs_states_and_gradients(theirs, rng):
    import torch

    layer = filled(SLSTM(UNITS, blocks=HEADS, return_sequences=True, return_state=True), rng)
    cell, x = layer.cell, sequences(rng)
    recurrent = theirs._recurrent_kernel_ext2int(torch.tensor(numpy(cell.recurrent_kernel)))
    theirs._recurrent_kernel.data = recurrent
    theirs._bias.data = torch.tensor(numpy(cell.bias))
    inputs = torch.tensor(x, requires_grad=True)
    outputs, states = theirs(inputs @ torch.tensor(numpy(cell.kernel)))
    outputs = outputs.permute(0, 2, 1, 3).flatten(2)  # from (batch, heads, time, width)
    got = layer(x)
    close(got[0], outputs.detach().numpy())
    close(list(got[1:]), list(states.detach().numpy()))
    (outputs**2).sum().backward()
    layer.return_state = False
    found = gradients(layer, x, loss=lambda y: keras.ops.sum(y**2))
    close(found["x"], inputs.grad.numpy(), 1e-4)
    by_name = dict(zip((w.name for w in layer.trainable_variables), found["weights"]))
    close(by_name["bias"], theirs._bias.grad.numpy(), 1e-4)
    recurrent = theirs._recurrent_kernel_int2ext(theirs._recurrent_kernel.grad)
    close(by_name["recurrent_kernel"], recurrent.numpy(), 1e-4)


def test_start(theirs):
    cell = SLSTM(UNITS, blocks=HEADS).cell
    cell.build((None, 3))
    theirs.reset_parameters()
    bias = theirs._bias.detach().numpy()
    close(cell.bias, bias, 1e-6)
    assert np.ptp(bias) == 12.0
    assert not numpy(cell.recurrent_kernel).any() and not theirs._recurrent_kernel.any()
