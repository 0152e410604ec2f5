"""The section of a report about winners, retrained with fresh seeds."""

from tuning import analysis, pictures
from tuning.document import number
from tuning.sections import TESTS, as_middle, interval, probability, sure


def winners_section(document, results, reference, order):
    """Winners against the default of their cell, and against each other.

    Returns:
        The two tables, each `None` where it is not possible.
    """
    document.heading("Winners with fresh seeds, on the test split")
    rows, plain = results.kind("winner"), results.kind("default")
    if rows["test"].isna().all():
        document.text("No winner has been retrained and scored on the test split yet.")
        return None, None
    scores = [
        analysis.winner_scores(r, results.objective, results.direction) for r in (rows, plain)
    ]
    cells = dict(zip(analysis.winner_labels(rows), rows["cell"]))
    place = {cell: k for k, cell in enumerate(order)}
    winners = scores[0][sorted(scores[0], key=lambda label: place[cells[label]])]
    trials = dict(zip(analysis.winner_labels(rows), rows["trial"]))
    defaults = analysis.against_defaults(winners, scores[1], cells, results.direction)
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
        [
            f"`{label}`",
            f"`{trials[label]}`",
            str(int(row["pairs"])),
            f"{number(row['winner'])} ± {number(row['winner_sd'], 2)}",
            f"{number(row['default'])} ± {number(row['default_sd'], 2)}",
            number(row["difference"], 3),
            interval(row),
            probability(row["p"]),
            probability(row["p_holm"]),
        ]
        for label, row in table.iterrows()
    ]
    header = ["cell", "trial", "seeds", "winner", "default", "difference", "95 % interval"]
    document.table([*header, "p", "p (Holm)"], rows)
    title, label = "Winners against defaults", f"difference in test {results.objective}"
    figure = pictures.intervals(as_middle(table), title, label, 0, marked=sure(table))
    caption = "Winner - default over seeds; filled: Holm-corrected p below 0.05."
    document.figure("winners_defaults", figure, caption)


def _among(document, results, winners, reference, trials):
    table = analysis.among_winners(winners, reference, results.direction)
    method = table.attrs["method"]
    document.text(
        f"Against the winner of `{reference}`, which the validation scores name (or "
        f"`--reference`), paired over seeds; p is of {TESTS[method]}."
    )
    rows = [
        [
            f"`{label}`",
            f"`{trials[label]}`",
            str(int(row["pairs"])),
            f"{number(winners[label].mean())} ± {number(winners[label].std(), 2)}",
            number(row["difference"], 3),
            interval(row),
            probability(row["p"]),
            probability(row["p_holm"]),
        ]
        for label, row in table.iterrows()
    ]
    header = ["cell", "trial", "seeds", "test", "difference", "95 % interval", "p", "p (Holm)"]
    document.table(header, rows)
    title, label = f"Winners against {reference}", f"difference in test {results.objective}"
    figure = pictures.intervals(as_middle(table), title, label, 0, marked=sure(table))
    document.figure("winners", figure, "Winners over seeds; filled: Holm-corrected p below 0.05.")
    return table


def _curves(document, results, rows, order):
    done = rows[~rows["failed"]].assign(label=analysis.winner_labels(rows))
    curves = {
        label: [curve for curve in done.loc[done["label"] == label, "curve"] if curve]
        for label in order
    }
    curves = {label: found for label, found in curves.items() if found}
    if curves:
        lower = results.direction == "min"
        figure = pictures.winner_curves(curves, results.objective, lower)
        document.figure("curves", figure, "Validation by epoch: mean over seeds, and their range.")
