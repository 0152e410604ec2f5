"""Sequences with something to say at every step, or after the last: checked, and in three parts."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from keras_rnnzoo.base.options import choice, positive_int

KINDS = ("binary", "categorical", "values")


@dataclass(frozen=True)
class TaskSequences:
    """Sequences of unequal length, and what is to be predicted from each.

    Attributes:
        inputs: a list of arrays: numbers (time, features), or ids, whole numbers (time,).
        targets: a list of arrays (time, outputs), one row for each step, or (outputs,), what is
            asked after the last step. For "categorical" the numbers of classes, (time,) or one.
        kind: "binary" (outputs of 0 or 1, many may be 1 at once), "categorical" (one of `outputs`
            classes) or "values" (numbers).
        features: how many channels the inputs have, or how many ids there are.
        outputs: how many outputs, or classes.
        weights: None, or a list of arrays (time,) of 0 and 1: which steps are scored.

    Raises:
        ValueError: parts that do not fit, the first of them named by its number.

    Example:

    >>> bits = TaskSequences([[0, 1, 1]], [[0, 1, 0]], "categorical", 2, 2)
    >>> len(bits), bits.takes_ids, bits.every_step, bits.lengths.tolist()
    (1, True, True, [3])
    """

    inputs: list
    targets: list
    kind: str
    features: int
    outputs: int
    weights: list | None = None

    def __post_init__(self):
        choice("kind", self.kind, KINDS)
        for name in ("features", "outputs"):
            object.__setattr__(self, name, positive_int(name, getattr(self, name)))
        inputs = checked_inputs(self.inputs, self.features)
        if len(self.targets) != len(inputs):
            raise ValueError(
                f"Expected a target for each of the {len(inputs)} sequences. Received: "
                f"{len(self.targets)} targets"
            )
        every = np.ndim(self.targets[0]) == (1 if self.kind == "categorical" else 2)
        targets = [self._target(k, len(x), every) for k, x in enumerate(inputs)]
        object.__setattr__(self, "inputs", inputs)
        object.__setattr__(self, "targets", targets)
        if self.weights is not None:
            weights = [np.asarray(w, dtype="float32") for w in self.weights]
            if not every or [w.shape for w in weights] != [(len(x),) for x in inputs]:
                raise ValueError(
                    "Expected weights for a target at every step, one for each step. Received: "
                    f"weights of shapes {[w.shape for w in weights][:3]} and targets of shapes "
                    f"{[np.shape(y) for y in targets][:3]}"
                )
            if not any(w.any() for w in weights):
                raise ValueError("Expected a step that is scored. Received: weights of 0 alone")
            object.__setattr__(self, "weights", weights)

    def _target(self, number, steps, every):
        given = np.asarray(self.targets[number])
        shape = (steps,) if every else ()
        if self.kind != "categorical":
            shape += (self.outputs,)
        if given.shape != shape:
            raise ValueError(
                f"Sequence {number}: expected a target of shape {shape}. Received: {given.shape}"
            )
        if self.kind == "values":
            fits, what = np.isfinite(given).all(), "finite numbers"
        elif self.kind == "binary":
            fits, what = ((given == 0) | (given == 1)).all(), "0 and 1 alone"
        else:
            whole = np.issubdtype(given.dtype, np.integer)
            fits = whole and (given >= 0).all() and (given < self.outputs).all()
            what = f"numbers of classes from 0 to {self.outputs - 1}"
        if not fits:
            raise ValueError(f"Sequence {number}: expected {what}. Received: target={given!r:.200}")
        return given

    def __len__(self):
        return len(self.inputs)

    @property
    def takes_ids(self):
        """Whether the inputs are ids."""
        return self.inputs[0].ndim == 1

    @property
    def every_step(self):
        """Whether there is a target for every step."""
        return np.ndim(self.targets[0]) == (1 if self.kind == "categorical" else 2)

    @property
    def lengths(self):
        """Steps of each sequence, int64 (n,)."""
        return np.array([len(x) for x in self.inputs])

    def take(self, rows):
        """The sequences of the given numbers, in that order."""
        lists = (self.inputs, self.targets, self.weights)
        inputs, targets, weights = (x and [x[row] for row in rows] for x in lists)
        return TaskSequences(inputs, targets, self.kind, self.features, self.outputs, weights)

    def mean_target(self):
        """The mean of each output, or the share of each class, over all scored steps."""
        flat, weights = self.scored()
        if self.kind == "categorical":
            flat = flat[:, None] == np.arange(self.outputs)
        return (weights[:, None] * flat).sum(0, dtype="float64") / weights.sum()

    def scored(self):
        """The targets of all steps in a row, or of all sequences, and their weights (n,)."""
        if not self.every_step:
            return np.stack(self.targets), np.ones(len(self))
        flat = np.concatenate(self.targets)
        weights = np.ones(len(flat)) if self.weights is None else np.concatenate(self.weights)
        return flat, weights


def checked_inputs(inputs, features):
    """Inputs as arrays: whole numbers (time,) are ids below `features`, the others channels.

    Raises:
        ValueError: an empty list or sequence, another number of channels, an unknown id, a number
            that is not finite.
    """
    if not len(inputs):
        raise ValueError("Expected at least one sequence. Received: inputs=[]")
    found = []
    for number, given in enumerate(inputs):
        x = np.asarray(given)
        where = f"Sequence {number}: expected "
        if x.ndim not in (1, 2) or not len(x) or (found and x.ndim != found[0].ndim):
            raise ValueError(
                f"{where}one step or more, all of them numbers (time, {features}) or all ids "
                f"(time,). Received: an array of shape {x.shape}"
            )
        if x.ndim == 1 and (x.dtype.kind not in "iu" or x.min() < 0 or x.max() >= features):
            raise ValueError(
                f"{where}ids, whole numbers from 0 to {features - 1}. Received: {x!r:.200}"
            )
        if x.ndim == 2 and (x.shape[1] != features or not np.isfinite(x).all()):
            raise ValueError(
                f"{where}finite numbers (time, {features}). Received: an array of shape {x.shape}, "
                f"finite: {bool(np.isfinite(x).all())}"
            )
        found.append(x)
    return found


@dataclass(frozen=True)
class TaskParts:
    """What to train on, what to choose on, and what to score once.

    Attributes:
        train, validation, test: a `TaskSequences` each.
        source: the name of the task, or a path.
        description: one line that says what this is.
        hint: what else to know before quoting a result.
        trivial: the scores, by name, of a predictor that remembers nothing.
        fresh: for a task that is generated, a function of the number of an epoch, from 0, that
            gives other training sequences, as many and like those of `train`; else None.
    """

    train: TaskSequences
    validation: TaskSequences
    test: TaskSequences
    source: str
    description: str
    hint: str = ""
    trivial: dict = field(default_factory=dict)
    fresh: Callable | None = None

    @property
    def checksum(self):
        """SHA-256 over kinds, inputs, targets and weights in order, as hexadecimal digits."""
        digest = hashlib.sha256()
        for part in (self.train, self.validation, self.test):
            digest.update(repr((part.kind, part.features, part.outputs, len(part))).encode())
            for arrays in (part.inputs, part.targets, part.weights or ()):
                for array in arrays:
                    digest.update(f"{np.shape(array)};".encode())
                    digest.update(np.ascontiguousarray(array, "<f8").tobytes())
        return digest.hexdigest()


def next_steps(pieces):
    """Predict each step of a sequence from the ones before it.

    The steps 1 .. T-1 of a piece are predicted and scored, from the steps 0 .. t-1 each. The first
    step is given and not scored, as in the code of Bai et al. (arXiv:1803.01271); a table that
    scores it too has other numbers.

    Args:
        pieces: a list of arrays (time, channels) of 0 and 1, of two steps or more.

    Returns:
        A `TaskSequences` of the kind "binary".

    Raises:
        ValueError: no pieces, or one of a single step.
    """
    for number, piece in enumerate(pieces):
        if np.ndim(piece) != 2 or len(piece) < 2:
            raise ValueError(
                f"Piece {number}: expected an array (time, channels) of two steps or more. "
                f"Received: shape {np.shape(piece)}"
            )
    width = np.shape(pieces[0])[1] if len(pieces) else 1
    pairs = [(piece[:-1], piece[1:]) for piece in map(np.asarray, pieces)]
    return TaskSequences([x for x, _ in pairs], [y for _, y in pairs], "binary", width, width)
