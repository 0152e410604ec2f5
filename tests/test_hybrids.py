"""What every hybrid layer promises: masks in and out, scores, causality, dtypes, training."""

import inspect
from pathlib import Path

import keras
import numpy as np
import pytest
from helpers import BACKEND, close, compiled, filled, numpy, sequences
from keras import ops
from running import on_one_backend, one

import keras_rnnzoo as zoo
from keras_rnnzoo.hybrids.ready import Ready

README = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
APART = ["AttentionCell", "AttentionRNN", "ConvRNN2D", "HierarchicalAttention"]  # by other tests
READY = [n for n in zoo.list_layers("hybrid") if issubclass(zoo.get(n), Ready)]  # equal to others
NAMES = [name for name in zoo.list_layers("hybrid") if name not in APART + READY]
SCORED = ["AttentionPooling", "RNNAttention", "RNNSelfAttention", "RNNTransformerBlock"]
SCORED += ["SelfAttention"]
VALID = {
    "right": [1, 1, 1, 1, 0, 0],
    "left": [0, 0, 1, 1, 1, 1],
    "middle": [1, 0, 1, 1, 0, 1],
    "nowhere": [0, 0, 0, 0, 0, 0],
}


def made(name):
    return zoo.get(name).sample()


def seen(layer, x, mask, **options):
    """`(outputs, mask of the outputs, scores)`, compiled; what there is not is `None`."""
    scored = type(layer).__name__ in SCORED

    def run(x, mask):
        y = layer(x, mask=mask, **({"return_attention_scores": True} if scored else {}))
        y, scores = y if scored else (y, None)
        out = None if mask is None else layer.compute_mask(x, mask)
        return y, out, scores

    found = compiled(run)(ops.convert_to_tensor(x), None if mask is None else ops.array(mask))
    return [None if part is None else numpy(part) for part in found]


@pytest.mark.parametrize("name", NAMES)
def test_padding_changes_nothing(name, rng):
    """Whatever stands in masked steps, on whichever side: the sequence without them decides.

    And attention weights sum to one over the steps that are valid, and are zero elsewhere.
    """
    layer = filled(made(name), rng, 4)
    real = sequences(rng, 1, 4, 4)
    expected = seen(layer, real, None)[0][0]
    mask = np.array(list(VALID.values()), bool)
    x = sequences(rng, len(VALID), 6, 4) * 9
    for row, valid in zip(x, mask):
        row[valid] = real[0, : valid.sum()]
    y, out, scores = seen(layer, x, mask)
    assert np.isfinite(y).all()
    for k, where in enumerate(VALID):
        kept = y[k] if out is None else y[k][out[k]]
        if where == "nowhere":
            assert kept.size == 0 if out is not None else not kept.any()
        else:
            close(kept, expected, 1e-4)
    if scores is not None:
        flat = scores.ndim == 3
        assert not (scores * ~(mask[:, None] if flat else mask[:, None, None])).any()
        rows = mask.any(1)[:, None] if flat else mask[:, None]
        close(scores.sum(-1), np.broadcast_to(rows, scores.shape[:-1]), 1e-5)
        spec = layer(keras.Input((6, 4)), return_attention_scores=True)[1]
        assert spec.shape == (None, *scores.shape[1:])


@pytest.mark.parametrize("name", NAMES)
def test_unknown_time_and_attached_masks(name, rng):
    layer = filled(made(name), rng, 4)
    inputs = keras.Input((None, 4))
    model = keras.Model(inputs, layer(keras.layers.Masking()(inputs)))
    assert model.output_shape == layer.compute_output_shape((None, None, 4))
    x = sequences(rng, len(VALID), 6, 4)
    mask = np.array(list(VALID.values()), bool)
    x[~mask] = 0
    y = model.predict(x, verbose=0)
    close(y, seen(layer, x, mask)[0], 1e-4)
    assert y.shape == layer.compute_output_shape(x.shape)


def test_lengths_are_a_mask(rng):
    layer = filled(made("AttentionPooling"), rng, 4)
    x = sequences(rng, 2, 6, 4)
    close(layer(x, lengths=np.array([4, 1])), layer(x, mask=np.arange(6) < [[4], [1]]), 0)


CAUSAL = {
    "convolution": lambda: zoo.ConvRNN1D(
        zoo.GRU(3, return_sequences=True), 3, (2, 3), padding="causal"
    ),
    "attention": lambda: zoo.RNNSelfAttention(
        zoo.MGU(4, return_sequences=True), 2, causal=True, window=2
    ),
    "block": lambda: zoo.RNNTransformerBlock(zoo.GRU(4, return_sequences=True), 2, causal=True),
}


@pytest.mark.parametrize("name", CAUSAL)
def test_causal_blocks_do_not_see_the_future(name, rng):
    layer = filled(CAUSAL[name](), rng, 4)
    x = sequences(rng, 2, 6, 4)
    later = x + 5 * (np.arange(6) >= 3)[:, None].astype("float32")
    before, after = np.split(seen(layer, np.concatenate([x, later]), None)[0], 2)
    close(after[:, :3], before[:, :3], 1e-6)
    assert np.abs(after[:, 3:] - before[:, 3:]).max() > 0.01


@pytest.mark.parametrize(("strides", "pool"), [(1, 1), (2, 1), (2, 3), (3, 2)])
def test_a_shortened_sequence_has_a_mask_of_the_right_length(strides, pool, rng):
    layer = zoo.ConvRNN1D(zoo.MGU(3, return_sequences=True), 3, strides=strides, pool_size=pool)
    x = sequences(rng, 8, 7, 4)
    lengths = np.arange(8)
    y, mask, _ = seen(filled(layer, rng, 4), x, np.arange(7) < lengths[:, None])
    left = np.ceil(np.ceil(lengths / strides) / pool)
    assert (mask.sum(1) == left).all()
    assert mask.shape == y.shape[:2] == layer.compute_output_shape(x.shape)[:2]


@pytest.mark.parametrize("name", ["ConvRNN1D", "RNNTransformerBlock"])
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_is_finite_and_close(name, policy, rng):
    plain = filled(made(name), rng, 4)
    if (BACKEND, name, policy) == ("jax", "RNNTransformerBlock", "mixed_float16"):
        pytest.skip("JAX has no product of float16 with a sum in float32 on a CPU")
    keras.config.set_dtype_policy(policy)
    try:
        mixed = made(name)
    finally:
        keras.config.set_dtype_policy("float32")
    x = sequences(rng, 3, 6, 4)
    mask = np.array([VALID[k] for k in ("right", "left", "nowhere")], bool)
    mixed.build(x.shape)
    mixed.set_weights(plain.get_weights())
    assert mixed.compute_output_spec(keras.KerasTensor(x.shape)).dtype == policy[6:]
    run = compiled(
        lambda x, mask: [ops.cast(layer(x, mask=mask), "float32") for layer in (mixed, plain)]
    )
    y, expected = numpy(list(run(ops.array(x), ops.array(mask))))
    assert np.isfinite(y).all() and np.abs(y - expected).max() < 0.25


@pytest.mark.parametrize("name", one(["CNNGRU", "BiGRUAttention", "RNNTransformerBlock"]))
def test_they_learn_with_masks(name, rng):
    inputs = keras.Input((6, 4))
    y = made(name)(keras.layers.Masking()(inputs))
    y = y if len(y.shape) == 2 else zoo.AttentionPooling()(y)
    model = keras.Model(inputs, keras.layers.Dense(1)(y))
    model.compile(keras.optimizers.Adam(0.02), "mse")
    x = sequences(rng, 32, 6, 4)
    x[::2, 4:] = 0
    losses = model.fit(x, x.mean((1, 2)), epochs=12, verbose=0).history["loss"]
    assert np.isfinite(losses).all() and losses[-1] < 0.5 * losses[0]


def test_a_document_of_padded_sentences(rng):
    layer = zoo.HierarchicalAttention.sample()
    x = rng.normal(size=(2, 3, 4, 2)).astype("float32")
    layer.build(x.shape)
    short = np.ascontiguousarray(x[:, :2, :3])
    mask = np.zeros((2, 3, 4), bool)
    mask[:, :2, :3] = True
    run = compiled(lambda x, mask: layer(x, mask=mask, return_attention_scores=True))
    y, alpha, beta = run(ops.array(x), ops.array(mask))
    close(y, compiled(layer)(ops.array(short)), 1e-5)
    close(numpy(beta).sum(-1), 1, 1e-5)
    close(numpy(alpha).sum(-1), [[1, 1, 0]] * 2, 1e-5)
    assert not (numpy(alpha) * ~mask).any()
    with pytest.raises(ValueError, match=r"shape \(batch, sentences, words, features\)"):
        layer(x[:, 0])
    with pytest.raises(ValueError, match="mask of shape"):
        layer(x, lengths=np.array([1, 2]))


def test_any_recurrent_layer_fits_in(rng):
    x = sequences(rng, 2, 5, 4)
    stack = zoo.StackedRecurrent("mgu", 3, bidirectional=True, return_sequences=True)
    around = keras.layers.Bidirectional(keras.layers.GRU(3, return_sequences=True))
    for layer in (stack, around):
        again = filled(zoo.RNNAttention(layer), rng, 4)
        y = seen(again, x, np.arange(5) < [[5], [2]])[0]
        assert y.shape == again.compute_output_shape(x.shape) and np.isfinite(y).all()
        revived = zoo.RNNAttention.from_config(again.get_config())
        assert type(revived.layer) is type(layer)


@on_one_backend
def test_ready_layers_are_their_hybrids(rng):
    x = sequences(rng, 2, 5, 4)
    ready = zoo.CNNLSTM(3, filters=4, kernel_sizes=(2, 3), zoneout=0.1, return_sequences=True)
    plain = zoo.ConvRNN1D(zoo.LSTM(3, zoneout=0.1, return_sequences=True), 4, (2, 3))
    for layer in (ready, plain):
        layer.build(x.shape)
    plain.set_weights(ready.get_weights())
    close(seen(plain, x, None)[0], seen(ready, x, None)[0], 0)
    assert ready.layer.cell.zoneout == 0.1 and ready.explain_kernel() == plain.explain_kernel()
    both = zoo.BiGRUAttention(3, num_heads=2, merge_mode="sum")
    assert both.compute_output_shape(x.shape) == (2, 6)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: zoo.ConvRNN1D(keras.layers.Dense(3), 4), "takes a recurrent layer"),
        (lambda: zoo.ConvRNN1D(zoo.GRU(3, return_state=True), 4), "return_state=False"),
        (lambda: zoo.ConvRNN1D(zoo.GRU(3), 0), "filters.*positive integer"),
        (lambda: zoo.ConvRNN1D(zoo.GRU(3), 4, kernel_sizes=()), "a width at least"),
        (lambda: zoo.ConvRNN1D(zoo.GRU(3), 4, padding="valid"), "'same', 'causal'"),
        (lambda: zoo.ConvRNN1D(zoo.GRU(3), 4, strides=2, dilation_rate=2), "not both"),
        (lambda: zoo.RNNAttention(zoo.GRU(3)), "return_sequences=True"),
        (lambda: zoo.RNNAttention(zoo.GRU(3, return_sequences=True), "adition"), "'additive'"),
        (lambda: zoo.AttentionPooling("dot", units=3), "`units` is the width"),
        (lambda: zoo.RNNSelfAttention(zoo.BiGRU(3, return_sequences=True), causal=True), "future"),
        (lambda: zoo.SelfAttention(2, window=0), "window.*positive integer"),
        (lambda: zoo.SelfAttention(2)(np.ones((1, 2, 3))), "num_heads=2, 3 features"),
        (
            lambda: zoo.CNNLSTM(3, filters=4, kernel_sizes=4).build((1, 3, 2)),
            r"never fill.*sizes=\(4,\)",
        ),
        (
            lambda: zoo.CNNGRU(3, filters=4, kernel_sizes=2, dilation_rate=3).build((1, 3, 2)),
            "of 4 steps",
        ),
        (lambda: zoo.AttentionPooling("general")(np.ones((1, 2, 3))), "Give one in the call"),
        (lambda: zoo.AttentionPooling("dot")(np.ones((1, 2, 3)), np.ones((1, 2))), "as wide as"),
    ],
)
def test_what_is_refused(make, match):
    with pytest.raises((TypeError, ValueError), match=match):
        make()


def test_a_query_must_come_with_every_call_or_with_none():
    layer = zoo.AttentionPooling()
    x = np.ones((1, 2, 3), "float32")
    layer(x)
    with pytest.raises(ValueError, match="built without a query"):
        layer(x, np.ones((1, 3), "float32"))


@pytest.mark.parametrize("name", zoo.list_layers("hybrid"))
def test_docstring_and_readme_speak_of_it(name):
    text = inspect.getdoc(zoo.get(name))
    assert ">>>" in text and f"`{name}`" in README
    if not issubclass(zoo.get(name), Ready):
        assert "Arguments:" in text and ("Reference: " in text or "References: " in text)
        assert "**Equations**" in text or name == "SelfAttention"
