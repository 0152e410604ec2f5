"""Figures of errors hold what they were given; how they look was judged by eye."""

import doctest
import inspect

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from keras_rnnzoo import figures
from keras_rnnzoo.figures import comparison, forecast_errors, forecasting
from keras_rnnzoo.figures.comparison import cells_scatter
from keras_rnnzoo.figures.forecast_errors import calibration, error_by_horizon, residuals


def drawn(figure, path):
    """The axes after drawing to a file, which warns about what does not fit."""
    figures.save(figure, path / "figure.png")
    return figure.axes


def lines(axes):
    return {line.get_label(): line for line in axes.lines}


def boxes(axes):
    """Where the names stand, without the lines that lead to them."""
    axes.figure.draw_without_rendering()
    return {text.get_text(): Text.get_window_extent(text) for text in axes.texts}


def test_error_by_horizon_names_each_line_and_greys_baselines(tmp_path):
    errors = {"naive": [0.3, 0.5, 0.7], "GRU": [0.2, 0.3, 0.31], "LSTM": [0.2, 0.3, 0.3]}
    figure = error_by_horizon(errors, "naive", metric="MAE", unit="hours")
    (axes,) = drawn(figure, tmp_path)
    for name, values in errors.items():
        assert lines(axes)[name].get_ydata().tolist() == values
        assert lines(axes)[name].get_xdata().tolist() == [1, 2, 3]
    assert lines(axes)["naive"].get_linestyle() == "--"
    assert len(set(to_rgb(lines(axes)["naive"].get_color()))) == 1
    assert lines(axes)["GRU"].get_linestyle() == "-"
    assert axes.get_title("left") == "MAE by horizon" and axes.get_xlabel() == "hours ahead"
    names = boxes(axes)
    assert set(names) == set(errors) and not names["GRU"].overlaps(names["LSTM"])
    assert names["naive"].y0 > names["GRU"].y0 > names["LSTM"].y0


def test_many_models_are_told_apart_and_named_inside_the_figure(tmp_path):
    errors = {f"model {k}": np.full(96, 1.0) for k in range(25)}
    baselines = [f"model {k}" for k in range(5)]
    figure = error_by_horizon(errors, baselines)
    (axes,) = drawn(figure, tmp_path)
    looks = [(n.get_color(), n.get_linestyle(), n.get_marker()) for n in axes.lines[5:]]
    assert len(set(looks)) == 20 and len({look[2] for look in looks[:7]}) == 7
    assert len(set(map(str, forecast_errors.DASHES))) == 5  # those of the baselines
    heights = sorted(box.y0 for box in boxes(axes).values())
    assert len(heights) == 25 and min(np.diff(heights)) > 10 and heights[0] >= 0
    assert axes.get_xticks().tolist() == list(range(12, 97, 12))
    (axes,) = drawn(error_by_horizon({"a": [1.0]}), tmp_path)
    assert [x for x in axes.get_xticks() if 0.5 <= x <= 1.5] == [1]


def test_calibration_of_quantiles_and_of_intervals(tmp_path):
    figure = calibration([0.1, 0.5, 0.9], {"GRU": [0.1, 0.6, 0.8], "b": [0, 1, 1]}, windows=2785)
    (axes,) = drawn(figure, tmp_path)
    assert axes.get_title("left") == "Calibration of quantiles, 2,785 windows"
    line = lines(axes)["GRU: 6.7 points off"]
    assert line.get_xdata().tolist() == [0.1, 0.5, 0.9]
    assert line.get_ydata().tolist() == [0.1, 0.6, 0.8]
    assert lines(axes)["calibrated"].get_xydata().tolist() == [[0, 0], [1, 1]]
    assert [t.get_text() for t in axes.texts] == ["quantiles too high", "quantiles too low"]
    (axes,) = drawn(calibration([0.5, 0.8], [0.45, 0.8], kind="intervals"), tmp_path)
    assert axes.get_title("left") == "Calibration of intervals"
    assert "2.5 points off" in lines(axes) and axes.texts[1].get_text() == "intervals too narrow"


def test_residuals_over_time_spread_and_correlated(tmp_path):
    statsmodels = pytest.importorskip("statsmodels.tsa.stattools")
    values = np.random.default_rng(0).standard_normal(900).cumsum()
    figure = residuals(values, pd.date_range("2020-01-01", periods=900, freq="h"), unit="°C")
    time, spread, correlation = (drawn(figure, tmp_path)[k] for k in (2, 0, 1))
    np.testing.assert_array_equal(time.lines[1].get_ydata(), values)
    assert f"mean {values.mean():.3g}".replace("-", "\u2212") in time.get_title("left")
    assert sum(bar.get_height() for bar in spread.patches) == 900
    heights = correlation.lines[-1].get_ydata()
    np.testing.assert_allclose(heights, statsmodels.acf(values, nlags=48, fft=False)[1:])
    band = correlation.patches[0]
    assert band.get_y() + band.get_height() == pytest.approx(1.96 / 30)
    few = drawn(residuals([1.0, 2.0, 0.0], lags=2), tmp_path)[1]
    assert few.lines[-1].get_xdata().tolist() == [1, 2]


def test_cells_that_none_beats_and_names_that_do_not_touch(tmp_path):
    cells = {"fast": (10, 0.4), "good": (120, [0.3, 0.2]), "bad": (50, [0.5]), "slow": (130, 0.25)}
    (axes,) = drawn(cells_scatter(cells, score="error"), tmp_path)
    best, rest = "no other cell is better in both", "another cell is better in both"
    assert lines(axes)[best].get_xydata().tolist() == [[10, 0.4], [120, 0.25]]
    assert lines(axes)[rest].get_xydata().tolist() == [[50, 0.5], [130, 0.25]]
    assert axes.get_xscale() == "log" and axes.get_title("left") == "Error against seconds"
    assert [area.get_segments()[0].tolist() for area in axes.collections] == [
        [[120, 0.2], [120, 0.3]]
    ]
    (axes,) = drawn(cells_scatter(cells, "parameters", "accuracy", lower=False), tmp_path)
    assert lines(axes)[best].get_xydata().tolist() == [[10, 0.4], [50, 0.5]]
    crowd = np.random.default_rng(0).random((30, 2)) + 1
    cells = {f"cell number {k}": tuple(pair) for k, pair in enumerate(crowd)}
    (axes,) = drawn(cells_scatter(cells), tmp_path)
    assert axes.get_xscale() == "linear"
    names, frame = list(boxes(axes).values()), axes.get_window_extent()
    assert not any(a.overlaps(b) for k, a in enumerate(names) for b in names[:k])
    assert all(frame.x0 <= name.x0 and name.x1 <= frame.x1 for name in names)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: error_by_horizon({}), "errors={}"),
        (lambda: error_by_horizon({"GRU": []}), r"errors\['GRU'\] of shape"),
        (lambda: error_by_horizon({"GRU": [-1.0]}), "from 0"),
        (lambda: error_by_horizon({"naive": [1.0]}, ["naiv"]), "Did you mean 'naive'"),
        (lambda: calibration([0.5, 0.1], [0.1, 0.2]), "levels that increase"),
        (lambda: calibration([0.5], [0.1, 0.2]), r"observed of shape \(1\)"),
        (lambda: calibration([0.5], {"GRU": [1.1]}), "between 0 and 1"),
        (lambda: calibration([0.5], {}), "observed={}"),
        (lambda: calibration([0.5], [0.5], windows=0), "windows=0"),
        (lambda: calibration([0.5], [0.5], kind="interval"), "Did you mean 'intervals'"),
        (lambda: residuals([1.0, 2.0]), "at least three"),
        (lambda: residuals([1.0] * 9), "from 1.0 to 1.0"),
        (lambda: residuals([1.0, 2.0, 3.0], lags=3), "lags from 1 to 2"),
        (lambda: residuals([1.0, 2.0, np.nan]), r"residuals\[2\]=nan"),
        (lambda: residuals([1.0, 2.0, 3.0], times=range(4)), "Expected 3 times"),
        (lambda: cells_scatter({}), "cells={}"),
        (lambda: cells_scatter({"GRU": 3.0}), r"pair of cost and score.*cells\['GRU'\]=3.0"),
        (lambda: cells_scatter({"GRU": (0, 1)}), "costs above 0"),
        (lambda: cells_scatter({"GRU": (1, [])}), "score of 'GRU'"),
        (lambda: cells_scatter({"GRU": (1, np.nan)}), "score of 'GRU'"),
    ],
)
def test_bad_arguments_say_what_was_received(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("module", [forecasting, forecast_errors, comparison])
def test_examples_run(module):
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if function.__module__ == module.__name__ and "Returns:" in (function.__doc__ or ""):
            examples = doctest.DocTestParser().get_examples(function.__doc__)
            assert examples, name
            for example in examples:
                exec(example.source, vars(module).copy())
