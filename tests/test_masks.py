"""Masks, lengths and the time axis: padding changes nothing, on whichever side it lies."""

import keras
import numpy as np
import pytest
from catalogue import ARCHETYPES, BATCH, EVERY, FEATURES, TIME, case
from helpers import BACKEND, MASKS, close, filled, numpy, sequences, states_for

from keras_rnnzoo import LSTM


@pytest.mark.parametrize("case", EVERY, ids=str)
def test_padding_equals_trimming(case, rng):
    layer = filled(case.layer(return_sequences=True, return_state=True), rng)
    x, states = sequences(rng, len(MASKS)), states_for(layer, rng, len(MASKS))
    outputs, *after = numpy(list(layer(x, initial_state=states, mask=MASKS)))
    for row in np.flatnonzero(MASKS.any(axis=1)):
        mask = MASKS[row]
        first = [state[row : row + 1] for state in states]
        trimmed, *end = layer(x[row : row + 1, mask], initial_state=first)
        close(outputs[row : row + 1, mask], trimmed)
        close([state[row : row + 1] for state in after], end)
        for t in range(TIME):  # the previous output is carried, zero before there is one
            if not mask[t]:
                carried = outputs[row, t - 1] if t else np.zeros(outputs.shape[-1])
                close(outputs[row, t], carried, 0)
    layer.return_sequences = False
    last = layer(x, initial_state=states, mask=MASKS)[0]
    close(last, outputs[:, -1], 1e-6)


@pytest.mark.parametrize("case", ARCHETYPES[1::4], ids=str)
def test_zero_output_for_mask(case, rng):
    layer = filled(case.layer(return_sequences=True), rng)
    x = sequences(rng, len(MASKS))
    plain = numpy(layer(x, mask=MASKS))
    layer.zero_output_for_mask = True
    close(layer(x, mask=MASKS), np.where(MASKS[..., None], plain, 0.0), 0)
    close(layer(x), layer(x, mask=np.ones_like(MASKS)), 1e-6)
    layer.go_backwards = True
    got = numpy(layer(x, mask=MASKS))
    assert (got[~MASKS[:, ::-1]] == 0).all() and (got[MASKS[:, ::-1]] != 0).any()


def test_lengths_beside_a_mask(rng):
    layer = filled(LSTM(4, return_sequences=True), rng)
    x, lengths = sequences(rng, 3), np.array([5, 2, 0])
    by_mask = np.arange(TIME) < lengths[:, None]
    close(layer(x, lengths=lengths), layer(x, mask=by_mask), 0)
    other = rng.random((3, TIME)) < 0.5
    close(layer(x, mask=other, lengths=lengths), layer(x, mask=other & by_mask), 0)
    ids, count = keras.Input((None, FEATURES)), keras.Input((), dtype="int32")
    model = keras.Model([ids, count], layer(ids, lengths=count))
    close(model([x, lengths]), layer(x, mask=by_mask), 0)


IDS = np.array([[1, 2, 3, 0, 0], [4, 0, 1, 2, 0], [0, 0, 3, 1, 2]])


def embedded(features=FEATURES):
    embedding = keras.layers.Embedding(6, features, mask_zero=True)
    embedding.build((None, None))
    return embedding


@pytest.mark.parametrize("with_states", [False, True], ids=["no states", "states"])
def test_attached_mask_arrives_and_is_handed_on(with_states, rng):
    """By Embedding(mask_zero=True), beside an initial state too; eagerly and in a model."""
    embedding = embedded()
    first = filled(case("LSTM").layer(return_sequences=True), rng)
    second = filled(case("IntersectionRNN").layer(), rng, features=4)
    states = states_for(first, rng, len(IDS))
    given = {"initial_state": states} if with_states else {}
    plain = numpy(embedding(IDS))
    between = first(plain, mask=IDS > 0, **given)
    expected = second(numpy(between), mask=IDS > 0)
    wrong = second(numpy(first(plain, **given)))
    assert np.abs(numpy(expected) - numpy(wrong)).max() > 1e-3
    close(second(first(embedding(IDS), **given)), expected, 1e-6)

    ids = keras.Input((None,), dtype="int32")
    inputs = [keras.Input(s.shape[1:]) for s in states] if with_states else []
    options = {"initial_state": inputs} if with_states else {}
    model = keras.Model([ids, *inputs], second(first(embedding(ids), **options)))
    data = [IDS, *states] if with_states else [IDS]
    close(model(data), expected, 1e-6)
    close(model.predict(data, verbose=0), expected, 1e-6)


def test_an_explicit_mask_wins_and_is_handed_on(rng):
    first = filled(LSTM(4, return_sequences=True, return_state=True, go_backwards=True), rng)
    x = sequences(rng, len(MASKS))
    outputs, *states = first(x, mask=MASKS)
    backwards = keras.src.backend.get_keras_mask(outputs)
    assert (numpy(backwards) == MASKS[:, ::-1]).all()
    assert all(keras.src.backend.get_keras_mask(s) is None for s in states)
    masked = keras.layers.Masking()(np.zeros_like(x))
    close(first(masked, mask=np.ones_like(MASKS))[0], first(np.zeros_like(x))[0], 1e-6)


def test_masking_layer_in_a_sequential_model(rng):
    layer = filled(case("GRU").layer(), rng)
    model = keras.Sequential([keras.layers.Masking(), layer])
    x = sequences(rng, len(MASKS)) * MASKS[..., None]
    close(model(x), layer(x, mask=MASKS), 1e-6)
    close(model.predict(x, verbose=0), layer(x, mask=MASKS), 1e-6)


@pytest.mark.parametrize("case", EVERY, ids=str)
def test_unknown_time_and_batch(case, rng):
    layer = filled(case.layer(return_sequences=True, return_state=True), rng)
    x = keras.Input((None, FEATURES))
    outputs, *states = layer(x)
    assert outputs.shape == (None, None, 4)
    for state, name in zip(states, layer.cell.states):
        assert state.shape == (None, *layer.cell.state_shape(name))
        assert state.dtype == layer.cell.state_dtype(name)
    model = keras.Model(x, [outputs, *states])
    for batch, time in ((2, 1), (4, 7)):
        data = sequences(rng, batch, time)
        close(model.predict(data, verbose=0), layer(data), 1e-5)


@pytest.mark.parametrize("case", EVERY, ids=str)
def test_go_backwards_is_a_flip(case, rng):
    layer = filled(case.layer(return_sequences=True, return_state=True), rng)
    back = filled(case.layer(return_sequences=True, return_state=True, go_backwards=True), rng)
    back.set_weights(layer.get_weights())
    x = sequences(rng)
    close(back(x), layer(x[:, ::-1].copy()), 1e-6)


def test_length_zero_is_refused_and_unroll_is_explained(rng):
    with pytest.raises(ValueError, match=r"at least one time step.*Received: shape=\(2, 0, 3\)"):
        LSTM(4)(np.zeros((2, 0, 3), "float32"))
    rolled, unrolled = LSTM(4), LSTM(4, unroll=True)
    filled(rolled, rng)
    filled(unrolled, rng).set_weights(rolled.get_weights())
    x = sequences(rng, BATCH)
    close(unrolled(x), rolled(x), 0)
    assert "`unroll` has no effect" in unrolled.explain_kernel()
    model = keras.Sequential([keras.Input((None, FEATURES)), unrolled])
    assert model(x).shape == (BATCH, 4) and BACKEND in ("tensorflow", "jax", "torch")
