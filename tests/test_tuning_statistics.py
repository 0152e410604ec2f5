"""Comparisons of cells are paired, know which way is better, and count how many they are."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tuning.comparisons import (
    METHODS,
    bootstrap_interval,
    compare_pairs,
    holm,
    pseudo_median,
    sign_flip_p,
    signed_rank_p,
    student_interval,
    student_p,
    worst_for_failed,
)
from tuning.ranking import (
    best_cell,
    best_share_welch,
    compare_cells,
    expected_best,
    expected_best_band,
    smallest_p,
)


def draws_apart(rng, draws=12, effects=(0.0, 0.1, 0.2)):
    """Scores that differ far more between draws than between cells."""
    draw = rng.normal(scale=5, size=draws)
    table = {
        f"cell{k}": draw + effect + 0.02 * rng.normal(size=draws)
        for k, effect in enumerate(effects)
    }
    return pd.DataFrame(table)


def test_pairs_find_what_is_lost_when_they_are_torn_apart(rng):
    scores = draws_apart(rng)
    table = compare_cells(scores, "min", "cell0")
    assert (table.loc[["cell1", "cell2"], "p_holm"] < 0.01).all()
    np.testing.assert_allclose(table["difference"], [0, 0.1, 0.2], atol=0.02)
    assert (table["low"] <= table["difference"]).all()
    assert table.loc["cell1", "high"] - table.loc["cell1", "low"] < 0.05
    torn = scores.assign(cell1=np.roll(scores["cell1"], 1), cell2=np.roll(scores["cell2"], 5))
    assert (compare_cells(torn, "min", "cell0")["p"].dropna() > 0.05).all()


def test_a_pair_with_a_missing_score_is_left_out_and_no_other_is_moved(rng):
    scores = draws_apart(rng)
    scores.loc[3, "cell1"] = np.nan
    scores.loc[7, "cell0"] = np.nan
    table = compare_cells(scores, "min", "cell0")
    assert table["pairs"].to_dict() == {"cell0": 11, "cell1": 10, "cell2": 11}
    kept = scores.drop(index=[3, 7])
    expected = pseudo_median(kept["cell1"] - kept["cell0"])
    assert table.loc["cell1", "difference"] == pytest.approx(expected)
    assert table.loc["cell1", "p"] == pytest.approx(signed_rank_p(kept["cell1"] - kept["cell0"]))


@pytest.mark.parametrize("method", METHODS)
def test_higher_is_better_mirrors_lower_is_better(rng, method):
    scores = draws_apart(rng)
    low, high = (compare_cells(s, d, method=method) for s, d in ((scores, "min"), (-scores, "max")))
    assert list(low.index) == list(high.index) == ["cell0", "cell1", "cell2"]
    np.testing.assert_allclose(low["difference"], -high["difference"])
    np.testing.assert_allclose(low["p_holm"], high["p_holm"])
    np.testing.assert_allclose(low["ahead"], high["ahead"])
    assert low.loc["cell2", "ahead"] == 0 and low.loc["cell2", "difference"] > 0
    assert list(compare_cells(scores, "max").index) == ["cell2", "cell1", "cell0"]


def test_a_failed_trial_counts_as_the_worst_of_all(rng):
    scores = draws_apart(rng)
    worst = scores.to_numpy().max()
    failed = scores.copy()
    failed.loc[[0, 1, 2, 3, 4, 5, 6], "cell0"] = np.inf
    table = compare_cells(failed, "min")
    assert table.index[-1] == "cell0" and table.loc["cell0", "pairs"] == 12
    filled = worst_for_failed(failed, "min")
    assert (filled.loc[:6, "cell0"] == max(worst, filled.loc[7:].to_numpy().max())).all()
    assert worst_for_failed(np.array([-np.inf, 0.2, 0.9]), "max").tolist() == [0.2, 0.2, 0.9]
    with pytest.raises(ValueError, match="finite score"):
        worst_for_failed(np.array([np.inf, np.nan]), "min")


def test_holm_as_statsmodels_has_it(rng):
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    for size in (1, 2, 7, 30):
        p = rng.random(size) ** 3
        np.testing.assert_allclose(holm(p), multitest.multipletests(p, method="holm")[1])
    np.testing.assert_allclose(holm([0.02, np.nan, 0.03]), [0.04, np.nan, 0.04])


def test_cells_that_are_alike_are_seldom_called_different(rng):
    """One family in twenty, however many cells; without the correction it is one in three."""
    found = 0
    for _ in range(60):
        scores = pd.DataFrame(rng.normal(size=(12, 10)))
        table = compare_cells(scores.add_prefix("c"), "min", "c0", resamples=2)
        found += (table["p_holm"] < 0.05).any()
    assert found <= 8


def test_exact_tests_count_all_signs():
    differences = np.array([0.3, -0.1, 0.4, 0.25, 0.9])
    signs = np.array(list(itertools.product([-1, 1], repeat=5)))
    means = (signs * differences).mean(axis=1)
    expected = (np.abs(means) >= abs(differences.mean()) - 1e-12).mean()
    assert sign_flip_p(differences) == pytest.approx(expected)
    ranks = stats.rankdata(np.abs(differences))
    sums = (signs * ranks).sum(axis=1)
    expected = (np.abs(sums) >= abs((np.sign(differences) * ranks).sum())).mean()
    assert signed_rank_p(differences) == pytest.approx(expected)


def test_tests_of_nothing_and_of_no_difference():
    for test in (signed_rank_p, sign_flip_p, student_p):
        assert np.isnan(test([]))
        assert test([0.0, 0.0, 0.0]) == 1
    assert signed_rank_p([0.2]) == sign_flip_p([0.2]) == 1
    assert np.isnan(student_p([0.2])) and np.isnan(bootstrap_interval([0.2], np.mean)[0])


def test_scores_that_round_to_the_same_differences_are_tied():
    one, two = np.array([0.8, 0.9, 0.3, 0.7]), np.array([0.7, 0.8, 0.2, 0.6])
    assert len(set(one - two)) > 1
    assert compare_pairs(one, two)["p"] == pytest.approx(0.125)


def test_intervals_as_scipy_has_them(rng):
    sample = rng.normal(size=15)
    low, high = student_interval(sample)
    np.testing.assert_allclose((low, high), stats.ttest_1samp(sample, 0).confidence_interval())
    drawn = bootstrap_interval(sample, np.mean, resamples=9999)
    expected = stats.bootstrap((sample,), np.mean, method="percentile", rng=rng).confidence_interval
    np.testing.assert_allclose(drawn, expected, atol=0.03)
    wide = bootstrap_interval(sample, np.mean, confidence=0.99)
    assert wide[0] < drawn[0] and wide[1] > drawn[1]


def test_the_best_cell_is_one_that_none_is_ahead_of():
    scores = pd.DataFrame({"steady": [0.0] * 5, "better": [-1, -1, -1, 9, 9]})
    assert best_cell(scores, "min", np.mean) == "steady"
    assert best_cell(scores, "min", np.median) == "better"
    assert best_cell(scores, "max", np.mean) == "better"
    circle = pd.DataFrame({"a": [1, 2, 3], "b": [2, 3, 1], "c": [3, 1, 2]})
    assert best_cell(circle, "min", np.median) in "abc"


def test_the_reference_comes_first_among_equals_and_the_unknown_is_refused():
    scores = pd.DataFrame({"gru": [1.0, 2.0], "lstm": [1.0, 2.0]})
    table = compare_cells(scores, "min", "lstm")
    assert list(table.index) == ["lstm", "gru"]
    assert table.loc["gru", ["difference", "p_holm", "ahead"]].tolist() == [0, 1, 0.5]
    with pytest.raises(ValueError, match="Did you mean 'lstm'.*reference='lstn'"):
        compare_cells(scores, "min", "lstn")
    with pytest.raises(ValueError, match="direction='up'"):
        compare_cells(scores, "up")
    with pytest.raises(ValueError, match="method='wilcoxen'"):
        compare_cells(scores, "min", method="wilcoxen")


@pytest.mark.parametrize(("direction", "best"), [("min", min), ("max", max)])
def test_the_expected_best_is_that_of_all_possible_samples(direction, best):
    scores = [0.4, 0.1, 0.9, 0.4]
    for n in (1, 2, 3):
        samples = itertools.product(scores, repeat=n)
        expected = np.mean([best(sample) for sample in samples])
        assert expected_best(scores, direction, [n])[0] == pytest.approx(expected)
    many = expected_best(scores, direction, [500])[0]
    assert many == pytest.approx(best(scores))


def test_bands_hold_the_curve_and_refuse_what_is_not_finite(rng):
    scores = rng.normal(size=20)
    middle = expected_best(scores, "min")
    low, high = expected_best_band(scores, "min")
    assert len(middle) == 20 and (np.diff(middle) <= 0).all()
    assert (low <= middle).all() and (middle <= high).all() and low.min() >= scores.min() - 1e-12
    for bad in ([], [np.inf, 1.0]):
        with pytest.raises(ValueError, match="finite scores"):
            expected_best(bad, "min")
    with pytest.raises(ValueError, match="from 1"):
        expected_best(scores, "min", [0])


def test_welch_is_about_the_best_tenth(rng):
    scores = pd.DataFrame({"a": rng.normal(size=50), "b": rng.normal(size=50) + 1})
    table = best_share_welch(scores, "max", "a")
    best = {cell: np.sort(scores[cell])[-5:] for cell in scores}
    assert table["count"].tolist() == [5, 5]
    assert table.loc["b", "mean"] == pytest.approx(best["b"].mean())
    expected = stats.ttest_ind(best["b"], best["a"], equal_var=False).pvalue
    assert table.loc["b", "p"] == pytest.approx(expected) and np.isnan(table.loc["a", "p"])
    assert best_share_welch(scores.iloc[:12], "max", "a")["count"].tolist() == [3, 3]


def test_no_p_is_smaller_than_the_smallest():
    scores = pd.DataFrame({f"c{k}": np.arange(6.0) + k for k in range(4)})
    table = compare_cells(scores, "min", "c0")
    assert table["p_holm"].min() == pytest.approx(smallest_p(6, 3)) == pytest.approx(3 / 32)
    assert smallest_p(6, 3, "student") == 0
