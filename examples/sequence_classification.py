"""Will this person leave the room? A recurrent network on sequences of unequal length.

    python examples/sequence_classification.py --quick             # seconds, any machine
    python examples/sequence_classification.py                     # the full run
    python examples/sequence_classification.py --cell peephole_lstm --depth 2
    python examples/sequence_classification.py --data mine.csv     # id,label,channels...[,time]
    python examples/sequence_classification.py --load runs/.../model.keras --predict new.csv

The walks through rooms of Bacciu et al. (2014) are used where their file is; without it the run
falls back to a small generated sample and says so in its first line. A run that was killed goes on
with --resume. Everything a run makes is in its folder: config, environment, history, scores,
figures and the model.
"""

import argparse
import dataclasses
import sys
import time
from pathlib import Path

import numpy as np

import keras_rnnzoo as zoo
from keras_rnnzoo import figures, training
from keras_rnnzoo.datasets import indoor_movement
from keras_rnnzoo.datasets.sequence_files import read_csv
from keras_rnnzoo.models.sequence_baselines import log_loss, summary_logistic
from keras_rnnzoo.models.sequence_classifier import SequenceClassifier
from keras_rnnzoo.models.sequence_recipes import (
    build_sequence_classifier,
    fit_sequence_classifier,
    recipe_for,
)

RECORDS = Path(__file__).parent / "results" / "movement.jsonl"


def arguments():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--cell", default="gru", help="any of keras_rnnzoo.list_layers()")
    p.add_argument("--depth", type=int, default=1, help="recurrent layers")
    p.add_argument("--units", type=int, help="width of each direction; default: the recipe's")
    p.add_argument("--members", type=int, help="networks asked as one; default: the recipe's")
    p.add_argument("--epochs", type=int, help="default: the recipe's")
    p.add_argument("--seed", type=int, default=0)
    sources = ", ".join(indoor_movement.SOURCES)
    p.add_argument("--data", default="auto", help=f"{sources}, or a CSV file or folder")
    p.add_argument("--data-dir", help="zip file or folder of the walks")
    p.add_argument("--quick", action="store_true", help="one network, a third of the epochs")
    p.add_argument("--resume", action="store_true", help="go on with a run that was stopped")
    p.add_argument("--out", type=Path, help="folder of the run (default: runs/...)")
    p.add_argument("--load", type=Path, help="a saved model to predict with, instead of training")
    p.add_argument("--predict", metavar="CSV", help="with --load: sequences to judge (id,channels)")
    args = p.parse_args()
    if bool(args.predict) != bool(args.load):
        p.error("--load MODEL and --predict CSV go together")
    zoo.get(args.cell)  # a misspelt name is told at once, not after the data are read
    return args


def settings(args, parts):
    """The recipe for this many sequences, with what the command line changes."""
    recipe = recipe_for(parts)
    model = {**recipe.model, "cell": args.cell, "depth": args.depth}
    epochs = recipe.epochs if args.epochs is None else args.epochs
    if args.quick:
        model["members"] = 1
        epochs = max(1, epochs // 3) if args.epochs is None else epochs
    for name in ("units", "members"):
        if getattr(args, name) is not None:
            model[name] = getattr(args, name)
    return dataclasses.replace(recipe, model=model, epochs=epochs)


def train(model, parts, recipe, seed, run):
    """Fit the classifier; a killed run goes on at its epoch."""
    history = fit_sequence_classifier(
        model,
        parts.train,
        parts.validation,
        recipe,
        seed=seed,
        checkpoint=lambda variables: training.Checkpoint(run.checkpoint, variables=variables),
        callbacks=[training.Progress()],
    )
    print(f"The best epoch on validation is {history.pop('best_epoch')}")
    run.save_history(history)
    model.save(run.path / "model.keras")
    return history


def score_row(name, model, parts, seconds):
    """Accuracy and log loss for the table; the test part is scored here and nowhere else."""
    row, chances = {"model": name, "seconds": round(seconds, 1)}, None
    for part in ("validation", "test"):
        sequences = getattr(parts, part)
        chances = model.predict(sequences)
        row[part] = float((chances.argmax(-1) == sequences.labels).mean())
        row[f"{part}_log_loss"] = log_loss(sequences.labels, chances)
    return row, chances


def baseline(parts):
    """The row of the plain model on the same parts."""
    start = time.time()
    plain = summary_logistic(parts.train, parts.validation)
    name = f"summary statistics + logistic regression (C={plain.C:g})"
    return score_row(name, plain, parts, time.time() - start)[0]


def draw(parts, history, chances, run):
    """Every figure of the run."""
    labels, said = parts.test.labels, chances.argmax(-1)
    if len(parts.test.classes) == 2:
        sure = figures.reliability(labels, chances[:, 1])
    else:  # of many classes: whether the class that was named is the right one
        sure = figures.reliability(said == labels, chances.max(-1))
    pictures = {
        "learning_curves": figures.learning_curves(history),
        "confusion_matrix": figures.confusion_matrix(labels, said, parts.test.classes),
        "reliability": sure,
    }
    for name, figure in pictures.items():
        figures.save(figure, run.figures / f"{name}.png")


def report(description, rows):
    """The scores of all models in one table."""
    titles = ("validation", "test", "log loss")
    print(f"\n{description}\n{'accuracy':<58}{titles[0]:>11}{titles[1]:>7}{titles[2]:>10}{'s':>6}")
    for row in rows:
        shown = f"{100 * row['validation']:>11.2f}{100 * row['test']:>7.2f}"
        print(f"{row['model']:<58}{shown}{row['test_log_loss']:>10.3f}{row['seconds']:>6.0f}")


def predict(path, table):
    """Judge the sequences of a CSV file with a saved model."""
    model = SequenceClassifier.load(path)
    show(read_csv(table, channels=model.channels, labelled=False), model)


def show(sequences, model):
    for name, chances in zip(sequences.ids, model.predict(sequences)):
        order = np.argsort(-chances)[:3]
        print(f"{name:>10}  " + ", ".join(f"{model.classes[k]} {chances[k]:.1%}" for k in order))


def main():
    args = arguments()
    if args.load:
        return predict(args.load, args.predict)
    where = training.environment()
    parts = indoor_movement.load(args.data, args.data_dir)
    print(f"Keras {where['keras']} on {where['backend']} {where['backend_version']}")
    recipe = settings(args, parts)
    config = {"data": Path(parts.source).name, "recipe": dataclasses.asdict(recipe)}
    config |= {"checksum": parts.checksum}
    label = config["data"] + ("-quick" if args.quick else "")
    default = f"{label}-{args.cell}-{args.depth}-{args.seed}"
    folder, wanted = args.out or Path("runs") / default, {**config, "seed": args.seed}
    metrics = training.finished_run(folder, wanted)
    if metrics:
        print(f"This run is finished; its scores, model and figures are in {folder}")
        return report(metrics["description"], metrics["rows"])

    training.set_seed(args.seed)
    model = build_sequence_classifier(parts.train, recipe, seed=args.seed)
    print(f"{model.count_params():,} parameters; {model.networks[0].recurrent.explain_kernel()}")
    run = training.RunFolder(folder, wanted, resume=args.resume)
    history = train(model, parts, recipe, args.seed, run)
    ours, chances = score_row(describe(recipe), model, parts, run.seconds)
    rows = [ours, baseline(parts)]
    draw(parts, history, chances, run)
    if not args.quick and parts.source == "indoor_movement":
        line = {"task": "movement", "config": config, "seed": args.seed, "command": sys.argv}
        training.record_once(RECORDS, {**line, "rows": rows, "environment": where})
    run.save_metrics({"rows": rows, "description": parts.description})
    report(parts.description, rows)
    print("\nThe first test sequences:")
    show(parts.test.take(range(min(4, len(parts.test)))), model)
    print(f"\nModel and figures are in {run.path}")
    return None


def describe(recipe):
    model = recipe.model
    name = f"{model['depth']} x Bi{zoo.get(model['cell']).__name__}"
    return name if model.get("members", 1) == 1 else f"{model['members']} x ({name})"


if __name__ == "__main__":
    try:
        main()
    except (OSError, ImportError, TypeError, ValueError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("\nStopped. Finished epochs are kept: the same command with --resume goes on.")
