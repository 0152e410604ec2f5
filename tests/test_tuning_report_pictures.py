"""Figures of a sweep show what they were given, with few cells and with forty."""

import numpy as np
import pandas as pd
import pytest

from keras_rnnzoo.figures.style import GREY, PALETTE
from tuning import pictures
from tuning.factors import find_factors
from tuning.importance import Importance
from tuning.parallel import parallel_coordinates

NAMES = [f"a_cell_of_some_length_{k}" for k in range(40)]


def drawn(figure):
    """The axes after a drawing, which warns about what does not fit."""
    figure.draw_without_rendering()
    return figure.axes


def overlap(texts, figure):
    boxes = [text.get_window_extent() for text in texts if text.get_text()]
    return [
        (one, two)
        for k, one in enumerate(boxes)
        for two in boxes[k + 1 :]
        if one.y0 < two.y1 - 1 and two.y0 < one.y1 - 1 and one.x0 < two.x1 and two.x0 < one.x1
    ]


def table_of(count):
    middle = np.arange(count) / 10
    return pd.DataFrame(
        {"middle": middle, "low": middle - 0.1, "high": middle + 0.1}, index=NAMES[:count]
    )


@pytest.mark.parametrize("count", [3, 40])
def test_intervals_stand_in_their_order_and_the_certain_are_filled(count):
    figure = pictures.intervals(table_of(count), "Cells", "nll", 0, marked={NAMES[1]})
    (axes,) = drawn(figure)
    assert [label.get_text() for label in axes.get_yticklabels()] == NAMES[:count]
    assert axes.yaxis_inverted() and not overlap(axes.get_yticklabels(), figure)
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    np.testing.assert_allclose([dot.get_xdata()[0] for dot in dots], np.arange(count) / 10)
    faces = [dot.get_markerfacecolor() for dot in dots]
    assert faces[1] == PALETTE[0] and set(faces) == {PALETTE[0], "white"}


def test_an_interval_far_beyond_the_others_is_cut_with_an_arrowhead():
    table = table_of(6)
    table.loc[NAMES[5], ["middle", "high"]] = [3.0, 900.0]
    (axes,) = drawn(pictures.intervals(table, "Cells", "nll", 0))
    assert axes.get_xlim()[1] < 10
    (head,) = [line for line in axes.lines if line.get_marker() == ">"]
    assert head.get_ydata()[0] == 5
    assert not [line for line in axes.lines if line.get_marker() == "<"]


@pytest.mark.parametrize(("lower", "bright"), [(True, 0), (False, 3)])
def test_the_better_field_of_a_heatmap_is_the_brighter_one(lower, bright):
    table = pd.DataFrame({1: [1.0, 2.0], 2: [3.0, np.nan], 3: [4.0, 2.5]}, index=NAMES[:2])
    axes = drawn(pictures.heatmaps({"best": table, "median": table}, "nll", lower))[0]
    shades = axes.images[0].get_array()
    assert [text.get_text() for text in axes.texts] == ["1.00", "3.00", "4.00", "2.00", "-", "2.50"]
    best = {0: (0, 0), 3: (0, 2)}[bright]
    assert shades[best] == np.nanmax(shades) and shades[best] > shades[1, 0]


def test_forty_cells_have_room_in_a_heatmap():
    table = pd.DataFrame(np.arange(120.0).reshape(40, 3), NAMES, [1, 2, 3])
    figure = pictures.heatmaps({"best": table, "median": table}, "nll")
    axes = drawn(figure)[0]
    assert not overlap([*axes.get_yticklabels(), *axes.texts], figure)


@pytest.mark.parametrize("count", [3, 40])
def test_the_first_cells_have_names_and_bands_and_the_others_are_grey(count):
    curve = np.linspace(1, 0, 16)
    curves = {n: (curve + k, curve + k - 0.1, curve + k + 0.1) for k, n in enumerate(NAMES[:count])}
    figure = pictures.best_of_n(curves, "nll")
    (axes,) = drawn(figure)
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words == NAMES[: min(count, 7)] + (["33 others"] if count == 40 else [])
    assert len(axes.collections) == 3
    assert sum(line.get_color() == GREY for line in axes.lines) == max(count - 7 + 1, 0)


def test_curves_of_winners_of_different_lengths_are_averaged_where_they_are():
    figure = pictures.winner_curves({"gru": [[3.0, 2.0, 1.0], [5.0, 4.0]]}, "nll")
    (axes,) = drawn(figure)
    assert axes.lines[0].get_ydata().tolist() == [4, 3, 1]
    assert drawn(pictures.winner_curves({"gru": [[3.0]]}, "nll"))


def test_bars_are_shares_in_their_order():
    shares = pd.DataFrame({"rate": [0.6, 0.8], "cell": [0.2, 0.1]})
    pairs = pd.DataFrame([[0.1], [0.05]], columns=pd.MultiIndex.from_tuples([("rate", "cell")]))
    found = Importance([], shares, pairs, 0.5)
    (axes,) = drawn(pictures.importance_bars(found.summary(), found.summary(pairs=True)))
    np.testing.assert_allclose([bar.get_width() for bar in axes.patches], [0.7, 0.15, 0.075])
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["rate", "cell", "rate x cell"]
    assert [text.get_text() for text in axes.texts] == ["70.0%", "15.0%", "7.5%"]


@pytest.mark.parametrize("lower", [True, False])
def test_the_best_trial_stands_out_and_ends_on_top(rng, lower):
    rows = [
        {"cell": NAMES[k % 40], "rate": float(rng.random()), "clip": [None, 1.0][k % 2]}
        for k in range(80)
    ]
    scores = rng.normal(size=80)
    scores[0] = 500 if lower else -500  # diverged
    best = int(np.argmin(scores) if lower else np.argmax(scores))
    figure = parallel_coordinates(rows, scores, find_factors(rows), "nll", lower)
    (axes,) = drawn(figure)
    colours = [line.get_color() for line in axes.lines]
    assert colours.count(PALETTE[1]) == 1 and colours.count(PALETTE[0]) == 7
    heights = axes.lines[colours.index(PALETTE[1])].get_ydata()
    assert heights[-1] == 1
    assert heights[0] == pytest.approx(1 - sorted(NAMES).index(rows[best]["cell"]) / 39, abs=0.01)
    words = [text.get_text() for text in axes.texts]
    assert any("or worse" in word for word in words) and words.count("none") == 1
    with pytest.raises(ValueError, match="at least one trial"):
        parallel_coordinates([], [], [], "nll")
