"""Where series to forecast come from: sets with a name, a user's file, and what goes wrong."""

import dataclasses
import gzip
import os
import re
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from series_files import take_away, write_noise

from keras_rnnzoo.datasets import forecasting, forecasting_files
from keras_rnnzoo.datasets.windows import ForecastWindows

real = pytest.mark.skipif(
    "KERAS_RNNZOO_DATA" not in os.environ, reason="KERAS_RNNZOO_DATA names no folder of real data"
)
ROOT = Path(os.environ.get("KERAS_RNNZOO_DATA", ".")) / "data" / "timeseries"
ETT = ("ETTh1", "ETTh2", "ETTm1")


@pytest.fixture
def nothing_there(tmp_path, monkeypatch):
    """No files, no prepared set and no network; gives the addresses that are asked for."""
    return take_away(monkeypatch, tmp_path)


# Which source is taken


def test_without_data_and_network_auto_says_first_that_it_is_the_embedded_one(
    nothing_there, tmp_path, capsys
):
    data = forecasting.load(data_dir=tmp_path)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{data.description} {data.hint}"
    assert lines[0].startswith("EMBEDDED SERIES, real but none of the usual benchmarks: CO2")
    for words in ("public domain", "ETTh1 could not be had", "no answer from raw.github", "my.csv"):
        assert words in lines[0]
    assert [line.strip() for line in lines[1:]] == list(data.series.report)
    assert data.source == "co2" and nothing_there == [("raw.githubusercontent.com", 443)]


def test_the_embedded_series_is_what_its_report_says():
    data = forecasting.load("CO2", verbose=False)
    values = data.series.values[0][:, 0]
    assert (len(values), values[0], values[-1]) == (2284, 316.1, 371.5)
    assert data.series.frequency == "W-SAT" and data.season == 52
    assert data.borders == ((0, 1598), (1598, 1828), (1828, 2284))
    assert "Missing cells in rows: 59 (at most 18 on end" in data.series.report[-1]
    assert data.hint == "It was asked for by name."
    assert data.checksum == forecasting.load("co2", verbose=False).checksum
    other = dataclasses.replace(data, borders=data.borders._replace(test=None))
    assert other.checksum != data.checksum


def test_without_statsmodels_the_embedded_series_says_what_to_install(nothing_there, monkeypatch):
    monkeypatch.setitem(sys.modules, "statsmodels.datasets", None)
    with pytest.raises(ImportError, match=r"statsmodels.*pip install \"keras_rnnzoo\[examples\]"):
        forecasting.load("co2")
    with pytest.raises(ImportError, match="statsmodels.*ETTh1 could not be had"):
        forecasting.load("auto")


@pytest.mark.parametrize("source", ETT)
def test_an_ett_set_insists_at_once(nothing_there, tmp_path, source):
    began = time.perf_counter()
    with pytest.raises(ConnectionError, match=f"source='{source}'.*no answer.*{source}.csv by ha"):
        forecasting.load(source.lower())
    with pytest.raises(ConnectionError, match=r"data_dir='.*empty'"):
        forecasting.load(source, data_dir=tmp_path / "empty")
    assert time.perf_counter() - began < 60
    assert not (tmp_path / "empty").exists() and not (tmp_path / "default").exists()


@pytest.mark.parametrize("source", sorted(forecasting_files.FILES))
def test_a_set_that_is_a_file_insists(nothing_there, monkeypatch, tmp_path, source):
    stem = forecasting_files.FILES[source].stems[0]
    with pytest.raises(FileNotFoundError, match=f"{stem}.csv.*source='{source}'.*data_dir=None"):
        forecasting.load(source)
    monkeypatch.delenv("KERAS_RNNZOO_DATA")
    with pytest.raises(FileNotFoundError, match="KERAS_RNNZOO_DATA=None.*data_dir="):
        forecasting.load(source, data_dir=tmp_path)


def test_what_is_no_source_and_no_folder(nothing_there, tmp_path):
    path = write_noise(tmp_path / "mine.csv", 20)
    with pytest.raises(FileNotFoundError, match="auto, ETTh1.*mean 'weather'.*'wether'.*none of"):
        forecasting.load("wether")
    with pytest.raises(FileNotFoundError, match="a folder: name the file in it"):
        forecasting.load(tmp_path)
    with pytest.raises(FileNotFoundError, match="a folder.*data_dir='.*mine.csv', which is a file"):
        forecasting.load("ETTh1", data_dir=path)
    write_noise(tmp_path / "data" / "exchange_rate.csv", 20)
    with pytest.raises(FileNotFoundError, match="data_dir='.*nowhere'"):
        forecasting.load("exchange", data_dir=tmp_path / "nowhere")
    with pytest.raises(TypeError, match="ETTh1 is read in one way alone. Received: time, decimal"):
        forecasting.load("etth1", time="date", decimal=",")


def test_data_dir_comes_first_then_ours(nothing_there, tmp_path):
    (tmp_path / "data").mkdir()
    ours = write_noise(tmp_path / "data" / "timeseries" / "exchange_rate.csv", 50, seed=1)
    given = write_noise(tmp_path / "given" / "exchange_rate.csv", 60, seed=2)
    assert forecasting.load("exchange", verbose=False).series.steps == 50
    assert forecasting.load("exchange", tmp_path / "given", verbose=False).series.steps == 60
    given.unlink()
    assert forecasting.load("exchange", tmp_path / "given", verbose=False).series.steps == 50
    ours.with_name("exchange_rate.csv.gz").write_bytes(gzip.compress(ours.read_bytes(), mtime=0))
    ours.unlink()
    assert forecasting.load("exchange", verbose=False).series.steps == 50


def test_another_weather_is_said_to_be_another_and_loses_its_marks(nothing_there, tmp_path):
    path = tmp_path / "weather.csv"
    rows = [f"2020-01-01 00:{10 * k:02}:00,{k},{2 * k}\n" for k in range(6)]
    rows[2] = "2020-01-01 00:20:00,-9999.0,-1000.5\n"
    names = "date,PAR (\ufffdmol/m\ufffd/s),SWDR (W/m\ufffd)\n"
    path.write_text(names + "".join(rows), encoding="utf-8")
    data = forecasting.load("weather", data_dir=tmp_path, verbose=False)
    assert data.series.values[0][:, 1].tolist() == [0, 2, 2, 6, 8, 10]
    assert data.series.targets == ("PAR (µmol/m²/s)", "SWDR (W/m²)")
    assert data.hint.startswith("NOT the copy that this loader was tried with")
    told = " ".join(data.series.report)
    assert "mark for missing ones: 1" in told and "outside of valid_range: 1" in told
    assert "lost a character: 2" in told


# A user's own file


def test_a_csv_is_cut_by_fractions(tmp_path, capsys):
    path = write_noise(tmp_path / "mine.csv", 200, channels=("y", "load"))
    data = forecasting.load(path, time="date", targets="load", horizon=7, look_back=14)
    assert data.borders == ((0, 140), (140, 160), (160, 200)) and data.season == 7
    assert data.source == str(path) and data.series.targets == ("load",)
    assert capsys.readouterr().out.splitlines()[0] == (
        f"Series from {path}: 200 rows of 1 channel, step D, 2020-01-01 to 2020-07-18; 140 train, "
        "20 validation, 40 test (70, 10 and 20 % of the rows)."
    )


def test_a_short_csv_is_cut_by_its_last_windows(tmp_path):
    path = write_noise(tmp_path / "mine.csv", 144, frequency="MS")
    data = forecasting.load(path, horizon=24, look_back=36, verbose=False)
    assert data.borders == ((0, 96), (96, 120), (120, 144)) and data.season == 12
    assert "(the last two times 24 rows are for validation and test)" in data.description
    for part in data.borders:
        assert len(ForecastWindows(data.series, 36, 24, start=part[0], stop=part[1]))
    with pytest.raises(ValueError, match=r"mine\.csv: Expected at least 145 rows.*rows=144"):
        forecasting.load(path, horizon=24, look_back=73)
    with pytest.raises(ValueError, match="horizon=0"):
        forecasting.load(path, horizon=0)
    with pytest.raises(ValueError, match="Expected at least 5 rows"):
        forecasting.load(write_noise(tmp_path / "few.csv", 4))


def test_series_of_unequal_length_are_cut_from_their_ends(tmp_path):
    parts = [
        pd.read_csv(write_noise(tmp_path / f"{n}.csv", n, seed=n)).assign(shop=n) for n in (50, 80)
    ]
    path = tmp_path / "shops.csv"
    pd.concat(parts).to_csv(path, index=False)
    data = forecasting.load(path, id="shop", targets="y", verbose=False)
    assert data.borders == ((0, -15), (-15, -10), (-10, None))
    assert "2 series of 50 to 80 rows" in data.description
    assert "100 train, 10 validation, 20 test" in data.description
    assert "shortest series, whose 50 rows count from the end of each" in data.description
    start, stop = data.borders.test
    windows = ForecastWindows(data.series, 20, 10, start=start, stop=stop)
    assert windows.origins.tolist() == [[0, 40], [1, 70]]
    assert data.series.slice(*data.borders.train).steps == 100


def test_a_csv_without_a_usual_season_or_times(tmp_path):
    path = tmp_path / "mine.csv"
    rows = [f"2020-01-01 00:00:00.{k:03},{k % 7}\n" for k in range(20)]
    path.write_text("date,y\n" + "".join(rows))
    data = forecasting.load(path, verbose=False)
    assert data.series.frequency == "ms" and data.season == 1
    data = forecasting.load(path, time=False, targets="y", verbose=False)
    assert data.series.frequency is None and data.season == 1
    assert "20 rows of 1 channel, counted; 14 train" in data.description


def test_a_csv_that_cannot_be_read_names_file_and_cause(tmp_path):
    path = write_noise(tmp_path / "mine.csv", 40)
    with pytest.raises(ValueError, match=r"mine\.csv.*'date'.*'dat'"):
        forecasting.load(path, time="dat")
    with pytest.raises(TypeError, match="no argument `target`.*'targets'"):
        forecasting.load(path, target="y")


# The real sets

REAL = {  # rows, channels, step, first and last row of the first and the last channel, report
    "ETTh1": (17420, 7, "h", 5.827000141143799, 9.56700038909912, "17,419 of 17,419"),
    "ETTh2": (17420, 7, "h", 41.13000106811523, 45.98649978637695, "17,419 of 17,419"),
    "ETTm1": (69680, 7, "15min", 5.827000141143799, 9.777999877929688, "69,679 of 69,679"),
    "weather": (52704, 21, "10min", 1008.89, 436.5, "Steps without a row: 9 .*in rows: 81 .*: 3"),
    "exchange": (7588, 8, "D", 0.7855, 0.692689, "7,587 of 7,587"),
    "sunspots": (2820, 1, "MS", 58.0, 33.4, "2,819 of 2,819"),
    "temperatures": (3652, 1, "D", 20.7, 13.0, "Steps without a row: 2 .*1984-12-31"),
}


@real
@pytest.mark.parametrize("source", REAL)
def test_the_real_sets_are_what_they_are_said_to_be(source):
    data = forecasting.load(source, verbose=False)
    values, (rows, channels, step, first, last, told) = data.series.values[0], REAL[source]
    assert values.shape == (rows, channels) and data.series.frequency == step
    assert (values[0, 0], values[-1, -1]) == (first, last)
    assert re.search(told, " ".join(data.series.report))
    assert data.source == source and "NOT the copy" not in data.hint
    sizes = [stop - start for start, stop in data.borders]
    if source in ETT:
        assert sizes == [8640 * data.season // 24, *[2880 * data.season // 24] * 2]
    else:
        assert sizes[::2] == [int(rows * 0.7), int(rows * 0.2)] and sum(sizes) == rows
