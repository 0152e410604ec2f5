"""Layers beside the cells of torchrecurrent 0.2.5, one entry of the table a cell.

An entry says which of their cells computes the same, with which options, and how our weights are
theirs. Left out is what their cells compute otherwise than the papers: LEM, NAS, SCRN.
"""

from collections.abc import Callable
from typing import NamedTuple

import catalogue
import numpy as np
import pytest
from helpers import BACKEND, close, filled, numpy, sequences, states_for, weights_of

from keras_rnnzoo import list_layers

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(BACKEND != "torch", reason="torchrecurrent computes with torch alone"),
]


class Entry(NamedTuple):
    """Our layer with its options, their cell with its options, and our weights under their names.

    `weights` takes our weights, as the oracles have them, and gives those of theirs that `usual`
    does not.
    """

    name: str
    own: dict = {}
    theirs: str = ""
    options: dict = {}
    weights: Callable = lambda w: {}
    features: int = catalogue.FEATURES

    def __str__(self):
        return str(self.case())

    def case(self):
        return catalogue.case(self.name, **self.own)


def usual(w):
    """Matrices turned round, and the one bias that their first is."""
    named = {"weight_ih": "kernel", "weight_hh": "recurrent_kernel", "bias_ih": "bias"}
    return {theirs: w[ours].T for theirs, ours in named.items() if ours in w}


def padded(bias, before=0, after=0):
    """`bias` with zeros for so many blocks that theirs has and ours has not."""
    n = catalogue.UNITS
    return np.concatenate([np.zeros(before * n), bias, np.zeros(after * n)])


def minimal_rnn(w):
    return {"weight_mm": w["latent_kernel"].T, "bias_ih": w["latent_bias"], "bias_hh": w["bias"]}


def mut1(w):
    """Their second bias has the blocks r and h; that of h stands outside the inner tanh."""
    b_z, b_r, b_h = np.split(w["bias"], 3)
    return {"bias_ih": padded([*b_z, *b_r], after=1), "bias_hh": padded(b_h, before=1)}


def multiplicative_lstm(w):
    m, gates = np.split(w["recurrent_kernel"], [catalogue.UNITS], axis=1)
    return {"weight_hh": m.T, "weight_mh": gates.T, "bias_ih": padded(w["bias"], before=1)}


def wmc_lstm(w):
    return {"weight_mh": w["memory_kernel"].T, "bias_mh": w["memory_bias"]}


def peepholes(w):
    return {"weight_ph": np.concatenate([w[f"peephole_{gate}"] for gate in "ifo"])}


def scalars(*names):
    return lambda w: {name: np.reshape(w[name], (1,)) for name in names}


def strongly_typed(w):
    return {"weight_hh": w["window_kernel"][0].T}


EULER = {"epsilon": 0.2, "gamma": 0.05}
SPRING = {"dt": 0.1, "gamma": 2.7, "epsilon": 4.7}
ENTRIES = [
    Entry("PeepholeLSTM", weights=peepholes),
    Entry("MGU"),
    Entry("LiGRU"),
    Entry("IntersectionRNN", features=catalogue.UNITS),  # theirs has no other case
    Entry("UGRNN"),
    Entry("MinimalRNN", weights=minimal_rnn),
    Entry("LightRU"),
    Entry("RAN"),
    Entry("ATR", weights=lambda w: dict(zip(("bias_ih", "bias_hh"), w["bias"]))),
    Entry("CFN", weights=lambda w: {"bias_ih": padded(w["bias"], after=1)}),
    Entry("STAR"),
    Entry("MUT1", weights=mut1),
    Entry("MUT2"),
    Entry("MUT3"),
    Entry("JANET", weights=lambda w: {"beta": 1.0}),  # theirs learns it
    Entry("JANET", {"beta": 0.4}, weights=lambda w: {"beta": 0.4}),
    Entry("MultiplicativeLSTM", weights=multiplicative_lstm),
    Entry("WMCLSTM", weights=wmc_lstm),
    Entry(
        "IndRNN",
        options={"nonlinearity": "relu"},
        weights=lambda w: {"vector_u": w["recurrent_kernel"]},
    ),
    Entry("AntisymmetricRNN", EULER, options=EULER),
    # The gate of theirs lacks the second bias, which is zero here.
    Entry("AntisymmetricRNN", {**EULER, "gated": True}, "GatedAntisymmetricRNN", EULER),
    Entry("FastRNN", weights=scalars("alpha", "beta")),
    Entry("FastGRNN", options={"nonlinearity": "sigmoid"}, weights=scalars("zeta", "nu")),
    Entry("CoRNN", SPRING, "coRNN", SPRING, lambda w: {"weight_ch": w["velocity_kernel"].T}),
    Entry("TRNN", weights=lambda w: {"bias_ih": padded(w["bias"], before=1)}),
    Entry("TGRU", weights=strongly_typed),
    Entry("TLSTM", weights=strongly_typed),
]


def their_cell(entry, w):
    """Their cell with the weights `w`; a bias that has no name there is zero."""
    torch = pytest.importorskip("torch")
    module = pytest.importorskip("torchrecurrent", reason="torchrecurrent is not installed")
    cell_class = getattr(module, f"{entry.theirs or entry.name}Cell")
    cell = cell_class(entry.features, catalogue.UNITS, **entry.options).double()
    given = usual(w) | entry.weights(w)
    with torch.no_grad():
        for name, parameter in cell.named_parameters():
            assert name in given or name.startswith("bias"), f"no weight is their {name}"
            value = given.get(name, np.zeros(parameter.shape))
            assert np.shape(value) == parameter.shape, f"their {name} is {parameter.shape}"
            parameter.copy_(torch.as_tensor(value, dtype=parameter.dtype))
    return cell


def walked(cell, x, states):
    """`[outputs, *states]` of their cell; JANET's second state repeats the first."""
    import torch

    now = [torch.as_tensor(v, dtype=torch.float64).flatten(1) for v in states]
    now = now * 2 if cell.uses_double_state() and len(now) == 1 else now
    apart = any(base.__name__.startswith("Decoupled") for base in type(cell).__mro__)
    outputs = []
    with torch.no_grad():
        for step in torch.as_tensor(x).unbind(1):
            found = cell(step, tuple(now) if cell.uses_double_state() else now[0])
            output, new = found if apart else (found, found)
            now = list(new) if isinstance(new, tuple) else [new]
            outputs.append(output[0] if isinstance(output, tuple) else output)
    return [torch.stack(outputs, 1), *(v.reshape(old.shape) for v, old in zip(now, states))]


@pytest.mark.parametrize("entry", ENTRIES, ids=str)
def test_layer_is_theirs(entry, rng):
    if entry.name not in list_layers():
        pytest.skip(f"{entry.name} is not in the zoo")
    layer = entry.case().layer(return_sequences=True, return_state=True, dtype="float64")
    filled(layer, rng, features=entry.features)
    x = sequences(rng, features=entry.features, dtype="float64")
    states = states_for(layer, rng)
    w = {name: numpy(value) for name, value in weights_of(layer).items()}
    close(layer(x, initial_state=states), walked(their_cell(entry, w), x, states), 1e-10)
