"""Winners over fresh seeds: their test scores, against defaults and against each other."""

import pandas as pd

from tuning.analysis import SURE, with_failed
from tuning.comparisons import compare_pairs, holm, worst_for_failed
from tuning.ranking import compare_cells, smallest_p


def winner_scores(rows, objective, direction):
    """Test scores by seed and cell; a failed run is infinite.

    Args:
        rows: of kind "winner" or "default".
        objective: the key of the score.
        direction: "min" or "max".

    Returns:
        A table. Where a cell has winners from several trials, the trial stands behind its name.

    Example:

    >>> winner_scores(results.kind("winner"), "nll", "min").mean()
    """
    if rows.empty:
        return pd.DataFrame()
    scores = rows["test"].map(lambda t: t.get(objective) if isinstance(t, dict) else None)
    rows = rows.assign(score=pd.to_numeric(scores))
    rows["score"] = with_failed(rows, direction, "score")
    return rows.assign(label=winner_labels(rows)).pivot_table(
        index="seed", columns="label", values="score", aggfunc="first", sort=False
    )


def winner_labels(rows):
    """The name of each winner: its cell, and its trial where the cell has several.

    Args:
        rows: of kind "winner" or "default".

    Example:

    >>> winner_labels(results.kind("winner")).unique()
    """
    several = rows.groupby("cell")["trial"].transform("nunique") > 1
    return rows["cell"].where(~several, rows["cell"] + " " + rows["trial"])


def seeds_method(seeds, tests):
    """Which test suits so few seeds: signs are flipped where that can be significant at all.

    Args:
        seeds: how many there are.
        tests: how many comparisons are made.

    Example:

    >>> seeds_method(3, 8), seeds_method(10, 8)
    ('student', 'sign_flip')
    """
    return "sign_flip" if smallest_p(seeds, tests, "sign_flip") < SURE else "student"


def against_defaults(winners, defaults, cells, direction):
    """Each winner against the default configuration of its cell, paired over seeds.

    Args:
        winners, defaults: as of `winner_scores`.
        cells: the cell of each winner, by its label.
        direction: "min" or "max".

    Returns:
        A table with a row for each winner that has a default, and columns `winner`,
        `winner_sd`, `default`, `default_sd` and those of `compare_pairs`; `p_holm` is
        corrected for the number of winners. Failed runs count as the worst of both tables. The
        name of the test is in `attrs["method"]`.

    Example:

    >>> against_defaults(winners, defaults, {"lstm": "lstm"}, "min")["p_holm"]
    """
    labels = [label for label in winners if cells[label] in defaults]
    if not labels:
        return pd.DataFrame()
    both = pd.concat([winners[labels], defaults], axis=1, keys=["winner", "default"])
    both = worst_for_failed(both, direction)
    rows = {}
    method = seeds_method(len(winners), len(labels))
    for label in labels:
        one, two = both["winner", label], both["default", cells[label]]
        rows[label] = {"winner": one.mean(), "winner_sd": one.std()}
        rows[label] |= {"default": two.mean(), "default_sd": two.std()}
        rows[label] |= compare_pairs(one, two, method)
    table = pd.DataFrame.from_dict(rows, orient="index")
    table["p_holm"] = holm(table["p"])
    table.attrs["method"] = method
    return table


def among_winners(winners, reference, direction):
    """Winners against the winner of the reference, paired over seeds.

    Args:
        winners: as of `winner_scores`.
        reference: the label that the others are compared with, chosen by validation scores.
        direction: "min" or "max".

    Returns:
        As `compare_cells`, with the name of the test in `attrs["method"]`.

    Example:

    >>> among_winners(winners, "lstm", "min")["difference"]
    """
    method = seeds_method(len(winners), winners.shape[1] - 1)
    table = compare_cells(winners, direction, reference, method)
    table.attrs["method"] = method
    return table
