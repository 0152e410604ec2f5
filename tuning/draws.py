"""Which configuration comes next: paired draws to compare cells, or a search of KerasTuner's."""

import hashlib
import math
import warnings

import keras_tuner
import numpy as np
from keras_tuner.engine import hyperparameters
from keras_tuner.engine.trial import Trial

STRATA = 8
NEVER = 10**9  # failures are counted and shown by the sweep, which goes on


def name_of(trial_id):
    """The number of a trial in four digits, whatever KerasTuner pads it to."""
    return f"{int(trial_id):04d}"


def uniform(seed, draw, name):
    """A number in [0, 1) that depends on the sweep, the draw and the name alone.

    Example:

    >>> uniform(0, 3, "dropout") == uniform(0, 3, "dropout")
    True
    """
    digest = hashlib.sha256(f"{seed}/{draw}/{name}".encode()).digest()
    return float(np.random.default_rng(int.from_bytes(digest[:8], "big")).random())


def stratified(seed, draw, name, strata):
    """As `uniform`, but each run of `strata` draws has one number in each of as many equal parts.

    So few draws already see every depth and every part of the range of learning rates.

    Example:

    >>> sorted(int(3 * stratified(0, draw, "depth", 3)) for draw in range(3))
    [0, 1, 2]
    """
    block, place = divmod(draw, strata)
    parts = np.argsort([uniform(seed, block, f"{name}/{k}") for k in range(strata)])
    return (parts[place] + uniform(seed, draw, name)) / strata


def strata_of(hp):
    """How many parts the draws of a hyperparameter are spread over: its values, or eight."""
    few = isinstance(hp, (hyperparameters.Choice, hyperparameters.Boolean, hyperparameters.Int))
    return min(len(list(hp.values)), STRATA) if few else STRATA


class Answered:
    """Mixin for an oracle: what the log knows of a trial stands, whatever would be drawn today.

    So a sweep is resumed by running it again: finished trials are given the values that they had,
    and are answered from the log without training. No file of KerasTuner's is read for it.
    """

    log = None
    forgets = False
    "Whether the state of the search follows from the trials and the count of draws alone."
    waits = False
    "Whether a worker without work waits for what others may leave behind."
    closed = staticmethod(lambda: False)
    "Whether there is no time for another trial."

    @keras_tuner.synchronized
    def create_trial(self, tuner_id):
        status = None
        if self.waits and self.closed():
            status = "STOPPED"
        elif self.waits and not self._retry_queue and len(self.trials) >= self.max_trials:
            status = "IDLE" if self.ongoing_trials else None
        if status is None:
            return super().create_trial(tuner_id)
        self.tuner_ids.discard(tuner_id)
        return Trial(self.hyperparameters.copy(), trial_id="none", status=status)

    @keras_tuner.synchronized
    def give_back(self, tuner_id):
        """Take the trial of a worker that is gone, for the next one that asks."""
        trial = self.ongoing_trials.pop(tuner_id, None)
        if trial is not None:
            self._retry_queue.append(trial.trial_id)

    @keras_tuner.synchronized
    def forget(self, tuner_id):
        """Wait no longer for a worker that is gone."""
        self.tuner_ids.discard(tuner_id)

    @property
    def finished(self):
        """Whether nothing is going on and nothing is left to do."""
        busy = self.ongoing_trials or self._retry_queue or self.tuner_ids
        return not busy and (self.closed() or len(self.trials) >= self.max_trials)

    def populate_space(self, trial_id):
        known = self.log and self.log.find("trial", name_of(trial_id))
        if not known:
            with warnings.catch_warnings():  # of a Gaussian process that has seen few trials
                warnings.filterwarnings("ignore", "The optimal value found|lbfgs failed")
                return super().populate_space(trial_id)
        if self.forgets:
            self._seed_state += len(known["values"])  # one for each value that was drawn
        else:
            super().populate_space(trial_id)
        return {"status": "RUNNING", "values": known["values"]}


class _Draws(keras_tuner.Oracle):
    """The draws of `PairedDraws`, as if nothing were known of them yet."""

    def populate_space(self, trial_id):
        number = int(trial_id)
        if number >= self.max_trials:
            return {"status": "STOPPED", "values": None}
        return {"status": "RUNNING", "values": self.values_of(number)}


class PairedDraws(Answered, _Draws):
    """Every cell with the same random draws, one draw after the other.

    Each hyperparameter is drawn by a generator of its own, seeded by the sweep, the number of the
    draw and its name, and spread over its values (`stratified`); so the cells of a draw share
    depth, learning rate and the rest, and a search that is cut off leaves whole draws behind.
    Nothing depends on a score.

    Arguments:
        objective: a `keras_tuner.Objective`.
        space: `HyperParameters` that hold all hyperparameters, "cell" among them.
        cells: their names.
        draws: how many.
        seed: of the sweep.

    Example:

    >>> oracle = PairedDraws(objective, space, ("lstm", "gru"), 24, 0)
    """

    forgets = True

    def __init__(self, objective, space, cells, draws, seed):
        super().__init__(
            objective,
            max_trials=draws * len(cells),
            hyperparameters=space,
            allow_new_entries=False,
            seed=seed + 1,
            max_consecutive_failed_trials=NEVER,
        )
        self.cells, self.sweep_seed = tuple(cells), seed

    def values_of(self, number):
        """The values of a trial by its number."""
        draw, k = divmod(number, len(self.cells))
        found = keras_tuner.HyperParameters()
        for hp in self.hyperparameters.space:
            found.merge([hp])
            if found.is_active(hp):
                place = stratified(self.sweep_seed, draw, hp.name, strata_of(hp))
                chosen = hp.prob_to_value(place)
                found.values[hp.name] = self.cells[k] if hp.name == "cell" else chosen
        return found.values


TUNERS = {
    "random": (keras_tuner.oracles.RandomSearchOracle, True),
    "grid": (keras_tuner.oracles.GridSearchOracle, False),
    "bayesian": (keras_tuner.oracles.BayesianOptimizationOracle, True),
    "hyperband": (keras_tuner.oracles.HyperbandOracle, False),
}


def adaptive(tuner, objective, space, trials, epochs, seed):
    """An oracle of KerasTuner's for best mode.

    Arguments:
        tuner: `"random"`, `"grid"`, `"bayesian"` or `"hyperband"`.
        objective: a `keras_tuner.Objective`.
        space: `HyperParameters` that hold all hyperparameters.
        trials: how many at most.
        epochs: of a whole training.
        seed: of the sweep.

    Example:

    >>> oracle = adaptive("bayesian", objective, space, 24, 10, 0)
    """
    kind, forgets = TUNERS[tuner]
    options = {
        "hyperparameters": space,
        "allow_new_entries": False,
        "seed": seed + 1,  # KerasTuner takes 0 for none, and draws one
        "max_consecutive_failed_trials": NEVER,
    }
    if tuner == "hyperband":
        options |= {"max_epochs": epochs, "hyperband_iterations": 1000}
    else:
        options["max_trials"] = trials
    if tuner == "bayesian":  # by default 3 for each hyperparameter: more than most sweeps have
        options["num_initial_points"] = max(3, math.ceil(trials / 4))
    oracle = type(kind.__name__, (Answered, kind), {"forgets": forgets})(objective, **options)
    oracle.max_trials = trials
    return oracle
