"""The sequence predictor is trained: recipes, starts, and runs that are stopped and resumed."""

import dataclasses
import doctest
import inspect

import numpy as np
import pytest
from helpers import Stop, close, numpy
from running import on_one_backend

from keras_rnnzoo import training
from keras_rnnzoo.datasets import memory, music, music_sample, spikes, task_sequences
from keras_rnnzoo.datasets.memory import parity
from keras_rnnzoo.metrics import constant_scores
from keras_rnnzoo.models import forget_start, schedules
from keras_rnnzoo.models.predictor_recipes import (
    RECIPES,
    PredictorRecipe,
    build_sequence_predictor,
    fit_sequence_predictor,
    recipe_for,
)
from keras_rnnzoo.models.sequence_predictor import SequencePredictor

TINY = PredictorRecipe(
    {"cell": "gru", "units": 8, "dropout": 0.1},
    epochs=4,
    learning_rate=0.05,
    batch_size=16,
    average=0.5,
)
PARTS = parity((2, 9), (5, 12), (5, 12), (128, 48, 48), every_step=True)


def fit(path=None, seed=0, recipe=TINY, callbacks=(), parts=PARTS):
    training.set_seed(seed)
    model = build_sequence_predictor(parts.train, recipe, seed=seed)
    checkpoint = path and (lambda variables: training.Checkpoint(path, variables=variables))
    history = fit_sequence_predictor(
        model, parts.train, parts.validation, recipe, checkpoint=checkpoint, callbacks=callbacks
    )
    return model, history


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return fit(tmp_path_factory.mktemp("whole") / "run.npz")


def test_it_keeps_its_best_epoch(whole):
    model, history = whole
    names = {"loss", "nll", "accuracy", "val_nll", "val_accuracy", "val_exact", "best_epoch"}
    assert set(history) == names and len(history["val_nll"]) == 4
    best = int(np.argmin(history["val_nll"]))
    assert history["best_epoch"] == best + 1
    scores = model.score(PARTS.validation, batch_size=7)
    for name, value in scores.items():
        assert value == pytest.approx(history[f"val_{name}"][best], abs=1e-4)
    assert history["nll"][-1] < history["nll"][0]


@on_one_backend
def test_a_stopped_run_ends_where_the_whole_one_does(whole, tmp_path):
    model, history = whole
    path = tmp_path / "run.npz"
    with pytest.raises(KeyboardInterrupt):
        fit(path, callbacks=[Stop()])
    resumed, again = fit(path, seed=5)  # whatever it starts from, the checkpoint replaces it
    assert again["best_epoch"] == history["best_epoch"]
    for name in ("loss", "nll", "val_nll", "val_exact"):
        np.testing.assert_allclose(again[name], history[name], rtol=1e-3, atol=1e-5)
    for a, b in zip(resumed.predict(PARTS.validation), model.predict(PARTS.validation)):
        close(a, b, 1e-3)
    _, same = fit()
    np.testing.assert_allclose(same["val_nll"], history["val_nll"], rtol=1e-3, atol=1e-5)


@on_one_backend
@pytest.mark.parametrize("name", memory.TASKS)
def test_a_model_starts_out_with_the_best_constant(name):
    small = {"adding": {"length": 5}, "copy_memory": {"delay": 3}}.get(name, {})
    parts = memory.load(name, verbose=False, sizes=(40, 5, 5), **small)
    model = build_sequence_predictor(parts.train, TINY, seed=1, units=3)
    model.head.kernel.assign(np.zeros(model.head.kernel.shape))
    got, expected = model.score(parts.validation), constant_scores(parts.train, parts.validation)
    for score, value in expected.items():
        assert got[score] == pytest.approx(value, abs=0.01), score


@on_one_backend
def test_what_was_never_seen_starts_rare_and_finite():
    asked = music.load("sample", verbose=False).next_steps()
    bias = numpy(build_sequence_predictor(asked.train, TINY).head.bias)
    assert np.isfinite(bias).all() and bias.min() == pytest.approx(-np.log(2 * 4677), abs=0.01)


@on_one_backend
def test_chrono_starts_reach_over_the_longest_sequence():
    recipe = PredictorRecipe({"cell": "lstm", "units": 300, "forget_start": "chrono"})
    model = build_sequence_predictor(PARTS.train, recipe, seed=3)
    times = np.exp(numpy(model.recurrent.recurrent_layers[0].cell.bias)[300:600])
    assert times.max() < 8 and times.max() > 7.5, "9 bits at most"
    changed = build_sequence_predictor(PARTS.train, recipe, chrono_steps=100)
    assert changed.get_config()["chrono_steps"] == 100


@on_one_backend
def test_gradients_are_clipped_as_the_recipe_says():
    for given, expected in ((1.0, 1.0), (0.25, 0.25), (None, None)):
        made = schedules.optimizer(dataclasses.replace(TINY, clipnorm=given), 10)
        assert made.global_clipnorm == expected and made.use_ema
    for clip in (0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="clipnorm"):
            dataclasses.replace(TINY, clipnorm=clip)


@on_one_backend
def test_recipes_can_be_changed():
    recipe = TINY.changed(epochs=7, model={"units": 3})
    assert recipe.epochs == 7 and recipe.model == {**TINY.model, "units": 3}
    assert TINY.epochs == 4 and TINY.model["units"] == 8
    with pytest.raises(TypeError, match="no option `epoch`. Did you mean 'epochs'"):
        TINY.changed(epoch=3)
    for name in ("epochs", "batch_size"):
        with pytest.raises(ValueError, match=f"{name}=0"):
            TINY.changed(**{name: 0})


@on_one_backend
def test_every_task_has_a_recipe():
    for name in memory.TASKS:
        parts = memory.load(name, verbose=False, sizes=(9, 5, 5))
        assert recipe_for(parts) is RECIPES[name]
        model = build_sequence_predictor(parts.train, RECIPES[name], units=3)
        assert np.isfinite(list(model.score(parts.test).values())).all()
    asked = music.load("sample", verbose=False).next_steps()
    assert recipe_for(asked) is RECIPES["sample"]
    assert recipe_for(dataclasses.replace(asked, source="jsb")) is RECIPES["jsb"]
    assert recipe_for(dataclasses.replace(asked, source="mine.mat")) is RECIPES["jsb"]


@on_one_backend
@pytest.mark.parametrize(
    "thing",
    [
        memory.load, memory.adding, memory.copy_memory, memory.parity, spikes.spike_timing,
        music.load, music_sample.sample, task_sequences.TaskSequences, forget_start.forget_gates,
        SequencePredictor, recipe_for,
    ],
)  # fmt: skip
def test_what_examples_show_is_what_comes(thing):
    names = {**vars(inspect.getmodule(thing)), "np": np, "memory": memory}
    test = doctest.DocTestParser().get_doctest(inspect.getdoc(thing), names, "it", None, None)
    assert any(example.want for example in test.examples)
    said = []
    runner = doctest.DocTestRunner()
    runner.run(test, out=said.append)
    assert not runner.failures, "".join(said)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "goal"),
    [("adding", 0.01), ("copy_memory", 0.1), ("parity", 0.01), ("spike_timing", 0.05)],
)
def test_tasks_are_learnt(name, goal):
    parts = memory.load(name, verbose=False, **memory.QUICK[name])
    _, history = fit(recipe=RECIPES[name], parts=parts)
    objective = "val_mse" if name == "adding" else "val_nll"
    assert min(history[objective]) < goal
