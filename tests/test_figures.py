"""Figures show the numbers they were given; how they look was judged by eye."""

import subprocess
import sys

import numpy as np
import pytest

from keras_rnnzoo import figures
from keras_rnnzoo.figures.classification import calibration_error


def drawn(figure, path):
    """The figure after it has been drawn to a file, which warns about what does not fit."""
    figures.save(figure, path / "figure.png")
    assert (path / "figure.png").read_bytes().startswith(b"\x89PNG")
    assert [p.name for p in path.iterdir()] == ["figure.png"]
    return figure.axes


def lines(axes):
    return {line.get_label(): line for line in axes.lines}


def test_learning_curves_mark_the_epoch_of_the_lowest_validation_loss(tmp_path):
    history = {
        "loss": [0.6, 0.4, 0.2],
        "accuracy": [0.6, 0.8, 0.9],
        "val_loss": [0.5, 0.3, 0.4],
        "val_accuracy": [0.7, 0.8, 0.85],
        "learning_rate": [1, 1, 1],
    }
    loss, accuracy = drawn(figures.learning_curves(history), tmp_path)
    assert loss.get_title("left") == "loss" and accuracy.get_title("left") == "accuracy"
    assert lines(loss)["training"].get_ydata().tolist() == [0.6, 0.4, 0.2]
    assert lines(accuracy)["validation"].get_xdata().tolist() == [1, 2, 3]
    assert list(lines(accuracy)["best epoch (2): 0.8"].get_xdata()) == [2, 2]


def test_learning_curves_show_what_they_are_compared_with(tmp_path):
    history = {"loss": [2.0, 1.8], "val_loss": [2.1, 1.9], "accuracy": [0.3, 0.4]}
    figure = figures.learning_curves(history, {"loss": {"trigram": 2.4}})
    loss, accuracy = drawn(figure, tmp_path)
    assert list(lines(loss)["trigram: 2.4"].get_ydata()) == [2.4, 2.4]
    assert "trigram: 2.4" not in lines(accuracy)


def test_learning_curves_of_one_epoch_without_validation(tmp_path):
    (axes,) = drawn(figures.learning_curves({"loss": [0.5]}), tmp_path)
    assert set(lines(axes)) == {"training", "best epoch (1): 0.5"}
    inside = [tick for tick in axes.get_xticks() if 0.7 <= tick <= 1.3]
    assert inside == [1]


def test_the_confusion_matrix_counts_rows_as_true(tmp_path):
    figure = figures.confusion_matrix([0, 0, 0, 1], [0, 1, 1, 1], ["no", "yes"])
    axes = drawn(figure, tmp_path)[0]
    cells = {text.get_position(): text.get_text() for text in axes.texts}
    assert cells[1, 0] == "2\n66.7%" and cells[0, 1] == "0\n0.0%" and cells[1, 1] == "1\n100.0%"
    assert axes.get_ylabel() == "true" and "50.00%" in axes.get_title("left")


def test_a_class_that_never_occurs_is_no_division_by_zero(tmp_path):
    axes = drawn(figures.confusion_matrix([0, 0], [0, 1], ["a", "b", "c"]), tmp_path)[0]
    assert len(axes.texts) == 9


def test_calibration_error_is_the_weighted_gap():
    error, stated, observed, counts = calibration_error([1, 1, 0, 1], [0.95, 0.95, 0.15, 0.15])
    np.testing.assert_allclose(stated, [0.15, 0.95])
    np.testing.assert_allclose(observed, [0.5, 1.0])
    assert counts.tolist() == [2, 2]
    assert error == pytest.approx((0.35 + 0.05) / 2)
    generator = np.random.default_rng(0)
    probability = generator.random(20_000)
    assert calibration_error(generator.random(20_000) < probability, probability)[0] < 0.02


def test_reliability_shows_error_and_counts_up_to_the_very_ends(tmp_path):
    figure = figures.reliability([0, 1, 1], [0.0, 1.0, 1.0])
    above, below = drawn(figure, tmp_path)
    assert above.get_title("left") == "Reliability: calibration error 0.000"
    assert [text.get_text() for text in below.texts] == ["1", "2"]
    assert [bar.get_height() for bar in below.patches] == [1, 2]


def test_error_by_length_groups_short_and_long(tmp_path):
    lengths = np.arange(1, 101)
    (axes,) = drawn(figures.error_by_length(lengths, lengths > 50, bins=2), tmp_path)
    assert [bar.get_height() for bar in axes.patches] == [100, 0]
    names = [label.get_text() for label in axes.get_xticklabels()]
    assert names == ["1\u201350\nn = 50", "51\u2013100\nn = 50"]
    assert "all texts: 50.0%" in lines(axes)


def test_texts_of_one_length_make_one_group(tmp_path):
    (axes,) = drawn(figures.error_by_length([7] * 9, [True] * 9), tmp_path)
    assert len(axes.patches) == 1


def test_gradient_through_time_is_relative_and_logarithmic(tmp_path):
    norms = {"LSTM": [1.0, 2.0, 4.0], "SimpleRNN": [0.0, 1e-3, 1.0]}
    (axes,) = drawn(figures.gradient_through_time(norms), tmp_path)
    assert axes.get_yscale() == "log" and axes.xaxis_inverted()
    assert lines(axes)["LSTM"].get_ydata().tolist() == [0.25, 0.5, 1]
    assert lines(axes)["LSTM"].get_xdata().tolist() == [2, 1, 0]
    np.testing.assert_array_equal(lines(axes)["SimpleRNN"].get_ydata(), [np.nan, 1e-3, 1])


def test_several_runs_are_a_line_and_a_band(tmp_path):
    """A panel below has the Jacobians; steps at which none was computed are passed over."""
    runs = np.array([[1.0, 1.0, 2.0], [3.0, 4.0, 2.0], [8.0, 3.0, 2.0]])
    stretch = [0.5, np.nan, 2.0]
    figure = figures.gradient_through_time({"GRU": runs, "MGU": [1e-3, 1]}, {"GRU": stretch})
    above, below = drawn(figure, tmp_path)
    assert lines(above)["GRU"].get_ydata().tolist() == [1.5, 1.5, 1]
    (band,) = above.collections
    assert band.get_paths()[0].get_extents().get_points()[:, 1].tolist() == [0.5, 4]
    assert lines(below)["GRU"].get_xdata().tolist() == [2, 0]
    assert lines(below)["GRU"].get_ydata().tolist() == [0.5, 2]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["GRU", "MGU"]
    with pytest.raises(ValueError, match=r"jacobians of \['LSTM'\]"):
        figures.gradient_through_time({"GRU": runs}, {"LSTM": stretch})


def test_many_cells_are_told_apart(tmp_path):
    norms = {f"cell {i}": [1.0 + i, 1.0] for i in range(20)}
    (axes,) = drawn(figures.gradient_through_time(norms), tmp_path)
    looks = {(line.get_color(), line.get_linestyle()) for line in axes.lines[:20]}
    assert len(looks) == 20


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: figures.learning_curves({}), "at least one finished epoch"),
        (lambda: figures.learning_curves({"loss": []}), "'loss': 0"),
        (lambda: figures.confusion_matrix([0, 2], [0, 1], ["a", "b"]), "numbers from 0 to 2"),
        (lambda: figures.confusion_matrix([0], [0, 1], ["a", "b"]), "y_true of length 1"),
        (lambda: figures.reliability([0, 1], [0.5, 1.5]), "to 1.5"),
        (lambda: figures.error_by_length([], []), "lengths of length 0"),
        (lambda: figures.gradient_through_time({}), r"norms of \[\]"),
        (lambda: figures.gradient_through_time({"GRU": [1.0, np.nan]}), "'GRU'"),
        (lambda: figures.gradient_through_time({"GRU": [1.0, 0.0]}), "last one above it"),
    ],
)
def test_bad_arguments_say_what_was_received(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_failed_save_leaves_the_old_figure(tmp_path):
    path = tmp_path / "figure.png"
    path.write_bytes(b"old")

    class Broken:
        def savefig(self, path, dpi):
            path.write_bytes(b"half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        figures.save(Broken(), path)
    assert path.read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 1


def test_importing_figures_needs_no_matplotlib():
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "import keras_rnnzoo.figures\n"
        "try: keras_rnnzoo.figures.learning_curves({'loss': [1.0]})\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Figures need Matplotlib" in done.stdout and "[examples]" in done.stdout
