"""Parts of a series, published ones to the row; no shared horizon rows; windows after its end."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_rnnzoo.datasets.calendar import Calendar
from keras_rnnzoo.datasets.scaling import SeriesScaler
from keras_rnnzoo.datasets.series_splits import (
    Borders,
    ends,
    ett_borders,
    fraction_borders,
    last_borders,
    origins,
)
from keras_rnnzoo.datasets.time_series import TimeSeries
from keras_rnnzoo.datasets.windows import ForecastWindows


def series_of(*lengths):
    return TimeSeries.from_arrays([np.arange(n, dtype=float) for n in lengths])


def assert_parts_follow(borders, rows):
    parts = [part for part in borders if part is not None]
    assert parts[0][0] == 0 and parts[-1][1] <= rows
    assert all(start < stop for start, stop in parts)
    assert all(one[1] == two[0] for one, two in zip(parts, parts[1:]))


def test_parts_of_ett():
    assert ett_borders(17420) == Borders((0, 8640), (8640, 11520), (11520, 14400))
    assert ett_borders(69680, 4) == Borders((0, 34560), (34560, 46080), (46080, 57600))
    assert ett_borders(14400).test == (11520, 14400)


@pytest.mark.parametrize(
    ("horizon", "windows"), [(96, 2785), (192, 2689), (336, 2545), (720, 2161)]
)
def test_test_windows_of_ett_are_as_many_as_published_protocols_count(horizon, windows):
    start, stop = ett_borders(17420).test
    found = origins(series_of(17420), 720, horizon, start, stop)
    assert len(found) == windows == 2880 - horizon + 1
    assert found[0, 1] == 11520 and found[-1, 1] + horizon == 14400


def test_fractions_are_those_of_the_benchmarks_code():
    """Its two lines: num_train = int(len * 0.7), num_test = int(len * 0.2), and the rest."""
    for rows in [*range(5, 3000), 7588, 52696, 26304, 17544]:
        num_train, num_test = int(rows * 0.7), int(rows * 0.2)
        num_vali = rows - num_train - num_test
        borders = fraction_borders(rows)
        assert borders.train == (0, num_train)
        assert borders.validation == (num_train, num_train + num_vali)
        assert borders.test == (rows - num_test, rows)


@settings(deadline=None)
@given(st.integers(1, 400), st.floats(0.001, 0.98), st.floats(0, 0.98))
def test_fractions_leave_no_part_empty_and_no_row_out(rows, validation, test):
    if round(1 - validation - test, 12) <= 0 or 0 < test < 1e-3:
        return
    try:
        borders = fraction_borders(rows, validation, test)
    except ValueError as error:
        needed = int(str(error).split("at least ")[1].split()[0])
        assert rows < needed
        borders, rows = fraction_borders(needed, validation, test), needed
    assert_parts_follow(borders, rows)
    assert (borders.test is None) == (test == 0)
    assert (borders.test or borders.validation)[1] == rows


@settings(deadline=None)
@given(st.integers(1, 9), st.integers(1, 4), st.integers(1, 12), st.integers(0, 30))
def test_the_last_parts_hold_whole_forecasts(horizon, windows, look_back, more):
    rows = look_back + horizon + 2 * horizon * windows + more
    borders = last_borders(rows, horizon, windows, look_back)
    assert_parts_follow(borders, rows)
    assert borders.test == (rows - horizon * windows, rows)
    for start, stop in borders[1:]:
        found = origins(series_of(rows), look_back, horizon, start, stop, stride=horizon)
        covered = [row for _, at in found for row in range(at, at + horizon)]
        assert covered == list(range(start, stop))
    with pytest.raises(ValueError, match=f"at least {rows - more} rows"):
        last_borders(rows - more - 1, horizon, windows, look_back)


def test_horizons_of_different_parts_share_no_row():
    borders, series = fraction_borders(200), series_of(200)
    rows = [
        {row for _, at in origins(series, 30, 7, *part) for row in range(at, at + 7)}
        for part in borders
    ]
    assert not rows[0] & rows[1] and not rows[1] & rows[2] and not rows[0] & rows[2]
    assert rows[1] == set(range(*borders.validation)) and rows[2] == set(range(*borders.test))


def test_origins_by_hand():
    found = origins(series_of(6, 9), 3, 2, start=-4, stride=2)
    assert found.tolist() == [[0, 3], [1, 5], [1, 7]]
    assert ends(series_of(6, 9), 3, 2).tolist() == [[0, 6], [1, 9]]


@pytest.mark.parametrize(
    ("cut", "message"),
    [
        (lambda: ett_borders(14399), "at least 14400 rows: 12, 4 and 4 months.*rows=14399"),
        (lambda: ett_borders(17420, 4), "at least 57600 rows"),
        (lambda: ett_borders(0), "rows.*positive integer"),
        (lambda: ett_borders(20000, 0), "steps_per_hour.*positive integer"),
        (lambda: fraction_borders(4), "at least 5 rows.*rows=4"),
        (lambda: fraction_borders(40, 1 / 3, 1 / 49), "at least (49|50) rows"),
        (lambda: fraction_borders(100, 0.5, 0.5), "leaves rows to train on.*test=0.5"),
        (lambda: fraction_borders(100, 0, 0.5), "validation fraction above 0"),
        (lambda: fraction_borders(100, 1.5), "validation"),
        (lambda: last_borders(59, 12, 2), r"at least 61 rows: .*= 13, and 2 of 12.*rows=59"),
        (lambda: last_borders(59, 0), "horizon.*positive integer"),
        (lambda: ends(series_of(9), 3, 2, stop=5), "series.slice.*stop=5"),
        (lambda: ends(series_of(9, 4), 5, 2), "look_back = 5 rows are needed, series '1' has 4"),
        (lambda: origins(series_of(80), 100, 20), "= 120 rows are needed, the series has 80"),
        (lambda: origins(series_of(9, 6), 5, 2), "look_back [+] horizon = 7 rows.* '1' has 6"),
        (
            lambda: origins(series_of(90), 5, 8, start=60, stop=66),
            "horizon = 8 rows are needed between row 60 and row 66, the series has 6.*start=60",
        ),
        (lambda: origins(series_of(90), 5, 8, stop=-83), "between row 5 and row 7.*has 2"),
        (lambda: origins(series_of(90), 5, 8, 99), "between row 90 and row 90.*has 0"),
        (lambda: origins(series_of(90), 5, 8, stride=0), "stride=0"),
    ],
)
def test_too_few_rows_and_bad_fractions(cut, message):
    with pytest.raises(ValueError, match=message):
        cut()


def known_ahead(rng, ahead):
    """Two hourly series, `ahead` rows of whose future covariates go on after their last row."""
    return TimeSeries.from_arrays(
        [rng.normal(size=(n, 2)) for n in (30, 22)],
        [pd.date_range("2024-03-30", periods=n, freq="h", tz="Europe/Berlin") for n in (30, 22)],
        frequency="h",
        future=[rng.normal(size=(n + ahead, 1)) for n in (30, 22)],
        static=rng.normal(size=(2, 3)),
        ids=["a", "b"],
    )


def test_windows_ahead_end_with_the_series(rng):
    series, calendar = known_ahead(rng, 4), Calendar.for_frequency("h")
    scaler = SeriesScaler().fit(series)
    ahead = ForecastWindows(series, 6, 4, scaler, calendar, batch_size=4, ahead=True)
    assert ahead.rows(0) == [(0, 30), (1, 22)] and len(ahead) == 1
    (inputs,) = ahead[0]
    times = Calendar.extend(series.times[1], "h", 4)
    np.testing.assert_array_equal(inputs["known"][1, 6:, :-1], calendar.features(times))
    later = scaler.transform(series.future[1], "b", "future")
    np.testing.assert_allclose(inputs["known"][1, :, -1], later[16:, 0], rtol=1e-6)
    assert ahead.restore(np.arange(4)).tolist() == [0, 1]


def test_a_window_ahead_has_the_inputs_that_it_has_once_its_end_is_known(rng):
    series, calendar = known_ahead(rng, 0), Calendar.for_frequency("h")
    options = dict(scaler=SeriesScaler().fit(series), calendar=calendar, batch_size=2)
    (ahead,) = ForecastWindows(series.slice(0, 18), 6, 2, ahead=True, **options)[0]
    known, _, _ = ForecastWindows(series, 6, 2, start=18, stop=20, **options)[0]
    assert ahead.keys() == known.keys() == {"history", "known", "static"}
    for part in known:
        np.testing.assert_array_equal(ahead[part], known[part], err_msg=part)


def test_windows_ahead_need_no_more_rows_than_their_history():
    series = TimeSeries.from_arrays(np.arange(14.0).reshape(7, 2))
    windows = ForecastWindows(series, 7, 9, ahead=True, channels="shared", batch_size=2)
    (inputs,) = windows[0]
    assert inputs["history"][:, -1, 0].tolist() == [12, 13]
    assert windows.restore(np.arange(2.0).reshape(2, 1, 1)).tolist() == [[[0, 1]]]


def test_covariates_that_end_before_the_horizon(rng):
    with pytest.raises(
        ValueError,
        match="future1 of series 'a' up to 2024-03-31 12:00.*at 2024-03-31 10:00.*Add 2 rows",
    ):
        ForecastWindows(known_ahead(rng, 4), 6, 6, ahead=True)
