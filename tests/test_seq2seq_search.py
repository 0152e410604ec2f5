"""Beam search: against all texts there are, against greedy search, alone and in a batch."""

import itertools

import numpy as np
import pytest
from running import on_one_backend
from seq2seq_models import SOURCES, array, small

from keras_rnnzoo.datasets.translation_text import END_ID, START_ID
from keras_rnnzoo.models.seq2seq_search import beam_search, length_penalty

pytestmark = on_one_backend

LENGTH = 4
CHOICES = (END_ID, 4, 5)  # the end, and two words


def all_texts():
    """Every text of up to four tokens, and those of four that have not ended."""
    words = CHOICES[1:]
    for count in range(LENGTH):
        yield from ([*text, END_ID] for text in itertools.product(words, repeat=count))
    yield from (list(text) for text in itertools.product(words, repeat=LENGTH))


def by_hand(model, source):
    """Log P of every text, from the logits of the teacher."""
    texts = list(all_texts())
    target = np.zeros((len(texts), LENGTH), "int32")
    for row, text in enumerate(texts):
        target[row, : len(text)] = [START_ID, *text[:-1]]
    source = np.repeat([model.encode_source(source)], len(texts), axis=0)
    logits = array(model({"source": source, "target": target})).astype("float64")
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    return {
        tuple(text): sum(log_p[row, t, token] for t, token in enumerate(text))
        for row, text in enumerate(texts)
    }


@pytest.fixture(scope="module")
def model():
    return small()


@pytest.fixture(scope="module")
def plain():
    return small(attention=None, cell="lstm")


def words(model, text):
    return tuple(model.target_vocabulary.words[token - 2] for token in text)


@pytest.mark.parametrize(("which", "alpha"), [("model", 1.0), ("plain", 0.0)])
def test_a_beam_as_wide_as_all_texts_finds_the_best(which, alpha, request):
    model = request.getfixturevalue(which)
    found = model.generate(SOURCES[0], beam=32, n_best=32, length_penalty=alpha)
    chances = by_hand(model, SOURCES[0])
    assert len(found) == len(chances) == 31
    penalised = {text: p / length_penalty(len(text), alpha) for text, p in chances.items()}
    ranked = sorted(penalised, key=penalised.get, reverse=True)
    np.testing.assert_allclose([f.score for f in found], [penalised[t] for t in ranked], atol=1e-4)
    assert found[0].tokens == words(model, ranked[0])
    assert (found[0].attention is None) == (which == "plain")
    assert {one.tokens for one in found} == {words(model, text) for text in chances}


def greedy(model, source):
    """Word by word; all inputs have one shape, as padding changes nothing."""
    given = {"source": np.zeros((1, 5), "int32"), "target": np.zeros((1, LENGTH), "int32")}
    ids = model.encode_source(source)
    given["source"][0, : len(ids)] = ids
    given["target"][0, 0] = START_ID
    text = []
    while len(text) < LENGTH and text[-1:] != [END_ID]:
        last = array(model(given))[0, len(text)]
        text.append(max(CHOICES, key=lambda token: last[token]))
        if len(text) < LENGTH:
            given["target"][0, len(text)] = text[-1]
    return words(model, text)


def test_one_beginning_is_greedy_search(model):
    found = model.generate(SOURCES, beam=1)
    assert [one.tokens for one in found] == [greedy(model, source) for source in SOURCES]


def test_a_batch_gives_what_each_text_gives_alone(model):
    together = model.generate(SOURCES, beam=3, n_best=2, batch_size=3)
    for source, best in zip(SOURCES, together):
        alone = model.generate([source], beam=3, n_best=2, batch_size=1)[0]
        assert [one.tokens for one in best] == [one.tokens for one in alone]
        for one, other in zip(best, alone):
            assert one.source == (*source.split(), "</s>")
            np.testing.assert_allclose(one.score, other.score, atol=1e-4)
            assert one.attention.shape == (len(one.tokens), len(one.source))
            np.testing.assert_allclose(one.attention.sum(-1), 1, atol=1e-5)
            np.testing.assert_allclose(one.attention, other.attention, atol=1e-4)


def test_states_follow_the_beginnings_that_are_kept():
    """The state holds the whole text, so a state that is not moved is seen."""

    def step(tokens, states):
        (past,) = states
        seen = np.concatenate([past[:, 1:], tokens[:, None]], axis=1)
        # the first word decides what is good later: 5 looks worse at first, and is better
        chances = np.log(np.full((len(tokens), 3), 0.1))
        chances[:, 1:] = np.log([0.5, 0.4])
        later = seen[:, -2] == START_ID
        chances[later & (tokens == 5), 0] = np.log(0.9)
        return chances, np.tile(CHOICES, (len(tokens), 1)), None, [seen]

    past = np.zeros((2 * 2, 3), "int64")
    for best in beam_search(step, [past], 2, 2, 3, alpha=0.0):
        assert best[0].tokens == [5, END_ID]
        np.testing.assert_allclose(best[0].log_probability, np.log(0.4 * 0.9))
    for best in beam_search(step, [past[:2]], 2, 1, 3, alpha=0.0):
        assert best[0].tokens == [4, 4, 4], "greedy search never looks at 5"


def test_what_cannot_be_is_told(model):
    with pytest.raises(ValueError, match="n_best=3, beam=2"):
        model.generate("a", beam=2, n_best=3)
    with pytest.raises(ValueError, match="length_penalty=-1"):
        model.generate("a", length_penalty=-1)
    with pytest.raises(ValueError, match="`beam` must be a positive integer"):
        model.generate("a", beam=0)
    with pytest.raises(TypeError, match="must be strings"):
        model.generate(7)
    with pytest.raises(TypeError, match="A text must be a string"):
        model.generate(["a", None])
    assert model.generate([]) == []
