"""Gradients of every layer: against finite differences in float64, and compiled by XLA."""

import keras
import numpy as np
import pytest
from catalogue import ARCHETYPES, CASES, SOME, TALLY
from gradients import check_against_differences, default_loss, differentiable, float64
from helpers import BACKEND, MASKS, by_oracle, close, filled, numpy, sequences, states_for
from running import FIRST

import keras_rnnzoo


@pytest.mark.parametrize("case", [*CASES, TALLY], ids=str)
def test_gradients_are_finite_differences(case, rng):
    """Of every weight, the input and the initial state, with masks on every side, compiled.

    The value is a sum in which every output and state has a weight of its own: that of the oracle.
    """
    with float64():
        layer = case.layer(return_sequences=True, return_state=True, dtype="float64")
        if case is TALLY:
            layer.cell.state_dtypes = {"s": "float64"}
        filled(layer, rng)
        x, states = sequences(rng, len(MASKS), dtype="float64"), states_for(layer, rng, len(MASKS))
        assert all(state.dtype == "float64" for state in states)
        value = check_against_differences(layer, x, states, MASKS)
        expected = map(keras.ops.convert_to_tensor, by_oracle(case, layer, x, states, MASKS))
        np.testing.assert_allclose(value, numpy(default_loss(list(expected))), 1e-9, 1e-9)


OPTIONS = [
    {"layer_norm": True, "integration": "multiplicative", "projection": 2},
    {"recurrence": "block", "blocks": 2, "zoneout": 0.3, "layer_norm": True},
    {"recurrence": "diagonal", "zoneout": 0.3, "go_backwards": True},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("case", SOME if BACKEND == FIRST else ARCHETYPES[1:2], ids=str)
def test_gradients_with_options(case, options, rng):
    options = case.taken(**options)
    with float64():
        layer = case.layer(return_sequences=True, return_state=True, dtype="float64", **options)
        if case is TALLY:
            layer.cell.state_dtypes = {"s": "float64"}
        filled(layer, rng)
        x, states = sequences(rng, len(MASKS), dtype="float64"), states_for(layer, rng, len(MASKS))
        check_against_differences(layer, x, states, MASKS)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="JAX compiles everywhere, torch does not")
@pytest.mark.parametrize("case", ARCHETYPES, ids=str)
def test_xla_on_tensorflow_gives_the_same_gradients(case, rng):
    import tensorflow as tf

    layer = filled(case.layer(return_sequences=True), rng)
    x, states = sequences(rng, len(MASKS)), states_for(layer, rng, len(MASKS))
    weights = [numpy(v) for v in layer.trainable_variables]
    expected = differentiable(layer, MASKS)(weights, [x, *states])

    @tf.function(jit_compile=True)
    def compiled(x, states):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, initial_state=states, mask=tf.constant(MASKS))
            scale = tf.reshape(tf.cos(tf.range(tf.size(y), dtype=tf.float32)), tf.shape(y))
            value = tf.reduce_sum(y * scale)
        return value, *tape.gradient(value, (x, [v.value for v in layer.trainable_variables]))

    value, by_x, by_weights = compiled(tf.constant(x), [tf.constant(s) for s in states])
    np.testing.assert_allclose(value, expected["value"], 1e-4, 1e-4)
    close(by_x, expected["x"], 1e-4)
    close(list(by_weights), expected["weights"], 1e-4)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="JAX compiles everywhere, torch does not")
@pytest.mark.parametrize("name", ["GRU", "IntersectionRNN"])
def test_xla_trains_layers_that_give_the_last_output_alone(name, rng):
    """With masks; a loop that carries an empty list of outputs has no gradient under XLA."""
    x, y = sequences(rng, len(MASKS)), rng.normal(size=(len(MASKS), 4))
    x[~MASKS] = 0.0
    losses = []
    for compiled in (True, False):
        layer = filled(getattr(keras_rnnzoo, name)(4), np.random.default_rng(3))
        model = keras.Sequential([keras.layers.Masking(), layer])
        model.compile("sgd", "mse", jit_compile=compiled)
        losses.append(model.fit(x, y, epochs=3, batch_size=6, verbose=0).history["loss"])
    close(*losses)
    assert losses[0][-1] < losses[0][0]
