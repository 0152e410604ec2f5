"""Scores of translations, the plain way to translate, and the picture of attention."""

import numpy as np
import pytest

from keras_rnnzoo.datasets import Pairs
from keras_rnnzoo.figures import alignment, save
from keras_rnnzoo.metrics import translation_scores
from keras_rnnzoo.models.seq2seq_baselines import NearestSentence


def test_scores_take_the_best_of_all_references():
    texts = ["le chat dort sur le lit .", "il pleut beaucoup ce soir ."]
    references = [["un chien .", texts[0]], [texts[1]]]
    scores = translation_scores(texts, references)
    assert scores["exact"] == 1 and scores["bleu"] == pytest.approx(100)
    assert scores["chrf"] == pytest.approx(100)
    worse = translation_scores(["le chat dort sur un lit .", "il pleut ."], references)
    assert worse["exact"] == 0 and 20 < worse["bleu"] < 80 and 20 < worse["chrf"] < 90
    # the first reference alone is what a text is not scored against
    alone = translation_scores(texts, [each[:1] for each in references])
    assert alone["exact"] == 0.5 and alone["bleu"] < scores["bleu"]
    with pytest.raises(ValueError, match="1 of them empty"):
        translation_scores(["a"], [[]])
    with pytest.raises(ValueError, match="2 texts, 1 lists"):
        translation_scores(["a", "b"], [["a"]])


def test_bleu_is_that_of_the_paper():
    """Precisions of one to four words and the brevity penalty, by hand."""
    text, reference = "a b c d e f", "a b c d x y z"
    precisions = np.array([4 / 6, 3 / 5, 2 / 4, 1 / 3])
    expected = 100 * np.exp(1 - 7 / 6) * np.exp(np.log(precisions).mean())
    assert translation_scores([text], [[reference]])["bleu"] == pytest.approx(expected)


def test_the_nearest_sentence():
    train = Pairs(
        ("i like cats", "i like dogs", "good night"),
        (("j'aime les chats", "les chats"), ("j'aime les chiens",), ("les chats",)),
    )
    plain = NearestSentence(train)
    found = plain.generate(["i like dogs .", "night", "unheard"])
    assert found == ["j'aime les chiens", "les chats", "les chats"]


def test_attention_is_drawn_for_pairs_and_for_one_text(tmp_path):
    random = np.random.default_rng(0)
    pairs = [(["a", "cat", "</s>"], ["un", "chat"], random.dirichlet(np.ones(3), 2))] * 3
    figure = alignment(pairs)
    axes = [axes for axes in figure.axes if axes.get_visible()]
    assert len(axes) == 4  # three panels and the bar
    assert [label.get_text() for label in axes[0].get_xticklabels()] == ["a", "cat", "</s>"]
    assert [label.get_text() for label in axes[0].get_yticklabels()] == ["un", "chat"]
    save(figure, tmp_path / "pairs.png")
    save(alignment([(list("abc"), None, [0.2, 0.5, 0.3])]), tmp_path / "one.png")
    with pytest.raises(ValueError, match=r"shape \(2, 3\), 2 and 2 tokens"):
        alignment([(["a", "b"], ["x", "y"], np.ones((2, 3)))])
    with pytest.raises(ValueError, match="examples="):
        alignment([])
