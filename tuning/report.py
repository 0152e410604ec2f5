"""A sweep's report from its folder: `python -m tuning.report runs/parity --reference lstm`.

Writes `report.md` with its figures in `report_figures`, and `report.html` with everything in one
file. Every number comes from `trials.jsonl`; the last table names the line of each trial.
"""

import argparse
import sys

from tuning import analysis, sections, trial_sections
from tuning.comparisons import sign
from tuning.document import Document, number
from tuning.entries import interval, sure
from tuning.ranking import check_reference, compare_cells, smallest_p
from tuning.results import LOG, read_results
from tuning.winner_sections import winners_section

VERSIONS = ("python", "keras", "backend", "backend_version", "numpy", "cpu_count", "commit")
SHOWN = ("mode", "tuner", "trials", "seeds", "depths", "parameters", "epochs", "budget_seconds")


def build_report(results, reference=None):
    """The report of a sweep.

    Args:
        results: as `read_results` gives them.
        reference: the cell that the others are compared with; default the best one.

    Returns:
        A `Document`.

    Raises:
        ValueError: a reference that the sweep has not tried.

    Example:

    >>> build_report(read_results("runs/parity"), "lstm").write("runs/parity")
    """
    ranking = None
    table = analysis.overview(results)
    if results.paired:
        ranking = compare_cells(analysis.score_table(results), results.direction, reference)
        order = list(ranking.index)
        best = ranking.index[ranking["p"].isna() & (ranking["difference"] == 0)][0]
    else:
        order = list(table.index)
        best = reference or order[0]
        check_reference(best, order)
    document = Document(f"Sweep over {results.task}")
    summary = len(document.blocks)
    _run_section(document, results)
    sections.ranking_section(document, results, ranking, best, reference is not None)
    defaults, among = winners_section(document, results, best, order)
    sections.best_section(document, results, order)
    found = sections.importance_section(document, results)
    trial_sections.depth_section(document, results, order)
    trial_sections.rate_section(document, results, order)
    trial_sections.trials_section(document, results, order)
    trial_sections.cost_section(document, results)
    _caveats(document, results, ranking, reference)
    _lines_section(document, results)
    document.blocks.insert(summary, ("items", _short(results, ranking, best, defaults, found)))
    return document


def _short(results, ranking, best, defaults, found):
    """The answer in a few sentences."""
    trials, name = results.kind("trial"), results.objective
    top = analysis.best_lines(trials, results.direction, "task").iloc[0]
    sentences = []
    if ranking is not None:
        sentences.append(
            f"`{ranking.index[0]}` comes first of {len(ranking)} cells over "
            f"{trials['draw'].nunique()} common draws."
        )
        if len(ranking) > 1:
            sentences.append(_against(ranking, best, sign(results.direction)))
    sentences.append(
        f"Best single trial: `{top['trial']}` (`{top['cell']}`, depth {number(top['depth'])}), "
        f"validation {name} {number(top['validation'])}."
    )
    if defaults is not None and best in defaults.index:
        row = defaults.loc[best]
        sentences.append(
            f"Tuning `{best}` changed its test {name} from {number(row['default'])} to "
            f"{number(row['winner'])} over {int(row['pairs'])} fresh seeds (difference "
            f"{number(row['difference'], 3)}, 95 % interval {interval(row)})."
        )
    if found is not None:
        first = found.summary().iloc[:2]
        words = " and ".join(f"`{n}` ({s:.0%})" for n, s in first["share"].items())
        sentences.append(f"What matters most for the rank of a trial: {words}.")
    failed = int(results.lines["failed"].sum())
    sentences.append(f"{len(results.lines)} runs are in the log, of which {failed} failed.")
    return sentences


def _against(ranking, best, loss):
    """Which cells are better and worse than the reference, and of which one cannot tell."""
    others, certain = ranking.drop(index=best), sure(ranking)
    better = set(others.index[loss * others["difference"] < 0])
    groups = {
        "better": [cell for cell in others.index if cell in certain & better],
        "worse": [cell for cell in others.index if cell in certain - better],
        "not told apart": [cell for cell in others.index if cell not in certain],
    }
    words = "; ".join(
        f"{name}: {', '.join(f'`{cell}`' for cell in cells)}"
        for name, cells in groups.items()
        if cells
    )
    return f"Against `{best}`, at a Holm-corrected p below {analysis.SURE}: {words}."


def _run_section(document, results):
    document.heading("What was run")
    settings, lines = results.settings, results.lines
    rows = [["task", f"{results.task}: {results.objective}, {_better(results)} is better"]]
    if settings.get("command"):
        rows.append(["command", f"`{settings['command']}`"])
    for name in SHOWN:
        if settings.get(name) is not None:
            rows.append([name.replace("_", " "), str(settings[name])])
    for kind in ("trial", "winner", "default"):
        count = results.kind(kind)
        words = f"{len(count)}, of which {int(count['failed'].sum())} failed"
        rows.append([f"lines of kind {kind}", words])
    rows.append(["time of training", f"{number(lines['seconds'].sum() / 3600, 3)} hours"])
    rows += [[name.replace("_", " "), value] for name, value in _versions(lines).items()]
    document.table(["what", "value"], rows)
    space = settings.get("space") or {}
    if space:
        rows = [[f"`{name}`", str(words)] for name, words in space.items()]
        document.table(["choice", "drawn from"], rows)
    failed = lines[lines["failed"]]
    if len(failed):
        errors = failed["error"] if "error" in failed else failed["status"]
        rows = [
            [str(error or "a score that is not finite"), str(count)]
            for error, count in errors.fillna("").value_counts().items()
        ]
        document.table(["why runs failed", "runs"], rows)


def _better(results):
    return "lower" if results.direction == "min" else "higher"


def _versions(lines):
    """What each part of the environment was, several values where it changed."""
    found = {}
    for environment in lines.get("environment", []):
        for name in VERSIONS:
            if isinstance(environment, dict) and environment.get(name) is not None:
                found.setdefault(name, {}).setdefault(str(environment[name]))
    return {name: ", ".join(values) for name, values in found.items()}


def _caveats(document, results, ranking, reference):
    document.heading("What to keep in mind")
    lines = results.lines
    notes = list(results.notes)
    notes.append(
        "Trials are ranked by validation scores, and each cell's best one is too good by the luck "
        "of being chosen; the test scores of winners are not."
    )
    if ranking is not None:
        notes += _ranking_caveats(results, ranking, reference)
    failed = int(lines["failed"].sum())
    if failed:
        notes.append(f"{failed} runs failed; they count as the worst score that any run reached.")
    mixed = [name for name, value in _versions(lines).items() if ", " in value]
    if mixed:
        names = ", ".join(name.replace("_", " ") for name in mixed)
        notes.append(f"Not all runs were made alike: several values of {names}.")
    if not results.independent:
        notes.append(
            "The search was adaptive: its trials crowd where scores are good, and cells that began "
            "badly got fewer of them. Shares of factors are of that crowd."
        )
    notes.append(
        "All of it holds for these ranges, this budget and these data. One task says little about "
        "another."
    )
    document.items(notes)


def _ranking_caveats(results, ranking, reference):
    pairs, tests = int(ranking["pairs"].max()), len(ranking) - 1
    smallest = smallest_p(pairs, tests)
    notes = []
    if tests:
        notes.append(
            f"With {pairs} draws and {tests} comparisons no corrected p can be below "
            f"{number(smallest, 2)}"
            + (": no difference can be significant, however large." if smallest >= 0.05 else ".")
        )
    if reference is None and tests:
        notes.append(
            "The cells are compared with the best one, which the same scores chose: the others "
            "look a little worse than they are. Name a cell beforehand with `--reference`."
        )
    if ranking["pairs"].nunique() > 1:
        notes.append(
            "Cells have different numbers of trials; each pair of cells is compared over the "
            "draws that both have."
        )
    if pairs < 20:
        notes.append(f"Bootstrap intervals from {pairs} draws are somewhat too narrow.")
    notes.append(
        "The comparison is over the whole range of settings, good and bad ones alike; a cell that "
        "is best on the whole need not be so at its best settings, for which see the best of n."
    )
    return notes


def _lines_section(document, results):
    document.heading("The lines")
    rows = []
    for _, line in results.lines.iterrows():
        test = line["test"].get(results.objective) if isinstance(line["test"], dict) else None
        rate = line["configuration"].get("learning_rate")
        entries = [line["validation"], test, line["parameters"], line["seconds"], rate]
        seed, draw, depth = (number(line[name]) for name in ("seed", "draw", "depth"))
        rows.append(
            [str(line["line"]), line["kind"], line["trial"] or "-", line["cell"], depth, draw, seed]
            + [number(entry, 6 if k == 2 else 4) for k, entry in enumerate(entries)]
            + ["failed" if line["failed"] else "completed"]
        )
    header = ["line", "kind", "trial", "cell", "depth", "draw", "seed", "validation", "test"]
    header += ["parameters", "seconds", "learning rate", "status"]
    document.table(header, rows, f"All {len(rows)} lines of {LOG}")


def main(arguments=None):
    """The command.

    Args:
        arguments: of the command line; default those of the process.

    Example:

    >>> main(["runs/parity", "--reference", "lstm"])
    """
    parser = argparse.ArgumentParser(prog="python -m tuning.report", description=__doc__)
    parser.add_argument("folder", help="of a sweep, with trials.jsonl and sweep.json")
    parser.add_argument("--reference", help="cell to compare with; default: the best one")
    options = parser.parse_args(arguments)
    try:
        results = read_results(options.folder)
        document = build_report(results, options.reference)
        paths = document.write(options.folder)
    except (ValueError, OSError, ImportError) as error:
        sys.exit(f"error: {error}")
    for sentence in [*results.notes, *document.blocks[0][1]]:
        print(sentence.replace("`", ""))
    for path in paths:
        print(path)


if __name__ == "__main__":
    main()
