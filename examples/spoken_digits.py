"""Which digit was said? Convolutions over a spectrogram, and a recurrent network over time.

    python examples/spoken_digits.py --quick                    # a minute, any machine
    python examples/spoken_digits.py                            # the full run
    python examples/spoken_digits.py --model rnn                # without the convolutions
    python examples/spoken_digits.py --model cnn                # without the recurrence
    python examples/spoken_digits.py --cell peephole_lstm --depth 2
    python examples/spoken_digits.py --data recordings/         # a folder of WAV files a class
    python examples/spoken_digits.py --data moving_shapes       # generated videos
    python examples/spoken_digits.py --load runs/.../model.keras --predict mine.wav yours.wav

The Free Spoken Digit Dataset is used where its file is; without it the run falls back to a small
sample of generated tones and says so in its first line. A run that was killed goes on with
--resume. Everything a run makes is in its folder: config, environment, history, scores, figures and
the model.
"""

import argparse
import dataclasses
import sys
import time
from pathlib import Path

import numpy as np

import keras_rnnzoo as zoo
from keras_rnnzoo import figures, training
from keras_rnnzoo.datasets import moving_shapes, spoken_digits
from keras_rnnzoo.datasets.wav import read_clips
from keras_rnnzoo.models.clip_classifier import ClipClassifier
from keras_rnnzoo.models.clip_network import KINDS
from keras_rnnzoo.models.clip_recipes import (
    ClipLogistic,
    build_clip_classifier,
    fit_clip_classifier,
    recipe_for,
)
from keras_rnnzoo.models.sequence_baselines import log_loss

RECORDS = Path(__file__).parent / "results" / "spoken_digits.jsonl"
RECORDED = ("spoken_digits", "moving_shapes")  # neither one's own recordings nor the sample


def arguments():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--model", default="conv-rnn", choices=KINDS, help="what is trained")
    p.add_argument("--cell", default="gru", help="any of keras_rnnzoo.list_layers()")
    p.add_argument("--depth", type=int, default=1, help="recurrent layers")
    p.add_argument("--units", type=int, help="width of each direction; default: the recipe's")
    p.add_argument("--epochs", type=int, help="default: the recipe's")
    p.add_argument("--seed", type=int, default=0)
    sources = ", ".join([*spoken_digits.SOURCES, "moving_shapes"])
    p.add_argument("--data", default="auto", help=f"{sources}, or a folder of WAV files")
    p.add_argument("--data-dir", help="archive or folder of the spoken digits")
    p.add_argument("--quick", action="store_true", help="a fifth of the epochs")
    p.add_argument("--resume", action="store_true", help="go on with a run that was stopped")
    p.add_argument("--out", type=Path, help="folder of the run (default: runs/...)")
    p.add_argument("--load", type=Path, help="a saved model to predict with, instead of training")
    p.add_argument("--predict", nargs="+", metavar="WAV", help="with --load: recordings to judge")
    args = p.parse_args()
    if bool(args.predict) != bool(args.load):
        p.error("--load MODEL and --predict WAV ... go together")
    zoo.get(args.cell)  # a misspelt name is told at once, not after the data are read
    return args


def settings(args, parts):
    """The recipe for these clips, with what the command line changes."""
    recipe = recipe_for(parts)
    model = {**recipe.model, "kind": args.model, "cell": args.cell, "depth": args.depth}
    if args.units is not None:
        model["units"] = args.units
    epochs = recipe.epochs if args.epochs is None else args.epochs
    if args.quick and args.epochs is None:
        epochs = max(1, epochs // 5)
    return dataclasses.replace(recipe, model=model, epochs=epochs)


def train(model, parts, recipe, seed, run):
    """Fit the classifier; a killed run goes on at its epoch."""
    history = fit_clip_classifier(
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
        clips = getattr(parts, part)
        chances = model.predict(clips)
        row[part] = float((chances.argmax(-1) == clips.labels).mean())
        row[f"{part}_log_loss"] = log_loss(clips.labels, chances)
    return row, chances


def baseline(model, parts):
    """The row of the plain model on the same spectrograms."""
    start = time.time()
    plain = ClipLogistic(model, parts.train, parts.validation)
    name = f"band statistics + logistic regression (C={plain.C:g})"
    return score_row(name, plain, parts, time.time() - start)[0]


def worth_seeing(labels, said, most=16):
    """Numbers of clips: what was mistaken, then one of each class after the other."""
    wrong, right = np.flatnonzero(said != labels), np.flatnonzero(said == labels)
    turn = np.array([np.sum(labels[right[:k]] == labels[row]) for k, row in enumerate(right)])
    return np.concatenate([wrong[: most // 2], right[np.argsort(turn, kind="stable")]])[:most]


def draw(model, parts, history, chances, run):
    """Every figure of the run."""
    test, said = parts.test, chances.argmax(-1)
    rows = worth_seeing(test.labels, said)
    names = np.array(test.classes)
    titles = [
        f"{names[test.labels[k]]}, taken for {names[said[k]]} ({chances[k].max():.0%})"
        for k in rows
    ]
    right = said[rows] == test.labels[rows]
    pictures = {
        "learning_curves": figures.learning_curves(history),
        "confusion_matrix": figures.confusion_matrix(test.labels, said, test.classes),
        "clips": figures.clip_page(model.scale(test.take(rows)), titles, right),
    }
    for name, figure in pictures.items():
        figures.save(figure, run.figures / f"{name}.png")


def report(description, rows):
    """The scores of all models in one table."""
    titles = ("validation", "test", "log loss")
    print(f"\n{description}\n{'accuracy':<50}{titles[0]:>11}{titles[1]:>7}{titles[2]:>10}{'s':>6}")
    for row in rows:
        shown = f"{100 * row['validation']:>11.2f}{100 * row['test']:>7.2f}"
        print(f"{row['model']:<50}{shown}{row['test_log_loss']:>10.3f}{row['seconds']:>6.0f}")


def predict(path, files):
    """Judge recordings with a saved model; those of another rate are brought to the model's."""
    model = ClipClassifier.load(path)
    if model.log_mel is None:
        raise ValueError(f"{path} judges videos; --predict takes recordings. Use Python for videos")
    show(read_clips(files, model.log_mel.rate), model)


def show(clips, model):
    for name, chances in zip(clips.ids, model.predict(clips)):
        order = np.argsort(-chances)[:3]
        print(f"{name:>16}  " + ", ".join(f"{model.classes[k]} {chances[k]:.1%}" for k in order))


def load(args):
    if args.data == "moving_shapes":
        return moving_shapes.load()
    return spoken_digits.load(args.data, args.data_dir)


def main():
    args = arguments()
    if args.load:
        return predict(args.load, args.predict)
    where = training.environment()
    parts = load(args)
    print(f"Keras {where['keras']} on {where['backend']} {where['backend_version']}")
    recipe = settings(args, parts)
    config = {"data": Path(parts.source).name, "recipe": dataclasses.asdict(recipe)}
    config |= {"checksum": parts.checksum}
    label = config["data"] + ("-quick" if args.quick else "")
    default = f"{label}-{args.model}-{args.cell}-{args.depth}-{args.seed}"
    folder, wanted = args.out or Path("runs") / default, {**config, "seed": args.seed}
    metrics = training.finished_run(folder, wanted)
    if metrics:
        print(f"This run is finished; its scores, model and figures are in {folder}")
        return report(metrics["description"], metrics["rows"])

    training.set_seed(args.seed)
    model = build_clip_classifier(parts.train, recipe, seed=args.seed)
    print(f"{model.count_params():,} parameters; {model.network.explain()}")
    run = training.RunFolder(folder, wanted, resume=args.resume)
    history = train(model, parts, recipe, args.seed, run)
    ours, chances = score_row(describe(recipe), model, parts, run.seconds)
    rows = [ours, baseline(model, parts)]
    draw(model, parts, history, chances, run)
    if not args.quick and parts.source in RECORDED:
        line = {"task": parts.source, "config": config, "seed": args.seed, "command": sys.argv}
        training.record_once(RECORDS, {**line, "rows": rows, "environment": where})
    run.save_metrics({"rows": rows, "description": parts.description})
    report(parts.description, rows)
    print("\nThe first test clips:")
    show(parts.test.take(range(min(4, len(parts.test)))), model)
    print(f"\nModel and figures are in {run.path}")
    return None


def describe(recipe):
    model = recipe.model
    walk = f"{model['depth']} x Bi{zoo.get(model['cell']).__name__}"
    return {"conv-rnn": f"convolutions + {walk}", "rnn": walk, "cnn": "convolutions"}[model["kind"]]


if __name__ == "__main__":
    try:
        main()
    except (OSError, ImportError, TypeError, ValueError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("\nStopped. Finished epochs are kept: the same command with --resume goes on.")
