"""How much each factor matters: a forest's variance, taken apart (Hutter et al. 2014).

A regression tree is constant on boxes, its leaves, so that its mean over all but one or two
factors is an exact sum over leaves, and so is the variance of that mean: the factor's share in
all that the tree says. The space is weighted as if factors had nothing to do with each other,
as `Factor.pieces` describes.

What it cannot do: with few trials a tree knows little, and what it says of pairs is mostly
noise; `held_out` tells how well the forest predicts trials that it has not seen, and at 0 or
below the shares mean nothing. Where trials of several cells share their draws, there are only as
many different settings as draws, however many trials there are. A choice that applies to some
cells alone says in part which cell it is, so that the two share what belongs to either. Trials
of an adaptive search crowd where scores are good, and the forest knows little of the rest.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from tuning.factors import find_factors, plain_value

LEAST = 8  # trials


@dataclass(frozen=True)
class Importance:
    """Shares of the variance.

    Attributes:
        factors: the factors, a list of `Factor`.
        shares: of each single factor, a row for each tree.
        pairs: of the interaction of each two, beyond what they do alone; a row for each tree.
        held_out: explained share of the variance in trials that trees have not seen (R squared);
            NaN where each tree has seen all.
    """

    factors: list
    shares: pd.DataFrame
    pairs: pd.DataFrame
    held_out: float

    def summary(self, pairs=False):
        """Mean and quartiles over trees, largest first.

        Args:
            pairs: whether of pairs instead of single factors.

        Returns:
            A table with columns `share`, `low` and `high`.

        Example:

        >>> found.summary().loc["learning_rate", "share"]
        """
        shares = self.pairs if pairs else self.shares
        table = pd.DataFrame(
            {"share": shares.mean(), "low": shares.quantile(0.25), "high": shares.quantile(0.75)}
        )
        return table.sort_values("share", ascending=False, kind="stable")


def importance(configurations, scores, space=None, groups=None, leave_out=(), trees=64, seed=0):
    """Shares of single factors and of pairs in the variance of the scores.

    The forest is one of scikit-learn's regression trees, each grown on groups drawn anew with
    replacement. With rows as groups this is `RandomForestRegressor`; with draws as groups the
    spread over trees and `held_out` are not made too good by trials that share their settings.

    Args:
        configurations: flat dictionaries, `None` where a choice does not apply.
        scores: of each, finite; ranks of scores keep a few diverged trials from being all of
            the variance.
        space: descriptions by name, see `find_factors`.
        groups: which trials belong together, such as their draws; default each for itself.
        leave_out: names that are no choice of their own.
        trees: how many.
        seed: of the forest.

    Returns:
        An `Importance`. Trees that see no difference at all count as shares of 0.

    Raises:
        ImportError: scikit-learn is missing.
        ValueError: fewer than eight trials, nothing that differs, scores that are not finite.

    Example:

    >>> rows = [{"cell": cell, "depth": d} for cell in ("gru", "lstm") for d in range(1, 9)]
    >>> found = importance(rows, [row["depth"] for row in rows], trees=8)
    >>> found.summary().index[0]
    'depth'
    """
    scores = np.asarray(scores, "float64")
    factors = find_factors(configurations, space, leave_out)
    if len(scores) != len(configurations) or not np.isfinite(scores).all():
        raise ValueError(
            "Expected a finite score for each configuration. Received: scores of shape "
            f"{scores.shape} for {len(configurations)} configurations"
        )
    if len(scores) < LEAST or not factors:
        raise ValueError(
            f"Expected at least {LEAST} trials that differ in something. Received: {len(scores)} "
            f"trials that differ in {[factor.name for factor in factors]}. Run more trials"
        )
    columns = encode(factors, configurations)
    groups = np.arange(len(scores)) if groups is None else np.asarray(groups)
    forest, held_out = _grow(columns, scores, groups, trees, seed)
    parts = [decompose(tree, factors) for tree in forest]
    names = [factor.name for factor in factors]
    pairs = pd.MultiIndex.from_tuples(combinations(names, 2), names=["one", "two"])
    return Importance(
        factors,
        pd.DataFrame([single for single, _ in parts], columns=names),
        pd.DataFrame([pair for _, pair in parts], columns=pairs),
        held_out,
    )


def encode(factors, configurations):
    """The columns of all factors beside each other.

    Args:
        factors: a list of `Factor`.
        configurations: flat dictionaries.

    Example:

    >>> encode(find_factors([{"depth": 1}, {"depth": 2}]), [{"depth": 2}])
    array([[2.]])
    """
    return np.concatenate(
        [f.encode([plain_value(c.get(f.name)) for c in configurations]) for f in factors], axis=1
    )


def decompose(tree, factors):
    """Take the variance of one tree apart, exactly.

    Args:
        tree: a fitted regression tree of scikit-learn on the columns of `encode`.
        factors: the list of `Factor` behind these columns.

    Returns:
        The shares of single factors, and those of the interactions of pairs in the order of
        `itertools.combinations`; zeros for a tree without variance.

    Example:

    >>> from sklearn.tree import DecisionTreeRegressor
    >>> factors = find_factors([{"a": 0, "b": 0}, {"a": 1, "b": 1}])
    >>> tree = DecisionTreeRegressor().fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 1, 1])
    >>> decompose(tree, factors)[0]
    array([1., 0.])
    """
    values, members, weights = _boxes(tree.tree_, factors)
    sizes = np.stack([inside @ weight for inside, weight in zip(members, weights)], axis=1)
    volumes = sizes.prod(axis=1)
    values = values - values @ volumes  # so that all means are 0
    total = values**2 @ volumes
    count = len(factors)
    if total <= 1e-24 * max(1.0, np.abs(values).max()) ** 2:
        return np.zeros(count), np.zeros(count * (count - 1) // 2)
    single, pairs = np.zeros(count), []
    for k in range(count):
        rest = values * np.delete(sizes, k, axis=1).prod(axis=1)
        single[k] = weights[k] @ (members[k].T @ rest) ** 2
    for j, k in combinations(range(count), 2):
        rest = values * np.delete(sizes, [j, k], axis=1).prod(axis=1)
        joint = members[j].T @ (rest[:, None] * members[k])
        pairs.append(weights[j] @ joint**2 @ weights[k] - single[j] - single[k])
    return single / total, np.maximum(pairs, 0) / total


def _boxes(tree, factors):
    """Value of each leaf, which pieces of each factor lie in it, and the weights of the pieces."""
    lower, upper = np.full((2, tree.node_count, tree.n_features), np.inf)
    lower *= -1
    for node in range(tree.node_count):  # children come after their parents
        if tree.children_left[node] < 0:
            continue
        left, right = tree.children_left[node], tree.children_right[node]
        column, threshold = tree.feature[node], tree.threshold[node]
        for child in (left, right):
            lower[child], upper[child] = lower[node], upper[node]
        upper[left, column] = lower[right, column] = threshold
    leaves = tree.children_left < 0
    members, weights, first = [], [], 0
    for factor in factors:
        columns = slice(first, first + factor.width)
        points, weight = factor.pieces(tree.threshold[~leaves & (tree.feature == first)])
        above = points[None] > lower[leaves, None, columns]
        members.append((above & (points[None] <= upper[leaves, None, columns])).all(2) * 1.0)
        weights.append(weight)
        first += factor.width
    return tree.value[leaves, 0, 0], members, weights


def _grow(columns, scores, groups, trees, seed):
    """Trees on groups drawn anew, and how well they predict groups that they have not seen."""
    try:
        from sklearn.tree import DecisionTreeRegressor
    except ImportError as error:
        raise ImportError(
            f"Importance needs scikit-learn. {error}. Install it: pip install "
            '"keras_rnnzoo[examples]"'
        ) from error
    random = np.random.default_rng(seed)
    names, groups = np.unique(groups, return_inverse=True)
    forest, total, seen = [], np.zeros(len(scores)), np.zeros(len(scores))
    for _ in range(trees):
        count = np.bincount(random.integers(len(names), size=len(names)), minlength=len(names))
        rows = np.repeat(np.arange(len(scores)), count[groups])
        tree = DecisionTreeRegressor(min_samples_leaf=2, random_state=int(random.integers(2**31)))
        forest.append(tree.fit(columns[rows], scores[rows]))
        outside = count[groups] == 0
        if outside.any():
            total[outside] += tree.predict(columns[outside])
            seen += outside
    tried = seen > 0
    variance = scores[tried].var() if tried.any() else 0.0
    if not variance:
        return forest, float("nan")
    errors = scores[tried] - total[tried] / seen[tried]
    return forest, float(1 - np.mean(errors**2) / variance)
