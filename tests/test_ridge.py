"""The ridge forecast equals its formula, chooses on validation alone, gives the known floor."""

import os
import pathlib

import numpy as np
import pytest

from keras_rnnzoo.models import ridge
from keras_rnnzoo.models.ridge import GRID, RidgeForecast

NORMALIZATIONS = ("last", "instance", "none")
LOOK_BACK, HORIZON = 7, 4


@pytest.fixture
def series(rng):
    """Two series of unequal length with three channels, about 2, with a memory."""
    noise = [rng.normal(size=(rows, 3)) for rows in (150, 97)]
    return [2 + np.cumsum(one, axis=0) / 4 + one for one in noise]


def gathered(series, start, stop, channels):
    """(x, y) of every window whose forecast lies in the rows, one at a time."""
    found = [
        (one[k - LOOK_BACK : k, c], one[k : k + HORIZON, c])
        for one in series
        for c in channels
        for k in range(max(start, LOOK_BACK), min(stop, len(one)) - HORIZON + 1)
    ]
    return np.array([x for x, _ in found]), np.array([y for _, y in found])


def centred(x, y, normalization):
    """Design with its last column, targets, centres."""
    centre = {"last": x[:, -1:], "instance": x.mean(1, keepdims=True), "none": 0 * x[:, :1]}
    scale = x.std(1, keepdims=True) if normalization == "instance" else np.ones((len(x), 1))
    centre = centre[normalization]
    return np.hstack([x - centre, scale]), y - centre, centre


def solved(x, y, multiple):
    gram = x.T @ x
    ridge = multiple * np.trace(gram) / len(gram)
    return np.linalg.solve(gram + ridge * np.eye(len(gram)), x.T @ y), ridge


@pytest.mark.parametrize("normalization", ["last", "instance"])
@pytest.mark.parametrize("per_channel", [False, True])
def test_direct_formula(series, normalization, per_channel):
    model = RidgeForecast(LOOK_BACK, HORIZON, normalization, per_channel, grid=0.03)
    model.fit(series, train=(20, 90))
    for group in [[0], [1], [2]] if per_channel else [[0, 1, 2]]:
        x, y = gathered(series, 20, 90, group)
        design, target, centre = centred(x, y, normalization)
        solution, penalty = solved(design, target, 0.03)
        pick = group[0] if per_channel else ...
        np.testing.assert_allclose(model.weights[pick], solution[:-1], rtol=1e-8, atol=1e-11)
        np.testing.assert_allclose(model.bias[pick], solution[-1], rtol=1e-8, atol=1e-11)
        np.testing.assert_allclose(np.atleast_1d(model.ridge)[group[0]], penalty)
        forecast = model.predict(np.repeat(x[:, :, None], 3, axis=2))[:, :, group[0]]
        np.testing.assert_allclose(forecast, centre + design @ solution)


def test_without_normalization_values_count_from_their_mean(series):
    model = RidgeForecast(LOOK_BACK, HORIZON, "none", grid=0.03).fit(series)
    mean = np.concatenate(series).mean()
    x, y = gathered(series, 0, 1000, range(3))
    design, target, _ = centred(x - mean, y - mean, "none")
    solution, _ = solved(design, target, 0.03)
    np.testing.assert_allclose(model.weights, solution[:-1], rtol=1e-8, atol=1e-11)
    history = series[0][:LOOK_BACK]
    expected = mean + solution[:-1].T @ (history - mean) + solution[-1:].T
    np.testing.assert_allclose(model.predict(history), expected)
    np.testing.assert_allclose(
        model.predict(history), model.weights.T @ history + model.bias[:, None]
    )


@pytest.mark.oracle
@pytest.mark.parametrize("normalization", ["last", "instance"])
def test_scikit_learn(series, normalization):
    linear_model = pytest.importorskip("sklearn.linear_model")
    model = RidgeForecast(LOOK_BACK, HORIZON, normalization, grid=0.1).fit(series)
    design, target, _ = centred(*gathered(series, 0, 1000, range(3)), normalization)
    theirs = linear_model.Ridge(model.ridge, fit_intercept=False).fit(design, target)
    np.testing.assert_allclose(np.vstack([model.weights, model.bias]), theirs.coef_.T, atol=1e-9)


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
@pytest.mark.parametrize("per_channel", [False, True])
def test_ridge_has_the_lowest_validation_error(series, normalization, per_channel):
    options = (LOOK_BACK, HORIZON, normalization, per_channel)
    model = RidgeForecast(*options).fit(series, (0, 60), (60, 97))
    alone = [RidgeForecast(*options, grid=one).fit(series, (0, 60), (60, 97)) for one in GRID]
    errors = np.array([one.validation_mse for one in alone])
    np.testing.assert_array_equal(model.multiple, np.array(GRID)[errors.argmin(axis=0)])
    np.testing.assert_allclose(model.validation_mse, errors.min(axis=0))
    error, _ = model.score(series, (60, 97))
    np.testing.assert_allclose(np.mean(model.validation_mse), error)


def test_score_counts_every_window_step_and_channel(series):
    model = RidgeForecast(LOOK_BACK, HORIZON, grid=0.1).fit(series, (0, 60))
    errors = [
        model.predict(one[k - LOOK_BACK : k]) - one[k : k + HORIZON]
        for one in series
        for k in range(60, len(one) - HORIZON + 1)
    ]
    expected = np.mean(np.square(errors)), np.mean(np.abs(errors))
    np.testing.assert_allclose(model.score(series, (60, None)), expected)


def test_blocks_change_nothing(series, monkeypatch):
    found = []
    for block in (ridge.BLOCK, 50):
        monkeypatch.setattr(ridge, "BLOCK", block)
        model = RidgeForecast(LOOK_BACK, HORIZON, "instance").fit(series, None, (60, 90))
        found.append([*everything(model), model.score(series)])
    for one, two in zip(*found):
        np.testing.assert_allclose(one, two, atol=1e-12)


# What is learned from which rows --------------------------------------------------------------


def everything(model):
    return [getattr(model, name) for name in (*ridge.SOLUTION, "residual_deviation")]


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_nothing_after_the_validation_rows_is_read(series, normalization):
    spoiled = [np.where(np.arange(len(one))[:, None] < 90, one, np.nan) for one in series]
    models = [RidgeForecast(LOOK_BACK, HORIZON, normalization) for _ in range(2)]
    for model, values in zip(models, (series, spoiled)):
        model.fit(values, (0, 60), (60, 90))
    for one, two in zip(*map(everything, models)):
        np.testing.assert_array_equal(one, two)


def test_validation_rows_choose_and_nothing_else(series):
    fits = []
    for scale in (1, -30):
        values = [np.concatenate([one[:60], scale * one[60:]]) for one in series]
        fits.append(RidgeForecast(LOOK_BACK, HORIZON).fit(values, (0, 60), (60, 90)))
    assert fits[0].multiple != fits[1].multiple
    again = RidgeForecast(LOOK_BACK, HORIZON, grid=fits[1].multiple).fit(series, (0, 60))
    np.testing.assert_array_equal(fits[1].weights, again.weights)


def test_rows_as_in_slices_and_by_series(series):
    one, two = RidgeForecast(LOOK_BACK, HORIZON), RidgeForecast(LOOK_BACK, HORIZON)
    one.fit(series, None, (-30, None))
    two.fit(series, [(0, 120), (0, 67)], [(120, 150), (67, 97)])
    for ours, theirs in zip(everything(one), everything(two)):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("residuals", ["validation", "training"])
def test_residual_deviation(series, residuals):
    model = RidgeForecast(LOOK_BACK, HORIZON, residuals=residuals).fit(series, (0, 60), (60, 90))
    assert model.residuals_from == residuals
    start, stop = (60, 90) if residuals == "validation" else (LOOK_BACK, 60)
    errors = [
        one[k : k + HORIZON] - model.predict(one[k - LOOK_BACK : k])
        for one in series
        for k in range(start, stop - HORIZON + 1)
    ]
    assert model.residual_deviation.shape == (HORIZON, 3)
    np.testing.assert_allclose(model.residual_deviation, np.sqrt(np.mean(np.square(errors), 0)))


def test_edge_of_the_grid_is_told_and_can_be_left(rng):
    noise, rows = rng.normal(size=300), dict(validation=(150, 300))
    small = RidgeForecast(LOOK_BACK, HORIZON, "none", grid=(1e-4, 1e-3)).fit(noise, **rows)
    assert small.multiple == 1e-3 and "at the edge of what was tried" in small.report[0]
    full = RidgeForecast(LOOK_BACK, HORIZON, "none").fit(noise, **rows)
    assert 1e-3 < full.multiple < 1 and full.report == ()
    grown = RidgeForecast(LOOK_BACK, HORIZON, "none", grid=(1e-4, 1e-3), extend=True)
    assert grown.fit(noise, **rows).multiple == full.multiple
    assert f"is {full.multiple:g} times the mean diagonal, found by ext" in grown.report[0]
    sure = RidgeForecast(LOOK_BACK, HORIZON, "none", grid=(1e-3, full.multiple), extend=True)
    assert sure.fit(noise, **rows).multiple == full.multiple and sure.report == ()
    line = np.cumsum(np.sin(np.arange(300) / 7))  # without noise, so it wants no ridge at all
    grown = RidgeForecast(LOOK_BACK, HORIZON, extend=True).fit(line, **rows)
    assert ridge.LIMITS[0] <= grown.multiple < GRID[0] and grown.report


def test_far_from_zero(series):
    near = RidgeForecast(LOOK_BACK, HORIZON).fit(series, None, (60, 90))
    far = RidgeForecast(LOOK_BACK, HORIZON).fit([one + 1e6 for one in series], None, (60, 90))
    np.testing.assert_allclose(near.weights, far.weights, atol=1e-6)
    history = series[0][:LOOK_BACK]
    np.testing.assert_allclose(far.predict(history + 1e6) - 1e6, near.predict(history), atol=1e-6)


@pytest.mark.parametrize("lead", [(), (2, 3)], ids=str)
def test_predict_takes_any_leading_axes(series, rng, lead):
    model = RidgeForecast(LOOK_BACK, HORIZON, per_channel=True, grid=0.1).fit(series)
    found = model.predict(history := rng.normal(size=(*lead, LOOK_BACK, 3)))
    assert found.shape == (*lead, HORIZON, 3)
    for k in np.ndindex(lead):
        np.testing.assert_allclose(found[k], model.predict(history[k]))


# Errors ---------------------------------------------------------------------------------------

VALUES = np.random.default_rng(3).normal(size=(60, 2))
HOLE = np.where(np.arange(60)[:, None] == [[99, 17]], np.nan, VALUES)
FLAT = np.where(np.arange(2) == 1, 3.0, VALUES)


@pytest.mark.parametrize(
    ("values", "rows", "message"),
    [
        (VALUES[:10], {}, "look_back [+] horizon = 11 rows are needed.*series 0 has 10"),
        ([VALUES, VALUES[:8]], {}, "series 1 has 8"),
        (VALUES, dict(validation=(58, 60)), "11 rows are needed.*series 0 has 9"),
        (HOLE, {}, "nan in row 17, channel 1 of series 0"),
        (np.where(VALUES == VALUES[3, 0], np.inf, VALUES), {}, "inf in row 3, channel 0"),
        (FLAT, {}, "constant channel 1"),
        (VALUES, dict(train=(0, 41), validation=(40, 60)), "do not overlap"),
        (VALUES, dict(train=(0, 20, 2)), "rows .start, stop."),
        ([VALUES, VALUES], dict(train=[(0, 20)]), "such a pair for each of 2 series"),
        ([VALUES, VALUES[:, :1]], {}, r"channels alike.*\(60, 2\), \(60, 1\)"),
        (VALUES[None], {}, r"\(time, channels\).*\(1, 60, 2\)"),
    ],
)
def test_bad_values(values, rows, message):
    with pytest.raises(ValueError, match=message):
        RidgeForecast(LOOK_BACK, HORIZON, grid=0.1).fit(values, **rows)


def test_several_ridges_need_validation_rows_and_one_does_not():
    with pytest.raises(ValueError, match="one of 6 ridges.*validation=None"):
        RidgeForecast(LOOK_BACK, HORIZON).fit(VALUES)
    model = RidgeForecast(LOOK_BACK, HORIZON, grid=0.1).fit(HOLE, train=(30, 60))
    assert model.residuals_from == "training" and np.isnan(model.validation_mse)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(look_back=0), "look_back=0"),
        (dict(horizon=1.5), "horizon=1.5"),
        (dict(normalization="lasst"), "Did you mean 'last'"),
        (dict(residuals="train"), "'training'.*residuals='train'"),
        (dict(grid=()), "increasing numbers above zero"),
        (dict(grid=(0.1, 0.01)), "increasing numbers above zero"),
        (dict(grid=(0.0, 1.0)), "increasing numbers above zero"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        RidgeForecast(**{"look_back": LOOK_BACK, "horizon": HORIZON} | options)


def test_bad_history():
    model = RidgeForecast(LOOK_BACK, HORIZON, grid=0.1)
    with pytest.raises(ValueError, match="Call fit"):
        model.predict(VALUES[:LOOK_BACK])
    model.fit(VALUES)
    with pytest.raises(ValueError, match=r"look_back=7, channels=2.*shape \(8, 2\)"):
        model.predict(VALUES[:8])
    with pytest.raises(ValueError, match="1 values not finite"):
        model.predict(HOLE[12:19])


FLOOR = {
    ("ETTh1", 96): "0.383/0.392 0.434/0.421 0.475/0.443 0.470/0.462",
    ("ETTh1", 336): "0.370/0.391 0.403/0.412 0.426/0.426 0.431/0.450",
    ("ETTh1", 720): "0.369/0.396 0.401/0.419 0.425/0.436 0.432/0.458",
    ("ETTh2", 96): "0.289/0.338 0.374/0.390 0.413/0.425 0.419/0.442",
    ("ETTh2", 336): "0.272/0.335 0.334/0.376 0.358/0.400 0.393/0.434",
    ("ETTh2", 720): "0.268/0.333 0.329/0.374 0.353/0.399 0.390/0.440",
}
QUICK = [("ETTh2", 720, h) for h in (96, 192, 336, 720)] + [("ETTh1", 336, 96)]
CELLS = [
    pytest.param(*cell, h, marks=[] if (*cell, h) in QUICK else pytest.mark.slow)
    for cell in FLOOR
    for h in (96, 192, 336, 720)
]


@pytest.mark.skipif(
    "KERAS_RNNZOO_DATA" not in os.environ, reason="KERAS_RNNZOO_DATA names no folder of real data"
)
@pytest.mark.parametrize(("name", "look_back", "horizon"), CELLS)
def test_floor_of_ett(name, look_back, horizon):
    """Z-scored by the 8,640 training rows, all test windows: within 0.002 of what is known."""
    path = pathlib.Path(os.environ["KERAS_RNNZOO_DATA"], "data", "timeseries", f"{name}.csv.gz")
    values = np.genfromtxt(path, delimiter=",", skip_header=1, usecols=range(1, 8))
    values = (values - values[:8640].mean(axis=0)) / values[:8640].std(axis=0)
    model = RidgeForecast(look_back, horizon).fit(values, (0, 8640), (8640, 11520))
    cell = FLOOR[name, look_back].split()[(96, 192, 336, 720).index(horizon)]
    known = [float(one) for one in cell.split("/")]
    np.testing.assert_allclose(model.score(values, (11520, 14400)), known, atol=0.002)
