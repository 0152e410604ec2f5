"""States: given, returned, kept between calls, streamed, and in a dtype of their own."""

import keras
import numpy as np
import pytest
from catalogue import BATCH, EVERY, FEATURES, PRECISE, TALLY, case
from helpers import MASKS, close, filled, numpy, sequences, states_for

from keras_rnnzoo import LSTM, RecurrentLayer, SimpleRNN, SimpleRNNCell
from keras_rnnzoo.base import arithmetic


def adder(**options):
    """h = h' + x: a running sum."""
    return SimpleRNN(
        1,
        activation="linear",
        use_bias=False,
        kernel_initializer="ones",
        recurrent_initializer="ones",
        **options,
    )


@pytest.mark.parametrize("case", EVERY, ids=str)
def test_two_halves_are_the_whole(case, rng):
    layer = filled(case.layer(return_sequences=True, return_state=True), rng)
    x, states = sequences(rng, len(MASKS)), states_for(layer, rng, len(MASKS))
    for mask in (None, MASKS):
        whole = layer(x, initial_state=states, mask=mask)
        parts = [slice(0, 2), slice(2, 5)]
        masks = [None if mask is None else mask[:, part] for part in parts]
        first, *between = layer(x[:, parts[0]], initial_state=states, mask=masks[0])
        second, *after = layer(x[:, parts[1]], initial_state=between, mask=masks[1])
        close(list(whole[1:]), after)
        outputs = np.concatenate([numpy(first), numpy(second)], axis=1)
        valid = np.ones(x.shape[:2], bool) if mask is None else mask
        close(numpy(whole[0])[valid], outputs[valid])


@pytest.mark.parametrize("case", EVERY, ids=str)
def test_streaming_step_by_step_is_the_whole(case, rng):
    layer = filled(case.layer(return_sequences=True, return_state=True), rng)
    x = sequences(rng)
    outputs, *after = layer(x)
    states, streamed = None, []
    for t in range(x.shape[1]):
        output, states = layer.step(x[:, t], states)
        streamed.append(numpy(output))
    close(np.stack(streamed, axis=1), outputs)
    close(states, after)


def test_streaming_builds_a_fresh_layer(rng):
    output, (h, c) = LSTM(4).step(sequences(rng)[:, 0])
    assert output.shape == h.shape == c.shape == (BATCH, 4)


@pytest.mark.parametrize("case", EVERY, ids=str)
def test_initial_state_as_keras_tensors(case, rng):
    """An encoder's states start a decoder, and inputs can be states."""
    encoder = filled(case.layer(return_state=True), rng)
    decoder = filled(case.layer(return_sequences=True), rng)
    a, b = keras.Input((None, FEATURES)), keras.Input((None, FEATURES))
    _, *states = encoder(a)
    model = keras.Model([a, b], decoder(b, initial_state=states))
    x, y = sequences(rng), sequences(rng, time=3)
    close(model([x, y]), decoder(y, initial_state=list(encoder(x)[1:])), 1e-6)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("case", [c for c in EVERY if c.name not in PRECISE], ids=str)
def test_mixed_precision_is_finite_and_close(case, policy, rng):
    full = filled(case.layer(return_sequences=True, return_state=True), rng)
    mixed = case.layer(return_sequences=True, return_state=True, dtype=policy)
    filled(mixed, rng).set_weights(full.get_weights())
    x, states = sequences(rng, len(MASKS)), states_for(full, rng, len(MASKS))
    got = mixed(x, initial_state=states, mask=MASKS)
    dtypes = [policy.removeprefix("mixed_"), *map(mixed.cell.state_dtype, mixed.cell.states)]
    assert [keras.backend.standardize_dtype(v.dtype) for v in got] == dtypes
    expected = full(x, initial_state=states, mask=MASKS)
    got = [keras.ops.cast(v, "float32") for v in got]
    assert all(np.isfinite(numpy(v)).all() for v in got)
    close(got, expected, 0.1 if "bfloat16" in policy else 0.02)
    extra = case.layer(return_sequences=True, dtype=policy, **case.taken(dropout=0.2, zoneout=0.2))
    assert np.isfinite(numpy(keras.ops.cast(extra(x, training=True), "float32"))).all()
    inputs = keras.Input((None, FEATURES), dtype="float32")
    assert [v.dtype for v in mixed(inputs)] == dtypes


def test_float32_state_counts_beyond_256_under_bfloat16():
    """On the way in, through the loop and on the way out; bfloat16 has no 257."""
    layer = TALLY.layer(return_state=True, dtype="mixed_bfloat16")
    x = np.zeros((2, 300, FEATURES), "float32")
    states = [np.zeros((2, 4), "float32"), np.full((2, 4, 2), 1001.0, "float32")]
    _, h, s = layer(x, initial_state=states)
    assert keras.backend.standardize_dtype(h.dtype) == "bfloat16"
    close(s[..., 1], np.full((2, 4), 1301.0), 0)
    _, (_, s) = layer.step(x[:, 0], [h, s])
    close(s[..., 1], np.full((2, 4), 1302.0), 0)
    layer = TALLY.layer(return_state=True, stateful=True, dtype="mixed_bfloat16")
    layer(x)
    close(layer(x)[2][..., 1], np.full((2, 4), 600.0), 0)


# Stateful --------------------------------------------------------------------------------------

SEVEN = np.full((2, 7, 1), 1.0, "float32")


def stateful_model():
    layer = adder(stateful=True)
    model = keras.Sequential([keras.Input(batch_shape=(2, 7, 1)), layer])
    model.compile(optimizer=keras.optimizers.SGD(0.0), loss="mae")
    return model, layer


def test_stateful_in_every_way_of_calling():
    model, layer = stateful_model()
    for total in (7, 14, 21):
        close(model.predict(SEVEN, verbose=0, batch_size=2), np.full((2, 1), total), 0)
    close(model(SEVEN), np.full((2, 1), 28.0), 0)
    target = np.zeros((2, 1), "float32")
    assert model.evaluate(SEVEN, target, batch_size=2, verbose=0) == 35
    history = model.fit(SEVEN, target, batch_size=2, epochs=2, verbose=0)
    assert history.history["loss"] == [42, 49]
    assert model.train_on_batch(SEVEN, target) == 56
    close(model.predict(SEVEN, verbose=0, batch_size=2), np.full((2, 1), 63.0), 0)
    layer.reset_state()
    close(model.predict(SEVEN, verbose=0, batch_size=2), np.full((2, 1), 7.0), 0)
    many = np.concatenate([SEVEN] * 3)  # three batches in one call
    got = model.predict(many, verbose=0, batch_size=2)
    close(got[:, 0], [14, 14, 21, 21, 28, 28], 0)


def test_stateful_keeps_masked_rows_and_takes_a_given_state():
    layer = adder(stateful=True)
    mask = np.array([[1] * 7, [0] * 7], bool)
    layer(SEVEN)
    close(layer(SEVEN, mask=mask)[:, 0], [14, 0], 0)
    close(layer(SEVEN)[:, 0], [21, 14], 0)
    close(layer(SEVEN, initial_state=[np.full((2, 1), 100.0, "float32")])[:, 0], [107, 107], 0)
    close(layer(SEVEN)[:, 0], [114, 114], 0)


def test_stateful_refuses_another_batch_and_an_unknown_one():
    layer = adder(stateful=True)
    layer(SEVEN)
    with pytest.raises(ValueError, match="batch of 2.*Received: batch of 3"):
        layer(np.ones((3, 7, 1), "float32"))
    with pytest.raises(ValueError, match=r"fixed batch size.*batch_shape=.*Received: shape=\(None"):
        adder(stateful=True)(keras.Input((7, 1)))


def test_states_are_no_weights():
    model, layer = stateful_model()
    stateless = keras.Sequential([keras.Input((7, 1)), adder()])
    assert [w.shape for w in model.weights] == [w.shape for w in stateless.weights]
    assert len(layer.non_trainable_variables) == len(layer.states) + 1  # and the seed
    assert not layer.non_trainable_weights
    model.set_weights(stateless.get_weights())
    model.predict(SEVEN, verbose=0, batch_size=2)
    model.set_weights(model.get_weights())
    close(model.predict(SEVEN, verbose=0, batch_size=2), np.full((2, 1), 14.0), 0)


def test_files_of_stateful_and_stateless_models_load_into_each_other(tmp_path, rng):
    def model(stateful):
        layer = LSTM(4, stateful=stateful)
        return keras.Sequential([keras.Input(batch_shape=(2, 7, 1)), layer])

    kept, plain = model(True), model(False)
    kept.predict(SEVEN, verbose=0)
    for source, target in ((kept, plain), (plain, kept)):
        source.set_weights([rng.normal(size=w.shape) for w in source.get_weights()])
        source.save_weights(tmp_path / "m.weights.h5")
        target.load_weights(tmp_path / "m.weights.h5")
        close(target.get_weights(), source.get_weights(), 0)
    kept.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    first = loaded.predict(SEVEN, verbose=0)
    close(first, plain.predict(SEVEN, verbose=0), 1e-6)
    assert np.abs(loaded.predict(SEVEN, verbose=0) - first).max() > 1e-3


@pytest.mark.parametrize("case", EVERY, ids=str)
def test_stateful_archetypes_go_on_where_they_stopped(case, rng):
    layer = filled(case.layer(stateful=True, return_state=True), rng)
    plain = filled(case.layer(return_state=True), rng)
    plain.set_weights(layer.get_weights())
    x = sequences(rng)
    _, *states = plain(x)
    layer(x)
    close(layer(x), plain(x, initial_state=states))
    layer.reset_state()
    close(layer(x), plain(x))


def test_training_a_stateful_layer_twice(rng):
    """The states of one batch are no part of the gradient graph of the next."""
    model = keras.Sequential(
        [keras.Input(batch_shape=(2, 7, 1)), case("LSTM").layer(stateful=True)]
    )
    model.compile("sgd", "mse")
    before = [numpy(w) for w in model.weights]
    model.fit(np.concatenate([SEVEN] * 2), np.ones((4, 4)), batch_size=2, epochs=2, verbose=0)
    assert all(np.abs(numpy(w) - b).max() > 0 for w, b in zip(model.weights, before))


class NamedCell(SimpleRNNCell):
    """A plain recurrence whose state has another name."""

    states = ("y",)

    def update(self, a, y):
        return self.phi(a.h)


class Named(RecurrentLayer):
    cell_class = NamedCell


def test_zoneout_leaves_the_output_alone_whatever_the_state_is_called(rng):
    x, options = sequences(rng), {"zoneout": 0.4, "return_sequences": True}
    plain, named = (filled(layer(3, **options), rng) for layer in (SimpleRNN, Named))
    named.set_weights(plain.get_weights())
    close(named(x), plain(x))
    assert not named.cell.output_is_state and Named(3).cell.output_is_state


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_norms_are_computed_in_float32(dtype):
    """The square of 1000 is beyond float16; the mean of many has few digits in either."""
    x = np.concatenate([np.full(4000, 1000.0), np.full(96, -1000.0)])[None].astype("float32")
    got = arithmetic.normalise(keras.ops.convert_to_tensor(x, dtype=dtype), 1)
    assert keras.backend.standardize_dtype(got.dtype) == dtype
    close(keras.ops.cast(got, "float32"), (x - x.mean()) / x.std(), 0.01)
