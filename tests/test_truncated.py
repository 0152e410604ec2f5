"""Truncated backpropagation through time, against full backpropagation and against hand work."""

import keras
import numpy as np
import pytest
from catalogue import TALLY, case
from helpers import BACKEND, close, numpy, sequences
from running import FIRST, on_one_backend

import keras_rnnzoo as zoo
from keras_rnnzoo import kernels
from keras_rnnzoo.through_time import TruncatedBPTT
from keras_rnnzoo.training import Checkpoint

ROWS, TIME, FEATURES, UNITS, OUTPUTS, RATE = 4, 7, 3, 4, 2, 0.3


def stack():
    options = {"depth": 2, "connections": "residual", "return_sequences": True}
    return zoo.StackedRecurrent("mgu", UNITS, **options)


def layer_of(name):
    if name == "stack":
        return stack()
    found = TALLY if name == "Tally" else case(name)
    return found.layer(return_sequences=True, name="walker")


def model_of(layer, seed=3):
    keras.utils.set_random_seed(seed)
    layer = layer_of(layer) if isinstance(layer, str) else layer
    head = keras.layers.Dense(OUTPUTS, name="head")
    return keras.Sequential([keras.Input((None, FEATURES)), layer, head])


def trainer_of(layer, window, optimizer=None, loss="mse", **options):
    trainer = TruncatedBPTT(model_of(layer), window, **options)
    trainer.compile(optimizer or keras.optimizers.SGD(RATE), loss, metrics=["mae"])
    return trainer


@pytest.fixture
def x(rng):
    return sequences(rng, ROWS, TIME)


@pytest.fixture
def y(rng):
    return sequences(rng, ROWS, TIME, OUTPUTS)


LAYERS = ["LSTM", "MinGRU", "stack", "Tally"]
QUIET = {"verbose": 0, "shuffle": False}


def same_weights(model, other, tolerance=1e-6):
    close(model.get_weights(), other.get_weights(), tolerance)


# Full and truncated ------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", LAYERS if BACKEND == FIRST else LAYERS[-1:])
def test_a_window_of_all_steps_is_full_backpropagation(layer, x, y):
    whole = model_of(layer)
    whole.compile(keras.optimizers.SGD(RATE), "mse", metrics=["mae"])
    expected = whole.fit(x, y, batch_size=2, epochs=2, **QUIET).history
    trainer = trainer_of(layer, TIME)
    history = trainer.fit(x, y, batch_size=2, epochs=2, **QUIET).history
    same_weights(trainer.model, whole)
    assert set(history) == set(expected)
    for name in expected:
        close(history[name], expected[name])


def by_hand(weights, x, y, window):
    """One epoch of SGD on one batch for h_t = tanh(x_t W + h_(t-1) U + b), o_t = h_t V + c.

    Loss: the mean of (o - y)² over the steps of a window; h is cut between windows.
    """
    W, U, b, V, c = (w.astype("float64") for w in weights)
    h = np.zeros((len(x), len(U)))
    for first in range(0, x.shape[1], window):
        xs, ys = x[:, first : first + window], y[:, first : first + window]
        hs = [h]
        for t in range(xs.shape[1]):
            hs.append(np.tanh(xs[:, t] @ W + hs[-1] @ U + b))
        dW, dU, db, dV, dc = (np.zeros_like(w) for w in (W, U, b, V, c))
        back = np.zeros_like(h)
        for t in reversed(range(xs.shape[1])):
            do = 2 * (hs[t + 1] @ V + c - ys[:, t]) / ys.size
            dV, dc = dV + hs[t + 1].T @ do, dc + do.sum(0)
            da = (do @ V.T + back) * (1 - hs[t + 1] ** 2)
            dW, dU, db = dW + xs[:, t].T @ da, dU + hs[t].T @ da, db + da.sum(0)
            back = da @ U.T
        h = hs[-1]
        pairs = ((W, dW), (U, dU), (b, db), (V, dV), (c, dc))
        W, U, b, V, c = (w - RATE * d for w, d in pairs)
    return [W, U, b, V, c]


def test_truncated_gradients_are_those_computed_by_hand(x, y):
    """7 steps in windows of 3: the last one holds 1, and its loss is the mean over that one."""
    trainer = trainer_of("SimpleRNN", 3)
    expected = by_hand(trainer.model.get_weights(), x, y, 3)
    trainer.fit(x, y, batch_size=ROWS, **QUIET)
    close(trainer.model.get_weights(), expected, 2e-6)
    full = by_hand(model_of("SimpleRNN").get_weights(), x, y, TIME)
    assert max(np.abs(a - b).max() for a, b in zip(full, expected)) > 1e-3


@on_one_backend  # what is computed by hand above is tested on each
@pytest.mark.parametrize("layer", ["LSTM", "Tally", "MinGRU"])
def test_truncated_gradients_are_those_of_a_loop_with_initial_states(layer, x, y):
    """Two groups of two rows, windows of 3, 3 and 1 steps, SGD with gradients of each weight."""
    trainer, model = trainer_of(layer, 3), model_of(layer)
    trainer.fit(x, y, batch_size=2, **QUIET)
    walker, head = model.get_layer("walker"), model.get_layer("head")
    walker.return_state = True
    for rows in (slice(0, 2), slice(2, 4)):
        states = None
        for first in range(0, TIME, 3):
            part, wanted = x[rows, first : first + 3], y[rows, first : first + 3]
            states, gradients = one_window(walker, head, part, wanted, states)
            for weight, gradient in zip(model.trainable_variables, gradients):
                weight.assign_sub(RATE * gradient)
    same_weights(trainer.model, model)


def one_window(walker, head, x, y, states):
    """The states after the window, as arrays, and the gradient of each weight."""

    def gradient(weight):
        def loss(tensor):
            with keras.StatelessScope([(weight, tensor)]):
                outputs, *_ = walker(x, initial_state=states)
                errors = head(outputs) - keras.ops.convert_to_tensor(y)
                return keras.ops.mean(keras.ops.square(errors))

        return numpy(kernels.gradient(loss, keras.ops.convert_to_tensor(weight)))

    gradients = [gradient(w) for w in [*walker.trainable_variables, *head.trainable_variables]]
    return numpy(list(walker(x, initial_state=states))[1:]), gradients


# Rows, lengths, documents ------------------------------------------------------------------------


def as_rows_of_their_own(x, y, lengths):
    """One step of plain Keras whose loss is the mean over the steps before `lengths`."""
    model = model_of("LSTM")
    model.compile(keras.optimizers.SGD(RATE), "mse")
    weights = (np.arange(x.shape[1]) < np.array(lengths)[:, None]).astype("float32")
    model.fit(x, y, sample_weight=weights / weights.mean(), batch_size=len(x), **QUIET)
    return model


@on_one_backend
def test_lengths_leave_out_what_comes_after(x, y):
    lengths = [7, 2, 5, 1]
    expected = as_rows_of_their_own(x, y, lengths)
    trainer = trainer_of("LSTM", TIME)
    x[1, 2:], y[3, 1:] = 9.0, -9.0
    trainer.fit(x, y, lengths=lengths, batch_size=ROWS, **QUIET)
    same_weights(trainer.model, expected)


def test_documents_in_a_row_train_as_rows_of_their_own(x, y):
    """Borders at steps 2 and 5 of each row; once with a window, once through carried states."""
    starts, ends = [0, 2, 5], [2, 5, 7]
    parts = [np.zeros((3 * ROWS, 3, n), "float32") for n in (FEATURES, OUTPUTS)]
    for part, values in zip(parts, (x, y)):
        for k, (start, end) in enumerate(zip(starts, ends)):
            part[k * ROWS : (k + 1) * ROWS, : end - start] = values[:, start:end]
    expected = as_rows_of_their_own(*parts, np.repeat([2, 3, 2], ROWS))
    resets = np.zeros((ROWS, TIME), bool)
    resets[:, starts] = True
    trainer = trainer_of("LSTM", TIME)
    trainer.fit(x, y, resets=resets, batch_size=ROWS, **QUIET)
    same_weights(trainer.model, expected)
    documents = np.split(trainer.model.predict(parts[0], verbose=0), 3)
    documents = [part[:, : end - start] for part, start, end in zip(documents, starts, ends)]
    whole = TruncatedBPTT(trainer.model, 3).predict(x, resets=resets, verbose=0)
    close(whole, np.concatenate(documents, axis=1))


def test_predict_and_evaluate_walk_whole_sequences(x, y):
    trainer = trainer_of("stack", 3)
    model = trainer.model
    model.compile("sgd", "mse", metrics=["mae"])
    close(trainer.predict(x, batch_size=3, verbose=0), model.predict(x, verbose=0))
    expected = model.evaluate(x, y, verbose=0)
    close(trainer.evaluate(x, y, batch_size=3, verbose=0), expected)
    lengths = np.array([7, 2, 5, 1])
    found = trainer.evaluate(x, y, lengths=lengths, batch_size=3, verbose=0, return_dict=True)
    valid = np.arange(TIME) < lengths[:, None]
    errors = (model.predict(x, verbose=0) - y)[valid]
    close([found["loss"], found["mae"]], [(errors**2).mean(), np.abs(errors).mean()])


@on_one_backend
def test_without_carry_each_window_starts_from_zero(x, y):
    trainer = trainer_of("LSTM", 3, carry=False)
    parts = [trainer.model.predict(x[:, a : a + 3], verbose=0) for a in range(0, TIME, 3)]
    close(trainer.predict(x, verbose=0), np.concatenate(parts, axis=1))
    other = trainer_of("LSTM", 3)
    for one in (trainer, other):
        one.fit(x, y, **QUIET)
    assert np.abs(trainer.model.get_weights()[1] - other.model.get_weights()[1]).max() > 1e-4


def test_validation_changes_nothing(x, y):
    """Not even with another number of rows, and with another optimizer state to keep."""
    plain, validated = (trainer_of("LSTM", 3, keras.optimizers.Adam(0.1)) for _ in range(2))
    plain.fit(x, y, epochs=2, verbose=0)
    history = validated.fit(
        x, y, epochs=2, verbose=0, validation_data={"x": x[:3], "y": y[:3], "lengths": [7, 3, 7]}
    ).history
    same_weights(plain.model, validated.model)
    last = validated.evaluate(x[:3], y[:3], lengths=[7, 3, 7], verbose=0)
    close([history["val_loss"][-1], history["val_mae"][-1]], last)


@on_one_backend
def test_a_resumed_run_goes_on_as_if_it_had_not_stopped(x, y, tmp_path):
    def run(epochs):
        trainer = trainer_of("LSTM", 3, keras.optimizers.Adam(0.1), seed=5)
        checkpoint = Checkpoint(tmp_path / "checkpoint.npz")
        start = checkpoint.restore(trainer)
        options = {"callbacks": [checkpoint], "initial_epoch": start, "verbose": 0}
        trainer.fit(x, y, batch_size=2, epochs=epochs, **options)
        return trainer.model

    whole = trainer_of("LSTM", 3, keras.optimizers.Adam(0.1), seed=5)
    whole.fit(x, y, batch_size=2, epochs=3, verbose=0)
    run(2)
    same_weights(run(3), whole.model)


def test_windows_of_your_own_go_on_from_each_other(x, y):
    trainer, other = trainer_of("LSTM", 3), trainer_of("LSTM", 3)
    trainer.fit(x[:, :6], y[:, :6], **QUIET)
    for first in (0, 3):
        other.train_on_batch(x[:, first : first + 3], y[:, first : first + 3])
    same_weights(trainer.model, other.model)
    with pytest.raises(ValueError, match="belong to batches of 4 rows.*Received: a batch of 2"):
        other.train_on_batch(x[:2, :3], y[:2, :3])
    assert all(np.any(numpy(state.value)) for state in other.carried.variables)
    other.reset_state()
    assert not any(np.any(numpy(state.value)) for state in other.carried.variables)


@on_one_backend
def test_the_model_is_saved_and_used_without_what_trained_it(x, y, tmp_path):
    trainer = trainer_of("LSTM", 3)
    trainer.fit(x, y, **QUIET)
    assert len(trainer.weights) == len(trainer.model.weights)
    trainer.model.save(tmp_path / "model.keras")
    close(keras.saving.load_model(tmp_path / "model.keras")(x), trainer.model(x))


@on_one_backend
def test_a_trainer_that_was_saved_trains_on(x, y, tmp_path):
    """A callback saves what it trains, and that is this."""
    trainer = trainer_of("LSTM", 3, keras.optimizers.Adam(0.1), carry=True, seed=4)
    path = tmp_path / "trainer.keras"
    trainer.fit(x, y, batch_size=2, verbose=0, callbacks=[keras.callbacks.ModelCheckpoint(path)])
    again = keras.saving.load_model(path)
    assert (again.window, again.carry, again.seed) == (3, True, 4)
    for one in (trainer, again):
        one.fit(x, y, batch_size=2, epochs=2, initial_epoch=1, verbose=0)
    same_weights(again.model, trainer.model)


def test_masks_of_the_model_keep_working(rng):
    """Ids of zero in front and behind, which the model masks: they neither act nor count."""
    ids = rng.integers(1, 5, (2, 6))
    ids[0, :2], ids[1, 4:] = 0, 0
    y = rng.integers(0, 5, (2, 6))
    layers = [keras.layers.Embedding(5, 3, mask_zero=True), zoo.MGU(4, return_sequences=True)]
    model = keras.Sequential([*layers, keras.layers.Dense(5, activation="softmax")])
    trainer = TruncatedBPTT(model, 4)
    trainer.compile("sgd", "sparse_categorical_crossentropy")
    loss = trainer.evaluate(ids, y, verbose=0)
    said = model.predict(ids, verbose=0)
    close(loss, -np.log(np.take_along_axis(said, y[..., None], -1)[ids > 0]).mean())


@on_one_backend
def test_inputs_in_a_dict(rng):
    ids = rng.integers(0, 5, (2, 6))
    model = zoo.SequencePredictor(5, 5, "categorical", ids=True, units=4)
    trainer = TruncatedBPTT(model, 4)
    close(trainer.predict({"ids": ids}, verbose=0), model({"ids": ids}))
