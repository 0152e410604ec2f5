"""Which cell, how deep? A sweep over configurations of one task, that can be stopped and resumed.

    python -m tuning.sweep parity --quick --cells lstm,gru,mgu --trials 4   # a few minutes
    python -m tuning.sweep jsb --cells all --depths 1-3 --trials 24 --seeds 3 --budget 2h
    python -m tuning.sweep imdb --mode best --tuner bayesian --cells lstm,gru --trials 30
    python -m tuning.sweep jsb --out runs/sweep-jsb --resume                # go on with it

To compare, every cell gets the same random draws of all that is not the cell (depth, learning
rate, dropout and so on) and a width that spends the same number of parameters; nothing depends on
a score. To find the best, one of KerasTuner's searches goes over cells and all. Then the best trial
of each cell is trained with fresh seeds and scored on the test part, beside the default
configuration of the cell at the same number of parameters.

Everything is in `trials.jsonl` of the folder, a line for each run, whole or not there. Ctrl-C, a
kill or a full disk cost the run that was going on; --resume goes on with the rest.
"""

import argparse
import importlib.util
import signal
import sys
import time
from pathlib import Path

if importlib.util.find_spec("keras_tuner") is None:
    sys.exit('error: sweeps need KerasTuner: pip install -e ".[tuning]"')

from tuning import search, settings, spaces, workers
from tuning.clock import Clock, Costs, OutOfTime, read_budget, spoken
from tuning.draws import TUNERS
from tuning.locks import only_one
from tuning.log import Log
from tuning.runs import Runner
from tuning.table import Table
from tuning.tasks import task_of

DEFAULTS = {"quick": False, "mode": "compare", "cells": "all", "depths": "1-3", "trials": 24}
DEFAULTS |= {"seeds": 3, "seed": 0, "budget_seconds": None}


def arguments(given=None):
    p = argparse.ArgumentParser(
        prog="python -m tuning.sweep",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("task", help="imdb, ner, forecasting or a series, jsb, adding, copy, ...")
    p.add_argument("--cells", help="names with commas, or all (default)")
    p.add_argument("--depths", help="numbers of layers, such as 1-3 (default) or 1,2,4")
    p.add_argument("--trials", type=int, help="of each cell to compare, or in all (24)")
    p.add_argument("--epochs", type=int, help="of each run; default: the task's")
    p.add_argument("--parameters", type=int, help="that each model has; to compare: the task's")
    p.add_argument("--seeds", type=int, help="fresh ones for winners and defaults (3)")
    p.add_argument("--seed", type=int, help="of the sweep (0)")
    p.add_argument("--budget", help="time for all of it, such as 2h or 45m; default: no limit")
    p.add_argument("--mode", choices=("compare", "best"), help="default: compare")
    p.add_argument("--tuner", choices=tuple(TUNERS), help="of --mode best (bayesian)")
    p.add_argument("--quick", action="store_true", default=None, help="fewer data, a first look")
    p.add_argument("--out", type=Path, help="folder of the sweep (default: runs/sweep-TASK)")
    p.add_argument("--resume", action="store_true", help="go on with the sweep in the folder")
    p.add_argument("--workers", type=int, help="processes that train side by side (none)")
    p.add_argument("--overwrite", action="store_true", help="replace the sweep in the folder")
    args = p.parse_args(given)
    args.command = sys.argv[1:] if given is None else list(map(str, given))
    if args.resume and args.overwrite:
        p.error("--resume goes on with a sweep, --overwrite deletes it: choose one")
    if args.workers is not None and args.workers < 1:
        p.error("--workers is 1 or more; see tuning/README.md for workers on other machines")
    if args.tuner and args.mode != "best":
        p.error("--tuner is for --mode best; to compare, draws must not depend on scores")
    return args


def chosen(args):
    """The options that the command names, read."""
    names = ("trials", "epochs", "parameters", "seeds", "seed", "mode", "tuner", "quick")
    found = {"task": task_of(args.task).name} | {name: getattr(args, name) for name in names}
    readers = {"cells": spaces.read_cells, "depths": spaces.read_depths}
    for name, read in readers.items():
        found[name] = None if getattr(args, name) is None else read(getattr(args, name))
    found["budget_seconds"] = args.budget and read_budget(args.budget)
    return {name: value for name, value in found.items() if value is not None}


def completed(given, task):
    """The settings of a new sweep: what was named, and defaults for the rest."""
    found = {**DEFAULTS, "epochs": task.epochs, "parameters": None, "tuner": None, **given}
    for name, read in (("cells", spaces.read_cells), ("depths", spaces.read_depths)):
        found[name] = read(found[name]) if isinstance(found[name], str) else found[name]
    if found["mode"] == "compare":
        found["parameters"] = found["parameters"] or task.parameters
    else:
        found["tuner"] = found["tuner"] or "bayesian"
    return settings.Settings(**found)


def prepare(args, folder):
    """The settings, whether they are new, and a log; says what is refused."""
    given = chosen(args)
    found = settings.load(folder) if not args.overwrite else None
    there = (folder / settings.FILE).exists()
    settings.check_folder(folder, found, args.resume, args.overwrite and there)
    if found is None:
        if args.overwrite:
            for name in ("trials.jsonl", "trials.torn", settings.FILE):
                (folder / name).unlink(missing_ok=True)
        task = task_of(given["task"], given.get("quick", False))
        return completed(given, task), None
    kept = settings.agreed(found[0], given)
    settings.check_versions(found[1]["environment"], settings.versions(), "resume")
    return kept, found[1]


def begin(runner, folder, clock, command):
    """Check that the budget fits the sizes and the time, and write down what is begun.

    Returns:
        The `Costs` of runs.
    """
    wanted, task, costs = runner.settings, runner.task, Costs(runner.log)
    for cell in wanted.cells:  # the deepest has the fewest widths to choose from
        task.sized({**task.default(cell), "depth": max(wanted.depths)}, wanted.parameters)
    if wanted.budget_seconds is not None:
        cell = wanted.cells[0]
        size = wanted.parameters
        default = task.default(cell, units=64)
        costs.measured = runner.measure(default, size)
        one = costs.of(cell, wanted.epochs)
        kept = search.reserve(wanted, runner.log, costs)
        start, epoch = costs.measured
        print(
            f"Measured with one {cell}: {start:.1f} s to begin and {epoch:.2f} s an epoch, so "
            f"{spoken(one)} a trial; {spoken(kept)} are kept for winners and defaults."
        )
        if clock.left < one + kept:
            needed = wanted.budget_seconds - clock.left + one + kept
            raise ValueError(
                f"Expected a budget for one trial and the runs at the end, {needed:.0f} s. "
                f"Received: budget={wanted.budget_seconds:.0f} s, of which {clock.left:.0f} s are "
                "left. Give more time (--budget), or take fewer --epochs, --cells or --seeds."
            )
    words = spaces.describe(search.space_of(task, wanted))
    settings.save(folder, wanted, words, command)
    return costs


def sweep(args, folder, started):
    """Search, train the winners again, and say what came of it; returns the exit status."""
    wanted, kept = prepare(args, folder)
    task = task_of(wanted.task, wanted.quick)
    task.load()
    log = Log(folder / "trials.jsonl")
    # Time that an earlier command used is taken off, unless this one brings a budget of its own.
    used = 0 if args.budget else sum(line["seconds"] for line in log.lines)
    clock = Clock(wanted.budget_seconds, used + time.monotonic() - started)
    runner = Runner(task, wanted, log, None)
    costs = begin(runner, folder, clock, args.command) if kept is None else Costs(log)
    runner.table = table_of(runner, costs, clock)
    oracle = search.oracle_of(task, wanted, log)
    searched = True
    given = (oracle, runner, costs, lambda: search.search_limit(wanted, log, costs, clock), folder)
    try:
        if args.workers is not None or workers.role() == "chief":
            joining = [wanted.task, "--out", str(folder)]
            workers.search_with_workers(*given, args.workers or 0, joining)
        else:
            search.SweepTuner(*given).search()
    except OutOfTime:
        searched = False
        runner.table.say("The time for the search is used.")
    ended = search.run_finals(runner, costs, clock)
    return report(runner, folder, searched and ended)


def table_of(runner, costs, clock):
    """The table, which counts what is planned and what is done."""
    wanted, log = runner.settings, runner.log

    def left():
        cells = wanted.cells
        mean = sum(costs.of(cell, wanted.epochs) for cell in cells) / len(cells)
        trials = max(0, wanted.planned - len(log.of_kind("trial"))) * mean
        return min(clock.left, trials + search.reserve(wanted, log, costs))

    best = search.best_trials(wanted, runner.task, log).values()
    ahead = max if runner.task.direction == "max" else min
    score = ahead((line["validation"] for line in best), default=None)
    total = wanted.planned + 2 * wanted.seeds * len(wanted.cells)
    return Table(runner.task, total, len(log), score, left)


def report(runner, folder, whole):
    """Say what is done, what failed and what is missing; returns the exit status."""
    log, wanted, table = runner.log, runner.settings, runner.table
    for kind in ("winner", "default"):
        scores = {}
        for line in log.of_kind(kind, "completed"):
            cell = line["configuration"]["cell"]
            scores.setdefault(cell, []).append(line["test"][runner.task.objective])
        for cell, found in scores.items():
            mean = sum(found) / len(found)
            what = f"{runner.task.objective} {mean:.4f} on the test part"
            table.say(f"{kind:<8}{cell:<18} {what}, mean of {len(found)} seeds")
    table.say(f"{len(log)} runs are in {log.path}")
    if not whole:
        done = len(log.of_kind("trial"))
        table.say(
            f"The budget is used: {done} of {wanted.planned} trials are done. The same command "
            "with --resume --budget 1h gives it an hour more."
        )
    failed = [line for line in log.lines if line["status"] == "failed"]
    if failed:
        table.say(
            f"{len(failed)} of {len(log)} runs failed, the first of them with: "
            f"{failed[0]['error']}. This sweep is no success."
        )
    return 1 if failed else 0


def interrupted(number, frame):
    """A polite kill is taken as Ctrl-C is."""
    raise KeyboardInterrupt


def main(given=None):
    """The command; returns its exit status."""
    started = time.monotonic()
    args = arguments(given)
    folder = None
    signal.signal(signal.SIGTERM, interrupted)
    try:
        folder = args.out or Path("runs") / f"sweep-{task_of(args.task).name}"
        if folder.is_file():
            settings.check_folder(folder, None, False, False)
        if workers.role() == "worker":
            return workers.work(folder)
        folder.mkdir(parents=True, exist_ok=True)
        with only_one(folder):
            return sweep(args, folder, started)
    except KeyboardInterrupt:
        print(f"\nStopped. Finished runs are kept: --out {folder} --resume goes on with them.")
        return 130
    except (OSError, ImportError, TypeError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
