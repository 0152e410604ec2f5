"""The parts of the text classifier, each against NumPy or Keras."""

import keras
import numpy as np
import pytest
from helpers import MASKS, close, numpy

from keras_rnnzoo.models.text_layers import (
    HalveTime,
    HeadsAccuracy,
    HeadsCrossentropy,
    MaskedPooling,
    TokenDropout,
)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_loss_is_the_sum_of_the_heads_own(rng, smoothing):
    y = np.array([[0.0], [1.0], [1.0], [0.0]], "float32")
    z = np.array([[3, -200], [0, 0.5], [-4, 200], [1, -1]], "float32")
    keras_own = keras.losses.BinaryCrossentropy(True, label_smoothing=smoothing, reduction="none")
    each = sum(numpy(keras_own(y, z[:, k : k + 1])) for k in range(2))
    ours = HeadsCrossentropy(smoothing, reduction="none")
    close(ours(y, z), each)
    weights = np.array([1, 2, 0, 1], "float32")
    close(HeadsCrossentropy(smoothing)(y, z, weights), np.mean(each * weights))
    assert HeadsCrossentropy.from_config(ours.get_config()).label_smoothing == smoothing


def test_accuracy_is_that_of_the_sum_of_the_logits():
    metric = HeadsAccuracy()
    y, z = np.array([[1.0], [0.0], [1.0]]), np.array([[2, -1], [2, -1], [-3, 2.0]])
    metric.update_state(y, z)
    close(metric.result(), 1 / 3)
    metric.reset_state()
    metric.update_state(y, z, sample_weight=np.array([1, 0, 1]))
    close(metric.result(), 1 / 2)
    assert HeadsAccuracy.from_config(metric.get_config()).name == "accuracy"


@pytest.mark.parametrize("pooling", ["last", "max", "mean", "max+mean"])
def test_pooling_reads_the_valid_steps_alone(rng, pooling):
    x = rng.normal(size=(len(MASKS), 5, 4)).astype("float32") - 3  # below the zeros of padding
    layer = MaskedPooling(pooling)
    got = numpy(layer(x, mask=MASKS))
    for row, values, mask in zip(got, x, MASKS):
        v = values[mask] if mask.any() else np.zeros((1, 4))
        parts = {"last": v[-1], "max": v.max(0), "mean": v.mean(0)}
        close(row, np.concatenate([parts[part] for part in pooling.split("+")]))
    close(layer(x), numpy(layer(x, mask=np.ones((len(x), 5), bool))))
    assert got.shape == layer.compute_output_shape(x.shape)
    assert layer.compute_mask(x, MASKS) is None
    again = MaskedPooling.from_config(layer.get_config())
    close(again(x, mask=MASKS), got, 1e-7)


def test_tokens_and_spans_are_dropped_at_their_rates():
    x = np.ones((200, 203, 2), "float32")
    kept = numpy(TokenDropout(0.3, seed=1)(x, training=True))
    assert set(np.unique(kept)) == {0.0, 1.0}  # whole tokens, and no scaling of the others
    np.testing.assert_array_equal(kept[..., 0], kept[..., 1])
    assert abs(kept.mean() - 0.7) < 0.01
    assert abs(kept[:, 0].mean() - 0.7) < 0.1 and abs(kept[0].mean() - 0.7) < 0.15
    spans = numpy(TokenDropout(0.0, 0.2, span=10, seed=1)(x, training=True))[..., 0]
    whole = spans[:, :200].reshape(200, 20, 10)
    np.testing.assert_array_equal(whole.min(-1), whole.max(-1))
    assert abs(whole.mean() - 0.8) < 0.02
    both = numpy(TokenDropout(0.3, 0.2, seed=1)(x, training=True))
    assert abs(both.mean() - 0.7 * 0.8) < 0.02


def test_dropping_differs_between_calls_and_stops_at_inference():
    x = np.ones((4, 50, 2), "float32")
    layer = TokenDropout(0.5, seed=1)
    first, second = (numpy(layer(x, training=True)) for _ in range(2))
    assert (first != second).any()
    close(TokenDropout.from_config(layer.get_config())(x, training=True), first, 1e-7)
    np.testing.assert_array_equal(numpy(layer(x)), x)
    np.testing.assert_array_equal(numpy(layer(x, training=False)), x)


@pytest.mark.parametrize("time", [1, 4, 5])
def test_halving_adds_valid_neighbours(rng, time):
    x = rng.normal(size=(len(MASKS), time, 3)).astype("float32")
    mask = MASKS[:, :time]
    layer, padded = HalveTime(), np.pad(x, ((0, 0), (0, time % 2), (0, 0)))
    close(layer(x), (padded[:, ::2] + padded[:, 1::2]) / 2**0.5)
    valid = np.pad(mask, ((0, 0), (0, time % 2)))
    padded = padded * valid[..., None]
    close(layer(x, mask=mask), (padded[:, ::2] + padded[:, 1::2]) / 2**0.5)
    np.testing.assert_array_equal(
        numpy(layer.compute_mask(x, mask)), valid[:, ::2] | valid[:, 1::2]
    )
    assert layer.compute_mask(x) is None
    assert layer.compute_output_shape(x.shape) == (len(MASKS), (time + 1) // 2, 3)
    assert layer.compute_output_shape((None, None, 3)) == (None, None, 3)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: MaskedPooling("maxx"), "Did you mean 'max'"),
        (lambda: TokenDropout(1.0), "rate=1.0"),
        (lambda: TokenDropout(0.1, -1), "span_rate=-1"),
        (lambda: TokenDropout(0.1, 0.1, span=0), "span=0"),
        (lambda: HeadsCrossentropy(1.5), "label_smoothing=1.5"),
    ],
)
def test_what_cannot_be_is_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()
