"""The oracles whose gates do not see the state, against steps by hand and identities."""

import math

import numpy as np
import oracle_cases as cases
import oracles
import oracles_linear as linear
import pytest
from oracle_cases import BATCH, TIME, C, D, H, N, X, close, expect, s, same, th, unit, weights
from oracles import run

exp, log, sqrt = math.exp, math.log, math.sqrt


@pytest.fixture
def draw():
    return cases.drawer(7)


def test_every_oracle_has_a_case():
    assert {case.cell for case in cases.cases_of(linear)} == set(linear.ORACLES)
    assert set(linear.STATES) == set(linear.ORACLES) and len(linear.ORACLES) == 8


@pytest.mark.parametrize(("case", "promise"), cases.promises(linear))
def test_promises(case, promise):
    promise(case)


# --- steps computed by hand: x = 0.5, first state -0.4, second state 0.8 ------------------------


@pytest.mark.parametrize("bias", [-0.3, -0.7])
def test_one_unit_min_lstm(bias):
    w = weights(3, 0, 3) | {"bias": [0.1, 0.2, bias]}
    f, i, a = s(0.3 + 0.1), s(-0.4 + 0.2), 0.5 + bias
    expected = {"positive": a + 0.5 if a >= 0 else s(a), "linear": a, "signed": th(a)}
    for candidate, n in expected.items():
        h = (f * H + i * n) / (f + i)
        expect(unit("MinLSTM", [H], w, candidate=candidate), h, h)
    # the log-space form of the paper: log f' = -softplus(diff), log i' = -softplus(-diff)
    diff = log(1 + exp(-0.4)) - log(1 + exp(0.2))
    h = H / (1 + exp(diff)) + expected["positive"] / (1 + exp(-diff))
    expect(unit("MinLSTM", [H], w), h, h)


def test_one_unit_lru():
    radius, angle = exp(-exp(-1.0)), exp(0.4)
    re = radius * (math.cos(angle) * H - math.sin(angle) * C) + exp(-0.3) * 0.3
    im = radius * (math.sin(angle) * H + math.cos(angle) * C) + exp(-0.3) * -0.4
    w = {"kernel": [[0.6, -0.8]], "nu": [-1.0], "theta": [0.4], "gamma": [-0.3], "skip": [0.7]}
    y = 0.9 * re - 1.1 * im + 0.7 * X
    expect(unit("LRU", [H, C], w | {"output_kernel": [[0.9], [1.1]]}), y, re, im)


def test_one_unit_rg_lru():
    """A reset forgets the state and does not scale the input."""
    r, i = s(0.3 + 0.1), s(-0.4 + 0.2)
    a = exp(-8 * r * log(1 + exp(-2.0)))
    w = weights(2, 0, 2) | {"decay": [-2.0]}
    h = a * H + sqrt(1 - a * a) * i * X
    expect(unit("RGLRU", [H], w), h, h)
    expect(unit("RGLRU", [H], w, reset=np.array([False])), h, h)
    expect(unit("RGLRU", [H], w, reset=np.array([True])), i * X, i * X)
    h = a * H + sqrt(1 - a * a) * i * 2 * X
    expect(unit("RGLRU", [H], w | {"skip_kernel": [[2.0]]}), h, h)


def test_one_unit_sru():
    w = weights(3, 0, 3) | {"recurrent_kernel": [0.5, 1.5], "bias": [0.2, -0.3]}
    f, r = s(-0.4 + 0.5 * C + 0.2), s(0.5 + 1.5 * C - 0.3)
    c = f * C + (1 - f) * 0.3
    expect(unit("SRU", [C], w), r * c + (1 - r) * sqrt(3) * X, c)
    expect(unit("SRU", [C], w, rescale=False), r * c + (1 - r) * X, c)
    alpha = sqrt(1 + 2 * exp(-0.6))
    expect(unit("SRU", [C], w, highway_bias=-0.6), r * c + (1 - r) * alpha * X, c)
    expect(unit("SRU", [C], w | {"skip_kernel": [[0.8]]}), r * c + (1 - r) * 0.8 * X, c)
    h = r * th(c) + (1 - r) * sqrt(3) * X
    expect(unit("SRU", [C], w, activation=np.tanh), h, c)


@pytest.mark.parametrize("cell", ["QRNN", "TLSTM", "TGRU"])
def test_one_unit_with_the_input_before(cell):
    """The second state is the input before, here 0.2, and then the input of this step."""
    past = [0.7, -0.9, 1.3]
    z, f, o = (X * w + 0.2 * v + b for w, v, b in zip(cases.W8, past, cases.B8))
    f = s(f)
    c = {
        "QRNN": f * C + (1 - f) * th(z),
        "TLSTM": f * C + (1 - f) * z,
        "TGRU": f * C + z * th(o),
    }[cell]
    h = {"QRNN": s(o) * c, "TLSTM": c * th(o), "TGRU": c}[cell]
    w = weights(3, 0, 3) | {"window_kernel": [[past]]}
    w = {name: np.array(value) for name, value in w.items()}
    starts = [np.array([[C]]), np.array([[[0.2]]])]
    y, (new, seen) = cases.ORACLES[cell](w, np.array([[X]]), starts)
    expect([y.item(), new.item()], h, c)
    assert seen.shape == (1, 1, 1) and seen.item() == X


def test_one_unit_qrnn_pooling():
    """Pooling f has no output gate, pooling ifo an input gate of its own."""
    a = [X * w + b for w, b in zip(cases.W8, cases.B8)]
    c = s(a[1]) * C + (1 - s(a[1])) * th(a[0])
    expect(unit("QRNN", [C], weights(2, 0, 2), pooling="f", window=1), c, c)
    c = s(a[1]) * C + s(a[3]) * th(a[0])
    expect(unit("QRNN", [C], weights(4, 0, 4), pooling="ifo", window=1), s(a[2]) * c, c)


def test_one_unit_t_rnn():
    f = s(-0.4 + 0.2)
    h = f * H + (1 - f) * 0.3
    expect(unit("TRNN", [H], weights(2, 0, 2) | {"bias": [0.2]}), h, h)


# --- identities ---------------------------------------------------------------------------------


def test_t_rnn_is_a_min_gru_whose_gate_is_turned_round(draw):
    """The linear minGRU, its gate first and negated."""
    w, x = cases.filled(draw, cases.shapes(2, 0, 1)), draw(BATCH, TIME, D)
    states = [draw(BATCH, N)]
    both = w | {"bias": np.concatenate([np.zeros(N), w["bias"]])}
    turned = {name: np.roll(value, N, axis=-1) for name, value in both.items()}
    turned = {name: value * np.repeat([-1.0, 1.0], N) for name, value in turned.items()}
    expected = run(oracles.min_gru, turned, x, states, candidate="linear")
    same(run(linear.t_rnn, w, x, states), expected)


@pytest.mark.parametrize("window", [2, 3])
def test_windows_are_features_beside_the_input(draw, window):
    """A sequence beside its own past gives the same without a window."""
    lags = window - 1
    own = {"window": window}
    w = cases.filled(draw, cases.shapes(3, 0, 3, window_kernel=(lags, D, 3 * N)))
    x, h = draw(BATCH, TIME, D), draw(BATCH, N)
    before = draw(BATCH, lags, D)  # the latest first
    padded = np.concatenate([before[:, ::-1], x], axis=1)
    past = [padded[:, lags - k : lags - k + TIME] for k in range(window)]
    stacked = {"kernel": np.concatenate([w["kernel"], *w["window_kernel"]]), "bias": w["bias"]}
    wide = np.concatenate(past, axis=-1)
    expected = run(linear.qrnn, stacked, wide, [h], window=1)
    got = run(linear.qrnn, w, x, [h, before], **own)
    close(got["outputs"], expected["outputs"])
    close(got["states"][0], expected["states"][0])
    close(got["states"][1], padded[:, ::-1][:, :lags])
    if window == 2:
        blind = stacked | {"window_kernel": np.zeros((1, 2 * D, 3 * N))}
        for step in (linear.t_gru, linear.t_lstm, linear.qrnn):
            got = run(step, w, x, [h, before])
            expected = run(step, blind, wide, [h, np.zeros((BATCH, 1, 2 * D))])
            close(got["outputs"], expected["outputs"])
            close(got["states"][0], expected["states"][0])


@pytest.fixture
def lru(draw):
    """Weights, inputs as wide as the state, states, and the complex drive and last state."""
    w = {"kernel": (N, 2 * N), "skip": (N,)} | cases.LRU
    w, x, states = cases.filled(draw, w), draw(BATCH, TIME, N), [draw(BATCH, N), draw(BATCH, N)]
    B_re, B_im = np.split(w["kernel"], 2, axis=1)
    drive = np.exp(w["gamma"]) * (x @ B_re + 1j * (x @ B_im))
    decay = np.exp(-np.exp(w["nu"]) + 1j * np.exp(w["theta"]))
    last = decay**TIME * (states[0] + 1j * states[1])
    last = last + sum(decay ** (TIME - t) * drive[:, t - 1] for t in range(1, TIME + 1))
    return w, x, states, drive, last


def test_lru_is_a_sum_of_decayed_inputs(lru):
    w, x, states, _, last = lru
    got = run(linear.lru, w, x, states)
    close(got["states"][0], last.real)
    close(got["states"][1], last.imag)
    C_re, C_im = np.split(w["output_kernel"], 2)
    close(got["outputs"][:, -1], last.real @ C_re - last.imag @ C_im + w["skip"] * x[:, -1])


def test_skip_of_lru_is_a_diagonal_matrix(lru):
    w, x, states, *_ = lru
    matrix = cases.without(w, "skip") | {"skip_kernel": np.diag(w["skip"])}
    same(run(linear.lru, w, x, states), run(linear.lru, matrix, x, states))


def test_lru_is_two_real_scans(lru):
    """The phase is taken out of the drive first, and turned back into the states at the end."""
    w, x, states, drive, _ = lru
    radius, angle = np.exp(-np.exp(w["nu"])), np.exp(w["theta"])
    still = states[0] + 1j * states[1]
    for t in range(1, TIME + 1):
        still = radius * still + np.exp(-1j * angle * t) * drive[:, t - 1]
    turned = np.exp(1j * angle * TIME) * still
    re, im = run(linear.lru, w, x, states)["states"]
    close(turned.real, re)
    close(turned.imag, im)


@pytest.fixture
def rg_lru(draw):
    """Weights of two heads, inputs as wide as the state, and a start."""
    w = cases.filled(draw, {"kernel": (2, 3, 6), "bias": (2 * N,), "decay": (N,)})
    return w, draw(BATCH, TIME, N), [draw(BATCH, N)]


def test_heads_of_rg_lru_are_a_dense_kernel_with_zeros(rg_lru):
    w, x, states = rg_lru
    dense = np.zeros((N, 2, N))
    for j in range(2):
        at = slice(3 * j, 3 * j + 3)
        dense[at, :, at] = w["kernel"][j].reshape(3, 2, 3)
    whole = w | {"kernel": dense.reshape(N, 2 * N)}
    same(run(linear.rg_lru, w, x, states), run(linear.rg_lru, whole, x, states))


def test_reset_of_rg_lru_is_a_fresh_start(rg_lru):
    """Of the rows where it is true, and of those alone."""
    w, x, states = rg_lru
    reset = np.zeros((TIME, BATCH), bool)
    reset[2, :2] = True
    got = run(linear.rg_lru, w, x, states, per_step={"reset": reset})
    fresh = run(linear.rg_lru, w, x[:, 2:], [0 * states[0]], per_step={"reset": reset[2:]})
    close(got["outputs"][:2, 2:], fresh["outputs"][:2])
    plain = run(linear.rg_lru, w, x, states)["outputs"]
    close(got["outputs"][2], plain[2])
    close(got["outputs"][:, :2], plain[:, :2])


def test_sru_without_recurrent_weights_is_linear_in_c(draw):
    w = cases.filled(draw, cases.shapes(3, 0, 2, skip_kernel=(D, N)))
    x, a, b = draw(BATCH, TIME, D), draw(BATCH, N), draw(BATCH, N)
    ends = [run(linear.sru, w, x, [c])["states"][0] for c in (a, b, 0.3 * a + 0.7 * b)]
    close(0.3 * ends[0] + 0.7 * ends[1], ends[2])
