"""Grids of time, and the rules that bring rows onto them, none of which looks ahead."""

import numpy as np
import pandas
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from keras_rnnzoo.datasets import time_grid, time_rules
from keras_rnnzoo.datasets.time_frames import from_frame

NAN = np.nan


def stamps(*texts, zone=None):
    return pandas.DatetimeIndex(texts, tz=zone)


# Which frequency stamps show

REGULAR = [
    "s", "100ms", "90s", "15min", "h", "6h", "D", "3D", "10D", "W-MON", "W-SUN", "2W-TUE", "B",
    "MS", "ME", "2MS", "6MS", "BMS", "BME", "QS-JAN", "QS-FEB", "QE-DEC", "QE-NOV", "BQE-DEC",
    "YS-JAN", "YS-OCT", "YE-JUN", "BYE-DEC",
]  # fmt: skip


@pytest.mark.parametrize("frequency", REGULAR)
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_regular_stamps_show_their_frequency(frequency, zone):
    index = pandas.date_range("2001-03-01", periods=40, freq=frequency).tz_localize(zone)
    assert time_grid.infer([index]) == (frequency, 39, 39)
    assert time_grid.grid(index[0], 40, frequency).equals(index)
    assert time_grid.extended(index[:30], frequency, 10).equals(index)
    assert time_grid.infer([index.delete([7, 20, 21])])[0] == frequency


OTHERS = {
    "equal days inside of months": (("2020-01-15", "2020-02-15", "2020-03-15"), "ME"),
    "equal days of years": (("2019-06-15", "2020-06-15", "2021-06-15"), "YE-JUN"),
    "years, not 365 days": (("2021-01-01", "2022-01-01", "2023-01-01"), "YS-JAN"),
    "month ends and a leap day": (("2020-01-31", "2020-02-29", "2020-03-31"), "ME"),
    "months with the last of them left out": (("2020-01-01", "2020-02-01", "2020-05-01"), "MS"),
    "thirty days": (("2020-01-01", "2020-01-31", "2020-03-01", "2020-03-31"), "30D"),
    "weekdays without a weekend": (("2020-01-06", "2020-01-07", "2020-01-08"), "D"),
    "one step": (("2020-01-06 10:00", "2020-01-06 10:30"), "30min"),
}


@pytest.mark.parametrize(("texts", "frequency"), OTHERS.values(), ids=OTHERS.keys())
def test_other_stamps(texts, frequency):
    assert time_grid.infer([stamps(*texts)])[0] == frequency


def test_steps_of_all_series_count_and_none_between_series():
    days = pandas.date_range("2020-01-01", periods=4)
    hours = pandas.date_range("2000-01-01", periods=3, freq="h")
    assert time_grid.infer([hours, days]) == ("D", 3, 5)
    assert time_grid.infer([days[:1], days[:1], hours, days[3:]]) == ("h", 2, 2)
    with pytest.raises(ValueError, match="at least two times.*frequency="):
        time_grid.infer([days[:1], days[:1]])


def test_hours_pass_where_clocks_are_set():
    for day in ("2020-03-29", "2020-10-25"):
        index = pandas.date_range(day, periods=6, freq="h", tz="Europe/Berlin")
        assert time_grid.infer([index]) == ("h", 5, 5)


def test_fewer_than_half_of_the_steps():
    start = pandas.Timestamp("2020-01-01")
    index = pandas.DatetimeIndex(start + pandas.to_timedelta(np.cumsum([0, 1, 1, 2, 2, 3]), "min"))
    words = r"5 steps.*0 days 00:01:00 \(40 %\), 0 days 00:02:00 \(40 %\), 0 days 00:03:00 \(20 %\)"
    with pytest.raises(ValueError, match=words):
        time_grid.infer([index])
    assert time_grid.infer([index[:5]])[0] == "min"  # half is enough


def test_days_follow_the_clock_on_the_wall():
    start = pandas.Timestamp("2020-03-28 02:30", tz="Europe/Berlin")
    days = time_grid.grid(start, 3, "D")
    assert [str(day) for day in days] == [
        "2020-03-28 02:30:00+01:00", "2020-03-29 03:00:00+02:00", "2020-03-30 02:30:00+02:00",
    ]  # fmt: skip
    back = time_grid.grid(pandas.Timestamp("2020-10-24 02:30", tz="Europe/Berlin"), 3, "D")
    assert [day.hour for day in back] == [2, 2, 2] and str(back[1])[-6:] == "+02:00"
    hours = time_grid.grid(start, 3, "24h")
    assert [hour.hour for hour in hours] == [2, 3, 3]


# Where the grid lies

COVERED = {
    "through stamps that fit": (("10:07", "10:17", "10:31"), "10min", "10:07"),
    "through round times": (("10:07", "10:10", "10:20"), "10min", "10:00"),
    "through round times from midnight": (("10:07", "10:10", "10:20"), "7min", "10:02"),
}


@pytest.mark.parametrize(("clocks", "frequency", "point"), COVERED.values(), ids=COVERED.keys())
def test_the_first_two_stamps_place_the_grid(clocks, frequency, point):
    index = stamps(*(f"2020-01-05 {clock}" for clock in clocks))
    grid = time_grid.covering(index, frequency)
    assert pandas.Timestamp(f"2020-01-05 {point}") in grid
    assert grid[0] < index[0] and grid[-1] > index[-1]
    assert (np.diff(grid) == pandas.Timedelta(frequency)).all()


@pytest.mark.parametrize(
    ("texts", "frequency", "points"),
    [
        (("2020-01-15 08:00", "2020-02-15 08:00"), "ME", ("2019-12-31 08:00", "2020-02-29 08:00")),
        (("2020-01-15 08:00", "2020-02-15 09:00"), "ME", ("2019-12-31", "2020-01-31")),
        (("2020-01-15", "2020-02-15"), "MS", ("2020-01-01", "2020-03-01")),
        (("2020-01-06", "2020-01-13"), "W-SUN", ("2020-01-05", "2020-01-19")),
        (("2020-01-06 05:00", "2020-01-07 06:00"), "D", ("2020-01-06", "2020-01-07")),
    ],
    ids=["ME at 8", "ME", "MS", "W", "D"],
)
def test_grids_of_the_calendar(texts, frequency, points):
    grid = time_grid.covering(stamps(*texts), frequency)
    assert stamps(*points).isin(grid).all()
    assert grid[0] < stamps(texts[0])[0] and grid[-1] >= stamps(texts[1])[0]


# Rules for the rows of one series

ROWS = np.array([[1, 2], [3, NAN], [3, NAN], [5, 8], [7, NAN], [7, 6], [7, 6.0]])
TIMES = np.array([0, 1, 1, 1, 1, 2, 2])


@pytest.mark.parametrize(
    ("rule", "row"), [("mean", [5, 8]), ("first", [3, NAN]), ("last", [7, NAN])]
)
def test_equal_rows_are_one_and_others_are_averaged(rule, row):
    at, table, equal, differ = time_rules.distinct(TIMES, ROWS, rule)
    assert at.tolist() == [0, 1, 2] and equal.tolist() == [2, 6] and differ.tolist() == [1]
    assert np.array_equal(table, [[1, 2], row, [7, 6]], equal_nan=True)


def test_places_on_the_grid():
    points = np.array([0, 100, 200, 300, 400])
    at, moved, between = time_rules.place(np.array([1, 89, 91, 110, 111, 210, 215, 300]), points)
    #   1 -> back to 0; 89 -> on to 100, since it is between; 91 -> on to 100, for it is near.
    #   110 -> 200, since 100 is taken; 111 -> 200; 210 and 215 -> 300, since 200 is taken.
    assert at.tolist() == [0, 1, 1, 2, 2, 3, 3, 3]
    assert moved.tolist() == [True, False, True, False, False, False, False, False]
    assert between.tolist() == [False, True, False, True, True, True, True, False]
    assert time_rules.place(np.array([110, 120]), points)[0].tolist() == [1, 2]


def test_rows_of_a_step_are_averaged_and_gaps_carried():
    table = np.array([[1, NAN], [2, 4], [6, NAN], [NAN, 5]])
    cells = time_rules.spread(np.array([0, 2, 2, 4]), table, 5)
    assert np.array_equal(
        cells, [[1, NAN], [NAN, NAN], [4, 4], [NAN, NAN], [NAN, 5]], equal_nan=True
    )
    full = time_rules.carry(cells)
    assert np.array_equal(full, [[1, NAN], [1, NAN], [4, 4], [4, 4], [4, 5]], equal_nan=True)


def test_runs_and_extents():
    starts, lengths = time_rules.runs(np.array([1, 1, 0, 0, 1, 0, 1, 1, 1], bool))
    assert starts.tolist() == [0, 4, 6] and lengths.tolist() == [2, 1, 3]
    assert time_rules.runs(np.zeros(3, bool))[1].tolist() == []
    cells = np.array([[1, 1, 1], [NAN, 2, 1], [NAN, 2, NAN], [NAN, 2, 3.0], [NAN, 2, NAN]])
    assert time_rules.extent(cells, targets=1, futures=1) == (1, 4)
    assert time_rules.extent(cells, targets=2, futures=1) == (5, 5)
    assert time_rules.extent(cells, targets=1, futures=0) == (1, 1)


# Nothing looks ahead


def raw(seed):
    """A frame with gaps, duplicates, irregular stamps, missing cells and sentinels, and a moment
    in it."""
    rng = np.random.default_rng(seed)
    count = rng.integers(4, 40)
    steps = rng.choice([0, 1, 5, 10, 20, 31, 55, 59, 60, 60, 60, 61, 300], count - 1)
    cells = rng.choice([1.0, 2.5, -3.0, 1e6, NAN, -9999.0, np.inf], (count, 3))
    frame = pandas.DataFrame(cells, columns=["y", "past", "known"])
    frame.loc[:1, "y"] = [0.5, 1.5]  # a target that changes
    frame.loc[:1, ["past", "known"]] = 4.0
    start = pandas.Timestamp("2020-10-24 20:00", tz="Europe/Berlin")
    start += pandas.Timedelta(minutes=int(rng.integers(60)))
    frame["time"] = start + pandas.to_timedelta(np.cumsum([0, *steps]), unit="min")
    return frame, int(rng.integers(2, count))


SOME = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SOME
@given(
    st.integers(0, 2**32),
    st.booleans(),
    st.sampled_from(["1h", "30min", "1D"]),
    st.sampled_from(["mean", "first", "last"]),
)
def test_later_rows_change_nothing_before_them(seed, removed, frequency, duplicates):
    frame, kept = raw(seed)
    now = frame.time[kept - 1]
    before = frame[frame.time <= now]
    assume(before.time.nunique() > 1)  # two stamps place the grid
    after = before
    if not removed:
        after = frame.copy()
        after.loc[after.time > now, ["y", "past", "known"]] = [[77.0, NAN, -5.0]]
    how = dict(past="past", future="known", targets="y", time="time")
    how |= dict(frequency=frequency, duplicates=duplicates)
    whole, part = from_frame(frame, **how), from_frame(after, **how)
    times, ours = whole.times[0], part.times[0]
    shared = min(len(times), len(ours))
    assert times[:shared].equals(ours[:shared])
    # The one allowance: a stamp may move back by a tenth of a step.
    step = pandas.Timedelta("25h" if frequency == "1D" else frequency)
    known = np.count_nonzero(times[:shared] <= now - step / 10)
    for name in ("values", "past", "future"):
        rows = getattr(whole, name)[0][:known]
        assert np.array_equal(rows, getattr(part, name)[0][:known])
    late = times[len(ours) :]  # the part may end earlier by rows that have no target yet
    if removed and len(late):
        if duplicates != "mean":
            before = before.drop_duplicates("time", keep=duplicates)
        there = np.isfinite(before.y) & (before.y != -9999)
        assert late[0] > before.time[there].iloc[-1] - step / 10


@SOME
@given(st.integers(0, 2**32))
def test_a_frequency_that_is_inferred_alike_gives_alike_steps(seed):
    frame, kept = raw(seed)
    frame["time"] = pandas.date_range("2020-10-24 20:00", periods=len(frame), freq="h")
    how = dict(past="past", future="known", targets="y", time="time")
    whole, part = from_frame(frame, **how), from_frame(frame[:kept], **how)
    known = len(part.times[0])
    assert part.frequency == whole.frequency == "h"
    assert whole.times[0][:known].equals(part.times[0])
    assert np.array_equal(whole.values[0][:known], part.values[0])
    assert np.array_equal(whole.past[0][:known], part.past[0])
