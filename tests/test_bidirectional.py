"""Bidirectional: every merge rule, masks on any side, states, seeds, both ways of saving."""

import keras
import numpy as np
import pytest
from keras import ops

import keras_rnnzoo as zoo
from keras_rnnzoo.wrappers.merge import MERGE_MODES

BATCH, TIME, FEATURES, UNITS = 3, 5, 4, 4
MASKS = {
    "right": [[1, 1, 1, 0, 0], [1, 0, 0, 0, 0], [1, 1, 1, 1, 1]],
    "left": [[0, 0, 1, 1, 1], [0, 0, 0, 0, 1], [1, 1, 1, 1, 1]],
    "middle and empty": [[1, 0, 1, 0, 1], [0, 1, 0, 1, 0], [0, 0, 0, 0, 0]],
}


def inputs(batch=BATCH, time=TIME, seed=0):
    return np.random.default_rng(seed).normal(size=(batch, time, FEATURES)).astype("float32")


def array(x):
    return ops.convert_to_numpy(x)


def merged(mode, f, b, merge):
    """The rule in NumPy."""
    if mode in ("gated", "linear"):
        z = np.concatenate([f, b], -1) @ array(merge.kernel) + array(merge.bias)
        g = 1 / (1 + np.exp(-z))
        return z if mode == "linear" else g * f + (1 - g) * b
    rules = {
        "concat": lambda: np.concatenate([f, b], -1),
        "sum": lambda: f + b,
        "ave": lambda: (f + b) / 2,
        "mul": lambda: f * b,
        "max": lambda: np.maximum(f, b),
    }
    return rules[mode]()


@pytest.mark.parametrize("sequences", [True, False])
@pytest.mark.parametrize("mode", [mode for mode in MERGE_MODES if mode])
def test_merge_rules_join_the_two_layers(mode, sequences):
    layer = zoo.Bidirectional(
        zoo.MGU(UNITS, return_sequences=sequences, return_state=True), mode, merge_states=True
    )
    x = inputs()
    y, state = layer(x)
    if layer.merge.weights:
        layer.merge.kernel.assign(np.sin(np.arange(2 * UNITS**2)).reshape(2 * UNITS, UNITS))
        y, state = layer(x)
    f, f_state = map(array, layer.forward_layer(x))
    b, b_state = map(array, layer.backward_layer(x[:, ::-1]))
    b = b[:, ::-1] if sequences else b
    np.testing.assert_allclose(array(y), merged(mode, f, b, layer.merge), atol=1e-5)
    expected = merged(mode, f_state, b_state, layer.state_merges[0])
    np.testing.assert_allclose(array(state), expected, atol=1e-5)
    assert tuple(y.shape) == tuple(layer.compute_output_shape(x.shape)[0])
    assert tuple(state.shape) == tuple(layer.compute_output_shape(x.shape)[1])


def test_unmerged_outputs_come_as_a_pair_in_order():
    layer = zoo.Bidirectional(zoo.GRU(UNITS, return_sequences=True), None)
    x = inputs()
    f, b = layer(x)
    np.testing.assert_allclose(array(f), array(layer.forward_layer(x)), atol=1e-6)
    np.testing.assert_allclose(
        array(b), array(layer.backward_layer(x[:, ::-1]))[:, ::-1], atol=1e-6
    )
    assert layer.compute_output_shape(x.shape) == ((3, 5, 4), (3, 5, 4))


@pytest.mark.parametrize("mode", ["concat", "gated"])
@pytest.mark.parametrize("side", MASKS)
def test_padding_on_any_side_changes_nothing(mode, side):
    mask = np.array(MASKS[side], bool)
    x = inputs()
    layer = zoo.Bidirectional(
        zoo.PeepholeLSTM(UNITS, return_sequences=True, return_state=True), mode
    )
    y, *states = map(array, layer(x, mask=mask))
    for row in range(BATCH):
        valid = mask[row]
        assert not y[row][~valid].any()
        if valid.any():
            alone, *alone_states = map(array, layer(x[row : row + 1, valid]))
            np.testing.assert_allclose(y[row][valid], alone[0], atol=1e-5)
            for state, own in zip(states, alone_states):
                np.testing.assert_allclose(state[row], own[0], atol=1e-5)


def test_lengths_say_what_a_right_mask_says():
    layer = zoo.BiGRU(UNITS)
    x, mask = inputs(), np.array(MASKS["right"], bool)
    np.testing.assert_array_equal(array(layer(x, lengths=mask.sum(1))), array(layer(x, mask=mask)))


@pytest.mark.parametrize("keras_class, ours", [("LSTM", "LSTM"), ("GRU", "GRU")])
def test_agrees_with_keras_where_keras_has_the_mode(keras_class, ours):
    x, mask = inputs(), np.array(MASKS["right"], bool)
    theirs = keras.layers.Bidirectional(
        getattr(keras.layers, keras_class)(UNITS, return_sequences=True)
    )
    theirs.build(x.shape)
    layer = zoo.Bidirectional(zoo.get(ours)(UNITS, return_sequences=True))
    layer.build(x.shape)
    layer.set_weights(theirs.get_weights())
    for given in (None, mask):
        np.testing.assert_allclose(
            array(layer(x, mask=given)), array(theirs(x, mask=given)), atol=1e-5
        )


def test_directions_of_different_cells_and_widths_have_right_static_shapes():
    layer = zoo.Bidirectional(
        zoo.LSTM(3, return_sequences=True, return_state=True),
        backward_layer=zoo.IntersectionRNN(5, return_sequences=True, return_state=True),
    )
    inside = keras.Input((None, FEATURES))
    outputs = layer(inside)
    assert [tuple(o.shape) for o in outputs] == [(None, None, 8), (None, 3), (None, 3), (None, 5)]
    model = keras.Model(inside, outputs)
    assert [tuple(o.shape) for o in model(inputs())] == [(3, 5, 8), (3, 3), (3, 3), (3, 5)]
    linear = zoo.Bidirectional(zoo.MGU(3), "linear", backward_layer=keras.layers.GRU(5))
    assert tuple(linear(inputs()).shape) == (3, 3)


def test_states_go_in_and_come_out():
    layer = zoo.Bidirectional(zoo.MGU(UNITS, return_state=True))
    x = inputs()
    start = [np.full((BATCH, UNITS), value, "float32") for value in (0.3, -0.2)]
    y, f_state, b_state = map(array, layer(x, initial_state=start))
    f = array(layer.forward_layer(x, initial_state=start[0])[0])
    b = array(layer.backward_layer(x[:, ::-1], initial_state=start[1])[0])
    np.testing.assert_allclose(y, np.concatenate([f, b], -1), atol=1e-6)
    np.testing.assert_allclose(f_state, f, atol=1e-6)
    np.testing.assert_allclose(b_state, b, atol=1e-6)


def test_stateful_directions_go_on_and_are_reset():
    layer = zoo.BiGRU(UNITS, stateful=True)
    x = inputs()
    model = keras.Sequential([keras.Input(batch_shape=x.shape), layer])
    first, second = (model.predict(x, batch_size=BATCH, verbose=0) for _ in range(2))
    assert np.abs(first - second).max() > 1e-4
    layer.reset_state()
    again = model.predict(x, batch_size=BATCH, verbose=0)
    np.testing.assert_allclose(again, first, atol=1e-6)


def test_a_seeded_initializer_does_not_make_equal_directions():
    layer = zoo.Bidirectional(
        zoo.GRU(UNITS, kernel_initializer=keras.initializers.GlorotUniform(seed=1), seed=3)
    )
    layer.build((None, None, FEATURES))
    forward, backward = layer.forward_layer.cell, layer.backward_layer.cell
    assert np.abs(array(forward.kernel) - array(backward.kernel)).min() > 0
    assert forward.seed != backward.seed


def test_the_mask_is_handed_on():
    x = np.array([[1, 2, 0], [3, 0, 0]])
    embedded = keras.layers.Embedding(9, FEATURES, mask_zero=True)
    inside = keras.Input((None,), dtype="int32")
    hidden = zoo.BiLSTM(UNITS, return_sequences=True)(embedded(inside))
    model = keras.Model(inside, zoo.BiLSTM(UNITS)(hidden))
    np.testing.assert_allclose(array(model(x))[1], array(model(x[1:, :1]))[0], atol=1e-5)


@pytest.mark.parametrize(
    "make",
    [
        lambda: zoo.Bidirectional(
            zoo.MGU(3, return_sequences=True),
            backward_layer=zoo.LSTM(4, return_sequences=True),
            merge_mode="linear",
        ),
        lambda: zoo.BiPeepholeLSTM(4, "avg", peephole="full", return_sequences=True, seed=5),
        lambda: zoo.BiLSTM(4, "gated", merge_states=True, return_state=True),
    ],
)
def test_saved_files_give_the_same_outputs(make, tmp_path):
    layer, x = make(), inputs()
    inside = keras.Input((None, FEATURES))
    outputs = layer(inside)
    model = keras.Model(inside, outputs[0] if isinstance(outputs, (list, tuple)) else outputs)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(array(loaded(x)), array(model(x)), atol=1e-6)
    assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()


def test_trains_with_masks_dropout_and_zoneout():
    model = keras.Sequential(
        [
            keras.layers.Embedding(9, FEATURES, mask_zero=True),
            zoo.BiGRU(UNITS, "gated", dropout=0.2, recurrent_dropout=0.2, zoneout=0.1),
            keras.layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.Adam(0.02), "mse")
    x = np.random.default_rng(0).integers(0, 9, (16, 6))
    y = (x > 4).mean(1, keepdims=True)
    losses = model.fit(x, y, epochs=30, verbose=0, batch_size=16).history["loss"]
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.filterwarnings("ignore:`shuffle=True`")  # Keras feeds a generator to its own fit
def test_keras_own_layer_test():
    from keras.src.testing import TestCase

    TestCase().run_layer_test(
        zoo.Bidirectional,
        init_kwargs={"layer": zoo.GRU(4, return_sequences=True), "merge_mode": "gated"},
        input_shape=(3, 5, 4),
        expected_output_shape=(3, 5, 4),
        supports_masking=True,
        run_mixed_precision_check=False,
    )


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="JAX has no float64 by default")
@pytest.mark.parametrize("mode", ["gated", "linear"])
def test_learned_merges_keep_float64(mode):
    merge = zoo.Merge(mode, dtype="float64")
    f, b = (np.random.default_rng(k).normal(size=(2, 3, 5)) for k in range(2))
    y = array(merge(f, b))
    merge.kernel.assign(np.random.default_rng(2).normal(size=(10, 5)))
    y = array(merge(f, b))
    assert y.dtype == "float64"
    np.testing.assert_allclose(y, merged(mode, f, b, merge), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "make, error, text",
    [
        (lambda: zoo.BiLSTM(4, "concatt"), ValueError, "Did you mean 'concat'"),
        (lambda: zoo.Bidirectional(keras.layers.Dense(3)), TypeError, "Received"),
        (lambda: zoo.Bidirectional(zoo.GRU(3, go_backwards=True)), ValueError, "go_backwards"),
        (
            lambda: zoo.Bidirectional(zoo.GRU(3), backward_layer=zoo.GRU(3, return_state=True)),
            ValueError,
            "same `return_state`",
        ),
        (
            lambda: zoo.Bidirectional(zoo.GRU(3), "sum", backward_layer=zoo.GRU(4))(inputs()),
            ValueError,
            "widths 3 and 4",
        ),
        (lambda: zoo.BiGRU(3, merge_states=True), ValueError, "return_state=True"),
        (
            lambda: zoo.BiGRU(3, None, merge_states=True, return_state=True),
            ValueError,
            "not merged",
        ),
        (
            lambda: zoo.BiGRU(3)(inputs(), initial_state=[np.zeros((3, 3), "float32")]),
            ValueError,
            "Received: 1 states",
        ),
        (lambda: zoo.BiGRU(3, retrun_state=True), TypeError, "Did you mean 'return_state'"),
        (lambda: zoo.BiGRU(3)(inputs()[:, :0]), ValueError, "at least one time step"),
    ],
)
def test_bad_input_is_refused(make, error, text):
    with pytest.raises(error, match=text):
        make()
