"""The example as a user runs it: a whole run, a killed one, a saved model, and bad input."""

import json
from pathlib import Path

import numpy as np
import pytest
import running

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "translation.py"
RUN = ["--epochs", "2", "--units", "4", "--beam", "2"]

pytestmark = running.on_one_backend
example, error_of = running.fixtures(EXAMPLE)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """Options that name a small file of texts of one length, and a narrow model."""
    path = tmp_path_factory.mktemp("own") / "pairs.tsv"
    lines = [f"Count w{k} now.\tCompte w{k} !" for k in range(90)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return ["--data", path, *RUN]


@pytest.fixture(scope="module")
def whole(own, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "run"
    return folder, running.finished(EXAMPLE, *own, "--out", folder)


def read(folder, name):
    return json.loads((folder / f"{name}.json").read_text())


def test_a_run_says_what_it_read_and_leaves_everything_in_its_folder(whole):
    folder, out = whole
    lines = out.splitlines()
    assert lines[0].startswith("pairs.tsv, up to 6 words: ") and lines[1].startswith("Keras ")
    for text in ("epoch 2/2", "best epoch", "additive attention, beam 2", "nearest training"):
        assert text in out
    assert "Recorded" not in out, "results are of known sets alone"
    assert {path.stem for path in folder.glob("figures/*.png")} == {"alignment", "learning_curves"}
    assert set(read(folder, "history")) == {"loss", "val_perplexity"}
    assert read(folder, "config")["generated"] is False
    rows = read(folder, "metrics")["rows"]
    assert len(rows) == 2 and rows[0]["validation_perplexity"] > 1
    assert all(0 <= row[part] <= 1 for row in rows for part in ("validation", "test"))
    assert all(0 <= row[f"test_{name}"] <= 100 for row in rows for name in ("bleu", "chrf"))
    assert (folder / "model.keras").is_file()


def test_the_same_command_again_shows_the_scores_and_trains_nothing(whole, own, example):
    folder, _ = whole
    again = example(*own, "--out", folder)
    assert "This run is finished" in again and "epoch" not in again


def test_a_killed_run_goes_on_and_ends_like_the_whole_one(whole, own, example, error_of, tmp_path):
    folder = tmp_path / "run"
    running.kill_after_an_epoch(EXAMPLE, folder, *own)
    assert "--resume" in error_of(*own, "--out", folder)
    out = example(*own, "--out", folder, "--resume")
    assert "epoch 1/2" not in out and "epoch 2/2" in out
    for name, values in read(whole[0], "history").items():
        np.testing.assert_allclose(read(folder, "history")[name], values, rtol=1e-3, atol=1e-5)


def test_a_saved_model_translates(whole, example, error_of):
    model = whole[0] / "model.keras"
    lines = example("--load", model, "--predict", "Count w7 now.").splitlines()
    assert len(lines) == 3 and float(lines[0].split()[0]) >= float(lines[1].split()[0])
    assert "go together" in error_of("--load", model)


def test_bad_input_is_an_error_that_says_what_to_do(error_of, monkeypatch, tmp_path):
    monkeypatch.delenv("KERAS_RNNZOO_DATA", raising=False)
    out = ("--out", tmp_path / "run")
    bad, damaged = tmp_path / "bad.tsv", tmp_path / "model.keras"
    bad.write_text("a\tb\nonly\n")
    damaged.write_bytes(b"PK damaged")
    assert "line 2: expected a text, a tab" in error_of("--data", bad, *out)
    assert "Did you mean 'dates'" in error_of("--data", "daten", *out)
    assert "manythings.org" in error_of("--data", "fra-eng", *out)
    assert "Did you mean 'peephole_lstm'" in error_of("--cell", "peephole_lstn", *out)
    assert "invalid choice" in error_of("--attention", "some", *out)
    assert "damaged" in error_of("--load", damaged, "--predict", "a")
    for option in ("--units", "--depth", "--epochs", "--beam"):
        assert f"{option[2:]}=0" in error_of("--data", "dates", *out, option, 0)
    assert not (tmp_path / "run").exists()
