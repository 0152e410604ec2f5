"""The example as a user runs it: a whole run, a killed one, a saved model, and bad input."""

import json
from pathlib import Path

import numpy as np
import pytest
import running

from keras_rnnzoo import LanguageModel

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "character_language_model.py"
RUN = ["--epochs", "3", "--units", "4", "--length", "30"]
TEXT = "Shall I compare thee to a summer's day?\nThou art more lovely.\n" * 40

pytestmark = running.on_one_backend
example, error_of = running.fixtures(EXAMPLE)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """Options that name a short text and a narrow network."""
    path = tmp_path_factory.mktemp("own") / "sonnet.txt"
    path.write_text(TEXT)
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
    assert lines[0].startswith("sonnet.txt: 2,232 train, 124 validation, 124 test")
    assert lines[1].startswith("Keras ")
    for text in ("epoch 3/3", "best epoch", "1 x GRU, 4 units", "trigram counts", "It writes"):
        assert text in out
    assert "Recorded" not in out, "results are of the known text alone"
    assert {path.stem for path in folder.glob("figures/*.png")} == {"learning_curves"}
    assert read(folder, "config")["recipe"]["model"]["units"] == 4
    history = read(folder, "history")
    assert set(history) == {"loss", "val_loss"} and len(history["val_loss"]) == 3
    rows = read(folder, "metrics")["rows"]
    assert [row["model"].split()[0] for row in rows][:3] == ["1", "unigram", "trigram"]
    model = LanguageModel.load(folder / "model.keras")
    train, test = TEXT[:2232], TEXT[-124:]
    assert rows[0]["test"] == pytest.approx(model.nats(test), abs=1e-6)
    assert rows[0]["test_bits"] == pytest.approx(rows[0]["test"] / np.log(2))
    assert rows[0]["parameters"] == model.count_params()
    counts = {c: train.count(c) for c in set(TEXT)}  # with one share for each new character
    shares = [(counts[c] + 1) / (len(train) + len(counts)) for c in test[1:]]
    assert rows[1]["test"] == pytest.approx(-np.mean(np.log(shares)))
    head, line, text = (folder / "sample.txt").read_text().split("\n", 2)
    assert head.startswith("Written by run/model.keras, not by a person: prompt '\\n', temperature")
    assert set(line) == {"-"}
    assert text == f"\n{model.generate(chr(10), 30, temperature=0.8, seed=0)}\n"


def test_the_same_command_again_shows_the_scores_and_trains_nothing(whole, own, example):
    folder, out = whole
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    again = example(*own, "--out", folder)
    assert "This run is finished" in again and "epoch" not in again
    assert next(line for line in out.splitlines() if line.startswith("1 x GRU")) in again
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_a_killed_run_goes_on_and_ends_like_the_whole_one(whole, own, example, error_of, tmp_path):
    folder = tmp_path / "run"
    running.kill_after_an_epoch(EXAMPLE, folder, *own)
    assert "--resume" in error_of(*own, "--out", folder)
    out = example(*own, "--out", folder, "--resume")
    assert "epoch 1/3" not in out and "epoch 3/3" in out
    for name, values in read(whole[0], "history").items():
        np.testing.assert_allclose(read(folder, "history")[name], values, rtol=1e-4)


def test_a_saved_model_writes_on(whole, example, error_of):
    load = ["--load", whole[0] / "model.keras", "--prompt", "Thou", "--length", 12, "--top-k", 3]
    text = example(*load)
    assert text == example(*load) and text.startswith("Thou") and len(text) == 17
    assert "does not know: 'é' (U+00E9)" in error_of(*load, "--prompt", "é")
    assert "temperature=-1.0" in error_of(*load, "--temperature", -1)


def test_the_sample_says_what_it_is(example, tmp_path):
    options = ["--quick", "--data", "sample", "--epochs", 1, "--units", 3]
    out = example(*options, "--length", 5, "--out", tmp_path / "run")
    assert out.startswith("GENERATED SAMPLE, no real text.") and "epoch 1/1" in out


def test_bad_input_is_an_error_that_says_what_to_do(error_of, monkeypatch, tmp_path):
    monkeypatch.delenv("KERAS_RNNZOO_DATA", raising=False)
    out = ("--out", tmp_path / "run")
    bad, damaged = tmp_path / "bad.txt", tmp_path / "model.keras"
    bad.write_bytes(b"\xff" * 2000)
    damaged.write_bytes(b"PK damaged")
    assert "expected UTF-8 text" in error_of("--data", bad, *out)
    assert "Did you mean 'sample'" in error_of("--data", "smaple", *out)
    assert "raw.githubusercontent.com" in error_of("--data", "tiny_shakespeare", *out)
    assert "Did you mean 'peephole_lstm'" in error_of("--cell", "peephole_lstn", *out)
    for option in ("--units", "--depth", "--epochs", "--length", "--top-k"):
        name = option[2:].replace("-", "_")
        assert f"{name}=0" in error_of("--data", "sample", *out, option, 0)
    assert "seed=-1" in error_of("--data", "sample", *out, "--seed", -1)
    assert "damaged" in error_of("--load", damaged)
    assert "no saved LanguageModel" in error_of("--load", tmp_path / "no")
    assert not (tmp_path / "run").exists()
