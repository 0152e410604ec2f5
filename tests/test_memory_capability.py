"""What cells can and cannot remember, as theory has it: minutes each, with `pytest -m slow`.

Each run is one of the example, in a process of its own: here, float64 would be on.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "memory_tasks.py"

pytestmark = pytest.mark.slow


@pytest.fixture
def trained(tmp_path):
    """What a run of the example says of itself; it ends when validation has met the goal."""

    def run(task, cell, *options):
        command = [sys.executable, EXAMPLE, "--task", task, "--cell", cell]
        command += ["--minutes", 30, *options]  # a slow machine learns it too
        command += ["--out", tmp_path / "run", "--records", tmp_path / "records.jsonl"]
        environment = {**os.environ, "KERAS_BACKEND": keras.backend.backend()}
        subprocess.run([*map(str, command)], env=environment, check=True)
        return json.loads((tmp_path / "records.jsonl").read_text())

    return run


@pytest.mark.parametrize("cell", ["LSTM", "GRU", "SLSTM"])
def test_cells_that_see_their_state_follow_parity_six_times_beyond_training(cell, trained):
    run = trained("parity", cell)
    assert run["ended"] == "solved" and run["scores"]["scaled_accuracy"] > 0.97


@pytest.mark.parametrize("cell", ["MinGRU", "MinLSTM", "LRU", "RGLRU", "TRNN"])
def test_linear_cells_do_not(cell, trained):
    """Gates that see the input alone cannot turn a state round and round."""
    run = trained("parity", cell, "--minutes", "2")
    assert run["ended"] != "solved" and abs(run["scores"]["scaled_accuracy"]) < 0.2


def test_sums_are_remembered_over_a_thousand_steps(trained):
    """By an LSTM whose forget gates start by chrono initialisation; 0.167 needs no memory."""
    run = trained("adding", "LSTM", "--length", "1000")
    assert run["ended"] == "solved" and run["scores"]["mse"] < 0.0015


@pytest.mark.parametrize("cell", ["GRU", "MinGRU", "MinLSTM"])
def test_tokens_are_told_from_noise(cell, trained):
    run = trained("selective_copy", cell)
    assert run["ended"] == "solved" and run["scores"]["accuracy"] > 0.98
