"""The variance of trees is taken apart exactly, and functions with known shares get them."""

import itertools

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.tree import DecisionTreeRegressor

from tuning.factors import Factor, find_factors
from tuning.importance import decompose, encode, importance


def drawn(rng, count, names="abc"):
    return [dict(zip(names, row)) for row in rng.random((count, len(names))).tolist()]


def brute_force(tree, factors, size=60):
    """Shares from the tree's answers on a fine grid, in which all pieces have their weights."""
    points, weights = zip(*(grid(factor, size) for factor in factors))
    shape = [len(weight) for weight in weights]
    rows = [np.concatenate(row) for row in itertools.product(*points)]
    answers = tree.predict(np.array(rows)).reshape(shape)
    joint = np.ones(())
    for weight in weights:
        joint = joint[..., None] * weight

    def mean_over(axes):
        weight = joint.sum(axis=tuple(k for k in range(len(shape)) if k not in axes), keepdims=True)
        inside = tuple(axes)
        return (
            (answers * weight / weight.sum()).sum(axis=inside, keepdims=True) if inside else answers
        )

    mean = (answers * joint).sum()
    total = ((answers - mean) ** 2 * joint).sum()
    everything, single, pairs = set(range(len(shape))), [], []
    for k in range(len(shape)):
        marginal = mean_over(everything - {k}).ravel()
        single.append((weights[k] * (marginal - mean) ** 2).sum() / total)
    for j, k in itertools.combinations(range(len(shape)), 2):
        marginal = mean_over(everything - {j, k}).reshape(shape[j], shape[k])
        share = weights[j] @ (marginal - mean) ** 2 @ weights[k] / total
        pairs.append(share - single[j] - single[k])
    return np.array(single), np.array(pairs)


def grid(factor, size):
    edges = []
    if factor.kind in ("numeric", "log"):
        low, high = factor.encode(list(factor.values))[:, 0]
        edges = np.linspace(low, high, size + 1)
    return factor.pieces(edges)


def test_shares_are_those_of_a_grid_for_every_kind_of_factor(rng):
    rows = [
        {
            "cell": rng.choice(["gru", "lstm", "mgu"]).item(),
            "depth": int(rng.integers(1, 4)),
            "rate": float(10 ** rng.uniform(-4, -1)),
            "clip": [None, 1.0, 5.0][rng.integers(3)],
        }
        for _ in range(200)
    ]
    factors = find_factors(rows, {"rate": "log-uniform"})
    assert [f.kind for f in factors] == ["categorical", "steps", "log", "steps"]
    columns = encode(factors, rows)
    # A tree whose thresholds lie on the grid, so that the grid is exact.
    low, high = factors[2].encode(list(factors[2].values))[:, 0]
    place = np.floor((columns[:, 4] - low) / (high - low) * 29.999)
    middle = columns.copy()
    middle[:, 4] = low + (place + 0.5) * (high - low) / 30
    scores = np.array([len(r["cell"]) * (r["clip"] or 0) - r["depth"] for r in rows])
    scores += 2 * (columns[:, 4] + 2) ** 2 * (columns[:, 3] == 2)
    tree = DecisionTreeRegressor(max_leaf_nodes=40, random_state=0).fit(middle, scores)
    single, pairs = decompose(tree, factors)
    expected = brute_force(tree, factors, 60)
    np.testing.assert_allclose(single, expected[0], atol=1e-6)
    np.testing.assert_allclose(pairs, expected[1], atol=1e-6)
    assert single.sum() + pairs.sum() <= 1 + 1e-9 and single.min() > 0.005


def test_shares_of_a_function_whose_shares_are_known(rng):
    """a + 6 (a - 1/2)(b - 1/2): a alone has 1/12, and the pair 1/4, of a variance of 1/3."""
    rows = drawn(rng, 1500)
    scores = [r["a"] + 6 * (r["a"] - 0.5) * (r["b"] - 0.5) for r in rows]
    found = importance(rows, scores, trees=8)
    np.testing.assert_allclose(found.shares.mean(), [0.25, 0, 0], atol=0.02)
    np.testing.assert_allclose(found.pairs.mean(), [0.75, 0, 0], atol=0.02)
    assert found.held_out > 0.95
    assert found.summary(pairs=True).index[0] == ("a", "b")


def test_an_additive_function_has_no_pairs_in_a_forest_of_sklearn(rng):
    """3 a + 4 b: shares of 9/25 and 16/25."""
    rows = drawn(rng, 1500, "ab")
    factors = find_factors(rows, {"a": "uniform", "b": "uniform"})
    forest = RandomForestRegressor(10, min_samples_leaf=2, random_state=0)
    forest.fit(encode(factors, rows), [3 * r["a"] + 4 * r["b"] for r in rows])
    parts = [decompose(tree, factors) for tree in forest.estimators_]
    np.testing.assert_allclose(np.mean([one for one, _ in parts], axis=0), [0.36, 0.64], atol=0.02)
    assert np.mean([pair for _, pair in parts]) < 0.01


def test_logarithms_weigh_decades_alike(rng):
    """Half of three decades is above 10^-2.5; on the scale of numbers, nearly all is."""
    rows = [{"rate": float(rate)} for rate in 10 ** rng.uniform(-4, -1, size=400)]
    rows += [{"rate": 1e-4}, {"rate": 1e-1}]
    noise = [{"other": float(value)} for value in rng.random(len(rows))]
    rows = [one | two for one, two in zip(rows, noise)]
    tree = DecisionTreeRegressor(max_depth=1)
    for description, share in (("log-uniform", 0.5), ("uniform", 1 - 10**-2.5 / 0.1)):
        (factor,) = find_factors(rows, {"rate": description}, ["other"])
        scores = [float(row["rate"] > 10**-2.5) for row in rows]
        tree.fit(encode([factor], rows), scores)
        points, weights = factor.pieces(tree.tree_.threshold[:1])
        assert weights[tree.predict(points) == 1].sum() == pytest.approx(share, abs=0.02)


def test_whether_a_choice_is_there_matters_too(rng):
    rows = [
        {"clip": None if k % 4 else float(v), "b": float(v)} for k, v in enumerate(rng.random(80))
    ]
    (factor,) = find_factors(rows, leave_out=["b"])
    assert factor.absent == 0.75 and factor.kind == "numeric"
    found = importance(rows, [row["clip"] is None for row in rows], leave_out=["b"], trees=4)
    np.testing.assert_allclose(found.shares, 1)
    points, weights = factor.pieces([0.3])
    assert weights[-1] == 0.75 and weights.sum() == pytest.approx(1)
    assert points[-1] < factor.values[0]


def test_factors_are_what_differs():
    rows = [
        {"cell": "gru", "depth": 1, "same": 3, "bias": 0, "units": 7, "rate": 0.1, "merge": [1]},
        {"cell": "lstm", "depth": 2, "same": 3, "bias": "chrono", "units": 9, "rate": 0.2},
    ]
    found = {f.name: f for f in find_factors(rows, leave_out=["units"])}
    assert list(found) == ["cell", "depth", "bias", "rate", "merge"]
    assert found["bias"] == Factor("bias", "categorical", (0, "chrono"))
    assert found["merge"].absent == 0.5
    assert encode([found["merge"]], rows).tolist() == [[1, 0], [0, 1]]


def test_numbers_that_nobody_described(rng):
    spread = [{"x": float(x)} for x in 10 ** rng.uniform(-4, -1, size=50)]
    even = [{"x": float(x)} for x in rng.random(50)]
    assert find_factors(spread)[0].kind == "log" and find_factors(even)[0].kind == "numeric"
    assert find_factors(spread, {"x": "uniform"})[0].kind == "numeric"


def test_noise_is_not_explained_in_draws_that_were_not_seen(rng):
    """Trials of a draw share all settings; only whole draws held out show that there is nothing."""
    settings = drawn(rng, 12)
    luck = rng.normal(size=12)
    rows = [settings[draw] | {"cell": f"c{k}"} for draw in range(12) for k in range(6)]
    draws = np.repeat(np.arange(12), 6)
    scores = luck[draws] + 0.01 * rng.normal(size=72)
    assert importance(rows, scores, groups=draws, trees=16).held_out < 0.3
    assert importance(rows, scores, trees=16).held_out > 0.9


def test_too_little_is_refused():
    rows = [{"cell": "gru", "depth": k} for k in range(10)]
    with pytest.raises(ValueError, match="at least 8 trials.*4 trials"):
        importance(rows[:4], range(4))
    with pytest.raises(ValueError, match="differ in something"):
        importance([{"cell": "gru"}] * 10, range(10))
    with pytest.raises(ValueError, match="finite score"):
        importance(rows, [np.nan] * 10)
    found = importance(rows, [1.0] * 10, trees=3)
    assert (found.shares == 0).all(axis=None) and np.isnan(found.held_out)
