"""The factors of a sweep: which configurations differ in what, as columns for trees to split."""

from dataclasses import dataclass

import numpy as np

FEW = 3  # fractions of no more than so many values, as a clipping of 1 or 5, are steps
MANY = 12  # and whole numbers, as a depth, of no more than these
DECADES = 2  # numbers that nobody described are logarithmic if they span so many evenly


@dataclass(frozen=True)
class Factor:
    """One choice of a configuration and the values that it took.

    Attributes:
        name: of the choice.
        kind: "numeric" or "log" (any number between the smallest and the largest), "steps" (one
            of a few numbers), or "categorical".
        values: the smallest and the largest number, or all that occur, but not `None`.
        absent: the share of configurations that have no such choice.
        numbers: how many columns it has.

    Example:

    >>> Factor("learning_rate", "log", (1e-4, 1e-1)).encode([1e-3, None]).round(2)
    array([[-3.],
           [-7.]])
    """

    name: str
    kind: str
    values: tuple
    absent: float = 0.0

    @property
    def width(self):
        """How many columns it takes: one for each category, else one."""
        return len(self._categories) if self.kind == "categorical" else 1

    @property
    def _categories(self):
        return (*self.values, None) if self.absent else self.values

    def encode(self, values):
        """Columns of numbers; a choice that is absent lies far below the others.

        Args:
            values: what each configuration says, `None` where the choice is absent.
        """
        if self.kind == "categorical":
            return np.array([[float(v == c) for c in self._categories] for v in values])
        low, high = self._scale(np.array([self.values[0], self.values[-1]]))
        nowhere = low - max(high - low, 1.0)
        return np.array(
            [[nowhere if value is None else self._scale(float(value))] for value in values]
        )

    def pieces(self, thresholds):
        """A point in each piece into which thresholds cut the factor, and the pieces' weights.

        Weights add up to 1: even between the ends for numbers (of their logarithm for "log"), the
        same for every step or category, and the observed share for what is absent.

        Args:
            thresholds: at which trees split its column; of no matter for categories and steps.
        """
        present = 1 - self.absent
        if self.kind in ("categorical", "steps"):
            values = list(self.values)
            weights = np.full(len(values), present / len(values))
            points = self.encode(values)
        else:
            low, high = self._scale(np.array(self.values))
            inner = np.unique([t for t in thresholds if low < t < high])
            edges = np.concatenate([[low], inner, [high]])
            points = ((edges[:-1] + edges[1:]) / 2)[:, None]
            weights = present * np.diff(edges) / (high - low)
        if self.absent:
            points = np.concatenate([points, self.encode([None])])
            weights = np.append(weights, self.absent)
        return points, weights

    def _scale(self, value):
        return np.log10(value) if self.kind == "log" else value


def find_factors(configurations, space=None, leave_out=()):
    """What differs between configurations.

    Args:
        configurations: flat dictionaries; `None`, or no such key, where a choice does not apply.
        space: descriptions by name. A number is logarithmic where its description says "log";
            one without a description where it is positive, spans two decades or more, and lies
            about the middle of the logarithms rather than of the numbers.
        leave_out: names that are no choice of their own, such as a width solved for.

    Returns:
        A list of `Factor`; what is the same in all configurations is none.

    Example:

    >>> [f.kind for f in find_factors([{"cell": "gru", "depth": 1}, {"cell": "lstm", "depth": 2}])]
    ['categorical', 'steps']
    """
    names = dict.fromkeys(name for configuration in configurations for name in configuration)
    factors = []
    for name in names:
        values = [plain_value(configuration.get(name)) for configuration in configurations]
        if name not in leave_out and len(set(values)) > 1:
            factors.append(_factor(name, values, (space or {}).get(name)))
    return factors


def plain_value(value):
    """A value that can be compared: lists and dictionaries by how they are written.

    Args:
        value: anything that JSON has.

    Example:

    >>> plain_value([1, 2])
    '[1, 2]'
    """
    return str(value) if isinstance(value, (list, dict)) else value


def _factor(name, values, description):
    present = [value for value in values if value is not None]
    absent = 1 - len(present) / len(values)
    distinct = set(present)
    if any(isinstance(value, (str, bool)) for value in distinct):
        return Factor(name, "categorical", tuple(sorted(distinct, key=str)), absent)
    distinct = tuple(sorted(distinct))
    whole = all(float(value).is_integer() for value in distinct)
    if len(distinct) <= (MANY if whole else FEW):
        return Factor(name, "steps", distinct, absent)
    logarithmic = "log" in str(description).lower() if description else _spans(present)
    kind = "log" if distinct[0] > 0 and logarithmic else "numeric"
    return Factor(name, kind, (distinct[0], distinct[-1]), absent)


def _spans(numbers):
    """Whether positive numbers look as if their logarithms were spread evenly."""
    low, middle, high = np.quantile(numbers, [0, 0.5, 1])
    if low <= 0 or high < 10**DECADES * low:
        return False
    return abs(np.log(middle / np.sqrt(low * high))) < abs(np.log(middle * 2 / (low + high)))
