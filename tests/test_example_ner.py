"""The example as a user runs it: a whole run, a killed one, own files, and bad input."""

import json
from pathlib import Path

import numpy as np
import pytest
import running

pytestmark = running.on_one_backend

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "ner_tagging.py"
RUN = ["--epochs", "4", "--units", "4", "--characters", "none", "--members", "1"]
OWN = "Kim\tB-PER\nsaw\tO\nRome\tB-LOC\n\nAna\tB-PER\nsaw\tO\nOslo\tB-LOC\n\n"


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """Options that name three small files: one shape of batches, which compiles once."""
    folder = tmp_path_factory.mktemp("own")
    options = []
    for part in ("train", "dev", "test"):
        path = folder / f"{part}.conll"
        path.write_text(OWN * 12, encoding="utf-8")
        options += [f"--{part}", path]
    return [*options, *RUN]


example, error_of = running.fixtures(EXAMPLE)


@pytest.fixture(scope="module")
def whole(own, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "run"
    return folder, running.finished(EXAMPLE, *own, "--out", folder)


def read(folder, name):
    return json.loads((folder / f"{name}.json").read_text())


def test_a_run_says_what_it_read_and_leaves_everything_in_its_folder(whole):
    folder, out = whole
    lines = out.splitlines()
    assert "24 train sentences with 48 entities" in lines[0] and lines[1].startswith("Keras ")
    for text in ("epoch 4/4", "best epoch", "1 x BiLSTM, no characters, CRF", "most frequent tag"):
        assert text in out
    pictures = {path.stem for path in folder.glob("figures/*.png")}
    assert pictures == {"learning_curves", "type_confusion", "transition_scores"}
    history = read(folder, "history")
    assert {"loss", "tag_accuracy", "val_f1"} <= set(history)
    assert {len(values) for values in history.values()} == {4}
    rows = read(folder, "metrics")["rows"]
    assert [row["model"].split()[0] for row in rows] == ["1", "most"]
    assert rows[1]["test"] == 1 and set(rows[1]["test_types"]) == {"LOC", "PER"}
    table = (folder / "errors.csv").read_text(encoding="utf-8").splitlines()
    assert table[0].startswith("sentence,kind,gold_type")
    assert rows[0]["test"] == 1 or len(table) > 1
    page = (folder / "entities.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>") and page.count("<p") >= 24
    assert (folder / "model.keras").is_file()


@running.on_one_backend
def test_the_same_command_again_shows_the_scores_and_trains_nothing(whole, own, example):
    folder, _ = whole
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    again = example(*own, "--out", folder)
    assert "This run is finished" in again and "epoch" not in again
    assert "most frequent tag" in again
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


@running.on_one_backend
def test_a_killed_run_goes_on_and_ends_like_the_whole_one(whole, own, example, error_of, tmp_path):
    folder = tmp_path / "run"
    running.kill_after_an_epoch(EXAMPLE, folder, *own)
    assert not (folder / "model.keras").exists()
    assert "--resume" in error_of(*own, "--out", folder)
    out = example(*own, "--out", folder, "--resume")
    assert "epoch 1/4" not in out and "epoch 4/4" in out
    assert "Recorded" not in out, "results are of known sets alone"
    for name, values in read(whole[0], "history").items():
        np.testing.assert_allclose(read(folder, "history")[name], values, rtol=1e-3, atol=1e-6)


def test_a_saved_model_tags_new_texts(whole, example, error_of):
    model = whole[0] / "model.keras"
    assert "Kim" in example("--load", model, "--predict", "Kim left.", "")
    assert len(example("--load", model).splitlines()) >= 3
    assert "--load" in error_of("--predict", "good")


@running.on_one_backend
def test_the_sample_says_what_it_is(example, tmp_path):
    out = example("--quick", "--data", "sample", *RUN, "--epochs", 1, "--out", tmp_path / "run")
    assert out.startswith("EMBEDDED SAMPLE of generated sentences")


@running.on_one_backend
def test_bad_input_is_an_error_that_says_what_to_do(error_of, tmp_path):
    out = ("--out", tmp_path / "run")
    own, other, bad = (tmp_path / f"{name}.conll" for name in ("own", "other", "bad"))
    own.write_text(OWN)
    other.write_text(OWN.replace("LOC", "ORG"))
    bad.write_text("Kim B-PER\nsaw\n")
    assert "line 2" in error_of("--train", bad, *out)
    three = ("--train", own, "--dev", own, "--test", other)
    assert "'B-ORG' at token 2 of sentence 0 of the test part" in error_of(*three, *RUN, *out)
    assert "Did you mean 'peephole_lstm'" in error_of(
        "--data", "sample", *RUN, *out, "--cell", "peephole_lstn"
    )
    assert "--dev" in error_of("--dev", own)
    bad.write_bytes(b"Z\xfcrich B-LOC\n")
    assert "encoding" in error_of("--train", bad, *out)
    bad.write_text("")
    assert "bad.conll" in error_of("--train", bad, *out)
    for option in ("--units", "--depth"):
        assert f"{option[2:]}=0" in error_of("--data", "sample", *RUN, *out, option, 0)
    assert "no saved SequenceTagger" in error_of("--load", tmp_path / "none.keras")
    assert not (tmp_path / "run").exists()
