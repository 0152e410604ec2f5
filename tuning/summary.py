"""Sweeps that are kept in `tuning/results`, in a table each: `python -m tuning.summary --write`."""

import argparse
import re
from pathlib import Path

from keras_rnnzoo.training.files import write_atomic
from tuning import analysis
from tuning.comparisons import sign
from tuning.document import number
from tuning.ranking import compare_cells
from tuning.results import read_results
from tuning.winners import against_defaults, winner_labels, winner_scores

HERE = Path(__file__).parent
RESULTS, README = HERE / "results", HERE / "README.md"
REFERENCE = "lstm"
HEADER = (
    "| cell | best on validation | its depth, learning rate | validation less that of `lstm`, "
    "same draws (95 % interval) | p (Holm) | test, tuned | test, default |\n"
    "| --- | ---: | --- | ---: | ---: | ---: | ---: |"
)


def summary(folder):
    """The table of a sweep, and what mattered most in it.

    Args:
        folder: with `sweep.json` and `trials.jsonl`, compare mode.

    Example:

    >>> print(summary("tuning/results/parity"))
    """
    results = read_results(folder)
    trials, rows = results.kind("trial"), [HEADER]
    best = analysis.best_lines(trials, results.direction, "cell").reset_index()
    best = best.set_index("cell")
    ranking = compare_cells(analysis.score_table(results), results.direction, REFERENCE)
    finals = [results.kind(kind) for kind in ("winner", "default")]
    scores = [winner_scores(part, results.objective, results.direction) for part in finals]
    cells = dict(zip(winner_labels(finals[0]), finals[0]["cell"]))
    tested = against_defaults(*scores, cells, results.direction)
    loss = sign(results.direction) * tested["winner"]
    for label in loss.sort_values().index:
        cell = cells[label]
        chosen, pair, row = best.loc[cell], ranking.loc[cell], tested.loc[label]
        own = cell == REFERENCE
        difference = f"{number(pair['difference'], 2)} ({_interval(pair)})"
        how = f"{chosen['depth']:.0f}, {number(chosen['configuration']['learning_rate'], 2)}"
        cellsof = [f"`{label}`", number(chosen["validation"]), how]
        cellsof += ["-", "-"] if own else [difference, _p(pair["p_holm"])]
        for kind in ("winner", "default"):
            cellsof.append(f"{number(row[kind])} ± {number(row[f'{kind}_sd'], 2)}")
        rows.append(f"| {' | '.join(cellsof)} |")
    return "\n".join([_heading(results), "", *rows, "", _importance(results)])


def _heading(results):
    wanted, trials = results.settings, results.kind("trial")
    finals = results.kind("winner")
    hours = results.lines["seconds"].sum() / 3600
    return (
        f"`{wanted['command']}`: {trials['draw'].nunique()} draws, {len(results.lines)} runs "
        f"({int(results.lines['failed'].sum())} failed), {finals['seed'].nunique()} fresh seeds, "
        f"{hours:.1f} hours of training; {results.objective}, "
        f"{'lower' if results.direction == 'min' else 'higher'} is better."
    )


def _interval(pair):
    return f"{number(pair['low'], 2)} to {number(pair['high'], 2)}"


def _p(p):
    return "-" if p != p else "< 0.001" if p < 0.001 else f"{p:.3f}"


def _importance(results):
    found = analysis.factor_importance(results)
    if found is None:
        return "Too few trials to say what mattered."
    first = found.summary().iloc[:4]
    words = ", ".join(
        f"{name.replace('_', ' ')} {row['share']:.0%} (quartiles over trees {row['low']:.0%} to "
        f"{row['high']:.0%})"
        for name, row in first.iterrows()
    )
    return f"What decides the rank of a trial, in shares of the variance: {words}."


def fill(text):
    """`text` with the table of every kept sweep made anew."""
    for folder in sorted(path for path in RESULTS.iterdir() if path.is_dir()):
        name = folder.name
        pattern = rf"(<!-- {name}: generated -->\n).*?(<!-- {name}: end -->)"
        made = summary(folder)
        text, count = re.subn(
            pattern, lambda m, made=made: m[1] + made + "\n" + m[2], text, flags=re.S
        )
        if count != 1:
            raise ValueError(f"Expected one place for the sweep {name!r}. Received: {count} places")
    return text


def main():
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tuning.summary", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the README, do not print it")
    text = fill(README.read_text(encoding="utf-8"))
    if parser.parse_args().write:
        write_atomic(README, text)
    else:
        print(text)


if __name__ == "__main__":
    main()
