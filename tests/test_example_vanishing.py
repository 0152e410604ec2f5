"""The example as a user runs it: small, and with what cannot be."""

import json
from pathlib import Path

import running

from keras_rnnzoo import through_time

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "vanishing_gradients.py"
RUN = ["--units", "6", "--length", "40", "--seeds", "2"]

pytestmark = running.on_one_backend
example, error_of = running.fixtures(EXAMPLE)


def test_a_run_tells_the_ill_from_the_cured(example, tmp_path):
    said = example(*RUN, "--out", tmp_path / "run")
    record = json.loads((tmp_path / "run" / "gradients.json").read_text())
    rows = {name: row["arrives"] for name, row in record["rows"].items()}
    assert all(name in said for name in rows)
    assert rows["SimpleRNN, small start"] < 1e-6 < 0.01 < rows["LSTM, chrono start"] < 2
    assert rows["SimpleRNN, orthogonal"] > rows["SimpleRNN, small start"]
    assert record["rows"]["SimpleRNN, small start"]["reach"] < 40
    curves = record["curves"]["LSTM"]
    assert [len(curve) for curve in curves] == [40, 40] and curves[0] != curves[1]
    assert record["update"][1] < 1.01 and (tmp_path / "run" / "gradients.png").exists()


def test_a_gradient_beyond_float32_costs_its_own_row_alone(example, tmp_path, monkeypatch):
    said, found = "Layer gru: its states are not finite.", through_time.gradient_through_time

    def overflows(model, *batch):
        if model.get_config()["cell"] == "gru":
            raise ValueError(said)
        return found(model, *batch)

    monkeypatch.setattr(through_time, "gradient_through_time", overflows)
    assert said in example(*RUN, "--seeds", 1, "--out", tmp_path)
    rows = json.loads((tmp_path / "gradients.json").read_text())["rows"]
    assert rows["GRU"] == {"error": said} and rows["LSTM"]["arrives"] > 0 and len(rows) == 15


def test_what_cannot_be_is_said(error_of, tmp_path):
    assert "--length from 3" in error_of("--length", 2, "--out", tmp_path)
    assert "units=0" in error_of("--units", 0, "--out", tmp_path)
    assert "--seeds 0" in error_of("--seeds", 0)
