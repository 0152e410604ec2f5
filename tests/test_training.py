"""Runs that can be killed, resumed, repeated and looked up."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from keras_rnnzoo import training
from keras_rnnzoo.training import files

X = np.random.default_rng(0).normal(size=(32, 3)).astype("float32")
Y = (X[:, :1] > 0).astype("float32")


class Batches(keras.utils.PyDataset):
    """Four batches, in an order that the epoch alone decides."""

    num_batches = 4

    def __init__(self):
        super().__init__()
        self.epochs = []
        self.order = np.arange(32)

    def set_epoch(self, epoch):
        self.epochs.append(epoch)
        self.order = np.random.default_rng(epoch).permutation(32)

    def __getitem__(self, index):
        rows = self.order[index * 8 : index * 8 + 8]
        return X[rows], Y[rows]


def build(units=4, seed=1):
    """Dropout, running statistics, moments and averaged weights: all that a state can hold."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(units),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5, seed=3),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    optimizer = keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.5)
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    return model


def fit(model, path, epochs, callbacks=()):
    batches = Batches()
    checkpoint = training.Checkpoint(path, batches=batches)
    start = checkpoint.restore(model)
    model.fit(
        batches,
        epochs=epochs,
        initial_epoch=start,
        verbose=0,
        shuffle=False,
        callbacks=[checkpoint, *callbacks],
    )
    return start, checkpoint, batches


def state(model):
    variables = [*model.weights, *model.optimizer.variables]
    return [keras.ops.convert_to_numpy(variable.value) for variable in variables]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run of four epochs that nothing interrupted: its model, history and files."""
    path = tmp_path_factory.mktemp("whole") / "run.npz"
    model = build()
    _, checkpoint, _ = fit(model, path, 4)
    stored = {p.name: p.read_bytes() for p in path.parent.iterdir()}
    return SimpleNamespace(model=model, history=checkpoint.history, stored=stored)


@pytest.fixture
def saved(whole, tmp_path):
    """The checkpoint of that run, for a test to treat as it likes."""
    for name, content in whole.stored.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path / "run.npz"


# Checkpoints


def test_a_resumed_run_ends_where_the_whole_one_does(whole, tmp_path):
    fit(build(), tmp_path / "halves.npz", 2)
    half = (tmp_path / "halves.npz").read_bytes()
    other = build(seed=9)  # whatever it starts from, the checkpoint replaces it
    start, checkpoint, batches = fit(other, tmp_path / "halves.npz", 4)
    assert start == 2 and batches.epochs == [2, 3]
    for there, here in zip(state(whole.model), state(other), strict=True):
        np.testing.assert_allclose(there, here, rtol=1e-6, atol=1e-7)
    assert set(whole.history) == {"loss", "accuracy"} and len(checkpoint.history["loss"]) == 4
    np.testing.assert_allclose(whole.history["loss"], checkpoint.history["loss"], rtol=1e-6)
    # And a control: without the random state of dropout it would end elsewhere.
    (tmp_path / "halves.npz").write_bytes(half)
    checkpoint = training.Checkpoint(tmp_path / "halves.npz", batches=batches)
    start = checkpoint.restore(other)
    seed = other.layers[2].seed_generator.state
    seed.assign(np.zeros(seed.shape, "int64"))
    options = {"initial_epoch": start, "verbose": 0, "shuffle": False, "callbacks": [checkpoint]}
    other.fit(batches, epochs=4, **options)
    assert not np.allclose(whole.history["loss"], checkpoint.history["loss"], rtol=1e-4)


KILLED = """
import sys, time
sys.path.insert(0, {folder!r})
import keras, test_training as t

class Slow(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            print("third epoch", flush=True)
            time.sleep(60)

t.fit(t.build(), {path!r}, 4, [Slow()])
"""


def test_a_killed_run_resumes_at_its_epoch(whole, tmp_path):
    path = str(tmp_path / "run.npz")
    code = KILLED.format(folder=os.path.dirname(__file__), path=path)
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "third epoch\n"
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    model = build(seed=9)
    start, killed, _ = fit(model, path, 4)
    assert start == 2
    np.testing.assert_allclose(whole.history["loss"], killed.history["loss"], rtol=1e-6)


def flip(place):
    def damage(path):
        content = bytearray(path.read_bytes())
        content[int(place * (len(content) - 1))] ^= 0x01
        path.write_bytes(content)

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-100]),
        lambda path: path.write_bytes(b"not a checkpoint"),
        flip(0.3),
        flip(0.5),
        flip(1.0),
    ],
    ids=["empty", "cut", "other", "flip-30", "flip-50", "flip-100"],
)
def test_a_damaged_checkpoint_costs_one_epoch(whole, saved, damage):
    damage(saved)
    checkpoint = training.Checkpoint(saved)
    with pytest.warns(UserWarning, match="run.npz.*damaged.*after epoch 3"):
        assert checkpoint.restore(build()) == 3
    assert checkpoint.history["loss"] == whole.history["loss"][:3]
    damage(checkpoint.previous)
    with pytest.raises(ValueError, match="run.npz.*run-previous.npz.*Delete them"):
        training.Checkpoint(saved).restore(build())


def test_numpy_opens_a_checkpoint(saved):
    with np.load(saved) as file:
        assert json.loads(str(file["header"]))["epoch"] == 4


def test_a_kill_between_the_two_renames_costs_one_epoch(saved):
    saved.unlink()
    assert training.Checkpoint(saved).restore(build()) == 3


def test_a_checkpoint_of_another_model_is_refused(saved):
    with pytest.raises(ValueError, match=r"number 0 is \['kernel', \[3, 4\]\] and not.*\[3, 5\]"):
        training.Checkpoint(saved).restore(build(units=5))
    other = build()
    other.compile("sgd", "mse")
    with pytest.raises(ValueError, match="expected the state of this model and optimizer"):
        training.Checkpoint(saved).restore(other)


def test_a_model_that_is_not_built_is_refused(tmp_path):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="built and compiled"):
        training.Checkpoint(tmp_path / "run.npz").restore(model)


def test_further_variables_are_part_of_the_state(tmp_path):
    mean = keras.Variable(np.full(2, 0.25, "float32"))
    checkpoint = training.Checkpoint(tmp_path / "run.npz", variables=[mean])
    build().fit(X, Y, verbose=0, shuffle=False, callbacks=[checkpoint])
    mean.assign(np.zeros(2))
    assert checkpoint.restore(build()) == 1
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(mean), 0.25)


def test_bfloat16_variables_survive(tmp_path):
    value = keras.Variable(np.array([1.5, -3.0]), dtype="bfloat16")
    checkpoint = training.Checkpoint(tmp_path / "run.npz", variables=[value])
    build().fit(X, Y, verbose=0, shuffle=False, callbacks=[checkpoint])
    value.assign(keras.ops.zeros((2,), "bfloat16"))
    checkpoint.restore(build())
    kept = keras.ops.convert_to_numpy(keras.ops.cast(value, "float32"))
    np.testing.assert_array_equal(kept, [1.5, -3.0])


# Run folders


def test_a_run_folder_holds_config_environment_history_and_metrics(tmp_path):
    run = training.RunFolder(tmp_path / "a" / "run", {"units": np.int64(4), "cell": "LSTM"})
    run.save_history({"loss": [1.0, 0.5], "val_loss": [0.7]})
    run.save_metrics({"accuracy": np.float32(0.5)})
    read = {p.name: json.loads(p.read_text()) for p in run.path.glob("*.json")}
    assert read["config.json"] == {"units": 4, "cell": "LSTM"}
    assert read["environment.json"]["backend"] == keras.backend.backend()
    assert read["history.json"] == {"loss": [1.0, 0.5], "val_loss": [0.7]}
    assert read["metrics.json"] == {"accuracy": 0.5}
    table = (run.path / "history.csv").read_text()
    assert table == "epoch,loss,val_loss\n1,1.0,0.7\n2,0.5,\n"
    assert run.figures.is_dir()
    assert not list(run.path.glob("*.tmp")) and not list(run.path.glob(".*"))


def test_the_seconds_of_a_run_go_on_where_it_was_killed(tmp_path):
    inputs = keras.Input((2,))
    model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
    model.compile("sgd", "mse")
    run = training.RunFolder(tmp_path / "run", {})
    assert 0 <= run.seconds < 5
    checkpoint = training.Checkpoint(run.checkpoint)
    checkpoint._began -= 100  # as if it had taken so long
    model.fit(np.ones((4, 2)), np.ones((4, 1)), epochs=2, callbacks=[checkpoint], verbose=0)
    run = training.RunFolder(tmp_path / "run", {}, resume=True)
    assert 100 <= run.seconds < 110
    run.checkpoint.write_bytes(b"damaged")
    assert 100 <= training.RunFolder(tmp_path / "run", {}, resume=True).seconds < 110
    again = training.Checkpoint(run.checkpoint.with_name("checkpoint-previous.npz"))
    assert again.restore(model) == 1 and 100 <= again._past < 110


def test_a_run_killed_while_its_folder_was_made_goes_on(tmp_path, monkeypatch):
    """Between its two first files; the other order would leave a folder that is no run."""

    def killed():
        raise KeyboardInterrupt

    monkeypatch.setattr("keras_rnnzoo.training.run_folder.environment", killed)
    with pytest.raises(KeyboardInterrupt):
        training.RunFolder(tmp_path / "run", {"seed": 0})
    monkeypatch.undo()
    run = training.RunFolder(tmp_path / "run", {"seed": 0}, resume=True)
    assert {path.name for path in run.path.glob("*.json")} == {"config.json", "environment.json"}


def test_a_run_folder_is_not_used_twice_by_accident(tmp_path):
    training.RunFolder(tmp_path / "run", {"seed": 0})
    with pytest.raises(FileExistsError, match="holds a run. Resume it with resume=True"):
        training.RunFolder(tmp_path / "run", {"seed": 0})
    training.RunFolder(tmp_path / "run", {"seed": 0}, resume=True)
    with pytest.raises(ValueError, match="seed: 0 there, 1 here; new: 'absent' there, 2 here"):
        training.RunFolder(tmp_path / "run", {"seed": 1, "new": 2}, resume=True)
    (tmp_path / "run" / "config.json").write_text("{")
    with pytest.raises(ValueError, match="config.json.*damaged"):
        training.RunFolder(tmp_path / "run", {"seed": 0}, resume=True)


def test_a_folder_with_other_things_is_no_place_for_a_run(tmp_path):
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(FileExistsError, match="no run"):
        training.RunFolder(tmp_path, {}, resume=True)


def test_resuming_where_nothing_began_begins(tmp_path):
    assert training.RunFolder(tmp_path / "run", {}, resume=True).path.is_dir()


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file.json"
    files.write_json(path, {"old": 1})

    def fail(handle):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        files.write_json(path, {"new": 2})
    assert [p.name for p in tmp_path.iterdir()] == ["file.json"]
    assert json.loads(path.read_text()) == {"old": 1}


# Seeds, environment, progress


def test_a_seed_repeats_weights_and_noise():
    drawn = []
    for seed in (1, 1, 2):
        training.set_seed(seed)
        drawn.append((float(np.random.rand()), keras.layers.Dense(2).name, build_kernel()))
    np.testing.assert_array_equal(drawn[0][2], drawn[1][2])
    assert drawn[0][0] == drawn[1][0] != drawn[2][0]
    assert not np.array_equal(drawn[0][2], drawn[2][2])


def build_kernel():
    layer = keras.layers.Dense(2)
    layer.build((None, 3))
    return layer.get_weights()[0]


@pytest.mark.parametrize("seed", [-1, 1.5, True, None])
def test_bad_seeds_are_refused(seed):
    with pytest.raises(ValueError, match="Received: seed="):
        training.set_seed(seed)


def test_the_environment_is_json_and_says_what_matters():
    found = json.loads(json.dumps(training.environment()))
    assert found["keras"] == keras.__version__ and found["cpu_count"] >= 1
    assert found["backend_version"][0].isdigit() and found["processor"]


def test_progress_is_one_line_an_epoch_and_some_between():
    stream = io.StringIO()
    build().fit(X, Y, batch_size=8, epochs=2, verbose=0, callbacks=[training.Progress(0, stream)])
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2 * (3 + 1) and "\r" not in stream.getvalue()
    assert lines[0].startswith("epoch 1/2  batch 1/4  ") and lines[0].endswith(" s left")
    assert "accuracy 0." in lines[3] and "loss " in lines[3] and lines[3].startswith("epoch 1/2  ")
    quiet = io.StringIO()
    build().fit(X, Y, epochs=2, verbose=0, callbacks=[training.Progress(60, quiet)])
    assert len(quiet.getvalue().splitlines()) == 2
    with pytest.raises(ValueError, match="seconds=-1"):
        training.Progress(-1)


def test_seconds_left_come_from_the_mean_speed(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    stream = io.StringIO()
    progress = training.Progress(1, stream)
    progress.set_params({"epochs": 3, "steps": 10})
    progress.on_train_begin()
    progress.on_epoch_begin(1)  # resumed: 20 batches to go
    for batch in range(5):
        now[0] += 2
        progress.on_train_batch_end(batch, {"loss": 1.0})
    assert stream.getvalue().splitlines()[-1] == "epoch 2/3  batch 5/10  loss 1.0000  30 s left"


def test_on_a_terminal_the_line_is_written_over():
    stream = io.StringIO()
    stream.isatty = lambda: True
    build().fit(X, Y, batch_size=8, verbose=0, callbacks=[training.Progress(0, stream)])
    assert stream.getvalue().count("\n") == 1 and stream.getvalue().count("\r") == 4


# Records


def record(**changes):
    return {"task": "imdb", "config": {"units": 4, "cell": "GRU"}, "seed": 0, "score": 1, **changes}


def test_records_are_found_by_task_config_and_seed(tmp_path):
    path = tmp_path / "results" / "imdb.jsonl"
    assert training.find_record(path, "imdb", {}, 0) is None
    written = training.append_record(path, record())
    training.append_record(path, record(seed=1, score=np.float32(2)))
    assert training.find_record(path, "imdb", {"cell": "GRU", "units": 4}, 0) == written
    assert training.find_record(path, "imdb", {"cell": "GRU", "units": 4}, 1)["score"] == 2
    assert training.find_record(path, "imdb", {"cell": "LSTM", "units": 4}, 0) is None
    assert len(path.read_text().splitlines()) == 2
    with pytest.raises(ValueError, match="does not hold yet.*seed=0"):
        training.append_record(path, record(score=3))
    assert len(training.read_records(path)) == 2


def test_a_record_without_its_key_is_refused(tmp_path):
    with pytest.raises(ValueError, match="without config, seed"):
        training.append_record(tmp_path / "r.jsonl", {"task": "imdb"})


def test_a_line_that_a_crash_cut_short_never_counted(tmp_path):
    path = tmp_path / "r.jsonl"
    training.append_record(path, record())
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:20])
    assert len(training.read_records(path)) == 1
    training.append_record(path, record(seed=1))
    assert [r["seed"] for r in training.read_records(path)] == [0, 1]
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    training.append_record(path, record(seed=2))
    assert [r["seed"] for r in training.read_records(path)] == [0, 1, 2]
    path.write_bytes(b"{broken\n" + path.read_bytes())
    with pytest.raises(ValueError, match="line 1: expected a JSON object"):
        training.read_records(path)


def test_a_record_that_does_not_fit_the_disk_is_taken_back(tmp_path, monkeypatch):
    path = tmp_path / "r.jsonl"
    training.append_record(path, record())
    before = path.read_bytes()
    with pytest.raises(TypeError, match="JSON-able"):
        training.append_record(path, record(seed=1, score=object()))
    assert path.read_bytes() == before
