"""Figures of forecasts hold what they were given; how they look was judged by eye."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.dates import date2num

from keras_rnnzoo import figures
from keras_rnnzoo.figures.forecasting import forecast, rolling_forecasts

LEVELS = [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975]
HISTORY = np.sin(np.arange(20) / 3)
SPREAD = np.array([-3, -2, -1, 0, 1, 2, 3.0])


def drawn(figure, path):
    """The axes after drawing to a file, which warns about what does not fit."""
    figures.save(figure, path / "figure.png")
    return figure.axes


def lines(axes):
    return {line.get_label(): line for line in axes.lines}


def bands(axes):
    """By label the lowest and the highest place of each shaded area."""
    paths = {area.get_label(): area.get_paths()[0].vertices[:, 1] for area in axes.collections}
    return {label: (float(y.min()), float(y.max())) for label, y in paths.items()}


def ticks(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def grey(colour):
    """The luminance of a colour: what a print in grey shows of it."""
    return float(np.dot(to_rgb(colour), (0.2126, 0.7152, 0.0722)))


def quantiles(horizon=4, levels=7):
    centre = np.arange(1.0, horizon + 1)[:, None]
    return centre + SPREAD[(7 - levels) // 2 : (7 + levels) // 2]


def test_a_forecast_starts_at_the_last_value_known(tmp_path):
    figure = forecast(HISTORY, [2, 2, 3, 3], quantiles(), LEVELS, channels="load", unit="MW")
    (axes,) = drawn(figure, tmp_path)
    shown, last = lines(axes), HISTORY[-1]
    np.testing.assert_array_equal(shown["history"].get_ydata(), HISTORY)
    assert shown["history"].get_xdata().tolist() == list(range(-19, 1))
    assert shown["truth"].get_ydata().tolist() == [last, 2, 2, 3, 3]
    assert shown["median"].get_ydata().tolist() == [last, 1, 2, 3, 4]
    assert shown["median"].get_xdata().tolist() == [0, 1, 2, 3, 4]
    want = {"50 % band": (0, 5), "80 % band": (-1, 6), "95 % band": (-2, 7)}
    assert bands(axes) == want
    assert axes.get_title("left") == "load" and axes.get_ylabel() == "MW"
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["history", "truth", "median", *want]
    origin = next(line for line in axes.lines if line.get_linestyle() == ":")
    assert list(origin.get_xdata()) == [0, 0]
    assert axes.get_xlim()[0] < -19 and axes.get_xlim()[1] > 4
    assert axes.get_ylim()[0] < -2 and axes.get_ylim()[1] > 7


@pytest.mark.parametrize(
    ("levels", "names"),
    [
        ([0.1, 0.5, 0.9], ["80 % band"]),
        ([0.1, 0.25, 0.5, 0.75, 0.9], ["50 % band", "80 % band"]),
        ([0.05, 0.2, 0.5, 0.8, 0.95], ["90 % band"]),
        (np.array([0.025, 0.25, 0.75, 0.975], "float32"), ["50 % band", "95 % band"]),
        ([0.5], []),
    ],
    ids=str,
)
def test_the_levels_say_which_bands_there_are(levels, names, tmp_path):
    values = np.arange(float(len(levels)))[None] * np.ones((3, 1))
    (axes,) = drawn(forecast(HISTORY, None, values, levels), tmp_path)
    assert sorted(bands(axes)) == names
    assert ("median" in lines(axes)) == (len(levels) % 2 == 1) and "truth" not in lines(axes)


def test_bands_and_median_are_told_apart_in_grey(tmp_path):
    (axes,) = drawn(forecast(HISTORY, None, quantiles(), LEVELS), tmp_path)
    shades = {a.get_label(): grey(a.get_facecolor()[0][:3]) for a in axes.collections}
    median = grey(lines(axes)["median"].get_color())
    steps = [1, *(shades[f"{k} % band"] for k in (95, 80, 50)), median]
    assert (np.diff(steps) < -0.09).all(), steps
    order = {a.get_label(): a.get_zorder() for a in axes.collections}
    assert order["50 % band"] > order["80 % band"] > order["95 % band"]


def test_a_point_forecast_of_one_step_and_numbered_times(tmp_path):
    (axes,) = drawn(forecast([3.0], point=[4.0], times=[2020, 2021]), tmp_path)
    assert lines(axes)["forecast"].get_ydata().tolist() == [3, 4]
    assert lines(axes)["forecast"].get_xdata().tolist() == [2020, 2021]
    (axes,) = drawn(forecast([3.0], None, [[1, 2, 3]], [0.1, 0.5, 0.9], point=[9.0]), tmp_path)
    assert "median" not in lines(axes) and lines(axes)["forecast"].get_ydata()[1] == 9


def test_several_channels_get_a_panel_each(tmp_path):
    history, point = np.arange(30.0).reshape(5, 6), np.full((2, 6), 7.0)
    panels = drawn(forecast(history, point=point, unit=list("abcdef")), tmp_path)
    assert [p.get_title("left") for p in panels] == [f"channel {k}" for k in range(1, 7)]
    assert [p.get_ylabel() for p in panels] == list("abcdef")
    for k, axes in enumerate(panels):
        np.testing.assert_array_equal(lines(axes)["history"].get_ydata(), history[:, k])
    below = [bool(p.get_xlabel()) for p in panels]
    assert below == [False] * 4 + [True] * 2
    panels = drawn(forecast(history[:, :5], point=point[:, :5], channels=list("vwxyz")), tmp_path)
    assert [p.get_title("left") for p in panels] == list("vwxyz")
    assert [bool(p.get_xlabel()) for p in panels] == [False, False, False, True, True]


@pytest.mark.parametrize(
    ("start", "zone", "step", "first", "label"),
    [
        ("2017-11-01", None, "h", "01 Nov", "01 Nov 2017"),
        ("2017-11-01", None, "D", "01 Nov", "2017"),
        ("2017-12-20", "Europe/Berlin", "D", "21 Dec", "2017 to 2018, Europe/Berlin"),
        ("2017-01-01", None, "MS", "2017", "2017 to 2018"),
        ("1950-01-01", None, "YS", "1952", ""),
    ],
)
def test_dates_are_written_so_that_they_are_clear(start, zone, step, first, label, tmp_path):
    times = pd.date_range(start, periods=24, freq=step, tz=zone)
    (axes,) = drawn(forecast(HISTORY, None, quantiles(), LEVELS, times=times), tmp_path)
    assert axes.get_xlabel() == label
    inside = [t for t, x in zip(ticks(axes.xaxis), axes.get_xticks()) if x >= date2num(times[0])]
    assert inside[0] == first and 3 <= len(inside) <= 9


def test_a_zone_shows_its_own_hours(tmp_path):
    times = pd.date_range("2017-07-01", periods=24, freq="h", tz="Asia/Tokyo")
    (axes,) = drawn(forecast(HISTORY, None, quantiles(), LEVELS, times=times), tmp_path)
    utc = pd.date_range("2017-06-30 15:00", periods=20, freq="h")
    np.testing.assert_array_equal(lines(axes)["history"].get_xdata(), date2num(utc))
    at = dict(zip(ticks(axes.xaxis), axes.get_xticks()))
    assert at["12:00"] == date2num(pd.Timestamp("2017-07-01 03:00"))


def test_a_backtest_shows_each_forecast_from_its_origin(tmp_path):
    truth = np.array([3.0, 4.0, 5.0, 4.0])
    figure = rolling_forecasts(None, truth, {3: [5.0, 9.0], 0: [2.0], 1: [4.5, 4.5]}, "OT", "°C")
    (axes,) = drawn(figure, tmp_path)
    got = [(line.get_xdata().tolist(), line.get_ydata().tolist()) for line in axes.lines]
    assert got == [
        ([0, 1, 2, 3], truth.tolist()),
        ([0], [2]),
        ([0, 1, 2], [3, 4.5, 4.5]),
        ([2, 3, 4], [5, 5, 9]),
    ]
    # the errors 1, 0.5, 0.5 and 1; what comes after the truth has none
    assert axes.get_title("left") == "OT: 3 forecasts, mean absolute error 0.75"
    times = pd.date_range("2020-01-01", periods=9, freq="D")
    (axes,) = drawn(rolling_forecasts(times, truth, {4: [1.0]}), tmp_path)
    assert axes.get_title("left") == "1 forecast" and axes.get_xlim()[1] < date2num(times[5])


TENTHS = [0.1, 0.5, 0.9]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: forecast(HISTORY), "Received: none of them"),
        (lambda: forecast(HISTORY, None, quantiles()), "Received: quantiles"),
        (lambda: forecast(HISTORY, levels=LEVELS), "Received: levels"),
        (lambda: forecast([], point=[1]), r"history of shape \(any, any\)"),
        (lambda: forecast([1, np.nan], point=[1]), r"history\[1, 0\]=nan"),
        (lambda: forecast(["a"], point=[1]), "history as an array of numbers"),
        (lambda: forecast(np.zeros((3, 25)), point=[1]), "at most 24 channels"),
        (lambda: forecast([1], [1, 2], point=[1]), r"truth of shape \(1, 1\)"),
        (lambda: forecast([1], None, quantiles(), LEVELS, point=[1]), r"point of shape \(4, 1\)"),
        (lambda: forecast([1], None, quantiles(), TENTHS), r"\(any, 1, 3\).*\(4, 1, 7\)"),
        (lambda: forecast([1], None, quantiles(4, 3), [0.1, 0.5, 0.8]), "1 - q for each q"),
        (lambda: forecast([1], None, quantiles(4, 3), [0.5, 0.1, 0.9]), "levels that increase"),
        (lambda: forecast([1], None, quantiles(4, 3), [0, 0.5, 1]), "between 0 and 1"),
        (lambda: forecast([1], None, -quantiles(4, 3), TENTHS), "cross in step 1"),
        (lambda: forecast([1], None, [[1, 2, np.inf]], TENTHS), r"quantiles\[0, 0, 2\]=inf"),
        (lambda: forecast([1, 2], point=[1], times=[0, 1]), "Expected 3 times"),
        (lambda: forecast([1], point=[1], times=[0, 1, 2]), "1 of the forecast"),
        (lambda: forecast([1], point=[1], times=[1, 1]), "times that increase"),
        (lambda: forecast([1], point=[1], times=pd.DatetimeIndex(["2020", None])), "increase"),
        (lambda: forecast([1], point=[1], channels=["a", "b"]), "channels for 1 channel"),
        (lambda: forecast(np.ones((2, 2)), point=[[1, 1]], unit=["a"]), "unit for 2 channels"),
        (lambda: rolling_forecasts(None, [1.0], {}), "at least one forecast"),
        (lambda: rolling_forecasts(None, [1.0], {2: [1.0]}), "from 0 to 1.*row 2"),
        (lambda: rolling_forecasts(None, [1.0], {0.5: [1.0]}), "row 0.5"),
        (lambda: rolling_forecasts(None, [1.0], {0: [np.nan]}), r"forecast of row 0\[0\]=nan"),
        (lambda: rolling_forecasts([0, 1], [1.0], {1: [1.0, 2.0]}), "Expected 3 times"),
    ],
)
def test_bad_arguments_say_what_was_received(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("times", [["2020-01-01", "2020-01-02"], [[0], [1]], [True, False]])
def test_times_that_are_none(times):
    with pytest.raises(TypeError, match="pandas.to_datetime"):
        forecast([1.0], point=[1.0], times=times)
