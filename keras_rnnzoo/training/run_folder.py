"""One folder for one run: its configuration, environment, history, metrics and figures."""

import csv
import io
import json
import time
from pathlib import Path

from keras_rnnzoo.training.checkpoint import seconds_until
from keras_rnnzoo.training.environment import environment
from keras_rnnzoo.training.files import plain, write_atomic, write_json


class RunFolder:
    """A folder that holds exactly one training run.

    It gets `config.json` and `environment.json` at once, and `history.csv`, `history.json`,
    `metrics.json` and `figures/` as the run goes on. Each file is whole or absent, also after the
    process was killed.

    Args:
        path: the folder; made where it is missing.
        config: a JSON-able dictionary that says what is run.
        resume: go on with the run in the folder, if there is one with the same config.

    Raises:
        FileExistsError: the folder holds a run already and `resume` is false, or it holds
            something else.
        ValueError: resuming a run that has another config, or whose `config.json` is damaged.

    Example:

    >>> run = RunFolder("runs/first", {"cell": "LSTM", "units": 64, "seed": 0})
    >>> run.save_metrics({"test_accuracy": 0.9})
    """

    def __init__(self, path, config, resume=False):
        self.path = Path(path)
        self.config = json.loads(json.dumps(config, default=plain))
        if (self.path / "config.json").exists():
            self._take_up(resume)
        else:
            self._start()
        self.figures.mkdir(exist_ok=True)
        self._past, self._began = seconds_until(self.checkpoint), time.time()

    @property
    def seconds(self):
        """What the run took so far; of processes that were killed up to their last checkpoint."""
        return self._past + time.time() - self._began

    @property
    def figures(self):
        """The folder for figures."""
        return self.path / "figures"

    @property
    def checkpoint(self):
        """Where `Checkpoint` keeps the state of this run."""
        return self.path / "checkpoint.npz"

    def save_history(self, history):
        """Write a history, lists of one value an epoch by name, as `history.csv` and `.json`."""
        history = {name: list(values) for name, values in history.items()}
        epochs = max(map(len, history.values()), default=0)
        table = io.StringIO()
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(["epoch", *history])
        for epoch in range(epochs):
            row = [values[epoch] if epoch < len(values) else "" for values in history.values()]
            writer.writerow([epoch + 1, *row])
        write_atomic(self.path / "history.csv", table.getvalue())
        write_json(self.path / "history.json", history)

    def save_metrics(self, metrics):
        """Write the final scores as `metrics.json`."""
        write_json(self.path / "metrics.json", metrics)

    def _start(self):
        if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise FileExistsError(
                "Expected a new or empty folder for the run. Received: "
                f"path={str(self.path)!r}, which holds something that is no run. Choose another."
            )
        self.path.mkdir(parents=True, exist_ok=True)
        write_json(self.path / "config.json", self.config)  # what makes it a run comes first
        write_json(self.path / "environment.json", environment())

    def _take_up(self, resume):
        if not resume:
            raise FileExistsError(
                f"Expected a new or empty folder for the run. Received: path={str(self.path)!r}, "
                "which holds a run. Resume it with resume=True (--resume), or choose another."
            )
        try:
            found = json.loads((self.path / "config.json").read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(
                f"{self.path / 'config.json'}: expected the configuration of a run. Received: "
                f"a damaged file ({error}). Start anew in another folder."
            ) from None
        missing = object()
        keys = [*found, *(key for key in self.config if key not in found)]
        differing = [
            f"{key}: {found.get(key, 'absent')!r} there, {self.config.get(key, 'absent')!r} here"
            for key in keys
            if found.get(key, missing) != self.config.get(key, missing)
        ]
        if differing:
            raise ValueError(
                f"Expected the configuration of the run in {str(self.path)!r}. Received another "
                f"({'; '.join(differing)}). Repeat the options of that run, or choose another "
                "folder."
            )
        if not (self.path / "environment.json").exists():  # it was killed between the two
            write_json(self.path / "environment.json", environment())


def finished_run(path, config):
    """The metrics of this very run if it was made before, to be shown and not computed again.

    Args:
        path: of its folder.
        config: as of `RunFolder`.

    Returns:
        What `save_metrics` wrote, or `None`.
    """
    path = Path(path)
    if not (path / "metrics.json").exists():
        return None
    if json.loads((path / "config.json").read_text()) != json.loads(
        json.dumps(config, default=plain)
    ):
        return None
    return json.loads((path / "metrics.json").read_text())
