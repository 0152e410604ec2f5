"""The tables behind a report, each from the lines of a sweep alone."""

import math

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from tuning.importance import LEAST, importance
from tuning.ranking import compare_cells, smallest_p
from tuning.statistics import compare_pairs, holm, sign, worst_for_failed

SURE = 0.05  # a corrected probability below it
QUARTER, FEW = 0.25, 3  # trials of a cell that count as its best ones, for learning rates


def with_failed(rows, direction, column="validation"):
    """A column of scores in which failed lines are infinitely bad.

    Args:
        rows: of `Results.lines`.
        direction: "min" or "max".
        column: of the scores.
    """
    return rows[column].where(~rows["failed"], sign(direction) * np.inf)


def score_table(results):
    """Validation scores by draw and cell; a failed trial is infinite, one not tried is missing.

    Args:
        results: a `Results` whose trials are paired.

    Raises:
        ValueError: two trials of a cell with the same draw.
    """
    trials = results.kind("trial")
    twice = trials[trials.duplicated(["draw", "cell"], keep=False)]
    if len(twice):
        first = twice.iloc[0]
        same = twice[(twice["draw"] == first["draw"]) & (twice["cell"] == first["cell"])]
        raise ValueError(
            f"Expected one trial for each cell and draw. Received: draw={first['draw']:g} of "
            f"{first['cell']!r} in lines {', '.join(map(str, same['line']))} of the log in "
            f"{results.folder}. Delete all but one of them"
        )
    scores = trials.assign(score=with_failed(trials, results.direction))
    return scores.pivot(index="draw", columns="cell", values="score")


def score_lists(results):
    """Validation scores of each cell's trials, failed ones as the worst of all.

    Args:
        results: a `Results`.

    Returns:
        Arrays by cell.
    """
    trials = results.kind("trial")
    filled = worst_for_failed(with_failed(trials, results.direction), results.direction)
    return {cell: filled[np.asarray(trials["cell"] == cell)] for cell in trials["cell"].unique()}


def best_lines(rows, direction, by):
    """The line of the best validation score for each value of a column.

    Args:
        rows: of `Results.lines`.
        direction: "min" or "max".
        by: the name of the column, or a list of names.

    Returns:
        A table with the values as its index; none for a value whose trials have all failed.
    """
    done = rows[~rows["failed"]]
    losses = sign(direction) * done["validation"]
    return done.loc[losses.groupby([done[name] for name in np.atleast_1d(by)]).idxmin()].set_index(
        by
    )


def overview(results):
    """Trials, failures, best and median of each cell, best median first.

    Args:
        results: a `Results`.

    Returns:
        A table with the index `cell` and columns `trials`, `failed`, `best`, `best_trial` and
        `median` (failed trials count as the worst).
    """
    trials, scores = results.kind("trial"), score_lists(results)
    best = best_lines(trials, results.direction, "cell")
    table = pd.DataFrame(
        {
            "trials": trials.groupby("cell").size(),
            "failed": trials.groupby("cell")["failed"].sum(),
            "best": best["validation"],
            "best_trial": best["trial"],
            "median": {cell: np.median(values) for cell, values in scores.items()},
        }
    )
    loss = sign(results.direction) * table["median"]
    return table.loc[loss.sort_values(kind="stable").index].rename_axis("cell")


def winner_scores(rows, objective, direction):
    """Test scores by seed and cell; a failed run is infinite.

    Args:
        rows: of kind "winner" or "default".
        objective: the key of the score.
        direction: "min" or "max".

    Returns:
        A table. Where a cell has winners from several trials, the trial stands behind its name.
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
    """
    method = seeds_method(len(winners), winners.shape[1] - 1)
    table = compare_cells(winners, direction, reference, method)
    table.attrs["method"] = method
    return table


def factor_importance(results, ranks=True, trees=64):
    """`importance` of the factors of all trials.

    Args:
        results: a `Results`.
        ranks: whether of the ranks of the scores, failed ones as the worst; else of the scores
            themselves, without failed trials.
        trees: of the forest.

    Returns:
        An `Importance`, or `None` where there are too few trials or nothing differs.
    """
    trials = results.kind("trial")
    if ranks:
        losses = sign(results.direction) * with_failed(trials, results.direction)
        scores = rankdata(losses)
    else:
        trials = trials[~trials["failed"]]
        scores = trials["validation"].to_numpy()
    configurations = list(trials["configuration"])
    space = results.settings.get("space") or {}
    groups = trials["draw"] if results.paired and trials["draw"].nunique() > 1 else None
    names = left_out(results)
    if len(trials) < LEAST or all(_same(configurations, n) for n in _names(configurations, names)):
        return None
    return importance(configurations, scores, space, groups, names, trees)


def left_out(results):
    """Names in configurations that are no choice of their own: a width solved for, a tuner's.

    Args:
        results: a `Results`.
    """
    names = _names(results.kind("trial")["configuration"], ())
    solved = {"units"} if results.settings.get("parameters") else set()
    return sorted(solved | {name for name in names if name.startswith("tuner/")})


def _names(configurations, without):
    names = dict.fromkeys(name for configuration in configurations for name in configuration)
    return [name for name in names if name not in without]


def _same(configurations, name):
    return len({str(configuration.get(name)) for configuration in configurations}) == 1


def rate_ranges(results):
    """The learning rates of the best trials of each cell.

    Args:
        results: a `Results`.

    Returns:
        A table with the index `cell` and columns `best` (the learning rate of the best trial),
        `low` and `high` (the ends among the best quarter of its trials, three at least), `count`
        and `trials` (their names); empty where nothing has a learning rate.
    """
    trials = results.kind("trial")
    rates = trials["configuration"].map(lambda c: c.get("learning_rate"))
    trials = trials.assign(rate=pd.to_numeric(rates, errors="coerce"))
    done = trials[~trials["failed"] & trials["rate"].notna()]
    rows = {}
    for cell, group in done.groupby("cell"):
        losses = sign(results.direction) * group["validation"]
        count = max(FEW, math.ceil(QUARTER * len(group)))
        best = group.loc[losses.sort_values(kind="stable").index[:count]]
        rows[cell] = {"best": best["rate"].iloc[0], "low": best["rate"].min()}
        rows[cell] |= {"high": best["rate"].max(), "count": len(best)}
        rows[cell]["trials"] = ", ".join(best["trial"])
    return pd.DataFrame.from_dict(rows, orient="index")
