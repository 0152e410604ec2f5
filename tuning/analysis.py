"""The tables behind a report, each from the lines of a sweep alone."""

import math

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from tuning.comparisons import sign, worst_for_failed
from tuning.importance import LEAST, importance

SURE = 0.05  # a corrected probability below it
QUARTER, FEW = 0.25, 3  # trials of a cell that count as its best ones, for learning rates


def with_failed(rows, direction, column="validation"):
    """A column of scores in which failed lines are infinitely bad.

    Args:
        rows: of `Results.lines`.
        direction: "min" or "max".
        column: of the scores.

    Example:

    >>> with_failed(results.kind("trial"), "min").max()
    """
    return rows[column].where(~rows["failed"], sign(direction) * np.inf)


def score_table(results):
    """Validation scores by draw and cell; a failed trial is infinite, one not tried is missing.

    Args:
        results: a `Results` whose trials are paired.

    Raises:
        ValueError: two trials of a cell with the same draw.

    Example:

    >>> score_table(read_results("runs/parity")).loc[0, "lstm"]
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

    Example:

    >>> score_lists(read_results("runs/parity"))["lstm"].mean()
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

    Example:

    >>> best_lines(results.kind("trial"), "min", "cell").loc["lstm", "trial"]
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

    Example:

    >>> overview(read_results("runs/parity")).loc["lstm", "failed"]
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


def factor_importance(results, ranks=True, trees=64):
    """`importance` of the factors of all trials.

    Args:
        results: a `Results`.
        ranks: whether of the ranks of the scores, failed ones as the worst; else of the scores
            themselves, without failed trials.
        trees: of the forest.

    Returns:
        An `Importance`, or `None` where there are too few trials or nothing differs.

    Example:

    >>> factor_importance(read_results("runs/parity")).summary()
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

    Example:

    >>> left_out(read_results("runs/parity"))
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

    Example:

    >>> rate_ranges(read_results("runs/parity"))["best"].median()
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
