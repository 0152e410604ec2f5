"""A text classifier in one file: whole or absent, the same everywhere, damage noticed."""

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from helpers import close
from running import on_one_backend, other_backend
from texts import EVERYTHING, LABELS, TEXTS, VOCABULARY, make

from keras_rnnzoo.models import TextClassifier

LOAD = """
import json, sys
from keras_rnnzoo.models import TextClassifier
model = TextClassifier.load(sys.argv[1])
print(json.dumps(model.predict(json.loads(sys.argv[2])).tolist()))
"""


@pytest.fixture
def saved(rng, tmp_path):
    model = make(rng, **EVERYTHING)
    path = tmp_path / "new" / "model.keras"
    model.save(path)
    return model, path


@on_one_backend
@pytest.mark.parametrize("backend", [other_backend()])
def test_a_saved_model_predicts_the_same_in_a_fresh_process(saved, backend):
    model, path = saved
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", LOAD, str(path), json.dumps(TEXTS)],
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    close(json.loads(done.stdout.splitlines()[-1]), model.predict(TEXTS))


def test_a_loaded_model_is_the_same_and_trains_on(saved):
    model, path = saved
    loaded = TextClassifier.load(path)
    assert loaded.get_config() == model.get_config()
    assert loaded.vocabulary.to_config() == VOCABULARY.to_config()
    before = loaded.get_weights()
    batches = loaded.batches(TEXTS, LABELS, batch_size=5)
    history = loaded.fit(batches, shuffle=False, verbose=0).history
    assert set(history) == {"loss", "accuracy"} and np.isfinite(history["loss"]).all()
    for old, new in zip(before, loaded.get_weights()):
        assert np.abs(old - new).max() > 0
    size = path.stat().st_size
    loaded.save(path)
    assert path.stat().st_size < size * 1.1  # the optimizer's state stays behind
    for ours, theirs in zip(TextClassifier.load(path).get_weights(), loaded.get_weights()):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(FileExistsError, match="overwrite=False"):
        loaded.save(path, overwrite=False)


@on_one_backend
def test_a_failed_save_leaves_the_old_file(saved, monkeypatch):
    model, path = saved
    old = path.read_bytes()

    def full(source, target):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="disk full"):
        model.save(path)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert path.read_bytes() == old
    with pytest.raises(ValueError, match="ends in .keras"):
        model.save(path.with_suffix(".h5"))


@on_one_backend
@pytest.mark.parametrize("place", [0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_damage_is_noticed_or_harmless(saved, place):
    model, path = saved
    raw = bytearray(path.read_bytes())
    start = int(place * len(raw))
    raw[start : start + 16] = bytes(byte ^ 0xFF for byte in raw[start : start + 16])
    path.write_bytes(raw)
    try:
        loaded = TextClassifier.load(path)
    except ValueError as error:
        assert "model.keras cannot be read" in str(error) and "damaged" in str(error)
    else:  # in what Keras does not read, such as the date of the file
        close(loaded.predict(TEXTS), model.predict(TEXTS))


@on_one_backend
@pytest.mark.parametrize("content", ["cut", "empty", "text", "other"])
def test_a_file_of_another_kind_is_said_to_be_one(saved, content):
    _, path = saved
    raw = path.read_bytes()
    if content == "other":
        keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]).save(path)
    else:
        path.write_bytes({"cut": raw[: len(raw) // 2], "empty": b"", "text": b"no model"}[content])
    with pytest.raises(ValueError, match="model.keras.*(damaged|does not hold a TextClassifier)"):
        TextClassifier.load(path)


@on_one_backend
def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="no saved TextClassifier.*none.keras"):
        TextClassifier.load(tmp_path / "none.keras")
