"""The example of capability tasks as a user runs it: whole, killed, recorded, and its table."""

import json
from pathlib import Path

import numpy as np
import pytest
import running

from keras_rnnzoo.readme import memory as table

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "memory_tasks.py"
TINY = ["--task", "adding", "--length", "5", "--units", "4", "--epochs", "3", "--minutes", "30"]

pytestmark = running.on_one_backend
example, error_of = running.fixtures(EXAMPLE)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    options = [*TINY, "--out", folder / "run", "--records", folder / "records.jsonl"]
    return folder, running.finished(EXAMPLE, *options)


def test_a_run_leaves_its_folder_and_one_record(whole):
    folder, out = whole
    assert out.startswith("Adding problem (generated), 5 steps")
    assert "epoch 3/3" in out and "Ended: epochs" in out and "Not solved: mse on test" in out
    run = folder / "run"
    names = {"config.json", "environment.json", "history.csv", "metrics.json", "model.keras"}
    assert names <= {path.name for path in run.iterdir()}
    assert (run / "figures" / "goal_curve.png").stat().st_size > 5000
    (record,) = map(json.loads, (folder / "records.jsonl").read_text().splitlines())
    expected = {
        "task": "adding", "length": 5, "shape": None, "cell": "GRU", "cell_options": {}, "units": 4,
        "depth": 1, "seed": 0, "parameters": 4 * 3 * (2 + 4) + 2 * 12 + 4 + 1, "goal_score": "mse",
        "goal": "mse below 0.001", "solved": False, "ended": "epochs", "epochs": 3, "steps": 150,
        "changes": {"units": 4, "epochs": 3},
    }  # fmt: skip
    assert {name: record[name] for name in expected} == expected
    assert record["trivial"]["mse"] == pytest.approx(1 / 6) and record["seconds"] > 0
    assert record["score"] == record["scores"]["mse"] > 1e-3
    assert record["environment"]["keras"] and record["config"]["recipe"]["learning_rate"] > 0


def test_a_finished_run_is_shown_and_not_repeated(whole, example, tmp_path):
    folder, out = whole
    for place in (folder / "run", tmp_path / "elsewhere"):
        again = example(*TINY, "--out", place, "--records", folder / "records.jsonl")
        assert "This run is finished" in again and "epoch 1/" not in again
        assert next(line for line in out.splitlines() if "on test" in line) in again
    unrecorded = example(*TINY, "--out", folder / "run", "--records", tmp_path / "none.jsonl")
    assert "its model and figure are in" in unrecorded
    assert not (tmp_path / "elsewhere").exists() and not (tmp_path / "none.jsonl").exists()


def test_a_killed_run_goes_on_and_ends_like_the_whole_one(whole, example, error_of, tmp_path):
    options = [*TINY, "--records", tmp_path / "records.jsonl"]
    running.kill_after_an_epoch(EXAMPLE, tmp_path / "run", *options)
    assert "--resume" in error_of(*options, "--out", tmp_path / "run")
    out = example(*options, "--out", tmp_path / "run", "--resume")
    assert "epoch 1/3" not in out and "epoch 3/3" in out and "Recorded in" in out
    history = json.loads((tmp_path / "run" / "history.json").read_text())
    seconds = history.pop("seconds")
    assert len(seconds) == 3 and (np.diff(seconds) > 0).all()
    for name, values in history.items():
        there = json.loads((whole[0] / "run" / "history.json").read_text())[name]
        np.testing.assert_allclose(values, there, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("task", ["selective_copy", "jsb"])
def test_a_quick_run_records_nothing(example, task, tmp_path):
    records = tmp_path / "records.jsonl"
    options = ["--quick", "--task", task, "--cell", "min_gru", "--units", 4, "--epochs", 1]
    out = example(*options, "--out", tmp_path / "run", "--records", records)
    assert "epoch 1/1" in out and "Model and figure are in" in out and not records.exists()


def record(cell, task, seed, solved, score, length=400, config=0, **more):
    line = {"cell": cell, "task": task, "shape": None, "length": length, "seed": seed}
    line |= {"changes": {}, "solved": solved, "score": score, "goal": "mse below 0.001"}
    line |= {"config_hash": str(config), "parameters": 1234, "seconds": 60 + seed}
    return {**line, **more}


def test_the_table_has_cells_by_tasks(tmp_path, example):
    lines = [
        record("GRU", "copy", 0, False, 0.5, 200, config=1),
        record("GRU", "adding", 0, True, 9.0, config="of an old recipe"),
        record("GRU", "adding", 0, True, 0.0002),
        record("GRU", "adding", 1, False, 0.0004),
        record("GRU", "adding", 0, True, 0.01, 1000, config=2),
        record("LSTM", "adding", 0, True, 0.3, config=3, changes={"units": 8}),
        record("LSTM", "function_generation", 0, True, 0.1, 10, 4, shape="cosine"),
    ]
    path = tmp_path / "records.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    rows = [[cell.strip() for cell in row.split("|")[1:-1]]
            for row in table.memory_table(path).splitlines()]  # fmt: skip
    goal = ": mse below 0.001"
    tasks = ["adding 400", "adding 1000", "copy 200", "function generation cosine 10"]
    assert rows[0] == ["cell", *(task + goal for task in tasks)]
    assert rows[2][:3] == [
        "`GRU`",
        "1 of 2: 0.0003 ± 0.0001; 1,234; 60 s",
        "1 of 1: 0.01; 1,234; 60 s",
    ]
    assert [row[0] for row in rows[2:]] == ["`GRU`", "`LSTM`", "`LSTM (units=8)`"]
    assert rows[3][1:] == ["", "", "", "1 of 1: 0.1; 1,234; 60 s"]
    shares, order = table.solved_shares(path)
    assert order == tasks
    assert shares["GRU"] == {"adding 400": (1, 2), "adding 1000": (1, 1), "copy 200": (0, 1)}
    out = example("--table", "--records", path, "--out", tmp_path / "map.png")
    assert "`LSTM (units=8)`" in out and (tmp_path / "map.png").stat().st_size > 5000
    assert "recorded yet" in table.memory_table(tmp_path / "none")
    assert "recorded yet" in example("--table", "--records", tmp_path / "none")


def test_bad_input_is_an_error_that_says_what_to_do(error_of, monkeypatch, tmp_path):
    monkeypatch.delenv("KERAS_RNNZOO_DATA", raising=False)
    out = ("--out", tmp_path / "run", "--records", tmp_path / "records.jsonl")
    assert "Did you mean 'selective_copy'" in error_of("--task", "selective", *out)
    assert "Did you mean 'peephole_lstm'" in error_of("--cell", "peephole_lstn", *out)
    assert "JSB_Chorales.mat" in error_of("--task", "jsb", *out)
    assert "no length" in error_of("--task", "jsb", "--length", 3, "--quick", *out)
    assert "--shape belongs to" in error_of("--task", "copy", "--shape", "cosine", *out)
    for option in ("--units", "--depth", "--epochs", "--length", "--minutes"):
        said = error_of("--quick", option, 0, *out)
        assert f"{option[2:]}=0" in said, option
    assert "learning_rate=-1" in error_of("--quick", "--learning-rate", -1, *out)
    assert "seed=-1" in error_of("--quick", "--seed", -1, *out)
    assert not (tmp_path / "run").exists() and not (tmp_path / "records.jsonl").exists()
