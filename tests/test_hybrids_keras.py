"""Keras's own layer test on the hybrids."""

import keras
import pytest
from helpers import BACKEND
from test_keras import keras_test  # noqa: F401

import keras_rnnzoo as zoo


def inner():
    return {"layer": zoo.GRU(4, return_sequences=True)}


OPTIONS = {
    "AttentionPooling": {"num_heads": 2, "units": 3},
    "AttentionRNN": {"cell": zoo.AttentionCell(zoo.GRUCell(4), window=2)},
    "BiGRUAttention": {"units": 4, "dropout": 0.1},
    "BiLSTMAttention": {"units": 4},
    "CNNGRU": {"units": 4, "filters": 3, "strides": 2, "return_sequences": True},
    "CNNLSTM": {"units": 4, "filters": 3, "conv_dropout": 0.1},
    "ConvRNN1D": {**inner(), "filters": 3, "kernel_sizes": (2, 3), "residual": True},
    "ConvRNN2D": {**inner(), "filters": (2,), "features": 3, "context": (2, 1)},
    "RNNAttention": inner(),
    "RNNSelfAttention": {**inner(), "num_heads": 2, "dropout": 0.1},
    "RNNTransformerBlock": {**inner(), "num_heads": 2},
    "SelfAttention": {"num_heads": 2, "causal": True},
}
# Each compiles a training step, which is dear on JAX and TensorFlow: there those of each kind.
FEW = ["AttentionPooling", "CNNGRU", "RNNTransformerBlock"]
APART = {"AttentionCell": "a cell: called with states", "HierarchicalAttention": "four axes"}


def fresh(value):
    """A layer made now: Keras's test counts names anew, so those made before may clash."""
    return value.from_config(value.get_config()) if isinstance(value, keras.Layer) else value


@pytest.mark.filterwarnings("ignore:`shuffle=True` was passed:UserWarning")
@pytest.mark.parametrize("name", OPTIONS if BACKEND == "torch" else FEW)
def test_keras_own_layer_test(name, keras_test):  # noqa: F811
    options = {key: fresh(value) for key, value in OPTIONS[name].items()}
    layer = zoo.get(name)(**options)
    x = (2, 5, 4)
    keras_test.run_layer_test(
        zoo.get(name),
        init_kwargs=options,
        input_shape=x,
        expected_output_shape=layer.compute_output_shape(x),
        supports_masking=True,
    )


def test_every_hybrid_is_tested_or_says_why_not():
    assert sorted([*OPTIONS, *APART]) == zoo.list_layers("hybrid")
