"""Figures of the capability tasks show the numbers they were given."""

import pytest

from keras_rnnzoo import figures


def drawn(figure, path):
    figures.save(figure, path / "figure.png")
    (axes,) = figure.axes
    return axes


def test_a_run_is_drawn_between_no_memory_and_its_goal(tmp_path):
    curve = figures.goal_curve([0.17, 0.1, 0.0004], 1e-3, 1 / 6, "mse", steps=50)
    axes = drawn(curve, tmp_path)
    found = {line.get_label(): line for line in axes.lines}
    assert found["validation"].get_xdata().tolist() == [50, 100, 150]
    assert found["validation"].get_ydata().tolist() == [0.17, 0.1, 0.0004]
    assert list(found["no memory: 0.167"].get_ydata()) == [1 / 6] * 2
    assert list(found["goal: 0.001"].get_ydata()) == [1e-3] * 2
    assert axes.get_yscale() == "log" and "lower is better" in axes.get_ylabel()
    accuracy = drawn(figures.goal_curve([0.5], 0.99, 0, "accuracy", higher=True), tmp_path)
    assert accuracy.get_yscale() == "linear" and "higher is better" in accuracy.get_ylabel()


def test_the_map_has_the_cells_that_solve_most_on_top(tmp_path):
    shares = {
        "MinGRU": {"copy 200": (0, 2)},
        "GRU": {"adding 400": (3, 3), "copy 200": (1, 2)},
    }
    axes = drawn(figures.solved_map(shares), tmp_path)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["GRU", "MinGRU"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["copy 200", "adding 400"]
    said = {text.get_position(): text.get_text() for text in axes.texts}
    assert said == {(0, 0): "1/2", (1, 0): "3/3", (0, 1): "0/2", (1, 1): "·"}
    assert len(axes.patches) == 3
    turned = drawn(figures.solved_map(shares, ["adding 400", "copy 200"]), tmp_path)
    assert [label.get_text() for label in turned.get_xticklabels()] == ["adding 400", "copy 200"]


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="finished epoch"):
        figures.goal_curve([], 1, 2)
    with pytest.raises(ValueError, match="limit"):
        figures.goal_curve([1.0], float("nan"), 2)
    for shares, message in (
        ({}, "at least one cell"),
        ({"GRU": {}}, r"shares\['GRU'\]"),
        ({"GRU": {"copy": (2, 1)}}, r"\(2, 1\)"),
        ({"GRU": {"copy": (0, 0)}}, r"\(0, 0\)"),
    ):
        with pytest.raises(ValueError, match=message):
            figures.solved_map(shares)
