"""Features of times follow the local clock, and the next times follow the calendar."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_rnnzoo.datasets.calendar import CYCLES, Calendar

BERLIN = "Europe/Berlin"


def shares(times, cycle):
    """How far times are through a cycle, read back from sine and cosine."""
    wave = Calendar(cycle).features(pd.DatetimeIndex(times)).astype("float64")
    np.testing.assert_allclose((wave**2).sum(axis=1), 1, rtol=1e-6)
    return np.arctan2(wave[:, 0], wave[:, 1]) / (2 * np.pi) % 1


@pytest.mark.parametrize(
    ("frequency", "cycles"),
    [
        ("10s", ("second of minute", "minute of hour", "hour of day", "day of week")),
        ("min", ("minute of hour", "hour of day", "day of week", "day of year")),
        ("15min", ("minute of hour", "hour of day", "day of week", "day of year")),
        ("h", ("hour of day", "day of week", "day of year")),
        ("12h", ("hour of day", "day of week", "day of year")),
        ("24h", ("day of week", "day of month", "day of year")),
        ("D", ("day of week", "day of month", "day of year")),
        ("B", ("day of week", "day of month", "day of year")),
        ("W-MON", ("day of month", "day of year")),
        ("2W-SUN", ("day of month", "day of year")),
        ("MS", ("month of year",)),
        ("ME", ("month of year",)),
        ("QS-OCT", ("month of year",)),
        ("YS", ()),
        ("5YE", ()),
        (None, ()),
    ],
)
def test_cycles_by_frequency(frequency, cycles):
    calendar = Calendar.for_frequency(frequency)
    assert calendar.cycles == cycles
    assert len(calendar.names) == 2 * len(cycles)


@pytest.mark.parametrize(
    ("cycle", "time", "share"),
    [
        ("second of minute", "2024-05-17 10:20:15.5", 15.5 / 60),
        ("minute of hour", "2024-05-17 10:45", 0.75),
        ("minute of hour", "2024-05-17 10:45:30", 45.5 / 60),
        ("hour of day", "2024-05-17 00:00", 0),
        ("hour of day", "2024-05-17 18:00", 0.75),
        ("hour of day", "2024-05-17 18:30", 18.5 / 24),
        ("day of week", "2024-05-13", 0),  # a Monday
        ("day of week", "2024-05-19 12:00", 6.5 / 7),
        ("day of month", "2024-02-01", 0),
        ("day of month", "2024-02-29", 28 / 29),
        ("day of month", "2023-02-28", 27 / 28),
        ("day of month", "2024-01-31 12:00", 30.5 / 31),
        ("day of year", "2024-01-01", 0),
        ("day of year", "2023-03-16 12:00", (2 + 0.5) / 12),
        ("day of year", "2024-03-16 12:00", (2 + 0.5) / 12),
        ("day of year", "2024-12-31", (11 + 30 / 31) / 12),
        ("month of year", "2024-01-31", 0),
        ("month of year", "2024-12-01", 11 / 12),
    ],
)
def test_shares_by_hand(cycle, time, share):
    got = shares([time], cycle)[0]
    assert abs((got - share + 0.5) % 1 - 0.5) < 1e-6


@settings(deadline=None)
@given(
    st.datetimes(pd.Timestamp(1950, 1, 1), pd.Timestamp(2080, 1, 1)),
    st.integers(1, 600),
    st.sampled_from(sorted(CYCLES)),
)
def test_features_go_on_smoothly_within_bounds(first, seconds, cycle):
    """No jump between neighbours, from one cycle to the next either."""
    times = pd.DatetimeIndex([first, first + pd.Timedelta(seconds=seconds)])
    got = shares(times, cycle)
    gone = (got[1] - got[0] + 1e-6) % 1
    length = {
        "second of minute": 60,
        "minute of hour": 3600,
        "hour of day": 86400,
        "day of week": 7 * 86400,
        "day of month": 28 * 86400,
        "day of year": 12 * 28 * 86400,
        "month of year": 1,
    }[cycle]
    if cycle == "month of year":
        assert min(abs(gone - k / 12) for k in (0, 1)) < 1e-5
    elif seconds < length:
        assert gone <= seconds / length + 1e-5


@settings(deadline=None)
@given(st.datetimes(pd.Timestamp(1950, 1, 1), pd.Timestamp(2080, 1, 1)))
def test_a_time_one_cycle_later_looks_the_same(first):
    for cycle, step in [
        ("second of minute", {"minutes": 1}),
        ("minute of hour", {"hours": 1}),
        ("hour of day", {"days": 1}),
        ("day of week", {"weeks": 1}),
        ("month of year", {"years": 1}),
    ]:
        times = pd.DatetimeIndex([first, first + pd.DateOffset(**step)])
        one, two = Calendar(cycle).features(times)
        np.testing.assert_allclose(one, two, atol=1e-6, err_msg=cycle)


def test_the_same_clock_time_looks_the_same_before_and_after_the_clock_changes():
    calendar = Calendar(["hour of day", "minute of hour"])
    for change in ("2024-03-31", "2024-10-27"):
        days = pd.date_range(pd.Timestamp(change) - pd.Timedelta(days=3), periods=7, freq="D")
        times = (days + pd.Timedelta(hours=8, minutes=30)).tz_localize(BERLIN)
        hours = pd.unique(times.tz_convert("UTC").hour)
        assert len(hours) == 2, "the clock changes within these days"
        waves = calendar.features(times)
        np.testing.assert_array_equal(waves, np.broadcast_to(waves[0], waves.shape))
    # a row an hour in real time: 3 o'clock follows 1 o'clock, and 2 o'clock comes twice
    for start, expected in [("2024-03-31", [0, 1, 3, 4]), ("2024-10-27", [0, 1, 2, 2, 3])]:
        times = pd.date_range(start, periods=len(expected), freq="h", tz=BERLIN)
        np.testing.assert_allclose(shares(times, "hour of day") * 24 % 24, expected, atol=1e-4)


def test_names_and_harmonics():
    calendar = Calendar(["hour of day", "day of week"], harmonics=2)
    assert calendar.names[:4] == (
        *("hour of day sin", "hour of day cos"),
        *("hour of day sin 2", "hour of day cos 2"),
    )
    times = pd.date_range("2024-05-13 03:00", periods=3, freq="5h")
    got = calendar.features(times)
    assert got.shape == (3, 8) == (3, len(calendar.names)) and got.dtype == "float32"
    angle = 2 * np.pi * np.array([3, 8, 13]) / 24
    expected = np.stack([f(k * angle) for k in (1, 2) for f in (np.sin, np.cos)], axis=1)
    np.testing.assert_allclose(got[:, :4], expected, atol=1e-6)
    assert len({tuple(row) for row in np.round(got.T, 5)}) == 8, "no two features are the same"


def test_without_cycles_any_index_will_do():
    for times in (pd.RangeIndex(5), pd.date_range("2024", periods=5)):
        assert Calendar().features(times).shape == (5, 0)


def test_config_is_json_and_rebuilds():
    calendar = Calendar.for_frequency("15min", harmonics=3)
    again = Calendar.from_config(json.loads(json.dumps(calendar.to_config())))
    assert again.names == calendar.names
    times = pd.date_range("2024", periods=50, freq="15min")
    assert (again.features(times) == calendar.features(times)).all()


@pytest.mark.parametrize(
    ("last", "frequency", "expected"),
    [
        ("2023-11-01", "MS", ["2023-12-01", "2024-01-01", "2024-02-01"]),
        ("2023-12-31", "ME", ["2024-01-31", "2024-02-29", "2024-03-31"]),
        ("2024-04-01", "QS", ["2024-07-01", "2024-10-01", "2025-01-01"]),
        ("2024-12-31", "YE", ["2025-12-31", "2026-12-31", "2027-12-31"]),
        ("2024-05-16", "B", ["2024-05-17", "2024-05-20", "2024-05-21"]),
        ("2024-05-13", "W-MON", ["2024-05-20", "2024-05-27", "2024-06-03"]),
        ("2024-02-28", "D", ["2024-02-29", "2024-03-01", "2024-03-02"]),
        (
            "2024-12-31 23:30",
            "15min",
            ["2024-12-31 23:45", "2025-01-01 00:00", "2025-01-01 00:15"],
        ),
        ("2023-11-01", "2MS", ["2024-01-01", "2024-03-01", "2024-05-01"]),
    ],
)
def test_the_next_times(last, frequency, expected):
    times = pd.DatetimeIndex([last])
    got = Calendar.extend(times, frequency, 3)
    pd.testing.assert_index_equal(got, pd.DatetimeIndex(expected), exact=False)
    assert got.unit == times.unit
    assert len(Calendar.extend(times, frequency, 0)) == 0


@pytest.mark.parametrize(
    ("last", "frequency", "expected"),
    [
        # hours pass in real time, days on the clock
        ("2024-03-31 00:00", "h", ["2024-03-31 01:00+01:00", "2024-03-31 03:00+02:00"]),
        ("2024-10-27 01:00", "h", ["2024-10-27 02:00+02:00", "2024-10-27 02:00+01:00"]),
        ("2024-03-30 08:00", "D", ["2024-03-31 08:00+02:00", "2024-04-01 08:00+02:00"]),
        ("2024-10-26 08:00", "D", ["2024-10-27 08:00+01:00", "2024-10-28 08:00+01:00"]),
        ("2024-03-30 02:30", "D", ["2024-03-31 03:00+02:00", "2024-04-01 02:30+02:00"]),
        ("2024-10-26 02:30", "D", ["2024-10-27 02:30+02:00", "2024-10-28 02:30+01:00"]),
        ("2024-03-01 00:00", "MS", ["2024-04-01 00:00+02:00", "2024-05-01 00:00+02:00"]),
    ],
)
def test_the_next_times_where_the_clock_changes(last, frequency, expected):
    times = pd.DatetimeIndex([last], tz=BERLIN, name="t")
    got = Calendar.extend(times, frequency, 2)
    assert str(got.tz) == BERLIN and got.name == "t"
    assert got.tolist() == [pd.Timestamp(stamp) for stamp in expected]


@pytest.mark.parametrize("frequency", ["15min", "h", "D", "B", "W-WED", "MS", "ME", "QS", "YE"])
@pytest.mark.parametrize("zone", [None, BERLIN])
def test_extending_a_head_gives_the_tail(frequency, zone):
    times = pd.date_range("2023-12-27 00:00", periods=90, freq=frequency, tz=zone)
    got = Calendar.extend(times[:40], frequency, 50)
    assert got.tolist() == times[40:].tolist()


def test_counted_steps_go_on():
    assert list(Calendar.extend(pd.RangeIndex(2, 8, 2), None, 3)) == [8, 10, 12]
    assert isinstance(Calendar.extend(pd.RangeIndex(3), None, 0), pd.RangeIndex)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda t: Calendar("hour of the day"), ValueError, "Did you mean 'hour of day'"),
        (lambda t: Calendar(["day of week"] * 2), ValueError, "each cycle once"),
        (lambda t: Calendar("day of week", 0), ValueError, "harmonics"),
        (lambda t: Calendar.for_frequency("fortnight"), ValueError, "frequency='fortnight'"),
        (lambda t: Calendar("day of week").features(pd.RangeIndex(3)), TypeError, "RangeIndex"),
        (lambda t: Calendar("day of week").features(t.insert(2, None)), ValueError, "row 2"),
        (lambda t: Calendar.extend(t, "D", -1), ValueError, "steps=-1"),
        (lambda t: Calendar.extend(t, "D", 1.5), ValueError, "steps=1.5"),
        (lambda t: Calendar.extend(t[:0], "D", 1), ValueError, "at least one time"),
        (lambda t: Calendar.extend(t, None, 1), TypeError, "frequency=None"),
        (lambda t: Calendar.extend(t, "Q3", 1), ValueError, "frequency='Q3'"),
        (lambda t: Calendar.extend(t, "MS", 1), ValueError, "through the last time 2024-05-05"),
        (lambda t: Calendar.extend([1, 2], "D", 1), TypeError, "list"),
    ],
)
def test_what_does_not_fit_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call(pd.date_range("2024-05-01", periods=5, freq="D"))
