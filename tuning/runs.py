"""One run: a configuration and a seed, trained, scored and logged."""

import math
import time
from datetime import UTC, datetime

import keras

from keras_rnnzoo.models.widths import count_parameters
from keras_rnnzoo.training import set_seed
from tuning.clock import OutOfTime, Watch
from tuning.settings import versions

FRESH = 10_000
"Seeds of winners and defaults begin here, far from those of the trials."


class Runner:
    """Trains configurations of a task and logs each as one line.

    Arguments:
        task: a loaded `Task`.
        settings: a `Settings`.
        log: a `Log`.
        table: a `Table` that shows what goes on.
    """

    def __init__(self, task, settings, log, table):
        self.task, self.settings, self.log, self.table = task, settings, log, table
        self.environment = versions()

    def run(
        self, kind, configuration, seed, *, epochs=None, until=math.inf, parameters=None, **own
    ):
        """Train, and log what came of it: scores, or the first line of an error.

        Arguments:
            kind: `"trial"`, `"winner"` or `"default"`; test scores are for the last two.
            configuration: without its width where `parameters` decides it.
            seed: of everything.
            epochs: those of the sweep unless given.
            until: `time.monotonic()` at which it must stop.
            parameters: the budget that the width is solved from.
            own: further parts of the line: `trial`, `draw`, `values`.

        Returns:
            The line as it was written.

        Raises:
            OutOfTime: it had to stop; nothing was logged.
        """
        epochs = epochs or self.settings.epochs
        began = time.monotonic()
        watch = Watch(self.task.watched, until, lambda curve: self.table.epoch(curve, epochs))
        found = {"configuration": configuration, "parameters": None, "status": "failed"}
        found |= {"error": None, "validation": None, "best_epoch": None, "test": None}
        try:
            self.train(kind, found, seed, epochs, watch, parameters)
            found["status"] = "completed"
        except OutOfTime:
            raise
        except Exception as error:  # whatever it is, the sweep goes on and tells it
            found["error"] = first_line(error)
        curve = [value if math.isfinite(value) else None for value in watch.curve]
        line = self.identity(kind, seed, own) | found | {"curve": curve, "epochs": len(curve)}
        line["seconds"] = round(time.monotonic() - began, 3)
        line["environment"] = self.environment
        line["time"] = datetime.now(UTC).isoformat(timespec="seconds")
        # To free memory takes half a second where much is imported: too long after short runs.
        keras.utils.clear_session(free_memory=line["seconds"] > 10)
        return self.log.append(line)

    def identity(self, kind, seed, own):
        """What tells a line from the others."""
        task = {"task": self.task.name, "sweep": self.settings.hash, "seed": seed}
        score = {"objective": self.task.objective, "direction": self.task.direction}
        return {"kind": kind, **task, "trial": None, "draw": None, **score, "values": None, **own}

    def train(self, kind, found, seed, epochs, watch, parameters):
        """Fill in what comes of a training."""
        task = self.task
        found["configuration"] = configuration = task.sized(found["configuration"], parameters)
        set_seed(seed)
        model = task.build(configuration, seed)
        found["parameters"] = count_parameters(model)
        best = task.fit(model, configuration, seed, epochs, [watch])
        validation = watch.curve[best - 1] if best else task.validate(model)
        if not math.isfinite(validation):
            raise ArithmeticError(
                f"no epoch had a finite {task.watched}: the last was {watch.curve[-1]}"
            )
        if kind != "trial":
            found["test"] = {name: float(score) for name, score in task.test(model).items()}
        found |= {"validation": validation, "best_epoch": best}

    def measure(self, configuration, parameters):
        """Seconds to begin a run, and seconds of an epoch, from one of two epochs at most."""
        began, watch = time.monotonic(), Watch(self.task.watched)
        configuration = self.task.sized(configuration, parameters)
        set_seed(0)
        model = self.task.build(configuration, 0)
        self.task.fit(model, configuration, 0, min(2, self.settings.epochs), [watch])
        whole = time.monotonic() - began
        keras.utils.clear_session(free_memory=False)
        return max(0.0, whole - watch.seconds[-1] * len(watch.seconds)), watch.seconds[-1]


def first_line(error):
    """The kind of an exception and the first line of what it says."""
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}".removesuffix(": ")
