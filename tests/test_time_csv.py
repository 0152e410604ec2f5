"""Series from files: separators, encodings, packing, faults with their line, and real files."""

import bz2
import gzip
import lzma
import os
from pathlib import Path

import numpy as np
import pytest

from keras_rnnzoo.datasets.time_frames import read_csv

real = pytest.mark.skipif(
    "KERAS_RNNZOO_DATA" not in os.environ, reason="KERAS_RNNZOO_DATA names no folder of real data"
)
FOLDER = Path(os.environ.get("KERAS_RNNZOO_DATA", ".")) / "data" / "timeseries"
PLAIN = "day,y,z\n2020-05-01,1.5,10\n2020-05-02,-2,20\n2020-05-03,3,30\n"
VALUES = [[1.5, 10], [-2, 20], [3, 30]]


@pytest.fixture
def write(tmp_path):
    def write(content, name="set.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


# What is read

SAME = {
    "commas": PLAIN,
    "semicolons": PLAIN.replace(",", ";"),
    "tabs": PLAIN.replace(",", "\t"),
    "bars": PLAIN.replace(",", "|"),
    "blanks after separators": PLAIN.replace(",", ", "),
    "blanks at the ends": PLAIN.replace("\n", " \n").replace(",", " ,"),
    "byte order mark": "\ufeff" + PLAIN,
    "CRLF": PLAIN.replace("\n", "\r\n"),
    "CR": PLAIN.replace("\n", "\r"),
    "no line end at the end": PLAIN.rstrip("\n"),
    "blank lines": "\n" + PLAIN.replace("\n", "\n\n") + "\n",
    "rows of separators": PLAIN + ",,\n,,,,\n",
    "empty columns with separators": PLAIN.replace("\n", ",,\n"),
    "empty columns in rows alone": PLAIN.replace("\n", ",\n").replace("z,", "z"),
    "empty columns in the names alone": PLAIN.replace("z\n", "z,,\n"),
    "quotes": '"' + PLAIN.replace(",", '","').replace("\n", '"\n"')[:-1],
    "quotes in the names": PLAIN.replace("day,y,z", '"day","y","z"'),
    "another decimal": PLAIN.replace("1.5", "15e-1"),
    "numbers of rows": (",day,y,z\n0,2020-05-01,1.5,10\n1,2020-05-02,-2,20\n2,2020-05-03,3,30\n"),
}


@pytest.mark.parametrize("content", SAME.values(), ids=SAME.keys())
def test_one_set_in_many_shapes(write, content):
    series = read_csv(write(content))
    assert series.values[0].tolist() == VALUES and series.targets == ("y", "z")
    assert series.times[0].strftime("%Y-%m-%d").tolist() == [
        "2020-05-01",
        "2020-05-02",
        "2020-05-03",
    ]


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [(".gz", gzip.compress), (".xz", lzma.compress), (".bz2", bz2.compress)],
    ids=["gzip", "xz", "bzip2"],
)
def test_packed_files(write, suffix, pack):
    assert read_csv(write(pack(PLAIN.encode()), f"set.csv{suffix}")).values[0].tolist() == VALUES


def test_numbers_are_read_to_the_last_bit(write):
    numbers = np.random.default_rng(0).normal(size=200) * 10.0 ** np.arange(-100, 100)
    text = "y\n" + "\n".join(map(repr, numbers.tolist()))
    assert read_csv(write(text), time=False).values[0][:, 0].tolist() == numbers.tolist()


def test_other_encodings(write):
    text = PLAIN.replace("y,z", "Wärme,z")
    path = write(text.encode("cp1252"))
    assert read_csv(path, encoding="cp1252").targets == ("Wärme", "z")
    assert read_csv(write(text.encode("utf-16")), encoding="utf-16").targets == ("Wärme", "z")
    with pytest.raises(ValueError, match=r"set\.csv, line 1: .*utf-8.*0xff.*encoding="):
        read_csv(path)
    with pytest.raises(ValueError, match="encoding='utf8k'"):
        read_csv(path, encoding="utf8k")


def test_decimal_commas_and_marks_between_thousands(write):
    text = "day;y\n2020-05-01;1.001,5\n2020-05-02;2,25\n2020-05-03;\n2020-05-04;1.002\n"
    series = read_csv(write(text), decimal=",", thousands=".")
    assert series.values[0][:, 0].tolist() == [1001.5, 2.25, 2.25, 1002]
    plain = write("day,y\n2020-05-01,1.25\n2020-05-02,3\n")
    assert read_csv(plain, separator=",").values[0][:, 0].tolist() == [1.25, 3]
    with pytest.raises(ValueError, match="'1.001,5' in line 2, the first of 2 cells"):
        read_csv(write(text))
    with pytest.raises(ValueError, match="decimal=';'"):
        read_csv(plain, decimal=";")


def test_lines_above_the_names(write):
    path = write("A station\nof mine, 2020\n" + PLAIN)
    assert read_csv(path, skip_rows=2).values[0].tolist() == VALUES
    with pytest.raises(ValueError, match="line 5: expected 3 cells"):
        read_csv(write("A station\nof mine\n" + PLAIN.replace("2020-05-02,", "")), skip_rows=2)
    with pytest.raises(ValueError, match="skip_rows=-1"):
        read_csv(path, skip_rows=-1)


def test_ids_are_texts(write):
    text = "id,day,y\n007,2020-05-01,1\n007,2020-05-02,2\nNA,2020-05-01,4\n"
    series = read_csv(write(text), id="id", frequency="D")
    assert series.ids == ("007", "NA") and series.values[1].tolist() == [[4]]


def test_words_for_missing_cells(write):
    words = ["NA", "n/a", "NaN", "null", "None", "?", "-", "", " ", "inf", "-inf"]
    rows = "".join(f"2020-05-{k:02d},{word},{k}\n" for k, word in enumerate(words, 2))
    series = read_csv(write(f"day,y,z\n2020-05-01,7,1\n{rows}2020-06-01,8,2\n"), targets="y")
    assert set(series.values[0][:-1, 0]) == {7.0} and series.values[0][-1] == 8
    assert f"Missing cells in rows: {len(words)} " in series.report[-1]


def test_other_words_are_named_or_refused(write):
    rows = "".join(f"2020-05-{k:02d},{'err' if k % 5 == 0 else k}\n" for k in range(1, 29))
    path = write("day,y\n" + rows)
    with pytest.raises(ValueError, match=r"'y'.*'err' in line 6, the first of 5.*missing_values"):
        read_csv(path)
    assert read_csv(path, missing_values="err").values[0][4] == 4


def test_columns_that_make_a_time_together(write):
    text = "Date;Time;y\n16/12/2006;17:24:00;4.2\n16/12/2006;17:25:00;5\n16/12/2006;17:27:00;?\n"
    series = read_csv(write(text + "16/12/2006;17:28:00;1\n"), time=("Date", "Time"))
    assert series.frequency == "min" and series.values[0][:, 0].tolist() == [4.2, 5, 5, 5, 1]
    assert series.report[0] == "Times: columns 'Date', 'Time', read as dates with the day first."
    text = "No,year,month,day,hour,pm\n1,2010,1,1,0,4\n2,2010,1,1,1,5\n3,2010,1,1,2,7\n"
    hours = read_csv(write(text), time=("year", "month", "day", "hour"), targets="pm")
    assert hours.frequency == "h" and str(hours.times[0][2]) == "2010-01-01 02:00:00"
    with pytest.raises(ValueError, match="date in line 3. Received: year=2010, month=13, day=1"):
        read_csv(write(text.replace("2,2010,1", "2,2010,13")), time=["year", "month", "day"])


# What is not

FAULTS = {
    "empty": ("", "line 1: expected names.*empty file"),
    "blank": ("\n \n", "line 1: expected names.*empty file"),
    "names alone": ("day,y\n", "line 2: expected rows below the names day, y. Received: none"),
    "numbers alone": ("2020-05-01,1\n2020-05-02,2\n", "line 1: expected names.*a line of names"),
    "a column": ("y\n1\n2\n", "line 1: expected columns.*a comma, a semicolon.*'y'.*time=False"),
    "a short row": (PLAIN.replace("02,-2", "02"), "line 3: expected 3 cells.*: 2, '2020-05-02,20'"),
    "a long row": (PLAIN.replace("02,", "02,9,"), "line 3: expected 3 cells.*: 4"),
    "a long row in quotes": (PLAIN.replace("02,", '02,"9\n",'), "line 3: expected 3 cells.*: 4"),
    "a quote without an end": (PLAIN.replace("-2", '"-2'), "line 3: expected a row.*quotes"),
    "text after a quote": (PLAIN.replace("-2", '"-2"x'), "line 3: expected a row.*quotes"),
    "a name twice": (PLAIN.replace("z", "y"), "line 1: expected names that differ.*'y' twice"),
    "zip": (b"PK\x03\x04" + bytes(40), "the bytes of a zip file. Unpack it.*gz"),
    "gzip": (gzip.compress(PLAIN.encode()), "the bytes of a gzip file"),
    "bytes": (b"day,y\n\xff\xfe\n", "line 2: expected text in the encoding utf-8.*0xff"),
    "zero bytes": (b"day,y\n1,\x00\n", "line 2: expected text in columns.*zero byte"),
    "web page": ("<!DOCTYPE html>\n<p>a,b</p>\n", "line 1: expected names.*DOCTYPE.*web"),
    "JSON": ('{"a": [1,\n2]}', "line 1: expected names.*JSON"),
    "a cell of text": (PLAIN.replace("20\n", "x\n"), "column 'z'. Received: 'x' in line 3"),
    "a blank time": (PLAIN.replace("2020-05-02", ""), "none in line 3, column 'day'"),
    "out of order": (PLAIN.replace("-03,", "-01,"), "in line 4 after 2020-05-02.*sort=True"),
    "a decimal comma": (PLAIN.replace(",", ";").replace(".", ","), "'1,5' in line 2.*decimal=','"),
}


@pytest.mark.parametrize(("content", "words"), FAULTS.values(), ids=FAULTS.keys())
def test_faults_are_told_with_file_and_line(write, content, words):
    with pytest.raises(ValueError, match=rf"set\.csv(: |, ).*?{words}"):
        read_csv(write(content))


def test_lines_are_those_of_the_file(write):
    text = 'a note\n\nday,y,text\n\n2020-05-01,1,"two\nlines"\n\n2020-05-02,x,b\n2020-05-03,3,c\n'
    with pytest.raises(ValueError, match="'x' in line 8"):
        read_csv(write(text), skip_rows=1, targets="y")


def test_files_that_are_not_there_or_cut_off(write, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"file of columns.*none\.csv"):
        read_csv(tmp_path / "none.csv")
    with pytest.raises(ValueError, match=r"set\.csv\.gz: Expected a whole \.gz file"):
        read_csv(write(gzip.compress(PLAIN.encode())[:-9], "set.csv.gz"))


def test_an_unknown_argument_has_a_near_one(write):
    with pytest.raises(TypeError, match="`dat_format`. Did you mean 'date_format'"):
        read_csv(write(PLAIN), dat_format="%Y")
    with pytest.raises(ValueError, match="one character.*'::'"):
        read_csv(write(PLAIN), separator="::")


# Real files

REAL = {  # steps, targets, frequency, first and last stamp, how many sentences the report has
    "ETTh1.csv.gz": (17420, 7, "h", "2016-07-01 00:00:00", "2018-06-26 19:00:00", 2),
    "ETTh2.csv.gz": (17420, 7, "h", "2016-07-01 00:00:00", "2018-06-26 19:00:00", 2),
    "ETTm1.csv.gz": (69680, 7, "15min", "2016-07-01 00:00:00", "2018-06-26 19:45:00", 2),
    "exchange_rate.csv.gz": (7588, 8, "D", "1990-01-01 00:00:00", "2010-10-10 00:00:00", 2),
    "monthly-sunspots.csv": (2820, 1, "MS", "1749-01-01 00:00:00", "1983-12-01 00:00:00", 2),
    "daily-min-temperatures.csv": (3652, 1, "D", "1981-01-01 00:00:00", "1990-12-31 00:00:00", 3),
    "weather_2020.csv.gz": (52704, 21, "10min", "2020-01-01 00:10:00", "2021-01-01 00:00:00", 6),
}


@real
@pytest.mark.parametrize("name", REAL)
def test_real_files(name):
    series = read_csv(FOLDER / name)
    times = series.times[0]
    found = (series.steps, len(series.targets), series.frequency, str(times[0]), str(times[-1]))
    assert (*found, len(series.report)) == REAL[name]
    assert np.isfinite(series.values[0]).all()


@real
def test_the_faults_of_the_weather_are_reported():
    series = read_csv(FOLDER / "weather_2020.csv.gz")
    report = "\n".join(series.report)
    assert "mark for missing ones: 81 (first -9999 in column 'wv (m/s)', line 7247)" in report
    assert "Rows equal to another one of their stamp: 1 (first 2020-05-12 06:00:00)" in report
    assert "Steps without a row: 9 (at most 9 on end, first 2020-05-29 09:40:00)" in report
    assert "Missing cells in rows: 81 (at most 34 on end" in report
    assert "\ufffd" in series.targets[-3] and series.values[0].min() > -1000


@real
def test_the_days_left_out_of_the_temperatures():
    series = read_csv(FOLDER / "daily-min-temperatures.csv", time="Date", targets="Temp")
    values = dict(zip(series.times[0].strftime("%Y-%m-%d"), series.values[0][:, 0], strict=True))
    for day, before in (("1984-12-31", "1984-12-30"), ("1988-12-31", "1988-12-30")):
        assert values[day] == values[before]
    assert "Steps without a row: 2 (at most 1 on end" in series.report[-1]
