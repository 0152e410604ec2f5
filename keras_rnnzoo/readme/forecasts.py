"""The tables of forecasts, from `examples/results/forecasting.jsonl`."""

import numpy as np

from keras_rnnzoo.models.forecast_scoring import gain
from keras_rnnzoo.readme.places import RESULTS, row, spread
from keras_rnnzoo.training import read_records

RECORDS = RESULTS / "forecasting.jsonl"
NOTHING = "No run on a real set is recorded yet."


def _groups(path, wanted):
    """Records of the same configuration side by side, in order of set, horizon and model."""
    groups = {}
    for record in read_records(path) if path.exists() else ():
        if wanted(record):
            groups.setdefault(record["config_hash"], []).append(record)
    return sorted(groups.values(), key=lambda group: _setting(group[0]))


def _setting(record):
    config = record["config"]
    return config["data"], config["horizon"], record["rows"][0]["model"]


def _is_point(record):
    return record["config"]["recipe"]["model"]["output"] == "point"


def _interval(records):
    mean, low, high = gain([record["lower"] for record in records], records[0]["span"])
    return f"{mean:.4f} ({low:.4f} to {high:.4f})".replace("-0.0000", "0.0000")


def _rows(records, name):
    """The row of this model in each record, nothing where it has none."""
    found = ([row for row in record["rows"] if row["model"] == name] for record in records)
    return [rows[0] for rows in found if rows]


def _plain(records, names, key):
    """A score of models that are the same in each record."""
    found = [_rows(records[:1], name) for name in names]
    return [f"{rows[0][key]:.3f}" if rows else "" for rows in found]


def _seconds(rows):
    return f"{np.mean([row['seconds'] for row in rows]):.0f}"


def forecasting_table(path=RECORDS):
    """Test errors by set and horizon: the recurrence beside a linear skip, the skip, the rest."""
    groups = _groups(path, lambda one: _is_point(one) and "parameters" not in one["config"])
    if not groups:
        return NOTHING
    plain = ("ridge", "seasonal naive", "ETS")
    head = ["set", "look-back", "horizon", "seeds", "MSE", "MAE", "its linear skip alone"]
    head += ["gain over the skip (95 % interval)", *plain, "seconds a seed"]
    rows = [row(head), row(["---"] * len(head))]
    for records in groups:
        name, horizon, _ = _setting(records[0])
        ours, skip = ([record["rows"][k] for record in records] for k in (0, 1))
        cells = [f"`{name}`", records[0]["span"] - horizon, horizon, len(records)]
        cells += [spread(ours, "mse"), spread(ours, "mae"), f"{skip[0]['mse']:.4f}"]
        cells += [_interval(records), *_plain(records, plain, "mse"), _seconds(ours)]
        rows.append(row(cells))
    return "\n".join(rows)


def cells_table(path=RECORDS):
    """Every cell at the same number of parameters, in one setting."""
    groups = _groups(path, lambda one: "parameters" in one["config"])
    if not groups:
        return NOTHING
    head = ["cell", "units", "parameters", "seeds", "validation MSE", "MSE"]
    head += ["gain over the linear skip (95 % interval)", "seconds a seed"]
    rows = [row(head), row(["---"] * len(head))]
    for records in sorted(groups, key=_validation):
        ours, model = [one["rows"][0] for one in records], records[0]["config"]["recipe"]["model"]
        cells = [f"`{model['cell']}`", model["units"], f"{records[0]['parameters']:,}"]
        cells += [len(records), spread(ours, "validation_mse"), spread(ours, "mse")]
        rows.append(row([*cells, _interval(records), _seconds(ours)]))
    return "\n".join(rows)


def _validation(records):
    return np.mean([record["rows"][0]["validation_mse"] for record in records])


def quantiles_table(path=RECORDS):
    """Probabilistic forecasts: the weighted quantile loss, and how often 80 % intervals hold."""
    groups = _groups(path, lambda one: not _is_point(one))
    if not groups:
        return NOTHING
    plain = {"seasonal naive": "seasonal naive", "ridge": "ridge, spread on validation"}
    plain |= {"ridge, spread as in training": "ridge, spread in training"}
    head = ["set", "look-back", "horizon", "output", "seeds", "weighted quantile loss"]
    head += ["in the 80 % interval", *plain.values(), "seconds a seed"]
    rows = [row(head), row(["---"] * len(head))]
    for records in groups:
        name, horizon, _ = _setting(records[0])
        ours = [one["rows"][0] for one in records]
        cells = [f"`{name}`", records[0]["span"] - horizon, horizon]
        cells += [records[0]["config"]["recipe"]["model"]["output"], len(records)]
        cells += [spread(ours, "wql"), spread(ours, "coverage_80", 3)]
        for other in plain:
            found = _rows(records[:1], other)
            cells.append(f"{found[0]['wql']:.4f} ({found[0]['coverage_80']:.2f})" if found else "")
        rows.append(row([*cells, _seconds(ours)]))
    return "\n".join(rows)
