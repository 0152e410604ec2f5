"""The section of a report about winners, retrained with fresh seeds."""

from tuning import pictures
from tuning.comparisons import worst_for_failed
from tuning.document import number
from tuning.entries import DIFFERENCE, TESTS, difference, differences_figure
from tuning.winners import against_defaults, among_winners, winner_labels, winner_scores


def winners_section(document, results, reference, order):
    """Winners against the default of their cell, and against each other.

    Returns:
        The two tables, each `None` where it is not possible.

    Example:

    >>> winners_section(document, results, "lstm", ["lstm", "gru"])
    """
    document.heading("Winners with fresh seeds, on the test split")
    rows, plain = results.kind("winner"), results.kind("default")
    if rows["test"].isna().all():
        document.text("No winner has been retrained and scored on the test split yet.")
        return None, None
    scores = [winner_scores(r, results.objective, results.direction) for r in (rows, plain)]
    cells = dict(zip(winner_labels(rows), rows["cell"]))
    place = {cell: k for k, cell in enumerate(order)}
    winners = scores[0][sorted(scores[0], key=lambda label: place[cells[label]])]
    trials = dict(zip(winner_labels(rows), rows["trial"]))
    defaults = against_defaults(winners, scores[1], cells, results.direction)
    document.text(
        f"The winners of the search by validation scores, trained anew with {len(winners)} seeds "
        f"({', '.join(f'{seed:g}' for seed in winners.index)}) that the search did not use. "
        f"In {results.objective}, {'lower' if results.direction == 'min' else 'higher'} is better. "
        "A failed run counts as the worst score of the table."
    )
    if len(defaults):
        _against_defaults(document, results, defaults, trials)
    else:
        document.text("No default configuration has been trained with these seeds.")
    among = None
    if winners.shape[1] > 1 and len(winners) > 1:
        labels = [label for label in winners if cells[label] == reference]
        among = _among(document, results, winners, (labels or list(winners))[0], trials)
    _curves(document, results, rows, list(winners))
    return defaults if len(defaults) else None, among


def _against_defaults(document, results, table, trials):
    method = table.attrs["method"]
    document.text(
        "Against the default configuration of the same cell at the same parameter budget, paired "
        "over seeds. Difference: winner - default, with its 95 % interval; p is of "
        f"{TESTS[method]}. Holm's correction is for the number of winners."
    )
    rows = [
        [*_name(label, trials, row), _mean(row["winner"], row["winner_sd"])]
        + [_mean(row["default"], row["default_sd"]), *difference(row)]
        for label, row in table.iterrows()
    ]
    document.table(["cell", "trial", "seeds", "winner", "default", *DIFFERENCE], rows)
    label, caption = f"difference in test {results.objective}", "Winner - default over seeds"
    title = "Winners against defaults"
    differences_figure(document, "winners_defaults", table, title, label, caption)


def _name(label, trials, row):
    return [f"`{label}`", f"`{trials[label]}`", str(int(row["pairs"]))]


def _mean(mean, spread):
    return f"{number(mean)} ± {number(spread, 2)}"


def _among(document, results, winners, reference, trials):
    table = among_winners(winners, reference, results.direction)
    method = table.attrs["method"]
    document.text(
        f"Against the winner of `{reference}`, which the validation scores name (or "
        f"`--reference`), paired over seeds; p is of {TESTS[method]}."
    )
    filled = worst_for_failed(winners, results.direction)
    rows = [
        [*_name(label, trials, row), _mean(filled[label].mean(), filled[label].std())]
        + difference(row)
        for label, row in table.iterrows()
    ]
    document.table(["cell", "trial", "seeds", "test", *DIFFERENCE], rows)
    title, label = f"Winners against {reference}", f"difference in test {results.objective}"
    differences_figure(document, "winners", table, title, label, "Differences over seeds")
    return table


def _curves(document, results, rows, order):
    done = rows[~rows["failed"]].assign(label=winner_labels(rows))
    curves = {
        label: [curve for curve in done.loc[done["label"] == label, "curve"] if curve]
        for label in order
    }
    curves = {label: found for label, found in curves.items() if found}
    if curves:
        lower = results.direction == "min"
        figure = pictures.winner_curves(curves, results.objective, lower)
        document.figure("curves", figure, "Validation by epoch: mean over seeds, and their range.")
