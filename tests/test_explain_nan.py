"""Planted numbers that are not finite, and what is said of them."""

import keras
import numpy as np
import pytest
import running
from catalogue import TIME
from helpers import filled, sequences
from keras import ops

import keras_rnnzoo as zoo
from keras_rnnzoo.through_time import explain_nan, gradient_through_time


class Root(zoo.RecurrentCell):
    """Its square root has an infinite slope at zero."""

    gates = ("h",)

    def update(self, a, h):
        return ops.sqrt(a.h)


def ones(layer, x, scale=1.0):
    layer.build(x.shape)
    for weight in layer.weights:
        weight.assign(np.full(weight.shape, scale))
    return layer


@running.on_one_backend
def test_all_is_well(rng):
    assert explain_nan(zoo.LSTM(4), sequences(rng)) == ""


@running.on_one_backend
def test_a_weight_is_named(rng):
    layer = filled(zoo.GRU(4, name="memory"), rng)
    kernel = layer.get_weights()[0]
    kernel[0, 1:3] = np.nan
    layer.cell.kernel.assign(kernel)
    first = explain_nan(layer, sequences(rng)).splitlines()[0]
    assert "memory" in first and first.endswith("kernel: 2 of its 36 numbers are not finite.")


@running.on_one_backend
def test_states_that_overflow_are_found_at_their_step():
    """h grows by 1e20 a step: after two steps it is beyond float32."""
    x = np.ones((1, TIME, 1), "float32")
    layer = ones(zoo.SimpleRNN(1, activation="relu", name="plain", use_bias=False), x, 1e20)
    lines = explain_nan(layer, x).splitlines()
    assert (
        lines[0] == "Layer plain: its input is finite, its states are not, at step 1 (row 0) first."
    )
    assert lines[1:3] == ["The output is not finite.", "The loss is inf."]
    with pytest.raises(ValueError, match="states are not, at step 1 "):
        gradient_through_time(layer, x)


def test_input_that_is_not_finite_is_found(rng):
    """Padding is named where a backend lets it into the gradient."""
    x = sequences(rng)
    x[1, 3] = np.inf
    layer, mask = zoo.MGU(4, name="memory"), np.ones((3, TIME), bool)
    said = explain_nan(layer, x).splitlines()[0]
    assert said == "Layer memory: its input is not finite, at step 3 (row 1) first."
    mask[1, 3] = False
    said = explain_nan(layer, x, mask=mask)
    if keras.backend.backend() == "torch":
        assert said == ""
    else:
        assert said.startswith(
            "Layer memory: its input is not finite at step 3 (row 1), which is masked"
        )


def test_a_gradient_that_breaks_inside_a_layer_is_found_at_its_step():
    """Forwards all is finite: h = 1, √(3 + 1), √(-2 + 2), 1, √2."""
    x = np.array([1, 3, -2, 1, 1], "float32").reshape(1, TIME, 1)
    layer = ones(zoo.RecurrentLayer(Root(1, use_bias=False), name="root"), x)
    assert explain_nan(layer, x) == (
        f"Layer root: d loss / d h is not finite; walking back from the last of {TIME} steps, at "
        "step 1 (row 0) first."
    )


@running.on_one_backend
def test_a_gradient_that_breaks_behind_a_layer_is_found_at_its_step(rng):
    """The loss takes a root of what is zero at step 3 alone."""
    x = np.ones((1, TIME, 1), "float32")
    x[0, 3] = 0
    inputs = keras.Input((TIME, 1))
    layer = zoo.SimpleRNN(1, return_sequences=True, use_bias=False, name="plain")
    root = keras.layers.Lambda(ops.sqrt)
    model = keras.Model(inputs, root(layer(inputs)))
    layer.set_weights([np.ones((1, 1)), np.zeros((1, 1))])
    said = explain_nan(model, x, np.ones((1, TIME, 1)), "mse")
    assert said.startswith("Layer plain: d loss / d h is not finite")
    assert said.endswith("at step 3 (row 0) first.")


def model_of(*layers):
    return keras.Sequential([keras.Input((TIME, 3)), *layers])


@running.on_one_backend
def test_targets_and_their_weights_are_named(rng):
    x, y = sequences(rng), rng.normal(size=(3, TIME, 2))
    model, weight = model_of(zoo.MGU(2, return_sequences=True)), np.ones((3, TIME))
    y[1, 3], weight[2, 1] = np.inf, np.nan
    lines = explain_nan(model, x, y, keras.losses.MeanSquaredError(), sample_weight=weight)
    assert lines.splitlines()[:2] == [
        "The target is not finite, at step 3 (row 1).",
        "The sample weight is not finite, at step 1 (row 2).",
    ]


@running.on_one_backend
def test_given_states_and_resets_are_walked():
    """h doubles at each step: from 1e38 it overflows at the second, unless it starts anew there."""
    x, resets = np.zeros((2, TIME, 1), "float32"), np.zeros((2, TIME), bool)
    layer = zoo.SimpleRNN(1, activation="linear", name="twice", use_bias=False)
    ones(layer, x, 2.0)
    start = {layer: [np.array([[1e-3], [1e38]], "float32")]}
    assert explain_nan(layer, x) == ""
    said = explain_nan(layer, x, states=start)
    assert said.startswith(
        "Layer twice: its input is finite, its states are not, at step 1 (row 1)"
    )
    resets[1, 1] = True
    assert explain_nan(layer, x, states=start, resets=resets) == ""


@running.on_one_backend
def test_a_gradient_of_a_weight_that_no_state_sees_is_named(rng):
    """The head is outside of the recurrence: d √(w + 1) / d w at w = -1."""

    class Head(keras.layers.Layer):
        def build(self, shape):
            self.scale = self.add_weight(shape=(1,), initializer=lambda *_, **__: -ops.ones(1))

        def call(self, x):
            return x + ops.sqrt(self.scale + 1)

    model = model_of(zoo.MGU(2, return_sequences=True), Head(name="head"))
    said = explain_nan(model, sequences(rng), np.zeros((3, TIME, 2)), "mse")
    assert said.startswith("States and loss are finite, d loss / d weight ") and "head" in said
