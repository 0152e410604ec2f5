"""Times as files write them: every form that is read, what may mean two things, and zones."""

import datetime

import numpy as np
import pandas
import pytest

from keras_rnnzoo.datasets.time_frames import from_frame
from keras_rnnzoo.datasets.time_stamps import looks_like_times, read_stamps


def read(cells, date_format=None):
    """Stamps and how they were read, of a column or a list."""
    column = pandas.Series(cells, name="when")
    return read_stamps(column, lambda row: f"row {row}", date_format)


FORMS = {
    "ISO days": (["2020-05-13", "2020-05-14"], "2020-05-13"),
    "ISO without zeros": (["2020-5-3", "2020-5-4"], "2020-05-03"),
    "slashes": (["1990/1/1 0:00", "1990/1/2 0:00"], "1990-01-01"),
    "dots": (["2020.05.13", "2020.05.14"], "2020-05-13"),
    "ISO clocks": (["2020-05-13T01:02:03", "2020-05-13 01:02"], "2020-05-13 01:02:03"),
    "fractions": (["2020-05-13 01:02:03.25", "2020-05-14"], "2020-05-13 01:02:03.25"),
    "compact": (["20200513T0102", "20200513T0103"], "2020-05-13 01:02"),
    "months": (["2020-05", "2020-06"], "2020-05-01"),
    "months with the year last": (["5/2020", "12/2020"], "2020-05-01"),
    "quarters": (["2020Q2", "2020-Q3"], "2020-04-01"),
    "names of months": (["3 Jan 2020", "4 February 2020"], "2020-01-03"),
    "names before days": (["Jan 3, 2020 11:30 PM", "Feb 4, 2020 01:00 AM"], "2020-01-03 23:30"),
    "months by name": (["May 2020", "Sept 2020"], "2020-05-01"),
    "day first": (["01/02/2020", "13/02/2020"], "2020-02-01"),
    "day first with dots": (["1.2.2020 5:30", "31.12.2020 17:00"], "2020-02-01 05:30"),
    "month first": (["01/02/2020", "02/13/2020"], "2020-01-02"),
    "half days": (["01/02/2020 12:30 AM", "01/13/2020 12:30 p.m."], "2020-01-02 00:30"),
    "seconds and fractions": (["13-2-2020 1:02:03.5", "14-2-2020"], "2020-02-13 01:02:03.5"),
    "years": ([1990, 1991], "1990-01-01"),
    "years as texts": (["1990", "1991"], "1990-01-01"),
    "YYYYMM": ([202005, 202006], "2020-05-01"),
    "YYYYMMDD": ([20200513, 20200514], "2020-05-13"),
    "floats": ([1990.0, 1991.0], "1990-01-01"),
    "stamps": (pandas.to_datetime(["2020-05-13", "2020-05-14"]), "2020-05-13"),
    "dates": ([datetime.date(2020, 5, 13), datetime.date(2020, 5, 14)], "2020-05-13"),
    "categories": (pandas.Categorical(["2020-05-13", "2020-05-14"]), "2020-05-13"),
    "periods": (pandas.period_range("2020-05", periods=2, freq="M"), "2020-05-01"),
}


@pytest.mark.parametrize(("cells", "first"), FORMS.values(), ids=FORMS.keys())
def test_forms(cells, first):
    stamps, words = read(cells)
    assert stamps[0] == pandas.Timestamp(first) and len(stamps) == 2 and words
    assert stamps[0] < stamps[1] or words.startswith("dates with year first")


def test_half_days():
    stamps, words = read(
        ["13/1/2020 12:15 am", "13/1/2020 1:15 AM", "13/1/2020 12:15 PM", "13/1/2020 1:15 pm"]
    )
    assert stamps.hour.tolist() == [0, 1, 12, 13] and words == "dates with the day first"


@pytest.mark.parametrize(
    ("factor", "words"), [(1, "seconds"), (10**3, "milli"), (10**6, "micro"), (10**9, "nano")]
)
def test_numbers_since_1970(factor, words):
    stamps, told = read([1577836800 * factor, 1577840400 * factor])
    assert str(stamps[0]) == "2020-01-01 00:00:00+00:00" and str(stamps[1])[11:13] == "01"
    assert words in told and told.endswith("since 1970 in UTC")


def test_other_whole_numbers_count_steps():
    for cells in ([0, 1, 2], [1499, 1500, 1501], [99999, 100001], ["7", "8"], [202013, 202014]):
        stamps, words = read(cells)
        assert stamps.dtype == "int64" and stamps.tolist() == list(map(int, cells))
        assert "count steps" in words


def test_a_form_can_be_given():
    assert str(read(["01022020", "02022020"], "%d%m%Y")[0][1]) == "2020-02-02 00:00:00"
    assert str(read(["20/05/13 7h"], "%y/%m/%d %Hh")[0][0]) == "2020-05-13 07:00:00"
    assert str(read(["13.5.2020 07:00 +0200"], "%d.%m.%Y %H:%M %z")[0][0]).endswith("+02:00")
    with pytest.raises(ValueError, match="'2020-05-13' in row 1"):
        read(["13/05/2020", "2020-05-13"], "%d/%m/%Y")


REFUSED = {
    "days that may be months": (
        ["01/02/2020", "03/12/2020"],
        "told apart. Received: '01/02/2020' in row 0.*date_format='%d/%m/%Y'",
    ),
    "days in both places": (
        ["13/02/2020", "02/13/2020"],
        "one order. Received: '13/02/2020' in row 0 and '02/13/2020' in row 1",
    ),
    "days that are none": (["13/02/2020", "31/02/2020"], "day first.*'31/02/2020' in row 1"),
    "ISO days that are none": (["2020-02-28", "2020-02-31"], "'2020-02-31' in row 1"),
    "months that are none": (["2020-12", "2020-13"], "'2020-13' in row 1"),
    "years of two digits": (["01/02/20"], "'01/02/20' in row 0, which may mean many things"),
    "another form": (
        ["2020-05-13", "14/05/2020"],
        "as '2020-05-13' in row 0.*'14/05/2020' in row 1",
    ),
    "text": (["2020-05-13", "unknown"], "'unknown' in row 1.*date_format="),
    "nothing": (["2020-05-13", None], "none in row 1, column 'when'"),
    "too many digits": (["9" * 19, "8"], "which may mean many things"),
    "a blank": (["2020-05-13", " "], "none in row 1"),
    "not a number": ([2020.0, np.nan], "none in row 1"),
    "fractions": ([0.1, 0.2], "whole numbers.*0.1 in row 0.*time=False"),
    "truth values": ([True, False], "truth values"),
    "some with a zone": (
        ["2020-05-13 01:00", "2020-05-13 02:00Z"],
        "with a zone or all without.*'2020-05-13 01:00' in row 0 and '2020-05-13 02:00Z' in row 1",
    ),
    "some objects with a zone": (
        [datetime.datetime(2020, 5, 13), datetime.datetime(2020, 5, 14, tzinfo=datetime.UTC)],
        "with a zone or all without",
    ),
}


@pytest.mark.parametrize(("cells", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused(cells, words):
    with pytest.raises(ValueError, match=words):
        read(cells)


def test_columns_of_numbers_are_times_by_their_names_alone():
    years = pandas.Series([1990, 1991])
    assert looks_like_times(years, "Year") and not looks_like_times(years, "sales")
    texts = pandas.Series(["1990", "1991"])
    assert looks_like_times(texts, "date") and not looks_like_times(texts, "sales")
    assert not looks_like_times(pandas.Series([True, False]), "date")
    assert not looks_like_times(pandas.Series([np.nan]), "date")
    assert not looks_like_times(pandas.Series(["1.5", "2"]), "x")
    assert looks_like_times(pandas.Series(["13.5.20"]), "x", "%d.%m.%y")


# Zones


def series(texts, y=None, **options):
    data = pandas.DataFrame({"t": texts, "y": range(len(texts)) if y is None else y})
    return from_frame(data, **options)


def clocks(found):
    return [f"{stamp:%H:%M%z}" for stamp in found.times[0]]


def test_one_offset_is_kept_and_others_become_utc():
    assert clocks(series(["2020-05-13 01:00+02:00", "2020-05-13 02:00+02:00"]))[0] == "01:00+0200"
    assert clocks(series(["2020-05-13T01:00Z", "2020-05-13T02:00 UTC"])) == [
        "01:00+0000",
        "02:00+0000",
    ]
    texts = ["2020-10-25 02:00+02:00", "2020-10-25 02:00+01:00", "2020-10-25 03:00+01:00"]
    found = series(texts)
    assert clocks(found) == ["00:00+0000", "01:00+0000", "02:00+0000"]
    assert "offsets from UTC differ, so that all became UTC" in found.report[0]
    berlin = series(texts, zone="Europe/Berlin")
    assert clocks(berlin) == ["02:00+0200", "02:00+0100", "03:00+0100"]
    assert berlin.report[1] == "Time zone: stamps turned into Europe/Berlin."


def test_the_hour_that_comes_twice():
    texts = [
        f"2020-10-25 {clock}" for clock in ("01:30", "02:00", "02:30", "02:00", "02:30", "03:00")
    ]
    wanted = ["01:30+0200", "02:00+0200", "02:30+0200", "02:00+0100", "02:30+0100", "03:00+0100"]
    found = series(texts, zone="Europe/Berlin")
    assert clocks(found) == wanted and found.values[0][:, 0].tolist() == list(range(6))
    assert found.report[1:] == (
        "Time zone: stamps were taken as local times of Europe/Berlin.",
        "Frequency: 30min, to which 5 of 5 steps agree.",
    )
    turned = series(texts[::-1], zone="Europe/Berlin", sort=True)
    assert clocks(turned) == wanted and turned.values[0][:, 0].tolist() == [5, 4, 3, 2, 1, 0]
    with pytest.raises(ValueError, match="in row 3 after 2020-10-25 02:30.*zone="):
        series(texts)
    hours = series([texts[k] for k in (1, 3, 5)])  # without a zone they are duplicates
    assert hours.values[0][:, 0].tolist() == [0.5, 2] and "averaged" in hours.report[-1]


def test_the_hour_that_comes_twice_in_each_of_several_series():
    data = pandas.DataFrame({"t": ["2020-10-25 02:00", "2020-10-25 02:00", "2020-10-25 03:00"]})
    data["y"] = [1, 2, 3]
    both = pandas.concat([data.assign(id="a"), data.assign(id="b", y=data.y + 3)]).sort_values("t")
    found = from_frame(both, id="id", zone="Europe/Berlin")
    assert [rows[:, 0].tolist() for rows in found.values] == [[1, 2, 3], [4, 5, 6]]
    one = from_frame(data[1:], zone="Europe/Berlin", frequency="h")  # once, it is the earlier one
    assert clocks(one) == ["02:00+0200", "02:00+0100", "03:00+0100"]
    assert "Steps without a row: 1" in one.report[-1]


def test_the_hour_that_is_left_out():
    texts = [f"2020-03-29 {clock}" for clock in ("01:00", "03:00", "04:00")]
    assert clocks(series(texts, zone="Europe/Berlin")) == ["01:00+0100", "03:00+0200", "04:00+0200"]
    naive = series([*texts, "2020-03-29 05:00"])
    assert (
        "Steps without a row: 1 (at most 1 on end, first 2020-03-29 02:00:00)" in naive.report[-1]
    )
    with pytest.raises(ValueError, match="clocks in Europe/Berlin show.*02:00:00 in row 1"):
        series([texts[0], "2020-03-29 02:00", texts[1]], zone="Europe/Berlin")


def test_days_in_a_zone():
    days = pandas.date_range("2020-03-27", periods=5, tz="Europe/Berlin")
    found = series(days.delete(2))
    assert found.frequency == "D" and found.times[0].equals(days)
    assert found.values[0][:, 0].tolist() == [0, 1, 1, 2, 3]
