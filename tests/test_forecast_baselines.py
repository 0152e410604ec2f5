"""The plain forecasts against hand-made cases, their residuals and statsmodels itself."""

import numpy as np
import pytest

from keras_rnnzoo.models import forecast_baselines as baselines
from keras_rnnzoo.models.forecast_baselines import (
    BASELINES,
    ETS,
    Drift,
    LastValue,
    Ridge,
    SeasonalNaive,
    ets_map,
    season_of,
)
from keras_rnnzoo.models.ridge import RidgeForecast

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
WALK = np.cumsum(np.random.default_rng(5).normal(size=(120, 2)), axis=0)
HISTORY = np.array([[1.0, 10], [2, 20], [4, 40], [7, 70]])[None]


def make(name, **options):
    """The baseline of a name, with a season where it has one."""
    seasonal = name in ("seasonal naive", "ETS")
    return BASELINES[name](**{"season": 4} if seasonal else {}, **options)


def windows_of(values, look_back, horizon):
    rows = range(look_back, len(values) - horizon + 1)
    past = np.array([values[k - look_back : k] for k in rows])
    return past, np.array([values[k : k + horizon] for k in rows])


@pytest.mark.parametrize(
    ("baseline", "expected"),
    [
        (LastValue(), [7, 7, 7, 7, 7]),
        (SeasonalNaive(1), [7, 7, 7, 7, 7]),
        (SeasonalNaive(3), [2, 4, 7, 2, 4]),
        (SeasonalNaive(4), [1, 2, 4, 7, 1]),
        (Drift(), [9, 11, 13, 15, 17]),
    ],
)
def test_points_by_hand(baseline, expected):
    baseline.fit(WALK, look_back=4, horizon=5)
    np.testing.assert_allclose(baseline.predict(HISTORY)[0], np.outer(expected, [1, 10]))
    assert baseline.predict(HISTORY, 2).shape == (1, 2, 2)


@pytest.mark.parametrize("name", ["last value", "seasonal naive", "drift"])
def test_residual_quantiles(name):
    """Apart by step and channel, over the windows of the training rows of all series."""
    series = [WALK, -(WALK[:50] ** 2)]
    baseline = make(name).fit(series, 6, 3, train=(0, 40))
    parts = [windows_of(one[:40], 6, 3) for one in series]
    past, future = (np.concatenate(one) for one in zip(*parts))
    errors = future - baseline.predict(past)
    expected = np.quantile(errors, LEVELS, axis=0)
    found = baseline.quantiles(past[:5], 2, LEVELS)
    assert found.shape == (5, 2, 2, 5)
    points = baseline.predict(past[:5], 2)
    for k in range(5):
        np.testing.assert_allclose(found[..., k], points + expected[k, :2])


def test_residual_quantiles_of_very_many_windows(monkeypatch):
    baseline = LastValue().fit(WALK, 6, 3)
    monkeypatch.setattr(baselines, "MOST_WINDOWS", 40)
    past, future = windows_of(WALK, 6, 3)
    assert len(past) == 112
    expected = np.quantile((future - past[:, -1:])[::3], 0.8, axis=0)
    np.testing.assert_allclose(
        baseline.quantiles(past[:1], 3, 0.8)[0, ..., 0], past[0, -1] + expected
    )


@pytest.mark.parametrize("name", list(BASELINES))
def test_rows_after_the_training_part_are_not_read(name):
    found = []
    for spoil in (0, np.nan):
        values = WALK + np.where(np.arange(120) < 90, 0, spoil)[:, None]
        baseline = make(name).fit(values, 8, 3, train=(0, 60), validation=(60, 90))
        found.append(baseline.quantiles(WALK[None, :8], 3, LEVELS))
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("name", list(BASELINES))
def test_shapes_order_and_shorter_horizons(name):
    """All are asked in one way; a shorter horizon is the beginning of a longer one."""
    baseline = make(name).fit(WALK, 8, 5, validation=(80, 120))
    past, _ = windows_of(WALK, 8, 5)
    quantiles = baseline.quantiles(past, 5, LEVELS)
    assert quantiles.shape == (len(past), 5, 2, 5) and quantiles.dtype == "float64"
    assert (np.diff(quantiles, axis=-1) > 0).all()
    np.testing.assert_array_equal(baseline.quantiles(past, 2, LEVELS), quantiles[:, :2])
    np.testing.assert_array_equal(baseline.predict(past, 2), baseline.predict(past)[:, :2])
    assert baseline.report == () or all(isinstance(one, str) for one in baseline.report)


@pytest.mark.parametrize("name", ["last value", "ETS", "ridge"])
def test_intervals_hold_what_they_say(name):
    """80 % intervals of a random walk hold 77 to 83 % of what comes, at every step."""
    walk = np.cumsum(np.random.default_rng(8).normal(size=9000))
    baseline = make(name).fit(walk, 12, 6, train=(0, 2000), validation=(2000, 4000))
    past, future = windows_of(walk[4000:, None], 12, 6)
    low, high = np.moveaxis(baseline.quantiles(past, 6, (0.1, 0.9)), -1, 0)
    inside = ((low <= future) & (future <= high)).mean(axis=(0, 2))
    assert (np.abs(inside - 0.8) < 0.03).all(), inside
    assert ((high - low).mean(axis=(0, 2))[[0, 5]] / np.sqrt([1, 6])).std() < 0.1


def test_ridge_is_the_ridge_forecast():
    options = dict(normalization="instance", grid=(0.1, 1.0), residuals="training")
    baseline = Ridge(**options).fit(WALK, 8, 3, validation=(80, 120))
    model = RidgeForecast(8, 3, **options).fit(WALK, validation=(80, 120))
    past = WALK[None, :8]
    np.testing.assert_array_equal(baseline.predict(past), model.predict(past))
    assert baseline.model.residuals_from == "training" and baseline.report == model.report
    found = baseline.quantiles(past, 3, (0.5, 0.975)) - model.predict(past)[..., None]
    np.testing.assert_allclose(found[0, ..., 0], 0, atol=1e-12)
    np.testing.assert_allclose(found[0, ..., 1], 1.959964 * model.residual_deviation, rtol=1e-6)


# ETS ------------------------------------------------------------------------------------------


def seasonal_series(rows=160):
    random = np.random.default_rng(11)
    season = np.tile([3.0, -1, 0, -2], rows // 4)
    return season + 0.05 * np.arange(rows) + np.cumsum(random.normal(size=rows)) / 5


def smoothed(values, trend, damped, season, parameters, states):
    """statsmodels' own smoothing from given states (level, trend, seasons)."""
    import pandas as pd
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    options = dict(trend=trend, damped_trend=damped, initial_level=states[0])
    options |= dict(initial_trend=states[1]) if trend else {}
    if season > 1:
        options |= dict(seasonal="add", seasonal_periods=season, initial_seasonal=states[2:])
    model = ETSModel(pd.Series(values), initialization_method="known", **options)
    return model.smooth(np.array(parameters))


@pytest.mark.oracle
@pytest.mark.parametrize("season", [1, 4])
@pytest.mark.parametrize(("trend", "damped"), [(None, False), ("add", False), ("add", True)])
def test_ets_forecast_is_that_of_statsmodels(trend, damped, season):
    """From the states of least squares, which are found here by statsmodels' own errors."""
    model = dict(level=0.4, trend=0.1, seasonal=0.2, damping=0.9, season=season)
    model |= {} if trend else dict(trend=0.0, damping=0.0)
    model |= {} if damped or not trend else dict(damping=1.0)
    parameters = [0.4, *[0.1] * bool(trend), *[0.2] * (season > 1), *[0.9] * damped]
    values, given = seasonal_series(), (trend, damped, season, parameters)
    base, *effects = (
        np.asarray(smoothed(values, *given, states).resid)
        for states in [np.zeros(2 + season), *np.eye(2 + season)]
    )
    states = np.linalg.lstsq(np.array(effects).T - base[:, None], -base, rcond=None)[0]
    theirs = smoothed(values, *given, states)
    linear, wider = ets_map(model, len(values), 9)
    np.testing.assert_allclose(values @ linear, theirs.forecast(9), rtol=1e-7)
    variance = theirs.get_prediction(start=len(values), end=len(values) + 8).forecast_variance
    np.testing.assert_allclose(wider**2, variance / theirs.mse, rtol=1e-7)


@pytest.mark.oracle
def test_ets_fits_and_chooses_as_stated():
    """The parameters are those of statsmodels; AICc counts initial states and the variance."""
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    values = seasonal_series()
    model = ETS(season=4, max_rows=100).fit(values, 16, 5, train=(0, 140)).models[0, 0]
    found = {}
    for trend, damped, season in [(t, d, s) for t, d in TRENDS for s in (None, "add")]:
        options = dict(trend=trend, damped_trend=damped, initialization_method="heuristic")
        options |= dict(seasonal=season, seasonal_periods=4) if season else {}
        theirs = ETSModel(values[40:140], **options).fit(disp=False)
        free = len(theirs.params) + 1 + 1 + (trend is not None) + (3 if season else 0)
        aicc = 2 * free - 2 * theirs.llf + 2 * free * (free + 1) / (100 - free - 1)
        name = f"ETS(A,{'N' if not trend else 'Ad' if damped else 'A'},{'A' if season else 'N'})"
        found[name] = aicc, theirs
    best = min(found, key=lambda name: found[name][0])
    assert model["name"] == best and best.endswith(",A)")
    np.testing.assert_allclose(model["aicc"], found[best][0], rtol=1e-6)
    np.testing.assert_allclose(model["level"], found[best][1].smoothing_level, rtol=1e-3)
    np.testing.assert_allclose(model["deviation"], found[best][1].mse ** 0.5, rtol=1e-6)


TRENDS = ((None, False), ("add", False), ("add", True))


def test_ets_finds_no_season_where_there_is_none():
    assert make("ETS").fit(WALK, 8, 3).models[0, 1]["name"].endswith(",N)")


def test_ets_keeps_series_and_channels_apart():
    series = [np.stack([seasonal_series(), WALK[:, 0].repeat(2)[:160]], 1), WALK]
    both = ETS(season=4).fit(series, 8, 3)
    alone = [ETS(season=4).fit(one, 8, 3) for one in series]
    past = np.stack([one[:8] for one in (*series, WALK[9:])])
    found = both.predict(past, series=[0, 1, 1])
    wide = both.quantiles(past, 3, LEVELS, series=[0, 1, 1])
    for k, number in enumerate([0, 1, 1]):
        np.testing.assert_allclose(found[k], alone[number].predict(past[k : k + 1])[0])
        np.testing.assert_allclose(wide[k], alone[number].quantiles(past[k : k + 1], 3, LEVELS)[0])
    for wrong in (None, 2, [0, -1, 1], 0.5):
        with pytest.raises(ValueError, match="series of each window, 0 to 1"):
            both.predict(past, series=wrong)


@pytest.mark.parametrize("failing", ["seasonal", "all"])
def test_ets_says_what_did_not_converge(monkeypatch, failing):
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    fit = ETSModel.fit

    def stubborn(self, **options):
        fitted = fit(self, **options)
        if failing == "all" or self.seasonal:
            fitted.mle_retvals["converged"] = False
        return fitted

    monkeypatch.setattr(ETSModel, "fit", stubborn)
    baseline = ETS(season=4)
    if failing == "all":
        with pytest.warns(UserWarning, match="series 0, channel 0.*No other model was left"):
            baseline.fit(seasonal_series(), 8, 3)
        assert "ETS(A,N,N)" in baseline.report[0] and not baseline.models[0, 0]["converged"]
    else:
        baseline.fit(seasonal_series(), 8, 3)
        assert baseline.models[0, 0]["name"].endswith(",N)")
    assert len(baseline.report) == 1 and "ETS(A,Ad,A)" in baseline.report[0]


# Seasons and errors ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frequency", "season"),
    [
        *[(None, 1), ("h", 24), ("H", 24), ("2h", 12), ("5h", 1), ("24h", 1), ("48h", 1)],
        *[("15min", 96), ("10min", 144), ("min", 1440), ("30T", 48), ("s", 3600), ("10s", 360)],
        *[("D", 7), ("7D", 1), ("B", 5), ("W", 52), ("W-SUN", 52), ("2W", 26), ("SMS", 24)],
        *[("MS", 12), ("ME", 12), ("BMS", 12), ("3MS", 4), ("QS", 4), ("QE-DEC", 4), ("BQE", 4)],
        *[("YS", 1), ("YE-DEC", 1), ("A", 1)],
    ],
)
def test_season_of(frequency, season):
    assert season_of(frequency) == season


@pytest.mark.parametrize("frequency", ["weekly", "0h", "", "h24", "BH"])
def test_season_of_what_is_no_frequency(frequency):
    with pytest.raises(ValueError, match=f"pandas frequency.*frequency={frequency!r}"):
        season_of(frequency)


@pytest.mark.parametrize(
    ("baseline", "look_back", "message"),
    [
        (SeasonalNaive(24), 20, "SeasonalNaive needs look_back >= 24.*look_back=20, season=24"),
        (ETS(season=12), 20, "ETS needs look_back >= 24.*season=12"),
        (Drift(), 1, "Drift needs look_back >= 2"),
        (ETS(season=4, max_rows=15), 8, "ETS needs 16 training rows or more. Received: 15"),
        (LastValue(), 0, "look_back=0"),
        (LastValue(), 118, "look_back [+] horizon = 121 rows are needed"),
    ],
)
def test_too_little_history(baseline, look_back, message):
    with pytest.raises(ValueError, match=message):
        baseline.fit(WALK, look_back, 3)


@pytest.mark.parametrize("name", list(BASELINES))
def test_bad_values_and_questions(name):
    baseline = make(name)
    rows = dict(look_back=8, horizon=3, validation=(90, 120))
    with pytest.raises(ValueError, match="Call fit"):
        baseline.predict(WALK[None, :8])
    with pytest.raises(ValueError, match="constant channel 1"):
        baseline.fit(WALK * [1, 0], **rows)
    with pytest.raises(ValueError, match="nan in row 0, channel 0 of series 0"):
        baseline.fit(np.where(WALK == WALK[0, 0], np.nan, WALK), **rows)
    baseline.fit(WALK, **rows)
    for history, horizon in ((WALK[:8], 3), (WALK[None, :8], 4)):
        with pytest.raises(ValueError, match="horizon <= 3, the one fitted"):
            baseline.predict(history, horizon)
    with pytest.raises(ValueError, match="look_back=8, channels=2"):
        baseline.predict(WALK[None, :9])
    for levels in ((), (0.5, 0.1), (0.0, 0.5), (0.5, 1.0), (0.2, 0.2)):
        with pytest.raises(ValueError, match="increasing levels"):
            baseline.quantiles(WALK[None, :8], 3, levels)
