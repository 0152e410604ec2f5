"""PyTorch's fused layers compute what the step loop computes, and are used only where they do."""

import keras
import numpy as np
import pytest
from keras import ops

import keras_rnnzoo as zoo
from keras_rnnzoo import kernels

BATCH, TIME, FEATURES, UNITS = 4, 6, 3, 5
MASKS = {
    "none": None,
    "right": [[1] * 4 + [0] * 2, [1] * 6, [1] + [0] * 5, [1] * 3 + [0] * 3],
    "any": [[0, 1, 0, 1, 1, 0], [1] * 6, [0] * 6, [0, 0, 0, 0, 0, 1]],
    "empty": [[0] * 6] * 4,
}
CASES = [
    ("LSTM", {}),
    ("LSTM", {"use_bias": False}),
    ("GRU", {}),
    ("GRU", {"use_bias": False}),
    ("SimpleRNN", {}),
    ("SimpleRNN", {"activation": "relu"}),
]
torch_only = pytest.mark.skipif(
    keras.backend.backend() != "torch", reason="only PyTorch has fused kernels here"
)


def both(name, options):
    """A layer that may use the fused kernel, and one of equal weights that steps."""
    fused = zoo.get(name)(UNITS, return_sequences=True, return_state=True, **options)
    fused.build((None, None, FEATURES))
    stepped = type(fused).from_config(fused.get_config())
    stepped.build((None, None, FEATURES))
    random = np.random.default_rng(1)
    weights = [random.normal(size=w.shape).astype("float32") * 0.5 for w in fused.weights]
    fused.set_weights(weights)
    stepped.set_weights(weights)
    stepped.cell.family = None
    return fused, stepped


@torch_only
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("name, options", CASES)
def test_values_and_gradients_equal_the_step_loop(name, options, mask):
    layers = both(name, options)
    assert "fused" in layers[0].explain_kernel() and "fused layer" not in layers[1].explain_kernel()
    random = np.random.default_rng(0)
    mask = None if MASKS[mask] is None else np.array(MASKS[mask], bool)
    x = ops.convert_to_tensor(random.normal(size=(BATCH, TIME, FEATURES)).astype("float32"))
    start = [random.normal(size=(BATCH, UNITS)).astype("float32") for _ in layers[0].cell.states]
    results = []
    for layer in layers:
        leaves = [x.clone().requires_grad_(), *map(ops.convert_to_tensor, start)]
        leaves = [leaf.detach().clone().requires_grad_() for leaf in leaves]
        outputs = layer(leaves[0], initial_state=leaves[1:], mask=mask)
        loss = sum((output**2).sum() * (k + 1) for k, output in enumerate(outputs))
        loss.backward()
        gradients = [leaf.grad for leaf in leaves] + [w.value.grad for w in layer.weights]
        results.append([*outputs, *gradients])
    for one, other in zip(*results):
        if one is None or other is None:  # no path to this weight: every step is masked
            assert one is None or not one.abs().max() > 0
            assert other is None or not other.abs().max() > 0
            continue
        np.testing.assert_allclose(
            one.detach().numpy(), other.detach().numpy(), atol=2e-5, rtol=2e-5
        )


@torch_only
@pytest.mark.parametrize(
    "name, options, reason",
    [
        ("LSTM", {"layer_norm": True}, "`layer_norm` changes the step"),
        ("LSTM", {"zoneout": 0.1}, "`zoneout` changes the step"),
        ("LSTM", {"activation": "relu"}, "`activation` changes the step"),
        ("LSTM", {"cell_clip": 3.0}, "`cell_clip` changes the step"),
        ("GRU", {"reset_after": False}, "`reset_after` changes the step"),
        ("GRU", {"recurrence": "diagonal"}, "`recurrence` changes the step"),
        ("LSTM", {"dtype": "mixed_bfloat16"}, "not used in bfloat16"),
        ("PeepholeLSTM", {}, "no fused kernel exists for this cell"),
    ],
)
def test_it_says_why_it_is_not_used(name, options, reason):
    layer = zoo.get(name)(UNITS, **options)
    assert reason in layer.explain_kernel()
    x = np.zeros((2, 3, FEATURES), "float32")
    layer(x)
    assert kernels.fused(layer.cell, x, [], None, True) is None


def test_a_cell_with_a_step_of_its_own_is_not_fused():
    class Doubled(zoo.LSTMCell):
        def update(self, a, h, c):
            h, c = super().update(a, h, c)
            return 2 * h, c

    assert zoo.LSTMCell.family == "lstm" and Doubled.family is None
    layer = zoo.RecurrentLayer(Doubled(UNITS))
    plain = zoo.LSTM(UNITS)
    x = np.ones((2, 1, FEATURES), "float32")
    layer.build(x.shape), plain.build(x.shape)
    layer.set_weights(plain.get_weights())
    np.testing.assert_allclose(
        ops.convert_to_numpy(layer(x)), 2 * ops.convert_to_numpy(plain(x)), atol=1e-6
    )


def test_recurrent_dropout_still_acts_in_training():
    layer = zoo.LSTM(UNITS, recurrent_dropout=0.5)
    x = np.ones((2, 5, FEATURES), "float32")
    calm = ops.convert_to_numpy(layer(x))
    np.testing.assert_array_equal(calm, ops.convert_to_numpy(layer(x)))
    assert np.abs(ops.convert_to_numpy(layer(x, training=True)) - calm).max() > 1e-4
