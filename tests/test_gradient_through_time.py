"""How far gradients reach, against derivatives taken by hand or by differences of the oracles."""

import keras
import numpy as np
import oracles
import pytest
import running
from catalogue import ARCHETYPES, CASES, TALLY, TIME
from helpers import close, filled, numpy, sequences, weights_of

import keras_rnnzoo as zoo
from keras_rnnzoo.models.sequence_predictor import SequencePredictor
from keras_rnnzoo.through_time import gradient_through_time
from keras_rnnzoo.through_time.nudged import nudged
from keras_rnnzoo.through_time.question import question

ALL = running.FIRST == keras.backend.backend()
# Of those that differ in how time is walked: two states, an output of its own, linear, by float32.
EVERY = [*CASES, TALLY] if ALL else [ARCHETYPES[1], *ARCHETYPES[-3:]]
STEP = 2  # the one at which all layers are tried


def walked(case, layer, x, states):
    return oracles.run(case.oracle(), weights_of(layer), x, states)


def by_differences(function, states, step=1e-5):
    """d function / d each number of `states`, of every row by itself: (batch, ..., numbers)."""
    columns = []
    for k, state in enumerate(states):
        for place in np.ndindex(state.shape[1:]):
            ends = []
            for sign in (1, -1):
                moved = [np.array(one, "float64") for one in states]
                moved[k][(slice(None), *place)] += sign * step
                ends.append(function(moved))
            columns.append((ends[0] - ends[1]) / (2 * step))
    return np.stack(columns, axis=-1)


def flat(states):
    return np.concatenate([state.reshape(len(state), -1) for state in states], axis=-1)


@pytest.mark.parametrize("case", EVERY, ids=str)
def test_gradients_and_jacobians_are_those_of_the_equations(case, rng):
    """Of every layer at one step: no derivative of ours takes part in what is expected."""
    layer, x = filled(case.layer(), rng), sequences(rng)
    got = gradient_through_time(layer, x, jacobian_steps=TIME)[layer.name]
    cell = layer.cell
    start = [np.zeros((len(x), *cell.state_shape(name))) for name in cell.states]
    before = walked(case, layer, x[:, :STEP], start)["states"]
    after = walked(case, layer, x[:, STEP : STEP + 1], before)["states"]

    def last(states):
        return walked(case, layer, x[:, STEP + 1 :], states)["outputs"][:, -1].sum(-1)

    def stepped(states):
        return flat(walked(case, layer, x[:, STEP : STEP + 1], states)["states"])

    gradient, low = by_differences(last, after), 0
    close(got.total[STEP], np.linalg.norm(gradient, axis=-1).mean(), 1e-3)
    for name, state in zip(cell.states, after, strict=True):
        part = gradient[:, low : low + state[0].size]
        close(got.norms[name][STEP], np.linalg.norm(part, axis=-1).mean(), 1e-3)
        low += state[0].size
    assert got.total.shape == (TIME,)
    jacobian = by_differences(stepped, before)
    close(got.jacobian[STEP], np.linalg.norm(jacobian, 2, axis=(1, 2)).mean(), 1e-3)


@pytest.mark.parametrize("activation", ["linear", "tanh"])
def test_a_plain_network_is_a_product_of_matrices(activation, rng):
    """Back through outputs of every step, by the recursion that textbooks write."""
    layer = filled(zoo.SimpleRNN(4, activation=activation, return_sequences=True), rng)
    x, y = sequences(rng), sequences(rng, features=4)
    got = gradient_through_time(layer, x, y, "mse", jacobian_steps=1)[layer.name]
    w, h = weights_of(layer), [np.zeros((3, 4))]
    for t in range(TIME):
        a = x[:, t] @ w["kernel"] + h[-1] @ w["recurrent_kernel"] + w["bias"]
        h.append(np.tanh(a) if activation == "tanh" else a)
    through, norms = np.zeros((3, 4)), []
    for t in reversed(range(TIME)):
        through = through + 2 * (h[t + 1] - y[:, t]) / y.size
        norms.insert(0, np.linalg.norm(through, axis=-1).mean())
        slope = 1 - h[t + 1] ** 2 if activation == "tanh" else np.ones((3, 4))
        through = (through * slope) @ w["recurrent_kernel"].T
    close(got.norms["h"], norms, 1e-4)
    matrices = (1 - h[-1] ** 2 if activation == "tanh" else np.ones((3, 4)))[:, None]
    largest = np.linalg.norm(matrices * w["recurrent_kernel"], 2, axis=(1, 2)).mean()
    close(got.jacobian, [*[np.nan] * (TIME - 1), largest], 1e-4)


def near(values, low, high):
    return ((values < low + 0.05) | (values > high - 0.05)).mean((0, 2))


def test_saturation_is_counted_unit_by_unit(rng):
    """Of an LSTM, and of a GRU whose candidate is made of two products."""
    x = 3 * sequences(rng)
    layer = filled(zoo.LSTM(4), rng)
    w, h, c = weights_of(layer), np.zeros((3, 4)), np.zeros((3, 4))
    gates = {gate: [] for gate in "ifgo"}
    for t in range(TIME):
        a = x[:, t] @ w["kernel"] + h @ w["recurrent_kernel"] + w["bias"]
        for gate, part in zip("ifgo", np.split(a, 4, axis=-1)):
            gates[gate].append(np.tanh(part) if gate == "g" else oracles.sigmoid(part))
        i, f, g, o = (gates[gate][-1] for gate in "ifgo")
        c = f * c + i * g
        h = o * np.tanh(c)
    got = gradient_through_time(layer, x, jacobian_steps=None)[layer.name]
    assert np.isnan(got.jacobian).all()
    for gate, values in gates.items():
        expected = near(np.stack(values, 1), -1 if gate == "g" else 0, 1)
        assert 0 < expected.mean() < 1
        close(got.saturation[gate], expected)
    layer = filled(zoo.GRU(4, reset_after=True), rng)
    w, bias = weights_of(layer), weights_of(layer)["bias"]
    got = gradient_through_time(layer, x[:, :1], jacobian_steps=None)[layer.name]
    z, r, n = np.split(x[:, :1] @ w["kernel"] + bias[0], 3, axis=-1)
    z, r, later = z + bias[1, :4], r + bias[1, 4:8], bias[1, 8:]
    close(got.saturation["z"], near(oracles.sigmoid(z), 0, 1))
    close(got.saturation["r"], near(oracles.sigmoid(r), 0, 1))
    close(got.saturation["n"], near(np.tanh(n + oracles.sigmoid(r) * later), -1, 1))


@running.on_one_backend
@pytest.mark.parametrize(
    ("layer", "gates"),
    [
        (zoo.PeepholeLSTM(4, peephole="full"), "ifgo"),  # the argument holds peepholes too
        (zoo.GRU(4, reset_after=False), "zrn"),  # one activation inside a product
        (zoo.LSTM(4, integration="multiplicative"), "ifgo"),
        (zoo.LSTM(4, layer_norm=True, projection=2), "ifgo"),
        (zoo.LiGRU(4), "zn"),  # one end of the candidate
        (zoo.SimpleRNN(4, activation="linear"), ""),  # no end
        (zoo.MinGRU(4), "z"),
    ],
    ids=lambda value: value.name if hasattr(value, "name") else value or "none",
)
def test_gates_are_seen_wherever_they_are_applied(layer, gates, rng):
    layer = filled(layer, rng)
    got = gradient_through_time(layer, sequences(rng), jacobian_steps=None)[layer.name]
    assert "".join(got.saturation) == gates
    assert all((0 <= share).all() and (share <= 1).all() for share in got.saturation.values())


@pytest.mark.parametrize("name", ["lstm", "gru", "min_gru"] if ALL else ["lstm"])
def test_padding_changes_nothing(name, rng):
    """Valid steps have the numbers of the sequence without padding; steps of no row have none."""
    layer, x = filled(zoo.get(name)(4), rng), sequences(rng, time=4)
    expected = gradient_through_time(layer, x)[layer.name]
    gap = np.full((3, 2, 3), np.nan, "float32")
    padded = np.concatenate([gap[:, :1], x[:, :2], gap, x[:, 2:], gap], axis=1)
    mask = np.isfinite(padded[..., 0])
    got = gradient_through_time(layer, np.nan_to_num(padded), mask=mask)[layer.name]
    pairs = [(got.jacobian, expected.jacobian)]
    pairs += [(got.norms[state], values) for state, values in expected.norms.items()]
    pairs += [(got.saturation[gate], values) for gate, values in expected.saturation.items()]
    for one, other in pairs:
        close(one[mask[0]], other, 1e-4)
        assert np.isnan(one[~mask[0]]).all()


@running.on_one_backend
def test_rows_are_averaged_where_they_are_valid(rng):
    layer, x = filled(zoo.MGU(4), rng), sequences(rng, batch=2)
    mask = np.array([[1, 1, 1, 1, 1], [0, 0, 1, 1, 1]], bool)
    got = gradient_through_time(layer, x, mask=mask)[layer.name].norms["h"]
    long = gradient_through_time(layer, x[:1])[layer.name].norms["h"]
    short = gradient_through_time(layer, x[1:, 2:])[layer.name].norms["h"]
    close(got, np.concatenate([long[:2], (long[2:] + short) / 2]))


@running.on_one_backend
def test_layers_inside_models_are_found_in_the_order_of_their_walk(rng):
    """A functional model of ids: the backward layer starts at the end, padding is no step."""
    inputs = keras.Input((TIME,), dtype="int32")
    embedded = keras.layers.Embedding(5, 3, mask_zero=True)
    pair = zoo.Bidirectional(zoo.MGU(4, name="there", return_sequences=True))
    stack = zoo.StackedRecurrent(["gru", "lstm"], 4, name="stack")
    model = keras.Model(inputs, keras.layers.Dense(1)(stack(pair(embedded(inputs)))))
    ids = np.array([[1, 2, 3, 4, 0], [4, 3, 1, 2, 0]])
    got = gradient_through_time(model, ids, jacobian_steps=1)
    assert list(got) == ["there", "backward_there", "layer_0", "layer_1"]
    assert [list(one.norms) for one in got.values()] == [["h"], ["h"], ["h"], ["h", "c"]]
    assert np.isnan(got["there"].norms["h"]).tolist() == [False] * 4 + [True]
    assert np.isnan(got["backward_there"].norms["h"]).tolist() == [True] + [False] * 4
    last = zoo.Bidirectional(zoo.MGU(4))
    x = sequences(rng)
    both = gradient_through_time(last, x)[last.backward_layer.name]
    alone = gradient_through_time(last.backward_layer, x[:, ::-1].copy())
    close(both.norms["h"], alone[last.backward_layer.name].norms["h"])


@running.on_one_backend
def test_a_loss_of_a_compiled_model(rng):
    """The model's own loss is taken when it has one, with the model's own inputs."""
    model = SequencePredictor(3, 2, "values", every_step=False, cell="mgu", units=4)
    model.compile(loss="mse")
    x, y = {"values": sequences(rng)}, np.ones((3, 2), "float32")
    got = gradient_through_time(model, x, y, jacobian_steps=None)["layer_0"].norms["h"]
    said, w = numpy(model(x)), numpy(model.head.kernel)
    close(got[-1], np.linalg.norm(2 * (said - y) / 6 @ w.T, axis=-1).mean(), 1e-4)


def test_stateful_layers_start_from_what_they_hold_and_keep_it(rng):
    layer = filled(zoo.GRU(4, stateful=True), rng)
    x = sequences(rng)
    layer(x)
    held = numpy(layer.states[0])
    got = gradient_through_time(layer, x, jacobian_steps=None)[layer.name]
    close(numpy(layer.states[0]), held)
    assert layer.stateful
    plain = zoo.GRU(4, name="plain")
    plain.build(x.shape)
    plain.set_weights(layer.get_weights()[:3])
    model_input, state = keras.Input((TIME, 3)), keras.Input((4,))
    model = keras.Model([model_input, state], plain(model_input, initial_state=[state]))
    expected = gradient_through_time(model, [x, held], jacobian_steps=None)["plain"]
    close(got.norms["h"], expected.norms["h"])


def test_half_precision_tells_the_same(rng):
    """States of an LSTM in bfloat16, those of a linear cell in float32."""
    for name in ("lstm", "lru") if ALL else ("lstm",):
        x, whole = sequences(rng), filled(zoo.get(name)(4), rng)
        half = zoo.get(name)(4, dtype="mixed_bfloat16")
        half.build(x.shape)
        half.set_weights(whole.get_weights())
        got, expected = (gradient_through_time(one, x)[one.name] for one in (half, whole))
        assert got.saturation.keys() == expected.saturation.keys()
        close(got.total, expected.total, 0.1)
        close(got.jacobian, expected.jacobian, 0.1)


@running.on_one_backend
def test_names_of_two_layers_are_kept_apart(rng):
    one, two = (zoo.SimpleRNN(4, name="same", return_sequences=True) for _ in range(2))
    model = keras.Sequential([keras.Sequential([one]), keras.Sequential([two])])
    assert list(gradient_through_time(model, sequences(rng))) == ["same", "same_2"]


def test_a_loss_that_hears_no_state_is_refused(rng):
    inputs = keras.Input((TIME, 3))
    output = keras.layers.Lambda(keras.ops.stop_gradient)(zoo.SimpleRNN(4)(inputs))
    with pytest.raises(ValueError, match="does not change with any state"):
        gradient_through_time(keras.Model(inputs, output), sequences(rng))


def shared(rng):
    layer, inputs = zoo.GRU(3, return_sequences=True, name="twice"), keras.Input((TIME, 3))
    return keras.Model(inputs, layer(layer(inputs)))


@running.on_one_backend
@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (lambda rng: keras.layers.Dense(2), {}, "Expected a model with recurrent layers"),
        (shared, {}, "'twice' walks several sequences"),
        (lambda rng: zoo.GRU(4), {"y": np.ones((3, 4))}, "both `y` and `loss`"),
        (lambda rng: zoo.GRU(4), {"loss": "mse"}, r"Received: y=NoneType, loss='mse'"),
        (lambda rng: zoo.GRU(4), {"y": 1.0, "loss": ["mse"]}, "one function of"),
        (lambda rng: zoo.GRU(4), {"jacobian_steps": 0}, "jacobian_steps=0"),
        (lambda rng: zoo.GRU(4, return_sequences=True, return_state=True), {"x": (3, 5)}, "3"),
        (lambda rng: zoo.SimpleRNN(4100, recurrent_initializer="zeros"), {}, "jacobian_steps=None"),
    ],
    ids=["none", "twice", "no loss", "no targets", "two losses", "steps", "rank", "wide"],
)
def test_what_cannot_be_followed_is_refused(model, options, message, rng):
    options = {"x": sequences(rng).shape, **options}
    x = rng.normal(size=options.pop("x")).astype("float32")
    with pytest.raises(ValueError, match=message):
        gradient_through_time(model(rng), x, **options)


@running.on_one_backend
def test_nothing_passes_a_reset(rng):
    """The second of two sequences in a row begins at step 3."""
    resets = np.zeros((3, TIME), bool)
    resets[:, 3] = True
    inputs = [keras.Input((TIME, 3)), keras.Input((TIME,), dtype="bool")]
    layer = zoo.LSTM(2, name="memory")
    model = keras.Model(inputs, layer(inputs[0], resets=inputs[1]))
    found = gradient_through_time(model, [sequences(rng), resets])["memory"]
    assert (found.total[:3] == 0).all() and (found.total[3:] > 0).all()
    assert found.jacobian[3] == 0 and (np.delete(found.jacobian, 3) > 0).all()


@pytest.mark.parametrize("name", ["gru", "rglru", "min_gru"] if ALL else ["rglru"])
def test_states_walked_across_resets_are_those_of_the_layer(name, rng):
    """RG-LRU takes its input unscaled where a sequence begins."""
    layer, x = filled(zoo.get(name)(3, return_sequences=True), rng), sequences(rng)
    resets = np.zeros((len(x), TIME), bool)
    resets[:, [0, 3]] = True
    walk = nudged(question(layer, x, resets=resets)).walks[layer.name]
    close(walk.after, layer(x, resets=resets))
