"""Gradients of the hybrids against finite differences in float64, masks on every side."""

import contextlib

import keras
import numpy as np
import pytest
from gradients import check_against_differences, float64
from helpers import BACKEND, MASKS, filled, numpy, sequences

import keras_rnnzoo as zoo
from keras_rnnzoo.hybrids.ready import Ready

FEATURES, PLACES = 4, 3
APART = ["AttentionCell", "AttentionRNN", "ConvRNN2D", "HierarchicalAttention"]
NAMES = [n for n in zoo.list_layers("hybrid") if n not in APART]
NAMES = [n for n in NAMES if not issubclass(zoo.get(n), Ready)]  # equal to others
# Keras's own attention and dense layers round float64 on all backends but TensorFlow.
ROUNDED = ["RNNSelfAttention", "RNNTransformerBlock", "SelfAttention"]
CASES = {
    "torch": [name for name in NAMES if name not in ROUNDED],
    "tensorflow": ["AttentionPooling", *ROUNDED],
    "jax": ["AttentionPooling", "ConvRNN1D"],  # all of them would take minutes to compile
}[BACKEND]


@contextlib.contextmanager
def double():
    """Within, layers are made and computed in float64."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float64")
    try:
        with float64():
            yield
    finally:
        keras.config.set_dtype_policy(before)


class Reading(keras.layers.Layer):
    """Steps and, behind them, a memory: one input, so that both have their gradient."""

    def __init__(self, score, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        cell = zoo.AttentionCell(zoo.GRUCell(FEATURES), score)
        self.layer = zoo.AttentionRNN(
            cell, return_sequences=True, return_state=True, return_attention_scores=True
        )

    def build(self, shape):
        self.layer.build(shape, memory_shape=(shape[0], PLACES, FEATURES))

    def call(self, x, initial_state=None, mask=None):
        known = np.arange(PLACES) < np.resize([3, 1, 2, 0], len(MASKS))[:, None]
        steps, memory = x[:, :-PLACES], x[:, -PLACES:]
        given = {"initial_state": initial_state, "memory": memory, "memory_mask": known}
        return self.layer(steps, mask=mask, **given)


@pytest.mark.parametrize("name", CASES)
def test_gradients_are_finite_differences(name, rng):
    x = sequences(rng, len(MASKS), features=FEATURES, dtype="float64")
    with double():
        check_against_differences(filled(zoo.get(name).sample(), rng, FEATURES), x, [], MASKS)


@pytest.mark.parametrize("score", ["additive", "dot", "general"])
def test_attention_has_gradients_for_memory_and_states(score, rng):
    x = sequences(rng, len(MASKS), MASKS.shape[1] + PLACES, FEATURES, dtype="float64")
    states = [rng.normal(size=(len(x), FEATURES)) for _ in range(2)]
    with double():
        layer = filled(Reading(score), rng, FEATURES)
        assert [numpy(s).dtype for s in layer.layer.get_initial_state(1)] == ["float64"] * 2
        check_against_differences(layer, x, states, MASKS)


def test_attention_to_its_own_past_has_gradients(rng):
    x = sequences(rng, len(MASKS), features=FEATURES, dtype="float64")
    with double():
        cell = zoo.AttentionCell([zoo.LSTMCell(3), zoo.GRUCell(FEATURES)], "general", window=2)
        layer = zoo.AttentionRNN(cell, return_sequences=True, return_attention_scores=True)
        check_against_differences(filled(layer, rng, FEATURES), x, [], MASKS)
