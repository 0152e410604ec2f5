"""What a sweep has found so far, read from its folder."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from keras_rnnzoo.training.records import read_records

LOG, SETTINGS = "trials.jsonl", "sweep.json"
NEEDED = ("kind", "task", "status", "configuration", "objective", "direction", "validation")
KINDS, DIRECTIONS = ("trial", "winner", "default"), ("min", "max")


@dataclass(frozen=True)
class Results:
    """The lines of a sweep and its settings.

    Attributes:
        folder: of the sweep.
        settings: what `sweep.json` says.
        lines: a table with a row for each line of the log, with `line`, its number in the file,
            and `failed`, whether it has no finite validation score.
        task, objective, direction: which all lines share.
        notes: what was odd about the log and how it was dealt with, in sentences.
    """

    folder: Path
    settings: dict
    lines: pd.DataFrame
    task: str
    objective: str
    direction: str
    notes: list = field(default_factory=list)

    def kind(self, name):
        """The rows of one kind: "trial", "winner" or "default"."""
        return self.lines[self.lines["kind"] == name]

    @property
    def paired(self):
        """Whether every trial is one of a common draw, as a comparison of cells has it."""
        trials = self.kind("trial")
        return bool(len(trials) and trials["draw"].notna().all())

    @property
    def independent(self):
        """Whether no trial was chosen in the light of others."""
        return self.paired or "random" in str(self.settings.get("tuner", "")).lower()


def read_results(folder):
    """Read a sweep from its folder.

    Args:
        folder: that holds `trials.jsonl` and `sweep.json`.

    Returns:
        A `Results`. A last line that was cut short is left out, and so are a failed trial that
        was done again later and a winner whose place another took; `notes` says so.

    Raises:
        FileNotFoundError: there is no folder, or one of the two files is missing.
        ValueError: no line, a line that is no trial, lines of several tasks or sweeps, a trial
            that stands twice, or no trial that has completed.

    Example:

    >>> read_results("runs/parity").lines.groupby("kind").size()
    """
    folder = Path(folder)
    settings, records, torn = _settings(folder), *_records(folder / LOG)
    for number, record in records:
        _check(folder / LOG, number, record)
    shared = {name: _one(folder, name, records) for name in ("task", "objective", "direction")}
    _one(folder, "sweep", records)
    if settings.get("task", shared["task"]) != shared["task"]:
        raise ValueError(
            f"Expected the lines of {LOG} to be of the task of {SETTINGS}, "
            f"{settings['task']!r}. Received: task={shared['task']!r} in {folder}. Two sweeps "
            "have been mixed: restore the file that belongs here"
        )
    lines = _table(records)
    notes = [f"The last line of {LOG} was cut short and is left out."] if torn else []
    lines = _standing(_once(folder, lines, notes), notes)
    if lines["failed"][lines["kind"] == "trial"].all():
        raise ValueError(_nothing_completed(folder, lines))
    return Results(folder, settings, lines, **shared, notes=notes)


def _settings(folder):
    if not folder.is_dir():
        raise FileNotFoundError(f"Expected the folder of a sweep. Received: folder={str(folder)!r}")
    for name in (LOG, SETTINGS):
        if not (folder / name).is_file():
            raise FileNotFoundError(
                f"Expected {name} in the folder of a sweep. Received: folder={str(folder)!r}, "
                "which has none. Name the folder that `python -m tuning.sweep` wrote to"
            )
    try:
        settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{folder / SETTINGS}: expected JSON. Received: {error}") from error
    if not isinstance(settings, dict):
        raise ValueError(f"{folder / SETTINGS}: expected a JSON object. Received: {settings!r:.80}")
    return settings


def _records(path):
    """Pairs of number and record for each line, and whether the last one was cut short."""
    records = read_records(path)
    content = path.read_bytes().split(b"\n")
    numbers = [number for number, line in enumerate(content, start=1) if line.strip()]
    if not records:
        raise ValueError(
            f"Expected at least one whole line in {path}. Received: {len(numbers)} lines, none of "
            "them whole. Wait for the first trial to end, or start the sweep again"
        )
    return list(zip(numbers, records)), len(numbers) > len(records)


def _check(path, number, record):
    missing = [name for name in NEEDED if name not in record]
    if missing:
        raise ValueError(
            f"{path}, line {number}: expected {', '.join(NEEDED)}. Received: a line without "
            f"{', '.join(missing)}"
        )
    for name, allowed in (("kind", KINDS), ("direction", DIRECTIONS)):
        if record[name] not in allowed:
            raise ValueError(
                f"{path}, line {number}: expected {name} to be one of {', '.join(allowed)}. "
                f"Received: {name}={record[name]!r}"
            )
    if not isinstance(record["configuration"], dict) or "cell" not in record["configuration"]:
        raise ValueError(
            f"{path}, line {number}: expected a configuration that names its cell. Received: "
            f"configuration={record['configuration']!r:.80}"
        )


def _one(folder, name, records):
    """The one value that all lines have."""
    counts = Counter(record.get(name) for _, record in records)
    if len(counts) > 1:
        words = ", ".join(f"{value!r} ({count} lines)" for value, count in counts.most_common())
        raise ValueError(
            f"Expected lines of one sweep. Received: {name}={words} in {folder / LOG}. Move the "
            "lines of each into a folder of its own"
        )
    return next(iter(counts))


def _table(records):
    rows = []
    for number, record in records:
        row = dict.fromkeys(("trial", "draw", "seed", "curve", "test", "parameters", "seconds"))
        score = record["validation"]
        finite = isinstance(score, (int, float)) and bool(np.isfinite(score))
        failed = record["status"] != "completed" or not finite
        row |= record | {"line": number, "failed": failed}
        row["validation"] = np.nan if failed else float(score)
        row["cell"], row["depth"] = (
            record["configuration"]["cell"],
            record["configuration"].get("depth"),
        )
        rows.append(row)
    lines = pd.DataFrame(rows)
    for name in ("draw", "seed", "parameters", "seconds"):
        lines[name] = pd.to_numeric(lines[name])
    lines["trial"] = lines["trial"].fillna("").astype(str)
    return lines


def _once(folder, lines, notes):
    """Without failed lines of what completed later; an error for what completed twice."""
    keys = lines.apply(lambda line: str([line[name] for name in _identity(line)]), axis=1)
    completed = lines[~lines["failed"]]
    twice = completed[keys[completed.index].duplicated(keep=False)]
    if len(twice):
        first = twice[keys[twice.index] == keys[twice.index[0]]]
        numbers = ", ".join(map(str, first["line"]))
        raise ValueError(
            f"Expected each trial once. Received: lines {numbers} of {folder / LOG}, all of "
            f"kind={first.iloc[0]['kind']!r}, trial={first.iloc[0]['trial']!r}, "
            f"cell={first.iloc[0]['cell']!r}, seed={first.iloc[0]['seed']}. Delete all but one"
        )
    repeated = keys.duplicated(keep=False)
    order = lines["failed"].astype(int)  # the completed one counts, else the last failure
    kept = lines.assign(key=keys, order=order).iloc[::-1].sort_values("order", kind="stable")
    kept = kept.drop_duplicates("key").sort_values("line").drop(columns=["key", "order"])
    if repeated.any():
        notes.append(
            f"{len(lines) - len(kept)} failed lines are left out, as what they tried was done "
            "again later."
        )
    return kept.reset_index(drop=True)


def _standing(lines, notes):
    """Without runs of winners that other trials of their cell beat when the sweep went on."""
    winners = lines[lines["kind"] == "winner"]
    seeds = winners.groupby(["cell", "trial"])["seed"].transform("nunique")
    beaten = seeds < seeds.groupby(winners["cell"]).transform("max")
    if beaten.any():
        notes.append(
            f"{beaten.sum()} runs of winners are left out, as the sweep went on and other trials "
            "of their cells beat them before all seeds were run."
        )
    return lines.drop(index=winners.index[beaten]).reset_index(drop=True)


def _identity(line):
    return ("kind", "trial") if line["kind"] == "trial" else ("kind", "trial", "cell", "seed")


def _nothing_completed(folder, lines):
    errors = Counter(str(error) for error in lines.get("error", []) if error)
    often = f" Most often: {errors.most_common(1)[0][0]!r}." if errors else ""
    return (
        f"Expected at least one completed trial with a finite score. Received: {len(lines)} "
        f"lines in {folder / LOG}, none of which is one.{often} Mend what fails, and start the "
        "sweep again with --resume"
    )
