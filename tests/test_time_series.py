"""Series from arrays: what is checked, what is completed, and the parts that can be taken."""

import subprocess
import sys

import numpy as np
import pandas
import pytest

from keras_rnnzoo.datasets.time_frames import from_frame
from keras_rnnzoo.datasets.time_series import TimeSeries

DAYS = pandas.date_range("2020-02-27", periods=5)


def two(**changes):
    """Two series of 4 and 3 steps with covariates of every kind."""
    given = dict(
        values=[np.arange(8.0).reshape(4, 2), -np.arange(6.0).reshape(3, 2)],
        times=[DAYS[:4], DAYS[2:]],
        targets=("load", "wind"),
        ids=("north", "south"),
        past=[np.arange(4.0), np.arange(3.0)],
        future=[np.arange(12.0).reshape(6, 2), np.arange(6.0).reshape(3, 2)],
        static=[[1.0], [2.0]],
        future_names=("holiday", "price"),
        static_names=("area",),
    )
    return TimeSeries.from_arrays(**{**given, **changes})


# What goes in


def test_one_array_is_one_series_with_counted_steps():
    given = np.arange(5)
    series = TimeSeries.from_arrays(given)
    assert (len(series), series.steps, series.ids, series.targets) == (1, 5, ("",), ("y",))
    assert series.values[0].shape == (5, 1) and series.values[0].dtype == "float64"
    assert series.times[0].equals(pandas.RangeIndex(5)) and series.frequency is None
    assert series.past[0].shape == series.future[0].shape == (5, 0)
    assert series.static.shape == (1, 0) and series.report == () and series.ahead == (0,)
    assert repr(series) == "TimeSeries(5 steps of one, targets y)"
    assert series.to_frame().columns.tolist() == ["time", "y"]


def test_arrays_are_copied():
    given = np.arange(5.0)
    series = TimeSeries.from_arrays(given)
    given[:] = 7
    assert series.values[0][:, 0].tolist() == [0, 1, 2, 3, 4]


def test_several_series_with_all_kinds_of_covariates():
    series = two()
    assert (len(series), series.steps, series.frequency) == (2, 7, "D")
    assert series.past_names == ("past1",) and series.future_names == ("holiday", "price")
    assert series.ahead == (2, 0) and series.static.tolist() == [[1], [2]]
    assert repr(series) == "TimeSeries(2 series, 7 steps of D, targets load, wind)"


def test_names_are_made_up():
    series = TimeSeries.from_arrays([np.ones((3, 2)), np.ones((3, 2))], static=np.ones((2, 2)))
    assert series.targets == ("y1", "y2") and series.ids == ("0", "1")
    assert series.static_names == ("static1", "static2")


def test_times_of_many_types():
    for times in (DAYS, DAYS.to_period("D"), DAYS.values, list(DAYS.to_pydatetime())):
        series = TimeSeries.from_arrays(np.ones(5), times)
        assert series.times[0].equals(DAYS) and series.frequency == "D"
    assert TimeSeries.from_arrays(np.ones(2), pandas.RangeIndex(3, 5)).times[0].start == 3
    both = TimeSeries.from_arrays([np.ones(5), np.ones(5)], DAYS, frequency="D")
    assert both.times[1].equals(DAYS)
    berlin = pandas.date_range("2020-03-28", periods=3, tz="Europe/Berlin")  # 23 hours in between
    assert TimeSeries.from_arrays(np.ones(3), berlin).frequency == "D"


WRONG = {
    "no rows": (dict(values=np.empty((0, 2)), times=None), "not empty.*shapes \\(0, 2\\)"),
    "three axes": (dict(values=np.ones((2, 2, 2)), times=None), "\\(time, columns\\).*2, 2, 2"),
    "other widths": (dict(values=[np.ones((4, 2)), np.ones((3, 1))]), "as many columns"),
    "not finite": (
        dict(values=[np.ones((4, 2)), np.array([[1, 2], [1, np.nan], [np.inf, 2]])]),
        "nan in values of series 'south', row 1, column 1, the first of 2.*from_frame",
    ),
    "covariate not finite": (dict(past=[np.ones(4), np.full(3, -np.inf)]), "-inf in past of.*'sou"),
    "static not finite": (dict(static=[[1], [np.nan]]), "nan in static"),
    "too few covariates": (dict(future=[np.ones(4), np.ones(2)]), "3 rows or more.*'south'.*: 2"),
    "too many past rows": (dict(past=[np.ones(5), np.ones(3)]), "4 rows of past.*'north'.*: 5"),
    "covariates of one": (dict(past=np.ones(4)), "2 arrays, as many as values.*1 in past"),
    "static of others": (dict(static=np.ones((3, 1))), r"\(2, columns\).*\(3, 1\)"),
    "names that miss": (dict(targets="load"), "targets with 2 strings.*'load'"),
    "names that are none": (dict(ids=(1, 2)), "ids with 2 strings"),
    "a name twice": (dict(ids=("a", "a")), "'a' more than once"),
    "a name in two parts": (dict(static_names="wind"), "'wind' more than once"),
    "times of one": (dict(times=[DAYS]), "2 indexes of times.*: 1"),
    "times of other length": (dict(times=[DAYS, DAYS[:3]]), "4 times for series 'north'.*: 5"),
    "irregular": (
        dict(times=[DAYS[[0, 1, 3, 4]], DAYS[:3]]),
        "a step of D each.*2020-03-01 00:00:00 in row 2 of series 'north', not 2020-02-29.*from_f",
    ),
    "other frequency": (dict(frequency="h"), "a step of h.*2020-02-28.*not 2020-02-27 01:00"),
    "no frequency": (dict(frequency="daily"), "alias of pandas.*'daily'"),
    "backwards": (dict(frequency="-1D"), "alias of pandas.*'-1D'"),
    "two zones": (dict(times=[DAYS[:4].tz_localize("UTC"), DAYS[2:]]), "one time zone.*None, UTC"),
    "no stamp": (dict(times=[DAYS[:4].insert(2, pandas.NaT).delete(3), DAYS[2:]]), "NaT"),
    "frequency alone": (dict(times=None, frequency="D"), "times with a frequency"),
    "counted": (
        dict(times=[pandas.RangeIndex(4), pandas.RangeIndex(3)], frequency="D"),
        "Counted steps have no frequency",
    ),
}


@pytest.mark.parametrize(("changes", "words"), WRONG.values(), ids=WRONG.keys())
def test_values_that_do_not_fit(changes, words):
    with pytest.raises(ValueError, match=words):
        two(**changes)


MISTAKEN = {
    "lists of lists": (dict(values=[[1, 2], [3, 4]]), "may mean either"),
    "texts": (dict(values=np.array(["1"])), "numbers.*<U1"),
    "a frame": (dict(values=pandas.DataFrame({"y": [1]})), "DataFrame.*from_frame"),
    "dates as texts": (dict(values=np.ones(2), times=["1/2/20", "2/2/20"]), "to_datetime"),
    "numbers as times": (dict(values=np.ones(2), times=np.arange(2)), "RangeIndex.*int64"),
    "steps of two": (dict(values=np.ones(2), times=pandas.RangeIndex(0, 4, 2)), "of step 1"),
    "stamps and counts": (
        dict(values=[np.ones(5), np.ones(2)], times=[DAYS, pandas.RangeIndex(2)]),
        "all series or counted",
    ),
}


@pytest.mark.parametrize(("given", "words"), MISTAKEN.values(), ids=MISTAKEN.keys())
def test_types_that_do_not_fit(given, words):
    with pytest.raises(TypeError, match=words):
        TimeSeries.from_arrays(**given)


# What comes out


@pytest.mark.parametrize(
    ("start", "stop"), [(None, None), (1, 3), (-2, None), (None, -1), (1, 99), (-3, -1)]
)
def test_slices_are_those_of_lists(start, stop):
    series, cut = two(), two().slice(start, stop)
    for k in range(2):
        rows = slice(start, stop)
        assert np.array_equal(cut.values[k], series.values[k][rows])
        assert np.array_equal(cut.past[k], series.past[k][rows])
        assert cut.times[k].equals(series.times[k][rows])
        first = range(len(series.values[k]))[rows].start
        assert np.array_equal(cut.future[k], series.future[k][first:])
    assert cut.frequency == "D" and cut.ids == series.ids
    assert np.array_equal(cut.static, series.static)


def test_slices_share_their_data_and_know_what_lies_ahead():
    series = two()
    cut = series.slice(1, 3)
    assert np.shares_memory(cut.values[0], series.values[0])
    assert cut.ahead == (3, 0)
    counted = TimeSeries.from_arrays(np.ones(5)).slice(2, 4)
    assert list(counted.times[0]) == [2, 3]


def test_slices_without_rows_are_refused():
    with pytest.raises(ValueError, match="start=3, stop=None for series 'south' of 3 rows"):
        two().slice(3)
    with pytest.raises(ValueError, match="a series of 5 rows"):
        TimeSeries.from_arrays(np.ones(5)).slice(2, 2)


def test_one_of_several():
    for which in (1, -1, "south", np.int64(1)):
        one = two().one(which)
        assert one.ids == ("south",) and one.steps == 3 and one.static.tolist() == [[2.0]]
        assert one.future[0].shape == (3, 2) and len(one.past) == 1
    with pytest.raises(ValueError, match="Did you mean 'south'.*'sout'"):
        two().one("sout")
    with pytest.raises(ValueError, match="one of 2 series.*: 2"):
        two().one(2)


def test_targets_can_be_selected():
    assert two().select("wind").values[0].tolist() == [[1], [3], [5], [7]]
    turned = two().select(["wind", "load"])
    assert turned.targets == ("wind", "load") and turned.values[1][2].tolist() == [-5, -4]
    for wrong, words in (("wnd", "Did you mean 'wind'"), ([], "differ"), (["load"] * 2, "differ")):
        with pytest.raises(ValueError, match=words):
            two().select(wrong)


def test_the_checksum_sees_every_part():
    changes = (
        dict(targets=("load", "sun")),
        dict(ids=("north", "west")),
        dict(times=[DAYS[:4] + pandas.Timedelta("1s"), DAYS[2:]]),
        dict(times=[DAYS[:4].tz_localize("UTC"), DAYS[2:].tz_localize("UTC")]),
        dict(times=None),
        dict(values=[np.arange(8.0).reshape(4, 2), np.zeros((3, 2))]),
        dict(past=None),
        dict(past_names="other"),
        dict(future=[np.ones((6, 2)), np.ones((3, 2))]),
        dict(static=[[1.0], [3.0]]),
    )
    sums = [two().checksum, *(two(**change).checksum for change in changes)]
    assert len(set(sums)) == len(sums) and all(len(text) == 64 for text in sums)
    fine = [times.as_unit("ns") for times in (DAYS[:4], DAYS[2:])]
    assert two(times=fine).checksum == two().checksum == two().slice().checksum


def test_a_frame_holds_all_and_can_be_read_back():
    series = two()
    frame = series.to_frame()
    assert frame.columns.tolist() == [
        "id", "time", "load", "wind", "past1", "holiday", "price", "area",
    ]  # fmt: skip
    assert len(frame) == 4 + 2 + 3
    assert frame.time[5] == pandas.Timestamp("2020-03-03") and np.isnan(frame.load[5])
    again = from_frame(
        frame, time="time", id="id", targets=["load", "wind"], past="past1",
        future=["holiday", "price"], static="area",
    )  # fmt: skip
    assert again.checksum == series.checksum
    with pytest.raises(ValueError, match="time='wind'"):
        series.to_frame(time="wind")
    with pytest.raises(ValueError, match="id='time'"):
        series.to_frame(id="time")


def test_another_process_needs_no_pandas_to_import_and_finds_the_same_checksum():
    code = """
import sys, numpy
sys.modules["pandas"] = None
from keras_rnnzoo.datasets.time_frames import from_frame
from keras_rnnzoo.datasets.time_series import TimeSeries
del sys.modules["pandas"]
print(TimeSeries.from_arrays(numpy.arange(5.0)).checksum)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == TimeSeries.from_arrays(np.arange(5.0)).checksum
