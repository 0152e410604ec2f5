"""Capability tasks: recipes for every layer, goals, and training that ends when they are met."""

import math

import numpy as np
import pytest
import running
from helpers import Stop, numpy

import keras_rnnzoo as zoo
from keras_rnnzoo import training
from keras_rnnzoo.datasets import memory
from keras_rnnzoo.models import memory_tasks
from keras_rnnzoo.models.memory_recipes import BY_TASK, memory_recipe
from keras_rnnzoo.models.memory_tasks import TASKS, Goal, task_named, trivial_scores
from keras_rnnzoo.models.memory_training import fit_memory_task, score_memory
from keras_rnnzoo.models.predictor_recipes import PredictorRecipe, build_sequence_predictor
from keras_rnnzoo.models.sequence_predictor import SequencePredictor

TINY = PredictorRecipe({"cell": "gru", "units": 4}, epochs=3, batch_size=8)
PARTS = memory.adding(length=6, sizes=(16, 8, 8))


def fit(goal, path=None, callbacks=(), **options):
    training.set_seed(0)
    model = build_sequence_predictor(PARTS.train, TINY, seed=0)
    checkpoint = path and (lambda variables: training.Checkpoint(path, variables=variables))
    fitted = fit_memory_task(
        model, PARTS, TINY, goal, checkpoint=checkpoint, callbacks=callbacks, **options
    )
    return model, *fitted


def test_training_ends_at_the_goal_and_a_solved_run_is_not_trained_again(tmp_path):
    path = tmp_path / "run.npz"
    model, history, ended = fit(Goal("mse", 100.0), path)
    assert ended == "solved" and len(history["loss"]) == history["best_epoch"] == 1
    before = path.stat().st_mtime_ns
    again, same, ended = fit(Goal("mse", 100.0), path)
    assert ended == "solved" and same == history and path.stat().st_mtime_ns == before
    assert score_memory(again, PARTS.test) == pytest.approx(score_memory(model, PARTS.test), 1e-4)
    with pytest.raises(ValueError, match="minutes=0"):
        fit(Goal("mse", 1.0), minutes=0)


@running.on_one_backend
def test_a_stopped_run_ends_like_the_whole_one_on_sequences_of_its_own(tmp_path):
    never = Goal("mse", 1e-9)
    _, history, ended = fit(never)
    assert ended == "epochs" and np.all(np.diff(history["seconds"]) > 0)
    with pytest.raises(KeyboardInterrupt):
        fit(never, tmp_path / "run.npz", callbacks=[Stop()])
    _, resumed, _ = fit(never, tmp_path / "run.npz")
    for name in ("loss", "val_mse", "val_worst"):
        np.testing.assert_allclose(resumed[name], history[name], rtol=1e-3, atol=1e-5)


@running.on_one_backend
def test_training_ends_when_the_time_is_over():
    _, history, ended = fit(Goal("mse", 1e-9), minutes=1e-6)
    assert ended == "time" and len(history["loss"]) == 1
    _, history, ended = fit(Goal("mse", 100.0, stops=False))
    assert ended == "epochs" and len(history["loss"]) == 3


@running.on_one_backend
def test_goals_are_met_with_a_margin():
    loss, share = Goal("mse", 1e-3), Goal("accuracy", 0.9, higher=True)
    assert loss.met({"mse": 9e-4}) and not loss.met({"mse": 1e-3})
    assert not loss.met({"mse": 9e-4}, margin=0.2) and loss.met({"mse": 7.9e-4}, margin=0.2)
    assert share.met({"accuracy": 0.9}) and not share.met({"accuracy": 0.91}, margin=0.2)
    assert share.met({"accuracy": 0.93}, margin=0.2)
    assert not loss.met({"mse": math.nan}) and not share.met({"accuracy": math.nan})
    tenth = Goal("nll", 0.1, share=True).against({"nll": 2.0})
    assert tenth == Goal("nll", 0.2) and str(tenth) == "nll below 0.2"
    assert str(TASKS["parity"].goal) == "scaled accuracy at least 0.99"


@running.on_one_backend
def test_tasks_have_the_sizes_in_which_cells_are_compared():
    def lengths(name, **options):
        parts = TASKS[name].parts(sizes=(40, 20, 20), **options)
        return [
            (part.lengths.min(), part.lengths.max())
            for part in (parts.train, parts.validation, parts.test)
        ]

    assert lengths("adding") == [(400, 400)] * 3
    assert lengths("copy", length=500) == [(520, 520)] * 3
    assert lengths("selective_copy") == [(68, 68)] * 3
    train, validation, test = lengths("parity")
    assert train[0] >= 3 and train[1] <= 40 <= min(validation[0], test[0])
    assert max(validation[1], test[1]) <= 256
    shape = TASKS["function_generation"].parts(sizes=(4, 1, 1), shape="triangle", length=25)
    assert shape.test.lengths.tolist() == [1000] and "triangle of period 25" in shape.description
    assert TASKS["jsb"].parts(quick=True).source == "sample"


@running.on_one_backend
def test_a_predictor_without_memory_has_every_score():
    for name in TASKS:
        parts = TASKS[name].parts(quick=True)
        found = trivial_scores(parts)
        goal = TASKS[name].goal.against(found)
        assert not goal.met(found), name
        assert all(found[key] == value for key, value in parts.trivial.items())
    assert trivial_scores(TASKS["parity"].parts(quick=True))["scaled_accuracy"] == 0


@running.on_one_backend
@pytest.mark.parametrize("cell", zoo.list_layers())
def test_every_layer_has_a_recipe_for_every_task(cell):
    for name in TASKS:
        parts = EASY[name]
        recipe = memory_recipe(name, cell, int(parts.train.lengths.max()))
        units = min(recipe.model["units"], 8)
        model = build_sequence_predictor(parts.train, recipe, seed=1, units=units)
        assert model.get_config()["cell"] == cell
        assert np.isfinite(score_memory(model, parts.validation.take([0]))["accuracy" if
            parts.train.kind != "values" else "mse"])  # fmt: skip


EASY = {name: TASKS[name].parts(quick=True) for name in TASKS}


@running.on_one_backend
def test_recipes_depend_on_task_and_kind_of_cell():
    assert set(BY_TASK) == set(memory_tasks.TASKS)
    lstm = memory_recipe("adding", "lstm", 400)
    assert (lstm.model["forget_start"], lstm.model["chrono_steps"]) == ("chrono", 400)
    assert "forget_start" not in memory_recipe("parity", "lstm", 40).model
    assert "forget_start" not in memory_recipe("adding", "gru", 400).model
    assert memory_recipe("selective_copy", "min_gru", 64).model["depth"] > 1
    for name in ("spike_timing", "function_generation"):
        assert memory_recipe(name, "peephole_lstm", 10).model["units"] == 1
    assert "recurrent_dropout" in memory_recipe("jsb", "gru", 100).model["cell_options"]
    assert memory_recipe("jsb", "min_gru", 100).model["cell_options"] == {}
    with pytest.raises(ValueError, match="Did you mean 'adding'"):
        task_named("ading")
    with pytest.raises(ValueError, match="no length"):
        TASKS["jsb"].parts(length=3)
    with pytest.raises(ValueError, match="length=0"):
        TASKS["copy"].parts(length=0)


@pytest.mark.parametrize("ids", [True, False])
def test_the_number_of_the_step_may_stand_in_front(ids):
    model = SequencePredictor(2, 1, ids=ids, units=1, cell="simple_rnn", step_times=True)
    layer = model.recurrent.recurrent_layers[0]
    assert numpy(layer.cell.kernel).shape == (3, 1)
    layer.cell.kernel.assign([[0.01], [0.0], [0.0]])  # the time alone, and nothing is carried
    layer.cell.recurrent_kernel.assign([[0.0]])
    model.head.kernel.assign([[1.0]])
    steps = [np.ones(4, "int64"), np.ones(2, "int64")]
    said = model.predict(steps if ids else [np.eye(2)[x] for x in steps])
    for one in said:
        np.testing.assert_allclose(one[:, 0], np.tanh(0.01 * np.arange(len(one))), atol=1e-6)
