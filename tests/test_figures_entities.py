"""Entities in texts and figures of taggers; how they look was judged by eye."""

from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from keras_rnnzoo import figures
from keras_rnnzoo import tags as T


def entity(start, stop, kind, score=None):
    return SimpleNamespace(start=start, stop=stop, type=kind, score=score)


TEXT = "Ada & <b>Bob</b> in Paris"
ENTITIES = [entity(20, 25, "LOC", 0.91), entity(0, 3, "PER", 0.5), entity(3, 6, 'x"<y')]


class Page(HTMLParser):
    """The marks of a page, and the text of its paragraphs without the names of the types."""

    def __init__(self, page):
        super().__init__()
        self.marks, self.tags, self.text, self.quiet = [], [], "", True
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.quiet = tag == "small" or (self.quiet and tag != "p")
        if tag == "mark":
            self.marks.append(dict(attrs))

    def handle_endtag(self, tag):
        self.quiet = tag == "p" or (self.quiet and tag != "small")

    def handle_data(self, data):
        self.text += "" if self.quiet else data


def test_a_page_shows_the_texts_and_escapes_them():
    page = figures.entities_html([(TEXT, ENTITIES), ("nothing here", [])])
    read = Page(page)
    assert read.text == TEXT + "nothing here" and "b" not in read.tags
    assert read.tags.count("p") == 2
    titles = [mark["title"] for mark in read.marks if "title" in mark]
    assert titles == ["PER 0.500", 'x"<y', "LOC 0.910"]
    assert len(read.marks) == 6  # three of them in the legend
    assert page.count("mark.t") == 3 and page.startswith("<!DOCTYPE html>")


def test_types_of_a_page_look_different():
    text = "abcdefghijklmnopqrst"
    page = figures.entities_html([(text, [entity(k, k + 1, f"type {k}") for k in range(20)])])
    looks = [line.split("{")[1] for line in page.splitlines() if line.startswith("mark.t")]
    assert len(set(looks)) == 20
    assert Page(page).text == text
    assert "<p></p>" in figures.entities_html([("", [])])


def test_a_text_for_a_terminal(monkeypatch):
    plain = figures.entities_terminal(TEXT, ENTITIES)  # pytest's output is no terminal
    assert plain == '[Ada]{PER}[ & ]{x"<y}<b>Bob</b> in [Paris]{LOC}'
    assert figures.entities_terminal(TEXT, ENTITIES, colour=False) == plain
    coloured = figures.entities_terminal(TEXT, ENTITIES, colour=True)
    assert "\x1b[1;4;" in coloured and coloured.endswith("{LOC}\x1b[0m")
    assert "\x1b" not in figures.entities_terminal("\x1b[2J", [entity(0, 1, "x")], colour=False)
    monkeypatch.setattr("sys.stdout", SimpleNamespace(isatty=lambda: True))
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert figures.entities_terminal(TEXT, ENTITIES) == coloured
    monkeypatch.setenv("NO_COLOR", "1")
    assert figures.entities_terminal(TEXT, ENTITIES) == plain


@pytest.mark.parametrize(
    ("entities", "message"),
    [
        ([entity(0, 3, "x"), entity(2, 4, "y")], "ends at character 3, and one of type='y'"),
        ([entity(0, 5, "x")], "stop <= 4, the length of the text. Received: start=0, stop=5"),
        ([entity(2, 2, "x")], "start=2, stop=2, type='x'"),
        ([entity(-1, 2, "x")], "start=-1"),
    ],
)
def test_entities_that_fit_no_text(entities, message):
    for make in (figures.entities_terminal, lambda *a: figures.entities_html([a])):
        with pytest.raises(ValueError, match=message):
            make("text", entities)


def drawn(figure, path):
    """The axes after drawing to a file, which warns about what does not fit."""
    figures.save(figure, path / "figure.png")
    return figure.axes[0]


def cells(axes):
    return {text.get_position(): text.get_text() for text in axes.texts}


def ticks(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_types_are_set_against_each_other_where_the_tokens_agree(tmp_path):
    true = [["B-PER", "I-PER", "O", "B-LOC"], ["B-LOC", "O", "B-PER", "O"]]
    predicted = [["B-PER", "I-PER", "O", "B-PER"], ["O", "B-LOC", "B-PER", "I-PER"]]
    axes = drawn(figures.type_confusion(true, predicted), tmp_path)
    assert ticks(axes.xaxis) == ticks(axes.yaxis) == ["LOC", "PER", "none"]
    assert cells(axes) == {  # (column, row)
        (1, 0): "1\n50%",
        (2, 0): "1\n50%",
        (1, 1): "1\n50%",
        (2, 1): "1\n50%",
        (0, 2): "1\n50%",
        (1, 2): "1\n50%",
    }
    assert axes.get_title("left") == "1 of 4 entities found"


def test_many_types_with_long_names_fit(tmp_path):
    tags = T.tag_set([f"a-very-long-name-{k}" for k in range(30)], "IOB2")[1::2]
    axes = drawn(figures.type_confusion([tags], [tags[1:] + tags[:1]]), tmp_path)
    assert len(ticks(axes.xaxis)) == 31 and len(axes.texts) == 30


def test_transition_scores_with_what_is_forbidden(tmp_path):
    tags = ["O", "B-x", "I-x"]
    start, allowed, end = T.legal(tags, "IOB2")
    scores = np.where(allowed, [[0.5, -4, 0], [1, -0.01, 2], [3, 0, 0]], -1e4)
    first, last = np.where(start, 0.25, -np.inf), np.where(end, 1.0, -1e9)
    figure = figures.transition_scores(scores, tags, first, last)
    axes = drawn(figure, tmp_path)
    assert ticks(axes.yaxis) == ["start", *tags] and ticks(axes.xaxis) == [*tags, "end"]
    assert cells(axes)[0, 0] == "0.2" and cells(axes)[1, 1] == "-4.0" and cells(axes)[1, 2] == "0.0"
    assert (3, 0) not in cells(axes)  # no sentence is a start and an end alone
    hatched = {patch.get_xy() for patch in axes.patches if isinstance(patch, Rectangle)}
    assert hatched == {(1.5, -0.5), (1.5, 0.5)}
    assert axes.images[0].get_clim() == (-4, 4)
    assert "forbidden" in axes.get_title("left")


def test_transitions_alone_and_of_many_tags(tmp_path):
    axes = drawn(figures.transition_scores(np.zeros((2, 2)), ["O", "B-x"]), tmp_path)
    assert ticks(axes.xaxis) == ticks(axes.yaxis) == ["O", "B-x"]
    assert axes.get_title("left") == "Transition scores" and axes.images[0].get_clim() == (-1, 1)
    names = [f"B-creative-work-{k}" for k in range(40)]
    axes = drawn(figures.transition_scores(np.full((40, 40), -1e4), names), tmp_path)
    assert not axes.texts and len(axes.patches) == 1600


def test_the_curve_shows_mean_and_range(tmp_path):
    scores = {"CRF": [[0.2, 0.4], [0.6, 0.7, 0.8]], "softmax": [[0.1], [0.2]]}
    axes = drawn(figures.data_curve([100, 1000], scores), tmp_path)
    one, two = axes.lines
    np.testing.assert_allclose(one.get_ydata(), [0.3, 0.7])
    assert one.get_label() == "CRF" and two.get_xdata().tolist() == [100, 1000]
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (0.2, 0.8)
    assert axes.get_xscale() == "log" and ticks(axes.xaxis) == ["100", "1,000"]


def test_sizes_that_lie_close_are_not_printed_over_each_other(tmp_path):
    axes = drawn(figures.data_curve([100, 3300, 3394], {"a": [[0.1], [0.2], [0.3]]}), tmp_path)
    assert ticks(axes.xaxis) == ["100", "", "3,394"]
    axes = drawn(figures.data_curve([500], {f"model {k}": [[0.5]] for k in range(9)}), tmp_path)
    assert axes.get_xscale() == "linear" and ticks(axes.xaxis) == ["500"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: figures.type_confusion([["O"]], [["O"]]), "at least one entity"),
        (lambda: figures.type_confusion([["O"]], []), "1 in true and 0 in predicted"),
        (lambda: figures.type_confusion([["x"]], [["O"]]), "In sentence 0 of true"),
        (lambda: figures.transition_scores([[1.0]], ["a", "b"]), r"scores of shape \(2, 2\)"),
        (lambda: figures.transition_scores([[np.nan]], ["a"]), "NaN"),
        (lambda: figures.transition_scores([[1.0]], ["a"], end=[1, 2]), r"end of shape \(2,\)"),
        (lambda: figures.transition_scores(np.zeros((0, 0)), []), "at least one"),
        (lambda: figures.data_curve([], {"a": []}), r"sizes=\[\]"),
        (lambda: figures.data_curve([2, 1], {"a": [[1], [2]]}), "rising sizes"),
        (lambda: figures.data_curve([1], {}), r"scores of \[\]"),
        (lambda: figures.data_curve([1, 2], {"a": [[1]]}), r"2 sizes. Received: scores\['a'\]"),
        (lambda: figures.data_curve([1], {"a": [[]]}), "finite scores"),
        (lambda: figures.data_curve([1], {"a": [[np.nan]]}), "finite scores"),
    ],
)
def test_bad_arguments_say_what_was_received(make, message):
    with pytest.raises(ValueError, match=message):
        make()
