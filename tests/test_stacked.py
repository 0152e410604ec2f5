"""StackedRecurrent: connections, mixed cells, ends of sequences, streaming, saving."""

import keras
import numpy as np
import pytest
from keras import ops

import keras_rnnzoo as zoo
from keras_rnnzoo.wrappers.connections import CONNECTIONS

FEATURES = 4
MASK = np.array([[1, 1, 1, 0, 0], [0, 1, 0, 1, 1], [1, 1, 1, 1, 1]], bool)


def inputs(batch=3, time=5):
    return np.random.default_rng(0).normal(size=(batch, time, FEATURES)).astype("float32")


def array(x):
    return ops.convert_to_numpy(x)


def joined(connector, x, y):
    """The connection in NumPy."""
    if connector.kind == "none":
        return y
    if connector.kind == "dense":
        return np.concatenate([x, y], -1)
    skip = x if connector.skip_kernel is None else x @ array(connector.skip_kernel)
    if connector.kind == "residual":
        return y + skip
    t = 1 / (1 + np.exp(-(x @ array(connector.gate_kernel) + array(connector.gate_bias))))
    return t * y + (1 - t) * skip


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("connections", CONNECTIONS)
def test_layers_are_joined_as_the_equations_say(connections, bidirectional):
    stack = zoo.StackedRecurrent(
        ["mgu", "LSTM", "gru"],
        [4, 3, 3],
        connections=connections,
        bidirectional=bidirectional,
        return_sequences=True,
    )
    z, x = inputs(), inputs()
    y = stack(x)
    for layer, connector in zip(stack.recurrent_layers, stack.connectors):
        z = joined(connector, z, array(layer(z)[0]))
    np.testing.assert_allclose(array(y), z, atol=1e-5)
    assert tuple(y.shape) == stack.compute_output_shape(x.shape)


@pytest.mark.parametrize("connections", CONNECTIONS)
def test_the_last_output_is_that_of_the_last_valid_step(connections):
    options = {"connections": connections, "layer_norm": True}
    last = zoo.StackedRecurrent("gru", 4, 2, **options)
    every = zoo.StackedRecurrent("gru", 4, 2, return_sequences=True, **options)
    x = inputs()
    last(x), every(x)
    every.set_weights(last.get_weights())
    sequence, end = array(every(x, mask=MASK)), array(last(x, mask=MASK))
    for row, valid in enumerate(MASK):
        step = np.flatnonzero(valid)[-1]
        np.testing.assert_allclose(end[row], sequence[row, step], atol=1e-5)


@pytest.mark.parametrize("connections", ["residual", "dense"])
@pytest.mark.parametrize("sequences", [True, False])
def test_padding_changes_nothing_in_both_directions(connections, sequences):
    stack = zoo.StackedRecurrent(
        "peephole_lstm",
        3,
        2,
        connections=connections,
        bidirectional=True,
        return_sequences=sequences,
    )
    x = inputs()
    y = array(stack(x, mask=MASK))
    for row, valid in enumerate(MASK):
        alone = array(stack(x[row : row + 1, valid]))[0]
        np.testing.assert_allclose(y[row][valid] if sequences else y[row], alone, atol=1e-5)


def test_streaming_and_carried_states_equal_the_whole():
    stack = zoo.StackedRecurrent(
        ["lstm", "min_gru"],
        [3, 4],
        connections="highway",
        layer_norm=True,
        return_sequences=True,
        return_state=True,
    )
    x = inputs()
    whole, *states = map(array, stack(x))
    first, *carried = stack(x[:, :2])
    second, *ends = stack(x[:, 2:], initial_state=carried)
    halves = np.concatenate([array(first), array(second)], 1)
    np.testing.assert_allclose(halves, whole, atol=1e-5)
    streamed, state = [], None
    for t in range(x.shape[1]):
        output, state = stack.step(x[:, t], state)
        streamed.append(array(output))
    np.testing.assert_allclose(np.stack(streamed, 1), whole, atol=1e-5)
    for end, one, step in zip(states, ends, state):
        np.testing.assert_allclose(array(one), end, atol=1e-5)
        np.testing.assert_allclose(array(step), end, atol=1e-5)


def test_dropout_acts_between_layers_and_only_in_training():
    x = inputs()
    stack = zoo.StackedRecurrent("gru", 4, 2, dropout=0.5)
    calm = array(stack(x))
    np.testing.assert_array_equal(calm, array(stack(x)))
    noisy = [array(stack(x, training=True)) for _ in range(2)]
    assert np.abs(noisy[0] - calm).max() > 1e-4 and np.abs(noisy[0] - noisy[1]).max() > 1e-4
    single = zoo.StackedRecurrent("gru", 4, 1, dropout=0.5)
    np.testing.assert_array_equal(array(single(x)), array(single(x, training=True)))


def test_cell_options_reach_every_layer_with_seeds_of_their_own():
    options = {
        "zoneout": {"h": 0.1},
        "kernel_initializer": keras.initializers.GlorotUniform(seed=2),
        "seed": 7,
    }
    stack = zoo.StackedRecurrent("lstm", 4, 2, cell_options=options)
    stack(inputs())
    cells = [layer.cell for layer in stack.recurrent_layers]
    assert all(cell.zoneout_rates == {"h": 0.1} for cell in cells)
    assert np.abs(array(cells[0].kernel) - array(cells[1].kernel)).min() > 0


def test_stateful_stack_goes_on():
    stack = zoo.StackedRecurrent("gru", 3, 2, stateful=True)
    x = inputs()
    model = keras.Sequential([keras.Input(batch_shape=x.shape), stack])
    first, second = (model.predict(x, batch_size=3, verbose=0) for _ in range(2))
    assert np.abs(first - second).max() > 1e-4
    stack.reset_state()
    np.testing.assert_allclose(model.predict(x, batch_size=3, verbose=0), first, atol=1e-6)


def test_trains_and_loads_from_a_file(tmp_path):
    inside = keras.Input((None,), dtype="int32")
    hidden = keras.layers.Embedding(9, FEATURES, mask_zero=True)(inside)
    stack = zoo.StackedRecurrent(
        ["gru", "cifg_lstm"],
        4,
        bidirectional=True,
        connections="residual",
        layer_norm=True,
        dropout=0.1,
        merge_mode="gated",
        cell_options={
            "recurrent_dropout": 0.1,
            "recurrent_initializer": keras.initializers.Identity(),
        },
    )
    model = keras.Model(inside, keras.layers.Dense(1)(stack(hidden)))
    model.compile(keras.optimizers.Adam(0.01), "mse")
    x = np.random.default_rng(0).integers(0, 9, (16, 6))
    y = (x > 4).mean(1, keepdims=True)
    losses = model.fit(x, y, epochs=30, verbose=0, batch_size=16).history["loss"]
    assert losses[-1] < 0.5 * losses[0]
    model.save(tmp_path / "stack.keras")
    loaded = keras.models.load_model(tmp_path / "stack.keras")
    np.testing.assert_allclose(array(loaded(x)), array(model(x)), atol=1e-6)
    config = stack.get_config()
    assert zoo.StackedRecurrent.from_config(config).get_config() == config


def test_the_mask_of_the_input_reaches_every_layer():
    x = np.array([[1, 2, 0], [3, 0, 0]])
    inside = keras.Input((None,), dtype="int32")
    embedded = keras.layers.Embedding(9, FEATURES, mask_zero=True)(inside)
    model = keras.Model(inside, zoo.StackedRecurrent("gru", 4, 3, connections="dense")(embedded))
    np.testing.assert_allclose(array(model(x))[1], array(model(x[1:, :1]))[0], atol=1e-5)


@pytest.mark.parametrize(
    "make, error, text",
    [
        (lambda: zoo.StackedRecurrent("peephole_lst", 4, 2), ValueError, "peephole_lstm"),
        (lambda: zoo.StackedRecurrent("bi_lstm", 4), ValueError, "must name a recurrent layer"),
        (lambda: zoo.StackedRecurrent("gru", 4, 2, connections="resid"), ValueError, "residual"),
        (lambda: zoo.StackedRecurrent("gru", [4, 4], 3), ValueError, "units for 2, depth for 3"),
        (lambda: zoo.StackedRecurrent("gru", 4, 0), ValueError, "positive integer"),
        (lambda: zoo.StackedRecurrent("gru", 4, 2, dropout=1.0), ValueError, r"\[0, 1\)"),
        (lambda: zoo.StackedRecurrent("gru", 4, merge_mode=None), ValueError, "one output"),
        (
            lambda: zoo.StackedRecurrent("gru", 4, cell_options={"stateful": True}),
            ValueError,
            "itself decides: stateful",
        ),
        (
            lambda: zoo.StackedRecurrent("gru", 4, cell_options={"zoneot": 0.1}),
            TypeError,
            "Did you mean 'zoneout'",
        ),
        (
            lambda: zoo.StackedRecurrent("gru", 4, bidirectional=True).step(inputs()[:, 0]),
            ValueError,
            "cannot stream",
        ),
    ],
)
def test_bad_input_is_refused(make, error, text):
    with pytest.raises(error, match=text):
        make()


def test_a_cell_that_reads_times_is_the_first_of_a_stack_or_refused():
    """Another layer's output is no time."""
    first = zoo.StackedRecurrent(["phased_lstm", "gru"], 4)
    assert first(inputs()).shape == (3, 4)
    with pytest.raises(ValueError, match="PhasedLSTM reads the time.*Received: PhasedLSTM as a de"):
        zoo.StackedRecurrent("phased_lstm", 4, depth=2)
