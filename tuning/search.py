"""The search: KerasTuner says what to try, the log what is known, the runner does the rest."""

import math
import shutil
import time
from pathlib import Path

import keras_tuner
from keras_tuner.engine.base_tuner import BaseTuner

from tuning.clock import MARGIN, OutOfTime
from tuning.draws import PairedDraws, adaptive, name_of
from tuning.spaces import Choices


def choices_of(settings):
    """The `Choices` of a sweep; the width is chosen too where there is no budget for it."""
    return Choices(settings.cells, settings.depths, settings.parameters)


def space_of(task, settings):
    """`HyperParameters` with all that the task's space declares, each condition included."""
    space = keras_tuner.HyperParameters()
    task.space(space, choices_of(settings))
    return space


def oracle_of(task, settings, log):
    """The oracle of a sweep, which knows the log."""
    objective = keras_tuner.Objective(task.objective, task.direction)
    space = space_of(task, settings)
    if settings.mode == "compare":
        oracle = PairedDraws(objective, space, settings.cells, settings.trials, settings.seed)
    else:
        options = (settings.trials, settings.epochs, settings.seed)
        oracle = adaptive(settings.tuner, objective, space, *options)
    oracle.log, oracle.verbose = log, 0
    return oracle


def clear(folder):
    """Take away what KerasTuner kept of an earlier search; the log says it all."""
    shutil.rmtree(Path(folder) / "tuner", ignore_errors=True)


class SweepTuner(BaseTuner):
    """A tuner whose trials are runs of the sweep.

    What KerasTuner keeps in its folder is written anew each time: a trial that the log knows is
    answered from it, at once and without training, so the search stands where it stood.

    Arguments:
        oracle: from `oracle_of`.
        runner: a `Runner`.
        costs: a `Costs`.
        limit: a function that gives the `time.monotonic()` at which the search must end.
        folder: of the sweep.
        fresh: whether to clear KerasTuner's folder; a worker leaves it to the chief.
    """

    def __init__(self, oracle, runner, costs, limit, folder, fresh=True):
        self.runner, self.costs, self.limit = runner, costs, limit
        self._worked = True
        if fresh:
            clear(folder)
        super().__init__(oracle, directory=str(folder), project_name="tuner")

    def pre_create_trial(self):
        """A worker that was told to wait asks again after a while."""
        if not self._worked:
            time.sleep(0.5)
        self._worked = False

    def run_trial(self, trial):
        """Train the configuration of a trial, or answer from the log.

        Raises:
            FailedTrialError: the run failed; it is logged.
            OutOfTime: there is no time for it.
        """
        self._worked = True
        name = name_of(trial.trial_id)
        runner = self.runner
        runner.log.refresh()
        line = runner.log.find("trial", name) or self.train(name, trial.hyperparameters)
        if line["status"] == "failed":
            raise keras_tuner.errors.FailedTrialError(line["error"])
        return {runner.task.objective: line["validation"]}

    def train(self, name, hyperparameters):
        """Train what was drawn, and log it."""
        runner, settings = self.runner, self.runner.settings
        values = dict(hyperparameters.values)
        configuration = runner.task.space(hyperparameters.copy(), choices_of(settings))
        epochs = values.get("tuner/epochs", settings.epochs)  # Hyperband's short runs
        if time.monotonic() + self.costs.of(configuration["cell"], epochs) > self.limit():
            raise OutOfTime
        draw = int(name) // len(settings.cells) if settings.mode == "compare" else None
        seed = settings.seed + (int(name) if draw is None else draw)
        runner.table.begin("trial", configuration)
        line = runner.run(
            "trial",
            configuration,
            seed,
            epochs=epochs,
            until=self.limit(),
            parameters=settings.parameters,
            trial=name,
            draw=draw,
            values=values,
        )
        runner.table.finished(line)
        return line


def best_trials(settings, task, log):
    """The best trial of each cell that has one, by the validation score.

    Hyperband trains most trials for a few epochs only; the longest count.
    """
    sign = 1 if task.direction == "min" else -1
    found = {}
    for cell in settings.cells:
        lines = [
            line
            for line in log.of_kind("trial", "completed")
            if line["configuration"]["cell"] == cell
        ]
        if lines:
            longest = max(line["epochs"] for line in lines)
            lines = [line for line in lines if line["epochs"] == longest]
            found[cell] = min(lines, key=lambda line: sign * line["validation"])
    return found


def final_runs(settings, task, log):
    """What is to be run with fresh seeds yet, seed by seed so that whole seeds come first.

    Yields:
        Kind, the line of the best trial of a cell, and the number of the seed.
    """
    from tuning.runs import FRESH

    best = best_trials(settings, task, log)
    for k in range(settings.seeds):
        seed = settings.seed + FRESH + k
        for cell, line in best.items():
            if not log.find("winner", line["trial"], seed):
                yield "winner", line, seed
            if not log.find("default", cell, seed):
                yield "default", line, seed


def reserve(settings, log, costs):
    """Seconds to keep for the runs with fresh seeds."""
    missing = 0.0
    for cell in settings.cells:
        done = [
            line
            for line in log.lines
            if line["kind"] != "trial" and line["configuration"]["cell"] == cell
        ]
        missing += max(0, 2 * settings.seeds - len(done)) * costs.of(cell, settings.epochs)
    return MARGIN * missing


def run_finals(runner, costs, clock):
    """Train the winners and the defaults with fresh seeds.

    Returns:
        Whether all of them are done.
    """
    settings, task = runner.settings, runner.task
    for kind, line, seed in list(final_runs(settings, task, runner.log)):
        cell = line["configuration"]["cell"]
        if clock.left < costs.of(cell, settings.epochs):
            return False
        winner = kind == "winner"
        configuration = line["configuration"] if winner else task.default(cell)
        # A default gets what the budget allows, or as many parameters as the winner has.
        size = None if winner else settings.parameters or line["parameters"]
        runner.table.begin(kind, configuration)
        try:
            done = runner.run(
                kind,
                configuration,
                seed,
                until=clock.end,
                parameters=size,
                trial=line["trial"] if winner else None,
            )
        except OutOfTime:
            return False
        runner.table.finished(done)
    return True


def search_limit(settings, log, costs, clock):
    """The `time.monotonic()` at which the search must make room for the runs at the end."""
    return math.inf if math.isinf(clock.end) else clock.end - reserve(settings, log, costs)
