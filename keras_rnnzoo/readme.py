"""The generated parts of the README: `python -m keras_rnnzoo.readme --write`.

Each part stands between two comment lines that name it; a test says when one is out of date.
"""

import argparse
import inspect
import re
from pathlib import Path

import numpy as np

from keras_rnnzoo.base import LinearCell
from keras_rnnzoo.base.options import OPTIONS
from keras_rnnzoo.models.forecast_scoring import gain
from keras_rnnzoo.registry import get, list_layers
from keras_rnnzoo.training import read_records
from keras_rnnzoo.training.files import write_atomic

ROOT = Path(__file__).resolve().parent.parent


def layers_table():
    """Every recurrent layer: name, source, states, refused options, kernel."""
    rows = ["| layer | source | states | options it refuses | kernel |", "|---|---|---|---|---|"]
    for name in list_layers():
        cell = get(name).cell_class
        source = inspect.getdoc(cell).split("Reference: ")[1].replace("\n", " ")
        refused = [f"`{option}`" for option in OPTIONS if option in cell.refuses]
        kernel = "linear scan" if issubclass(cell, LinearCell) else "step loop"
        states = ", ".join(cell.states)
        rows.append(f"| `{name}` | {source} | {states} | {', '.join(refused) or '-'} | {kernel} |")
    return "\n".join(rows)


def kernels_table():
    """What walks time on each backend, for three kinds of cell."""
    cells = {name: get(name)(1) for name in ("LSTM", "PeepholeLSTM", "MinGRU")}
    rows = [
        "| backend | `LSTM`, `GRU`, `SimpleRNN` | other cells | linear cells |",
        "|---|---|---|---|",
    ]
    for backend in ("tensorflow", "jax", "torch"):
        texts = [layer.cell.explain_kernel(backend)[0] for layer in cells.values()]
        rows.append(f"| {backend} | {' | '.join(texts)} |")
    return "\n".join(rows)


def imdb_table(path=ROOT / "examples" / "results" / "imdb.jsonl"):
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
    for records in groups.values():
        ours = [record["rows"][0] for record in records]
        plain.update({row["model"]: row for record in records for row in record["rows"][1:]})
        name = ours[0]["model"].removeprefix("this run: ")
        seconds = f"{np.mean([row['seconds'] for row in ours]):.0f}"
        backend = ", ".join(sorted({record["environment"]["backend"] for record in records}))
        tail = f"{len(records)} | {_mean(ours, 'validation')} | {_mean(ours, 'test')} | {seconds}"
        rows.append(f"| {name} | {tail} | {backend} |")
        if "bag head" in name:
            alone = _mean(ours, "test_recurrent_head")
            rows.append(
                f"| its recurrent head alone, words only | {len(records)} | | {alone} | | |"
            )
    for name, row in plain.items():
        scores = f"{100 * row['validation']:.2f} | {100 * row['test']:.2f}"
        rows.append(f"| {name} | 1 | {scores} | {row['seconds']:.0f} | scikit-learn |")
    return "\n".join(rows)


def ner_table(path=ROOT / "examples" / "results" / "ner.jsonl"):
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
        scores = [_mean(found, key) for key in ("validation", "test", "test_strict")]
        seconds = f"{np.mean([row['seconds'] for row in found]):.0f}"
        cells = [f"`{corpus}`", name, str(len(found)), *scores[:2], f"({scores[2]})", seconds]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _headline_first(group):
    (corpus, _, name), found = group
    return corpus, -len(found) if name != "most frequent tag" else 0, name


def forecasting_table(path=ROOT / "examples" / "results" / "forecasting.jsonl"):
    """Test errors by set and horizon: the recurrence beside a linear skip, the skip, the rest."""
    if not path.exists():
        return "No run on a real set is recorded yet."
    groups = {}
    for record in read_records(path):
        groups.setdefault(record["config_hash"], []).append(record)
    plain = ("seasonal naive", "ETS")
    rows = [
        "| set | look-back | horizon | model | seeds | MSE | MAE | linear skip alone | gain in MSE "
        f"(95 % interval) | {' | '.join(plain)} | seconds a seed |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for records in sorted(groups.values(), key=lambda group: _setting(group[0])):
        name, horizon = _setting(records[0])[:2]
        ours, skip = ([record["rows"][k] for record in records] for k in (0, 1))
        others = {row["model"]: row["mse"] for row in records[0]["rows"]}
        low = gain([record["lower"] for record in records], records[0]["span"])
        cells = [f"`{name}`", records[0]["span"] - horizon, horizon, ours[0]["model"]]
        cells += [len(records), _spread(ours, "mse"), _spread(ours, "mae")]
        cells += [f"{skip[0]['mse']:.3f}", f"{low[0]:.4f} ({low[1]:.4f} to {low[2]:.4f})"]
        cells += [f"{others[k]:.3f}" if k in others else "" for k in plain]
        cells.append(f"{np.mean([row['seconds'] for row in ours]):.0f}")
        rows.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(rows)


def movement_table(path=ROOT / "examples" / "results" / "movement.jsonl"):
    """Test accuracy on the indoor movement set: mean and spread over seeds."""
    if not path.exists():
        return "No run on the real set is recorded yet."
    groups = {}
    for record in read_records(path):
        for row in record["rows"]:
            groups.setdefault(row["model"], []).append(row)
    rows = ["| model | runs | validation | test | seconds a run |", "|---|---|---|---|---|"]
    for name, runs in groups.items():
        found = runs if len({row["test_log_loss"] for row in runs}) > 1 else runs[:1]
        seconds = f"{np.median([row['seconds'] for row in found]):.0f}"
        scores = [_mean(found, key) for key in ("validation", "test")]
        rows.append(f"| {' | '.join([name, str(len(found)), *scores, seconds])} |")
    return "\n".join(rows)


def _setting(record):
    config = record["config"]
    return config["data"], config["horizon"], record["rows"][0]["model"]


def _spread(rows, key):
    values = np.array([row[key] for row in rows])
    spread = f" ± {values.std(ddof=1):.4f}" if len(values) > 1 else ""
    return f"{values.mean():.4f}{spread}"


def crf_table(path=ROOT / "benchmarks" / "results" / "crf.jsonl"):
    """Ratios to pytorch-crf by backend."""
    if not path.exists():
        return "Not measured yet."
    found = {}
    for record in read_records(path):
        config = record["config"]
        case = config["backend"], "right-padded" if config["masked"] else "not masked"
        kind = "train" if config["train"] else "decode"
        found.setdefault(case, {})[kind] = f"{record['ratios']['pytorch-crf']:.2f}"
    rows = ["| backend | case | forward and backward | decode |", "|---|---|---|---|"]
    for (backend, case), ratios in found.items():
        rows.append(f"| {backend} | {case} | {ratios['train']} | {ratios['decode']} |")
    return "\n".join(rows)


def speed_table(path=ROOT / "benchmarks" / "results" / "loop.jsonl"):
    """Ratios to other implementations of the LSTM by backend: the range over all sizes."""
    records = read_records(path)
    others = {"keras RNN(cell)": "`keras.layers.RNN(cell)`", "keras LSTM": "`keras.layers.LSTM`"}
    others["torch.nn.LSTM"] = "`torch.nn.LSTM`"
    rows = [f"| backend | case | {' | '.join(others.values())} |", "|---|---|---|---|---|"]
    for backend in dict.fromkeys(record["config"]["backend"] for record in records):
        for train, masked in ((False, False), (False, True), (True, False), (True, True)):
            wanted = {"backend": backend, "train": train, "masked": masked}
            found = [r["ratios"] for r in records if wanted.items() <= r["config"].items()]
            case = f"{'training' if train else 'inference'}{', masked' if masked else ''}"
            ranges = [_range([ratios[o] for ratios in found if o in ratios]) for o in others]
            rows.append(f"| {backend} | {case} | {' | '.join(ranges)} |")
    return "\n".join(rows)


def _range(values):
    return f"{min(values):.2f} to {max(values):.2f}" if values else ""


def _mean(rows, key):
    values = 100 * np.array([row[key] for row in rows])
    spread = f" ± {values.std(ddof=1):.2f}" if len(values) > 1 else ""
    return f"{values.mean():.2f}{spread}"


PARTS = {
    "layers": layers_table,
    "kernels": kernels_table,
    "imdb": imdb_table,
    "ner": ner_table,
    "forecasting": forecasting_table,
    "movement": movement_table,
    "crf": crf_table,
    "speed": speed_table,
}


def fill(text):
    """`text` with every generated part made anew."""
    for name, make in PARTS.items():
        pattern = rf"(<!-- {name}: generated -->\n).*?(<!-- {name}: end -->)"
        made = make()
        text, count = re.subn(
            pattern, lambda m, made=made: m[1] + made + "\n" + m[2], text, flags=re.S
        )
        if count != 1:
            raise ValueError(f"Expected one place for the part {name!r}. Received: {count} places")
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the README, do not print it")
    path = ROOT / "README.md"
    text = fill(path.read_text(encoding="utf-8"))
    if parser.parse_args().write:
        write_atomic(path, text)
    else:
        print(text)


if __name__ == "__main__":
    main()
