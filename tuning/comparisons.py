"""Which cell is better, and how sure one can be: paired comparisons and the best of n trials.

Scores stand in tables of pandas: a row for each common draw (or seed), a column for each cell. A
score that is missing was not tried, and its pair is left out. A trial that failed is infinitely
bad: `inf` where lower is better, `-inf` where higher is; `worst_for_failed` gives it the worst
score that any trial of the table has reached, since a cell that fails must not win by it.
"""

import numpy as np
import pandas as pd
from scipy import stats

from keras_rnnzoo.base.options import nearest

DIGITS = 10  # of differences, relative to the largest score, so that equal ones are tied
RESAMPLES = 2000


def sign(direction):
    """What turns a score into a loss: 1 where lower is better, -1 where higher is.

    Args:
        direction: "min" or "max".

    Raises:
        ValueError: anything else.

    Example:

    >>> sign("max")
    -1
    """
    if direction not in ("min", "max"):
        raise ValueError(
            f'Expected "min" or "max" as the direction. Received: direction={direction!r}'
        )
    return 1 if direction == "min" else -1


def worst_for_failed(scores, direction):
    """Give failed trials the worst score of all that have one.

    Args:
        scores: a table or array; a failed trial is infinite, one that is missing is NaN.
        direction: "min" or "max", which is better.

    Raises:
        ValueError: no finite score at all.

    Example:

    >>> worst_for_failed(np.array([0.2, np.inf, 0.5]), "min")
    array([0.2, 0.5, 0.5])
    """
    values = np.asarray(scores, "float64")
    finite = values[np.isfinite(values)]
    if not len(finite):
        raise ValueError("Expected at least one finite score. Received: none")
    worst = finite.max() if sign(direction) == 1 else finite.min()
    filled = np.where(np.isinf(values), worst, values)
    if isinstance(scores, pd.DataFrame):
        return pd.DataFrame(filled, scores.index, scores.columns)
    return filled


def pseudo_median(differences, axis=-1):
    """The median of all means of two (Hodges and Lehmann 1963), which Wilcoxon's test is about.

    Args:
        differences: an array.
        axis: of the sample.

    Example:

    >>> float(pseudo_median([1.0, 2.0, 9.0]))
    3.5
    """
    values = np.moveaxis(np.asarray(differences, "float64"), axis, -1)
    one, two = np.triu_indices(values.shape[-1])
    return np.median((values[..., one] + values[..., two]) / 2, axis=-1)


def holm(p):
    """Probabilities corrected for the number of tests (Holm 1979): the family's error is kept.

    Args:
        p: of each test; those that are NaN stay so and do not count.

    Example:

    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    """
    p = np.asarray(p, "float64")
    corrected, real = p.copy(), np.flatnonzero(~np.isnan(p))
    order = real[np.argsort(p[real], kind="stable")]
    factors = len(order) - np.arange(len(order))
    corrected[order] = np.minimum(np.maximum.accumulate(p[order] * factors), 1)
    return corrected


def signed_rank_p(differences):
    """Wilcoxon's signed-rank test, two-sided; exact for few pairs.

    Args:
        differences: of pairs. Without one that differs from 0 the result is 1, without any NaN.

    Example:

    >>> float(signed_rank_p([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]))
    0.03125
    """
    differences = np.asarray(differences, "float64")
    if not len(differences):
        return np.nan
    return stats.wilcoxon(differences).pvalue if differences.any() else 1.0


def sign_flip_p(differences, resamples=9999, seed=0):
    """The permutation test that flips the signs of differences, two-sided, on their mean.

    Args:
        differences: of pairs.
        resamples: draws of signs, where there are more combinations than that; else all of them.
        seed: of these draws.

    Example:

    >>> float(sign_flip_p([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]))
    0.03125
    """
    differences = np.asarray(differences, "float64")
    if len(differences) < 2:
        return np.nan if not len(differences) else 1.0
    return stats.permutation_test(
        (differences,),
        lambda values, axis: np.mean(values, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=resamples,
        rng=np.random.default_rng(seed),
    ).pvalue


def student_p(differences):
    """The paired t-test, two-sided, which takes the differences to be normal.

    Args:
        differences: of pairs; fewer than two give NaN.

    Example:

    >>> round(float(student_p([0.1, 0.2, 0.3])), 4)
    0.0742
    """
    differences = np.asarray(differences, "float64")
    if len(differences) < 2:
        return np.nan
    if np.ptp(differences) == 0:
        return float(not differences[0])
    t = differences.mean() / stats.sem(differences)
    return 2 * stats.t.sf(abs(t), len(differences) - 1)


def bootstrap_interval(differences, estimate, confidence=0.95, resamples=RESAMPLES, seed=0):
    """Percentile interval from samples of pairs drawn anew.

    Args:
        differences: of pairs; fewer than two give NaN.
        estimate: a function of an array and `axis`.
        confidence, resamples, seed: of the interval.

    Example:

    >>> low, high = bootstrap_interval([0.1, 0.2, 0.3, 0.4], np.mean)
    """
    differences = np.asarray(differences, "float64")
    if len(differences) < 2:
        return np.nan, np.nan
    random = np.random.default_rng(seed)
    drawn = differences[random.integers(len(differences), size=(resamples, len(differences)))]
    tail = (1 - confidence) / 2
    return tuple(np.quantile(estimate(drawn, axis=-1), [tail, 1 - tail]))


def student_interval(differences, estimate=np.mean, confidence=0.95):
    """Student's interval of the mean, for as few as two pairs.

    Args:
        differences: of pairs; fewer than two give NaN.
        estimate: the mean, as no other has this interval.
        confidence: of the interval.

    Example:

    >>> low, high = student_interval([0.1, 0.2, 0.3])
    """
    differences = np.asarray(differences, "float64")
    if len(differences) < 2:
        return np.nan, np.nan
    half = stats.sem(differences) * stats.t.ppf((1 + confidence) / 2, len(differences) - 1)
    return estimate(differences) - half, estimate(differences) + half


# How a difference is estimated, its interval, and its test.
METHODS = {
    "wilcoxon": (pseudo_median, bootstrap_interval, signed_rank_p),
    "sign_flip": (np.mean, bootstrap_interval, sign_flip_p),
    "student": (np.mean, student_interval, student_p),
}


def parts_of(method):
    """How a method estimates a difference, its interval, and its test.

    Args:
        method: a name in `METHODS`.

    Raises:
        ValueError: an unknown name.

    Example:

    >>> parts_of("wilcoxon")[0].__name__
    'pseudo_median'
    """
    if method not in METHODS:
        raise ValueError(
            f"Expected a method of {', '.join(METHODS)}.{nearest(method, METHODS)} Received: "
            f"method={method!r}"
        )
    return METHODS[method]


def compare_pairs(one, two, method="wilcoxon", **interval):
    """How `one` differs from `two`, pair by pair.

    Args:
        one, two: scores; a pair with a NaN is left out. None may be infinite.
        method: "wilcoxon" (pseudo-median, bootstrap, signed ranks), "sign_flip" (mean,
            bootstrap, permutation of signs) or "student" (mean, t interval, t-test).
        **interval: options of the interval, such as `confidence`.

    Returns:
        A dictionary with `pairs`, `difference`, `low`, `high` and `p`.

    Raises:
        ValueError: an unknown method.

    Example:

    >>> compare_pairs([0.3, 0.4], [0.1, 0.1], "student")["difference"]
    0.25
    """
    estimate, bounds, test = parts_of(method)
    one, two = np.asarray(one, "float64"), np.asarray(two, "float64")
    both = ~(np.isnan(one) | np.isnan(two))
    differences = (one - two)[both]
    if differences.any():
        scale = max(np.abs(one[both]).max(), np.abs(two[both]).max())
        differences = np.round(differences / scale, DIGITS) * scale
    low, high = bounds(differences, estimate, **interval)
    middle = float(estimate(differences)) if len(differences) else np.nan
    return {
        "pairs": len(differences),
        "difference": middle,
        "low": float(low),
        "high": float(high),
        "p": float(test(differences)),
    }
