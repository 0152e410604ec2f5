"""The sections of a report about cells and factors; each writes into a document."""

import numpy as np

from tuning import analysis, pictures
from tuning.document import number
from tuning.entries import DIFFERENCE, TESTS, difference, differences_figure, interval, probability
from tuning.ranking import best_share_welch, expected_best, expected_best_band

MOST_PAIRS = 6


def ranking_section(document, results, ranking, reference, chosen):
    """Cells in order, with paired differences to the reference where trials are paired.

    Args:
        document: a `Document`.
        results: a `Results`.
        ranking: as of `compare_cells`, or `None` where trials are not paired.
        reference: the cell that others are compared with.
        chosen: whether it was named beforehand.

    Example:

    >>> ranking_section(document, results, ranking, "lstm", chosen=True)
    """
    document.heading("Ranking of cells, by validation scores")
    table, name = analysis.overview(results), results.objective
    if ranking is None:
        document.text(
            "Trials of different cells do not share draws, so that no paired comparison is "
            "possible: cells come in the order of their medians. Compare winners over fresh seeds."
        )
        document.table(*_overview_rows(table, table.index))
        return
    how = "which was chosen beforehand" if chosen else "the best cell by the same scores"
    document.text(
        f"Difference: {name} of a cell - {name} of `{reference}` ({how}), over the draws that both "
        f"have; {'below' if results.direction == 'min' else 'above'} 0 is better. p is of "
        f"{TESTS['wilcoxon']} (95 %, for each cell alone). Holm's correction is for the number of "
        "cells. Ahead: the share of draws in which the cell is better. Failed trials count as the "
        "worst score of all."
    )
    header, rows = _overview_rows(table, ranking.index)
    for row, (_, pair) in zip(rows, ranking.iterrows()):
        ahead = "-" if np.isnan(pair["ahead"]) else f"{pair['ahead']:.0%}"
        row += [str(int(pair["pairs"])), *difference(pair), ahead]
    document.table([*header, "pairs", *DIFFERENCE, "ahead"], rows)
    title, label = f"Cells against {reference}", f"difference in validation {name}"
    caption = "Paired differences with 95 % intervals"
    differences_figure(document, "cells", ranking, title, label, caption)
    _greff(document, results, reference, ranking.index)


def _overview_rows(table, order):
    rows = [
        [
            f"`{cell}`",
            str(table.loc[cell, "trials"]),
            str(table.loc[cell, "failed"]),
            number(table.loc[cell, "best"]),
            _trial(table.loc[cell, "best_trial"]),
            number(table.loc[cell, "median"]),
        ]
        for cell in order
    ]
    return ["cell", "trials", "failed", "best", "its trial", "median"], rows


def _trial(name):
    return f"`{name}`" if name and isinstance(name, str) else "-"


def _greff(document, results, reference, order):
    scores = analysis.score_table(results)
    table = best_share_welch(scores, results.direction, reference).loc[order]
    document.text(
        "For comparison with Greff et al. 2017 (arXiv:1503.04069): the best tenth of each cell's "
        "trials (three at least), by Welch's t-test. Scores chosen as the best are no random "
        "sample, and nothing is paired or corrected: a convention, not evidence."
    )
    rows = [
        [f"`{c}`", str(int(r["count"])), number(r["mean"]), number(r["sd"], 3), probability(r["p"])]
        for c, r in table.iterrows()
    ]
    document.table(["cell", "trials", "mean", "sd", "p (Welch)"], rows, "Best tenth of the trials")


def best_section(document, results, order):
    """Expected best of n trials.

    Args:
        document: a `Document`.
        results: a `Results`.
        order: cells, first the one that matters most.

    Example:

    >>> best_section(document, results, ["lstm", "gru"])
    """
    document.heading("Expected best of n trials")
    if not results.independent:
        document.text(
            "Left out: the search chose trials in the light of earlier ones, and the formula is "
            "for independent trials."
        )
        return
    lists = analysis.score_lists(results)
    curves = {
        cell: (
            expected_best(lists[cell], results.direction),
            *expected_best_band(lists[cell], results.direction),
        )
        for cell in order
    }
    figure = pictures.best_of_n(
        curves, f"validation {results.objective}", results.direction == "min"
    )
    document.figure(
        "best_of_n",
        figure,
        "What one finds with n trials; 95 % bootstrap bands of the first cells.",
    )
    most = max(len(values) for values in lists.values())
    counts = [n for n in (1, 2, 4, 8, 16, 32, 64, 128) if n <= most]
    rows = []
    for cell, (middle, low, high) in curves.items():
        entries = [
            f"{number(float(middle[n - 1]))} {interval({'low': low[n - 1], 'high': high[n - 1]})}"
            if n <= len(middle)
            else "-"
            for n in counts
        ]
        rows.append([f"`{cell}`", *entries])
    document.text(
        "Exact for n draws from the trials that were run (Dodge et al. 2019, arXiv:1909.03004), "
        "failed ones as the worst score. Near the number of trials run, the bands are too narrow."
    )
    document.table(["cell", *(f"n = {n}" for n in counts)], rows)


def importance_section(document, results):
    """Shares of the variance, of ranks and of scores.

    Args:
        document: a `Document`.
        results: a `Results`.

    Returns:
        The `Importance` of ranks, or `None`.

    Example:

    >>> importance_section(document, results)
    """
    document.heading("Which factor matters")
    found = analysis.factor_importance(results)
    if found is None:
        document.text("Left out: too few trials, or they differ in nothing.")
        return None
    raw, singles = analysis.factor_importance(results, ranks=False), found.summary()
    pairs = found.summary(pairs=True).iloc[:MOST_PAIRS]
    figure = pictures.importance_bars(singles, pairs)
    document.figure("importance", figure, "Means and quartiles over the trees of the forest.")
    document.text(_how_importance(results, found))
    shares = raw.summary()["share"] if raw else {}
    rows = [
        [
            f"`{n}`",
            f"{r['share']:.1%}",
            f"{r['low']:.1%} to {r['high']:.1%}",
            _percent(shares.get(n)),
        ]
        for n, r in singles.iterrows()
    ]
    rows += [
        [f"`{a}` x `{b}`", f"{r['share']:.1%}", f"{r['low']:.1%} to {r['high']:.1%}", "-"]
        for (a, b), r in pairs.iterrows()
    ]
    header = ["factor", "share of the variance of ranks", "quartiles over trees", "of scores"]
    document.table(header, rows)
    return found


def _how_importance(results, found):
    aside = ", ".join(f"`{name}`" for name in analysis.left_out(results))
    partly = ", ".join(f"`{factor.name}`" for factor in found.factors if factor.absent)
    draws = results.kind("trial")["draw"].nunique()
    parts = [
        "A forest of regression trees predicts the rank of a trial's score (failed ones last), "
        "and its variance over the space is taken apart exactly (Hutter et al. 2014). Ranks, "
        "because a few diverged trials would be most of the variance of the scores; those are in "
        "the last column, without failed trials. The forest explains "
        f"{_percent(found.held_out)} of the variance of ranks in trials that its trees have not "
        "seen; the less that is, the less the shares mean."
    ]
    if draws:
        parts.append(f"Beside the cell, there are {draws} different settings to learn from.")
    if aside:
        parts.append(f"Not a factor: {aside}, which follows from the others.")
    if partly:
        parts.append(
            f"Not in every trial: {partly}; whether one is there may say which cell it is, and "
            "its share is then in part the cell's."
        )
    return " ".join(parts)


def _percent(value):
    return "-" if value is None or np.isnan(value) else f"{value:.1%}"
