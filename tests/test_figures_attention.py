"""Figures of words that are weighed, and of clips: what is drawn is what was given."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from keras_rnnzoo import figures
from keras_rnnzoo.figures.style import PALETTE

PAIRS = [("a", 0.1), ("$good$", 0.6), ("film", 0.3)]


def test_words_are_shaded_by_their_weight():
    axes = figures.word_weights({"1: positive": PAIRS, "2: short": [("bad", 0.2)]}).axes[0]
    words = [text.get_text() for text in axes.texts]
    assert words == ["1: positive", "a", "$good$", "film", "2: short", "bad"]
    shades = [patch.get_alpha() for patch in axes.patches]
    np.testing.assert_allclose(np.array(shades) / 0.75, [1 / 6, 1, 1 / 2, 1])
    assert {to_hex(patch.get_facecolor()) for patch in axes.patches} == {PALETTE[1].lower()}


def test_long_texts_are_cut_into_lines_and_no_word_leaves_the_page():
    pairs = [("word" * (1 + k % 3), 1.0) for k in range(60)] + [("x" * 200, 1.0)]
    axes = figures.word_weights({"long": pairs}).axes[0]
    rows = [text.get_position()[1] for text in axes.texts[1:]]
    assert rows == sorted(rows) and len(set(rows)) > 4
    ends = [text.get_position()[0] + len(text.get_text()) for text in axes.texts]
    assert max(ends) <= axes.get_xlim()[1]


@pytest.mark.parametrize("pairs", [[], [("a", -1.0)], [("a", np.nan)]])
def test_weights_that_cannot_be_are_refused(pairs):
    with pytest.raises(ValueError, match="finite weights from 0"):
        figures.word_weights({"text": pairs})
    with pytest.raises(ValueError, match="a text at least"):
        figures.word_weights({})


def test_a_page_of_clips_marks_what_is_wrong(tmp_path):
    sound, video = np.random.default_rng(0).random((9, 5)), np.ones((8, 4, 4, 1))
    figure = figures.clip_page([sound, video, sound], ["one", "two", "three"], [True, True, False])
    titles = {axes.get_title(loc="left"): axes for axes in figure.axes}
    assert list(titles) == ["one", "two", "three", ""]
    np.testing.assert_array_equal(titles["one"].images[0].get_array(), sound.T)
    assert titles["two"].images[0].get_array().shape == (4, 6 * 5)
    colours = [titles[name]._left_title.get_color() for name in ("one", "three")]
    assert colours[1] == PALETTE[1] != colours[0]
    with pytest.raises(ValueError, match="1 clips, 2 titles, 1 marks"):
        figures.clip_page([sound], ["a", "b"], [True])
    figures.save(figure, tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 1000
