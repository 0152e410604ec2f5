"""The relatives of the LSTM against hand-computed steps, identities and tensorflow-addons."""

import math

import numpy as np
import oracle_cases as cases
import oracles
import oracles_lstm as lstm
import pytest
from oracle_cases import BATCH, PRE, TIME, C, D, H, N, X, expect, s, same, th, unit, weights
from oracles import run


@pytest.fixture
def draw():
    return cases.drawer(7)


def test_every_oracle_has_a_case():
    assert {case.cell for case in cases.cases_of(lstm)} == set(lstm.ORACLES)
    assert set(lstm.STATES) == set(lstm.ORACLES) and len(lstm.ORACLES) == 6


@pytest.mark.parametrize(("case", "promise"), cases.promises(lstm))
def test_promises(case, promise):
    promise(case)


# --- steps computed by hand: x = 0.5, h' = -0.4, c' = 0.8; PRE is W x + U h' + b gate by gate ---


def test_one_unit_janet():
    f, g = 0.3 - 0.2 + 0.1, th(-0.4 - 0.6 + 0.2)
    h = s(f) * H + (1 - s(f - 1)) * g
    expect(unit("JANET", [H], weights(2, 2, 2)), h, h)
    h = s(f) * H + s(1 - f) * g  # the authors write it so
    expect(unit("JANET", [H], weights(2, 2, 2)), h, h)
    h = s(f) * H + (1 - s(f - 0.3)) * g
    expect(unit("JANET", [H], weights(2, 2, 2), beta=0.3), h, h)


def test_one_unit_multiplicative_lstm():
    m = 0.3 * (-0.4 * 0.5)
    i, f = s(-0.4 + 1.5 * m + 0.1), s(0.5 - 0.5 * m + 0.2)
    g, o = th(0.2 + 2.0 * m - 0.3), s(-0.15 + 0.9 * m + 0.4)
    c = f * C + i * g
    expect(unit("MultiplicativeLSTM", [H, C], weights(5, 5, 4)), o * th(c), o * th(c), c)


def normed(values, epsilon, gains, shifts):
    mean = sum(values) / len(values)
    deviation = math.sqrt(sum((v - mean) ** 2 for v in values) / len(values) + epsilon)
    return [(v - mean) / deviation * gain + b for v, gain, b in zip(values, gains, shifts)]


@pytest.mark.parametrize(("norm", "epsilon"), [("paper", 1e-5), ("tfa", 1e-3)])
def test_one_unit_layer_norm_lstm(norm, epsilon):
    """The four gates share their statistics; one cell alone normalises to its shift."""
    gains, shifts = [1.1, 0.9, 1.2, 0.8], [0.1, -0.1, 0.2, -0.2]
    w = weights(4, 4, 4) | {"input_norm_gain": gains, "input_norm_shift": shifts}
    w |= {"recurrent_norm_gain": gains[::-1], "cell_norm_gain": [0.5], "cell_norm_shift": [0.3]}
    a = normed([X * v for v in cases.W8[:4]], epsilon, gains, shifts)
    r = normed([H * v for v in cases.U8[:4]], epsilon, gains[::-1], [0] * 4)
    a_i, a_f, a_g, a_o = (p + q + b for p, q, b in zip(a, r, cases.B8))
    c = s(a_f) * C + s(a_i) * th(a_g)
    h = s(a_o) * th(0.3)
    expect(unit("LayerNormLSTM", [H, C], w, norm=norm), h, h, c if norm == "paper" else 0.3)


@pytest.mark.parametrize("raised", [0.0, 1.5])
def test_one_unit_nas(raised):
    """Branches 1 and 3 stand at zero unless their biases are raised."""
    a = PRE
    b1, b3 = max(0.0, a[1] + raised), max(0.0, 0.5 * 0.4 * (-0.4 * 2.0 + 0.4 + raised))
    assert (b1 > 0) == (b3 > 0) == (raised > 0)
    l0, l1 = th(th(s(a[0]) * b1) + C), th(s(a[2]) + b3)
    l2, l3 = th(th(a[4]) * s(a[5])), s(th(a[6]) + s(a[7]))
    h = th(l0 * l1 * th(l2 + l3))
    w = weights(8, 8, 8)
    w["bias"] = np.array(w["bias"]) + raised * np.isin(np.arange(8), (1, 3))
    expect(unit("NAS", [H, C], w), h, h, l0 * l1)


def test_one_unit_wmc_lstm_output_gate_sees_the_new_c():
    a = PRE
    w = weights(4, 4, 4)
    w |= {"memory_kernel": [[0.7, -0.6, 0.9]], "memory_bias": [0.1, 0.2, 0.3]}
    i, f = s(a[0] + th(0.7 * C + 0.1)), s(a[1] + th(-0.6 * C + 0.2))
    c = f * C + i * th(a[2])
    h = s(a[3] + th(0.9 * c + 0.3)) * th(c)
    expect(unit("WMCLSTM", [H, C], w), h, h, c)


@pytest.mark.parametrize("forget", ["sigmoid", "exponential"])
def test_one_unit_slstm_is_the_cell_without_stabiliser(forget):
    """From n' = 1.2 and m' = 0; c and n are stored divided by exp(m)."""
    a = PRE
    i, f = math.exp(a[0]), s(a[1]) if forget == "sigmoid" else math.exp(a[1])
    c, n = f * C + i * th(a[2]), f * 1.2 + i
    m = max(math.log(f), a[0])
    h = s(a[3]) * c / n
    got = unit("SLSTM", [H, C, 1.2, 0.0], weights(4, 4, 4), forget=forget)
    expect(got, h, h, c / math.exp(m), n / math.exp(m), m)


def test_one_unit_slstm_starts_with_its_own_input_gate():
    """At n' = 0 the stabiliser is the input gate, however small that is."""
    a = PRE
    h = s(a[3]) * th(a[2])
    expect(unit("SLSTM", [H, 0.0, 0.0, 0.0], weights(4, 4, 4)), h, h, th(a[2]), 1.0, a[0])
    tiny = weights(4, 4, 4) | {"bias": [-900.0, 0, 0, 0]}
    got = unit("SLSTM", [H, 0.0, 0.0, 0.0], tiny)
    assert np.isfinite(got).all()


# --- identities ---------------------------------------------------------------------------------


def test_wmc_lstm_without_memory_is_an_lstm(draw):
    w, x = cases.filled(draw, cases.shapes(4, 4, 4)), draw(BATCH, TIME, D)
    states = [draw(BATCH, N), draw(BATCH, N)]
    blind = w | {"memory_kernel": np.zeros((N, 3 * N))}
    same(run(lstm.wmc_lstm, blind, x, states), run(oracles.lstm, w, x, states))


@pytest.fixture
def slstm(draw):
    """Weights, inputs and states of an sLSTM; its normaliser is positive."""
    w, x = cases.filled(draw, cases.shapes(4, 4, 4)), draw(BATCH, TIME, D)
    states = [draw(BATCH, N), draw(BATCH, N), np.abs(draw(BATCH, N)) + 0.5, draw(BATCH, N)]
    return w, x, states


def test_heads_of_slstm_are_a_dense_matrix_with_zeros(slstm, draw):
    w, x, states = slstm
    small, dense = draw(2, 3, 12), np.zeros((N, 4, N))
    for j in range(2):
        at = slice(3 * j, 3 * j + 3)
        dense[at, :, at] = small[j].reshape(3, 4, 3)
    blocked = run(lstm.slstm, w | {"recurrent_kernel": small}, x, states)
    whole = w | {"recurrent_kernel": dense.reshape(N, 4 * N)}
    same(blocked, run(lstm.slstm, whole, x, states))


def test_outputs_of_slstm_do_not_depend_on_the_stabiliser(slstm):
    """Where m starts does not matter to h, as long as c and n move with it."""
    w, x, states = slstm
    factor = math.exp(-0.7)
    moved = [states[0], states[1] * factor, states[2] * factor, states[3] + 0.7]
    expected = run(lstm.slstm, w, x, states)["outputs"]
    cases.close(run(lstm.slstm, w, x, moved)["outputs"], expected)


# --- tensorflow-addons, in float32 --------------------------------------------------------------


def test_tensorflow_addons_nas():
    data, (U, W, b) = cases.recorded("NASCell")
    zeros = np.zeros_like(data["state_0"])
    w = {"kernel": W, "recurrent_kernel": U, "bias": b}
    theirs = {"outputs": data["y"], "states": [data["state_1"], data["state_0"]]}  # c, h
    same(run(lstm.nas, w, data["x"], [zeros, zeros]), theirs, tolerance=2e-6)


def test_tensorflow_addons_nas_projection():
    """The projected h is the output and what is carried."""
    data, (U, W, P) = cases.recorded("NASCell_projection")

    def projected(w, x, states):
        h, (_, c) = lstm.nas(w, x, states)
        return h @ P, [h @ P, c]

    w = {"kernel": W, "recurrent_kernel": U}
    starts = [np.zeros_like(data["state_1"]), np.zeros_like(data["state_0"])]
    theirs = {"outputs": data["y"], "states": [data["state_1"], data["state_0"]]}
    same(run(projected, w, data["x"], starts), theirs, tolerance=2e-6)


def test_tensorflow_addons_layer_norm_lstm():
    data, values = cases.recorded("LayerNormLSTMCell")
    names = ["kernel", "recurrent_kernel", "bias"]
    names += [f"{p}_norm_{k}" for p in ("input", "recurrent", "cell") for k in ("gain", "shift")]
    w = dict(zip(names, values, strict=True))
    zeros = np.zeros_like(data["state_0"])
    got = run(lstm.layer_norm_lstm, w, data["x"], [zeros, zeros], norm="tfa")
    theirs = {"outputs": data["y"], "states": [data["state_0"], data["state_1"]]}
    same(got, theirs, tolerance=2e-6)
