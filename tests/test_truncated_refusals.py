"""What truncated backpropagation refuses, and how it says where a loss stopped being finite."""

import warnings

import keras
import numpy as np
import pytest
from helpers import close, numpy, sequences
from running import on_one_backend
from test_truncated import OUTPUTS, QUIET, ROWS, TIME, model_of, trainer_of

import keras_rnnzoo as zoo
from keras_rnnzoo.base.passage import Passage
from keras_rnnzoo.through_time import TruncatedBPTT, explain_nan
from keras_rnnzoo.through_time.segments import Segments


@pytest.fixture
def x(rng):
    return sequences(rng, ROWS, TIME)


@pytest.fixture
def y(rng):
    return sequences(rng, ROWS, TIME, OUTPUTS)


# Segments ----------------------------------------------------------------------------------------


@on_one_backend
def test_rows_are_drawn_anew_and_windows_keep_their_order():
    x = np.arange(70).reshape(7, 10)
    lengths = [10, 3, 7, 10, 3, 1, 10]
    segments = Segments(x, window=4, batch_size=2, lengths=lengths, shuffle=True, seed=1)
    orders = []
    for epoch in (0, 1, 0):
        segments.set_epoch(epoch)
        assert segments.num_batches == 1 + 2 + 3 + 3  # rows of 1, 1 | 1, 2 | 3, 3 | 3 windows
        seen, order = {}, []
        for index in range(segments.num_batches):
            ((inputs),) = segments[index]
            assert inputs["window"].shape == inputs["valid"].shape == (2, 4)
            for window, valid, begins in zip(inputs["window"], inputs["valid"], inputs["begins"]):
                if valid.any():
                    row = window[0] // 10
                    assert begins == (row not in seen)
                    seen[row] = [*seen.get(row, []), *window[valid].tolist()]
                    order.append(row)
        assert seen == {k: x[k, :n].tolist() for k, n in enumerate(lengths)}
        orders.append(order)
    assert orders[0] == orders[2] != orders[1]
    assert "(rows " in segments.position(0)


@on_one_backend
def test_a_window_longer_than_the_sequence_is_cut_and_that_is_said_once(x, y):
    trainer = trainer_of("LSTM", 50)
    with pytest.warns(UserWarning, match="window of 50 steps .* was cut to its 7 steps"):
        trainer.fit(x, y, **QUIET)
    with warnings.catch_warnings(action="error", category=UserWarning):
        trainer.fit(x, y, **QUIET)


# Refusals ----------------------------------------------------------------------------------------


def fits(layers, x, y, loss="mse", **options):
    trainer = TruncatedBPTT(keras.Sequential(layers), 3)
    trainer.compile("sgd", loss)
    trainer.fit(x, y, **QUIET, **options)


SEQUENCES = {"return_sequences": True}


def attention():
    cell = zoo.AttentionCell(zoo.GRUCell(4), window=2)
    return zoo.AttentionRNN(cell, return_sequences=True, name="attending")


LAYERS = {
    "keras": (lambda: keras.layers.LSTM(2, **SEQUENCES, name="theirs"), "'theirs'.*walks time"),
    "attention": (attention, "'attending' .AttentionRNN. walks time by itself"),
    "both ways": (lambda: zoo.Bidirectional(zoo.MGU(1, **SEQUENCES)), "needs its end"),
    "backwards": (lambda: zoo.GRU(2, **SEQUENCES, go_backwards=True), "needs its end"),
    "stateful": (lambda: zoo.GRU(2, **SEQUENCES, stateful=True), "Build .* stateful=False"),
    "last": (lambda: zoo.GRU(2), "must give one output .*return_sequences=True"),
    "none": (lambda: keras.layers.Dense(2), "Expected a model with recurrent layers"),
}


@on_one_backend
@pytest.mark.parametrize("name", LAYERS)
def test_layers_that_cannot_be_carried_are_named(name, x, y):
    layer, message = LAYERS[name]
    with pytest.raises(ValueError, match=message):
        fits([layer()], x, y)


@on_one_backend
def test_layers_in_places_where_they_cannot_be_carried(x, y):
    twice = zoo.MGU(3, **SEQUENCES, name="twice")
    with pytest.raises(ValueError, match="'twice' is called more than once.*Received: 2 calls"):
        fits([keras.Input((None, 3)), twice, keras.layers.Activation("relu"), twice], x, y)
    shorter = [keras.layers.AveragePooling1D(2), zoo.MGU(2, **SEQUENCES, name="after")]
    with pytest.raises(ValueError, match=r"'after' must walk .*\(4, 3\).*shape \(4, 1\)"):
        fits(shorter, x, y)
    around = [keras.layers.Conv1D(2, 3, padding="causal", name="wide"), zoo.MGU(2, **SEQUENCES)]
    with pytest.warns(UserWarning, match="'wide' .Conv1D. sees each window alone"):
        fits(around, x, y)


BAD = {
    "window": (lambda x, y: TruncatedBPTT(model_of("LSTM"), 0), ValueError, "window"),
    "model": (lambda x, y: TruncatedBPTT(zoo.LSTM(3), 4), TypeError, "takes a keras.Model"),
    "no targets": (lambda x, y: trainer_of("LSTM", 3).fit(x), ValueError, "y=None"),
    "targets": (lambda x, y: trainer_of("LSTM", 3).fit(x, y[:, :4]), ValueError, r"\(4, 7\).*y.sh"),
    "no time": (lambda x, y: trainer_of("LSTM", 3).fit(x, y[:, 0]), ValueError, r"\(4, 7\).*y.sh"),
    "lengths": (
        lambda x, y: trainer_of("LSTM", 3).fit(x, y, lengths=[0, 1, 1, 1]),
        ValueError,
        "from 1 to 7 .*Received: lengths=",
    ),
    "resets": (
        lambda x, y: trainer_of("LSTM", 3).fit(x, y, resets=np.zeros((4, 2))),
        ValueError,
        r"`resets` must begin .*resets.shape=\(4, 2\)",
    ),
    "ragged": (
        lambda x, y: trainer_of("LSTM", 3).fit([x[0], x[1, :4]], y[:2]),
        TypeError,
        "Pad rows of unequal length .* `lengths`. Received: a list of 2",
    ),
    "generator": (lambda x, y: trainer_of("LSTM", 3).fit(iter(x)), TypeError, "must be an array"),
}


@on_one_backend
@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused(name, x, y):
    call, error, message = BAD[name]
    with pytest.raises(error, match=message):
        call(x, y)


@on_one_backend
def test_a_loss_without_time_is_refused(x, y):
    """Targets (rows, time) beside outputs (rows, time, 1): the squared error averages over time."""
    layers = [zoo.MGU(3, **SEQUENCES), keras.layers.Dense(1)]
    with pytest.raises(
        ValueError, match=r"number for each row and step.* losses of shape .4,. from"
    ):
        fits(layers, x, y[..., 0])


# Losses that are not finite ----------------------------------------------------------------------


def test_a_run_that_explodes_names_window_layer_and_step(rng):
    """h_t = x_t + w h_(t-1): the first update makes w so large that h overflows in the next window.

    The third one is padded, so that steps are weighted.
    """
    walker = zoo.SimpleRNN(1, activation="linear", return_sequences=True, name="walker")
    model = keras.Sequential([keras.Input((None, 1)), walker])
    x = np.ones((1, 9, 1), "float32")
    trainer = TruncatedBPTT(model, 4)
    trainer.compile(keras.optimizers.SGD(1e15), "mae")
    model.set_weights([np.ones((1, 1)), np.ones((1, 1)), np.zeros(1)])
    message = (
        r"batch 0 \(rows 0\), window 1 \(steps 4 to 7\) of epoch 0\. Counted from 0 within "
        r"that window:\nLayer walker: its input is finite, its states are not, first h at step 2 "
        r"of 4 \(row 0\)\.\n(.*\n)*What to do first: lower the learning rate or clip .*\n"
        r"The model has the weights from before that window"
    )
    with pytest.raises(ValueError, match=message):
        trainer.fit(x, 0 * x, **QUIET)
    assert all(np.isfinite(w).all() for w in model.get_weights())
    assert abs(model.get_weights()[1][0, 0]) > 1e14  # those after the first window


@on_one_backend
def test_each_place_where_nan_can_begin(x, y):
    def said(x=x, y=y, loss="mse", model=None):
        return explain_nan(model or model_of("LSTM"), x, y, loss)

    bad = x.copy()
    bad[2, 5, 1] = np.nan
    assert said(x=bad).startswith("Data: x is not finite, at step 5 of 7 (row 2) first.\nLayer wal")
    bad = y.copy()
    bad[1, 3] = np.inf
    assert said(y=bad).startswith("Data: y is not finite, at step 3 of 7 (row 1) first.\nThe loss")
    model = model_of("LSTM")
    model.layers[1].bias.assign([np.nan, 0.0])
    assert "head/bias: 1 of its 2 numbers are not finite." in said(model=model).splitlines()[0]
    weights = np.ones((ROWS, TIME, 1), "float32")
    weights[:, [2, 4]] = 0  # there the gradient of the root is infinite

    def root(y, outputs):
        return keras.ops.sqrt(keras.ops.sum(keras.ops.abs(outputs) * y, axis=-1))

    message = "Layer walker: d loss / d h is not finite; walking back from the end, at step 4 of 7"
    assert said(y=weights, loss=root, model=model_of("MinGRU")).startswith(message)
    trainer = trainer_of("MinGRU", 3, "adam", loss=root)  # the same, met while training
    message = r"window 0 \(steps 0 to 2\)(?s:.*)walker: d loss / d h .* at step 2 of 3 \(row 0\)"
    with pytest.raises(ValueError, match=message):
        trainer.fit(x, weights, **QUIET)
    assert said() == ""


@on_one_backend
def test_an_update_that_breaks_weights_is_named(x, y):
    """Loss and gradients are finite, their product with the learning rate is not."""
    trainer = trainer_of("LSTM", 3, keras.optimizers.SGD(3e38))
    message = r"window 0 (?s:.*)gradients are finite when .* weights that are not: .*head/bias"
    with pytest.raises(ValueError, match=message):
        trainer.fit(x, 1e3 * y, **QUIET)


@on_one_backend
def test_the_last_update_of_an_epoch_is_looked_at_too(x, y):
    """The only one here: its loss was finite. No callback sees the weights that it made."""
    trainer, seen = trainer_of("LSTM", TIME, keras.optimizers.SGD(3e38)), []
    look = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    with pytest.raises(ValueError, match="window 0 (?s:.*)weights that are not: .*head/bias"):
        trainer.fit(x, 1e3 * y, callbacks=[look], **QUIET)
    assert not seen and all(np.isfinite(value).all() for value in trainer.model.get_weights())


@on_one_backend
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (lambda x, y: (x,), r"is .x, y., .x, y, sample_weight., .*Received: tuple of 1"),
        (lambda x, y: (x, y, y, y), "Received: tuple of 4"),
        (lambda x, y: x, "Received: ndarray"),
        (lambda x, y: {"x": x}, "Expected targets for every step. Received: y=None"),
        (lambda x, y: (x[..., :2], y), "expected axis -1 .* value 3"),
        (lambda x, y: (x, y[..., 0]), "loss must give a number for each row and step"),
    ],
)
def test_validation_data_are_looked_at_before_training(data, message, x, y):
    trainer = trainer_of("LSTM", 3)
    before = trainer.model.get_weights()
    with pytest.raises(ValueError, match=message):
        trainer.fit(x, y, validation_data=data(x, y), **QUIET)
    close(trainer.model.get_weights(), before, 0)
    trainer.fit(x, y, validation_data={"x": x[:3], "y": y[:3], "batch_size": 2}, **QUIET)
    with pytest.raises(ValueError, match="y=None"):
        trainer.evaluate(x)


# The mask of a passage ---------------------------------------------------------------------------


@on_one_backend
def test_a_passage_masks_what_a_layer_does_not(x):
    """Beside the layer's own mask, in both directions and in a stack."""
    own, outer = np.ones((2, ROWS, TIME), bool)
    own[:, :2], outer[0, 5:], outer[1, 3:] = False, False, False
    options = {"bidirectional": True, "return_sequences": True}
    stack = zoo.StackedRecurrent("mgu", 4, depth=2, **options)
    expected = numpy(stack(x, mask=own & outer))
    with Passage(mask=outer):
        close(stack(x, mask=own), expected)
    expected = numpy(stack(x, mask=outer))
    with Passage(mask=outer):
        close(stack(x), expected)
