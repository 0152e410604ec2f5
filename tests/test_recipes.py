"""Recipes: what they build, how the learning rate goes, and runs that are stopped and resumed."""

import dataclasses

import numpy as np
import pytest
from helpers import Stop, close, numpy
from running import on_one_backend

from keras_rnnzoo import training
from keras_rnnzoo.datasets import sentiment_sample
from keras_rnnzoo.datasets.reviews import Split
from keras_rnnzoo.models.text_recipes import (
    FEW_REVIEWS,
    REVIEWS,
    SAMPLE,
    TextRecipe,
    build_classifier,
    fit_classifier,
    optimizer,
)

TRAIN, VALIDATION, _ = (Split(*part) for part in sentiment_sample.splits((48, 16, 2)))
TINY = TextRecipe(
    model={"units": 4, "embedding_dim": 4, "bag": True},
    epochs=3,
    learning_rate=0.05,
    batch_size=16,
    average=0.8,
    lengths=(64,),  # one shape to compile
)


def fit(path, seed=0, recipe=TINY, callbacks=()):
    """Model and history of a run whose checkpoint is in `path`."""
    training.set_seed(seed)
    model = build_classifier(TRAIN.texts, recipe, seed=seed)
    history = fit_classifier(
        model,
        TRAIN,
        VALIDATION,
        recipe,
        checkpoint=training.Checkpoint(path),
        callbacks=callbacks,
    )
    return model, history


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "run.npz"
    return *fit(path), path


@on_one_backend
def test_a_stopped_run_ends_where_the_whole_one_does(whole, tmp_path):
    model, history, _ = whole
    path = tmp_path / "run.npz"
    with pytest.raises(KeyboardInterrupt):
        fit(path, callbacks=[Stop(epoch=1)])
    resumed, again = fit(path, seed=5)  # whatever it starts from, the checkpoint replaces it
    assert set(again) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    for name, values in history.items():
        assert len(again[name]) == 3
        np.testing.assert_allclose(again[name], values, rtol=1e-4)
    close(resumed.logits(VALIDATION.texts), model.logits(VALIDATION.texts), 1e-4)


@on_one_backend
def test_the_weights_that_stay_are_the_averaged_ones(whole, tmp_path):
    model, history, path = whole
    averages = model.optimizer._model_variables_moving_average
    for weight, average in zip(model.trainable_variables, averages):
        close(weight, average, 1e-6)
    plain, same = fit(tmp_path / "run.npz", recipe=dataclasses.replace(TINY, average=None))
    np.testing.assert_allclose(same["loss"], history["loss"], rtol=1e-4)  # trained alike
    apart = plain.logits(VALIDATION.texts) - model.logits(VALIDATION.texts)
    assert np.abs(apart).max() > 1e-3
    # A kill after the last epoch, before the model is saved, loses the average neither.
    finished, _ = fit(path, seed=5)
    close(finished.logits(VALIDATION.texts), model.logits(VALIDATION.texts), 1e-5)


def test_a_run_without_a_checkpoint_gives_the_same(whole):
    training.set_seed(0)
    model = build_classifier(TRAIN.texts, TINY, seed=0)
    history = fit_classifier(model, TRAIN, VALIDATION, TINY)
    np.testing.assert_allclose(history["loss"], whole[1]["loss"], rtol=1e-4)


def test_the_learning_rate_rises_and_then_falls_to_zero():
    schedule = optimizer(TINY, 100)._learning_rate
    rates = [float(numpy(schedule(step))) for step in (0, 3, 5, 50, 100)]
    assert rates[0] == pytest.approx(0.0005) and rates[2] == pytest.approx(0.05)
    assert rates[0] < rates[1] < rates[2] > rates[3] > rates[4]
    assert rates[4] == pytest.approx(0, abs=1e-8)
    assert optimizer(TINY, 1).use_ema and optimizer(TINY, 1).ema_momentum == 0.8
    assert not optimizer(dataclasses.replace(TINY, average=None), 100).use_ema


@on_one_backend
@pytest.mark.parametrize("recipe", [REVIEWS, FEW_REVIEWS, SAMPLE], ids=["many", "few", "sample"])
def test_a_recipe_builds_and_gives_way_to_changes(recipe):
    model = build_classifier(TRAIN.texts, recipe, units=4, embedding_dim=4, cell="mgu")
    assert model.built and model.units == 4 and model.cell == "mgu"
    assert (model.vocabulary.bigrams is not None) == bool(recipe.model.get("bag"))
    assert np.isfinite(model.predict(["good", ""])).all()


@on_one_backend
def test_numbers_that_cannot_be_are_refused():
    for name in ("epochs", "batch_size"):
        with pytest.raises(ValueError, match=f"{name}=0"):
            dataclasses.replace(TINY, **{name: 0})
