"""Training a forecaster: the best epoch, a killed run, scores over all windows, and the gain."""

import keras
import numpy as np
import pytest
from forecasts import HEADS, TRAIN, VALIDATION, forecaster, series
from keras import ops
from running import on_one_backend, one

from keras_rnnzoo import training
from keras_rnnzoo.datasets.series_splits import Borders
from keras_rnnzoo.models import forecast_baselines, forecast_scoring
from keras_rnnzoo.models.forecast_recipes import LONG, SHORT, recipe_for
from keras_rnnzoo.models.forecast_training import (
    ForecastRecipe,
    Taught,
    _surely,
    build_forecaster,
    error,
    fit_forecaster,
    losses_of,
    sized,
)
from keras_rnnzoo.models.widths import count_parameters

DATA = series()
BORDERS = Borders(TRAIN, VALIDATION, (190, 200))


@pytest.mark.parametrize("head", one(HEADS))
def test_it_learns_and_keeps_its_best_epoch(head):
    model = forecaster(DATA, head, units=16, normalization="none")
    model.compile()
    before = error(model, _validation(model))
    history = model.fit(DATA, TRAIN, VALIDATION, epochs=6, learning_rate=0.01, batch_size=16)
    assert min(history["val_loss"]) < 0.7 * before
    assert history["best_epoch"] == 1 + int(np.argmin(history["val_loss"]))
    assert error(model, _validation(model)) == pytest.approx(min(history["val_loss"]), rel=1e-4)


def _validation(model):
    return Taught(model, model.windows(DATA, *VALIDATION, batch_size=16))


@on_one_backend
def test_a_network_that_does_not_help_leaves_the_linear_skip_alone():
    recipe = ForecastRecipe(
        {"units": 4, "skip": True}, look_back=24, epochs=2, learning_rate=5.0, batch_size=16
    )
    model = build_forecaster(DATA, 7, recipe, BORDERS, seed=0)
    before = model.predict(DATA).point
    history = fit_forecaster(model, DATA, TRAIN, VALIDATION, recipe)
    assert history["best_epoch"] == 0 and min(history["val_loss"]) > 0.02
    np.testing.assert_allclose(model.predict(DATA).point, before, rtol=1e-6)


@on_one_backend
def test_the_best_straight_line_on_validation_is_taken():
    """Levels that jump between windows ask for the last value, whatever stands first."""
    for skips in ((("none", "shared"), ("last", "each")), (("last", "each"), ("none", "shared"))):
        recipe = ForecastRecipe({"units": 4, "skip": True}, look_back=24, skips=skips)
        data = series()
        data.values[0][:] += np.cumsum(np.random.default_rng(1).normal(size=(200, 2)), axis=0)
        model = build_forecaster(data, 7, recipe, BORDERS, seed=0)
        taken = model.get_config()
        assert (taken["skip_normalization"], taken["skip_maps"]) == ("last", "each")
        ridge = model.fit_ridge(data, TRAIN, VALIDATION)
        assert ridge.normalization == "last" and ridge.per_channel


@on_one_backend
def test_a_gain_that_may_be_chance_leaves_the_start():
    """Trained on noise beside a straight line nothing is sure; from nothing a gain is."""
    data, borders = series(rows=1200), Borders((0, 800), (800, 1100), (1100, 1200))
    data.values[0][:] = np.abs(data.values[0] - data.values[0].mean(axis=0))  # no line fits
    options = {"look_back": 24, "epochs": 2, "batch_size": 64, "learning_rate": 1e-3}
    recipe = ForecastRecipe({"units": 4, "skip": True, "output": "quantiles"}, **options)
    epochs, said = {}, {}
    for sure in (None, 0.999):
        training.set_seed(0)
        model = build_forecaster(data, 7, recipe.changed(sure=sure), borders, seed=0)
        before = model.predict(data).point
        history = fit_forecaster(model, data, *borders[:2], recipe.changed(sure=sure))
        epochs[sure], said[sure] = history["best_epoch"], model.predict(data).point
    assert epochs == {None: 2, 0.999: 0}
    np.testing.assert_array_equal(said[0.999], before)
    assert np.abs(said[None] - before).max() > 1e-5
    recipe = recipe.changed(
        model={"units": 4, "output": "quantiles"}, learning_rate=0.01, sure=0.68
    )
    model = build_forecaster(data, 7, recipe, borders, seed=0)
    assert fit_forecaster(model, data, *borders[:2], recipe)["best_epoch"] > 0
    assert not _surely(model, _validation(model), np.full(34, 9.0), 0.68), "one stretch is all"


@on_one_backend
def test_losses_of_windows_are_those_of_the_evaluation():
    model = forecaster(DATA, output="quantiles")
    model.compile()
    losses = losses_of(model, _validation(model))
    assert losses.shape == (34,) and losses.std() > 0
    assert losses.mean() == pytest.approx(error(model, _validation(model)), rel=1e-5)


@on_one_backend
@pytest.mark.parametrize("cell", ["simple_rnn", "peephole_lstm", "min_gru"])
def test_a_budget_of_parameters_is_spent(cell):
    recipe = ForecastRecipe({"cell": cell, "skip": True, "channel_dim": 2}, look_back=24)
    recipe = sized(recipe, DATA, 7, 20_000)
    model = build_forecaster(DATA, 7, recipe, BORDERS, seed=0)
    counted = sum(int(np.prod(w.shape)) for w in model.head.trainable_weights)
    assert counted == count_parameters(model) == pytest.approx(20_000, rel=0.02)
    with pytest.raises(ValueError, match="parameters=3.*nearest"):
        sized(recipe, DATA, 7, 3)


@on_one_backend
def test_a_pass_may_be_cut_into_epochs():
    model = forecaster(DATA)
    windows = model.windows(DATA, *TRAIN, batch_size=8, shuffle=True, seed=2)
    parts, seen = Taught(model, windows, 4), []
    assert len(parts) == len(windows) // 4
    for epoch in range(8):
        parts.set_epoch(epoch)
        seen.append([parts[k][1].tobytes() for k in range(len(parts))])
    first, second = ({one for part in half for one in part} for half in (seen[:4], seen[4:]))
    assert len(first) == len(second) == 4 * len(parts) and first != second
    model.fit(DATA, TRAIN, VALIDATION, epochs=3, parts=2)
    with pytest.raises(ValueError, match="parts=99"):
        Taught(model, windows, 99)


class Stop(Exception):
    """Raised in place of a kill."""


class StopAfterTwo(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            raise Stop


@on_one_backend
def test_a_stopped_run_ends_where_the_whole_one_does(tmp_path):
    def run(path, *callbacks):
        training.set_seed(5)
        model = forecaster(DATA, "segments", skip=True, dropout=0.2)
        model.fit_ridge(DATA, TRAIN, VALIDATION)
        recipe = ForecastRecipe(epochs=4, batch_size=32, average=0.9)
        history = fit_forecaster(
            model,
            DATA,
            TRAIN,
            VALIDATION,
            recipe,
            seed=2,
            checkpoint=lambda variables: training.Checkpoint(path, variables=variables),
            callbacks=callbacks,
        )
        return history, model.predict(DATA).point

    whole, expected = run(tmp_path / "whole.npz")
    with pytest.raises(Stop):
        run(tmp_path / "stopped.npz", StopAfterTwo())
    history, found = run(tmp_path / "stopped.npz")
    np.testing.assert_allclose(history["val_loss"], whole["val_loss"], rtol=1e-4)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


@on_one_backend
@pytest.mark.parametrize("output", ["point", "gaussian"])
def test_scores_do_not_depend_on_the_size_of_batches(output):
    model, found = forecaster(DATA, output=output), []
    levels = None if output == "point" else (0.1, 0.5, 0.9)
    of = forecast_scoring.of_model(model, levels)
    for size in (1, 7, 512):
        windows = model.windows(DATA, *VALIDATION, batch_size=size)
        found.append(forecast_scoring.score_windows(windows, of))
    truth = model.windows(DATA, *VALIDATION, channels="joint").truth()
    said = model.scaler.transform(model.backtest(DATA, *VALIDATION).forecast.point, axis=2)
    for each in found:
        assert each.scores.mse == pytest.approx(np.square(truth - said).mean(), rel=1e-5)
        assert each.scores.mse == pytest.approx(found[0].scores.mse, rel=1e-5)
        np.testing.assert_allclose(each.squared, np.square(truth - said).mean((1, 2)), rtol=1e-4)
    if levels:
        assert found[0].scores.wql == pytest.approx(found[2].scores.wql, rel=1e-5)


@on_one_backend
def test_a_frozen_skip_scores_as_ridge_does():
    model = forecaster(DATA, skip=True)
    model.fit_ridge(DATA, TRAIN, VALIDATION)
    ridge = forecast_baselines.Ridge()
    values = [model.scaler.transform(rows, name) for rows, name in zip(DATA.values, DATA.ids)]
    ridge.fit(values, 24, 7, TRAIN, VALIDATION)
    skip, plain = (
        forecast_scoring.score_windows(
            model.windows(DATA, *VALIDATION, channels=channels), forecast
        ).scores.mse
        for channels, forecast in (
            ("shared", forecast_scoring.of_skip(model)),
            ("joint", forecast_scoring.of_baseline(ridge, 7)),
        )
    )
    assert skip == pytest.approx(plain, rel=1e-4)
    spread = ops.convert_to_numpy(model.skip.spread)
    assert np.square(spread).mean() == pytest.approx(plain, rel=1e-3)


@on_one_backend
def test_the_gain_and_its_interval():
    rng = np.random.default_rng(3)
    slow = np.repeat(rng.normal(size=40), 5)  # 200 blocks whose neighbours err alike
    mean, low, high = forecast_scoring.gain([0.2 + 0.1 * slow], 5 * forecast_scoring.BLOCK)
    assert 0 < low < mean < high and mean == pytest.approx((0.2 + 0.1 * slow).mean())
    mean, low, high = forecast_scoring.gain([slow - slow.mean()], 5 * forecast_scoring.BLOCK)
    assert low < 0 < high
    late = np.r_[np.zeros(180), np.ones(20)]  # the last windows count as much as any
    mean, low, high = forecast_scoring.gain([late], 100 * forecast_scoring.BLOCK)
    assert low <= mean <= high and mean == pytest.approx(0.1)
    widths = []
    for span in (1, 5 * forecast_scoring.BLOCK):
        _, low, high = forecast_scoring.gain([slow], span)
        widths.append(high - low)
    assert widths[1] > 1.7 * widths[0], "stretches are drawn whole"
    _, low, high = forecast_scoring.gain([slow + 3, slow - 3], 5 * forecast_scoring.BLOCK)
    assert high - low > 4, "seeds are drawn too"
    with pytest.raises(ValueError, match=r"\[3, 4\] blocks"):
        forecast_scoring.gain([np.ones(3), np.ones(4)], 2)


@on_one_backend
def test_differences_are_means_of_neighbouring_windows():
    def scored(values):
        return forecast_scoring.Scored(None, np.asarray(values, "float64"))

    found = forecast_scoring.differences(scored(np.zeros(50)), scored(np.arange(50.0)))
    assert found == [12.0, 37.0]


@on_one_backend
def test_recipes():
    assert recipe_for(8640, 96) is LONG and recipe_for(8640, 5000) is not LONG
    assert recipe_for(30_000, 96, channels=20).parts == 10
    assert recipe_for(8640, 720).learning_rate < LONG.learning_rate
    short = recipe_for(600, 24, season=52)
    assert short.look_back == 104 and short.model == SHORT.model
    with pytest.raises(TypeError, match="Did you mean `?'?epochs"):
        LONG.changed(epoch=3)
    with pytest.raises(ValueError, match="positive integer"):
        LONG.changed(epochs=0)
