"""Every layer computes what its NumPy oracle, written from the paper, computes."""

import inspect
import pathlib

import keras
import numpy as np
import pytest
from all_oracles import ORACLES, STATES
from catalogue import CASES, EVERY, FEATURES, TALLY, TIME, UNITS, case
from gradients import gradients
from helpers import MASKS, by_oracle, close, filled, sequences, states_for

import keras_rnnzoo
from keras_rnnzoo.registry import kind_of

TFA = pathlib.Path(__file__).parent / "fixtures" / "tfa"


def test_every_exported_layer_has_an_oracle():
    exported = [getattr(keras_rnnzoo, name) for name in keras_rnnzoo.__all__]
    layers = {c.__name__ for c in exported if inspect.isclass(c) and kind_of(c) == "recurrent"}
    assert layers == set(ORACLES) == {case.name for case in CASES}
    cells = {c.__name__ for c in exported if inspect.isclass(c) and kind_of(c) == "cell"}
    assert cells == {f"{name}Cell" for name in layers}
    for name in layers:
        layer = getattr(keras_rnnzoo, name)
        assert layer.cell_class is getattr(keras_rnnzoo, f"{name}Cell")
        assert layer.cell_class.states == STATES[name]


@pytest.mark.parametrize("go_backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("case", EVERY, ids=str)
def test_layer_is_its_oracle(case, go_backwards, rng):
    layer = case.layer(return_sequences=True, return_state=True, go_backwards=go_backwards)
    filled(layer, rng)
    x, states = sequences(rng, len(MASKS)), states_for(layer, rng, len(MASKS))
    expected = by_oracle(case, layer, x, reverse=go_backwards)
    close(layer(x), expected)
    expected = by_oracle(case, layer, x, states, MASKS, reverse=go_backwards)
    close(layer(x, initial_state=states, mask=MASKS), expected)
    layer.return_sequences = False
    got = layer(x, initial_state=states, mask=MASKS)
    close(got, [expected[0][:, -1], *expected[1:]])


@pytest.mark.parametrize("case", EVERY, ids=str)
def test_masks_from_zero_states_without_bias_and_with_equal_widths(case, rng):
    """The default states; no bias; as many features as units, where some cells skip a matrix."""
    biased = case is not TALLY and "use_bias" not in type(case.cell()).refuses
    options = {"use_bias": False} if biased else {}
    layer = filled(case.layer(return_sequences=True, **options), rng, features=UNITS)
    x = sequences(rng, len(MASKS), features=UNITS)
    close(layer(x, mask=MASKS), by_oracle(case, layer, x, mask=MASKS)[0])
    # What masked steps hold is of no account.
    poisoned = np.where(MASKS[..., None], x, 1e6).astype("float32")
    close(layer(poisoned, mask=MASKS), layer(x, mask=MASKS), 0)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_cell_is_its_oracle(case, rng):
    cell = case.cell()
    cell.build((None, FEATURES))
    for weight in cell.weights:
        weight.assign(rng.normal(size=weight.shape))
    x = sequences(rng, time=1)
    states = [
        rng.normal(size=(len(x), *cell.state_shape(n))).astype("float32") for n in cell.states
    ]
    holder = type("Holder", (), {"cell": cell})
    expected = by_oracle(case, holder, x, states)
    output, new = cell(x[:, 0], states)
    assert isinstance(new, list)
    close([output, *new], [expected[0][:, 0], *expected[1:]])


KERAS = [
    (case("LSTM"), "LSTM", {}),
    (case("GRU", reset_after=True), "GRU", {"reset_after": True}),
    (case("GRU", reset_after=False), "GRU", {"reset_after": False}),
    (case("SimpleRNN"), "SimpleRNN", {}),
]


@pytest.mark.parametrize("case, name, own", KERAS, ids=lambda v: str(v) if "=" in str(v) else None)
def test_weights_are_exchanged_with_keras(case, name, own, rng):
    both = {"return_sequences": True, "return_state": True}
    theirs = getattr(keras.layers, name)(UNITS, **own, **both)
    theirs.build((None, TIME, FEATURES))
    ours = filled(case.layer(**both), rng)
    x = sequences(rng)
    theirs.set_weights(ours.get_weights())
    close(ours(x), theirs(x), 1e-6)
    theirs.set_weights([rng.normal(size=w.shape) for w in theirs.get_weights()])
    ours.set_weights(theirs.get_weights())
    close(ours(x), theirs(x), 1e-6)
    for a, b in zip(ours.weights, theirs.weights, strict=True):
        assert a.name == b.name


@pytest.mark.parametrize("name", ["LSTM", "GRU", "SimpleRNN"])
def test_fresh_weights_start_like_keras(name):
    """Same seed, same start: zeros, forget bias and initializers are Keras's."""
    starts = []
    for module in (keras.layers, keras_rnnzoo):
        layer = getattr(module, name)(
            UNITS,
            kernel_initializer=keras.initializers.GlorotUniform(seed=1),
            recurrent_initializer=keras.initializers.Orthogonal(seed=2),
        )
        layer.build((None, TIME, FEATURES))
        starts.append(layer.get_weights())
    close(*starts, 1e-6)


PEEPHOLES = [f"peephole_{gate}" for gate in "ifo"]
NORMS = [f"{p}_norm_{k}" for p in ("input", "recurrent", "cell") for k in ("gain", "shift")]
BOTH = ["kernel", "recurrent_kernel"]
ADDONS = [
    ("PeepholeLSTMCell", "PeepholeLSTM", {}, [*BOTH, "bias", *PEEPHOLES], "hc"),
    ("LayerNormLSTMCell", "LayerNormLSTM", {"norm": "tfa"}, [*BOTH, "bias", *NORMS], "hc"),
    ("NASCell", "NAS", {}, [*BOTH[::-1], "bias"], "ch"),
    (
        "NASCell_projection",
        "NAS",
        {"projection": 3, "use_bias": False},
        [*BOTH[::-1], "projection_kernel"],
        "ch",
    ),
    ("ESNCell", "ESN", {"leaky": 0.7}, [*BOTH[::-1], "bias"], "h"),
]


@pytest.mark.parametrize("file, name, own, order, states", ADDONS, ids=[v[0] for v in ADDONS])
def test_tensorflow_addons_and_its_gradients(file, name, own, order, states):
    """Recorded from tfa.rnn, weights in its order; its loss was the sum of the squared outputs."""
    data = np.load(TFA / f"{file}.npz")
    layer = getattr(keras_rnnzoo, name)(6, return_sequences=True, return_state=True, **own)
    layer.build(data["x"].shape)
    keys = {key.split(":")[0]: key for key in data.files}
    by_name = {weight.name: weight for weight in layer.weights}
    assert set(by_name) == set(order)
    for k, weight in enumerate(order):
        by_name[weight].assign(data[keys[f"weight_{k}"]])
    y, *after = layer(data["x"])
    after = dict(zip(layer.cell.states, after, strict=True))
    expected = [data[f"state_{k}"] for k in range(len(states))]
    close([y, *(after[state] for state in states)], [data["y"], *expected], 2e-6)
    layer.return_state = False
    got = gradients(layer, data["x"], loss=lambda y: keras.ops.sum(y**2))
    close(got["x"], data["grad_x"], 1e-5)
    for weight, gradient in zip(layer.trainable_weights, got["weights"], strict=True):
        close(gradient, data[keys[f"grad_{order.index(weight.name)}"]], 1e-4)


def test_weights_of_tensorflow_addons_fit_as_they_are():
    """Where its order is ours, `set_weights` takes what its cells give."""
    for file, name, own, order, _ in ADDONS[:2]:
        layer = getattr(keras_rnnzoo, name)(6, **own)
        layer.build((None, None, 5))
        assert [weight.name for weight in layer.weights] == order, file
