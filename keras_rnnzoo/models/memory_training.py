"""Training on a capability task until it is solved, or the time is up."""

import math
import time

import keras
import numpy as np

from keras_rnnzoo.metrics import capability_scores
from keras_rnnzoo.metrics.task_scores import OBJECTIVES
from keras_rnnzoo.models.fitting import fit_best

MARGIN = 0.2
"By how much nearer to perfection validation must be before training ends."


def score_memory(model, sequences):
    """Every score of a `TaskSequences` by a `SequencePredictor`, see `capability_scores`."""
    raw = model.raw(sequences, min(256, len(sequences)), [sequences.lengths.max()])
    scores = capability_scores(sequences, raw)
    return {name: value if np.isfinite(value) else math.inf for name, value in scores.items()}


def fit_memory_task(
    model, parts, recipe, goal, seed=0, minutes=10.0, checkpoint=None, callbacks=()
):
    """Train a `SequencePredictor` on fresh sequences until validation meets the goal.

    Where the task is generated no sequence is seen twice: every epoch has its own. The epoch that
    met the goal is kept, by a margin, so that the test part meets it too; where none did, the one
    with the lowest validation loss.

    Arguments:
        model: from `build_sequence_predictor`.
        parts: `TaskParts`.
        recipe: a `PredictorRecipe`.
        goal: a `Goal` in numbers.
        seed: of the order of the batches.
        minutes: of the processor; training ends after the epoch in which they are over, time before
            a kill counted.
        checkpoint: as in `fit_best`.
        callbacks: further Keras callbacks.

    Returns:
        The history of `fit_best`, with `seconds` since the start, and why it ended: "solved",
        "time", "diverged" or "epochs".

    Raises:
        ValueError: minutes that are none.

    Example:

    >>> history, ended = fit_memory_task(model, parts, recipe, goal, minutes=1)
    """
    if not 0 < minutes < math.inf:
        raise ValueError(f"`minutes` must be a number above 0. Received: minutes={minutes!r}")
    batches = model.batches(
        parts.train,
        batch_size=min(recipe.batch_size, len(parts.train)),
        buckets=3 if parts.fresh is None else 1,  # each is compiled: seconds that short runs lack
        seed=seed,
        fresh=parts.fresh,
    )
    objective, clock, scores = OBJECTIVES[model.kind], Clock(), {}

    def score():
        scores.update(score_memory(model, parts.validation))
        met = goal.stops and goal.met(scores, MARGIN)
        return 1.0 if met else -scores[objective]  # losses are not negative

    def told(epoch, logs):
        del logs["val_score"]
        logs.update({f"val_{name}": value for name, value in scores.items()})
        logs["seconds"] = clock.read()

    def ended(logs):
        found = {name.removeprefix("val_"): value for name, value in logs.items() if "val_" in name}
        if goal.stops and goal.met(found, MARGIN):
            return "solved"
        if not np.isfinite(logs["loss"]):
            return "diverged"
        return "time" if logs["seconds"] >= 60 * minutes else ""

    saved = checkpoint and (lambda variables: checkpoint([*variables, clock.past]))
    history = fit_best(
        model, batches, recipe, score, "val_score", told, saved, callbacks, lambda x: bool(ended(x))
    )
    last = {k: v[-1] for k, v in history.items() if k != "best_epoch"}
    return history, ended(last) or "epochs"


class Clock:
    """Seconds of a run, those before it was killed included."""

    def __init__(self):
        self.past = keras.Variable(0.0, trainable=False, dtype="float32", name="seconds")
        self._now = time.process_time()

    def read(self):
        """The seconds until now, which `past` remembers."""
        now = time.process_time()
        seconds = float(keras.ops.convert_to_numpy(self.past.value)) + now - self._now
        self._now = now
        self.past.assign(seconds)
        return seconds
