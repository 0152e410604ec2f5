"""The tables of what was timed."""

from keras_rnnzoo.readme.places import TIMINGS
from keras_rnnzoo.training import read_records


def crf_table(path=TIMINGS / "crf.jsonl"):
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


def speed_table(path=TIMINGS / "loop.jsonl"):
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
