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
    said = explain_nan(layer, x)
    assert said.startswith(
        "Layer plain: its input is finite, its states are not, first h at step 1 of 5 (row 0).\n"
        "The output is not finite, at row 0 first.\n"
        "The loss is inf.\n"
    )
    assert said.splitlines()[-1].startswith("What to do first: lower the learning rate")
    with pytest.raises(ValueError, match="states are not, first h at step 1 of 5"):
        gradient_through_time(layer, x)


def test_input_that_is_not_finite_is_found(rng):
    """Padding is named where a backend lets it into the gradient."""
    x = sequences(rng)
    x[1, 3] = np.inf
    layer, mask = zoo.MGU(4, name="memory"), np.ones((3, TIME), bool)
    said = explain_nan(layer, x).splitlines()
    assert said[0] == "Data: x is not finite, at step 3 of 5 (row 1) first."
    assert said[1] == "Layer memory: its input is not finite, at step 3 of 5 (row 1) first."
    assert said[-1].startswith("What to do first: repair what stands there")
    mask[1, 3] = False
    ways = [{"mask": mask}, {"valid": mask}]
    for given in ways if keras.backend.backend() == running.FIRST else ways[:1]:
        said = explain_nan(layer, x, **given)
        if keras.backend.backend() == "torch":
            assert said == ""
        else:
            assert said.startswith(
                "Layer memory: its input is not finite at step 3 of 5 (row 1), which is masked."
            )
            assert "What to do first: pad with zeros" in said


def test_a_gradient_that_breaks_inside_a_layer_is_found_at_its_step():
    """Forwards all is finite: h = 1, √(3 + 1), √(-2 + 2), 1, √2."""
    x = np.array([1, 3, -2, 1, 1], "float32").reshape(1, TIME, 1)
    layer = ones(zoo.RecurrentLayer(Root(1, use_bias=False), name="root"), x)
    said = explain_nan(layer, x).splitlines()
    assert said[0] == (
        "Layer root: d loss / d h is not finite; walking back from the end, at step 1 of "
        f"{TIME} (row 0) first."
    )
    assert said[-1].startswith("What to do first: look for a root")
    with pytest.raises(ValueError, match="d loss / d h is not finite(?s:.*)What to do first"):
        gradient_through_time(layer, x)


def test_a_gradient_that_breaks_on_its_way_to_a_weight_is_found():
    """h = √0, then √(1 + 0), ...: every d loss / d h is finite, the slope of the first root is not.

    A frozen weight has no gradient.
    """
    x = np.array([0, 1, 1, 1, 1], "float32").reshape(1, TIME, 1)
    layer = ones(zoo.RecurrentLayer(Root(1, use_bias=False), name="root"), x)
    said = explain_nan(layer, x).splitlines()
    kernels = ", ".join(weight.path for weight in layer.weights)
    assert said[0] == f"d loss / d weight is not finite, for 2 of 2 weights: {kernels}."
    layer.trainable = False
    assert explain_nan(layer, x) == ""


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
    assert f"at step 3 of {TIME} (row 0) first." in said.splitlines()[0]


# States, resets, weights of the loss ------------------------------------------------------------


def exploding():
    """h_t = 1e20 (x_t + h_(t-1)), and three rows of ones."""
    x = np.ones((3, TIME, 1), "float32")
    layer = zoo.SimpleRNN(1, activation="relu", name="plain", use_bias=False)
    return ones(layer, x, 1e20), x


def test_states_start_where_they_are_told_to():
    """A start of 1e30 overflows at once, a reset at every step keeps h at 1e20."""
    layer, x = exploding()
    states = {layer: [np.array([[0], [1e30], [0]], "float32")]}
    resets = np.ones((3, TIME), bool)
    assert explain_nan(layer, x, resets=resets) == ""
    assert explain_nan(layer, x, states=states, resets=resets) == ""
    assert "first h at step 0 of 5 (row 1)." in explain_nan(layer, x, states=states)
    resets[2, 2:] = False  # starts anew at step 1 for the last time
    assert "first h at step 2 of 5 (row 2)." in explain_nan(layer, x, resets=resets)
    valid = np.arange(TIME) < np.array([[1], [5], [1]])
    said = explain_nan(layer, x, valid=valid)
    assert "first h at step 1 of 5 (row 1)." in said
    states[layer][0][2] = np.nan
    said = explain_nan(layer, x, states=states).splitlines()
    assert said[0] == "Layer plain: the states from which it starts are not finite (row 2 first)."
    assert said[-1] == "What to do first: give states that are finite, or start from zero."


@running.on_one_backend
def test_steps_of_a_backward_layer_count_from_the_end():
    """A border between steps 2 and 3 of the data: the walk starts anew at its step 2."""
    layer, x = exploding()
    layer.go_backwards = True
    resets = np.tile(np.arange(TIME) == 3, (3, 1))
    x[:, 3:] = 0
    assert "first h at step 3 of 5 (row 0)." in explain_nan(layer, x, resets=resets)


@running.on_one_backend
def test_states_of_a_stranger_are_refused(rng):
    states = {zoo.GRU(4, name="stranger"): [np.zeros((3, 4))]}
    with pytest.raises(ValueError, match="layers named memory.*Received: states of 'stranger'"):
        explain_nan(zoo.GRU(4, name="memory"), sequences(rng), states=states)


LOSSES = {"function": "mse", "object": keras.losses.MeanSquaredError()}


@running.on_one_backend
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_targets_and_weights_of_a_loss_are_looked_through(loss, rng):
    """A target that is not finite is told with a weight of zero too, as 0 · ∞ is NaN."""
    layer = filled(zoo.MGU(2, return_sequences=True), rng)
    x, y = sequences(rng), sequences(rng, features=2)
    weight = np.ones(y.shape[:2], "float32")
    assert explain_nan(layer, x, y, loss, sample_weight=weight) == ""
    y[0, 1], weight[0, 1] = np.inf, 0
    said = explain_nan(layer, x, y, loss, sample_weight=weight).splitlines()
    assert said[0] == "Data: y is not finite, at step 1 of 5 (row 0) first."
    assert said[1].startswith("The loss is nan, of an output that is finite, up to ")
    y[0, 1], weight[2, 4] = 0, np.nan
    said = explain_nan(layer, x, y, loss, sample_weight=weight).splitlines()
    assert said[0] == "Data: sample_weight is not finite, at step 4 of 5 (row 2) first."


# What stands around the layers -------------------------------------------------------------------


def model_of(layer, last=None, name="values"):
    inputs = keras.Input((TIME, 1), name=name)
    output = layer(inputs)
    return keras.Model({name: inputs}, output if last is None else last(output))


def plain(**options):
    return zoo.SimpleRNN(1, return_sequences=True, use_bias=False, name="plain", **options)


@running.on_one_backend
def test_the_output_is_told_from_the_loss():
    """log h is -∞ where h is zero; a loss that divides by zero has a finite output, tanh 1."""
    x, y = np.ones((2, TIME, 1), "float32"), np.ones((2, TIME, 1), "float32")
    x[1, 3] = 0
    layer = plain()
    model = model_of(layer, keras.layers.Lambda(ops.log))
    layer.set_weights([np.ones((1, 1)), np.zeros((1, 1))])
    said = explain_nan(model, {"values": x}, y, "mse").splitlines()
    assert said[:2] == [
        "The output is not finite, at step 3 of 5 (row 1) first.",
        "The loss is inf.",
    ]
    assert said[-1].startswith("What to do first: look at the layers behind the recurrent ones")
    said = explain_nan(layer, x, y, lambda y, output: y / output).splitlines()
    assert said[0] == "The loss is inf, of an output that is finite, up to 7.6e-01."
    assert said[-1].startswith("What to do first: look at the loss, as what goes into it is finite")
    x[0, 2] = np.nan
    said = explain_nan(model, {"values": x}, y, "mse").splitlines()
    assert said[0] == "Data: x['values'] is not finite, at step 2 of 5 (row 0) first."


@running.on_one_backend
def test_data_that_does_no_harm_is_let_be(rng):
    """Targets that are not known, and a loss that leaves them out."""
    layer, x, y = filled(plain(), rng, 1), sequences(rng, features=1), sequences(rng, features=1)
    y[0, 2] = np.nan

    def known(y, output):
        there = ops.isfinite(y)
        return ops.where(there, ops.square(ops.where(there, y, 0) - output), 0)

    assert explain_nan(layer, x, y, known) == ""
    assert explain_nan(layer, x, y, "mse").startswith(
        "Data: y is not finite, at step 2 of 5 (row 0)"
    )
    layer = filled(zoo.SimpleRNN(1, name="last"), rng, 1)
    said = explain_nan(layer, x, np.array([[0.0], [np.inf], [0.0]], "float32"), "mse")
    assert said.startswith("Data: y is not finite, at row 1 first.\nThe loss is inf, of")


@running.on_one_backend
def test_what_layers_add_to_the_loss_is_told():
    layer, x = plain(kernel_regularizer="l2"), np.zeros((1, TIME, 1), "float32")
    layer.build(x.shape)
    layer.set_weights([np.full((1, 1), 1e25), np.zeros((1, 1))])
    said = explain_nan(layer, x).splitlines()
    assert said[0] == "What layers add to the loss is inf." and "regularizers" in said[1]


@running.on_one_backend
def test_layers_are_told_from_the_last_one_back():
    """Two layers: the gradient breaks behind the second, and then in the first."""
    x, y = np.zeros((1, TIME, 1), "float32"), np.ones((1, TIME, 1), "float32")
    first, second = plain(), zoo.LSTM(1, return_sequences=True, name="second")
    model = model_of(first, lambda output: keras.layers.Lambda(ops.sqrt)(second(output)))
    said = explain_nan(model, {"values": x}, y, "mse").splitlines()
    starts = ["Layer second: d loss / d h", "Layer second: d loss / d c", "Layer plain: d loss"]
    assert [line.startswith(start) for line, start in zip(said, starts)] == [True] * 3
    assert said[3].startswith("d loss / d weight is not finite, for 5 of 5 weights: plain/")
