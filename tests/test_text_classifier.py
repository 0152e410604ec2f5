"""The text classifier: every option acts, and padding does not."""

import keras
import numpy as np
import pytest
from helpers import close, numpy
from running import on_one_backend, one, some
from texts import EVERYTHING, TEXTS, VOCABULARY, make

import keras_rnnzoo as zoo
from keras_rnnzoo.datasets import Vocabulary
from keras_rnnzoo.models import TextClassifier

HALVED = {"halve_time": True, "convolution": 3, "skip": True, "pooling": "mean"}


def encode(model, texts=TEXTS, extra=0):
    """A batch of `texts`, padded to the longest and `extra` steps."""
    rows = [model.vocabulary.encode(text) for text in texts]
    length = max(len(row["words"]) for row in rows) + extra
    pad = lambda ids: np.pad(ids, (0, length - len(ids)))  # noqa: E731
    return {name: np.stack([pad(row[name]) for row in rows]) for name in rows[0]}


def logits(model, *args, **kwargs):
    return numpy(model(encode(model, *args, **kwargs)))


# Options


@on_one_backend
@pytest.mark.parametrize(
    ("options", "classes", "features"),
    [
        ({}, [zoo.GRU], 16),
        ({"cell": "LSTM", "bidirectional": False}, [zoo.LSTM], 8),
        ({"depth": 2, "merge_mode": "sum"}, [zoo.GRU] * 2, 8),
        ({"cell": ["mgu", "min_gru"], "units": [4, 6]}, [zoo.MGU, zoo.MinGRU], 24),
        ({"units": [4, 3], "connections": "dense", "pooling": "last"}, [zoo.GRU] * 2, 6),
    ],
)
def test_the_recurrent_stack_is_the_one_asked_for(rng, options, classes, features):
    model = make(rng, **options)
    layers = model.recurrent.recurrent_layers
    assert [type(getattr(x, "forward_layer", x)) for x in layers] == classes
    assert model.logit.kernel.shape == (features, 1)
    assert model.recurrent.connections == options.get("connections", "none")
    assert logits(model).shape == (5, 1)


@pytest.mark.parametrize(
    "merge_mode", some(["concat", "sum", "avg", "mul", "max", "linear", "gated"])
)
def test_every_merge_mode_gives_logits_of_its_own(rng, merge_mode):
    first, second = (make(rng, merge_mode=mode) for mode in (merge_mode, "concat"))
    for ours, theirs in zip(first.recurrent.weights, second.recurrent.weights):
        ours.assign(theirs)  # the two directions; what the merge adds comes behind them
    first.words.embeddings.assign(second.words.embeddings)
    x = first.words(encode(first)["words"])
    got, concatenated = numpy(first.recurrent(x)), numpy(second.recurrent(x))
    f, b = np.split(concatenated, 2, axis=-1)
    plain = {"concat": concatenated, "sum": f + b, "avg": (f + b) / 2, "mul": f * b}
    plain["max"] = np.maximum(f, b)
    if merge_mode in plain:
        close(got, plain[merge_mode])
    assert np.isfinite(logits(first)).all()


@on_one_backend
@pytest.mark.parametrize("pooling", some(["last", "max", "mean", "max+mean"]))
@pytest.mark.parametrize("halve_time", [False, True])
def test_pooling_and_halving_read_what_they_say(rng, pooling, halve_time):
    model = make(rng, pooling=pooling, halve_time=halve_time, bidirectional=False)
    x = encode(model)["words"]
    mask, embedded = x != 0, numpy(model.words(x))
    if halve_time:
        embedded = np.pad(embedded * mask[..., None], ((0, 0), (0, x.shape[1] % 2), (0, 0)))
        embedded, mask = (embedded[:, ::2] + embedded[:, 1::2]) / 2**0.5, mask[:, ::2]
    rows = []
    for row, valid in zip(embedded, mask):
        y = run(model.recurrent.recurrent_layers[0].cell, row[valid])
        parts = {"last": y[-1], "max": y.max(0), "mean": y.mean(0)}
        rows.append(np.concatenate([parts[part] for part in pooling.split("+")]))
    expected = np.stack(rows) @ numpy(model.logit.kernel) + numpy(model.logit.bias)
    close(logits(model), expected)


def run(cell, row):
    """All outputs of a cell for one text without padding."""
    states, outputs = cell.get_initial_state(1), []
    for x in row:
        y, states = cell(x[None], states)
        outputs.append(numpy(y)[0])
    return np.stack(outputs)


@on_one_backend
@pytest.mark.parametrize("part", ["convolution", "bigrams", "skip"])
def test_an_added_part_adds_nothing_when_its_weights_are_zero(rng, part):
    model = make(rng, **{part: 3 if part == "convolution" else True})
    added = {"convolution": model.ngrams, "bigrams": model.pairs, "skip": model.shortcut}[part]
    with_it = logits(model)
    for weight in added.weights:
        weight.assign(np.zeros(weight.shape))
    plain, without = make(), logits(model)
    for name in ("words", "recurrent", "logit"):
        getattr(plain, name).set_weights(getattr(model, name).get_weights())
    close(without, logits(plain))
    assert np.abs(with_it - without).max() > 1e-3


@on_one_backend
def test_the_bag_head_is_a_linear_model_of_the_mean_embedding(rng):
    model = make(rng, bag=True)
    x, got = encode(model), logits(model)
    tables = (numpy(model.bag_words.embeddings), numpy(model.bag_pairs.embeddings))
    for row in range(len(TEXTS)):
        valid = x["words"][row] != 0
        bag = tables[0][x["words"][row, valid]] + tables[1][x["bigrams"][row, valid]]
        expected = 20 * bag.mean(0) @ numpy(model.bag_logit.kernel)[:, 0]
        close(got[row, 1], expected + numpy(model.bag_logit.bias)[0], 1e-4)
    assert got.shape == (5, 2) == model.compute_output_shape({"words": (5, 8)})


@on_one_backend
@pytest.mark.parametrize(
    "rates",
    [
        {"token_dropout": 0.5},
        {"span_dropout": 0.5},
        {"embedding_dropout": 0.5},
        {"dropout": 0.5},
        {"cell_options": {"zoneout": 0.5}},
    ],
    ids=lambda rates: next(iter(rates)),
)
def test_noise_acts_in_training_alone(rng, rates):
    model = make(rng, **{"token_dropout": 0.0, "dropout": 0.0, **rates})
    x, quiet = encode(model), logits(model)
    first, second = (numpy(model(x, training=True)) for _ in range(2))
    assert np.abs(first - second).max() > 1e-4
    close(logits(model), quiet, 1e-7)
    silent = make(rng, token_dropout=0.0, dropout=0.0)
    close(numpy(silent(x, training=True)), logits(silent), 1e-7)


@on_one_backend
def test_a_seed_repeats_weights_and_noise():
    results = []
    for seed in (3, 3, 4):
        keras.utils.set_random_seed(seed)
        model = make(seed=seed, embedding_dropout=0.2)
        results.append(numpy(model(encode(model), training=True)))
    close(results[0], results[1], 1e-6)
    assert not np.allclose(results[0], results[2])


@on_one_backend
def test_cell_options_and_length_reach_where_they_belong():
    model = make(cell_options={"recurrence": "diagonal"}, max_length=3)
    assert model.recurrent.recurrent_layers[0].forward_layer.cell.recurrence == "diagonal"
    assert model.batches(TEXTS).counts.max() == 3
    assert model.recurrent.dropout == 0.5


# Texts in, probabilities out


@pytest.mark.parametrize(
    "options",
    one(
        [
            pytest.param(EVERYTHING, id="everything"),
            pytest.param({"pooling": "last"}, id="last"),
            pytest.param(
                {"halve_time": True, "convolution": 3, "skip": True, "pooling": "mean"}, id="halved"
            ),
        ]
    ),
)
def test_neither_padding_nor_the_batch_changes_a_prediction(rng, options):
    model = make(rng, **options)
    expected = logits(model)
    close(logits(model, extra=1), expected, 2e-5)
    close(logits(model, TEXTS[::-1])[::-1], expected, 2e-5)
    close(logits(model, TEXTS[:1]), expected[:1], 2e-5)  # an odd length, without padding
    nothing = {name: np.zeros_like(ids) for name, ids in encode(model).items()}
    for training in (False, True):
        assert np.isfinite(numpy(model(nothing, training=training))).all()


def test_predict_takes_texts_and_what_keras_takes(rng):
    model = make(rng, bag=True)
    many = model.predict(TEXTS)
    assert many.shape == (5,) and (many > 0).all() and (many < 1).all()
    heads = model.logits(TEXTS)
    close(heads, logits(model))
    close(many, 1 / (1 + np.exp(-heads.sum(-1))))
    one = model.predict(TEXTS[1])
    assert isinstance(one, float) and abs(one - many[1]) < 1e-6
    close(model.predict(np.array(TEXTS)), many)
    assert model.predict([]).shape == (0,) and model.logits([]).shape == (0, 2)
    close(model.predict(encode(model), verbose=0), heads)
    model.bag_logit.bias.assign([-1e4])
    assert model.predict("bad") == 0.0


# What cannot be


@on_one_backend
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"cell": "peephole_lstn"}, ValueError, "peephole_lstm"),
        ({"unit": 3}, TypeError, "no option `unit`. Did you mean 'units'"),
        ({"units": 0}, ValueError, "units=0"),
        ({"depth": 0}, ValueError, "depth=0"),
        ({"units": [3, 4], "depth": 3}, ValueError, "units for 2, depth for 3"),
        ({"merge_mode": "conct"}, ValueError, "Did you mean 'concat'"),
        ({"connections": "resdual"}, ValueError, "Did you mean 'residual'"),
        ({"pooling": "maxmean"}, ValueError, "Did you mean 'max[+]mean'"),
        ({"cell_options": {"zonout": 0.1}}, TypeError, "Did you mean 'zoneout'"),
        ({"embedding_dim": 0}, ValueError, "embedding_dim=0"),
        ({"convolution": 0}, ValueError, "convolution=0"),
        ({"max_length": 1.5}, ValueError, "max_length=1.5"),
        ({"dropout": 1.0}, ValueError, "dropout=1.0"),
        ({"token_dropout": -0.1}, ValueError, "-0.1"),
        ({"span_dropout": 2}, ValueError, "span_rate=2"),
        ({"embedding_dropout": 1}, ValueError, "embedding_dropout=1"),
        ({"label_smoothing": 1.0}, ValueError, "label_smoothing=1.0"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_options_that_cannot_be_are_refused_with_a_hint(options, error, message):
    with pytest.raises(error, match=message):
        make(**options)


@on_one_backend
def test_pairs_of_words_need_a_vocabulary_that_lists_them():
    words = Vocabulary(VOCABULARY.words)
    for option in ("bigrams", "bag"):
        with pytest.raises(ValueError, match="bigrams=True"):
            TextClassifier(words, units=4, **{option: True})
    with pytest.raises(TypeError, match="must be a Vocabulary"):
        TextClassifier(["good", "bad"])
