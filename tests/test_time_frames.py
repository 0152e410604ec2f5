"""Series from frames: which column is what, the rules for raw rows, and their report."""

import numpy as np
import pandas
import pytest

from keras_rnnzoo.datasets.time_frames import from_frame

NAN = np.nan


def frame(days="1 2 3 4", y=(1, 2, 3, 4), **columns):
    """A frame of days in May 2020."""
    stamps = [f"2020-05-{day.zfill(2)}" for day in days.split()]
    return pandas.DataFrame({"day": pandas.to_datetime(stamps), "y": y, **columns})


def targets(series, k=0):
    return series.values[k][:, 0].tolist()


def days(series, k=0):
    return series.times[k].day.tolist()


def report(series):
    return "\n".join(series.report)


# Which column is what


def test_the_first_dates_and_all_other_numbers_are_taken():
    data = frame(z=[0.0, 1, 0, 1], note=["a", "b", "c", "d"], later=pandas.Timestamp("2020-01-01"))
    series = from_frame(data)
    assert series.targets == ("y", "z") and series.frequency == "D" and series.ids == ("",)
    assert series.report == (
        "Times: column 'day', the first one that reads as dates, read as stamps.",
        "Columns left out: 'note', 'later', which hold no numbers, or count rows.",
        "Frequency: D, to which 3 of 3 steps agree.",
    )
    assert "first one" not in report(from_frame(data, time="day", targets="y"))


def test_columns_can_be_named():
    data = frame(p=[1, 2, 3, 4], q=[True, False, True, True], k=[2.0] * 4, left=[0, 1, 2, 3])
    series = from_frame(data, time="day", targets="y", past="p", future=["q"], static="k")
    assert series.targets == ("y",) and series.past_names == ("p",)
    assert series.future_names == ("q",) and series.future[0].tolist() == [[1], [0], [1], [1]]
    assert series.static_names == ("k",) and series.static.tolist() == [[2.0]]
    assert len(series.report) == 2


def test_an_index_of_times_or_with_names_is_a_column():
    data = frame()
    for index in (data.set_index("day"), data.set_index("day").rename_axis(None)):
        assert from_frame(index).times[0].equals(from_frame(data).times[0])
    periods = data.set_index(pandas.PeriodIndex(data.day, freq="D").rename("t"))[["y"]]
    assert from_frame(periods).times[0].equals(from_frame(data).times[0])
    double = pandas.concat({"a": data, "b": data}, names=["place", None]).set_index(
        "day", append=True
    )
    series = from_frame(double, id="place", targets="y")
    assert series.ids == ("a", "b") and series.steps == 8
    assert from_frame(data[data.y > 1]).steps == 3  # other indexes are of no use


def test_rows_can_be_counted():
    series = from_frame(frame()[["y"]], time=False)
    assert series.frequency is None and list(series.times[0]) == [0, 1, 2, 3]
    assert series.report == ()
    long = frame(y=[1, 2, 3, 5], id=["a", "b", "a", "a"])[["y", "id"]]
    assert [list(times) for times in from_frame(long, time=False, id="id").times] == [
        [0, 1, 2],
        [0],
    ]


def test_counted_steps_have_rules_too():
    data = pandas.DataFrame({"t": [3, 4, 4, 7], "y": [1.0, 2, 4, 5]})
    series = from_frame(data, time="t")
    assert list(series.times[0]) == [3, 4, 5, 6, 7] and targets(series) == [1, 3, 3, 3, 5]
    assert "Steps without a row: 2 (at most 2 on end, first step 5)" in report(series)
    for name, value in (("frequency", "D"), ("zone", "UTC")):
        with pytest.raises(ValueError, match=f"{name}='{value}'.*whole numbers in column 't'"):
            from_frame(data, time="t", **{name: value})
        with pytest.raises(ValueError, match=f"counted have no {name}"):
            from_frame(data, time=False, **{name: value})


def test_several_series_with_spans_of_their_own():
    data = frame("5 1 6 7 2 3", [1, 10, 2, 3, 20, 30], station=[7, 3, 7, 7, 3, 3])
    series = from_frame(data, id="station")
    assert series.ids == ("7", "3") and days(series) == [5, 6, 7] and days(series, 1) == [1, 2, 3]
    assert targets(series, 1) == [10, 20, 30]
    data["station"] = data.station.astype(float)
    assert from_frame(data, id="station").ids == ("7", "3")
    with pytest.raises(ValueError, match="id in each row.*row 2, column 'station'"):
        from_frame(data.assign(station=data.station.mask(data.y == 2)), id="station")


def test_static_columns_must_be_static():
    data = frame("1 2 1 2", [1, 2, 3, 4], id=["a", "a", "b", "b"], k=[1.0, NAN, 3, 3])
    assert from_frame(data, id="id", static="k", targets="y").static.tolist() == [[1], [3]]
    with pytest.raises(ValueError, match="'k' in series 'b'.*3 in row 2 and 4 in row 3.*future="):
        from_frame(data.assign(k=[1, 1, 3, 4]), id="id", static="k", targets="y")
    with pytest.raises(ValueError, match="a number of column 'k' in series 'a'"):
        from_frame(data.assign(k=[NAN, NAN, 3, 3]), id="id", static="k", targets="y")


# Rules for raw rows


def test_equal_rows_are_one():
    series = from_frame(frame("1 2 2 3", [1, 2, 2, 4]))
    assert targets(series) == [1, 2, 4]
    assert "Rows equal to another one of their stamp: 1 (first 2020-05-02 00:00:00)" in report(
        series
    )


@pytest.mark.parametrize(
    ("rule", "value", "words"),
    [("mean", 3.0, "averaged"), ("first", 2.0, "the first row"), ("last", 4.0, "the last row")],
)
def test_rows_that_differ(rule, value, words):
    series = from_frame(frame("1 2 2 3", [1, 2, 4, 5]), duplicates=rule)
    assert targets(series) == [1, value, 5]
    sentence = r"Stamps with rows that differ: 1 (first 2020-05-02 00:00:00); " + words
    assert sentence in report(series)


def test_duplicates_can_be_an_error():
    with pytest.raises(
        ValueError, match="2020-05-02 00:00:00 in row 1 and again.*duplicates='mean'"
    ):
        from_frame(frame("1 2 2 3", [1, 2, 4, 5]), duplicates="error")
    assert from_frame(frame("1 2 2 3", [1, 2, 2, 5]), duplicates="error").steps == 3


def test_rows_out_of_order():
    data = frame("1 4 2 3", id=["a"] * 4)
    with pytest.raises(
        ValueError, match="2020-05-02 00:00:00 in row 2 after 2020-05-04.*sort=True"
    ):
        from_frame(data, id="id")
    series = from_frame(data, sort=True, id="id")
    assert targets(series) == [1, 3, 4, 2]
    assert "Rows earlier than the row before them: 1 (first row 2); all were" in report(series)
    assert targets(from_frame(data[::-1], sort=True, id="id")) == [1, 3, 4, 2]


def test_gaps_and_missing_cells_are_carried_forward():
    data = frame("1 2 5 6", [1, NAN, 3, np.inf], z=[1, 2, 3, 4])
    series = from_frame(data)
    assert series.values[0].tolist() == [[1, 1], [1, 2], [1, 2], [1, 2], [3, 3], [3, 4]]
    assert series.report[-2:] == (
        "Steps without a row: 2 (at most 2 on end, first 2020-05-03 00:00:00); filled with the "
        "last values before them.",
        "Missing cells in rows: 2 (at most 1 on end, first 2020-05-02 00:00:00); filled with the "
        "last values before them.",
    )
    assert from_frame(data, max_gap=3).steps == 6
    with pytest.raises(ValueError, match="max_gap=2.*3 steps.*column 'y' from 2020-05-02"):
        from_frame(data, max_gap=2)


def test_steps_before_every_column_has_had_a_value_are_cut_off():
    data = frame("1 2 3 4", [1, NAN, 3, 4], p=[NAN, 5, NAN, 6])
    series = from_frame(data, past="p")
    assert days(series) == [2, 3, 4] and targets(series) == [1, 3, 4]
    assert series.past[0][:, 0].tolist() == [5, 5, 6]
    assert "Steps before every column has had a value: 1 (begins at 2020-05-02" in report(series)
    data = pandas.concat([data.assign(id="a"), frame("1 2", [1, 2], p=[NAN, NAN], id="b")])
    with pytest.raises(ValueError, match="a value of column 'p' in series 'b'"):
        from_frame(data, past="p", id="id")


def test_rows_at_the_end_without_a_target_are_steps_to_come_or_cut_off():
    data = frame("1 2 3 4", [1, 2, NAN, NAN], z=[1, 3, NAN, NAN], w=[5, 6, 7, 8])
    series = from_frame(data, future="w")
    assert series.steps == 2 and series.ahead == (2,)
    assert series.future[0][:, 0].tolist() == [5, 6, 7, 8] and series.past[0].shape == (2, 0)
    assert "Steps to come: 2 (first 2020-05-03" in report(series)
    assert "Missing" not in report(series)
    assert from_frame(data, future="w", max_gap=0).ahead == (2,)
    cut = from_frame(data, past="w")
    assert cut.steps == 2 and cut.past[0][:, 0].tolist() == [5, 6]
    assert "Rows at the end without a target: 2; cut off." in cut.report
    one = data.assign(z=[1, 3, 4, NAN])  # a step with some of the targets is a step
    assert from_frame(one, future="w").values[0].tolist() == [[1, 1], [2, 3], [2, 4]]


def test_sentinels_and_ranges():
    data = frame("1 2 3 4", [1, -9999, -9998, -99999.0], z=[1, 2, 3, 700])
    series = from_frame(data, valid_range={"z": (None, 100)})
    assert series.values[0].tolist() == [[1, 1], [1, 2], [-9998, 3]]
    assert "mark for missing ones: 2 (first -9999 in column 'y', row 1)" in report(series)
    assert "Targets outside of valid_range: 1 (first 700 in column 'z', row 3)" in report(series)
    assert targets(from_frame(data, missing_values=()))[1] == -9999
    assert targets(from_frame(data, missing_values=1, targets="y"))[0] == -9999
    bounded = from_frame(data, targets="y", valid_range=(-9999, 5), missing_values=())
    assert targets(bounded) == [1, -9999, -9998]
    for wrong, words in (({"yy": (0, 1)}, "Did you mean 'y'"), ((1, 2, 3), r"\(low, high\)")):
        with pytest.raises(ValueError, match=words):
            from_frame(data, targets="y", valid_range=wrong)


def test_stamps_off_the_grid():
    minutes = [0, 10, 20.5, 23, 30, 39.5, 50]
    data = pandas.DataFrame(
        {"t": pandas.Timestamp("2020-05-01") + pandas.to_timedelta(minutes, "min"), "y": range(7)}
    )
    series = from_frame(data, frequency="10min")
    assert targets(series) == [0, 1, 2, 3.5, 5, 6]
    assert "tenth of a step or less from the grid: 2 (first 2020-05-01 00:20:30)" in report(series)
    assert "between two points of the grid: 1 (first 2020-05-01 00:23:00)" in report(series)
    assert "Frequency: 10min, as given." in series.report
    hours = from_frame(data, frequency="30min")
    assert targets(hours) == [0, 2.5, 5.5]


def test_a_wrong_stamp_is_no_gap_of_two_hundred_years():
    times = pandas.to_datetime(["2020-05-01 00:00", "2020-05-01 00:01", "2220-05-01 00:02"])
    data = pandas.DataFrame({"t": times, "y": [1, 2, 3]})
    with pytest.raises(ValueError, match="3 rows.*2220-05-01.*steps of min.*wrong stamp"):
        from_frame(data, frequency="min")
    with pytest.raises(ValueError, match="wrong stamp"):
        from_frame(data, frequency="min", max_gap=3)
    sparse = from_frame(data, frequency="D", max_gap=10**5)
    assert sparse.steps == 73_049 and "at most 73,0" in sparse.report[-1]


def test_month_ends_business_days_and_leap_days():
    ends = pandas.date_range("2019-11-30", periods=12, freq="ME").delete([4])
    series = from_frame(pandas.DataFrame({"t": ends, "y": range(11)}))
    assert series.frequency == "ME" and str(series.times[0][3].date()) == "2020-02-29"
    assert targets(series)[:6] == [0, 1, 2, 3, 3, 4]
    work = pandas.date_range("2020-05-01", periods=30, freq="B").delete([5])
    assert from_frame(pandas.DataFrame({"t": work, "y": range(29)})).frequency == "B"
    year = pandas.date_range("2020-01-01", periods=100).delete([59])
    leap = from_frame(pandas.DataFrame({"t": year, "y": range(99)}))
    assert leap.frequency == "D" and leap.values[0][59] == leap.values[0][58]


# Errors


WRONG = {
    "unknown column": (dict(targets="yy"), "'day', 'y', 'text'.*Did you mean 'y'.*targets='yy'"),
    "unknown time": (dict(time="dya"), "Did you mean 'day'.*time='dya'"),
    "a column in two parts": (dict(targets="y", past="y"), "in one part.*'y' in two"),
    "no target": (dict(targets=[]), "at least one target"),
    "two ids": (dict(id=["y", "text"]), "one column of ids"),
    "text": (dict(targets="text"), "column 'text'.*'a' in row 0, the first of 3.*missing_values"),
    "dates as target": (dict(time=False, targets="day"), "numbers in column 'day'.*datetime64"),
    "a rule that is none": (dict(duplicates="max"), "'mean', 'first'.*'max'"),
    "a frequency that is none": (dict(frequency="daily"), "such as s, min, h.*'daily'"),
    "a gap that is none": (dict(max_gap=-1), "number of steps.*-1"),
    "a zone that is none": (dict(zone="Europe/Berlim"), "time zone, such as.*'Europe/Berlim'"),
}


@pytest.mark.parametrize(("given", "words"), WRONG.values(), ids=WRONG.keys())
def test_wrong_arguments(given, words):
    data = frame("1 2 3", [1, 2, 3], text=["a", "b", "c"])
    with pytest.raises(ValueError, match=words):
        from_frame(data, **given)


DATA = {
    "no rows": (frame()[:0], "Expected rows.*0 rows of 2"),
    "constant": (frame(y=[5.0, 5, NAN, 5]), "target that changes.*5 in all rows of column 'y'"),
    "all missing": (frame(z=NAN), "column 'z'.*4 cells that are all missing.*targets="),
    "mostly numbers": (frame(y=[1, "2", "x", 3]), "column 'y'.*'x' in row 2, the first of 1"),
    "no dates": (frame()[["y"]], r"'y' \(.*1.*none reads as dates.*time=False"),
    "no numbers": (frame()[["day"]], "numbers beside 'day'.*no other column"),
    "names twice": (frame().set_axis(["a", "a"], axis=1), "names differ.*'a' twice"),
    "no stamp": (frame().assign(day=frame().day.mask(frame().y == 2)), "row 1, column 'day'"),
}


@pytest.mark.parametrize(("data", "words"), DATA.values(), ids=DATA.keys())
def test_frames_that_cannot_be_used(data, words):
    with pytest.raises(ValueError, match=words):
        from_frame(data)


def test_what_is_no_frame():
    with pytest.raises(TypeError, match="ndarray.*from_arrays"):
        from_frame(np.ones(3))


def test_long_frames_whose_ids_are_not_named():
    data = frame("1 1 2 2", [1, 10, 2, 20], place=["a", "b", "a", "b"])
    with pytest.raises(ValueError, match="other text in column 'place'.*id='place'"):
        from_frame(data)
    assert targets(from_frame(data, targets="y")) == [5.5, 11]
