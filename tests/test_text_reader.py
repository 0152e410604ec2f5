"""Hybrid readers of texts: sentences, attention to words, padding that changes nothing."""

import numpy as np
import pytest
from helpers import close, numpy
from running import on_one_backend, some
from texts import EVERYTHING, VOCABULARY, make

from keras_rnnzoo.datasets import Vocabulary
from keras_rnnzoo.datasets.text import tokenize
from keras_rnnzoo.models import TextClassifier
from keras_rnnzoo.models import text_reader as reading

HYBRIDS = [name for name in reading.ARCHITECTURES if name != "rnn"]
TEXTS = ["not a good film . really , not", "bad", "a good film"]


def sentences(words, ends, width=reading.WORDS):
    """The sentences of one text, by a loop: one for twelve words, and four more."""
    found, current = [], []
    for k, word in enumerate(words):
        if current and words[k - 1] in ends and word not in ends or len(current) == width:
            found, current = [*found, current], []
        current.append(word)
    return [*found, current][: len(words) // 12 + 4]


@pytest.mark.parametrize("end", [0.0, 0.02, 0.3, 0.9, 1.0])
def test_sentences_are_those_of_a_loop(end, rng):
    words = np.where(rng.random((6, 90)) < end, 2, rng.integers(3, 30, (6, 90))).astype("int32")
    lengths = [90, 89, 40, 33, 1, 0]
    mask = np.arange(90) < np.array(lengths)[:, None]
    index, valid = map(numpy, reading.sentences_of(np.where(mask, words, 0), mask, [2, 1]))
    for row, where, known, length in zip(words, index, valid, lengths):
        got = [row[w[k]].tolist() for w, k in zip(where, known) if k.any()]
        assert got == sentences(row[:length].tolist(), {2, 1}) if length else got == []


@on_one_backend
@pytest.mark.parametrize(
    ("architecture", "options"),
    [
        ("hierarchical", {}),
        ("rnn-transformer", {}),
        ("cnn-rnn", EVERYTHING),
        ("rnn-attention", EVERYTHING),
    ],
)
def test_neither_padding_nor_the_batch_changes_a_prediction(architecture, options, rng):
    model = make(rng, **options, architecture=architecture)
    together = model.logits(TEXTS)
    close(np.concatenate([model.logits([text]) for text in TEXTS]), together, 1e-4)
    assert np.abs(together - make(rng, **options).logits(TEXTS)).max() > 1e-3


@on_one_backend
@pytest.mark.parametrize(
    ("architecture", "halve_time"),
    [
        ("rnn-attention", False),
        ("rnn-attention", True),
        ("rnn-transformer", True),
        ("hierarchical", True),
    ],
)
def test_attention_gives_every_word_its_weight(architecture, halve_time, rng):
    model = make(rng, architecture=architecture, halve_time=halve_time)
    for text in TEXTS[:2]:
        pairs = model.attention(text)
        assert [word for word, _ in pairs] == tokenize(text)
        weights = np.array([weight for _, weight in pairs])
        assert (weights > 0).all()
        close(weights.sum(), 1, 1e-5)
        if halve_time and architecture != "hierarchical":
            close(weights[:-1:2], weights[1::2], 1e-6)
    with pytest.raises(ValueError, match="nothing to weigh"):
        model.attention("")


@on_one_backend
def test_without_attention_there_is_nothing_to_show():
    with pytest.raises(ValueError, match="architecture='rnn-attention'"):
        make().attention("a good film")
    with pytest.raises(ValueError, match="Did you mean 'rnn-attention'"):
        make(architecture="rnn-atention")


@pytest.mark.parametrize("architecture", some(HYBRIDS))
def test_a_hybrid_comes_back_from_its_file(architecture, rng, tmp_path):
    model = make(rng, architecture=architecture, cell_options={"zoneout": 0.1})
    model.save(tmp_path / "m.keras")
    loaded = TextClassifier.load(tmp_path / "m.keras")
    close(loaded.logits(TEXTS), model.logits(TEXTS), 1e-6)
    assert loaded.get_config() == model.get_config()


@on_one_backend
def test_sentences_end_where_the_vocabulary_has_a_stop(rng):
    with_stop = Vocabulary.fit(["good . bad ."])
    assert len(TextClassifier(with_stop, units=4).reader.sentence_ends) == 1
    assert TextClassifier(VOCABULARY, units=4).reader.sentence_ends == []
    model = TextClassifier(with_stop, units=4, embedding_dim=4, architecture="hierarchical")
    model.build()
    for weight in model.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    assert np.abs(model.logits(["good . bad"]) - model.logits(["good bad ."])).max() > 1e-3
