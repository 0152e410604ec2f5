"""The sections of a report about single trials: their depths, learning rates and costs."""

from dataclasses import replace

import numpy as np

from keras_rnnzoo.figures import cells_scatter
from tuning import analysis, pictures
from tuning.comparisons import worst_for_failed
from tuning.document import number
from tuning.entries import as_middle
from tuning.factors import find_factors
from tuning.parallel import parallel_coordinates
from tuning.winners import winner_labels

SPREAD = 1.1  # of parameter counts, above which a figure of them says something


def depth_section(document, results, order):
    """Best and median score by cell and depth.

    Args:
        document: a `Document`.
        results: a `Results`.
        order: cells, first one on top.

    Example:

    >>> depth_section(document, results, ["lstm", "gru"])
    """
    document.heading("Depth and cell")
    trials = results.kind("trial")
    trials = trials[trials["depth"].notna()]
    if trials.empty:
        document.text("Left out: no trial has a depth.")
        return
    filled = worst_for_failed(analysis.with_failed(trials, results.direction), results.direction)
    trials = trials.assign(score=filled, depth=trials["depth"].astype(int))
    best = analysis.best_lines(trials, results.direction, ["cell", "depth"])
    order = [cell for cell in order if cell in set(trials["cell"])]
    panels = {
        "best": best["validation"].unstack("depth").reindex(order),
        "median": trials.pivot_table(
            index="cell", columns="depth", values="score", aggfunc="median"
        ).reindex(order),
    }
    panels["best"] = panels["best"].reindex(columns=panels["median"].columns)
    figure = pictures.heatmaps(
        panels, f"validation {results.objective}", results.direction == "min"
    )
    document.figure("depth", figure, "Best and median validation score (failed trials as worst).")
    names, depths = best["trial"].unstack("depth"), list(panels["best"].columns)
    rows = [
        [f"`{cell}`", *(_field(panels["best"], names, cell, depth) for depth in depths)]
        for cell in order
    ]
    document.table(["cell", *(f"best at depth {depth}" for depth in depths)], rows)


def _field(best, names, cell, depth):
    if cell not in names.index or depth not in names or np.isnan(best.loc[cell, depth]):
        return "-"
    return f"{number(float(best.loc[cell, depth]))} (`{names.loc[cell, depth]}`)"


def rate_section(document, results, order):
    """Learning rates of the best trials.

    Args:
        document: a `Document`.
        results: a `Results`.
        order: cells, first one on top.

    Example:

    >>> rate_section(document, results, ["lstm", "gru"])
    """
    document.heading("Learning rate")
    ranges = analysis.rate_ranges(results)
    if ranges.empty:
        document.text("Left out: no trial has a learning rate.")
        return
    ranges = ranges.loc[[cell for cell in order if cell in ranges.index]]
    figure = pictures.intervals(
        as_middle(ranges, "best"), "Learning rates of the best trials", "learning rate", log=True
    )
    caption = "Of the best trial (dot) and the best quarter of the trials (line) of each cell."
    document.figure("learning_rate", figure, caption)
    rows = [
        [f"`{cell}`", number(r["best"], 3), number(r["low"], 3), number(r["high"], 3), r["trials"]]
        for cell, r in ranges.iterrows()
    ]
    header = ["cell", "of the best trial", "lowest", "highest", "of trials"]
    document.table(header, rows)


def trials_section(document, results, order):
    """Parallel coordinates of all trials that completed, cells in their order.

    Args:
        document: a `Document`.
        results: a `Results`.
        order: cells, first one on top.

    Example:

    >>> trials_section(document, results, ["lstm", "gru"])
    """
    document.heading("All trials")
    trials = results.kind("trial")
    done = trials[~trials["failed"]]
    factors = find_factors(
        list(done["configuration"]),
        results.settings.get("space") or {},
        analysis.left_out(results),
    )
    order = tuple(cell for cell in order if cell in set(done["cell"]))
    factors = [replace(f, values=order) if f.name == "cell" else f for f in factors]
    figure = parallel_coordinates(
        list(done["configuration"]),
        done["validation"],
        factors,
        f"validation {results.objective}",
        results.direction == "min",
    )
    failed = int(trials["failed"].sum())
    words = f" {failed} failed trials are not drawn." if failed else ""
    document.figure("trials", figure, f"A line for each trial, with its score at the right.{words}")


def cost_section(document, results):
    """Scores against seconds and parameters.

    Args:
        document: a `Document`.
        results: a `Results`.

    Example:

    >>> cost_section(document, results)
    """
    document.heading("Score against seconds and parameters")
    rows, words = results.kind("winner"), "each dot a winner, its line the range over seeds"
    rows = rows[~rows["failed"]]
    if rows.empty:
        best = analysis.best_lines(results.kind("trial"), results.direction, "cell")
        rows, words = best.reset_index(), "each dot the best trial of a cell"
    rows = rows[rows["cell"].notna()].assign(label=winner_labels(rows))
    for cost in ("seconds", "parameters"):
        known = rows[rows[cost] > 0]
        if known.empty or (cost == "parameters" and _flat(known[cost])):
            continue
        cells = {
            label: (group[cost].mean(), list(group["validation"]))
            for label, group in known.groupby("label", sort=False)
        }
        figure = cells_scatter(
            cells, cost, f"validation {results.objective}", results.direction == "min"
        )
        document.figure(cost, figure, f"Against {cost}: {words}.")
    counts = results.kind("trial")["parameters"].dropna()
    if len(counts):
        document.text(f"All trials have {counts.min():,.0f} to {counts.max():,.0f} parameters.")


def _flat(counts):
    return counts.max() < SPREAD * counts.min()
