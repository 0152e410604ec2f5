"""Linear cells: all of time at once is time walked step by step, however it is cut."""

import functools
import json

import keras
import numpy as np
import oracles
import oracles_linear
import pytest
from catalogue import CASES, FEATURES, TIME, UNITS, case
from gradients import gradients
from helpers import MASKS, close, compiled, filled, numpy, sequences, states_for, weights_of
from running import on_one_backend, some

from keras_rnnzoo import LRU, QRNN, RGLRU, SRU, LinearCell, MinLSTM, RecurrentCell

LINEAR = [case for case in CASES if isinstance(case.cell(), LinearCell)]
WALKED = some([*(c for c in LINEAR if c.name not in ("RGLRU", "LRU")), case("LRU")])
ROWS = len(MASKS)


def both(case, rng, **options):
    """A layer, inputs and states."""
    layer = filled(case.layer(return_sequences=True, return_state=True, **options), rng)
    return layer, sequences(rng, ROWS), states_for(layer, rng, ROWS)


@pytest.mark.parametrize("case", some(LINEAR), ids=str)
def test_parallel_is_chunked_is_streamed(case, rng):
    layer, x, states = both(case, rng)
    whole, pieces, carried = layer(x, initial_state=states, mask=MASKS), [], states
    for cut in (slice(0, 1), slice(1, 3), slice(3, TIME)):
        y, *carried = layer(x[:, cut], initial_state=carried, mask=MASKS[:, cut])
        pieces.append(numpy(y))
    close(np.concatenate(pieces, axis=1)[MASKS], numpy(whole[0])[MASKS])
    close(carried, whole[1:])
    whole, carried = layer(x, initial_state=states), states
    for t in range(TIME):
        y, carried = layer.step(x[:, t], carried)
        close(y, whole[0][:, t])
    close(carried, whole[1:])


@pytest.mark.parametrize("case", WALKED, ids=str)
def test_masks_resets_nudges_and_zoneout_act_as_step_by_step(case, rng):
    """The loop that walks every other cell, around the step of this one."""
    zoneout = {} if case.name == "LRU" else {"zoneout": 0.4}
    layer, x, states = both(case, rng, **zoneout)
    resets = np.zeros(MASKS.shape, bool)
    resets[[0, 2, 4], [2, 1, 3]] = True  # the first and the last stand on valid steps
    steps = {"reset": keras.ops.convert_to_tensor(resets & MASKS)}
    steps |= layer.cell.draw_zoneout(ROWS, TIME)
    for name in layer.cell.states:
        nudge = rng.normal(size=(ROWS, TIME, *layer.cell.state_shape(name)))
        steps[f"nudge_{name}"] = keras.ops.convert_to_tensor(nudge.astype("float32"))
    x, mask, *states = map(keras.ops.convert_to_tensor, (x, MASKS, *states))
    arguments = (x, states, mask, steps, {}, True)
    outputs, last, after = layer.cell.unfold(*arguments)
    expected = RecurrentCell.unfold(layer.cell, *arguments)
    close([outputs, last, *after], [expected[0], expected[1], *expected[2]])


def test_both_gates_of_min_lstm_may_be_closed():
    """Their shares are those of σ(-200) and σ(-201), which float32 cannot hold."""
    layer = MinLSTM(2, candidate="linear", kernel_initializer="zeros")
    layer.build((1, 1, FEATURES))
    layer.cell.bias.assign([-200.0] * 2 + [-201.0] * 2 + [3.0] * 2)
    h = layer(np.zeros((1, 1, FEATURES), "float32"), initial_state=[np.full((1, 2), 5.0)])
    f = 1 / (1 + np.exp(-1.0))
    close(h, np.full((1, 2), f * 5 + (1 - f) * 3), 1e-6)


# LRU -------------------------------------------------------------------------------------------


def test_lru_keeps_its_digits_in_ten_thousand_steps(rng):
    """Against float64. The angle as a plain float32 product is off by 5e-3 there."""
    layer = LRU(8, r_min=0.9, r_max=0.999, return_sequences=True)
    layer.build((1, None, 8))
    x = rng.normal(size=(1, 10_000, 8)).astype("float32")
    w = {name: value.astype("float64") for name, value in weights_of(layer).items()}
    decay = np.exp(-np.exp(w["nu"]) + 1j * np.exp(w["theta"]))
    B_re, B_im = np.split(w["kernel"], 2, axis=1)
    drive = np.exp(w["gamma"]) * (x[0] @ (B_re + 1j * B_im))
    h, expected = np.zeros(8), []
    for t in range(len(drive)):
        h = decay * h + drive[t]
        expected.append(
            np.concatenate([h.real, -h.imag]) @ w["output_kernel"] + w["skip"] * x[0, t]
        )
    y = compiled(layer.call)(x)  # TensorFlow traces methods and no layers
    np.testing.assert_allclose(numpy(y)[0], expected, rtol=0, atol=2e-4)


def test_lru_starts_on_its_ring():
    cell = LRU(500, r_min=0.5, r_max=0.9, max_phase=1.0).cell
    cell.build((None, 30))
    radius, phase = np.exp(-np.exp(numpy(cell.nu))), np.exp(numpy(cell.theta))
    assert 0.5 <= radius.min() < 0.55 and 0.88 < radius.max() <= 0.9
    assert abs((radius**2).mean() - (0.25 + 0.81) / 2) < 0.03
    assert 0 < phase.min() < 0.02 and 0.98 < phase.max() <= 1.0
    close(np.exp(numpy(cell.gamma)), np.sqrt(1 - radius**2), 1e-5)
    for weight, deviation in ((cell.kernel, 60**-0.5), (cell.output_kernel, 500**-0.5)):
        assert abs(numpy(weight).std() / deviation - 1) < 0.05
    widest = LRU(500).cell
    widest.build((None, 30))
    assert all(np.isfinite(numpy(weight)).all() for weight in widest.weights)


# RG-LRU ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("heads", [1, 2])
def test_resets_and_heads_of_rg_lru_are_those_of_its_oracle(heads, rng):
    layer = RGLRU(UNITS, c=3.0, heads=heads, return_sequences=True, return_state=True)
    filled(layer, rng, features=UNITS)
    assert (layer.cell.kernel.shape == (2, 2, 4)) == (heads == 2)
    x, states = sequences(rng, ROWS, features=UNITS), states_for(layer, rng, ROWS)
    resets = rng.random((ROWS, TIME)) < 0.4
    resets[:3, 0] = True
    step = functools.partial(oracles_linear.rg_lru, c=3.0)
    flags = {"reset": resets.T}
    expected = oracles.run(step, weights_of(layer), x, states, per_step=flags)
    got = layer(x, initial_state=states, resets=resets)
    close(got, [expected["outputs"], *expected["states"]])
    config = json.loads(json.dumps(layer.get_config()))
    assert type(layer).from_config(config).cell.heads == heads


@pytest.mark.parametrize("decay", some([-110.0, -16.0, -3.0, -20.0]))
def test_derivative_of_rg_lru_is_bounded_where_nothing_is_forgotten(decay):
    """That of √(1 - a²) by 1000, as the authors have it; the root itself has no bound."""
    layer = RGLRU(1, kernel_initializer="zeros")
    layer.build((1, 1, 1))
    layer.cell.decay.assign([decay])
    by_decay = gradients(layer, np.full((1, 1, 1), 3.0, "float32"))["weights"][-1]
    root = np.sqrt(-np.expm1(-8.0 * np.logaddexp(0, decay)))
    slope = 8.0 / (1 + np.exp(-decay)) * (1 - root**2)
    close(by_decay, [0.5 * 3.0 * slope * min(0.5 / root, 1000.0)], 1e-5)


def test_rg_lru_starts_on_its_ring():
    cell = RGLRU(500).cell
    cell.build((None, 500))
    a = np.exp(-np.logaddexp(0, numpy(cell.decay).astype("float64")))
    assert 0.9 <= a.min() < 0.902 and 0.997 < a.max() <= 0.999
    assert abs(numpy(cell.kernel).std() * 500**0.5 - 1) < 0.05


# SRU and the cells with a window ---------------------------------------------------------------


def test_sru_starts_as_its_authors_code():
    cell = SRU(200, highway_bias=-1.0).cell
    cell.build((None, 50))
    alpha, limit = (1 + 2 * np.exp(-1)) ** 0.5, (3 / 50) ** 0.5
    x_tilde, f, r = (np.abs(numpy(part)).max() for part in np.split(numpy(cell.kernel), 3, axis=1))
    close([x_tilde, f, r], [limit, limit * 0.5**0.5, limit * 0.5**0.5], 0.01)
    close(np.abs(numpy(cell.skip_kernel)).max(), alpha * limit, 0.01)
    close(np.abs(numpy(cell.recurrent_kernel)).max(), 1.5**0.5, 0.02)
    f, r = np.split(numpy(cell.bias), 2)
    assert (f == 0).all() and (r == -1).all()
    narrow = SRU(FEATURES, highway_bias=-1.0, activation="tanh")
    filled(narrow, np.random.default_rng(1))
    x = sequences(np.random.default_rng(2))
    step = functools.partial(oracles_linear.sru, highway_bias=-1.0, activation=np.tanh)
    zeros = [np.zeros((len(x), FEATURES))]
    close(narrow(x), oracles.run(step, weights_of(narrow), x, zeros)["outputs"][:, -1])


def test_each_input_of_a_window_starts_with_a_matrix_of_its_own():
    cell = QRNN(UNITS, window=3, kernel_initializer="orthogonal").cell
    cell.build((None, 12))
    first, *others = numpy(cell.kernel), *numpy(cell.window_kernel)
    for kernel in (first, *others):
        close(kernel.T @ kernel, np.eye(12), 1e-5)
    assert len(others) == 2 and np.abs(others[0] - others[1]).max() > 0.1
    assert min(np.abs(first - other).max() for other in others) > 0.1


REFUSED = {
    "states before the features are known": (
        lambda: QRNN(4).get_initial_state(3),
        "QRNNCell keeps earlier inputs.*Build it.*Received: features=None",
    ),
    "pooling": (lambda: QRNN(4, pooling="of"), "'f', 'fo', 'ifo'.*Received: pooling='of'"),
    "window": (lambda: QRNN(4, window=0), "positive integer. Received: window=0"),
    "kept inputs": (
        lambda: QRNN(4, zoneout={"x": 0.1}),
        "names the state 'x'; QRNN can keep c",
    ),
    "clip": (lambda: QRNN(4, cell_clip=1.0), "linear in the state before, which a clip is not"),
    "r_min": (lambda: LRU(4, r_min=1.0), r"in \[0, 1\). Received: r_min=1.0"),
    "r_max": (lambda: LRU(4, r_min=0.5, r_max=0.4), "r_max.*r_min, 1.*Received: r_max=0.4"),
    "phase": (lambda: LRU(4, max_phase=0), "a positive number. Received: max_phase=0"),
    "heads": (lambda: RGLRU(4, heads=3), "divides both. Received: units=4, heads=3"),
    "heads of the input": (
        lambda: RGLRU(4, heads=2).build((None, 5, 3)),
        "Received: features=3, heads=2",
    ),
    "highway": (lambda: SRU(4, highway_bias="a"), "-100 to 100. Received: highway_bias='a'"),
    "dense": (lambda: SRU(4, recurrence="dense"), "SRU does not take `recurrence`.*unit by unit"),
}


@on_one_backend
@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    make, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("name", ["LRU", "RGLRU"])
def test_recurrent_weights_and_states_stay_float32_under_mixed_precision(name, rng):
    """Within a model too, whose autocast would round them."""
    full, mixed = (
        filled(case(name).layer(dtype=dtype, return_state=True), rng, features=UNITS)
        for dtype in ("float32", "mixed_bfloat16")
    )
    mixed.set_weights(full.get_weights())
    start = {"nu": -6.987, "decay": -7.987, "bias": 0.0}  # slow, and of more digits than bfloat16
    for weight in [*full.weights, *mixed.weights]:
        if weight.name in start:
            weight.assign(np.full(weight.shape, start[weight.name]))
    x = np.zeros((2, 400, UNITS), "float32")  # what decays is the initial state alone
    states = states_for(full, rng, 2)
    inputs = [keras.Input((None, UNITS)), *(keras.Input((UNITS,)) for _ in states)]
    model = keras.Model(inputs, list(mixed(inputs[0], initial_state=inputs[1:])))
    expected = numpy(list(full(x, initial_state=states)[1:]))
    assert np.abs(expected).max() > 0.3
    close(model([x, *states])[1:], expected, 1e-5)
