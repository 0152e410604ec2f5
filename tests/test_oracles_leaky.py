"""The oracles with a leak, a step size or a depth against steps by hand, identities, records."""

import numpy as np
import oracle_cases as cases
import oracles
import oracles_gated as gated
import oracles_leaky as leaky
import pytest
from oracle_cases import BATCH, PRE, TIME, C, D, H, N, X, close, expect, s, same, th, unit, weights
from oracles import run


@pytest.fixture
def draw():
    return cases.drawer(7)


def test_every_oracle_has_a_case():
    assert {case.cell for case in cases.cases_of(leaky)} == set(leaky.ORACLES)
    assert set(leaky.STATES) == set(leaky.ORACLES) and len(leaky.ORACLES) == 9


@pytest.mark.parametrize(("case", "promise"), cases.promises(leaky))
def test_promises(case, promise):
    promise(case)


# --- steps computed by hand: x = 0.5, first state -0.4, second state 0.8 ------------------------


def test_one_unit_ind_rnn():
    w = weights(1, 0, 1) | {"recurrent_kernel": [0.5]}
    h = max(0.3 + 0.5 * H + 0.1, 0.0)
    expect(unit("IndRNN", [H], w), h, h)
    h = th(0.3 + 0.5 * H + 0.1)
    expect(unit("IndRNN", [H], w, activation=np.tanh), h, h)


def test_one_unit_antisymmetric_rnn_is_left_with_gamma():
    own = {"epsilon": 0.2, "gamma": 0.05}
    h = H + 0.2 * th(0.3 - 0.05 * H + 0.1)
    expect(unit("AntisymmetricRNN", [H], weights(1, 1, 1), **own), h, h)
    h = H + 0.2 * s(0.3 - 0.05 * H + 0.1) * th(-0.4 - 0.05 * H + 0.2)
    expect(unit("AntisymmetricRNN", [H], weights(2, 1, 2), gated=True, **own), h, h)


def test_two_units_antisymmetric_rnn():
    """U - U' and not the other way round: the first row of U leads to the second unit."""
    w = {"kernel": np.zeros((1, 2)), "recurrent_kernel": np.array([[0.0, 1.0], [0.0, 0.0]])}
    y, _ = leaky.antisymmetric_rnn(w, np.ones((1, 1)), [np.array([[H, C]])], 0.2, 0.05)
    close(y, [[H + 0.2 * th(-C - 0.05 * H), C + 0.2 * th(H - 0.05 * C)]])


def test_one_unit_fast_rnn_and_fast_grnn():
    pre = 0.3 - 0.2
    h = s(-3) * th(pre + 0.1) + s(3) * H
    expect(unit("FastRNN", [H], weights(1, 1, 1) | {"alpha": [-3], "beta": [3]}), h, h)
    z = s(pre + 0.1)
    h = (s(1) * (1 - z) + s(-4)) * th(pre + 0.2) + z * H
    expect(unit("FastGRNN", [H], weights(1, 1, 2) | {"zeta": 1, "nu": -4}), h, h)


def test_one_unit_co_rnn():
    w = weights(1, 1, 1) | {"velocity_kernel": [[0.7]]}
    z = C + 0.1 * (th(0.3 - 0.2 + 0.7 * C + 0.1) - 2 * H - 3 * C)
    y = H + 0.1 * z
    expect(unit("CoRNN", [H, C], w, dt=0.1, gamma=2, epsilon=3), y, y, z)


def test_one_unit_lem_reads_the_new_z():
    d, d_bar = 0.3 * s(0.3 - 0.2 + 0.1), 0.3 * s(-0.4 - 0.6 + 0.2)
    z = (1 - d) * C + d * th(0.5 + 0.2 - 0.3)
    y = (1 - d_bar) * H + d_bar * th(0.2 + 2.0 * z + 0.4)
    expect(unit("LEM", [H, C], weights(4, 4, 4), dt=0.3), y, y, z)


def test_one_unit_rhn():
    """One layer, then a second one that sees no input, then gates that are not coupled."""
    t = s(-0.4 - 0.6 + 0.2)
    s1 = th(0.3 - 0.2 + 0.1) * t + H * (1 - t)
    expect(unit("RHN", [H], weights(2, 2, 2), depth=1), s1, s1)
    t = s(-0.7 * s1 - 2)
    s2 = th(0.9 * s1 + 0.3) * t + s1 * (1 - t)
    w = weights(2, 2, 2) | {"recurrent_kernel_2": [[0.9, -0.7]], "bias_2": [0.3, -2]}
    expect(unit("RHN", [H], w, depth=2), s2, s2)
    s1 = th(PRE[0]) * s(PRE[1]) + H * s(PRE[2])
    expect(unit("RHN", [H], weights(3, 3, 3), depth=1, coupled=False), s1, s1)


OPEN = [(1.5, 0.5), (2.0, 1.0), (2.5, 0.5), (4.0, 1e-3 * 0.75), (0.0, 1e-3 * 0.75)]


@pytest.mark.parametrize(("time", "k"), OPEN)
def test_one_unit_phased_lstm(time, k):
    """Period 4 from 1, half of it open: rising, at the top, falling, and twice the leak."""
    w = weights(4, 4, 4) | {"period": [4.0], "phase": [1.0], "ratio_on": [0.5]}
    c1 = s(PRE[1]) * C + s(PRE[0]) * th(PRE[2])
    h1 = s(PRE[3]) * th(c1)
    h, c = k * h1 + (1 - k) * H, k * c1 + (1 - k) * C
    expect(unit("PhasedLSTM", [H, C], w, x=(time, X)), h, h, c)
    expect(unit("PhasedLSTM", [H, C], w, time=np.array([[time]])), h, h, c)


def test_one_unit_esn():
    h = 0.3 * H + 0.7 * th(0.3 - 0.2 + 0.1)
    expect(unit("ESN", [H], weights(1, 1, 1), leaky=0.7), h, h)


# --- identities ---------------------------------------------------------------------------------


def test_rhn_of_one_layer_is_a_ugrnn(draw):
    """The highway's gate lets the new in, the update gate holds the old."""
    w, x = cases.filled(draw, cases.shapes(2, 2, 2)), draw(BATCH, TIME, D)
    states = [draw(BATCH, N)]
    turned = {name: value * np.repeat([1.0, -1.0], N) for name, value in w.items()}
    same(run(leaky.rhn, turned, x, states, depth=1), run(gated.ugrnn, w, x, states))


def test_without_a_leak_each_is_a_simple_rnn(draw):
    w, x = cases.filled(draw, cases.shapes(1, 1, 1)), draw(BATCH, TIME, D)
    states = [draw(BATCH, N)]
    simple = run(oracles.simple_rnn, w, x, states)
    same(run(leaky.esn, w, x, states), simple)
    same(run(leaky.fast_rnn, w | {"alpha": 50.0, "beta": -50.0}, x, states), simple)
    diagonal = np.diag(w["recurrent_kernel"])
    full = w | {"recurrent_kernel": np.diag(diagonal)}
    expected = run(oracles.simple_rnn, full, x, states, activation=oracles.relu)
    same(run(leaky.ind_rnn, w | {"recurrent_kernel": diagonal}, x, states), expected)


def test_antisymmetric_rnn_with_an_open_gate_has_none(draw):
    """And a symmetric part of U makes no difference."""
    w, x = cases.filled(draw, cases.shapes(2, 1, 2)), draw(BATCH, TIME, D)
    states = [draw(BATCH, N)]
    w["kernel"][:, :N], w["bias"][:N] = 0.0, 50.0
    alone = w | {"kernel": w["kernel"][:, N:], "bias": w["bias"][N:]}
    got = run(leaky.antisymmetric_rnn, w, x, states, gated=True)
    same(got, run(leaky.antisymmetric_rnn, alone, x, states))
    U = w["recurrent_kernel"]
    shifted = w | {"recurrent_kernel": U + (U + U.T)}
    same(got, run(leaky.antisymmetric_rnn, shifted, x, states, gated=True))


def test_phased_lstm_in_its_open_phase_is_an_lstm(draw):
    """With peepholes it is the peephole LSTM; the time is a column or an argument of the step."""
    w, x = cases.filled(draw, cases.shapes(4, 4, 4)), draw(BATCH, TIME, D)
    states = [draw(BATCH, N), draw(BATCH, N)]
    phased = w | {"period": np.full(N, 4.0), "phase": np.zeros(N), "ratio_on": np.full(N, 0.5)}
    timed = np.concatenate([np.ones((BATCH, TIME, 1)), x], axis=-1)  # a quarter of the period
    plain = run(oracles.lstm, w, x, states)
    same(run(leaky.phased_lstm, phased, timed, states), plain)
    one = {"time": np.ones((TIME, BATCH, 1))}
    same(run(leaky.phased_lstm, phased, x, states, per_step=one), plain)
    peepholes = {f"peephole_{gate}": draw(N) for gate in "ifo"}
    expected = run(oracles.peephole_lstm, w | peepholes, x, states)
    same(run(leaky.phased_lstm, phased | peepholes, timed, states), expected)


# --- tensorflow-addons, in float32 --------------------------------------------------------------


def test_tensorflow_addons_esn():
    data, (U, W, b) = cases.recorded("ESNCell")
    w = {"kernel": W, "recurrent_kernel": U, "bias": b}
    got = run(leaky.esn, w, data["x"], [np.zeros_like(data["state_0"])], leaky=0.7)
    same(got, {"outputs": data["y"], "states": [data["state_0"]]}, tolerance=2e-6)
