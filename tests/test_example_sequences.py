"""The example as a user runs it: a whole run, a killed one, a saved model, and bad input."""

import json
from pathlib import Path

import numpy as np
import pytest
import running

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "sequence_classification.py"
RUN = ["--epochs", "3", "--units", "4", "--members", "1"]
CLASSES = ("falls", "flat", "rises")

pytestmark = running.on_one_backend
example, error_of = running.fixtures(EXAMPLE)


def table(path, count=48, labelled=True, channels=("x", "y")):
    """Falling, flat and rising sequences of six steps, which compile one shape of batches."""
    rng = np.random.default_rng(0)
    rows = [",".join(["id", *channels, *(["label"] if labelled else [])])]
    for number in range(count):
        for step in range(6):
            noise = rng.normal(size=2) * 0.1
            cells = [
                f"walk{number}",
                f"{(number % 3 - 1) * step + noise[0]:.3f}",
                f"{noise[1]:.3f}",
            ]
            rows.append(",".join([*cells, *([CLASSES[number % 3]] if labelled else [])]))
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """Options that name a small file, and few and narrow networks."""
    return ["--data", table(tmp_path_factory.mktemp("own") / "walks.csv"), *RUN]


@pytest.fixture(scope="module")
def whole(own, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "run"
    return folder, running.finished(EXAMPLE, *own, "--out", folder)


def read(folder, name):
    return json.loads((folder / f"{name}.json").read_text())


def test_a_run_says_what_it_read_and_leaves_everything_in_its_folder(whole):
    folder, out = whole
    lines = out.splitlines()
    assert "walks.csv: 30 train, 9 validation, 9 test" in lines[0]
    assert "2 channels, 6 to 6 steps; classes falls, flat, rises" in lines[0]
    assert lines[1].startswith("Keras ")
    for text in ("epoch 3/3", "best epoch", "1 x BiGRU", "logistic regression (C="):
        assert text in out
    assert "Recorded" not in out, "results are of the known set alone"
    pictures = {path.stem for path in folder.glob("figures/*.png")}
    assert pictures == {"learning_curves", "confusion_matrix", "reliability"}
    assert read(folder, "config")["recipe"]["model"]["units"] == 4
    history = read(folder, "history")
    assert set(history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert {len(values) for values in history.values()} == {3}
    rows = read(folder, "metrics")["rows"]
    assert [row["model"].split()[0] for row in rows] == ["1", "summary"]
    assert rows[1]["test"] == 1 and rows[1]["test_log_loss"] < 0.5
    assert all(0 <= row[part] <= 1 for row in rows for part in ("validation", "test"))
    assert (folder / "model.keras").is_file()


def test_the_same_command_again_shows_the_scores_and_trains_nothing(whole, own, example):
    folder, out = whole
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    again = example(*own, "--out", folder)
    assert "This run is finished" in again and "epoch" not in again
    assert next(line for line in out.splitlines() if line.startswith("1 x BiGRU")) in again
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_a_killed_run_goes_on_and_ends_like_the_whole_one(whole, own, example, error_of, tmp_path):
    folder = tmp_path / "run"
    running.kill_after_an_epoch(EXAMPLE, folder, *own)
    assert "--resume" in error_of(*own, "--out", folder)
    out = example(*own, "--out", folder, "--resume")
    assert "epoch 1/3" not in out and "epoch 3/3" in out
    for name, values in read(whole[0], "history").items():
        np.testing.assert_allclose(read(folder, "history")[name], values, rtol=1e-3, atol=1e-5)


def test_a_saved_model_judges_new_sequences(whole, example, error_of, tmp_path):
    model = whole[0] / "model.keras"
    new = table(tmp_path / "new.csv", 2, labelled=False)
    lines = example("--load", model, "--predict", new).splitlines()
    assert [line.split()[0] for line in lines] == ["walk0", "walk1"]
    assert all(name in lines[0] for name in CLASSES)
    other = table(tmp_path / "other.csv", 2, channels=("x", "z"))
    assert "expected the channel 'y'" in error_of("--load", model, "--predict", other)
    assert "go together" in error_of("--load", model)
    assert "go together" in error_of("--predict", new)


def test_the_sample_says_what_it_is(example, tmp_path):
    options = ["--quick", "--data", "sample", *RUN, "--epochs", 1]
    out = example(*options, "--out", tmp_path / "run")
    assert out.startswith("EMBEDDED SAMPLE of generated walks")
    assert "epoch 1/1" in out and "clockwise" in out


def test_bad_input_is_an_error_that_says_what_to_do(error_of, monkeypatch, tmp_path):
    monkeypatch.delenv("KERAS_RNNZOO_DATA", raising=False)
    out = ("--out", tmp_path / "run")
    bad, damaged = tmp_path / "bad.csv", tmp_path / "model.keras"
    bad.write_text("id,x,label\na,1,b\na,?,b\n")
    damaged.write_bytes(b"PK damaged")
    assert "line 3, column x" in error_of("--data", bad, *out)
    bad.write_bytes(b"id,x,label\na,1,\xe9\n")
    assert "expected UTF-8" in error_of("--data", bad, *out)
    bad.write_text("id,x,label\na,1,b\n")
    assert "5 different sequences of each" in error_of("--data", bad, *out)
    assert "Did you mean 'sample'" in error_of("--data", "smaple", *out)
    assert "UCI" in error_of("--data", "indoor_movement", *out)
    assert "indoor_movement_rss.zip" in error_of("--data-dir", tmp_path, *out)
    assert "Did you mean 'peephole_lstm'" in error_of("--cell", "peephole_lstn", *out)
    for option in ("--units", "--depth", "--epochs", "--members"):
        assert f"{option[2:]}=0" in error_of("--data", "sample", *out, option, 0)
    assert "seed=-1" in error_of("--data", "sample", *out, "--seed", -1)
    assert "damaged" in error_of("--load", damaged, "--predict", bad)
    assert "no saved SequenceClassifier" in error_of("--load", tmp_path / "no", "--predict", bad)
    assert not (tmp_path / "run").exists()
