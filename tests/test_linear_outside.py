"""Linear cells against the authors' and others' PyTorch code, where that is installed."""

import importlib.util
import sys
import types

import numpy as np
import pytest
from helpers import BACKEND, close, filled, numpy, sequences

from keras_rnnzoo import RGLRU, MinGRU, MinLSTM

pytestmark = pytest.mark.skipif(BACKEND != "torch", reason="the packages need PyTorch")
WIDTH, TIME = 4, 7


@pytest.mark.parametrize("ours, theirs", [(MinGRU, "minGRU"), (MinLSTM, "minLSTM")])
def test_min_gru_pytorch(ours, theirs, rng):
    """A whole sequence from zero; handed a state, that package's minLSTM applies g to it again."""
    wanted = "pip install minGRU-pytorch --no-deps"
    package = pytest.importorskip(f"minGRU_pytorch.{theirs}", reason=wanted)
    import torch

    layer = filled(ours(WIDTH, use_bias=False, return_sequences=True), rng, features=WIDTH)
    module = getattr(package, theirs)(WIDTH)
    first, *others = np.split(numpy(layer.cell.kernel), len(layer.cell.gates), axis=1)
    gates = [others[-1], first, *others[:-1]]  # theirs begins with the candidate
    (weight,) = module.parameters()
    weight.data = torch.tensor(np.concatenate(gates, axis=1).T)
    x = sequences(rng, time=TIME, features=WIDTH)
    close(layer(x), module(torch.tensor(x)).detach())


@pytest.fixture
def griffin(monkeypatch):
    """The PyTorch layers of recurrentgemma; the package itself also imports its JAX part."""
    for needed in ("recurrentgemma", "jaxtyping", "einops"):
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"pip install recurrentgemma jaxtyping wadler-lindig einops; no {needed}")
    (folder,) = importlib.util.find_spec("recurrentgemma").submodule_search_locations
    for name, path in (("recurrentgemma", folder), ("recurrentgemma.torch", f"{folder}/torch")):
        module = types.ModuleType(name)
        module.__path__ = [path]
        monkeypatch.setitem(sys.modules, name, module)
    return importlib.import_module("recurrentgemma.torch.layers")


@pytest.mark.parametrize("heads", [1, 2])
def test_recurrentgemma(heads, griffin, rng):
    """With documents that begin within a row, and a state handed on."""
    import torch

    layer = RGLRU(WIDTH, heads=heads, return_sequences=True, return_state=True)
    filled(layer, rng, features=WIDTH)
    module, cell = griffin.RGLRU(WIDTH, heads), layer.cell
    kernels = np.split(numpy(cell.kernel).reshape(heads, WIDTH // heads, -1), 2, axis=2)
    biases = np.split(numpy(cell.bias), 2)
    for part, kernel, bias in zip((module.a_gate, module.input_gate), kernels, biases):
        part.w.data, part.b.data = torch.tensor(kernel), torch.tensor(bias.reshape(heads, -1))
    module.a_param.data = torch.tensor(numpy(cell.decay))
    x, state = sequences(rng, 2, TIME, WIDTH), rng.normal(size=(2, WIDTH)).astype("float32")
    position = np.array([[0, 1, 2, 0, 1, 0, 1], [5, 6, 7, 8, 9, 0, 1]])
    got = layer(x, initial_state=[state], resets=position == 0)
    close(list(got), [v.detach() for v in module(*map(torch.tensor, (x, position, state)))])
