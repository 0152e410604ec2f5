"""Is a film review positive? A bidirectional recurrent network on the IMDB reviews.

    python examples/imdb_sentiment.py --quick              # a minute or two, any machine
    python examples/imdb_sentiment.py                      # the full run
    python examples/imdb_sentiment.py --cell peephole_lstm --depth 2
    python examples/imdb_sentiment.py --model rnn-attention --no-bag
    python examples/imdb_sentiment.py --evidence         # a hybrid with naive Bayes
    python examples/imdb_sentiment.py --data my_reviews.csv
    python examples/imdb_sentiment.py --load runs/.../model.keras --predict "Not bad at all."

The real reviews are used when they are prepared or can be downloaded; without either the run
falls back to a small generated sample and says so in its first line. A run that was killed goes on
with --resume. Everything a run makes is in its folder: config, environment, history, scores,
figures and the model.
"""

import argparse
import dataclasses
import sys
import time
from pathlib import Path

import keras
import numpy as np

import keras_rnnzoo as zoo
from keras_rnnzoo import figures, training
from keras_rnnzoo.base.options import choice
from keras_rnnzoo.datasets import imdb
from keras_rnnzoo.models import TextClassifier
from keras_rnnzoo.models.text_baselines import nb_svm, tfidf_logistic
from keras_rnnzoo.models.text_reader import ARCHITECTURES
from keras_rnnzoo.models.text_recipes import (
    EVIDENCE,
    FEW_REVIEWS,
    REVIEWS,
    SAMPLE,
    build_classifier,
    describe,
    fit_classifier,
)
from keras_rnnzoo.through_time import gradient_through_time
from keras_rnnzoo.wrappers.merge import MERGE_MODES, merge_mode_of

RECORDS = Path(__file__).parent / "results" / "imdb.jsonl"
ALONE = {
    "test_recurrent_head": "The network",
    "test_bag": "The bag of words and bigrams",
    "test_evidence": "The linear classifier of its evidence",
}
A_FEW = [
    "I expected nothing and was moved to tears. A small wonder.",
    "Not the worst film of the year, but I cannot remember why.",
    "It started well, yet by the end I wanted my two hours back.",
    "",
]


def arguments():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    around = f"around the recurrence: {', '.join(ARCHITECTURES)}; default: the recipe's"
    p.add_argument("--model", help=around)
    bag = "whether a bag of words stands beside it; default: the recipe's"
    p.add_argument("--bag", action=argparse.BooleanOptionalAction, help=bag)
    evidence = "let the network see what naive Bayes makes of each word"
    p.add_argument("--evidence", action="store_true", help=evidence)
    p.add_argument("--cell", default="gru", help="any of keras_rnnzoo.list_layers()")
    p.add_argument("--depth", type=int, default=1, help="recurrent layers")
    modes = ", ".join(mode for mode in MERGE_MODES if mode)
    p.add_argument("--merge", default="concat", help=f"of the directions: {modes}")
    p.add_argument("--units", type=int, help="width of each direction; default: the recipe's")
    p.add_argument("--epochs", type=int, help="default: the recipe's")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--data", default="auto", help="auto, imdb, sample, or a CSV with text,label")
    p.add_argument("--data-dir", help="TFDS folder with the prepared imdb_reviews")
    p.add_argument("--quick", action="store_true", help="4,000 training texts and a small model")
    p.add_argument("--resume", action="store_true", help="go on with a run that was stopped")
    p.add_argument("--out", type=Path, help="folder of the run (default: runs/imdb-...)")
    p.add_argument("--load", type=Path, help="a saved model to predict with, instead of training")
    p.add_argument("--predict", nargs="+", metavar="TEXT", help="with --load: texts to judge")
    args = p.parse_args()
    if args.evidence and args.bag:
        p.error("--evidence is a bag of n-grams already: leave out --bag")
    if args.predict and not args.load:
        p.error("--predict judges with a saved model: name it with --load")
    # Misspelt names are told at once, not after the reviews are read.
    zoo.get(args.cell), merge_mode_of(args.merge)
    choice("--model", args.model or "rnn", ARCHITECTURES)
    return args


def settings(args, reviews):
    """The recipe for this many texts, with what the command line changes."""
    recipe = REVIEWS if len(reviews.train) > 10_000 else FEW_REVIEWS
    recipe = EVIDENCE if args.evidence and recipe is REVIEWS else recipe
    recipe = SAMPLE if reviews.source == "sample" else recipe
    model = {"cell": args.cell, "depth": args.depth, "merge_mode": args.merge}
    given = {"units": args.units, "bag": args.bag, "architecture": args.model}
    given["evidence"] = args.evidence or None
    model |= {name: value for name, value in given.items() if value is not None}
    model = {**recipe.model, **model}
    if model.get("architecture") == "rnn":
        del model["architecture"]  # it is not named in earlier records
    recipe = dataclasses.replace(recipe, model=model)
    return recipe if args.epochs is None else dataclasses.replace(recipe, epochs=args.epochs)


def train(model, reviews, recipe, seed, run):
    """Fit the classifier; a killed run goes on at its epoch."""
    history = fit_classifier(
        model,
        reviews.train,
        reviews.validation,
        recipe,
        seed=seed,
        checkpoint=training.Checkpoint(run.checkpoint),
        callbacks=[training.Progress()],
    )
    run.save_history(history)
    model.save(run.path / "model.keras")
    return history


def baselines(reviews):
    """Accuracy of the two plain models on the same parts, with their seconds."""
    for known in training.read_records(RECORDS):
        if known["config"]["checksum"] == reviews.checksum:
            print(f"The plain models are those of an earlier run, from {RECORDS.name}")
            return known["rows"][1:]  # they are the same in every run
    rows = []
    for name, fit in (("TF-IDF + logistic regression", tfidf_logistic), ("NB-SVM", nb_svm)):
        start = time.time()
        held_out = (reviews.validation.texts, reviews.validation.labels)
        plain = fit(reviews.train.texts, reviews.train.labels, held_out)
        right = {
            part: accuracy(plain.predict_proba(split.texts)[:, 1] > 0.5, split.labels)
            for part, split in (("validation", reviews.validation), ("test", reviews.test))
        }
        rows.append({"model": name, **right, "seconds": round(time.time() - start, 1)})
    return rows


def accuracy(said, labels):
    return float((np.asarray(said) == np.asarray(labels)).mean())


def evaluate(model, reviews):
    """Accuracies by head; the test part is scored here and nowhere else."""
    scores, logits = {}, {}
    for part in ("validation", "test"):
        split = getattr(reviews, part)
        logits[part] = model.logits(split.texts)
        scores[part] = accuracy(logits[part].sum(-1) > 0, split.labels)
    heads = ("recurrent_head", "evidence" if hasattr(model, "evidence") else "bag")
    for name, logit in zip(heads, logits["test"].T):
        scores[f"test_{name}"] = accuracy(logit > 0, reviews.test.labels)
    return scores, logits["test"].sum(-1)


def draw(model, reviews, history, test_logits, run):
    """Every figure of the run."""
    said, labels = test_logits > 0, reviews.test.labels
    encode = model.vocabulary.encode
    lengths = [len(encode(text, max_length=None)["words"]) for text in reviews.test.texts]
    pictures = {
        "learning_curves": figures.learning_curves(history),
        "confusion_matrix": figures.confusion_matrix(labels, said, ["negative", "positive"]),
        "reliability": figures.reliability(labels, 1 / (1 + np.exp(-test_logits))),
        "error_by_length": figures.error_by_length(lengths, said == labels),
        "gradient_through_time": figures.gradient_through_time(gradients(model, reviews)),
    }
    if model.reader.weighs_words:
        pictures["attention"] = figures.word_weights(weighed(model, reviews, test_logits))
    for name, figure in pictures.items():
        figures.save(figure, run.figures / f"{name}.png")


def weighed(model, reviews, test_logits, most=120):
    """The words of a few short reviews with what the attention pays them."""
    texts = {}
    for text, logit, number in zip(reviews.test.texts, test_logits, reviews.test.labels):
        if 3 < len(text.split()) < most and len(texts) < 4:
            pairs = model.attention(text)
            label = ("negative", "positive")[int(number)]
            said = f"labelled {label}, predicted {1 / (1 + np.exp(-logit)):.0%} positive"
            texts[f"{len(texts) + 1}: {said}"] = pairs
    return texts


def gradients(model, reviews, steps=100):
    """How far back the last output feels the state: trained, new, and for a SimpleRNN."""
    rows = [model.encode(text, model.max_length) for text in reviews.test.texts]
    lengths = np.array([len(row["words"]) for row in rows])
    steps = min(steps, int(np.quantile(lengths, 0.9)))
    chosen = [rows[k] for k in np.flatnonzero(lengths >= steps)[:32]]
    ends = ({n: x[-steps:] if np.ndim(x) else x for n, x in row.items()} for row in chosen)
    read = model.embedded(keras.tree.map_structure(lambda *x: np.stack(x), *ends))[0]
    if model.architecture == "cnn-rnn":
        read = model.reader.hybrid.convolved(read)[0]
    trained = model.recurrent.recurrent_layers[0]
    trained = getattr(trained, "forward_layer", trained)
    name = type(trained).__name__
    layers = {f"{name}, trained": trained}
    for cell in dict.fromkeys([name, "SimpleRNN"]):
        layers[f"{cell}, at the start"] = zoo.get(cell)(trained.cell.units)
    norms = {}
    for name, layer in layers.items():
        (through,) = gradient_through_time(layer, read, jacobian_steps=None).values()
        norms[name] = through.total
    return norms


def table(rows):
    """Accuracies of all models in one table."""
    lines = [f"{'model':<44}{'validation':>12}{'test':>8}{'seconds':>9}"]
    for row in rows:
        validation = f"{100 * row['validation']:.2f}" if "validation" in row else ""
        lines.append(
            f"{row['model']:<44}{validation:>12}{100 * row['test']:>8.2f}{row['seconds']:>9.0f}"
        )
    return "\n".join(lines)


def report(description, rows):
    """The table, and what each of two heads gives without the other."""
    print(f"\n{description}\n{table(rows)}")
    for name, said in ALONE.items():
        if name in rows[0] and rows[0][name] != rows[0]["test"]:
            print(f"{said} of this run alone: {100 * rows[0][name]:.2f} on test.")


def predict(path, texts):
    """Judge texts with a saved model."""
    for text, probability in zip(texts, TextClassifier.load(path).predict(texts)):
        print(f"{probability:6.1%} positive  {text or '(an empty review)'}")


def main():
    args = arguments()
    if args.load:
        return predict(args.load, args.predict or A_FEW)
    where = training.environment()
    reviews = imdb.load(args.data, args.data_dir)
    print(f"Keras {where['keras']} on {where['backend']} {where['backend_version']}")
    reviews = reviews.shortened() if args.quick and len(reviews.train) > 4000 else reviews
    recipe = settings(args, reviews)
    config = {"recipe": dataclasses.asdict(recipe), "checksum": reviews.checksum}
    label = Path(reviews.source).stem + ("-quick" if args.quick else "")
    kind = [args.model] if args.model else []
    kind += ["evidence"] if args.evidence else []
    kind += [] if args.bag is None else ["bag" if args.bag else "no-bag"]
    default = "-".join([label, *kind, args.cell, str(args.depth), args.merge, str(args.seed)])
    folder, wanted = args.out or Path("runs") / default, {**config, "seed": args.seed}
    metrics = training.finished_run(folder, wanted)
    if metrics:
        print(f"This run is finished; its scores, model and figures are in {folder}")
        return report(metrics["description"], metrics["rows"])

    training.set_seed(args.seed)
    texts, labels = reviews.train.texts, reviews.train.labels
    model = build_classifier(texts, recipe, seed=args.seed, labels=labels)
    print(f"{model.count_params():,} parameters; {model.recurrent.explain_kernel()}", flush=True)
    run = training.RunFolder(folder, wanted, resume=args.resume)
    history = train(model, reviews, recipe, args.seed, run)
    seconds = run.seconds
    scores, test_logits = evaluate(model, reviews)
    ours = {"model": f"this run: {describe(recipe)}", **scores, "seconds": round(seconds, 1)}
    rows = [ours, *baselines(reviews)]
    draw(model, reviews, history, test_logits, run)
    record(args, reviews, config, rows, scores, where)
    run.save_metrics({"rows": rows, "seconds": seconds, "description": reviews.description})
    report(reviews.description, rows)
    print()
    known = A_FEW if reviews.source == "imdb" else [*reviews.test.texts[:3], ""]
    predict(run.path / "model.keras", known)
    print(f"\nModel and figures are in {run.path}")
    return None


def record(args, reviews, config, rows, scores, where):
    """One line for a full run on real reviews; the sample is never a result."""
    if args.quick or reviews.source != "imdb":
        return
    line = {"task": "imdb", "config": config, "seed": args.seed, "command": sys.argv}
    training.record_once(RECORDS, {**line, **scores, "rows": rows, "environment": where})


if __name__ == "__main__":
    try:
        main()
    except (OSError, ImportError, TypeError, ValueError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("\nStopped. Finished epochs are kept: the same command with --resume goes on.")
