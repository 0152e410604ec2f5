"""Each task: data, a model for any configuration, one fit, scores. Small, on what is embedded."""

import keras
import numpy as np
import pytest
import running

from keras_rnnzoo.models.widths import count_parameters
from tuning import search, settings, sweep
from tuning.clock import Watch
from tuning.log import Log
from tuning.runs import Runner
from tuning.table import Table
from tuning.tasks import task_of

SOURCES = {"imdb": "sample", "ner": "sample", "jsb": "sample", "forecasting": "co2"}
GENERATED = ("adding", "copy", "parity", "spikes")
# The recipes are tested on every backend; to compile each again would take minutes.
COMPILED = keras.backend.backend() != "torch"
FITTED = ("adding",) if COMPILED else (*SOURCES, *GENERATED)
BIASES = {"lstm": "chrono", "gru": None, "min_gru": None}


def loaded(name):
    task = task_of(name, quick=True)
    if name in SOURCES:
        task.source = SOURCES[name]
    task.load()
    return task


def configured(task, cell, depth=2):
    """A configuration with a bit of everything."""
    found = {**task.default(cell), "depth": depth, "connections": "residual", "clip": None}
    found |= {"dropout": 0.1, "zoneout": 0.1, "forget_bias": BIASES[cell]}
    found |= {"merge_mode": "sum"} if task.joins_directions else {}
    return found


@pytest.mark.parametrize("name", FITTED)
def test_a_task_is_loaded_built_fitted_and_scored(name, capsys):
    task = loaded(name)
    said = capsys.readouterr().out
    assert "EMBEDDED" in said or "generated" in said
    rich = name not in ("imdb", "ner")
    configuration = task.sized(configured(task, "lstm"), 4000 if rich else 30_000)
    model = task.build(configuration, seed=3)
    assert isinstance(model, keras.Model) and model.built
    size = count_parameters(model)
    assert abs(size / (4000 if rich else 30_000) - 1) < 0.1
    watch = Watch(task.watched)
    best = task.fit(model, configuration, 3, 1, [watch])
    assert len(watch.curve) == 1 and best in (0, 1)
    assert model.optimizer.global_clipnorm is None
    kept = watch.curve[0] if best else task.validate(model)
    assert task.validate(model) == pytest.approx(kept, rel=1e-4)  # the best weights are back
    scores = task.test(model)
    assert all(np.isfinite(list(scores.values()))) and task.objective in scores


@running.on_one_backend
@pytest.mark.parametrize(
    "name", ["imdb", "parity"] if COMPILED else ["imdb", "ner", "forecasting", "parity"]
)
def test_models_follow_their_configuration(name):
    """Width, depth, cell, noise and the start of the forget bias are those asked for."""
    task = loaded(name)
    found = {**configured(task, "lstm"), "units": 6}
    keras.utils.set_random_seed(1)
    model = task.build(found, seed=1)
    stack = next(layer for layer in model._flatten_layers() if hasattr(layer, "recurrent_layers"))
    assert stack.units == [6, 6] and stack.cell == ["LSTM", "LSTM"]
    assert stack.connections == "residual" and stack.dropout == 0.1
    layers = [getattr(layer, "forward_layer", layer) for layer in stack.recurrent_layers]
    assert all(layer.cell.zoneout == 0.1 for layer in layers)
    for layer in layers:
        bias = keras.ops.convert_to_numpy(layer.cell.bias).reshape(4, 6)
        np.testing.assert_allclose(bias[0], -bias[1])
        assert bias[1].min() >= 0 and bias[1].max() <= np.log(task.steps)
        assert len(set(bias[1])) == 6
    if task.joins_directions:
        assert stack.recurrent_layers[0].merge_mode == "sum"
        backward = stack.recurrent_layers[0].backward_layer.cell.bias
        assert len(set(keras.ops.convert_to_numpy(backward).reshape(4, 6)[1])) == 6
    plain = task.build({**found, "forget_bias": "0"}, seed=1)
    stack = next(layer for layer in plain._flatten_layers() if hasattr(layer, "recurrent_layers"))
    layer = getattr(stack.recurrent_layers[0], "forward_layer", stack.recurrent_layers[0])
    assert not keras.ops.convert_to_numpy(layer.cell.bias).any()


@running.on_one_backend
def test_the_same_seed_gives_the_same_run(tmp_path):
    task = loaded("parity")
    wanted = sweep.completed({"task": "parity", "epochs": 1, "cells": "gru"}, task)
    lines = []
    for name in ("a", "b"):
        log = Log(tmp_path / name / "trials.jsonl")
        runner = Runner(task, wanted, log, Table(task, 1))
        found = task.sized(configured(task, "gru"), 2000)
        lines.append(runner.run("trial", found, 7, trial="0000"))
    assert lines[0]["curve"] == lines[1]["curve"]
    assert lines[0]["validation"] == lines[0]["curve"][0] and lines[0]["test"] is None


@running.on_one_backend
def test_all_that_is_drawn_can_be_trained(tmp_path):
    """The first draws for some cells, sized and built."""
    task = loaded("spikes")
    wanted = sweep.completed({"task": "spikes", "trials": 6, "cells": "lstm,min_gru"}, task)
    assert isinstance(wanted, settings.Settings) and wanted.parameters == task.parameters
    oracle = search.oracle_of(task, wanted, None)
    hp = search.space_of(task, wanted)
    for number in range(0, 12, 3):
        values = hp.copy()
        values.values = oracle.values_of(number)
        found = task.space(values, search.choices_of(wanted))
        model = task.build(task.sized(found, 5000), seed=0)
        assert abs(count_parameters(model) / 5000 - 1) < 0.1


@running.on_one_backend
def test_a_real_sweep(tmp_path, capsys):
    options = ["parity", "--quick", "--cells", "gru", "--depths", "1", "--trials", "2"]
    options += ["--seeds", "1", "--epochs", "1", "--parameters", "900", "--out", str(tmp_path)]
    assert sweep.main(options) == 0
    lines = Log(tmp_path / "trials.jsonl").lines
    assert [line["kind"] for line in lines] == ["trial", "trial", "winner", "default"]
    assert all(abs(line["parameters"] / 900 - 1) < 0.1 for line in lines)
    assert {line["environment"]["backend"] for line in lines} == {keras.backend.backend()}
    assert "4/4" in capsys.readouterr().out
