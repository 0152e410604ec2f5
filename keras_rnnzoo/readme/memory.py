"""The table of capability tasks, from `examples/results/memory_tasks.jsonl`."""

import numpy as np

from keras_rnnzoo.models.memory_tasks import TASKS
from keras_rnnzoo.readme.places import RESULTS, row
from keras_rnnzoo.training import read_records

RECORDS = RESULTS / "memory_tasks.jsonl"


def memory_runs(path=RECORDS):
    """Records by cell and task: `{cell: {task: [record, ...]}}`, tasks in their own order.

    A cell whose recipe was changed by hand is a row of its own. Where the recipe itself has changed
    since, the latest one counts.
    """
    found = {}
    for record in read_records(path):
        key = _cell(record), _task(record)
        runs = found.setdefault(key, {})
        runs.setdefault(record["config_hash"], []).append(record)
        runs[record["config_hash"]] = runs.pop(record["config_hash"])  # the latest comes last
    order = [task for _, task in sorted({_place(runs) for runs in found.values()})]
    cells = sorted({cell for cell, _ in found})
    return {
        cell: {
            task: list(found[cell, task].values())[-1] for task in order if (cell, task) in found
        }
        for cell in cells
    }


def _cell(record):
    changes = ", ".join(f"{name}={value}" for name, value in record["changes"].items())
    return record["cell"] + (f" ({changes})" if changes else "")


def _task(record):
    parts = [record["task"].replace("_", " "), record["shape"], record["length"]]
    return " ".join(str(part) for part in parts if part is not None)


def _place(runs):
    record = next(iter(runs.values()))[0]
    place = list(TASKS).index(record["task"]), record["shape"] or "", record["length"] or 0
    return place, _task(record)


def _columns(cells):
    """Every task that some cell was run on, in the order of `TASKS` and of their lengths."""
    first = {task: runs[0] for found in cells.values() for task, runs in found.items()}
    return dict(sorted(first.items(), key=lambda item: _place({"": [item[1]]})[0]))


def solved_shares(path=RECORDS):
    """`{cell: {task: (solved, runs)}}` and the tasks in order, for `figures.solved_map`."""
    cells = memory_runs(path)
    shares = {
        cell: {task: (sum(r["solved"] for r in runs), len(runs)) for task, runs in tasks.items()}
        for cell, tasks in cells.items()
    }
    return shares, list(_columns(cells))


def memory_table(path=RECORDS):
    """Cells by tasks: how many runs solved it, the score of its goal, parameters and seconds."""
    cells = memory_runs(path)
    if not cells:
        return "No run is recorded yet."
    tasks = _columns(cells)
    goals = [f"{task}: {record['goal']}" for task, record in tasks.items()]
    rows = [row(["cell", *goals]), row(["---"] * (1 + len(goals)))]
    for cell, found in cells.items():
        rows.append(row([f"`{cell}`", *(_entry(found.get(task)) for task in tasks)]))
    return "\n".join(rows)


def _entry(runs):
    """One cell of the table: `3 of 3: 0.0004 ± 0.0001; 12,929; 45 s`."""
    if not runs:
        return ""
    solved = f"{sum(record['solved'] for record in runs)} of {len(runs)}"
    scores = [record["score"] for record in runs]
    text = f"{np.mean(scores):.4g}"
    if len(scores) > 1:
        text += f" ± {np.std(scores, ddof=1):.1g}"
    seconds = np.median([record["seconds"] for record in runs])
    return f"{solved}: {text}; {runs[0]['parameters']:,}; {seconds:.0f} s"
