"""The forecaster: every head with every output, its linear skip, its windows, its options."""

import numpy as np
import pytest
from forecasts import HEADS, TRAIN, VALIDATION, forecaster, series
from keras import ops
from running import on_one_backend, one, some

from keras_rnnzoo.models import Forecaster
from keras_rnnzoo.models.forecast_parts import LinearSkip, WindowNormalization

DATA = series()
WITH = series(covariates=True, count=2)
KNOWN = series(covariates=True, past=False, count=2)


def parameters(model, data=DATA, rows=(150, 180), **options):
    """What a model gives for windows, put in order: (windows, horizon, targets, count)."""
    windows = model.windows(data, *rows, batch_size=16, **options)
    found = [model.predict_on_batch(windows[k][0]) for k in range(len(windows))]
    return windows.restore(np.concatenate([ops.convert_to_numpy(each) for each in found]))


@pytest.mark.parametrize("output", one(["point", "quantiles", "gaussian", "student_t"]))
@pytest.mark.parametrize("head", HEADS)
def test_every_head_has_every_output(head, output):
    model = forecaster(DATA, head, output=output)
    found = parameters(model)
    count = {"point": 1, "quantiles": 7, "gaussian": 2, "student_t": 3}[output]
    assert found.shape == (24, 7, 2, count) and np.isfinite(found).all()
    assert found.std(axis=0).min() > 0  # it reads its history


@on_one_backend
@pytest.mark.parametrize("channels", ["shared", "joint"])
@pytest.mark.parametrize("head", HEADS)
def test_every_covariate_counts(head, channels):
    """Each kind of covariate, wherever it may be read, changes the forecast."""
    data = KNOWN if head == "autoregressive" else WITH
    options = {"channel_dim": 3} if channels == "shared" else {}
    model = forecaster(data, head, channels=channels, **options)
    windows = model.windows(data, 150, 180, batch_size=16)
    inputs = windows[0][0]
    before = ops.convert_to_numpy(model.predict_on_batch(inputs))
    last = {"past": (slice(None), -1), "known": (slice(None), 24), "static": (slice(None), 1)}
    last["channel"] = (slice(None),)
    assert set(inputs) - {"history"} <= set(last) and "static" in inputs and "known" in inputs
    for name, place in last.items():
        if name in inputs:
            changed = {**inputs, name: inputs[name].copy()}
            changed[name][place] = 1 - changed[name][place]
            after = ops.convert_to_numpy(model.predict_on_batch(changed))
            assert np.abs(after - before).max() > 1e-6, name


@on_one_backend
@pytest.mark.parametrize("head", HEADS)
def test_what_is_shared_treats_all_targets_alike(head):
    """The forecast of one target neither reads the others nor knows its place."""
    model = forecaster(DATA, head, scale=False, normalization="last")
    both = parameters(model)
    turned = parameters(model, series_with(DATA, DATA.values[0][:, ::-1].copy()))
    np.testing.assert_allclose(both, turned[:, :, ::-1], rtol=1e-5, atol=1e-5)


def series_with(data, values):
    from dataclasses import replace

    return replace(data, values=[values])


@on_one_backend
def test_joint_channels_read_each_other():
    model = forecaster(DATA, channels="joint")
    other = DATA.values[0].copy()
    other[:, 1] += np.random.default_rng(0).normal(size=len(other))
    changed = parameters(model, series_with(DATA, other)) - parameters(model)
    assert np.abs(changed[:, :, 0]).max() > 1e-4


@on_one_backend
@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize(("kind", "moves"), [("last", (1.0, 30.0)), ("instance", (3.0, -7.0))])
def test_normalised_windows_follow_a_change_of_units(head, kind, moves):
    scale, shift = moves
    model = forecaster(DATA, head, scale=False, normalization=kind)
    before, after = (
        parameters(model, series_with(DATA, DATA.values[0] * a + b)) for a, b in ((1, 0), moves)
    )
    np.testing.assert_allclose(after, before * scale + shift, rtol=2e-4, atol=2e-3)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("none", ([2.0, 4.0, 9.0], 1.0, 0.0)),
        ("last", ([-7.0, -5.0, 0.0], 1.0, 9.0)),
        ("instance", ((np.array([2, 4, 9]) - 5) / np.sqrt(26 / 3), np.sqrt(26 / 3), 5.0)),
        ("mean", (np.array([2, 4, 9]) / 6, 6.0, 0.0)),
    ],
)
def test_normalisation_of_a_window(kind, expected):
    found = WindowNormalization(kind)(ops.convert_to_tensor([[[2.0], [4.0], [9.0]]]))
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(ours).ravel(), theirs, rtol=1e-5, atol=1e-6)


def test_the_linear_skip_is_a_product():
    rng = np.random.default_rng(1)
    kernel, bias, x = rng.normal(size=(5, 3)), rng.normal(size=3), rng.normal(size=(4, 5, 2))
    skip = LinearSkip(5, 3)
    skip.build()
    skip.set_map(kernel, bias)
    expected = np.einsum("blc,lh->bhc", x, kernel) + bias[:, None]
    found = ops.convert_to_numpy(skip(ops.convert_to_tensor(x, dtype="float32"))[0])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@on_one_backend
@pytest.mark.parametrize("channels", ["shared", "joint"])
@pytest.mark.parametrize("maps", ["shared", "each"])
@pytest.mark.parametrize(
    "head, normalization, of_skip",
    some(
        [
            ("direct", "last", None),
            ("direct", "instance", "last"),
            ("segments", "none", None),
            ("segments", "none", "instance"),
        ]
    ),
)
def test_before_training_a_skip_is_the_ridge_forecast(head, normalization, of_skip, maps, channels):
    options = {"normalization": normalization, "skip_normalization": of_skip, "skip_maps": maps}
    model = forecaster(DATA, head, skip=True, channels=channels, **options)
    ridge = model.fit_ridge(DATA, TRAIN, VALIDATION)
    assert (ridge.normalization, ridge.per_channel) == (of_skip or normalization, maps == "each")
    windows = model.windows(DATA, 150, 180, channels="joint", batch_size=24)
    expected = ridge.predict(windows[0][0]["history"].astype("float64"))
    np.testing.assert_allclose(parameters(model)[..., 0], expected, rtol=2e-3, atol=2e-4)
    assert np.abs(expected).max() > 0.5 and np.max(ridge.validation_mse) < 0.1


@on_one_backend
def test_maps_of_their_own_follow_the_channel():
    """Two channels that run apart: one map for each is better, and off by its own spread."""
    rng, steps = np.random.default_rng(0), np.arange(200)
    values = np.stack([np.sin(steps / 3), np.sin(steps / 5) * 2], axis=1)
    data = series_with(DATA, values + rng.normal(size=(200, 2)) * [0.01, 0.4])
    spreads = {}
    for channels in ("shared", "joint"):
        model = forecaster(data, skip=True, skip_maps="each", channels=channels, output="gaussian")
        shared = forecaster(data, skip=True, channels=channels, output="gaussian")
        each = model.fit_ridge(data, TRAIN, VALIDATION).validation_mse
        assert np.mean(each) < shared.fit_ridge(data, TRAIN, VALIDATION).validation_mse
        np.testing.assert_allclose(
            np.square(ops.convert_to_numpy(model.skip.spread)).mean(axis=1), each, rtol=1e-2
        )
        spreads[channels] = parameters(model, data)[..., 1]
        assert spreads[channels][:, :, 1].min() > 3 * spreads[channels][:, :, 0].max()
    np.testing.assert_allclose(spreads["shared"], spreads["joint"], rtol=1e-3)


def test_members_are_averaged_and_learn_for_themselves():
    model = forecaster(DATA, members=3, normalization="last")
    inputs, y, _ = model.windows(DATA, 150, 180, batch_size=8)[0]
    apart = ops.convert_to_numpy(model(inputs, training=True))
    together = ops.convert_to_numpy(model(inputs))
    assert apart.shape == (8, 3, 7, 1, 1) and together.shape == (8, 7, 1, 1)
    np.testing.assert_allclose(apart.mean(axis=1), together, rtol=1e-4, atol=1e-5)
    assert apart.std(axis=1).min() > 0
    loss = np.square(apart[..., 0] - y[:, None]).mean(axis=(1, 2, 3))
    model.compile()
    found = model.compute_loss(inputs, ops.convert_to_tensor(y), ops.convert_to_tensor(apart))
    assert float(found) == pytest.approx(loss.mean(), rel=1e-5)
    history = model.fit(DATA, TRAIN, VALIDATION, epochs=3, learning_rate=0.01)
    assert history["val_loss"][-1] < history["val_loss"][0]


@on_one_backend
def test_a_skip_moves_in_training_only_if_it_shall():
    for free in (False, True):
        model = forecaster(DATA, skip=True, skip_trainable=free)
        model.fit_ridge(DATA, TRAIN, VALIDATION)
        before = ops.convert_to_numpy(model.skip.kernel).copy()
        model.fit(DATA, TRAIN, epochs=1)
        moved = np.abs(ops.convert_to_numpy(model.skip.kernel) - before).max()
        assert (moved > 0) == free


@on_one_backend
def test_segments_need_not_fill_history_or_horizon():
    model = forecaster(DATA, "segments", segment=5)  # of 24 and 7 steps
    assert model.head.segments_in == 4 and model.head.segments_out == 2
    first = DATA.values[0].copy()
    before = parameters(model, rows=(24, 31))
    first[:4] += 100.0  # the steps that fill no segment
    np.testing.assert_allclose(parameters(model, series_with(DATA, first), (24, 31)), before)
    first[4] += 100.0
    assert np.abs(parameters(model, series_with(DATA, first), (24, 31)) - before).max() > 1e-4


def test_a_taught_step_is_a_free_one_that_was_fed_the_truth():
    model = forecaster(KNOWN, "autoregressive", output="gaussian")
    windows = model.windows(KNOWN, 150, 180, batch_size=8)
    inputs, y, _ = windows[0]
    taught = ops.convert_to_numpy(model({**inputs, "target": y}))
    history, scale, shift = model.normalise(ops.convert_to_tensor(inputs["history"]))
    truth = iter(np.moveaxis(y, 1, 0)[:, :, None])
    options = {"draw": lambda parameters: next(truth)}
    fed = model.unrolled(history, inputs, model.extra(inputs), scale, shift, **options)
    np.testing.assert_allclose(ops.convert_to_numpy(fed), taught, rtol=2e-4, atol=2e-5)
    free = ops.convert_to_numpy(model(inputs))
    np.testing.assert_allclose(free[:, 0], taught[:, 0], rtol=2e-4, atol=2e-5)
    assert np.abs(free[:, 1:] - taught[:, 1:]).max() > 1e-3


@pytest.mark.parametrize("cell", some(["mgu", "min_gru", "peephole_lstm"]))
@pytest.mark.parametrize("head", one(HEADS))
def test_any_cell_and_depth(head, cell):
    model = forecaster(DATA, head, cell=cell, units=[5, 6], connections="residual")
    assert np.isfinite(parameters(model)).all()


@on_one_backend
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"horizon": 0}, "`horizon` must be a positive integer"),
        ({"look_back": -1}, "`look_back` must be a positive integer"),
        ({"head": "segment"}, "Did you mean 'segments'"),
        ({"segment": 4}, "an option of head='segments'"),
        ({"head": "segments", "segment": 9}, r"segment=9, look_back=8"),
        ({"channels": "share"}, "Did you mean 'shared'"),
        ({"channels": "joint", "channel_dim": 3}, "joint ones differ anyway"),
        ({"normalization": "lst"}, "Did you mean 'last'"),
        ({"head": "autoregressive", "past": ("rain",)}, "past ones are not known"),
        ({"head": "autoregressive", "look_back": 1}, "two steps of history"),
        ({"output": "negative_binomial"}, "use normalization='mean'"),
        ({"targets": ()}, "one at least"),
        ({"targets": ("a", "a")}, "once"),
        ({"dropout": 1.5}, "must lie in"),
    ],
)
def test_options_that_cannot_be(options, message):
    with pytest.raises(ValueError, match=message):
        Forecaster(**{"look_back": 8, "horizon": 3, "units": 4, **options})


@on_one_backend
def test_an_unknown_option_is_told_with_the_nearest():
    with pytest.raises(TypeError, match="Did you mean 'look_back'"):
        Forecaster(8, 3, lookback=4)
