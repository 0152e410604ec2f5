"""Scores of forecasts are those of utilsforecast, series by series and all together."""

import functools

import numpy as np
import pytest

from keras_rnnzoo.metrics.forecast_distributions import (
    mean_weighted_quantile_loss,
    pinball,
    weighted_quantile_loss,
)
from keras_rnnzoo.metrics.forecast_intervals import coverage, interval_score
from keras_rnnzoo.metrics.forecast_points import mae, mase, mse, rmse, smape
from keras_rnnzoo.metrics.forecasts import forecast_scores

pytestmark = pytest.mark.oracle
pd = pytest.importorskip("pandas")
U = pytest.importorskip("utilsforecast.losses")

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
SERIES, HORIZON, ROWS, SEASON = 3, 12, 60, 7
close = functools.partial(np.testing.assert_allclose, rtol=1e-12)


@pytest.fixture(scope="module")
def case():
    """Three series of one window each: arrays, and the same as long frames."""
    random = np.random.default_rng(4)
    truth = random.normal(2, 3, (SERIES, HORIZON, 1))
    truth[0, 0] = 0
    quantiles = np.sort(random.normal(2, 3, (SERIES, HORIZON, 1, len(LEVELS))))
    quantiles[0, 0] = [-1, -0.5, 0, 0.5, 1]  # sMAPE: 0 / 0 at the median
    train = [random.normal(size=(ROWS, 1)) * (k + 1) for k in range(SERIES)]
    ids = np.repeat(np.arange(SERIES), HORIZON)
    times = np.tile(np.arange(HORIZON) + ROWS, SERIES)
    frame = pd.DataFrame({"unique_id": ids, "ds": times, "y": truth.reshape(-1)})
    for k, level in enumerate(LEVELS):
        frame[f"q{level}"] = quantiles[..., k].reshape(-1)
    frame = frame.assign(**{"m-lo-80": frame["q0.1"], "m-hi-80": frame["q0.9"]})
    past = pd.DataFrame(
        {
            "unique_id": np.repeat(np.arange(SERIES), ROWS),
            "ds": np.tile(np.arange(ROWS), SERIES),
            "y": np.concatenate(train).reshape(-1),
        }
    )
    return truth, quantiles, train, frame, past


def each(metric, truth, *forecasts, **options):
    """Our metric of each series alone."""
    rows = (slice(k, k + 1) for k in range(SERIES))
    return [metric(truth[k], *(part[k] for part in forecasts), **options) for k in rows]


@pytest.mark.parametrize(
    ("ours", "factor"),
    [(mae, 1), (mse, 1), (rmse, 1), (smape, 2)],
    ids=["mae", "mse", "rmse", "smape"],
)
def test_points(case, ours, factor):
    truth, quantiles, _, frame, _ = case
    expected = getattr(U, ours.__name__)(frame, ["q0.5"])["q0.5"].to_numpy()
    close(each(ours, truth, quantiles[..., 2]), factor * expected)


def test_mase(case):
    truth, quantiles, train, frame, past = case
    expected = U.mase(frame, ["q0.5"], SEASON, past)["q0.5"].to_numpy()
    for k in range(SERIES):
        close(mase(truth[[k]], quantiles[[k], ..., 2], train, SEASON, [k]), expected[k])
    close(mase(truth, quantiles[..., 2], train, SEASON, range(SERIES)), expected.mean())


def test_quantile_losses(case):
    truth, quantiles, _, frame, _ = case
    losses = np.array(each(pinball, truth, quantiles, levels=LEVELS))
    for k, level in enumerate(LEVELS):
        close(losses[:, k], U.quantile_loss(frame, {"m": f"q{level}"}, level)["m"])
    names = {"m": [f"q{level}" for level in LEVELS]}
    expected = U.mqloss(frame, names, np.array(LEVELS)).sort_values("unique_id")["m"]
    close(losses.mean(1), expected)
    expected = U.scaled_crps(frame, names, np.array(LEVELS)).sort_values("unique_id")["m"]
    close(each(mean_weighted_quantile_loss, truth, quantiles, levels=LEVELS), expected)


def test_intervals(case):
    truth, quantiles, _, frame, _ = case
    low, high = quantiles[..., 0], quantiles[..., 4]
    close(each(coverage, truth, low, high), U.coverage(frame, ["m"], 80)["m"])
    close(each(interval_score, truth, low, high, level=0.8), U.winkler_score(frame, ["m"], 80)["m"])


def test_all_scores_at_once(case):
    truth, quantiles, train, frame, past = case
    whole = frame.assign(unique_id=0)
    scores = forecast_scores(
        truth, quantiles=quantiles, levels=LEVELS, train=train, season=SEASON, series=range(SERIES)
    )
    for name in ("mae", "mse", "rmse"):
        close(getattr(scores, name), getattr(U, name)(whole, ["q0.5"])["q0.5"][0])
    close(scores.smape, 2 * U.smape(whole, ["q0.5"])["q0.5"][0])
    close(scores.mase, U.mase(frame, ["q0.5"], SEASON, past)["q0.5"].mean())
    names = {"m": [f"q{level}" for level in LEVELS]}
    close(scores.wql, U.scaled_crps(whole, names, np.array(LEVELS))["m"][0])
    close(scores.crps, 2 * U.mqloss(whole, names, np.array(LEVELS))["m"][0])
    close(scores.intervals[0.8].coverage, U.coverage(whole, ["m"], 80)["m"][0])
    close(scores.intervals[0.8].score, U.winkler_score(whole, ["m"], 80)["m"][0])
    expected = weighted_quantile_loss(truth, quantiles, LEVELS)
    close([scores.quantile_losses[level] for level in LEVELS], expected)
