"""Cells in their order, with what is known about the differences; the best of n trials."""

import math

import numpy as np
import pandas as pd
from scipy import stats

from keras_rnnzoo.base.options import nearest
from tuning.comparisons import RESAMPLES, compare_pairs, holm, parts_of, sign, worst_for_failed


def compare_cells(scores, direction, reference=None, method="wilcoxon", **interval):
    """Every cell against one of them, paired over the rows, in the order of the differences.

    Args:
        scores: a table with a row for each draw or seed and a column for each cell, as the
            module `tuning.comparisons` describes. Failed trials count as the worst score.
        direction: "min" or "max", which is better.
        reference: the cell to compare with, chosen before the scores were seen. Default: the
            best one, the cell that no other is ahead of. Choosing it by the same scores makes
            the others look a little worse than they are.
        method: of `compare_pairs`.
        **interval: options of the interval, such as `confidence`.

    Returns:
        A table, best cell first, with the index `cell` and columns `pairs`, `difference` (score
        of the cell - score of the reference), `low`, `high`, `p`, `p_holm` (corrected for the
        number of cells) and `ahead` (the share of pairs in which the cell is better, ties
        counted half). For the reference itself the differences are 0, and p is NaN.

    Raises:
        ValueError: an unknown cell, direction or method; no score at all.

    Example:

    >>> scores = pd.DataFrame({"lstm": [0.3, 0.5, 0.4], "gru": [0.2, 0.4, 0.3]})
    >>> list(compare_cells(scores, "min").index)
    ['gru', 'lstm']
    """
    filled = worst_for_failed(scores, direction)
    if reference is None:
        reference = best_cell(filled, direction, parts_of(method)[0])
    check_reference(reference, filled.columns)
    rows, against = {}, filled[reference]
    for cell in filled.columns:
        rows[cell] = compare_pairs(filled[cell], against, method, **interval)
        rows[cell]["ahead"] = _ahead(filled[cell], against, direction)
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("cell")
    table.loc[reference, ["difference", "low", "high"]] = 0.0
    table.loc[reference, ["p", "ahead"]] = np.nan
    table["p_holm"] = holm(table["p"])
    loss = sign(direction) * table["difference"]
    order = pd.DataFrame({"loss": loss, "other": table.index != reference})
    return table.loc[order.sort_values(["loss", "other"], kind="stable").index]


def check_reference(reference, cells):
    """An error for a cell that is none of them.

    Args:
        reference: the name of a cell.
        cells: all names.

    Raises:
        ValueError: it is not among them; the nearest is named.

    Example:

    >>> check_reference("lstm", ["gru", "lstm"])
    """
    if reference not in cells:
        raise ValueError(
            f"Expected a cell of the sweep as the reference: {', '.join(cells)}."
            f"{nearest(reference, cells)} Received: reference={reference!r}"
        )


def best_cell(scores, direction, estimate):
    """The cell that no other is ahead of, by the estimate of the paired differences.

    Starts from the best median, and goes over to whichever cell is furthest ahead. Should the
    cells go round in a circle, the first that comes up again is taken.

    Args:
        scores: a table without infinite scores.
        direction: "min" or "max".
        estimate: of differences, such as the mean.

    Example:

    >>> best_cell(pd.DataFrame({"lstm": [0.3, 0.5], "gru": [0.2, 0.4]}), "min", np.mean)
    'gru'
    """
    losses = sign(direction) * scores
    best, seen = losses.median().idxmin(), set()
    while best not in seen:
        seen.add(best)
        differences = {cell: (losses[cell] - losses[best]).dropna() for cell in losses}
        ahead = {cell: estimate(values) for cell, values in differences.items() if len(values)}
        first = min(ahead, key=ahead.get)
        if ahead[first] >= 0:
            break
        best = first
    return best


def _ahead(one, two, direction):
    gain = (sign(direction) * (two - one)).dropna()
    return float(((gain > 0) + 0.5 * (gain == 0)).mean()) if len(gain) else np.nan


def smallest_p(pairs, tests, method="wilcoxon"):
    """The smallest corrected probability that so few pairs allow at all.

    Args:
        pairs: how many pairs of draws or seeds there are.
        tests: how many cells are compared with the reference.
        method: of `compare_pairs`; the t-test has no such bound.

    Example:

    >>> smallest_p(5, 3)
    0.1875
    """
    if method == "student" or pairs < 1 or tests < 1:
        return 0.0
    return min(1.0, 2.0 ** (1 - pairs) * tests)


def expected_best(scores, direction, counts=None):
    """The best score to expect from n trials, for each n (Dodge et al. 2019, arXiv:1909.03004).

    Exact for n draws with replacement from the scores: with N scores of which the k-th best is
    reached or surpassed with probability k / N, the expected best is the sum of the k-th best
    times ((N - k + 1) / N)^n - ((N - k) / N)^n. It is a little too pessimistic for n near N.

    Args:
        scores: of independent trials, in the last axis; failed ones already as the worst.
        direction: "min" or "max".
        counts: the n; default 1 to the number of scores.

    Returns:
        An array with one more axis, the last, for the n.

    Raises:
        ValueError: no score, one that is not finite, an n below 1.

    Example:

    >>> expected_best([0.4, 0.2], "min", [1, 2])
    array([0.3 , 0.25])
    """
    scores = np.asarray(scores, "float64")
    size = scores.shape[-1] if scores.ndim else 0
    counts = np.arange(1, size + 1) if counts is None else np.asarray(counts)
    if not size or not np.isfinite(scores).all() or (len(counts) and counts.min() < 1):
        raise ValueError(
            "Expected finite scores, and numbers of trials from 1. Received: scores of shape "
            f"{scores.shape}, counts={counts!r:.80}"
        )
    best_first = sign(direction) * np.sort(sign(direction) * scores, axis=-1)
    worse = (size - np.arange(size + 1)) / size  # share of scores after the first k
    reached = worse[:, None] ** counts
    return best_first @ (reached[:-1] - reached[1:])


def expected_best_band(scores, direction, counts=None, confidence=0.95, resamples=RESAMPLES):
    """Percentile bootstrap band around `expected_best`, from trials drawn anew.

    Args:
        scores: of independent trials, in one row.
        direction, counts: as in `expected_best`.
        confidence, resamples: of the band.

    Returns:
        Arrays of the lower and the upper end for each n. At n near the number of trials the
        band hardly goes beyond the best score seen, and is too narrow.

    Example:

    >>> low, high = expected_best_band([0.4, 0.2, 0.3], "min")
    """
    scores = np.asarray(scores, "float64")
    counts = np.arange(1, len(scores) + 1) if counts is None else counts
    random = np.random.default_rng(0)
    drawn = scores[random.integers(len(scores), size=(resamples, len(scores)))]
    tail = (1 - confidence) / 2
    return tuple(np.quantile(expected_best(drawn, direction, counts), [tail, 1 - tail], axis=0))


def best_share_welch(scores, direction, reference, share=0.1, least=3):
    """The best tenth of each cell's trials against that of a reference, by Welch's t-test.

    As Greff et al. 2017 (arXiv:1503.04069) compared cells, for comparability alone: chosen as
    the best, the scores are no random sample, and p is neither paired nor corrected.

    Args:
        scores: a table with a column for each cell. Failed trials count as the worst score.
        direction: "min" or "max".
        reference: the cell to compare with.
        share: of the trials.
        least: how many to take where the share is fewer.

    Returns:
        A table with the index `cell` and columns `count`, `mean`, `sd` and `p`.

    Raises:
        ValueError: an unknown reference.

    Example:

    >>> scores = pd.DataFrame({"lstm": [0.3, 0.5, 0.4], "gru": [0.2, 0.4, 0.3]})
    >>> best_share_welch(scores, "min", "lstm").loc["gru", "mean"].round(2)
    np.float64(0.3)
    """
    check_reference(reference, scores.columns)
    filled, best = sign(direction) * worst_for_failed(scores, direction), {}
    for cell in filled:
        losses = np.sort(filled[cell].dropna())
        best[cell] = losses[: max(least, math.ceil(share * len(losses)))]
    rows = {}
    for cell, losses in best.items():
        spread = losses.std(ddof=1) if len(losses) > 1 else np.nan
        mean = sign(direction) * losses.mean() if len(losses) else np.nan
        p = _welch(losses, best[reference]) if cell != reference else np.nan
        rows[cell] = {"count": len(losses), "mean": mean, "sd": spread, "p": p}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("cell")


def _welch(one, two):
    if min(len(one), len(two)) < 2:
        return np.nan
    if np.ptp(one) == np.ptp(two) == 0:
        return float(one[0] == two[0])
    parts = [(s.mean(), s.std(ddof=1), len(s)) for s in (one, two)]
    return float(stats.ttest_ind_from_stats(*parts[0], *parts[1], equal_var=False).pvalue)
