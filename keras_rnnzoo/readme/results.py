"""The tables of what was trained: texts, names and movements."""

import numpy as np

from keras_rnnzoo.readme.places import RESULTS, percent, spread
from keras_rnnzoo.training import read_records


def imdb_table(path=RESULTS / "imdb.jsonl"):
    """Test accuracy on the real reviews by configuration: mean and spread over seeds."""
    if not path.exists():
        return "No run on the real reviews is recorded yet."
    groups = {}
    for record in read_records(path):
        groups.setdefault(record["config_hash"], []).append(record)
    rows = [
        "| model | seeds | validation | test | seconds a seed | backend |",
        "|---|---|---|---|---|---|",
    ]
    plain = {}
    for records in sorted(groups.values(), key=_best_first):
        ours = [record["rows"][0] for record in records]
        plain.update({row["model"]: row for record in records for row in record["rows"][1:]})
        name = ours[0]["model"].removeprefix("this run: ")
        seconds = f"{np.mean([row['seconds'] for row in ours]):.0f}"
        backend = ", ".join(sorted({record["environment"]["backend"] for record in records}))
        tail = f"{percent(ours, 'validation')} | {percent(ours, 'test')} | {seconds} | {backend}"
        rows.append(f"| {name} | {len(records)} | {tail} |")
        if "bag head" in name:
            alone = percent(ours, "test_recurrent_head")
            rows.append(
                f"| its recurrent head alone, words only | {len(records)} | | {alone} | | |"
            )
        if "test_evidence" in ours[0]:
            alone = percent(ours[:1], "test_evidence")
            rows.append(f"| the linear classifier of its evidence alone | 1 | | {alone} | | |")
    for name, row in plain.items():
        scores = f"{100 * row['validation']:.2f} | {100 * row['test']:.2f}"
        rows.append(f"| {name} | 1 | {scores} | {row['seconds']:.0f} | scikit-learn |")
    return "\n".join(rows)


def _best_first(records):
    return -np.mean([record["test"] for record in records])


def ner_table(path=RESULTS / "ner.jsonl"):
    """Test F1 by corpus and configuration: mean and spread over seeds."""
    if not path.exists():
        return "No run on a real corpus is recorded yet."
    groups = {}
    for record in read_records(path):
        for row in record["rows"]:
            ours = row is record["rows"][0]
            key = record["config"]["data"], record["config_hash"] if ours else "", row["model"]
            groups.setdefault(key, []).append({**row, "seed": record["seed"]})
    rows = [
        "| corpus | model | seeds | validation | test | strict | seconds a seed |",
        "|---|---|---|---|---|---|---|",
    ]
    for (corpus, _, name), runs in sorted(groups.items(), key=_headline_first):
        found = runs if len({row["test"] for row in runs}) > 1 else runs[:1]
        scores = [percent(found, key) for key in ("validation", "test", "test_strict")]
        seconds = f"{np.mean([row['seconds'] for row in found]):.0f}"
        cells = [f"`{corpus}`", name, str(len(found)), *scores[:2], f"({scores[2]})", seconds]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _headline_first(group):
    (corpus, _, name), found = group
    return corpus, -len(found) if name != "most frequent tag" else 0, name


def movement_table(path=RESULTS / "movement.jsonl"):
    """Test accuracy on the indoor movement set."""
    return _accuracies(path)


def digits_table(path=RESULTS / "spoken_digits.jsonl"):
    """Test accuracy on the spoken digits."""
    return _accuracies(path, "spoken_digits")


def shapes_table(path=RESULTS / "spoken_digits.jsonl"):
    """Test accuracy on the moving shapes."""
    return _accuracies(path, "moving_shapes")


def _accuracies(path, data=None):
    """Accuracy by model, on one set of those in the file: mean and spread over runs."""
    if not path.exists():
        return "No run on the real set is recorded yet."
    groups = {}
    for record in read_records(path):
        for row in record["rows"] if data in (None, record["config"].get("data")) else ():
            groups.setdefault(row["model"], []).append(row)
    rows = ["| model | runs | validation | test | seconds a run |", "|---|---|---|---|---|"]
    for name, runs in groups.items():
        found = runs if len({row["test_log_loss"] for row in runs}) > 1 else runs[:1]
        seconds = f"{np.median([row['seconds'] for row in found]):.0f}"
        scores = [percent(found, key) for key in ("validation", "test")]
        rows.append(f"| {' | '.join([name, str(len(found)), *scores, seconds])} |")
    return "\n".join(rows)


def translation_table(path=RESULTS / "translation.jsonl"):
    """Exact match, BLEU and chrF by data and model: mean and spread over seeds."""
    if not path.exists():
        return "No run is recorded yet."
    groups = {}
    for record in read_records(path):
        for row in record["rows"]:
            ours = row is record["rows"][0]
            key = record["config"]["data"], record["config_hash"] if ours else "", row["model"]
            groups.setdefault(key, []).append(row)
    names = ["pairs", "model", "seeds", "exact match", "BLEU", "chrF"]
    names += ["validation perplexity", "seconds a seed"]
    rows = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for (data, _, name), runs in groups.items():
        found = runs if "validation_perplexity" in runs[0] else runs[:1]
        scores = [percent(found, "test")]
        scores += [spread(found, f"test_{score}", 1) for score in ("bleu", "chrf")]
        known = "validation_perplexity" in found[0]
        scores.append(spread(found, "validation_perplexity", 2) if known else "")
        seconds = f"{np.median([row['seconds'] for row in found]):.0f}"
        cells = [f"`{data}`", name, str(len(found)), *scores, seconds]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def language_table(path=RESULTS / "language_model.jsonl"):
    """Nats per character by model: mean and spread over seeds."""
    if not path.exists():
        return "No run on the real text is recorded yet."
    groups = {}
    for record in read_records(path):
        for row in record["rows"]:
            ours = row is record["rows"][0]
            groups.setdefault((record["config_hash"] if ours else "", row["model"]), []).append(row)
    names = ["model", "parameters", "seeds", "validation nats", "test nats", "test bits"]
    rows = [f"| {' | '.join([*names, 'seconds a seed'])} |", "|---" * (len(names) + 1) + "|"]
    for (own, name), runs in sorted(groups.items(), key=_fewest_nats):
        found = runs if own else runs[:1]
        parameters = f"{found[0]['parameters']:,}" if own else ""
        scores = [spread(found, key, 3) for key in ("validation", "test", "test_bits")]
        seconds = f"{np.median([row['seconds'] for row in found]):.0f}"
        cells = [name, parameters, str(len(found)), *scores, seconds]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _fewest_nats(group):
    return np.mean([row["validation"] for row in group[1]])
