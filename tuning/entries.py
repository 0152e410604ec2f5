"""How differences, intervals and probabilities are written in tables and drawn."""

import numpy as np

from tuning import pictures
from tuning.analysis import SURE
from tuning.document import number

TESTS = {
    "wilcoxon": "Wilcoxon's signed-rank test; the difference is the pseudo-median, its interval a "
    "percentile bootstrap over draws",
    "sign_flip": "a permutation test that flips the signs of the differences; the interval of the "
    "mean difference is a percentile bootstrap over seeds",
    "student": "a paired t-test, as seeds are too few for a test without assumptions; the interval "
    "of the mean difference is Student's",
}
DIFFERENCE = ("difference", "95 % interval", "p", "p (Holm)")


def interval(row):
    """The ends of an interval, in brackets.

    Args:
        row: with `low` and `high`.

    Example:

    >>> interval({"low": 0.1, "high": 0.25})
    '[0.1, 0.25]'
    """
    return f"[{number(row['low'], 3)}, {number(row['high'], 3)}]"


def probability(p):
    """A probability in three decimals.

    Args:
        p: from 0 to 1, or NaN.

    Example:

    >>> probability(0.0312)
    '0.031'
    """
    return "-" if np.isnan(p) else "<0.001" if p < 0.0005 else f"{p:.3f}"


def difference(row):
    """A difference with its interval and its probabilities, as entries of a table.

    Args:
        row: with `difference`, `low`, `high`, `p` and `p_holm`.

    Example:

    >>> difference(ranking.loc["gru"])
    """
    ends = [probability(row[name]) for name in ("p", "p_holm")]
    return [number(row["difference"], 3), interval(row), *ends]


def differences_figure(document, name, table, title, label, caption):
    """A figure of differences with intervals around 0; those beyond doubt are filled.

    Args:
        document: a `Document`.
        name: of the figure's file.
        table: as of `compare_cells`.
        title, label, caption: of the figure, its axis and the line below it.

    Example:

    >>> differences_figure(document, "cells", ranking, "Cells", "difference in nll", "Differences")
    """
    figure = pictures.intervals(as_middle(table), title, label, 0, marked=sure(table))
    document.figure(name, figure, f"{caption}; filled: Holm-corrected p below {SURE}.")


def sure(table):
    """Names whose difference is beyond doubt after the correction.

    Args:
        table: with `p_holm`.

    Example:

    >>> sure(pd.DataFrame({"p_holm": [0.01, 0.2]}, ["gru", "lstm"]))
    {'gru'}
    """
    return set(table.index[table["p_holm"] < SURE])


def as_middle(table, by="difference"):
    """A table for `pictures.intervals`.

    Args:
        table: with `low`, `high` and what becomes `middle`.
        by: the name of that.

    Example:

    >>> as_middle(ranking)
    """
    return table.rename(columns={by: "middle"})[["middle", "low", "high"]].dropna()
