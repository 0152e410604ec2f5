"""Attention around any cell: against the equations, under padding, step by step, in files."""

import keras
import numpy as np
import oracles
import pytest
from helpers import close, numpy
from keras import ops
from running import some

import keras_rnnzoo as zoo

BATCH, TIME, FEATURES, UNITS, PLACES, WIDTH = 3, 4, 3, 4, 5, 4
MEMORY_MASK = np.array([[1, 1, 1, 1, 1], [0, 1, 1, 0, 1], [0, 0, 0, 0, 0]], bool)
MASK = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [0, 1, 1, 1]], bool)
SCORES = ("additive", "dot", "general")


def layer_of(score="additive", window=None, cell=None, **options):
    cell = zoo.AttentionCell(
        cell or zoo.GRUCell(UNITS), score, attention_units=UNITS if window else 6, window=window
    )
    return zoo.AttentionRNN(cell, return_sequences=True, return_attention_scores=True, **options)


def filled(layer, rng, memory=None):
    layer.build((BATCH, None, FEATURES), memory_shape=None if memory is None else memory.shape)
    for weight in layer.weights:
        weight.assign(rng.normal(size=weight.shape).astype("float32") * 0.5)
    return layer


@pytest.fixture
def data(rng):
    x = rng.normal(size=(BATCH, TIME, FEATURES)).astype("float32")
    return x, rng.normal(size=(BATCH, PLACES, WIDTH)).astype("float32")


def oracle(layer, x, memory=None, memory_mask=None, mask=None):
    """From the equations, row by row and step by step, in float64."""
    cell = layer.cell
    own = {w.name: numpy(w).astype("float64") for w in cell.cell.weights}
    w = {name: numpy(getattr(cell, name)).astype("float64") for name in cell._names}
    outputs, weights = [], []
    for b in range(len(x)):
        h, a, past = np.zeros(UNITS), np.zeros(cell.attention_units), []
        alpha = np.zeros(cell.window or memory.shape[1])
        kept, seen = np.zeros_like(a), alpha
        for t in range(x.shape[1]):
            if mask is None or mask[b, t]:
                joined = np.concatenate([x[b, t], a])[None].astype("float64")
                h = oracles.ORACLES["GRU"](own, joined, [h[None]], reset_after=True)[1][0][0]
                if cell.window:
                    here = [*[None] * cell.window, *past][-cell.window :]
                else:
                    there = [True] * PLACES if memory_mask is None else memory_mask[b]
                    here = [m if ok else None for m, ok in zip(memory[b], there)]
                alpha = weigh(cell.score, w, h, here)
                context = sum(
                    (p * m for p, m in zip(alpha, here) if m is not None), np.zeros(WIDTH)
                )
                a = np.tanh(
                    np.concatenate([context, h]) @ w["attention_kernel"] + w["attention_bias"]
                )
                past.append(h)
                kept, seen = a, alpha
            outputs.append(kept)
            weights.append(seen)
    shape = x.shape[:2]
    return np.reshape(outputs, (*shape, -1)), np.reshape(weights, (*shape, -1))


def weigh(score, w, h, places):
    """Weights over the places that are there."""

    def fit(m):
        if score == "additive":
            mixed = h @ w["query_kernel"] + m @ w["memory_kernel"] + w["score_bias"]
            return np.exp(w["score_vector"] @ np.tanh(mixed))
        return np.exp(h @ (m if score == "dot" else m @ w["memory_kernel"]))

    found = np.array([0.0 if m is None else fit(m) for m in places])
    return found / (found.sum() or 1.0)


@pytest.mark.parametrize("score", some(SCORES))
def test_a_memory_is_read_as_the_equations_say(score, rng, data):
    x, memory = data
    layer = filled(layer_of(score), rng, memory)
    got = layer(x, memory=memory, memory_mask=MEMORY_MASK, mask=MASK)
    close(got, list(oracle(layer, x, memory, MEMORY_MASK, MASK)))
    weights = numpy(got[1])
    assert (weights[:, :, ~MEMORY_MASK[1]][1] == 0).all() and (weights[2] == 0).all()
    close(weights[:2].sum(-1), np.ones((2, TIME)))


def test_its_own_past_is_read_as_the_equations_say(rng, data):
    layer = filled(layer_of("general", window=2), rng)
    got = layer(data[0], mask=MASK)
    close(got, list(oracle(layer, data[0], mask=MASK)))
    assert (numpy(got[1])[0, 0] == 0).all(), "there is no past before the first step"


def test_padding_of_memory_and_sequence_changes_nothing(rng, data):
    x, memory = data
    layer = filled(layer_of(return_state=True), rng, memory)
    plain = numpy(list(layer(x, memory=memory)))
    ones = np.ones((BATCH, PLACES), bool)
    for memory_pad, pad in (((0, 2), (0, 1)), ((2, 0), (1, 0))):
        both = [(0, 0), memory_pad, (0, 0)], [(0, 0), pad, (0, 0)]
        outputs, weights, *states = numpy(
            list(
                layer(
                    np.pad(x, both[1], constant_values=9),
                    memory=np.pad(memory, both[0], constant_values=9),
                    memory_mask=np.pad(ones, both[0][:2]),
                    mask=np.pad(ones[:, :TIME], both[1][:2]),
                )
            )
        )
        time, place = slice(pad[0], pad[0] + TIME), slice(memory_pad[0], memory_pad[0] + PLACES)
        close([outputs[:, time], weights[:, time, place], *states], plain)


@pytest.mark.parametrize("window", [None, 2])
def test_steps_and_halves_give_what_the_whole_gives(window, rng, data):
    x, memory = data
    given = {} if window else {"memory": memory, "memory_mask": MEMORY_MASK}
    layer = filled(layer_of(window=window, return_state=True), rng, None if window else memory)
    outputs, weights, *last = layer(x, **given)
    states, prepared = None, {} if window else layer.prepare(memory, MEMORY_MASK)
    for t in range(TIME):
        a, alpha, states = layer.step(x[:, t], states, prepared)
        close([a, alpha], [outputs[:, t], weights[:, t]])
    close(states, last)
    _, _, *half = layer(x[:, :2], **given)
    close(list(layer(x[:, 2:], initial_state=half, **given))[0], outputs[:, 2:])


def test_cells_lie_on_each_other_and_draw_their_noise(rng, data):
    x, memory = data
    cells = [
        zoo.LSTMCell(3, recurrent_dropout=0.4, zoneout=0.3),
        zoo.MinGRUCell(UNITS, dropout=0.4),
    ]
    layer = layer_of(cell=cells)
    first, again = (numpy(layer(x, memory=memory)[0]) for _ in range(2))
    close(first, again)
    noisy = [numpy(layer(x, memory=memory, training=True)[0]) for _ in range(2)]
    assert np.abs(noisy[0] - noisy[1]).max() > 1e-3 and np.isfinite(noisy).all()
    for backend in ("torch", "jax", "tensorflow", "numpy"):
        assert "needs the output of each step" in layer.explain_kernel(backend)
    copy = zoo.AttentionRNN.from_config(layer.get_config())
    copy(x, memory=memory)
    copy.set_weights(layer.get_weights())
    close(copy(x, memory=memory)[0], first)
    with pytest.raises(ValueError, match="Use AttentionRNN"):
        layer.cell(x[:, 0], layer.get_initial_state(BATCH), memory=memory, training=True)


def test_half_precision_and_a_functional_model(rng, data):
    x, memory = data
    layer = layer_of("general", cell=zoo.GRUCell(UNITS, dtype="mixed_bfloat16"))
    assert layer.compute_dtype == "bfloat16"
    outputs, weights = layer(x, memory=memory * 50, memory_mask=MEMORY_MASK)
    assert np.isfinite(numpy(ops.cast(outputs, "float32"))).all()
    assert np.isfinite(numpy(ops.cast(weights, "float32"))).all()
    inputs = [keras.Input((None, FEATURES)), keras.Input((None, WIDTH))]
    outputs = layer_of()(inputs[0], memory=inputs[1])
    assert [x.shape for x in outputs] == [(None, None, 6), (None, None, None)]


def test_what_cannot_be_is_told():
    cell = zoo.GRUCell(UNITS)
    with pytest.raises(TypeError, match="takes a cell of this package"):
        zoo.AttentionCell(zoo.GRU(4))
    with pytest.raises(ValueError, match="Did you mean 'general'"):
        zoo.AttentionCell(cell, score="genral")
    with pytest.raises(ValueError, match="window=0"):
        zoo.AttentionCell(cell, window=0)
    with pytest.raises(ValueError, match="compute in one dtype"):
        zoo.AttentionCell(cell, dtype="mixed_float16")
    with pytest.raises(TypeError, match="takes an AttentionCell"):
        zoo.AttentionRNN(cell)
    x = np.zeros((2, 3, 4), "float32")
    with pytest.raises(ValueError, match="Attention needs a memory"):
        zoo.AttentionRNN(zoo.AttentionCell(cell))(x)
    with pytest.raises(ValueError, match="as wide as the output"):
        zoo.AttentionRNN(zoo.AttentionCell(cell, "dot"))(x, memory=np.zeros((2, 3, 7), "float32"))
    layer = zoo.AttentionRNN(zoo.AttentionCell(zoo.GRUCell(UNITS), window=2))
    with pytest.raises(ValueError, match="has 4 states"):
        layer(x, initial_state=[np.zeros((2, UNITS), "float32")])
