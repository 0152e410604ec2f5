"""The translator: what it trains on, what it writes, and its file."""

import json

import keras
import numpy as np
import pytest
from running import backends, fresh, on_one_backend
from seq2seq_models import SOURCES, TARGETS, WORDS, array, small

from keras_rnnzoo import Seq2Seq
from keras_rnnzoo.datasets import Vocabulary
from keras_rnnzoo.models.seq2seq_parts import TokenLoss

ATTENTION = ("additive", None)


def inputs_of(model, **changes):
    batch, labels, _ = model.batches(SOURCES, TARGETS, batch_size=4, shuffle=False)[0]
    return {**batch, **changes}, labels


@on_one_backend
def test_the_teacher_and_single_steps_agree():
    """Logits of all steps at once are those of the decoder step by step."""
    model = small(depth=2, cell="lstm")
    given, labels = inputs_of(model)
    whole = array(model(given))
    start = model.encoded(given)
    states = start["states"]
    for t in range(given["target"].shape[1]):
        x = model.target_words(given["target"][:, t])
        output, *_, states = model._advance(x, states, start["prepared"])
        np.testing.assert_allclose(array(model.readout(output)), whole[:, t], atol=1e-5)
    losses = array(model.losses_of({**given, "labels": labels}))
    log_p = whole - np.log(np.exp(whole).sum(-1, keepdims=True))
    picked = np.take_along_axis(log_p, labels[..., None], -1)[..., 0]
    np.testing.assert_allclose(losses, -(picked * (labels != 0)).sum(-1), rtol=1e-4)


@on_one_backend
@pytest.mark.parametrize("attention", ATTENTION)
def test_scheduled_sampling(attention):
    """At rate nought it is teacher forcing; else the words of the teacher matter less."""
    model = small(attention=attention, scheduled_sampling=0.9, dropout=0.0)
    given, _ = inputs_of(model)
    forced = array(model(given))
    np.testing.assert_allclose(array(model(given, training=True)), forced, atol=1e-5)
    model.sampling_rate.assign(1.0)
    first, again = (array(model(given, training=True)) for _ in range(2))
    assert np.abs(first - again).max() > 1e-3, "words are drawn anew"
    np.testing.assert_allclose(first[:, 0], forced[:, 0], atol=1e-5)  # the start is the teacher's
    np.testing.assert_allclose(array(model(given)), forced, atol=1e-5)  # nothing is drawn now


def test_the_loss_is_a_mean_over_tokens_that_count():
    logits = np.random.default_rng(0).normal(size=(2, 3, 5)).astype("float32")
    labels = np.array([[1, 4, 0], [2, 0, 0]], "int32")
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    aim = 0.8 * np.eye(5)[labels] + 0.2 / 5
    expected = -(aim * log_p).sum(-1)[labels != 0].mean()
    loss = TokenLoss(label_smoothing=0.2)(labels, logits, (labels != 0).astype("float32"))
    np.testing.assert_allclose(float(array(loss)), expected, rtol=1e-5)


def test_it_learns_and_its_file_is_read_by_every_backend(tmp_path):
    own = {"units": 12, "scheduled_sampling": 0.1, "label_smoothing": 0.05, "dropout": 0.0}
    model = small(start=None, **own)
    model.compile(keras.optimizers.Adam(0.03))
    model.sampling_rate.assign(0.1)
    batches = model.batches(SOURCES, TARGETS, batch_size=4)
    history = model.fit(batches, epochs=40, shuffle=False, verbose=0).history
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    found = model.generate(SOURCES)
    assert [one.text for one in found] == TARGETS
    before = model.perplexity(SOURCES, TARGETS)
    assert 1 <= before < 1.8
    model.save(tmp_path / "model.keras")
    expected = [one.log_probability for one in found]
    code = (
        "import sys, json, keras_rnnzoo as zoo\n"
        "found = zoo.Seq2Seq.load(sys.argv[1]).generate(json.loads(sys.argv[2]))\n"
        "print(json.dumps([[one.text, one.log_probability] for one in found]))"
    )
    for backend in backends()[1:2]:
        line = fresh(code, tmp_path / "model.keras", json.dumps(SOURCES), backend=backend)
        texts, scores = zip(*json.loads(line))
        assert list(texts) == TARGETS
        np.testing.assert_allclose(scores, expected, atol=1e-4)


@on_one_backend
def test_it_comes_back_from_its_config():
    model = small(attention="general", cell="mgu", cell_options={"zoneout": 0.1}, depth=2)
    config = model.get_config()
    again = Seq2Seq.from_config(config)
    assert again.get_config() == config
    again.build()
    assert [w.shape for w in again.weights] == [w.shape for w in model.weights]


@on_one_backend
def test_half_precision_is_finite_and_close():
    full, half = small(), small(dtype="mixed_bfloat16")
    given, _ = inputs_of(full)
    found = array(half(given, training=True)), array(half(given))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[1], array(full(given)), atol=0.5)


@on_one_backend
def test_what_cannot_be_is_told():
    with pytest.raises(TypeError, match="a vocabulary with start and end"):
        Seq2Seq(Vocabulary(["a"]), WORDS[1])
    with pytest.raises(ValueError, match="an even number"):
        small(units=5)
    with pytest.raises(ValueError, match="Did you mean 'additive'"):
        small(attention="additiv")
    with pytest.raises(ValueError, match="Did you mean 'gru'"):
        small(cell="gruu")
    with pytest.raises(ValueError, match="name a recurrent layer"):
        small(cell="crf")
    with pytest.raises(ValueError, match="Choose one: scheduled_sampling=0"):
        small(scheduled_sampling=0.1, cell_options={"zoneout": 0.1})
    with pytest.raises(TypeError, match="Did you mean 'attention'"):
        small(attentoin="dot")
