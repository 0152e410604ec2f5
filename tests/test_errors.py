"""Bad input: the right class, at the earliest moment, with what was expected and received."""

import keras
import numpy as np
import pytest
from catalogue import CASES, FEATURES, case
from helpers import filled, sequences

import keras_rnnzoo
from keras_rnnzoo import GRU, JANET, LSTM, LSTMCell, MinGRU, PeepholeLSTM, RecurrentLayer, SimpleRNN

X = np.zeros((3, 5, FEATURES), "float32")


def refused(error, make, *parts):
    with pytest.raises(error) as caught:
        make()
    for part in parts:
        assert part in str(caught.value), f"{part!r} is not in: {caught.value}"


CONSTRUCTION = {
    "units": (ValueError, lambda: LSTM(0), "positive integer", "Received: units=0"),
    "units below": (ValueError, lambda: GRU(-3), "positive integer", "Received: units=-3"),
    "units float": (ValueError, lambda: LSTM(2.5), "positive integer", "Received: units=2.5"),
    "units bool": (ValueError, lambda: LSTM(True), "positive integer", "units=True"),
    "no units": (TypeError, LSTM, "LSTM needs `units`"),
    "no units of a cell": (TypeError, LSTMCell, "units"),
    "units twice": (TypeError, lambda: LSTM(4, units=4), "`units` twice"),
    "dropout": (ValueError, lambda: LSTM(4, dropout=1.0), "[0, 1)", "Received: dropout=1.0"),
    "dropout below": (ValueError, lambda: GRU(4, dropout=-0.1), "[0, 1)", "dropout=-0.1"),
    "recurrent dropout": (ValueError, lambda: LSTM(4, recurrent_dropout="a"), "[0, 1)", "'a'"),
    "zoneout": (ValueError, lambda: LSTM(4, zoneout={"h": 1.5}), "[0, 1)", "zoneout['h']=1.5"),
    "zoneout state": (ValueError, lambda: LSTM(4, zoneout={"cc": 0.5}), "LSTM", "mean 'c'", "h, c"),
    "option": (TypeError, lambda: LSTM(4, dropuot=0.5), "LSTM", "mean 'dropout'", "dropuot=0.5"),
    "option of a cell": (TypeError, lambda: LSTMCell(4, zoneuot=0.5), "mean 'zoneout'"),
    "layer option": (TypeError, lambda: LSTM(4, return_sequence=True), "mean 'return_sequences'"),
    "own option": (TypeError, lambda: GRU(4, reset_aftr=True), "mean 'reset_after'"),
    "recurrence": (ValueError, lambda: LSTM(4, recurrence="diagnal"), "mean 'diagonal'", "'dense'"),
    "integration": (ValueError, lambda: LSTM(4, integration="mult"), "'multiplicative'", "'mult'"),
    "peephole": (ValueError, lambda: PeepholeLSTM(4, peephole="ful"), "mean 'full'", "'ful'"),
    "candidate": (ValueError, lambda: MinGRU(4, candidate="sign"), "mean 'signed'", "'sign'"),
    "blocks": (ValueError, lambda: LSTM(6, recurrence="block"), "equal blocks", "units=6"),
    "idle blocks": (ValueError, lambda: LSTM(4, blocks=2), "only with", "blocks=2"),
    "clip": (ValueError, lambda: LSTM(4, cell_clip=0), "a positive number", "cell_clip=0"),
    "clip without c": (ValueError, lambda: GRU(4, cell_clip=1.0), "no cell state c", "GRU"),
    "refused": (ValueError, lambda: MinGRU(4, layer_norm=True), "no recurrent product", "MinGRU"),
    "no gates": (ValueError, lambda: SimpleRNN(4, recurrent_activation="tanh"), "no gates"),
    "projection": (ValueError, lambda: LSTM(4, projection=0), "positive integer", "projection=0"),
    "narrow diagonal": (
        ValueError,
        lambda: LSTM(4, projection=2, recurrence="diagonal"),
        "as wide as the state",
        "projection=2",
    ),
    "use_bias": (ValueError, lambda: LSTM(4, use_bias="yes"), "True or False", "use_bias='yes'"),
    "own boolean": (ValueError, lambda: GRU(4, reset_after="no"), "True or False", "'no'"),
    "forget bias": (ValueError, lambda: LSTM(4, unit_forget_bias="no"), "True or False", "'no'"),
    "own number": (ValueError, lambda: JANET(4, beta="b"), "finite number", "beta='b'"),
    "steps": (ValueError, lambda: JANET(4, chrono_steps=2), "3 steps or more", "chrono_steps=2"),
    "layer boolean": (ValueError, lambda: LSTM(4, stateful="no"), "True or False", "stateful='no'"),
    "seed": (ValueError, lambda: LSTM(4, seed="a"), "integer or None", "seed='a'"),
    "not a cell": (TypeError, lambda: RecurrentLayer(keras.layers.LSTMCell(4)), "RecurrentCell"),
    "no cell": (TypeError, RecurrentLayer, "takes one RecurrentCell", "cell=None"),
    "name": (ValueError, lambda: keras_rnnzoo.get("peephol_lstm"), "'peephole_lstm'", "Received:"),
    "kind": (ValueError, lambda: keras_rnnzoo.list_layers("cel"), "mean 'cell'", "kind='cel'"),
}


@pytest.mark.parametrize("name", CONSTRUCTION)
def test_at_construction(name):
    error, make, *parts = CONSTRUCTION[name]
    refused(error, make, *parts)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_errors_speak_of_the_layer_that_was_named(case):
    refused(TypeError, lambda: case.layer(nonsense=1), f"{case.name} has no option `nonsense`")
    refused(TypeError, lambda: case.cell(nonsense=1), f"{case.name}Cell has no option `nonsense`")


def test_shapes_of_the_input():
    refused(ValueError, lambda: LSTM(4)(X[0]), "ndim=3", "found ndim=2")
    refused(ValueError, lambda: LSTM(4).build((3, 5)), "3-D", "Received: shape=(3, 5)")
    refused(ValueError, lambda: LSTM(4)(X[:, :0]), "one time step", "Received: shape=(3, 0, 3)")
    refused(ValueError, lambda: LSTM(4).build((None, 5, None)), "features", "features=None")
    layer = LSTM(4)
    layer(X)
    refused(ValueError, lambda: layer(X[..., :2]), "3", "(3, 5, 2)")
    refused(ValueError, lambda: layer.step(X[:, 0, :2]), "(batch, 3)", "Received: shape=(3, 2)")
    refused(ValueError, lambda: layer.step(X), "(batch, 3)", "Received: shape=(3, 5, 3)")
    refused(
        ValueError,
        lambda: LSTM(4, stateful=True).build((None, 5, 3)),
        "batch_shape",
        "(None, 5, 3)",
    )


def test_masks_lengths_and_states(rng):
    layer = filled(LSTM(4), rng)
    x = sequences(rng)
    for mask in (np.ones((3, 4), bool), np.ones((2, 5), bool), np.ones((3, 5, 1), bool)):
        shape = f"Received: mask.shape={mask.shape}"
        refused(ValueError, lambda m=mask: layer(x, mask=m), "(batch, time) = (3, 5)", shape)
    for lengths in (np.ones((2,), int), np.ones((3, 1), int)):
        shape = f"Received: lengths.shape={lengths.shape}"
        refused(ValueError, lambda n=lengths: layer(x, lengths=n), "each of the 3 rows", shape)
    h = np.zeros((3, 4), "float32")
    for states in ([h], [h, h, h], [h, h[:, :2]], [h[:2], h]):
        expected = "must hold 2 states: h (3, 4), c (3, 4)"
        refused(ValueError, lambda s=states: layer(x, initial_state=s), expected, "Received:")
    refused(ValueError, lambda: layer.step(x[:, 0], [h]), "2 states (h, c)", "Received: 1 states")


def test_a_wrong_shape_is_refused_in_a_functional_model_too():
    x, h = keras.Input((5, FEATURES)), keras.Input((2,))
    refused(ValueError, lambda: LSTM(4)(x, initial_state=[h, h]), "h (None, 4)", "(None, 2)")
    refused(ValueError, lambda: LSTM(4)(keras.Input((FEATURES,))), "ndim=3")


def test_errors_of_a_cell_that_defines_too_little():
    class Empty(keras_rnnzoo.RecurrentCell):
        gates = ("h",)

    refused(NotImplementedError, lambda: RecurrentLayer(Empty(4))(X), "Empty must define `update")


def test_get_takes_both_spellings_and_passes_layers_through():
    for spelled in ("PeepholeLSTM", "peephole_lstm", "peephole-lstm", "PEEPHOLELSTM"):
        assert keras_rnnzoo.get(spelled) is PeepholeLSTM
    layer = case("LSTM").layer()
    assert keras_rnnzoo.get(layer) is layer and keras_rnnzoo.get(LSTM) is LSTM
