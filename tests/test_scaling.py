"""Scales are those of the training part, and what was scaled comes back."""

import json

import numpy as np
import pytest

from keras_rnnzoo.datasets.scaling import PARTS, SeriesScaler
from keras_rnnzoo.datasets.time_series import TimeSeries


@pytest.fixture
def series(rng):
    """Three series of unequal length with all kinds of covariates."""
    lengths = (40, 25, 30)
    return TimeSeries.from_arrays(
        [rng.gamma(2.0, 3.0, size=(n, 2)) * (k + 1) + 5 for k, n in enumerate(lengths)],
        targets=("load", "price"),
        past=[rng.normal(7, 3, size=(n, 1)) for n in lengths],
        future=[rng.normal(-4, 2, size=(n + 6, 2)) for n in lengths],
        static=rng.normal(50, 9, size=(3, 1)),
        ids=("a", "b", "c"),
    )


def columns(series, part):
    return {
        "targets": series.values,
        "past": series.past,
        "future": [rows[: len(values)] for rows, values in zip(series.future, series.values)],
        "static": [series.static],
    }[part]


def test_by_channel_all_rows_together_have_mean_0_and_deviation_1(series):
    scaler = SeriesScaler().fit(series)
    for part in PARTS:
        rows = np.concatenate(
            [scaler.transform(rows, k, part) for k, rows in enumerate(columns(series, part))]
        )
        np.testing.assert_allclose(rows.mean(axis=0), 0, atol=1e-12)
        np.testing.assert_allclose(rows.std(axis=0), 1, rtol=1e-12)
    together = np.concatenate(series.values)
    np.testing.assert_allclose(scaler.location, together.mean(axis=0, keepdims=True))
    np.testing.assert_allclose(scaler.scale, together.std(axis=0, keepdims=True))
    assert scaler.targets == ("load", "price") and scaler.names("static") == ("static1",)


def test_by_series_each_series_has_mean_0_and_deviation_1(series):
    scaler = SeriesScaler(by="series").fit(series)
    assert scaler.location.shape == scaler.scale.shape == (3, 2)
    for name, values in zip(series.ids, series.values):
        rows = scaler.transform(values, series=name)
        np.testing.assert_allclose(rows.mean(axis=0), 0, atol=1e-12)
        np.testing.assert_allclose(rows.std(axis=0), 1, rtol=1e-12)
    past = np.concatenate([scaler.transform(rows, k, "past") for k, rows in enumerate(series.past)])
    np.testing.assert_allclose([past.mean(), past.std()], [0, 1], atol=1e-12)


@pytest.mark.parametrize("by", ["channel", "series"])
def test_kind_mean_keeps_zero_and_divides_by_the_mean(by):
    series = TimeSeries.from_arrays([np.array([0.0, 0, 6]), np.array([2.0, 0, 4])])
    scaler = SeriesScaler(by, kind="mean").fit(series)
    expected = [[2.0]] if by == "channel" else [[2.0], [2.0]]
    np.testing.assert_allclose(scaler.scale, expected)
    assert not scaler.location.any()
    np.testing.assert_allclose(scaler.transform(series.values[1], 1)[:, 0], [1, 0, 2])


def test_none_leaves_everything_as_it_is_and_takes_constants(series):
    flat = TimeSeries.from_arrays(np.full((9, 1), 3.0))
    assert (SeriesScaler(None).fit(flat).transform(flat.values[0]) == 3).all()
    scaler = SeriesScaler(by=None).fit(series)
    for part in PARTS:
        for rows in columns(series, part):
            assert (scaler.transform(rows, part=part) == rows).all()


@pytest.mark.parametrize("by", ["channel", "series", None])
@pytest.mark.parametrize("kind", ["standard", "mean"])
def test_inverse_undoes_transform(series, by, kind):
    scaler = SeriesScaler(by, kind).fit(series)
    for part in PARTS:
        for k, rows in enumerate(columns(series, part)):
            back = scaler.inverse(scaler.transform(rows, k, part), k, part)
            np.testing.assert_allclose(back, rows, rtol=1e-12)


def test_forecasts_of_any_shape_come_back_each_by_its_own_series(series, rng):
    scaler = SeriesScaler("series").fit(series)
    points, numbers = rng.normal(size=(4, 5, 2)), [2, 0, 0, 1]
    expected = points * scaler.scale[numbers][:, None] + scaler.location[numbers][:, None]
    np.testing.assert_allclose(scaler.inverse(points, series=numbers), expected)
    names = np.array(["c", "a", "a", "b"])
    np.testing.assert_allclose(scaler.inverse(points, series=names), expected)
    samples = np.repeat(points[:, None], 3, axis=1)
    got = scaler.inverse(samples, series=names)
    np.testing.assert_allclose(got, np.repeat(expected[:, None], 3, axis=1))
    quantiles = np.stack([points, points + 1], axis=-1)
    for axis in (-2, 2):
        got = scaler.inverse(quantiles, series=names, axis=axis)
        np.testing.assert_allclose(got[..., 0], expected)
        width = got[..., 1] - got[..., 0]
        np.testing.assert_allclose(
            width, np.broadcast_to(scaler.scale[numbers][:, None], (4, 5, 2))
        )
    # as many targets as series named, but on the only axis there is
    with pytest.raises(ValueError, match="one for each of the 2 entries"):
        scaler.inverse(points[0, 0], series=[0, 1])


def test_later_rows_change_no_scale(series, rng):
    def config(series):
        return SeriesScaler("channel").fit(series.slice(0, 20)).to_config()

    before = config(series)
    for arrays in (series.values, series.past, series.future):
        for rows in arrays:
            rows[20:] = rng.normal(1e6, 1e3, size=rows[20:].shape)
    assert config(series) == before
    series.values[0][19] += 1
    assert config(series) != before


@pytest.mark.parametrize("by", ["channel", "series", None])
def test_config_is_json_and_rebuilds_to_the_bit(series, by):
    scaler = SeriesScaler(by).fit(series)
    config = json.loads(json.dumps(scaler.to_config()))
    again = SeriesScaler.from_config(config)
    assert again.to_config() == scaler.to_config() and again.ids == ("a", "b", "c")
    for part in PARTS:
        rows = columns(series, part)[0]
        assert (again.transform(rows, 0, part) == scaler.transform(rows, 0, part)).all()
    bare = SeriesScaler(by).fit(TimeSeries.from_arrays(np.arange(5.0)))
    again = SeriesScaler.from_config(json.loads(json.dumps(bare.to_config())))
    assert again.transform(np.empty((4, 0)), part="past").shape == (4, 0)
    fresh = SeriesScaler.from_config(SeriesScaler(by).to_config())
    with pytest.raises(ValueError, match="Call fit"):
        fresh.transform(np.arange(5.0))


def test_a_static_column_that_is_the_same_for_all_becomes_zero(series):
    one = series.one("b")
    assert SeriesScaler().fit(one).transform(one.static, part="static").tolist() == [[0.0]]


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([np.full(5, 2.0)], {}, "target 'y'.*which is 2 in all 5 rows.*or scale by=None"),
        ([np.full(5, 0.1) + [0, 0, 1e-17, 0, 2e-16]], {}, "target 'y'"),
        ([np.zeros(5)], {"kind": "mean"}, "target 'y'.*0 in all"),
        ([np.arange(4.0), np.ones(3)], {"by": "series"}, "part of series '1'.*by='channel'"),
    ],
    ids=["constant", "rounding", "zeros", "one series"],
)
def test_constant_channels_are_named(values, options, message):
    with pytest.raises(ValueError, match=message):
        SeriesScaler(**options).fit(TimeSeries.from_arrays(values))


@pytest.mark.parametrize("part", ["past", "future"])
def test_constant_covariates_are_named(part):
    rows = np.r_[np.ones(8), 2.0] if part == "future" else np.ones(8)
    names = {f"{part}_names": ["holiday"]}
    series = TimeSeries.from_arrays(np.arange(8.0), **{part: rows}, **names)
    with pytest.raises(ValueError, match=f"{part} covariate 'holiday', which is 1 in all 8"):
        SeriesScaler().fit(series)


def test_what_does_not_fit_is_refused(series):
    for options, message in [
        ({"by": "chanel"}, "'channel'.*by='chanel'"),
        ({"kind": "standart"}, "'standard'.*kind='standart'"),
    ]:
        with pytest.raises(ValueError, match=message):
            SeriesScaler(**options)
    with pytest.raises(ValueError, match=r"Call fit\(series\)"):
        SeriesScaler().location  # noqa: B018
    scaler = SeriesScaler("series").fit(series)
    for call, message in [
        (lambda: scaler.transform(np.ones((4, 3))), r"2 columns \['load', 'price'\].*\(4, 3\)"),
        (lambda: scaler.inverse(np.ones((4, 2, 3)), axis=-3), "on axis -3"),
        (lambda: scaler.inverse(np.ones(2), axis=1), "on axis 1"),
        (lambda: scaler.transform(np.ones((4, 2)), part="target"), "'targets'.*part='target'"),
        (lambda: scaler.transform(np.ones((4, 2)), 3), "3 series.*series=3.*by='channel'"),
        (lambda: scaler.transform(np.ones((4, 2)), -1), "series=-1"),
        (lambda: scaler.transform(np.ones((4, 2)), "d"), "series='d'"),
        (lambda: scaler.transform(np.ones((4, 2)), [0, 1]), "each of the 4 entries"),
        (lambda: scaler.check(series.select(["price"])), r"targets \['price'\].*\['load', 'price"),
        (lambda: scaler.check(TimeSeries.from_arrays(series.values)), r"targets \['y1', 'y2'\]"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
    scaler.check(series.one("b"))
    bare = TimeSeries.from_arrays(series.values, targets=series.targets)
    scaler = SeriesScaler("series").fit(bare)
    with pytest.raises(ValueError, match=r"past \['past1'\]"):
        scaler.check(series)
    with pytest.raises(ValueError, match="series='a'"):
        scaler.check(series, parts=["targets"])
