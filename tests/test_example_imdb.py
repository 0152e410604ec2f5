"""The example as a user runs it: a whole run, a killed one, a saved model, and bad input."""

import json
from pathlib import Path

import numpy as np
import pytest
import running

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "imdb_sentiment.py"
RUN = ["--quick", "--data", "sample", "--epochs", "2", "--units", "4"]
FIGURES = {
    "confusion_matrix",
    "error_by_length",
    "gradient_through_time",
    "learning_curves",
    "reliability",
}


example, error_of = running.fixtures(EXAMPLE)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "run"
    process = running.start(EXAMPLE, *RUN, "--out", folder)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert "Traceback" not in err and "Warning" not in err
    return folder, out


def read(folder, name):
    return json.loads((folder / f"{name}.json").read_text())


def test_a_run_says_what_it_read_and_leaves_everything_in_its_folder(whole):
    folder, out = whole
    lines = out.splitlines()
    assert lines[0].startswith("EMBEDDED SAMPLE") and "not the IMDB reviews" in lines[0]
    assert lines[1].startswith("Keras ")
    for text in ("epoch 2/2", "this run: 1 x BiGRU, concat", "NB-SVM", "(an empty review)"):
        assert text in out
    assert {path.stem for path in folder.glob("figures/*.png")} == FIGURES
    config = read(folder, "config")
    assert config["recipe"]["model"]["units"] == 4 and config["recipe"]["epochs"] == 2
    assert config["seed"] == 0 and len(config["checksum"]) == 64
    assert read(folder, "environment")["backend"] in lines[1]
    history = read(folder, "history")
    assert {len(values) for values in history.values()} == {2}
    assert len((folder / "history.csv").read_text().splitlines()) == 3
    rows = read(folder, "metrics")["rows"]
    assert [row["model"].split()[0] for row in rows] == ["this", "TF-IDF", "NB-SVM"]
    assert all(0 < row[part] < 1 for row in rows for part in ("validation", "test"))
    assert (folder / "model.keras").is_file()


@running.on_one_backend
def test_the_same_command_again_shows_the_scores_and_trains_nothing(whole, example):
    folder, out = whole
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    again = example(*RUN, "--out", folder)
    assert "This run is finished" in again and "epoch" not in again
    first = next(line for line in out.splitlines() if line.startswith("this run"))
    assert first in again
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


@running.on_one_backend
def test_another_run_does_not_overwrite_it(whole, error_of):
    folder, _ = whole
    assert "holds a run" in error_of(*RUN, "--seed", 1, "--out", folder)
    assert "seed: 0 there, 1 here" in error_of(*RUN, "--seed", 1, "--out", folder, "--resume")


def test_a_killed_run_goes_on_and_ends_like_the_whole_one(whole, example, error_of, tmp_path):
    folder = tmp_path / "run"
    running.kill_after_an_epoch(EXAMPLE, folder, *RUN)
    assert not (folder / "model.keras").exists()
    assert "--resume" in error_of(*RUN, "--out", folder)
    out = example(*RUN, "--out", folder, "--resume")
    assert "epoch 1/2" not in out and "epoch 2/2" in out
    for name, values in read(whole[0], "history").items():
        np.testing.assert_allclose(read(folder, "history")[name], values, rtol=1e-4)
    ours, theirs = (read(path, "metrics")["rows"][0] for path in (folder, whole[0]))
    for part in ("validation", "test"):
        assert ours[part] == pytest.approx(theirs[part], abs=0.002)


def test_a_saved_model_judges_new_texts(whole, example, error_of):
    model = whole[0] / "model.keras"
    lines = example("--load", model, "--predict", "a great film", "").splitlines()
    assert len(lines) == 2 and all("% positive" in line for line in lines)
    assert lines[0].endswith("a great film") and lines[1].endswith("(an empty review)")
    assert len(example("--load", model).splitlines()) == 4
    assert "--load" in error_of("--predict", "good")


MODELS = {
    "cnn-rnn": [],
    "rnn-attention": ["--evidence"],
    "rnn-transformer": [],
    "hierarchical": [],
}


@running.on_one_backend
@pytest.mark.parametrize("model", MODELS)
def test_ones_own_reviews_train_every_model(model, example, tmp_path):
    table = tmp_path / "mine.csv"
    rows = [
        f"a {w} film number {i},{label}"
        for i in range(20)
        for w, label in (("good", 1), ("bad", 0))
    ]
    table.write_text("\n".join(["text,label", *rows]))
    run = ["--data", table, "--epochs", 1, "--units", 4, "--out", tmp_path / "run"]
    out = example(*run, "--model", model, *MODELS[model])
    assert f"1 x BiGRU, concat, {model}" in out
    assert ("with naive-Bayes evidence" in out) == bool(MODELS[model])
    drawn = {path.stem for path in (tmp_path / "run").glob("figures/*.png")}
    assert drawn == FIGURES | ({"attention"} if model != "cnn-rnn" else set())
    assert out.startswith(f"Reviews from {table}: 28 train, 4 validation, 8 test")


@running.on_one_backend
def test_bad_input_is_an_error_that_says_what_to_do(error_of, tmp_path):
    out = ("--out", tmp_path / "run")
    table, damaged = tmp_path / "reviews.csv", tmp_path / "model.keras"
    table.write_text("review,label\ngood,1\n")
    damaged.write_bytes(b"PK damaged")
    (tmp_path / "empty").mkdir()
    assert "Did you mean 'peephole_lstm'" in error_of(*RUN, *out, "--cell", "peephole_lstn")
    assert "leave out --bag" in error_of(*RUN, *out, "--evidence", "--bag")
    assert "Did you mean 'cnn-rnn'" in error_of(*RUN, *out, "--model", "cnnrnn")
    assert "Did you mean 'concat'" in error_of(*RUN, *out, "--merge", "conact")
    assert "without 'text'" in error_of("--data", table, *out)
    assert "is not a file" in error_of("--data", "smaple", *out)
    table.write_bytes(b"text,label\n\xe9t\xe9,1\n")
    assert "expected UTF-8" in error_of("--data", table, *out)
    assert "which does not hold them" in error_of(
        "--data", "imdb", "--data-dir", tmp_path / "empty", *out
    )
    assert "damaged" in error_of("--load", damaged)
    assert "no saved TextClassifier" in error_of("--load", tmp_path / "none.keras")
    for option in ("--units", "--depth", "--epochs"):
        assert f"{option[2:]}=0" in error_of(*RUN, *out, option, 0)
    assert "seed=-1" in error_of(*RUN, *out, "--seed", -1)
    assert not (tmp_path / "run").exists()
