"""Each backend's kernels are their definition in `kernels/reference.py`: values and gradients."""

import keras
import numpy as np
import pytest
from catalogue import ARCHETYPES, SOME, TIME, case
from gradients import gradients
from helpers import BACKEND, MASKS, close, filled, numpy, sequences, states_for
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from keras import ops

from keras_rnnzoo import kernels
from keras_rnnzoo.kernels import reference

ops_settings = settings(
    max_examples=25 if BACKEND == "torch" else 5,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def by_definition(monkeypatch):
    """A function that computes with the definition in place of the backend's own kernels."""

    def compute(function, *arguments, **options):
        with monkeypatch.context() as patch:
            patch.setattr(kernels, "_module", lambda backend=None: reference)
            return function(*arguments, **options)

    return compute


def same_gradients(got, expected, tolerance=1e-5):
    close(got["value"], expected["value"], tolerance)
    for name in ("weights", "x", "states"):
        close(got[name], expected[name], tolerance)


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
@pytest.mark.parametrize("case", ARCHETYPES, ids=str)
def test_walk_is_its_definition(case, masked, by_definition, rng):
    layer = filled(case.layer(return_sequences=True, return_state=True), rng)
    mask = MASKS if masked else None
    x, states = sequences(rng, len(MASKS)), states_for(layer, rng, len(MASKS))
    close(
        layer(x, initial_state=states, mask=mask),
        by_definition(layer, x, initial_state=states, mask=mask),
        1e-6,
    )
    same_gradients(
        gradients(layer, x, states, mask), by_definition(gradients, layer, x, states, mask)
    )


@pytest.mark.parametrize("case", SOME, ids=str)
def test_last_output_alone_has_the_same_gradients(case, by_definition, rng):
    layer = filled(case.layer(), rng)
    x, states = sequences(rng, len(MASKS)), states_for(layer, rng, len(MASKS))
    for mask in (MASKS, None) if BACKEND == "torch" else (MASKS,):
        same_gradients(
            gradients(layer, x, states, mask), by_definition(gradients, layer, x, states, mask)
        )


@pytest.mark.parametrize("time", [1, 2])
@pytest.mark.parametrize("name", ["LSTM", "IntersectionRNN", "MinGRU"])
def test_short_sequences(name, time, by_definition, rng):
    layer = filled(case(name).layer(return_sequences=True, return_state=True), rng)
    x, states = sequences(rng, len(MASKS), time), states_for(layer, rng, len(MASKS))
    for mask in (None, MASKS[:, :time], np.zeros((len(MASKS), time), bool)):
        got = layer(x, initial_state=states, mask=mask)
        close(got, by_definition(layer, x, initial_state=states, mask=mask), 1e-6)


@pytest.mark.parametrize("case", ARCHETYPES, ids=str)
def test_nothing_valid_in_the_whole_batch(case, rng):
    """The states come back as they went in, the outputs are zero, and so are the gradients."""
    layer = filled(case.layer(return_sequences=True, return_state=True), rng)
    x, states = sequences(rng), states_for(layer, rng)
    mask = np.zeros(x.shape[:2], bool)
    outputs, *after = layer(x, initial_state=states, mask=mask)
    close(outputs, np.zeros(outputs.shape), 0)
    close(after, states, 0)
    layer.return_sequences = False
    close(layer(x, initial_state=states, mask=mask)[0], np.zeros((len(x), layer.cell.units)), 0)
    got = gradients(layer, x, states, mask)
    close(got["x"], np.zeros_like(x), 0)
    assert all(np.abs(g).max() == 0 for g in got["weights"])
    assert all(np.abs(g).max() > 0 for g in got["states"])


@pytest.mark.parametrize("name", ["LSTM", "IntersectionRNN", "MinGRU"])
@ops_settings
@given(data=st.data())
def test_any_mask(name, data):
    """Masks as hypothesis finds them; here the oracle, independent of all kernels, is the judge."""
    from helpers import by_oracle

    rng = np.random.default_rng(11)
    batch = data.draw(st.integers(1, 4)) if BACKEND == "torch" else 4
    mask = data.draw(arrays(bool, (batch, TIME)))
    which = case(name)
    layer = filled(which.layer(return_sequences=True, return_state=True), rng)
    x, states = sequences(rng, batch), states_for(layer, rng, batch)
    expected = by_oracle(which, layer, x, states, mask)
    close(layer(x, initial_state=states, mask=mask), expected)
    layer.return_sequences = False
    close(layer(x, initial_state=states, mask=mask), [expected[0][:, -1], *expected[1:]])


@pytest.mark.skipif(BACKEND != "torch", reason="only torch steps a part of the batch at a time")
def test_packed_noise_meets_its_own_rows_and_steps(by_definition, rng):
    """Per-step and per-row noise follows its row when rows are sorted by length."""
    layer = case("LSTM").layer(
        return_sequences=True, recurrent_dropout=0.5, zoneout={"h": 0.3, "c": 0.5}
    )
    filled(layer, rng)
    x = sequences(rng, len(MASKS))

    def run():
        layer.cell.seed_generator.state.assign([3, 4])
        return layer(x, mask=MASKS, training=True)

    close(run(), by_definition(run), 1e-6)
    layer.cell.seed_generator.state.assign([3, 4])
    got = gradients(layer, x, None, MASKS, training=True)
    layer.cell.seed_generator.state.assign([3, 4])
    same_gradients(got, by_definition(gradients, layer, x, None, MASKS, training=True))


@pytest.mark.skipif(BACKEND != "torch", reason="only torch packs")
def test_masked_steps_are_not_walked(monkeypatch, rng):
    """Padding costs nothing: no step and no projection is spent on it."""
    layer = filled(case("PeepholeLSTM").layer(), rng)
    rows = []
    advance = layer.cell.advance
    monkeypatch.setattr(
        layer.cell, "advance", lambda x, *rest: rows.append(len(x["gates"])) or advance(x, *rest)
    )
    layer(sequences(rng, len(MASKS)), mask=MASKS)
    assert rows == sorted(rows, reverse=True)
    assert sum(rows) == MASKS.sum()


@pytest.mark.skipif(BACKEND != "tensorflow", reason="TensorFlow alone has unknown lengths")
@pytest.mark.parametrize("case", ARCHETYPES, ids=str)
def test_unknown_length_in_a_tensorflow_graph(case, by_definition, rng):
    import tensorflow as tf

    layer = filled(case.layer(return_sequences=True, return_state=True), rng)
    spec = (tf.TensorSpec((None, None, 3)), tf.TensorSpec((None, None), tf.bool))
    compiled = tf.function(lambda x, mask: layer(x, mask=mask), input_signature=spec)
    for batch, time in ((6, 5), (2, 1), (3, 8)):
        x = sequences(rng, batch, time)
        mask = rng.random((batch, time)) < 0.6
        close(compiled(x, mask), by_definition(layer, x, mask=mask), 1e-6)


# Linear scan -----------------------------------------------------------------------------------


def scan_case(rng, time=6):
    decay = rng.uniform(-1.2, 1.2, size=(3, time, 4)).astype("float32")
    decay[:, 1] = 0.0
    decay[:, 2] = 1.0
    decay[0] = 0.0
    decay[1] = 1.0
    drive = rng.normal(size=decay.shape).astype("float32")
    return decay, drive, rng.normal(size=(3, 4)).astype("float32")


class Scan(keras.layers.Layer):
    """The linear scan of `x (batch, time, 2·units)` = decay, drive."""

    def __init__(self):
        super().__init__()
        self.supports_masking = True
        self.built = True

    def call(self, x, initial_state, mask=None):
        decay, drive = ops.split(x, 2, axis=-1)
        return kernels.linear_scan(decay, drive, initial_state[0], mask)


@pytest.mark.parametrize("time", [1, 2, 6])
def test_linear_scan_is_its_definition(time, by_definition, rng):
    """Decays below zero, at zero and at one; masks; gradients of decay, drive and start."""
    decay, drive, initial = scan_case(rng, max(time, 3))
    decay, drive = decay[:, :time], drive[:, :time]
    h, expected = initial.astype("float64"), []
    for t in range(time):
        h = decay[:, t] * h + drive[:, t]
        expected.append(h)
    close(kernels.linear_scan(*map(ops.convert_to_tensor, (decay, drive, initial))),
          np.stack(expected, 1), 1e-5)  # fmt: skip
    x = np.concatenate([decay, drive], -1)
    for mask in (None, rng.random((3, time)) < 0.6):
        same_gradients(
            gradients(Scan(), x, [initial], mask),
            by_definition(gradients, Scan(), x, [initial], mask),
        )


def test_linear_scan_of_two_thousand_steps_is_finite(rng):
    decay = np.broadcast_to(np.array([1.0, 0.0, 1e-30, -0.999], "float32"), (2, 2000, 4)).copy()
    drive = rng.normal(size=decay.shape).astype("float32")
    initial = np.ones((2, 4), "float32")
    got = gradients(Scan(), np.concatenate([decay, drive], -1), [initial])
    assert np.isfinite(got["value"])
    assert np.isfinite(got["x"]).all() and np.isfinite(got["states"]).all()
    h = numpy(kernels.linear_scan(*map(ops.convert_to_tensor, (decay, drive, initial))))
    close(h[:, -1, 0], 1.0 + drive[:, :, 0].sum(1, dtype="float64"), 1e-3)
    close(h[:, :, 1], drive[:, :, 1], 0)


@pytest.mark.skipif(BACKEND != "torch", reason="torch can differentiate twice without a retrace")
def test_linear_scan_twice_differentiable(rng):
    import torch

    leaves = [torch.tensor(v[:, :4].astype("float64")) for v in scan_case(rng)[:2]]
    leaves = [*leaves, torch.tensor(scan_case(rng)[2].astype("float64"))]
    leaves = [leaf.requires_grad_() for leaf in leaves]
    assert torch.autograd.gradcheck(kernels.linear_scan, leaves)
    assert torch.autograd.gradgradcheck(kernels.linear_scan, leaves)


def test_forward_fill(rng):
    x = rng.normal(size=(*MASKS.shape, 2)).astype("float32")
    expected = np.zeros_like(x)
    for b, row in enumerate(MASKS):
        last = np.zeros(2)
        for t, valid in enumerate(row):
            last = x[b, t] if valid else last
            expected[b, t] = last
    close(kernels.forward_fill(ops.convert_to_tensor(x), ops.convert_to_tensor(MASKS)), expected, 0)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("reset", [False, True])
def test_previous(masked, reset, rng):
    x, initial = rng.normal(size=(*MASKS.shape, 2)), rng.normal(size=(len(MASKS), 2))
    x, initial = x.astype("float32"), initial.astype("float32")
    mask = MASKS if masked else np.ones_like(MASKS)
    resets = (rng.random(MASKS.shape) < 0.4) & mask & reset
    expected, ends = np.zeros_like(x), np.zeros_like(initial)
    for b in range(len(x)):
        last = initial[b]
        for t in range(x.shape[1]):
            expected[b, t] = 0 if resets[b, t] else last
            last = x[b, t] if mask[b, t] else last
        ends[b] = last
    given = [x, initial, mask if masked else None, resets if reset else None]
    given = [None if value is None else ops.convert_to_tensor(value) for value in given]
    close(list(kernels.previous(*given)), [expected, ends], 0)


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch", "other"])
def test_explain_kernel(backend):
    for name in ("LSTM", "MinGRU"):
        layer = case(name).layer(unroll=True)
        text = layer.explain_kernel(backend)
        assert "unroll" in text and len(text) > 30
        assert "unroll" not in case(name).layer().explain_kernel(backend)
    assert ("definition" in text) == (backend == "other")
