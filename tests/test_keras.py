"""Our layers among Keras's own: its layer test, its wrappers, its trainers, its imports."""

import keras
import numpy as np
import pytest
from catalogue import (
    BATCH,
    CASES,
    EVERY,
    FEATURES,
    FROZEN,
    PRECISE,
    REGISTERED,
    TIME,
    case,
)
from helpers import BACKEND, MASKS, by_oracle, close, filled, numpy, sequences, weights_of
from keras.src.testing import TestCase
from running import FIRST

from keras_rnnzoo import LSTM, LSTMCell, RecurrentLayer

# Each of these compiles a training step, which is dear on JAX: there one layer of each kind.
TESTED = CASES if BACKEND == FIRST else [c for c in REGISTERED if c.name != "SimpleRNN"]
TRAINED = CASES if BACKEND == FIRST else [case("GRU", reset_after=False), case("MinGRU")]

# Defaults that are meant for hundreds of steps, which five steps would need long to show.
QUICKER = {
    "AntisymmetricRNN": {"epsilon": 0.5},
    "CoRNN": {"dt": 0.5, "gamma": 1.0, "epsilon": 1.0},
    "PhasedLSTM": {"initial_ratio_on": 1.0, "longest_period": 10.0},
}


@pytest.fixture
def keras_test():
    test = TestCase()
    test.setUp()
    yield test
    test.doCleanups()
    keras.config.enable_traceback_filtering()


# The layer test of Keras trains on a generator, and Keras warns that it cannot shuffle that.
@pytest.mark.filterwarnings("ignore:`shuffle=True` was passed:UserWarning")
@pytest.mark.parametrize("case", TESTED, ids=str)
def test_keras_own_layer_test(case, keras_test):
    layer = filled(case.layer(), np.random.default_rng())
    keras_test.run_layer_test(
        type(layer),
        init_kwargs={"units": 4, **dict(case.own), "return_sequences": True, "dropout": 0.1},
        input_shape=(BATCH, TIME, FEATURES),
        expected_output_shape=(BATCH, TIME, 4),
        expected_num_trainable_weights=0 if case.name in FROZEN else len(layer.weights),
        expected_num_non_trainable_weights=len(layer.weights) if case.name in FROZEN else 0,
        expected_num_seed_generators=1,
        supports_masking=True,
        run_training_check=case.name not in FROZEN,
        run_mixed_precision_check=case.name not in PRECISE,
    )


@pytest.mark.parametrize("case", CASES, ids=str)
def test_keras_own_layer_test_on_bare_cells(case, keras_test):
    cell = case.cell()
    cell.build((BATCH, FEATURES))
    states = [np.zeros((BATCH, *cell.state_shape(name)), "float32") for name in cell.states]
    keras_test.run_layer_test(
        type(cell),
        init_kwargs={"units": 4, **dict(case.own)},
        input_shape=(BATCH, FEATURES),
        call_kwargs={"states": states},
        run_training_check=False,
        run_mixed_precision_check=False,  # it calls a cell without states, Keras's own fail too
    )


@pytest.mark.parametrize("case", TESTED, ids=str)
def test_keras_bidirectional_with_masks(case, rng):
    both = keras.layers.Bidirectional(case.layer(return_sequences=True))
    both.build((None, TIME, FEATURES))
    for weight in both.weights:
        weight.assign(rng.normal(size=weight.shape) * 0.6)
    x = sequences(rng, len(MASKS))
    got = numpy(both(x, mask=MASKS))
    forward = by_oracle(case, both.forward_layer, x, mask=MASKS)[0]
    backward = by_oracle(case, both.backward_layer, x, mask=MASKS, reverse=True)[0][:, ::-1]
    expected = np.concatenate([forward, backward], axis=-1)
    close(got, np.where(MASKS[..., None], expected, 0.0))


@pytest.mark.parametrize("case", TESTED, ids=str)
def test_a_bare_cell_in_keras_rnn_is_the_layer(case, rng):
    cell = case.cell()
    rnn = keras.layers.RNN(cell, return_sequences=True, return_state=True)
    layer = filled(case.layer(return_sequences=True, return_state=True), rng)
    rnn.build((None, TIME, FEATURES))
    rnn.set_weights(layer.get_weights())
    x = sequences(rng)
    close(list(rnn(x)), layer(x))


def test_options_of_a_bare_cell_are_those_of_the_layer(rng):
    cell = case("LSTM").cell(layer_norm=True, cell_clip=0.2)
    layer = filled(RecurrentLayer(cell, return_sequences=True), rng)
    named = filled(LSTM(4, layer_norm=True, cell_clip=0.2, return_sequences=True), rng)
    named.set_weights(layer.get_weights())
    x = sequences(rng)
    close(layer(x), named(x), 0)
    rnn = keras.layers.RNN(cell, return_sequences=True)
    close(rnn(x), named(x), 1e-6)
    assert set(weights_of(layer)) == set(weights_of(named))


@pytest.mark.skipif(BACKEND == "jax", reason="Keras's own StackedRNNCells fails there")
def test_stacked_rnn_cells(rng):
    cells = [case("LSTM").cell(), case("MGU").cell(3)]
    rnn = keras.layers.RNN(cells, return_sequences=True)
    first, second = LSTM(4, return_sequences=True), case("MGU").layer(3, return_sequences=True)
    x = sequences(rng, len(MASKS))
    rnn(x)
    filled(first, rng), filled(second, rng, features=4)
    rnn.set_weights([*first.get_weights(), *second.get_weights()])
    close(rnn(x), second(first(x)))
    close(rnn(x, mask=MASKS), second(first(x, mask=MASKS), mask=MASKS))


@pytest.mark.parametrize("option", ["dropout", "recurrent_dropout", "zoneout"])
def test_a_bare_cell_refuses_to_train_with_noise(option, rng):
    cell = LSTMCell(4, **{option: 0.5})
    rnn = keras.layers.RNN(cell)
    x = sequences(rng)
    assert rnn(x).shape == (BATCH, 4)
    with pytest.raises(ValueError, match=f"Use the layer instead.*{option}=0.5"):
        rnn(x, training=True)
    assert RecurrentLayer(cell)(x, training=True).shape == (BATCH, 4)


@pytest.mark.parametrize("case", EVERY, ids=str)
def test_fit_with_every_kind_of_noise(case, rng):
    """Compiled as the backend does by default; noise drawn in a loop would leak on JAX."""
    options = case.taken(dropout=0.3, zoneout=0.3, recurrent_dropout=0.3)
    layer = case.layer(return_sequences=True, **options)
    model = keras.Sequential(
        [keras.Input((None, FEATURES)), keras.layers.Masking(), layer, keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.SGD(0.0), "mse")
    x, y = sequences(rng, 6), rng.normal(size=(6, TIME, 1))
    x[2, 3:] = 0.0
    losses = model.fit(x, y, batch_size=6, epochs=3, shuffle=False, verbose=0).history["loss"]
    assert len(set(losses)) == 3, "every step met the same noise"
    still = [model.evaluate(x, y, verbose=0) for _ in range(2)]
    assert still[0] == still[1]


@pytest.mark.parametrize("case", TRAINED, ids=str)
def test_training_lowers_the_loss(case, rng):
    model = keras.Sequential(
        [
            keras.Input((None, FEATURES)),
            case.layer(8, **QUICKER.get(case.name, {})),
            keras.layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.Adam(0.02), "mse")
    x = sequences(rng, 32)
    y = x[:, 1:2, -1] - x[:, 3:4, 1]  # the first channel may be a time
    history = model.fit(x, y, batch_size=32, epochs=30, verbose=0).history["loss"]
    assert history[-1] < 0.7 * history[0]
