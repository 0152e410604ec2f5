"""Which character comes next? A recurrent network learns a text and writes more of it.

    python examples/character_language_model.py --quick                    # a minute, any machine
    python examples/character_language_model.py                            # the full run
    python examples/character_language_model.py --data tiny_shakespeare --cell lstm --seed 1
    python examples/character_language_model.py --data mine.txt            # or a folder of .txt
    python examples/character_language_model.py --load runs/.../model.keras \\
        --prompt "ROMEO:" --length 400 --temperature 0.8 --top-k 20

The network is trained by truncated backpropagation: the text lies in parallel streams, which are
read window after window with the states carried on. Tiny Shakespeare is used where its file is;
without it the run falls back to a generated play and says so in its first line. A run that was
killed goes on with --resume. Everything a run makes is in its folder: config, environment, history,
scores, figure, a text of its own and the model.
"""

import argparse
import dataclasses
import math
import sys
import time
from pathlib import Path

import keras_rnnzoo as zoo
from keras_rnnzoo import figures, training
from keras_rnnzoo.base.options import positive_int
from keras_rnnzoo.datasets import characters
from keras_rnnzoo.models.language_baselines import CharacterCounts, best_counts
from keras_rnnzoo.models.language_recipes import (
    build_language_model,
    fit_language_model,
    recipe_for,
)
from keras_rnnzoo.training.files import write_atomic

RECORDS = Path(__file__).parent / "results" / "language_model.jsonl"


def arguments():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--cell", default="gru", help="any of keras_rnnzoo.list_layers()")
    p.add_argument("--depth", type=int, default=1, help="recurrent layers")
    p.add_argument("--units", type=int, help="width of each layer; default: the recipe's")
    p.add_argument("--epochs", type=int, help="default: the recipe's")
    p.add_argument("--seed", type=int, default=0)
    sources = ", ".join(characters.SOURCES)
    p.add_argument("--data", default="auto", help=f"{sources}, or a text file or folder")
    p.add_argument("--data-dir", help="file or folder of tiny Shakespeare, or the TFDS folder")
    p.add_argument("--quick", action="store_true", help="60,000 characters, a third of the epochs")
    p.add_argument("--resume", action="store_true", help="go on with a run that was stopped")
    p.add_argument("--out", type=Path, help="folder of the run (default: runs/...)")
    p.add_argument("--load", type=Path, help="a saved model to write with, instead of training")
    p.add_argument("--prompt", help="what the written text goes on from (default: a new line)")
    p.add_argument("--length", type=int, default=1000, help="characters to write")
    p.add_argument("--temperature", type=float, default=0.8, help="0: always the likeliest")
    p.add_argument("--top-k", type=int, help="draw from the likeliest only; default: from all")
    args = p.parse_args()
    zoo.get(args.cell)  # a misspelt name is told at once, not after the data are read
    return args


def settings(args, parts):
    """The recipe for this text, with what the command line changes."""
    recipe = recipe_for(parts)
    model = {**recipe.model, "cell": args.cell, "depth": args.depth}
    if args.units is not None:
        model["units"] = args.units
    epochs = max(1, recipe.epochs // 3) if args.quick else recipe.epochs
    return recipe.changed(model=model, epochs=epochs if args.epochs is None else args.epochs)


def writing(args, model):
    """The options of `generate` that the command line names; told now if they cannot be."""
    prompt = args.prompt
    if prompt is None:
        prompt = "\n" if "\n" in model.characters else model.characters[0]
    options = {"prompt": prompt, "temperature": args.temperature, "top_k": args.top_k}
    options["seed"] = args.seed
    model.stream(**options)
    return {**options, "length": positive_int("length", args.length)}


def train(model, parts, recipe, run):
    """Fit the model; a killed run goes on at its epoch."""
    history = fit_language_model(
        model,
        parts.train,
        parts.validation,
        recipe,
        checkpoint=lambda variables: training.Checkpoint(run.checkpoint, variables=variables),
        callbacks=[training.Progress()],
    )
    print(f"The best epoch on validation is {history.pop('best_epoch')}")
    run.save_history(history)
    model.save(run.path / "model.keras")
    return history


def score_row(name, model, parts, seconds):
    """Nats per character for the table; the test part is scored here and nowhere else."""
    row = {"model": name, "seconds": round(seconds, 1)}
    for part in ("validation", "test"):
        row[part] = model.nats(getattr(parts, part))
    return {**row, "test_bits": row["test"] / math.log(2)}


def baselines(parts):
    """Rows of plain counts: single characters, trigrams, and the order that validation picks."""
    rows = []
    for order, name in ((1, "unigram counts"), (3, "trigram counts"), (None, "{}-gram counts")):
        start = time.time()
        if order is None:
            model = best_counts(parts.train, parts.validation, parts.characters)
        else:
            model = CharacterCounts(parts.train, parts.characters, order)
        rows.append(score_row(name.format(model.order), model, parts, time.time() - start))
    return rows


def write(model, options, run):
    """A text of the model's own, in a file that says whose it is."""
    text = model.generate(**options)
    said = ", ".join(f"{name} {value!r}" for name, value in options.items())
    head = f"Written by {run.path.name}/model.keras, not by a person: {said}.\n{'-' * 72}\n"
    write_atomic(run.path / "sample.txt", f"{head}{options['prompt']}{text}\n")
    return text


def draw(history, rows, run):
    """The learning curve beside the plain counts."""
    levels = {"loss": {row["model"]: row["validation"] for row in rows[1:]}}
    figure = figures.learning_curves(history, levels)
    figures.save(figure, run.figures / "learning_curves.png")


def report(description, rows):
    """The scores of all models in one table."""
    titles = "".join(f"{name:>12}" for name in ("validation", "test", "test bits", "s"))
    print(f"\n{description}\n{'nats per character':<44}{titles}")
    for row in rows:
        shown = "".join(f"{row[key]:>12.4f}" for key in ("validation", "test", "test_bits"))
        print(f"{row['model']:<44}{shown}{row['seconds']:>12.0f}")


def load_and_write(args):
    """A text by a saved model, character by character."""
    model = zoo.LanguageModel.load(args.load)
    options = writing(args, model)
    length = options.pop("length")
    print(options["prompt"], end="")
    for _, character in zip(range(length), model.stream(**options)):
        print(character, end="", flush=True)
    print()


def describe(recipe):
    model = recipe.model
    return f"{model['depth']} x {zoo.get(model['cell']).__name__}, {model['units']} units"


def main():
    args = arguments()
    if args.load:
        return load_and_write(args)
    where = training.environment()
    parts = characters.load(args.data, args.data_dir)
    parts = parts.shortened() if args.quick else parts
    print(f"Keras {where['keras']} on {where['backend']} {where['backend_version']}")
    recipe = settings(args, parts)
    config = {"data": Path(parts.source).name, "checksum": parts.checksum}
    config |= {"recipe": dataclasses.asdict(recipe)}
    label = config["data"] + ("-quick" if args.quick else "")
    default = f"language-{label}-{args.cell}-{args.depth}-{args.seed}"
    folder, wanted = args.out or Path("runs") / default, {**config, "seed": args.seed}
    metrics = training.finished_run(folder, wanted)
    if metrics:
        print(f"This run is finished; its scores, model, figure and text are in {folder}")
        return report(metrics["description"], metrics["rows"])

    training.set_seed(args.seed)
    model = build_language_model(parts.characters, recipe, seed=args.seed)
    options = writing(args, model)
    print(f"{model.count_params():,} parameters; {model.recurrent.explain_kernel()}")
    run = training.RunFolder(folder, wanted, resume=args.resume)
    history = train(model, parts, recipe, run)
    ours = score_row(describe(recipe), model, parts, run.seconds)
    rows = [{**ours, "parameters": model.count_params()}, *baselines(parts)]
    text = write(model, options, run)
    draw(history, rows, run)
    if not args.quick and parts.source == "tiny_shakespeare":
        line = {"task": "language_model", "config": config, "seed": args.seed}
        line |= {"command": sys.argv, "rows": rows, "environment": where}
        training.record_once(RECORDS, line)
    run.save_metrics({"rows": rows, "description": parts.description})
    report(parts.description, rows)
    print(f"\nIt writes, after {options['prompt']!r}:\n{text[:300]}")
    print(f"\nModel, figure and text are in {run.path}")
    return None


if __name__ == "__main__":
    try:
        main()
    except (OSError, ImportError, TypeError, ValueError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("\nStopped. Finished epochs are kept: the same command with --resume goes on.")
