"""Every window once, nothing from the future in it, and filled rows that change no score."""

import pickle
import tracemalloc

import keras
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_rnnzoo.datasets.calendar import Calendar
from keras_rnnzoo.datasets.scaling import SeriesScaler
from keras_rnnzoo.datasets.time_series import TimeSeries
from keras_rnnzoo.datasets.windows import ForecastWindows

AHEAD = 4


def full(rng, lengths=(30, 22)):
    """Two hourly series with covariates of all kinds."""
    return TimeSeries.from_arrays(
        [rng.normal(size=(n, 2)) for n in lengths],
        [pd.date_range("2024-03-29", periods=n, freq="h", tz="CET") for n in lengths],
        frequency="h",
        past=[rng.normal(size=(n, 1)) for n in lengths],
        future=[rng.normal(size=(n + AHEAD, 2)) for n in lengths],
        static=rng.normal(size=(len(lengths), 3)),
        ids=["a", "b"],
    )


def counted(*lengths, targets=1):
    """Series whose cell says where it is: 1000 series + row, and a half more for each target."""
    return TimeSeries.from_arrays(
        [
            1000.0 * k + np.arange(n)[:, None] + 0.5 * np.arange(targets)
            for k, n in enumerate(lengths)
        ]
    )


def dense(windows):
    """A compiled model of one dense layer over all inputs."""
    inputs, y, _ = windows[0]
    inputs = {k: keras.Input(v.shape[1:], name=k, dtype=v.dtype.name) for k, v in inputs.items()}
    flat = [keras.layers.Flatten()(keras.ops.cast(x, "float32")) for x in inputs.values()]
    flat = keras.layers.Concatenate()(flat) if len(flat) > 1 else flat[0]
    outputs = keras.layers.Reshape(y.shape[1:])(keras.layers.Dense(y[0].size)(flat))
    model = keras.Model(inputs, outputs)

    def loss(y, outputs):
        return keras.ops.mean(keras.ops.square(y - outputs), axis=(1, 2))

    model.compile(keras.optimizers.Adam(0.02), loss, weighted_metrics=["mae", "mse"])
    return model


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=3),
    st.integers(1, 9),
    st.integers(1, 6),
    st.integers(1, 5),
    st.integers(-45, 45),
    st.none() | st.integers(-45, 45),
    st.integers(1, 9),
    st.sampled_from(["joint", "shared"]),
    st.booleans(),
)
def test_every_window_comes_once_and_stays_within_its_rows(
    lengths, look_back, horizon, stride, start, stop, batch_size, channels, shuffle
):
    series, own = counted(*lengths, targets=2), []
    for k, n in enumerate(lengths):
        rows = range(n)[start:stop]
        at = [o for o in rows if o >= look_back and {*range(o, o + horizon)} <= {*rows}]
        own.append([(k, o) for o in at[::stride]])
    options = dict(start=start, stop=stop, stride=stride, batch_size=batch_size)
    options |= dict(channels=channels, shuffle=shuffle)
    if not all(own):
        with pytest.raises(ValueError, match="rows are needed"):
            ForecastWindows(series, look_back, horizon, **options)
        return
    windows = ForecastWindows(series, look_back, horizon, **options)
    expected = sum(own, [])
    assert windows.origins.tolist() == [list(pair) for pair in expected]
    named = [row for k in range(len(windows)) for row in windows.rows(k)]
    wanted = [(*p, c) for p in expected for c in range(2)] if channels == "shared" else expected
    assert sorted(named) == wanted and (shuffle or named == wanted)
    for k in range(len(windows)):
        inputs, y, weights = windows[k]
        assert y.shape == (batch_size, horizon, 2 if channels == "joint" else 1)
        assert (weights > 0).sum() == len(windows.rows(k))
        for place, (one, origin, *channel) in enumerate(windows.rows(k)):
            columns = channel or [0, 1]
            values = series.values[one][:, columns]
            np.testing.assert_array_equal(
                inputs["history"][place], values[origin - look_back : origin]
            )
            np.testing.assert_array_equal(y[place], values[origin : origin + horizon])


@pytest.mark.parametrize("channels", ["joint", "shared"])
def test_each_input_is_cut_from_its_own_series_and_rows(rng, channels):
    series, calendar = full(rng), Calendar.for_frequency("h")
    scaler = SeriesScaler("series").fit(series.slice(0, 15))
    windows = ForecastWindows(
        series, 6, 3, scaler, calendar, batch_size=5, shuffle=True, channels=channels
    )
    assert windows.names == {
        "history": ("y1", "y2"),
        "past": ("past1",),
        "known": (*calendar.names, "future1", "future2"),
        "static": ("static1", "static2", "static3"),
    }
    for k in range(len(windows)):
        inputs, y, _ = windows[k]
        assert {v.dtype.name for v in (y, *inputs.values())} <= {"float32", "int32"}
        for place, (one, origin, *channel) in enumerate(windows.rows(k)):
            name, before, around = series.ids[one], slice(origin - 6, origin), origin + 3
            values = scaler.transform(series.values[one], name)[:, channel or [0, 1]]
            past = scaler.transform(series.past[one], name, "past")
            later = scaler.transform(series.future[one], name, "future")
            moments = calendar.features(series.times[one])
            known = np.hstack([moments, later[: len(moments)]])
            expected = {
                "history": values[before],
                "past": past[before],
                "known": known[origin - 6 : around],
                "static": scaler.transform(series.static[[one]], name, "static")[0],
                **({"channel": channel[0]} if channel else {}),
            }
            assert set(expected) == set(inputs)
            for part, want in expected.items():
                np.testing.assert_allclose(inputs[part][place], want, rtol=1e-6, err_msg=part)
            np.testing.assert_allclose(y[place], values[origin:around], rtol=1e-6)


def test_only_what_is_there_and_asked_for_becomes_an_input(rng):
    def parts(series, **options):
        return set(ForecastWindows(series, 5, 2, **options)[0][0])

    series, calendar = full(rng), Calendar.for_frequency("h")
    assert parts(counted(20)) == {"history"}
    assert parts(counted(20), calendar=Calendar.for_frequency(None)) == {"history"}
    assert parts(series) == {"history", "past", "known", "static"}
    assert parts(series, covariates=False) == {"history"}
    assert parts(series, covariates=False, calendar=calendar) == {"history", "known"}
    scaler = SeriesScaler().fit(counted(20))
    assert parts(TimeSeries.from_arrays(series.values[0][:, :1]), scaler=scaler) == {"history"}


@pytest.mark.parametrize("channels", ["joint", "shared"])
@pytest.mark.parametrize("origin", [12, 17, 20])
def test_nothing_from_the_future_is_in_a_window(rng, origin, channels):
    series = full(rng)

    def inputs():
        scaler = SeriesScaler().fit(series.slice(0, 12))
        calendar = Calendar.for_frequency(series.frequency)
        options = dict(batch_size=2, channels=channels, start=origin, stop=origin + 2)
        return ForecastWindows(series, 6, 2, scaler, calendar, **options)[0]

    before, y, _ = inputs()
    for arrays in (series.values, series.past, series.future):
        for rows in arrays:
            rows[origin:] = rng.normal(50, 30, size=rows[origin:].shape)
    after, changed, _ = inputs()
    calendar = Calendar.for_frequency(series.frequency)
    for part in before:
        one, two = before[part], after[part]
        if part == "known":
            assert (one[:, 6:, -2:] != two[:, 6:, -2:]).all(), "these are known ahead"
            assert len(calendar.names) == one.shape[-1] - 2
            one[:, 6:, -2:] = two[:, 6:, -2:]
        np.testing.assert_array_equal(one, two, err_msg=part)
    assert (y != changed).all()


def test_order_depends_on_seed_and_epoch_alone():
    def windows(**options):
        return ForecastWindows(counted(40), 5, 2, **{"shuffle": True, "seed": 3} | options)

    def order(windows, epoch):
        windows.set_epoch(epoch)
        return [windows.rows(k) for k in range(len(windows))]

    one = windows()
    first, second = order(one, 0), order(one, 1)
    assert first != second == order(windows(), 1) and order(one, 0) == first
    one.on_epoch_end()
    assert one.rows(0) == second[0]
    assert order(windows(seed=4), 0) != first
    assert order(windows(shuffle=False), 0) == order(windows(shuffle=False), 7)


def test_batches_do_not_depend_on_what_was_asked_before(rng):
    windows = ForecastWindows(full(rng), 6, 3, shuffle=True, batch_size=4)
    copy = pickle.loads(pickle.dumps(windows))
    first = windows[2]
    windows[0][0]["history"][:] = 7  # a batch is the caller's own
    for other in (windows[2], copy[2]):
        for one, two in zip(keras.tree.flatten(first), keras.tree.flatten(other)):
            np.testing.assert_array_equal(one, two)


def test_windows_are_not_copied_before_their_batch_is_made(rng):
    series = TimeSeries.from_arrays(rng.normal(size=(20_000, 3)))
    tracemalloc.start()
    ForecastWindows(series, 720, 96, batch_size=8)[5]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * series.values[0].nbytes < 720 * series.values[0].nbytes


@pytest.mark.parametrize("channels", ["joint", "shared"])
def test_fit_with_workers(rng, channels):
    series = full(rng, (60, 50))
    options = dict(batch_size=16, shuffle=True, channels=channels, workers=2)
    train = ForecastWindows(series, 8, 4, SeriesScaler().fit(series), **options)
    history = dense(train).fit(train, epochs=3, shuffle=False, verbose=0).history
    assert history["loss"][-1] < history["loss"][0] and history["mae"][-1] < history["mae"][0]


@pytest.mark.parametrize("channels", ["joint", "shared"])
def test_filled_rows_change_no_score(rng, channels):
    series, model = full(rng, (17, 14)), None
    for batch_size in (1, 7, 512, 3):  # of as many rows as the horizon too
        windows = ForecastWindows(series, 6, 3, batch_size=batch_size, channels=channels)
        model = model or dense(windows)
        scores = model.evaluate(windows, verbose=0, return_dict=True)
        errors = windows.restore(model.predict(windows, verbose=0)) - windows.truth()
        direct = {"mae": np.abs(errors).mean(), "mse": (errors**2).mean()}
        rows = windows.num_batches * batch_size
        loss = direct["mse"] * windows.num_rows / rows  # filled rows add nothing to its sum
        assert scores == pytest.approx({**direct, "loss": loss}, rel=1e-5)


def test_rows_that_fill_up_are_copies_of_weight_0():
    inputs, y, weights = ForecastWindows(counted(13), 3, 2, batch_size=7)[1]
    assert weights.tolist() == [1, 1, 0, 0, 0, 0, 0] and weights.dtype == "float32"
    assert y[:, 0, 0].tolist() == [10, 11, *[10] * 5]
    assert inputs["history"][:, -1, 0].tolist() == [9, 10, *[9] * 5]


@pytest.mark.parametrize("channels", ["joint", "shared"])
@pytest.mark.parametrize("by", ["channel", "series"])
def test_outputs_come_back_in_order_and_units(rng, channels, by):
    series = full(rng, (20, 17))
    scaler = SeriesScaler(by).fit(series)
    windows = ForecastWindows(series, 6, 3, scaler, batch_size=5, channels=channels)
    outputs = np.concatenate([windows[k][1] for k in range(len(windows))])
    truth = np.stack([series.values[k][at : at + 3] for k, at in windows.origins])
    np.testing.assert_array_equal(windows.truth(scaled=False), truth)
    points = windows.restore(outputs)
    assert points.shape == truth.shape == (len(windows.origins), 3, 2)
    np.testing.assert_allclose(points, windows.truth(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(windows.unscale(points), truth, rtol=1e-5, atol=1e-6)
    levels = windows.unscale(windows.restore(np.stack([outputs] * 4, axis=-1)))
    np.testing.assert_allclose(levels, np.stack([truth] * 4, axis=-1), rtol=1e-5, atol=1e-6)
    samples = windows.unscale(windows.restore(np.stack([outputs] * 4, axis=1), axis=3), axis=3)
    np.testing.assert_allclose(samples, np.stack([truth] * 4, axis=1), rtol=1e-5, atol=1e-6)
    plain = ForecastWindows(series, 6, 3)
    assert (plain.unscale(truth) == truth).all() and (plain.truth() == truth).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"look_back": 100, "horizon": 20}, "= 120 rows are needed, series 'a' has 30"),
        ({"horizon": 0}, "`horizon` must be a positive integer.*horizon=0"),
        ({"look_back": 0}, "`look_back` must be a positive integer.*look_back=0"),
        ({"stride": 0}, "stride=0"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"channels": "share"}, "Did you mean 'shared'"),
        ({"scaler": SeriesScaler()}, "Call fit"),
        ({"scaler": SeriesScaler().fit(counted(9))}, r"targets \['y1', 'y2'\].*on \['y'\]"),
    ],
)
def test_what_does_not_fit_is_refused(rng, options, message):
    with pytest.raises(ValueError, match=message):
        ForecastWindows(full(rng), **{"look_back": 6, "horizon": 2} | options)


def test_what_cannot_be_told_is_refused(rng):
    with pytest.raises(TypeError, match="Expected a TimeSeries.*ndarray"):
        ForecastWindows(np.ones(40), 6, 2)
    with pytest.raises(TypeError, match="RangeIndex"):
        ForecastWindows(counted(20), 6, 2, calendar=Calendar("hour of day"))
    with pytest.raises(ValueError, match="ahead=True"):
        ForecastWindows(counted(20), 6, 2, ahead=True).truth()
    with pytest.raises(ValueError, match="shuffle=True"):
        ForecastWindows(counted(20), 6, 2, shuffle=True).restore(np.ones(32))
    with pytest.raises(ValueError, match=r"32 rows.*\(13,\)"):
        ForecastWindows(counted(20), 6, 2).restore(np.ones(13))
    with pytest.raises(ValueError, match=r"one target on axis 2.*\(32, 2, 2\)"):
        ForecastWindows(counted(20), 6, 2, channels="shared").restore(np.ones((32, 2, 2)))
