"""Forecasts, backtests, streams and files of a forecaster; nothing comes from the future."""

import json
import os
import pathlib
import subprocess
import sys
from dataclasses import replace

import matplotlib.figure
import numpy as np
import pandas as pd
import pytest
from forecasts import HEADS, TRAIN, forecaster, series
from running import on_one_backend, one, other_backend

from keras_rnnzoo.models import Forecaster

LOAD = """
import json, sys
from forecasts import series
from keras_rnnzoo.models import Forecaster
model = Forecaster.load(sys.argv[1])
print(json.dumps(model.predict(series()).quantiles([0.1, 0.9]).tolist()))
"""
DATA = series()
WITH = series(covariates=True, count=2)
KNOWN = series(covariates=True, past=False, count=2)


def data_for(head):
    return KNOWN if head == "autoregressive" else WITH


def cut(data, rows):
    """All that is known when the first `rows` rows are."""
    known = [future[: rows + 10] for future in data.future]
    return replace(data.slice(None, rows), future=known if data.future_names else data.future)


@on_one_backend
@pytest.mark.parametrize("head", HEADS)
def test_a_forecast_follows_the_end_of_each_series(head):
    data = data_for(head)
    model = forecaster(data, head, output="gaussian")
    forecast = model.predict(data, paths=5, seed=1)
    assert forecast.point.shape == (2, 7, 2) and forecast.ids == list(data.ids)
    for times, index in zip(forecast.times, data.times, strict=True):
        assert list(times) == list(pd.date_range(index[-1], periods=8, freq="h")[1:])
    low, high = forecast.interval(0.8)
    assert (low < high).all()
    assert forecast.sample(9, seed=3).shape == (2, 9, 7, 2)
    frame = forecast.frame(levels=(0.1, 0.9))
    assert len(frame) == 28 and list(frame.columns[-2:]) == ["q0.1", "q0.9"]
    place = (frame.id == data.ids[1]) & (frame.target == "price") & (frame.step == 3)
    assert frame.forecast[place].item() == forecast.point[1, 2, 1]


@pytest.mark.parametrize("head", one(HEADS))
def test_a_backtest_gives_what_was_forecast_from_the_past_alone(head):
    """The rows after each origin are taken away, and the same comes."""
    data = data_for(head)
    model = forecaster(data, head)
    found = model.backtest(data, start=160, stop=195, stride=11)
    assert [tuple(row) for row in found.origins] == [
        (k, o) for k in (0, 1) for o in (160, 171, 182)
    ]
    for row, (number, origin) in enumerate(found.origins):
        alone = model.predict(cut(data, origin))
        np.testing.assert_allclose(found.forecast.point[row], alone.point[number], atol=2e-5)
        truth = data.values[number][origin : origin + 7]
        np.testing.assert_array_equal(found.truth[row], truth)


@on_one_backend
def test_the_future_changes_neither_scaling_nor_features_nor_forecasts():
    model = forecaster(DATA, skip=True)
    model.fit_ridge(DATA, TRAIN, (150, 180))
    other = DATA.values[0].copy()
    other[180:] = 1e6
    wild = replace(DATA, values=[other])
    again = forecaster(wild, skip=True)
    again.fit_ridge(wild, TRAIN, (150, 180))
    assert again.scaler.to_config() == model.scaler.to_config()
    np.testing.assert_array_equal(np.array(again.skip.kernel), np.array(model.skip.kernel))
    ours, theirs = (
        model.backtest(each, start=150, stop=187).forecast.point for each in (DATA, wild)
    )
    np.testing.assert_array_equal(ours[:-7], theirs[:-7])


@on_one_backend
def test_scores_of_a_backtest():
    model = forecaster(DATA, output="gaussian")
    found = model.backtest(DATA, start=160, stride=3)
    scores = found.scores(levels=(0.1, 0.5, 0.9))
    assert scores.mae == pytest.approx(np.abs(found.truth - found.forecast.point).mean())
    assert scores.wql > 0 and scores.mase > 0 and 0 <= scores.intervals[0.8].coverage <= 1
    deviation = model.scaler.scale[0]
    expected = (np.square(found.truth - found.forecast.point) / deviation**2).mean()
    assert found.scores(scaled=True).mse == pytest.approx(expected)
    frame = found.frame()
    assert np.abs(frame.truth - frame.forecast).mean() == pytest.approx(scores.mae)


@on_one_backend
def test_horizons():
    direct, free = (forecaster(DATA, head) for head in ("direct", "autoregressive"))
    whole = direct.predict(DATA)
    np.testing.assert_allclose(direct.predict(DATA, 3).point, whole.point[:, :3], rtol=1e-6)
    assert free.predict(DATA, 12).point.shape == (1, 12, 2)
    np.testing.assert_allclose(
        free.predict(DATA, 12).point[:, :7], free.predict(DATA).point, rtol=1e-5, atol=1e-5
    )
    with pytest.raises(ValueError, match=r"forecasts 7 steps at most.*horizon=8"):
        direct.predict(DATA, 8)
    with pytest.raises(ValueError, match="positive integer"):
        direct.predict(DATA, 0)


def test_paths_hang_together_and_their_seed_repeats_them():
    model = forecaster(DATA, "autoregressive", output="gaussian", normalization="none")
    first, again, other = (model.predict(DATA, paths=300, seed=k).samples for k in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1
    mean = first[0].mean(axis=0)
    np.testing.assert_allclose(model.predict(DATA, paths=300, seed=1).point[0], mean)


@on_one_backend
def test_counts_are_forecast_as_counts():
    rng = np.random.default_rng(4)
    data = replace(DATA, values=[rng.poisson(20, size=(200, 2)).astype("float64")])
    options = {"output": "negative_binomial", "normalization": "mean"}
    for head in HEADS:
        model = forecaster(data, head, **options)
        model.fit(data, TRAIN, epochs=2)
        drawn = model.predict(data, paths=50, seed=0).sample(50, seed=0)
        assert (drawn == np.round(drawn)).all() and (drawn >= 0).all()
        assert 10 < drawn.mean() < 40


@pytest.mark.parametrize(
    ("head", "normalization", "carried"),
    one(
        [
            ("direct", "none", True),
            ("autoregressive", "none", True),
            ("direct", "last", False),
            ("segments", "none", False),
        ]
    ),
)
def test_a_stream_goes_on_where_the_series_ended(head, normalization, carried):
    """Row by row it reads what the whole series holds; 30 rows later it says the same.

    A stream that carries its states also remembers the rows before the history; so it is compared
    with the same weights reading a longer history.
    """
    data = data_for(head)
    model = forecaster(data, head, normalization=normalization)
    stream = model.stream(cut(data, 170))
    assert stream.explain().startswith("states are carried") == carried
    for row in range(170, 200):
        past = None if head == "autoregressive" else [each[row] for each in data.past]
        future = [each[row + 10] for each in data.future]
        values = [each[row] for each in data.values]
        stream.update(np.array(values), None if past is None else np.array(past), np.array(future))
    longer = model
    if carried:
        longer = forecaster(data, head, normalization=normalization, look_back=54)
        longer.set_weights(model.get_weights())
    expected = longer.predict(cut(data, 200))
    found = stream.predict()
    np.testing.assert_allclose(found.point, expected.point, rtol=1e-4, atol=1e-4)
    assert [list(times) for times in found.times] == [list(times) for times in expected.times]
    with pytest.raises(ValueError, match=r"Expected values of shape \(2, 2\)"):
        stream.update([1.0, np.nan])


def test_a_saved_forecaster_is_the_same_and_trains_on(tmp_path):
    model = forecaster(
        WITH, "segments", output="quantiles", skip=True, cell_options={"zoneout": 0.1}
    )
    model.fit_ridge(WITH, TRAIN, ridge=0.1)
    model.fit(WITH, TRAIN, epochs=1)
    model.save(tmp_path / "model.keras")
    loaded = Forecaster.load(tmp_path / "model.keras")
    expected = model.predict(WITH)
    np.testing.assert_array_equal(loaded.predict(WITH).quantiles([0.1]), expected.quantiles([0.1]))
    assert loaded.scaler.to_config() == model.scaler.to_config() and loaded.targets == WITH.targets
    loaded.fit(WITH, TRAIN, epochs=1)
    assert np.abs(loaded.predict(WITH).point - expected.point).max() > 1e-6
    (tmp_path / "model.keras").write_bytes(b"PK damaged")
    with pytest.raises(ValueError, match="cannot be read as a saved Forecaster"):
        Forecaster.load(tmp_path / "model.keras")


@on_one_backend
@pytest.mark.parametrize("backend", [other_backend()])
def test_a_file_forecasts_the_same_in_a_fresh_process(tmp_path, backend):
    model = forecaster(DATA, "segments", output="gaussian", channel_dim=2)
    model.save(tmp_path / "model.keras")
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(tmp_path / "model.keras")],
        env={**os.environ, "KERAS_BACKEND": backend},
        cwd=pathlib.Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = np.array(json.loads(done.stdout.splitlines()[-1]))
    expected = model.predict(DATA).quantiles([0.1, 0.9])
    np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-4)


@on_one_backend
def test_figures():
    model = forecaster(DATA, output="quantiles")
    assert isinstance(model.plot(DATA), matplotlib.figure.Figure)
    assert isinstance(model.backtest(DATA, start=160).plot(1), matplotlib.figure.Figure)
    with pytest.raises(ValueError, match="trained for the quantiles"):
        model.plot(DATA, levels=(0.3, 0.7))
    gaussian = forecaster(DATA, output="gaussian").predict(DATA)
    for forecast, levels in ((model.predict(DATA), model.output_kind.levels), (gaussian, (0.2,))):
        assert forecast.known_levels((0.2,)) == levels
    point = forecaster(DATA).predict(DATA.slice(None, -7))
    assert isinstance(point.plot(DATA), matplotlib.figure.Figure)
    assert point.known_levels((0.2,)) == ()
    with pytest.raises(ValueError, match="Expected the series"):
        point.plot()


@on_one_backend
def test_another_series_than_the_models():
    model = forecaster(DATA)
    with pytest.raises(ValueError, match=r"targets=\['load', 'price'\].*a series with \['load'\]"):
        model.predict(DATA.select("load"))
    with pytest.raises(ValueError, match="frequency='h'"):
        model.predict(replace(DATA, frequency="D"))
    with pytest.raises(ValueError, match="24"):
        model.predict(DATA.slice(None, 20))
    with pytest.raises(ValueError, match="future"):
        forecaster(WITH).predict(replace(WITH, future=[f[:203] for f in WITH.future]))
    with pytest.raises(ValueError, match="knows no quantiles"):
        model.predict(DATA).interval(0.8)
    with pytest.raises(ValueError, match="must increase within"):
        forecaster(DATA, output="gaussian").predict(DATA).quantiles([0.9, 0.1])
