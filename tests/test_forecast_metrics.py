"""Errors of points, quantiles, samples and intervals beside loops, laws and utilsforecast's."""

import doctest
import functools
import math
import types
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from keras_rnnzoo.metrics import (
    forecast_checks,
    forecast_distributions,
    forecast_intervals,
    forecast_points,
    forecast_sums,
    forecasts,
)
from keras_rnnzoo.metrics.forecast_distributions import (
    crps_gaussian,
    crps_quantiles,
    crps_samples,
    mean_weighted_quantile_loss,
    pinball,
    sample_quantiles,
    weighted_quantile_loss,
)
from keras_rnnzoo.metrics.forecast_intervals import (
    IntervalScore,
    coverage,
    interval_score,
    interval_scores,
    interval_width,
)
from keras_rnnzoo.metrics.forecast_points import (
    error_by_horizon,
    mae,
    mase,
    mase_scale,
    mse,
    rmse,
    smape,
)

NUMBERS = st.floats(-1e6, 1e6).map(lambda x: round(x, 6))
SHAPES = hnp.array_shapes(min_dims=1, max_dims=3, max_side=4)
ARRAYS = hnp.arrays("float64", SHAPES, elements=NUMBERS)
SAMPLES = st.integers(1, 9).flatmap(lambda n: hnp.arrays("float64", (3, n), elements=NUMBERS))
LEVELS = [0.1, 0.25, 0.5, 0.75, 0.9]
close = functools.partial(np.testing.assert_allclose, rtol=1e-10, atol=1e-12)


@pytest.fixture
def forecast(rng):
    """Truth (5, 4, 2), points, quantiles of five levels and seven samples."""
    truth = rng.normal(1, 2, (5, 4, 2))
    quantiles = np.sort(rng.normal(1, 2, (5, 4, 2, 5)))
    return truth, rng.normal(1, 2, truth.shape), quantiles, rng.normal(1, 2, (5, 7, 4, 2))


# Against loops ---------------------------------------------------------------------------------


def test_points_by_loops(forecast):
    truth, points, _, _ = forecast
    pairs = list(zip(truth.flat, points.flat))
    close(mae(truth, points), sum(abs(y - f) for y, f in pairs) / len(pairs))
    close(mse(truth, points), sum((y - f) ** 2 for y, f in pairs) / len(pairs))
    close(rmse(truth, points), math.sqrt(sum((y - f) ** 2 for y, f in pairs) / len(pairs)))
    terms = [2 * abs(y - f) / (abs(y) + abs(f)) for y, f in pairs]
    close(smape(truth, points), sum(terms) / len(terms))


def test_smape_of_nothing_is_nothing():
    assert smape([0.0, 1.0], [0.0, 0.0]) == 1.0  # (0 + 2) / 2: 0 / 0 counts as 0


def test_mase_by_loops(forecast, rng):
    truth, points, _, _ = forecast
    train = [rng.normal(size=(30, 2)), rng.normal(size=(17, 2)) * 9]
    series = np.array([0, 1, 1, 0, 1])
    scales = [
        [sum(abs(y[t, c] - y[t - 3, c]) for t in range(3, len(y))) / (len(y) - 3) for c in (0, 1)]
        for y in train
    ]
    close(mase_scale(train, 3), scales)
    terms = [abs(truth[k] - points[k]) / scales[series[k]] for k in range(5)]
    close(mase(truth, points, train, 3, series), np.mean(terms))
    close(mase(truth, points, train[1], 3), (abs(truth - points) / scales[1]).mean())


def test_mase_of_one_channel_and_of_a_time_series():
    train = types.SimpleNamespace(values=[np.arange(5.0)[:, None]], ids=("a",), targets=("y",))
    for part in (train, [np.arange(5.0)], np.arange(5.0), list(range(5))):
        assert mase_scale(part, 2).tolist() == [[2.0]]
    train.values = [np.ones((5, 1))]
    with pytest.raises(ValueError, match="Target 'y' of series 'a' does not differ .* 4 pairs"):
        mase_scale(train)


def test_quantiles_by_loops(forecast):
    truth, _, quantiles, _ = forecast
    losses = []
    for k, p in enumerate(LEVELS):
        pairs = list(zip(truth.flat, quantiles[..., k].flat))
        losses.append(sum(p * (y - q) if y >= q else (1 - p) * (q - y) for y, q in pairs))
    close(pinball(truth, quantiles, LEVELS), np.array(losses) / truth.size)
    weighted = 2 * np.array(losses) / np.abs(truth).sum()
    close(weighted_quantile_loss(truth, quantiles, LEVELS), weighted)
    close(mean_weighted_quantile_loss(truth, quantiles, LEVELS), weighted.mean())
    close(crps_quantiles(truth, quantiles, LEVELS), 2 * np.mean(losses) / truth.size)


@pytest.mark.parametrize("fair", [False, True])
def test_crps_by_loops(forecast, fair):
    truth, _, _, samples = forecast
    samples[0, :3], truth[0, 0] = samples[0, 3], samples[0, 3, 0]  # ties, and a truth that is one
    scores = []
    for place in np.ndindex(truth.shape):
        x, y = samples[place[0], :, *place[1:]], truth[place]
        spread = sum(abs(a - b) for a in x for b in x) / (7 * (6 if fair else 7))
        scores.append(sum(abs(a - y) for a in x) / 7 - spread / 2)
    close(crps_samples(truth, samples, fair), np.mean(scores))


def test_intervals_by_loops(forecast):
    truth, _, quantiles, _ = forecast
    low, high = quantiles[..., 0], quantiles[..., 4]
    inside, width, winkler = [], [], []
    for y, a, b in zip(truth.flat, low.flat, high.flat):
        inside.append(a <= y <= b)
        width.append(b - a)
        winkler.append(b - a + 10 * ((a - y) * (y < a) + (y - b) * (y > b)))
    close(coverage(truth, low, high), np.mean(inside))
    close(interval_width(low, high), np.mean(width))
    close(interval_score(truth, low, high, 0.8), np.mean(winkler))
    scores = interval_scores(truth, quantiles, LEVELS)
    assert list(scores) == [0.5, 0.8] and isinstance(scores[0.8], IntervalScore)
    close(scores[0.8], (np.mean(inside), np.mean(width), np.mean(winkler)))
    assert interval_scores(truth, quantiles, LEVELS, [0.8]) == {0.8: scores[0.8]}
    assert interval_scores(truth, quantiles[..., :2], LEVELS[:2]) == {}


def test_errors_by_horizon(forecast):
    truth, points, quantiles, samples = forecast
    for metric in (mae, mse, rmse, smape):
        expected = [metric(truth[:, k], points[:, k]) for k in range(4)]
        close(error_by_horizon(truth, points, metric), expected)
    steps = error_by_horizon(truth, quantiles, weighted_quantile_loss, levels=LEVELS)
    assert steps.shape == (4, 5)
    close(steps[2], weighted_quantile_loss(truth[:, 2], quantiles[:, 2], LEVELS))
    expected = [crps_samples(truth[:, k], samples[:, :, k]) for k in range(4)]
    close(error_by_horizon(truth, samples, crps_samples, axis=2), expected)
    truth[0, 1] = np.nan
    steps = error_by_horizon(truth, points, missing="skip")
    close(steps[1], mae(truth[1:, 1], points[1:, 1]))


def test_quantiles_of_samples_are_numpys(rng):
    samples = rng.normal(size=(3, 8, 4, 2))
    expected = np.moveaxis(np.quantile(samples, LEVELS, axis=1), 0, -1)
    close(sample_quantiles(samples, LEVELS), expected)
    close(sample_quantiles(samples[:, :1], LEVELS)[..., 3], samples[:, 0])
    close(sample_quantiles(samples.swapaxes(1, 2), LEVELS, axis=2), expected)


# Laws ------------------------------------------------------------------------------------------


def test_gaussian_crps_is_that_of_many_samples(rng):
    truth, mean, deviation = rng.normal(0, 3, 40), rng.normal(size=40), rng.uniform(0.5, 2, 40)
    levels = np.arange(1, 20001) / 20001
    normal = np.array([NormalDist().inv_cdf(p) for p in levels])
    quantiles = mean[:, None] + deviation[:, None] * normal
    exact = crps_gaussian(truth, mean, deviation)
    np.testing.assert_allclose(crps_samples(truth, quantiles), exact, rtol=1e-4)
    np.testing.assert_allclose(crps_quantiles(truth, quantiles, levels), exact, rtol=1e-4)
    for y in (-40.0, 40.0):  # far away it is the distance less s / sqrt(pi)
        close(crps_gaussian([y], [0.0], [1.0]), 40 - 1 / math.sqrt(math.pi))


def test_fair_crps_has_the_expectation_of_endless_samples(rng):
    samples = rng.normal(size=(40000, 3))
    fair = crps_samples(np.full(40000, 0.3), samples, fair=True)
    exact = crps_gaussian([0.3], [0.0], [1.0])
    assert abs(fair - exact) < 0.01 < crps_samples(np.full(40000, 0.3), samples) - exact


@settings(deadline=None)
@given(ARRAYS, NUMBERS)
def test_perfect_forecasts_have_no_error(truth, shift):
    for metric in (mae, mse, rmse, smape):
        assert metric(truth, truth) == 0
    assert not pinball(truth, np.stack([truth] * 5, -1), LEVELS).any()
    assert crps_samples(truth, np.stack([truth] * 4, 1)) == 0
    assert coverage(truth, truth, truth) == 1 and interval_score(truth, truth, truth, 0.9) == 0
    close(mae(truth, truth + shift), abs(shift), atol=1e-9)


@settings(deadline=None)
@given(SAMPLES, hnp.arrays("float64", 3, elements=NUMBERS))
def test_crps_of_one_place_is_the_absolute_error(samples, truth):
    one = np.repeat(samples[:, :1], samples.shape[1], 1)
    assert crps_samples(truth, one) == mae(truth, samples[:, 0])
    if samples.shape[1] > 1:
        assert crps_samples(truth, one, fair=True) == mae(truth, samples[:, 0])
    assert 0 <= crps_samples(truth, samples) <= np.abs(samples - truth[:, None]).mean() + 1e-6


@settings(deadline=None)
@given(st.floats(1e-3, 1e3), st.integers(0, 99))
def test_weighted_quantile_loss_has_no_unit(scale, seed):
    random = np.random.default_rng(seed)
    truth, quantiles = random.normal(size=6), np.sort(random.normal(size=(6, 5)))
    one = weighted_quantile_loss(truth, quantiles, LEVELS)
    close(weighted_quantile_loss(scale * truth, scale * quantiles, LEVELS), one, rtol=1e-9)


@settings(deadline=None)
@given(ARRAYS)
def test_infinite_intervals_hold_everything(truth):
    endless = np.full(truth.shape, np.inf)
    assert coverage(truth, -endless, endless) == 1 and interval_width(-endless, endless) == np.inf
    assert interval_score(truth, -endless, endless, 0.5) == np.inf


def test_the_ends_of_an_interval_belong_to_it():
    assert coverage([0.0, 1.0, 1.1, -0.1], np.zeros(4), np.ones(4)) == 0.5


MODULES = (forecast_checks, forecast_points, forecast_distributions, forecast_intervals)


@pytest.mark.parametrize("module", [*MODULES, forecast_sums, forecasts], ids=lambda m: m.__name__)
def test_examples(module):
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    report = []
    for test in doctest.DocTestFinder().find(module, globs=vars(module) | {"np": np}):
        test.examples = [e for e in test.examples if "windows" not in e.source]
        test.examples = [e for e in test.examples if not e.source.startswith("print(scores")]
        runner.run(test, out=report.append)
    assert not runner.failures, "".join(report)
