"""Sweeps for tests: a task that trains nothing, and real sweeps that are killed."""

import json
import os
import signal
import time
from types import SimpleNamespace

import keras
import pytest

from tuning import all_tasks, spaces, sweep, workers
from tuning.locks import only_one
from tuning.log import Log
from tuning.sequence_tasks import Parity
from tuning.tasks import Task

keras.utils.set_random_seed(0)  # imports what a sweep imports later, once for all processes

SMALL = ["--cells", "gru,lstm", "--depths", "1-2", "--trials", "3", "--epochs", "3", "--seeds", "1"]


class Toy(Task):
    """Scores that follow from the configuration and the seed; an epoch takes `pause` seconds."""

    pause = 0.0
    fails = staticmethod(lambda configuration, seed: None)
    "Raises what a run shall fail with."
    trained = []
    space = staticmethod(spaces.sequences)

    def load(self):
        self.steps = 10

    def defaults(self):
        return {"learning_rate": 0.003, "dropout": 0.0}

    def sized(self, configuration, parameters):
        return configuration if parameters is None else {**configuration, "units": parameters // 10}

    def build(self, configuration, seed):
        score = abs(configuration["learning_rate"] - 0.004) + configuration["dropout"] / 10
        return SimpleNamespace(
            score=score + seed % 7 / 1e4, trainable_weights=[], _flatten_layers=list
        )

    def fit(self, model, configuration, seed, epochs, callbacks=()):
        self.trained.append((configuration["cell"], seed))
        (watch,) = callbacks
        watch.set_params({"epochs": epochs})
        for epoch in range(epochs):
            watch.on_epoch_begin(epoch)
            time.sleep(self.pause)
            self.fails(configuration, seed)
            watch.on_train_batch_end(0)
            watch.on_epoch_end(epoch, {"val_nll": model.score + 1 / (1 + epoch)})
        return epochs

    def test(self, model):
        return {"nll": model.score + 0.1, "accuracy": 0.5}


class TinyParity(Parity):
    """Real, and as small as it can be."""

    few = {"sizes": (32, 8, 8), "lengths": (3, 5), "validation_lengths": (3, 5)}
    few |= {"test_lengths": (3, 5)}


def fixtures():
    """`toy`, the task in this process, and `run`, a sweep of it in the folder of the test."""

    @pytest.fixture(autouse=True)
    def toy(monkeypatch):
        """The task `toy` in this process, nothing trained yet."""
        monkeypatch.setitem(all_tasks.TASKS, "toy", Toy)
        monkeypatch.setattr(Toy, "trained", [])
        monkeypatch.setattr(signal, "signal", lambda *given: None)

    @pytest.fixture
    def run(tmp_path, capsys):
        """A sweep in the folder of the test: its exit status, its lines, and what it said."""

        def swept(*options):
            options = [*(options or SMALL), "--out", str(tmp_path / "sweep")]
            status = sweep.main(["toy", *map(str, options)])
            said = capsys.readouterr()
            path = tmp_path / "sweep" / "trials.jsonl"
            lines = list(map(json.loads, path.read_text().splitlines())) if path.exists() else []
            return status, lines, said.out + said.err

        return swept

    return toy, run


def of_kind(lines, kind):
    """The lines of a kind."""
    return [line for line in lines if line["kind"] == kind]


def cut(path):
    """Half of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def swept(task, options, pause=0.0):
    """A sweep of one of the tasks above."""
    Toy.pause = pause
    all_tasks.TASKS |= {"toy": Toy, "tiny": TinyParity}
    raise SystemExit(sweep.main([task, *map(str, options)]))


def joined(task, folder, address, name, pause):
    """A worker of one of the tasks above."""
    os.environ |= dict(zip(workers.VARIABLES, (name, *address.split(":"))))
    swept(task, ["--out", folder], pause)


def line_of(kind="trial", trial="0000", seed=0, cell="gru", **more):
    """A line of a log with what tells it from others."""
    return {"kind": kind, "trial": trial, "seed": seed, "configuration": {"cell": cell}, **more}


def write_many(path, who):
    """Lines of one process, and lines that others write too."""
    log = Log(path)
    for k in range(20):
        log.append(line_of(trial=f"{k:04d}", seed=who))
        log.append(line_of(trial=f"{k:04d}", seed=99, by=who))


def hold_and_die(path):
    """End in the middle of a sweep."""
    with only_one(path):
        os._exit(9)
