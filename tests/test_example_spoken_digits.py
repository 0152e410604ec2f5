"""The example as a user runs it: a whole run, a killed one, a saved model, and bad input."""

import json
from pathlib import Path

import numpy as np
import pytest
import running

from keras_rnnzoo.datasets import tones
from keras_rnnzoo.datasets.wav import write_wav

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "spoken_digits.py"
RUN = ["--epochs", "3", "--units", "4"]

pytestmark = running.on_one_backend
example, error_of = running.fixtures(EXAMPLE)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """Options that name a small folder of recordings, and few and narrow networks."""
    folder, draw = tmp_path_factory.mktemp("tones"), np.random.RandomState(0)
    for number in range(30):
        kind = ("rising", "steady")[number % 2]
        wave = tones.tone(draw, kind)[:1600]  # of one length, which compiles one shape of batches
        write_wav(folder / kind / f"{number}.wav", wave, tones.RATE)
    return ["--data", folder, *RUN]


@pytest.fixture(scope="module")
def whole(own, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "run"
    return folder, running.finished(EXAMPLE, *own, "--out", folder)


def read(folder, name):
    return json.loads((folder / f"{name}.json").read_text())


def test_a_run_says_what_it_read_and_leaves_everything_in_its_folder(whole):
    folder, out = whole
    lines = out.splitlines()
    assert "18 train, 6 validation, 6 test" in lines[0] and "classes rising, steady" in lines[0]
    assert lines[1].startswith("Keras ")
    for text in ("epoch 3/3", "best epoch", "convolutions + 1 x BiGRU", "regression (C="):
        assert text in out
    assert "Recorded" not in out, "results are of the known set alone"
    pictures = {path.stem for path in folder.glob("figures/*.png")}
    assert pictures == {"learning_curves", "confusion_matrix", "clips"}
    assert read(folder, "config")["recipe"]["model"]["kind"] == "conv-rnn"
    history = read(folder, "history")
    assert set(history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert {len(values) for values in history.values()} == {3}
    rows = read(folder, "metrics")["rows"]
    assert all(0 <= row[part] <= 1 for row in rows for part in ("validation", "test"))
    best = int(np.argmin(history["val_loss"]))
    assert rows[0]["validation"] == pytest.approx(history["val_accuracy"][best])
    assert rows[1]["test"] > 0.8 and (folder / "model.keras").is_file()


def test_the_same_command_again_shows_the_scores_and_trains_nothing(whole, own, example):
    folder, out = whole
    again = example(*own, "--out", folder)
    assert "This run is finished" in again and "epoch" not in again
    assert next(line for line in out.splitlines() if line.startswith("convolutions")) in again


def test_a_killed_run_goes_on_and_ends_like_the_whole_one(whole, own, example, error_of, tmp_path):
    folder = tmp_path / "run"
    running.kill_after_an_epoch(EXAMPLE, folder, *own)
    assert "--resume" in error_of(*own, "--out", folder)
    out = example(*own, "--out", folder, "--resume")
    assert "epoch 1/3" not in out and "epoch 3/3" in out
    for name, values in read(whole[0], "history").items():
        np.testing.assert_allclose(read(folder, "history")[name], values, rtol=1e-3, atol=1e-5)


def test_a_saved_model_judges_recordings_of_any_rate(whole, own, example, error_of, tmp_path):
    model, folder = whole[0] / "model.keras", own[1]
    write_wav(tmp_path / "fast.wav", np.sin(np.arange(6000) / 20), 16000)
    files = (folder / "rising" / "0.wav", tmp_path / "fast.wav")
    lines = example("--load", model, "--predict", *files).splitlines()
    assert [line.split()[0] for line in lines] == ["0", "fast"]
    assert all("rising" in line and "steady" in line for line in lines)
    (tmp_path / "bad.wav").write_bytes(b"RIFF")
    assert "damaged" in error_of("--load", model, "--predict", tmp_path / "bad.wav")
    assert "go together" in error_of("--load", model)


def test_bad_input_is_an_error_that_says_what_to_do(error_of, monkeypatch, tmp_path, capsys):
    monkeypatch.delenv("KERAS_RNNZOO_DATA", raising=False)
    out = ("--out", tmp_path / "run")
    (tmp_path / "model.keras").write_bytes(b"PK damaged")
    assert "Did you mean 'sample'" in error_of("--data", "smaple", *out)
    assert "v1.0.9.tar.gz" in error_of("--data", "fsdd", *out)
    assert "Did you mean 'peephole_lstm'" in error_of("--cell", "peephole_lstn", *out)
    assert "invalid choice" in error_of("--model", "crnn", *out)
    for option in ("--units", "--depth", "--epochs"):
        said = error_of("--data", "sample", *out, option, 0)
        assert f"{option[2:]}=0" in said
    assert "seed=-1" in error_of("--data", "sample", *out, "--seed", -1)
    wav = tmp_path / "no.wav"
    assert "damaged" in error_of("--load", tmp_path / "model.keras", "--predict", wav)
    assert "no saved ClipClassifier" in error_of("--load", tmp_path / "no", "--predict", wav)
    assert not (tmp_path / "run").exists()
