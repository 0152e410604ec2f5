"""Hybrid layers against NumPy, step by step from their equations."""

import hybrid_oracles as oracles
import keras
import numpy as np
import pytest
from helpers import close, compiled, filled, numpy, sequences
from keras import ops

import keras_rnnzoo as zoo

LENGTHS = (5, 3)
MASK = np.arange(5) < np.array(LENGTHS)[:, None]


def weights(layer, below=1):
    """Weights by path, without the name of the layer itself."""
    return {"/".join(v.path.split("/")[below:]): numpy(v) for v in layer.weights}


def called(layer, x, mask=MASK, **options):
    """The layer compiled, as its eager operations would each be compiled alone on JAX."""
    tensors = [ops.array(x), None if mask is None else ops.array(mask)]
    return compiled(lambda x, mask: layer(x, mask=mask, **options))(*tensors)


class Shift(keras.layers.Layer):
    """In place of a recurrent layer: what came one step before, so that its equation is plain."""

    return_sequences, return_state = True, False
    supports_masking = True

    def call(self, x, mask=None, training=False):
        return keras.ops.concatenate([keras.ops.zeros_like(x[:, :1]), x[:, :-1]], axis=1)

    def compute_output_shape(self, shape):
        return shape

    @staticmethod
    def oracle(x):
        return np.concatenate([np.zeros_like(x[:1]), x[:-1]])


POOLS = [
    ("additive", False, 2, 4),
    ("additive", True, 2, None),
    ("dot", False, 2, None),
    ("dot", True, 1, None),
    ("general", True, 2, None),
]


@pytest.mark.parametrize(("score", "asked", "heads", "units"), POOLS)
def test_attention_pooling(score, asked, heads, units, rng):
    layer = zoo.AttentionPooling(score, units, heads)
    x = sequences(rng, 2, 5, 3)
    query = sequences(rng, 2, 1, 3)[:, 0] if asked else None
    layer.build(x.shape, query.shape if asked else None)
    for weight in layer.weights:
        weight.assign(rng.normal(size=weight.shape))
    given = {} if query is None else {"query": query}
    y, alpha = numpy(list(called(layer, x, return_attention_scores=True, **given)))
    for k, length in enumerate(LENGTHS):
        q = None if query is None else query[k]
        expected = oracles.pooled(weights(layer), x[k, :length], q, score, heads)
        close(y[k], expected[0])
        close(alpha[k, :, :length], expected[1])
        assert not numpy(alpha[k, :, length:]).any()


@pytest.mark.parametrize("padding", ["same", "causal"])
@pytest.mark.parametrize(("strides", "dilation"), [(1, 1), (2, 1), (3, 1), (1, 2)])
@pytest.mark.parametrize("size", [2, 3])
def test_convolution(padding, strides, dilation, size, rng):
    options = {"strides": strides, "dilation_rate": dilation, "padding": padding}
    layer = zoo.ConvRNN1D(Shift(), 4, size, **options)
    x = sequences(rng, 2, 5, 3)
    y = numpy(called(filled(layer, rng, 3), x))
    w = weights(layer)
    kernel, bias = (w[f"convolution_{size}/{name}"] for name in ("kernel", "bias"))
    for k, length in enumerate(LENGTHS):
        z = oracles.convolved(kernel, bias, x[k, :length], strides, dilation, padding)
        close(y[k, : len(z)], Shift.oracle(z))


@pytest.mark.parametrize("pooling", ["max", "mean"])
def test_widths_residual_and_pooling(pooling, rng):
    layer = zoo.ConvRNN1D(Shift(), 4, (2, 3), pool_size=2, pooling=pooling, residual=True)
    x = sequences(rng, 2, 5, 3)
    y, w = numpy(called(filled(layer, rng, 3), x)), weights(layer)
    for k, length in enumerate(LENGTHS):
        row = x[k, :length]
        parts = [
            oracles.convolved(w[f"convolution_{s}/kernel"], w[f"convolution_{s}/bias"], row)
            for s in (2, 3)
        ]
        z = np.concatenate(parts, axis=-1) + row @ w["shortcut/kernel"]
        pool = {"max": np.max, "mean": np.mean}[pooling]
        z = np.stack([pool(z[start : start + 2], axis=0) for start in range(0, length, 2)])
        close(y[k, : len(z)], Shift.oracle(z))


def seen(time, causal, window):
    near = np.subtract.outer(np.arange(time), np.arange(time))
    allowed = np.ones((time, time), bool) if window is None else np.abs(near) <= window
    return allowed & (near >= 0) if causal else allowed


SEEING = [(False, None), (True, None), (False, 1), (True, 2)]


@pytest.mark.parametrize(("causal", "window"), SEEING)
def test_self_attention(causal, window, rng):
    layer = filled(zoo.SelfAttention(2, 3, causal, window), rng, 4)
    x = sequences(rng, 2, 5, 4)
    y, alpha = numpy(list(called(layer, x, return_attention_scores=True)))
    w = weights(layer, 2)
    for k, length in enumerate(LENGTHS):
        expected = oracles.self_attended(w, x[k, :length], seen(length, causal, window))
        close(y[k, :length], expected[0], 1e-4)
        close(alpha[k, :, :length, :length], expected[1], 1e-4)
        assert not numpy(alpha[k, :, length:]).any() and not numpy(y[k, length:]).any()


def test_rnn_self_attention_and_block(rng):
    x = sequences(rng, 1, 5, 4)
    everything = seen(5, False, None)
    layer = filled(zoo.RNNSelfAttention(Shift(), 2, 3), rng, 4)
    w, h = weights(layer), Shift.oracle(x[0])
    inner = {k.removeprefix("attention/heads/"): v for k, v in w.items()}
    expected = oracles.normed(w, "norm", h + oracles.self_attended(inner, h, everything)[0])
    close(called(layer, x, None)[0], expected, 1e-4)

    block = zoo.RNNTransformerBlock(
        Shift(), 2, 3, feed_forward=7, activation="relu", position_encoding=True
    )
    w = weights(filled(block, rng, 4))
    inner = {k.removeprefix("attention/heads/"): v for k, v in w.items()}
    x0 = x[0] + oracles.sinusoids(5, 4)
    r = x0 + Shift.oracle(oracles.normed(w, "norm_layer", x0))
    a = r + oracles.self_attended(inner, oracles.normed(w, "norm_attention", r), everything)[0]
    wide = oracles.normed(w, "norm_feed_forward", a) @ w["widen/kernel"] + w["widen/bias"]
    y = a + np.maximum(wide, 0) @ w["narrow/kernel"] + w["narrow/bias"]
    close(called(block, x, None)[0], y, 1e-3)


def test_hierarchical_attention_is_attention_of_attention(rng):
    layer = zoo.HierarchicalAttention(Shift(), Shift(), attention_units=3)
    x = rng.normal(size=(1, 3, 4, 2)).astype("float32")
    layer.build(x.shape)
    for weight in layer.weights:
        weight.assign(rng.normal(size=weight.shape))
    lengths = (4, 2, 3)
    mask = (np.arange(4) < np.array(lengths)[:, None])[None]
    y, alpha, beta = called(layer, x, mask, return_attention_scores=True)
    w = {
        level: {k.split("/")[-1]: v for k, v in weights(layer).items() if k.startswith(level)}
        for level in ("words", "sentences")
    }
    sentences = [
        oracles.pooled(w["words"], Shift.oracle(x[0, k, :length]))
        for k, length in enumerate(lengths)
    ]
    v = np.stack([vector for vector, _ in sentences])
    expected, weight = oracles.pooled(w["sentences"], Shift.oracle(v))
    close(y[0], expected)
    close(beta[0], weight[0])
    for k, length in enumerate(lengths):
        close(alpha[0, k, :length], sentences[k][1][0])
