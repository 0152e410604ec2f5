"""The example as a user runs it: a whole run, a killed one, an own file, and bad input."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import running

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "forecasting.py"
RUN = ["--horizon", "6", "--look-back", "24", "--epochs", "4", "--units", "4"]


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """Options that name a file of hourly sales with a gap and a doubled row."""
    rng = np.random.default_rng(8)
    hours = np.arange(500)
    sales = 20 + 5 * np.sin(2 * np.pi * hours / 24) + rng.normal(size=500)
    frame = pd.DataFrame({"date": pd.date_range("2024-01-01", periods=500, freq="h")})
    frame["sales"], frame["price"] = sales.round(2), rng.normal(size=500).round(2)
    frame = pd.concat([frame.drop(index=[50, 51]), frame.iloc[[80]]]).sort_values("date")
    path = tmp_path_factory.mktemp("own") / "sales.csv"
    frame.to_csv(path, index=False)
    return ["--csv", path, "--time", "date", "--target", "sales", "--past", "price", *RUN]


pytestmark = running.on_one_backend
example, error_of = running.fixtures(EXAMPLE)


@pytest.fixture(scope="module")
def whole(own, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "run"
    return folder, running.finished(EXAMPLE, *own, "--output", "quantiles", "--out", folder)


def read(folder, name):
    return json.loads((folder / f"{name}.json").read_text())


def test_a_run_says_what_it_read_and_leaves_everything_in_its_folder(whole):
    folder, out = whole
    assert "sales.csv" in out.splitlines()[0] and "500 rows" in out.splitlines()[0]
    for text in ("epoch 4/4", "best epoch", "beside a linear skip", "off the MSE of the linear"):
        assert text in out
    pictures = {path.stem for path in folder.glob("figures/*.png")}
    drawn = {"learning_curves", "forecast", "rolling_forecasts", "error_by_horizon", "residuals"}
    assert pictures == {*drawn, "calibration"}
    history = read(folder, "history")
    assert set(history) == {"loss", "val_loss"}
    assert {len(values) for values in history.values()} == {4}
    rows = read(folder, "metrics")["rows"]
    names = [row["model"] for row in rows]
    assert names[0].startswith("1 x GRU") and names[1] == "its linear skip alone"
    plain = ["last value", "seasonal naive", "drift", "ridge"]  # ETS needs two days of history
    assert names[2:] == [*plain, "ridge, spread as in training"] and "ETS is left out" in out
    assert all(row["wql"] > 0 and 0 <= row["coverage_80"] <= 1 for row in (rows[0], *rows[2:]))
    assert rows[1]["mse"] == pytest.approx(rows[-2]["mse"], rel=1e-3), "the skip is ridge"
    table = pd.read_csv(folder / "forecast.csv")
    assert len(table) == 6 and table.time[0] == "2024-01-21 20:00:00"
    assert (table["q0.1"] < table["q0.9"]).all()
    assert (folder / "model.keras").is_file()


def test_the_same_command_again_shows_the_scores_and_trains_nothing(whole, own, example):
    folder, _ = whole
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    again = example(*own, "--output", "quantiles", "--out", folder)
    assert "This run is finished" in again and "epoch" not in again and "seasonal naive" in again
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_covariates_that_end_with_the_series_are_told_before_training(own, example, tmp_path):
    """All but the forecast from the end is still made."""
    frame = pd.read_csv(own[1]).sample(frac=1.0, random_state=0)
    frame.to_csv(tmp_path / "promo.csv", index=False)
    options = ["--csv", tmp_path / "promo.csv", *own[2:6], "--future", "price", "--sort", *RUN]
    out = example(*options, "--epochs", "1", "--out", tmp_path / "run")
    assert out.index("No forecast.csv") < out.index("epoch 1/1") and "Add 6 rows" in out
    assert read(tmp_path / "run", "metrics")["rows"]
    assert (tmp_path / "run" / "model.keras").is_file()
    assert not (tmp_path / "run" / "forecast.csv").exists()


def test_a_killed_run_goes_on_and_ends_like_the_whole_one(whole, own, example, error_of, tmp_path):
    folder, options = tmp_path / "run", [*own, "--output", "quantiles"]
    running.kill_after_an_epoch(EXAMPLE, folder, *options)
    assert not (folder / "model.keras").exists()
    assert "--resume" in error_of(*options, "--out", folder)
    out = example(*options, "--out", folder, "--resume")
    assert "epoch 1/4" not in out and "epoch 4/4" in out
    assert "Recorded" not in out, "results are of known sets alone"
    for name, values in read(whole[0], "history").items():
        np.testing.assert_allclose(read(folder, "history")[name], values, rtol=1e-3, atol=1e-6)


def test_a_saved_model_forecasts(whole, own, example):
    out = example(*own, "--load", whole[0] / "model.keras")
    assert len(out.splitlines()) >= 7 and "q0.975" in out


def test_the_embedded_series_says_what_it_is(example, tmp_path):
    options = ("--data", "co2", "--quick", "--units", 4, "--epochs", 1, "--horizon", 4)
    out = example(*options, "--look-back", 12, "--out", tmp_path / "run")
    assert out.startswith("EMBEDDED SERIES")


def test_bad_input_is_an_error_that_says_what_to_do(own, error_of, tmp_path):
    out = ("--out", tmp_path / "run")
    path = own[1]
    assert "Did you mean 'sales'" in error_of("--csv", path, "--target", "sale", *RUN, *out)
    assert "Did you mean 'peephole_lstm'" in error_of(*own, *out, "--cell", "peephole_lstn")
    assert "--horizon" in error_of(*own, *out, "--horizon", 0)
    assert "rows" in error_of(*own, *out, "--look-back", 600)
    bad = tmp_path / "bad.csv"
    bad.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    assert "bad.csv" in error_of("--csv", bad, *out)
    bad.write_text("")
    assert "bad.csv" in error_of("--csv", bad, *out)
    assert "Did you mean 'ETT" in error_of("--data", "ETTh", *out)
    assert "no saved Forecaster" in error_of("--load", tmp_path / "none.keras", *own)
    assert not (tmp_path / "run").exists()
