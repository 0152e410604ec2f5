"""The phased LSTM: its time gate, the gradient through it, its starts, what it refuses."""

import keras
import numpy as np
import oracles
import pytest
from gradients import gradients
from helpers import close, filled, numpy, sequences, weights_of
from oracles_leaky import phased_lstm
from running import on_one_backend

from keras_rnnzoo import PhasedLSTM, PhasedLSTMCell


def timed(rng, batch=3, time=5, late=0.0):
    """Random features behind times that grow from `late`."""
    x = sequences(rng, batch, time, 3)
    x[..., 0] = late + np.cumsum(np.abs(x[..., 0]), axis=1)
    return x


def test_late_times_keep_their_digits(rng):
    """At times of a hundred thousand the phase is as exact as the time."""
    layer = filled(PhasedLSTM(4, return_sequences=True), rng)
    x = timed(rng, late=1e5)
    zeros = [np.zeros((3, 4))] * 2
    expected = oracles.run(phased_lstm, weights_of(layer), x.astype("float64"), zeros)
    close(layer(x), expected["outputs"], 1e-4)


def test_gradient_through_the_time_gate(rng):
    """Slope 1 / period by time, -1 / period by phase, -(t - s) / period^2 by period."""
    layer = PhasedLSTM(1, peephole="none", kernel_initializer="ones")
    x = np.array([[[9.0, 1.0]]], "float32")
    layer.build(x.shape)
    for name, value in (("period", 4.0), ("phase", 0.5), ("ratio_on", 0.5)):
        getattr(layer.cell, name).assign([value])
    got = gradients(layer, x, loss=keras.ops.sum)  # (9 - 0.5) mod 4 is 0.5: opening
    full = numpy(layer(x))[0, 0] / (2 * 0.125 / 0.5)
    slope = full * 2 / 0.5
    by_name = dict(zip((w.name for w in layer.trainable_weights), got["weights"]))
    close(got["x"][0, 0, 0], slope / 4.0)
    close(by_name["phase"], [-slope / 4.0])
    close(by_name["period"], [-slope * 8.5 / 16.0])
    close(by_name["ratio_on"], [-full * 2 * 0.125 / 0.25])


@on_one_backend
def test_without_peepholes(rng):
    layer = filled(PhasedLSTM(4, peephole="none", return_sequences=True), rng)
    assert not [w.name for w in layer.weights if "peephole" in w.name]
    x = timed(rng)
    zeros = [np.zeros((3, 4))] * 2
    close(layer(x), oracles.run(phased_lstm, weights_of(layer), x, zeros)["outputs"])


@on_one_backend
def test_starts():
    quick = {"recurrent_initializer": "zeros"}
    periods = {"shortest_period": 2.0, "longest_period": 200.0}
    cell = PhasedLSTMCell(2000, initial_ratio_on=0.1, **periods, **quick)
    cell.build((None, 3))
    period, phase = numpy(cell.period), numpy(cell.phase)
    assert period.min() >= 2.0 and period.max() <= 200.0
    assert abs(np.log(period / 2.0).mean() - np.log(100.0) / 2) < 0.1
    turn = phase / period
    assert turn.min() >= 0.0 and turn.max() <= 1.0 and abs(turn.mean() - 0.5) < 0.03
    close(cell.ratio_on, np.full(2000, 0.1), 1e-6)
    again = PhasedLSTMCell(2000, **quick)
    again.build((None, 3))
    assert np.abs(numpy(again.phase) - phase).max() > 0.1


@on_one_backend
@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16", "float16"])
def test_half_precision_is_refused(dtype):
    for make in (PhasedLSTM, PhasedLSTMCell):
        with pytest.raises(ValueError, match=f"lose their digits.*Received: dtype='{dtype}'"):
            make(4, dtype=dtype)


@on_one_backend
def test_the_time_is_no_feature():
    """Dropout leaves it alone, and it alone is too little."""
    layer = PhasedLSTM(4, dropout=0.5)
    layer.build((None, 5, 3))
    assert layer.cell.kernel.shape == (2, 16)
    inputs, _ = layer.cell.draw_dropout(50)
    assert (numpy(inputs)[..., 0] == 1.0).all() and (numpy(inputs)[..., 1:] == 0.0).any()
    with pytest.raises(ValueError, match=r"1 leading channel.*Received: features=1"):
        PhasedLSTM(4).build((None, 5, 1))
