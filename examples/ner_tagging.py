"""Who, where, what? A recurrent network with a CRF finds named entities in text.

    python examples/ner_tagging.py --quick                  # a minute or two, any machine
    python examples/ner_tagging.py                          # WNUT-17, the full run
    python examples/ner_tagging.py --cell peephole_lstm --head softmax --characters birnn
    python examples/ner_tagging.py --train a.conll --dev b.conll --test c.conll
    python examples/ner_tagging.py --load runs/.../model.keras --predict "Kim flew to Oslo."

WNUT-17 is used when it is prepared or can be downloaded; without either the run falls back to a
small generated sample and says so in its first line. A run that was killed goes on with --resume.
Everything a run makes is in its folder: config, environment, history, scores, a list of the
errors, figures and the model.
"""

import argparse
import dataclasses
import sys
import time
from pathlib import Path

import keras_rnnzoo as zoo
from keras_rnnzoo import figures, training
from keras_rnnzoo.datasets import Tagged, ner
from keras_rnnzoo.metrics import entity_scores, span_errors, write_errors
from keras_rnnzoo.models import SequenceTagger
from keras_rnnzoo.models.sequence_tagger import HEADS
from keras_rnnzoo.models.tagger_baselines import MostFrequentTag
from keras_rnnzoo.models.tagger_layers import READERS
from keras_rnnzoo.models.tagger_recipes import build_tagger, check_types, fit_tagger, recipe_for
from keras_rnnzoo.training.files import write_atomic

RECORDS = Path(__file__).parent / "results" / "ner.jsonl"
A_FEW = [
    "Maria Keller of the Nordic Tea Company met Mark in Lisbon. Will Rose come too?",
    "omg just saw @kim at the Rose Garden in portland",
    "Mutations of BRCA1 are found in hereditary breast cancer.",
]


def arguments():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--cell", default="lstm", help="any of keras_rnnzoo.list_layers()")
    p.add_argument("--depth", type=int, default=1, help="recurrent layers")
    p.add_argument("--head", default="crf", choices=HEADS)
    p.add_argument("--characters", default="cnn", choices=[*READERS, "none"])
    p.add_argument("--members", type=int, help="networks asked as one; default: the recipe's")
    p.add_argument("--units", type=int, help="width of each direction; default: the recipe's")
    p.add_argument("--epochs", type=int, help="default: the recipe's")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--data", default="auto", help=f"{', '.join(ner.SOURCES)}, or a folder")
    p.add_argument("--data-dir", help="where the data lie, or shall be prepared")
    p.add_argument("--train", help="your own CoNLL-style file, with --dev and --test")
    p.add_argument("--dev", help="default: a tenth of --train")
    p.add_argument("--test", help="scored once, at the end")
    p.add_argument("--scheme", help="of your tags; default: what the files show")
    p.add_argument("--vectors", help="a text file of word vectors (GloVe, word2vec, fastText)")
    p.add_argument("--quick", action="store_true", help="1,000 training sentences, few epochs")
    p.add_argument("--resume", action="store_true", help="go on with a run that was stopped")
    p.add_argument("--out", type=Path, help="folder of the run (default: runs/ner-...)")
    p.add_argument("--load", type=Path, help="a saved model to tag with, instead of training")
    p.add_argument("--predict", nargs="+", metavar="TEXT", help="with --load: texts to tag")
    args = p.parse_args()
    if args.predict and not args.load:
        p.error("--predict tags with a saved model: name it with --load")
    if (args.dev or args.test) and not args.train:
        p.error("--dev and --test go with --train")
    zoo.get(args.cell)  # a misspelt name is told at once, not after the data are read
    return args


def load(args):
    """The corpus that the command line names."""
    files = (args.train, args.dev, args.test) if args.train else None
    corpus = ner.load(args.data, args.data_dir, files, args.scheme)
    if not args.quick:
        return corpus

    def head(part, n):
        return part and Tagged(part.tokens[:n], part.tags[:n])

    parts = {"train": head(corpus.train, 1000), "validation": head(corpus.validation, 300)}
    return dataclasses.replace(corpus, **parts, test=head(corpus.test, 300))


def settings(args, corpus):
    """The recipe for this many sentences, with what the command line changes."""
    recipe = recipe_for(corpus)
    model = {"cell": args.cell, "depth": args.depth, "head": args.head}
    model["characters"] = None if args.characters == "none" else args.characters
    for name in ("units", "members"):
        if getattr(args, name) is not None:
            model[name] = getattr(args, name)
    epochs = args.epochs or (min(recipe.epochs, 6) if args.quick else recipe.epochs)
    return dataclasses.replace(recipe, model={**recipe.model, **model}, epochs=epochs)


def train(model, corpus, recipe, seed, run):
    """Fit the tagger; a killed run goes on at its epoch."""
    history = fit_tagger(
        model,
        corpus.train,
        corpus.validation,
        recipe,
        seed=seed,
        checkpoint=lambda variables: training.Checkpoint(run.checkpoint, variables=variables),
        callbacks=[training.Progress()],
    )
    print(f"The best epoch on validation is {history.pop('best_epoch')}")
    run.save_history(history)
    model.save(run.path / "model.keras")
    return history


def evaluate(tagger, part):
    """Lenient and strict scores of a tagger, and what it said."""
    said = tagger.tag_tokens(part.tokens)
    return {name: entity_scores(part.tags, said, name) for name in ("conlleval", "IOB2")}, said


def score_rows(name, tagger, corpus, seconds):
    """F1 on validation and test for the table; the test part is scored here and nowhere else."""
    row, said = {"model": name, "seconds": round(seconds, 1)}, None
    for part in ("validation", "test"):
        sentences = getattr(corpus, part)
        if sentences is not None:
            scores, said = evaluate(tagger, sentences)
            row |= {part: scores["conlleval"].micro.f1, f"{part}_strict": scores["IOB2"].micro.f1}
            row[f"{part}_types"] = {k: s.f1 for k, s in scores["conlleval"].by_type.items()}
            print(f"\n{name}, {part}\n{scores['conlleval']}", flush=True)
    return row, said


def draw(model, corpus, history, said, run):
    """Every figure of the run, the list of errors, and some sentences in colour."""
    part = corpus.test or corpus.validation
    scores = model.decoder.tables()
    pictures = {
        "learning_curves": figures.learning_curves(history),
        "type_confusion": figures.type_confusion(part.tags, said),
        "transition_scores": figures.transition_scores(
            scores["transition"], model.tag_names, scores["start"], scores["end"]
        ),
    }
    for name, figure in pictures.items():
        figures.save(figure, run.figures / f"{name}.png")
    write_errors(run.path / "errors.csv", span_errors(part.tags, said, part.tokens))
    texts = [" ".join(tokens) for tokens in part.tokens[:40]]
    page = figures.entities_html(list(zip(texts, model.tag(texts))))
    write_atomic(run.path / "entities.html", page)


def report(description, rows):
    """The scores of all models in one table."""
    print(f"\n{description}\n{'entity F1':<48}{'validation':>11}{'test':>7}{'strict':>8}{'s':>6}")
    for row in rows:
        cells = [row.get(name) for name in ("validation", "test", "test_strict")]
        shown = [f"{100 * cell:.2f}" if cell is not None else "" for cell in cells]
        print(f"{row['model']:<48}{shown[0]:>11}{shown[1]:>7}{shown[2]:>8}{row['seconds']:>6.0f}")


def predict(path, texts):
    """Tag texts with a saved model."""
    for text, entities in zip(texts, SequenceTagger.load(path).tag(texts)):
        print(figures.entities_terminal(text, entities))
        for entity in entities:
            print(f"    {entity.score:6.1%}  {entity.type:<14} {entity.text}")


def main():
    args = arguments()
    if args.load:
        return predict(args.load, args.predict or A_FEW)
    where = training.environment()
    corpus = load(args)
    print(f"Keras {where['keras']} on {where['backend']} {where['backend_version']}")
    recipe = settings(args, corpus)
    config = {"data": Path(corpus.source).name, "recipe": dataclasses.asdict(recipe)}
    config |= {"checksum": corpus.checksum, "vectors": args.vectors and Path(args.vectors).name}
    label = config["data"] + ("-quick" if args.quick else "")
    default = f"ner-{label}-{args.cell}-{args.depth}-{args.head}-{args.characters}-{args.seed}"
    folder, wanted = args.out or Path("runs") / default, {**config, "seed": args.seed}
    metrics = training.finished_run(folder, wanted)
    if metrics:
        print(f"This run is finished; its scores, model and figures are in {folder}")
        return report(metrics["description"], metrics["rows"])

    training.set_seed(args.seed)
    also = [s for part in (corpus.validation, corpus.test) if part for s in part.tokens]
    model = build_tagger(corpus.train, recipe, args.seed, args.vectors, also)
    if corpus.test:
        check_types(model, corpus.test, "test")
    print(f"{model.count_params():,} parameters; {model.networks[0].recurrent.explain_kernel()}")
    run = training.RunFolder(folder, wanted, resume=args.resume)
    history = train(model, corpus, recipe, args.seed, run)
    ours, said = score_rows(describe(recipe), model, corpus, run.seconds)
    start = time.time()
    plain = MostFrequentTag(corpus.train)
    rows = [ours, score_rows("most frequent tag", plain, corpus, time.time() - start)[0]]
    draw(model, corpus, history, said, run)
    if not args.quick and corpus.source in set(ner.SOURCES) - {"sample"}:
        line = {"task": "ner", "config": config, "seed": args.seed, "command": sys.argv}
        training.record_once(RECORDS, {**line, "rows": rows, "environment": where})
    run.save_metrics({"rows": rows, "description": corpus.description})
    report(corpus.description, rows)
    print()
    predict(run.path / "model.keras", A_FEW)
    print(f"\nModel, figures, errors.csv and entities.html are in {run.path}")
    return None


def describe(recipe):
    model = recipe.model
    letters = {"cnn": "character CNN", "birnn": "character BiRNN", None: "no characters"}
    name = f"{model['depth']} x Bi{zoo.get(model['cell']).__name__}, {letters[model['characters']]}"
    name = f"{name}, {model['head'].replace('crf', 'CRF')}"
    return name if model.get("members", 1) == 1 else f"{model['members']} x ({name})"


if __name__ == "__main__":
    try:
        main()
    except (OSError, ImportError, TypeError, ValueError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("\nStopped. Finished epochs are kept: the same command with --resume goes on.")
