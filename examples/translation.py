"""From English to French, or from any way to write a date to ISO 8601: an encoder, a decoder.

    python examples/translation.py --quick                   # a minute, any machine
    python examples/translation.py                           # the full run
    python examples/translation.py --data dates --cell peephole_lstm
    python examples/translation.py --data fra-eng --attention none
    python examples/translation.py --data mine.tsv           # source, tab, translation
    python examples/translation.py --load runs/.../model.keras --predict "I am cold."

The pairs of Tatoeba are used where their file is; without it the run falls back to generated dates
and says so in its first line. Scores compare texts in lower case, cut into words and joined again,
with all translations that are known of a sentence. A run that was killed goes on with --resume.
Everything a run makes is in its folder: config, environment, history, scores, figures, the model.
"""

import argparse
import dataclasses
import sys
import time
from pathlib import Path

import keras_rnnzoo as zoo
from keras_rnnzoo import figures, training
from keras_rnnzoo.datasets import translation
from keras_rnnzoo.metrics import translation_scores
from keras_rnnzoo.models.seq2seq_baselines import NearestSentence
from keras_rnnzoo.models.seq2seq_recipes import build_seq2seq, fit_seq2seq, recipe_for

RECORDS = Path(__file__).parent / "results" / "translation.jsonl"
ATTENTION = ("additive", "dot", "general", "none")


def arguments():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--cell", default="gru", help="any of keras_rnnzoo.list_layers()")
    p.add_argument("--depth", type=int, default=1, help="layers of encoder and decoder")
    p.add_argument("--units", type=int, help="width of the decoder; default: the recipe's")
    p.add_argument("--attention", default="additive", choices=ATTENTION)
    p.add_argument("--sampling", type=float, default=0.0, help="scheduled sampling: its last rate")
    p.add_argument("--beam", type=int, help="width of the search; default: the recipe's")
    p.add_argument("--epochs", type=int, help="default: the recipe's")
    p.add_argument("--seed", type=int, default=0)
    sources = ", ".join(translation.SOURCES)
    p.add_argument("--data", default="auto", help=f"{sources}, or a file of pairs")
    p.add_argument("--data-dir", help="zip file of the real pairs, or its folder")
    p.add_argument("--max-words", type=int, default=6, help="longer sentences are left out")
    p.add_argument("--tokens", default="words", choices=("words", "characters"))
    p.add_argument("--quick", action="store_true", help="5,000 sentences, a third of the epochs")
    p.add_argument("--resume", action="store_true", help="go on with a run that was stopped")
    p.add_argument("--out", type=Path, help="folder of the run (default: runs/...)")
    p.add_argument("--load", type=Path, help="a saved model to translate with, without training")
    p.add_argument("--predict", metavar="TEXT", help="with --load: what to translate")
    args = p.parse_args()
    if (args.predict is None) != (args.load is None):
        p.error("--load MODEL and --predict TEXT go together")
    zoo.get(args.cell)  # a misspelt name is told at once, not after the data are read
    return args


def read(args):
    """The three parts; of many sentences a few with --quick."""
    parts = translation.load(args.data, args.data_dir, args.max_words, args.tokens)
    if not args.quick:
        return parts
    few = {"train": 5000, "validation": 200, "test": 200}
    few = {name: getattr(parts, name).take(count) for name, count in few.items()}
    return dataclasses.replace(parts, **few)


def settings(args, parts):
    """The recipe for these pairs, with what the command line changes."""
    recipe = recipe_for(parts)
    attention = None if args.attention == "none" else args.attention
    model = {**recipe.model, "cell": args.cell, "depth": args.depth, "attention": attention}
    if args.units is not None:
        model["units"] = args.units
    if args.sampling:
        model["scheduled_sampling"] = args.sampling
    epochs = max(1, recipe.epochs // 3) if args.quick else recipe.epochs
    epochs = epochs if args.epochs is None else args.epochs
    beam = recipe.beam if args.beam is None else args.beam
    return dataclasses.replace(recipe, model=model, epochs=epochs, beam=beam)


def train(model, parts, recipe, seed, run):
    """Fit the model; a killed run goes on at its epoch."""
    history = fit_seq2seq(
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


def score_row(name, translate, parts, start):
    """The scores for the table; the test part is scored here and nowhere else."""
    row = {"model": name, "seconds": round(time.time() - start, 1)}
    for part in ("validation", "test"):
        pairs = getattr(parts, part)
        scores = translation_scores(translate(pairs.sources), pairs.references)
        row |= {part if key == "exact" else f"{part}_{key}": v for key, v in scores.items()}
    return row


def score(model, parts, recipe, seconds):
    """Rows of this run and of the plain way on the same parts."""

    def translate(texts):
        found = model.generate(texts, beam=recipe.beam, length_penalty=recipe.length_penalty)
        return [one.text for one in found]

    ours = score_row(describe(recipe), translate, parts, time.time() - seconds)
    ours["validation_perplexity"] = model.perplexity(*parts.validation.flat())
    start = time.time()
    plain = NearestSentence(parts.train)
    return [ours, score_row("nearest training sentence", plain.generate, parts, start)]


def draw(model, parts, recipe, history, run):
    """Every figure of the run."""
    figures.save(figures.learning_curves(history), run.figures / "learning_curves.png")
    if recipe.model["attention"] is None:
        return
    found = model.generate(parts.validation.take(4).sources, beam=recipe.beam)
    seen = [(one.source, one.tokens, one.attention) for one in found]
    figures.save(figures.alignment(seen), run.figures / "alignment.png")


def report(description, rows):
    """The scores of all models in one table."""
    titles = "".join(f"{name:>12}" for name in ("exact (val)", "exact", "BLEU", "chrF", "s"))
    print(f"\n{description}\n{'scores on test':<44}{titles}")
    for row in rows:
        cells = [100 * row["validation"], 100 * row["test"], row["test_bleu"], row["test_chrf"]]
        shown = "".join(f"{cell:>12.2f}" for cell in cells)
        print(f"{row['model']:<44}{shown}{row['seconds']:>12.0f}")
    print(f"Perplexity on validation: {rows[0]['validation_perplexity']:.3f}")


def predict(path, text):
    """Translate a text with a saved model."""
    for one in zoo.Seq2Seq.load(path).generate(text, beam=4, n_best=3):
        print(f"{one.score:8.3f}  {one.text}")


def show(model, pairs, recipe):
    for source, one, references in zip(
        pairs.sources, model.generate(pairs.sources, beam=recipe.beam), pairs.references
    ):
        print(f"  {source}  ->  {one.text}  (people: {' | '.join(references[:3])})")


def describe(recipe):
    model = recipe.model
    attention = f"{model['attention']} attention" if model["attention"] else "no attention"
    name = f"{model['depth']} x {zoo.get(model['cell']).__name__}, {attention}"
    return f"{name}, beam {recipe.beam}"


def main():
    args = arguments()
    if args.load:
        return predict(args.load, args.predict)
    where = training.environment()
    parts = read(args)
    print(f"Keras {where['keras']} on {where['backend']} {where['backend_version']}")
    recipe, generated = settings(args, parts), parts.source == "dates"
    config = {"data": Path(parts.source).name, "generated": generated, "checksum": parts.checksum}
    config |= {"recipe": dataclasses.asdict(recipe), "tokens": parts.tokens}
    if not generated:
        config["max_words"] = args.max_words
    label = config["data"] + ("-quick" if args.quick else "")
    default = f"{label}-{args.cell}-{args.depth}-{args.attention}-{args.seed}"
    folder, wanted = args.out or Path("runs") / default, {**config, "seed": args.seed}
    metrics = training.finished_run(folder, wanted)
    if metrics:
        print(f"This run is finished; its scores, model and figures are in {folder}")
        return report(metrics["description"], metrics["rows"])

    training.set_seed(args.seed)
    model = build_seq2seq(parts.train, parts.tokens, recipe, seed=args.seed)
    print(f"{model.count_params():,} parameters; {model.decoder.explain_kernel()}")
    run = training.RunFolder(folder, wanted, resume=args.resume)
    history = train(model, parts, recipe, args.seed, run)
    rows = score(model, parts, recipe, run.seconds)
    draw(model, parts, recipe, history, run)
    if not args.quick and parts.source in ("fra-eng", "dates"):
        line = {"task": "translation", "config": config, "seed": args.seed, "command": sys.argv}
        training.record_once(RECORDS, {**line, "rows": rows, "environment": where})
    run.save_metrics({"rows": rows, "description": parts.description})
    report(parts.description, rows)
    print("\nSome of the validation part:")
    show(model, parts.validation.take(5), recipe)
    print(f"\nModel and figures are in {run.path}")
    return None


if __name__ == "__main__":
    try:
        main()
    except (OSError, ImportError, TypeError, ValueError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("\nStopped. Finished epochs are kept: the same command with --resume goes on.")
