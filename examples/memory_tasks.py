"""What can a cell remember? Tasks that only memory solves, one cell after the other.

    python examples/memory_tasks.py --quick                               # seconds, any machine
    python examples/memory_tasks.py --task adding --length 400 --cell gru --seed 0
    python examples/memory_tasks.py --task adding --length 1000 --cell lstm
    python examples/memory_tasks.py --task function_generation --shape triangle --cell peephole_lstm
    python examples/memory_tasks.py --table                               # what was recorded so far

A run ends when its task is solved on validation, at the latest after --minutes. The goals are,
for adding, a mean squared error below 0.001; copy, less than a tenth of the loss that is reached
without memory; parity, a scaled accuracy of 0.99 on strings far longer than those trained on;
selective_copy, 0.99 of the tokens; spike_timing, 0.99 of the sequences with every step right;
function_generation, no error above 0.3 in 40 periods. The chorales (jsb) need their file and train
to the end.

Sequences are generated, new ones for every epoch; validation and test stay the same. A run that was
killed goes on with --resume. Everything a run makes is in its folder: config, environment, history,
scores, the model and a figure. Its line in examples/results/memory_tasks.jsonl is never made twice.
"""

import argparse
import dataclasses
import sys
from pathlib import Path

import keras_rnnzoo as zoo
from keras_rnnzoo import figures, training
from keras_rnnzoo.datasets.waves import SHAPES
from keras_rnnzoo.models.memory_recipes import memory_recipe
from keras_rnnzoo.models.memory_tasks import TASKS, task_named, trivial_scores
from keras_rnnzoo.models.memory_training import fit_memory_task, score_memory
from keras_rnnzoo.models.predictor_recipes import build_sequence_predictor
from keras_rnnzoo.readme.memory import memory_table, solved_shares

RECORDS = Path(__file__).parent / "results" / "memory_tasks.jsonl"
MINUTES, QUICK_MINUTES = 10.0, 0.25
CHANGES = ("units", "depth", "learning_rate", "epochs")


def arguments():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--task", default="parity", help=", ".join(TASKS))
    p.add_argument("--length", type=int, help="how long; default: the first usual length")
    p.add_argument("--shape", choices=SHAPES, help="of function_generation; default: cosine")
    p.add_argument("--cell", default="gru", help="any of keras_rnnzoo.list_layers()")
    p.add_argument("--units", type=int, help="default: the recipe's, as for the next three")
    p.add_argument("--depth", type=int, help="recurrent layers")
    p.add_argument("--learning-rate", type=float)
    p.add_argument("--epochs", type=int, help="at most")
    p.add_argument("--minutes", type=float, help=f"of the processor, at most; default: {MINUTES:g}")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--quick", action="store_true", help="the easy form of the task, 15 seconds")
    p.add_argument("--resume", action="store_true", help="go on with a run that was stopped")
    p.add_argument("--out", type=Path, help="folder of the run (default: runs/...)")
    p.add_argument("--table", action="store_true", help="cells by tasks, from the records")
    p.add_argument("--records", type=Path, default=RECORDS, help="file of the records")
    args = p.parse_args()
    task_named(args.task)
    zoo.get(args.cell)  # a misspelt name is told at once
    if args.shape and args.task != "function_generation":
        p.error("--shape belongs to --task function_generation")
    if args.minutes is not None and not args.minutes > 0:
        p.error(f"--minutes is a number above 0. Received: minutes={args.minutes:g}")
    return args


def load(args):
    """The three parts of the task, and its goal in numbers."""
    task, options = task_named(args.task), {}
    if args.task == "function_generation":
        options["shape"] = args.shape or "cosine"
    parts = task.parts(args.length, quick=args.quick, verbose=True, **options)
    return parts, task.goal.against(trivial_scores(parts))


def settings(args, parts):
    """The recipe of this cell, and what the command line changes in it."""
    recipe = memory_recipe(args.task, args.cell, int(parts.train.lengths.max()))
    given = {name: getattr(args, name) for name in CHANGES if getattr(args, name) is not None}
    model = {name: given[name] for name in ("units", "depth") if name in given}
    fit = {name: value for name, value in given.items() if name not in model}
    return recipe.changed(model=model, **fit), given


def configuration(args, parts, recipe, goal):
    """All that tells one run from another, but for the seed."""
    length = args.length or next(iter(task_named(args.task).lengths), None)
    shape = (args.shape or "cosine") if args.task == "function_generation" else None
    default = QUICK_MINUTES if args.quick else MINUTES
    minutes = default if args.minutes is None else args.minutes
    config = {"task": args.task, "length": length, "shape": shape, "minutes": minutes}
    config |= {"recipe": dataclasses.asdict(recipe), "goal": str(goal)}
    return config | {"checksum": parts.checksum, "quick": args.quick}


def train(args, model, parts, recipe, goal, config, run):
    """Fit, and score the test part once; a killed run goes on at its epoch."""
    history, ended = fit_memory_task(
        model,
        parts,
        recipe,
        goal,
        seed=args.seed,
        minutes=config["minutes"],
        checkpoint=lambda variables: training.Checkpoint(run.checkpoint, variables=variables),
        callbacks=[training.Progress()],
    )
    print(f"Ended: {ended}. The epoch that is kept is {history.pop('best_epoch')}")
    run.save_history(history)
    model.save(run.path / "model.keras")
    return history, ended, score_memory(model, parts.test)


def result(args, model, parts, recipe, goal, history, ended, scores, given):
    """The scores of a run beside what they are to be measured by."""
    epochs = len(history["loss"])
    batch = min(recipe.batch_size, len(parts.train))
    return {
        "cell": zoo.get(args.cell).__name__,
        "changes": given,
        "cell_options": recipe.model["cell_options"],
        "units": recipe.model["units"],
        "depth": recipe.model.get("depth") or 1,
        "parameters": model.count_params(),
        "goal": str(goal),
        "goal_score": goal.score,
        "score": scores[goal.score],
        "solved": goal.met(scores),
        "scores": scores,
        "trivial": trivial_scores(parts),
        "ended": ended,
        "epochs": epochs,
        "steps": epochs * -(-len(parts.train) // batch),
        "seconds": round(history["seconds"][-1], 1),
    }


def draw(history, row, goal, run):
    """Validation on its way from what needs no memory to the goal."""
    figure = figures.goal_curve(
        history[f"val_{goal.score}"],
        goal.limit,
        row["trivial"][goal.score],
        goal.score.replace("_", " "),
        goal.higher,
        steps=row["steps"] // row["epochs"],
    )
    figures.save(figure, run.figures / "goal_curve.png")


def report(row, description):
    """One run in a few lines."""
    verdict = "Solved" if row["solved"] else "Not solved"
    print(f"\n{description}\n{verdict}: {row['goal_score'].replace('_', ' ')} on test "
          f"{row['score']:.4g}, without memory {row['trivial'][row['goal_score']]:.4g}; the goal: "
          f"{row['goal']}")  # fmt: skip
    print("All scores on test: " + ", ".join(f"{k} {v:.4g}" for k, v in row["scores"].items()))
    print(f"{row['cell']}, {row['units']} units, {row['parameters']:,} parameters; "
          f"{row['steps']:,} steps in {row['seconds']:.0f} s")  # fmt: skip


def table(args):
    """All that was recorded, as a table and as a figure."""
    print(memory_table(args.records))
    shares, tasks = solved_shares(args.records)
    if shares:
        path = args.out or Path("runs") / "memory_tasks.png"
        figures.save(figures.solved_map(shares, tasks), path)
        print(f"\nWhich cell solves what: {path}")


def main():
    args = arguments()
    if args.table:
        return table(args)
    where = training.environment()
    parts, goal = load(args)
    print(f"Keras {where['keras']} on {where['backend']} {where['backend_version']}")
    recipe, given = settings(args, parts)
    config = configuration(args, parts, recipe, goal)
    names = (args.task, config["shape"], config["length"], args.cell, *given.values())
    label = "-".join(str(name) for name in (*names, "quick" * args.quick, args.seed) if name != "")
    folder, wanted = args.out or Path("runs") / f"memory-{label}", {**config, "seed": args.seed}
    known = training.find_record(args.records, args.task, config, args.seed)
    row = known or training.finished_run(folder, wanted)
    if row:
        print(f"This run is finished; its line is in {args.records}" if known else
              f"This run is finished; its model and figure are in {folder}")  # fmt: skip
        return report(row, parts.description)

    training.set_seed(args.seed)
    model = build_sequence_predictor(parts.train, recipe, seed=args.seed)
    print(f"{model.count_params():,} parameters; {model.recurrent.explain_kernel()}")
    run = training.RunFolder(folder, wanted, resume=args.resume)
    history, ended, scores = train(args, model, parts, recipe, goal, config, run)
    row = result(args, model, parts, recipe, goal, history, ended, scores, given)
    draw(history, row, goal, run)
    if not args.quick:
        line = {"task": args.task, "config": config, "seed": args.seed, "command": sys.argv}
        line |= {"length": config["length"], "shape": config["shape"], "environment": where}
        training.record_once(args.records, {**line, **row})
    run.save_metrics(row)
    report(row, parts.description)
    print(f"\nModel and figure are in {run.path}")
    return None


if __name__ == "__main__":
    try:
        main()
    except (OSError, ImportError, TypeError, ValueError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("\nStopped. Finished epochs are kept: the same command with --resume goes on.")
