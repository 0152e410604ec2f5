"""Sequences are learnt: recipes, runs that are stopped and resumed, and the plain model."""

import dataclasses

import numpy as np
import pytest
from helpers import Stop, close
from running import on_one_backend

from keras_rnnzoo import training
from keras_rnnzoo.datasets import indoor_movement
from keras_rnnzoo.datasets.sequences import Sequences
from keras_rnnzoo.models.sequence_baselines import log_loss, summary_logistic, summary_statistics
from keras_rnnzoo.models.sequence_recipes import (
    FEW_SEQUENCES,
    SAMPLE,
    SEQUENCES,
    SequenceRecipe,
    build_sequence_classifier,
    fit_sequence_classifier,
    recipe_for,
)

TINY = SequenceRecipe(
    {"units": 5, "noise": 0.1, "members": 2},
    epochs=4,
    learning_rate=0.1,
    batch_size=8,
    average=0.5,
)


def slopes(count, seed):
    """Rising and falling sequences of 5 to 8 steps, at any height."""
    rng, values = np.random.default_rng(seed), []
    for k in range(count):
        steps = np.linspace(-2, 2, 5 + k % 4) * (1 if k % 2 else -1)
        values.append(100 + rng.normal() + steps[:, None] + 0.5 * rng.normal(size=(len(steps), 1)))
    return Sequences(values, ["falls", "rises"] * (count // 2))


TRAIN, VALIDATION = slopes(32, 0), slopes(16, 1)


def fit(path=None, seed=0, recipe=TINY, callbacks=()):
    training.set_seed(seed)
    model = build_sequence_classifier(TRAIN, recipe, seed=seed)
    checkpoint = path and (lambda variables: training.Checkpoint(path, variables=variables))
    history = fit_sequence_classifier(
        model, TRAIN, VALIDATION, recipe, checkpoint=checkpoint, callbacks=callbacks
    )
    return model, history


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return fit(tmp_path_factory.mktemp("whole") / "run.npz")


def test_it_learns_and_keeps_its_best_epoch(whole):
    model, history = whole
    assert set(history) == {"loss", "accuracy", "val_loss", "val_accuracy", "best_epoch"}
    assert [len(history[name]) for name in ("loss", "val_loss")] == [4, 4]
    assert history["best_epoch"] == 1 + int(np.argmin(history["val_loss"]))
    chances = model.predict(VALIDATION)
    assert log_loss(VALIDATION.labels, chances) == pytest.approx(min(history["val_loss"]), abs=1e-4)
    right = (chances.argmax(-1) == VALIDATION.labels).mean()
    assert right == pytest.approx(history["val_accuracy"][history["best_epoch"] - 1])
    assert history["loss"][-1] < history["loss"][0] and right > 0.8


@on_one_backend
def test_a_stopped_run_ends_where_the_whole_one_does(whole, tmp_path):
    model, history = whole
    path = tmp_path / "run.npz"
    with pytest.raises(KeyboardInterrupt):
        fit(path, callbacks=[Stop()])
    resumed, again = fit(path, seed=5)  # whatever it starts from, the checkpoint replaces it
    assert again["best_epoch"] == history["best_epoch"]
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        np.testing.assert_allclose(again[name], history[name], rtol=1e-3, atol=1e-5)
    close(resumed.predict(VALIDATION), model.predict(VALIDATION), 1e-3)
    plain, same = fit()
    np.testing.assert_allclose(same["val_loss"], history["val_loss"], rtol=1e-3, atol=1e-5)
    close(plain.predict(VALIDATION), model.predict(VALIDATION), 1e-3)


@on_one_backend
def test_recipes_follow_the_number_of_sequences():
    parts = indoor_movement.load("sample", verbose=False)
    assert recipe_for(parts) is SAMPLE
    assert recipe_for(dataclasses.replace(parts, source="mine.csv")) is FEW_SEQUENCES
    many = parts.train.take(np.arange(2000) % 200)
    assert recipe_for(dataclasses.replace(parts, train=many, source="mine.csv")) is SEQUENCES
    for recipe in (SAMPLE, FEW_SEQUENCES, SEQUENCES):
        model = build_sequence_classifier(parts.train, recipe, cell="mgu", units=3, members=1)
        assert model.built and model.classes == ("clockwise", "anticlockwise")
        assert model.predict(parts.test.values[:2]).shape == (2, 2)
    for name in ("epochs", "batch_size"):
        with pytest.raises(ValueError, match=f"{name}=0"):
            dataclasses.replace(TINY, **{name: 0})


# The plain model


@on_one_backend
def test_summary_statistics_by_hand():
    x = np.array([[0.0, 5.0], [3.0, 5.0], [1.0, 2.0]])
    got = summary_statistics([x, x[:1]])
    channels = [got[0][k::2] for k in range(2)]
    assert got.shape == (2, 19) and got[0][-1] == 3 and got[1][-1] == 1
    close(channels[0][:9], [4 / 3, x[:, 0].std(), 0, 3, 1, 0, 1, 0.5, 2.5])
    close(channels[1][:9], [4, 2**0.5, 2, 5, 5, 5, 2, -1.5, 1.5])
    close(got[1][:-1].reshape(9, 2)[:, 1], [5, 0, 5, 5, 5, 5, 5, 0, 0])


@on_one_backend
def test_logistic_regression_finds_slopes_and_chooses_its_penalty():
    fitted = summary_logistic(TRAIN, VALIDATION)
    chances = fitted.predict(VALIDATION)
    assert (chances.argmax(-1) == VALIDATION.labels).mean() > 0.8
    assert fitted.validation_loss == pytest.approx(log_loss(VALIDATION.labels, chances))
    others = [summary_logistic(TRAIN, VALIDATION, C=C) for C in (0.01, 1.0, 100.0)]
    assert fitted.validation_loss <= min(other.validation_loss for other in others)
    assert summary_logistic(TRAIN, C=(1.0, 2.0, 5.0)).C == 2.0
    rare = Sequences(TRAIN.values, TRAIN.labels * 2, ("falls", "never", "rises"))
    chances = summary_logistic(rare).predict(VALIDATION.values)
    assert chances.shape == (16, 3) and not chances[:, 1].any()


@on_one_backend
def test_the_sample_needs_the_order_of_its_steps():
    """Walks round a table: their summary tells nothing of the direction."""
    parts = indoor_movement.load("sample", verbose=False)
    plain = summary_logistic(parts.train, parts.validation).predict(parts.test)
    assert (plain.argmax(-1) == parts.test.labels).mean() < 0.7


@pytest.mark.slow
def test_the_sample_is_learnt():
    parts = indoor_movement.load("sample", verbose=False)
    training.set_seed(0)
    recipe = dataclasses.replace(SAMPLE, epochs=6)
    model = build_sequence_classifier(parts.train, recipe, seed=0)
    fit_sequence_classifier(model, parts.train, parts.validation, recipe)
    assert (model.predict(parts.test).argmax(-1) == parts.test.labels).mean() > 0.95
