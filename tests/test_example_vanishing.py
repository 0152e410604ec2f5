"""The example as a user runs it: small, and with what cannot be."""

import json
from pathlib import Path

import running

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


def test_what_cannot_be_is_said(error_of, tmp_path):
    assert "length=1" in error_of("--length", 1, "--out", tmp_path)
    assert "units=0" in error_of("--units", 0, "--out", tmp_path)
    assert "--seeds 0" in error_of("--seeds", 0)
