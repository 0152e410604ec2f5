"""The capability tasks of recurrent layers: what is asked, and when it counts as solved."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from keras_rnnzoo.base.options import nearest, positive_int
from keras_rnnzoo.datasets import memory, music
from keras_rnnzoo.metrics import capability_scores
from keras_rnnzoo.metrics.task_scores import constant_outputs


@dataclass(frozen=True)
class Goal:
    """When a task is solved.

    Arguments:
        score: a name in `keras_rnnzoo.metrics.capability_scores`.
        limit: what it must reach.
        higher: whether it must be at least that; else it must be below.
        share: whether `limit` is a share of what a predictor without memory has.
        stops: whether training ends once the goal is met on validation.

    Example:

    >>> Goal("mse", 1e-3).met({"mse": 2e-4}), Goal("accuracy", 0.9, True).met({"accuracy": 0.5})
    (True, False)
    """

    score: str
    limit: float
    higher: bool = False
    share: bool = False
    stops: bool = True

    def against(self, trivial):
        """The goal in numbers, given the scores of a predictor without memory."""
        limit = self.limit * trivial[self.score] if self.share else self.limit
        return replace(self, limit=limit, share=False)

    def met(self, scores, margin=0.0):
        """Whether scores reach it.

        Arguments:
            scores: a dict.
            margin: by what share they have to be nearer to perfection, which is 0, or 1 where
                higher is better.
        """
        if self.higher:
            return scores[self.score] >= 1 - (1 - margin) * (1 - self.limit)
        return scores[self.score] < (1 - margin) * self.limit

    def __str__(self):
        relation = "at least" if self.higher else "below"
        return f"{self.score.replace('_', ' ')} {relation} {self.limit:.4g}"


@dataclass(frozen=True)
class MemoryTask:
    """One task, in the sizes in which cells are compared.

    Arguments:
        made: the name in `keras_rnnzoo.datasets.memory`, or "jsb".
        lengths: the usual values of what makes it harder, the default first; none for the chorales.
        measure: a function of such a value that gives options of the data.
        goal: a `Goal`.
        options: further options of the data.
        easy: options of the form that is learned in seconds.

    Example:

    >>> TASKS["copy"].parts(length=20, sizes=(8, 4, 4)).test.lengths.tolist()
    [40, 40, 40, 40]
    """

    made: str
    lengths: tuple
    measure: Callable
    goal: Goal
    options: dict = field(default_factory=dict)
    easy: dict = field(default_factory=dict)

    def parts(self, length=None, quick=False, verbose=False, **options):
        """The `TaskParts`; where `quick`, in an easy form with few sequences.

        Raises:
            FileNotFoundError: chorales that are not there.
            ValueError: a length where there is none, or one that cannot be.
        """
        if not self.lengths:
            if length is not None:
                raise ValueError(f"This task has no length. Received: length={length!r}")
            return music.load("sample" if quick else self.made, verbose=verbose).next_steps()
        given = self.measure(self.lengths[0]) | self.options | (self.easy if quick else {})
        if length is not None:
            given |= self.measure(positive_int("length", length))
        return memory.load(self.made, verbose, **given | options)


def _parity(longest):
    test = (longest, max(longest, 32 * longest // 5))
    return {"lengths": (3, longest), "validation_lengths": test, "test_lengths": test}


TASKS = {
    "adding": MemoryTask(
        "adding",
        (400, 1000),
        lambda length: {"length": length},
        Goal("mse", 1e-3),
        {"sizes": (1600, 500, 1000)},
        {"sizes": (320, 200, 200), "length": 10},
    ),
    "copy": MemoryTask(
        "copy_memory",
        (200, 500),
        lambda delay: {"delay": delay},
        Goal("nll", 0.1, share=True),
        {"sizes": (1600, 300, 500)},
        {"sizes": (320, 100, 100), "delay": 3},
    ),
    "parity": MemoryTask(
        "parity",
        (40,),
        _parity,
        Goal("scaled_accuracy", 0.99, higher=True),
        {"sizes": (3200, 500, 1000), "every_step": "train"},
        {"sizes": (640, 200, 200)} | _parity(10),
    ),
    "selective_copy": MemoryTask(
        "selective_copy",
        (64,),
        lambda length: {"length": length},
        Goal("accuracy", 0.99, higher=True),
        {"sizes": (6400, 500, 2000)},
        {"sizes": (640, 200, 200), "length": 8, "tokens": 2, "symbols": 4},
    ),
    "spike_timing": MemoryTask(
        "spike_timing",
        (5, 10),
        lambda interval: {"interval": interval},
        Goal("exact", 0.99, higher=True),
        {"sizes": (800, 300, 1000), "spikes": 4},
        {"sizes": (320, 100, 100), "interval": 3, "spikes": 3},
    ),
    "function_generation": MemoryTask(
        "function_generation",
        (10, 25),
        lambda period: {"period": period},
        Goal("worst", 0.3),
        {"sizes": (800, 1, 1)},
        {"sizes": (160, 1, 1), "period": 5, "periods": (1, 4), "test_periods": 8},
    ),
    "jsb": MemoryTask("jsb", (), None, Goal("nll", 8.4, stops=False)),
}
"""By name. The chorales train to the end; their goal is about what is published for an LSTM."""


def task_named(name):
    """The `MemoryTask` of a name.

    Raises:
        ValueError: there is none; the message names the nearest.

    Example:

    >>> str(task_named("parity").goal)
    'scaled accuracy at least 0.99'
    """
    if name not in TASKS:
        raise ValueError(
            f"Expected one of {', '.join(TASKS)}.{nearest(name, TASKS)} Received: task={name!r}"
        )
    return TASKS[name]


def trivial_scores(parts):
    """What is scored without memory: as its definition says, else by the mean of the targets.

    Arguments:
        parts: `TaskParts`.

    Returns:
        A dict with every score of `capability_scores`.
    """
    constant = constant_outputs(parts.train, parts.validation)
    found = capability_scores(parts.validation, constant) | parts.trivial
    if "scaled_accuracy" in found:
        found["scaled_accuracy"] = 2 * found["accuracy"] - 1
    if "rmse" in found:
        found["rmse"] = found["mse"] ** 0.5
    return found
