"""The oracles against hand-computed steps, faithful third parties and identities. No Keras here."""

import math
import pathlib

import numpy as np
import option_oracles as options
import oracles
import pytest
from oracle_cases import close, same
from oracles import ORACLES, STATES, run

TFA = pathlib.Path(__file__).parent / "fixtures" / "tfa"
BATCH, TIME, D, U, P = 3, 6, 4, 6, 2
GATES = dict(
    SimpleRNN=1, LSTM=4, GRU=3, PeepholeLSTM=4, MGU=2, LiGRU=2, CIFGLSTM=3, MinGRU=2,
    IntersectionRNN=4,
)  # fmt: skip
s, th = oracles.sigmoid, math.tanh


@pytest.fixture
def draw():
    rng = np.random.default_rng(7)
    return lambda *shape: rng.normal(size=shape) * 0.6


def weights(draw, cell, features=D, rows=U):
    k = GATES[cell]
    w = {"kernel": draw(features, k * U), "recurrent_kernel": draw(rows, k * U)}
    w["bias"] = draw(2, k * U) if cell == "GRU" else draw(k * U)
    if cell == "PeepholeLSTM":
        w |= {f"peephole_{gate}": draw(U) for gate in "ifo"}
    if cell == "IntersectionRNN" and features != U:
        w["skip_kernel"] = draw(features, U)
    return w


def zeros(cell):
    return [np.zeros((BATCH, U)) for _ in STATES[cell]]


def one_unit(cell, w, x, *states, **own):
    """One step of a cell with one unit and one feature, on plain numbers."""
    w = {k: np.array(v, float).reshape((1, -1) if "kernel" in k else (-1,)) for k, v in w.items()}
    if cell == "GRU" and w["bias"].size == 6:
        w["bias"] = w["bias"].reshape(2, 3)
    y, new = ORACLES[cell](w, np.array([[x]]), [np.array([[v]]) for v in states], **own)
    return [y.item(), *(v.item() for v in new)]


# --- steps computed by hand: x = 0.5, h' = -0.4 (c' = 0.8), every product written out ----------

W4, U4, B4 = [0.6, -0.8, 1.0, 0.4], [0.5, 1.5, -0.5, 2.0], [0.1, 0.2, -0.3, 0.4]
I4, F4, G4, O4 = 0.2, -0.8, 0.4, -0.2  # 0.5 * W + -0.4 * U + B, gate by gate


def test_one_unit_simple_rnn():
    y, h = one_unit("SimpleRNN", {"kernel": 2, "recurrent_kernel": 3, "bias": 0.1}, 0.5, -0.4)
    assert y == h == pytest.approx(th(-0.1))


def test_one_unit_lstm():
    w = {"kernel": W4, "recurrent_kernel": U4, "bias": B4}
    y, h, c = one_unit("LSTM", w, 0.5, -0.4, 0.8)
    assert c == pytest.approx(s(F4) * 0.8 + s(I4) * th(G4))
    assert y == h == pytest.approx(s(O4) * th(c))
    assert c == pytest.approx(0.4569293, abs=1e-6)  # 0.3100255 * 0.8 + 0.5498340 * 0.3799490


def test_one_unit_peephole_output_gate_sees_the_new_c():
    w = {"kernel": W4, "recurrent_kernel": U4, "bias": B4}
    w |= {"peephole_i": 0.5, "peephole_f": -1.0, "peephole_o": 2.0}
    y, h, c = one_unit("PeepholeLSTM", w, 0.5, -0.4, 0.8)
    assert c == pytest.approx(s(F4 - 0.8) * 0.8 + s(I4 + 0.4) * th(G4))
    assert y == h == pytest.approx(s(O4 + 2.0 * c) * th(c))
    assert abs(h - s(O4 + 2.0 * 0.8) * th(c)) > 0.01


def test_one_unit_cifg():
    w = {"kernel": W4[1:], "recurrent_kernel": U4[1:], "bias": B4[1:]}
    y, h, c = one_unit("CIFGLSTM", w, 0.5, -0.4, 0.8)
    assert c == pytest.approx(s(F4) * 0.8 + (1 - s(F4)) * th(G4))
    assert y == h == pytest.approx(s(O4) * th(c))


def test_one_unit_gru():
    w = {"kernel": W4[:3], "recurrent_kernel": U4[:3], "bias": B4[:3]}
    z, r = s(I4), s(F4)
    n = th(0.5 * 1.0 + (r * -0.4) * -0.5 - 0.3)
    y, h = one_unit("GRU", w, 0.5, -0.4, reset_after=False)
    assert y == h == pytest.approx(z * -0.4 + (1 - z) * n)
    w["bias"] = [*B4[:3], 0.7, -0.6, 0.9]
    z, r = s(I4 + 0.7), s(F4 - 0.6)
    n = th(0.5 * 1.0 - 0.3 + r * (-0.4 * -0.5 + 0.9))
    y, h = one_unit("GRU", w, 0.5, -0.4)
    assert y == h == pytest.approx(z * -0.4 + (1 - z) * n)


def test_one_unit_mgu_and_li_gru():
    w = {"kernel": W4[:2], "recurrent_kernel": U4[:2], "bias": B4[:2]}
    f = s(I4)
    n = th(0.5 * -0.8 + f * -0.4 * 1.5 + 0.2)
    assert one_unit("MGU", w, 0.5, -0.4)[1] == pytest.approx((1 - f) * -0.4 + f * n)
    assert one_unit("LiGRU", w, 0.5, -0.4)[1] == pytest.approx(f * -0.4)  # relu(-0.8) = 0
    w["bias"] = [0.1, 2.0]
    assert one_unit("LiGRU", w, 0.5, -0.4)[1] == pytest.approx(f * -0.4 + (1 - f) * 1.0)


@pytest.mark.parametrize("bias", [0.5, -0.5])
def test_one_unit_min_gru(bias):
    w = {"kernel": [0.6, 0.2], "bias": [0.1, bias]}
    z, a = s(0.4), 0.1 + bias
    expected = {"positive": a + 0.5 if a >= 0 else s(a), "linear": a, "signed": th(a)}
    for candidate, n in expected.items():
        y, h = one_unit("MinGRU", w, 0.5, -0.4, candidate=candidate)
        assert y == h == pytest.approx((1 - z) * -0.4 + z * n)


def test_one_unit_intersection_output_is_not_the_state():
    w = {"kernel": W4, "recurrent_kernel": U4, "bias": B4}
    y, h = one_unit("IntersectionRNN", w, 0.5, -0.4)
    assert y == pytest.approx(s(G4) * 0.5 + (1 - s(G4)) * 0.2)
    assert h == pytest.approx(s(O4) * -0.4 + (1 - s(O4)) * th(-0.8))
    y, _ = one_unit("IntersectionRNN", w | {"skip_kernel": 3}, 0.5, -0.4)
    assert y == pytest.approx(s(G4) * 1.5 + (1 - s(G4)) * 0.2)


# --- what holds for every oracle --------------------------------------------------------------


@pytest.mark.parametrize("cell", ORACLES)
def test_masked_steps_are_as_if_not_there(draw, cell):
    w, x = weights(draw, cell), draw(BATCH, TIME, D)
    mask = np.array([[0, 1, 1, 0, 1, 0], [1, 1, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0]], bool)
    spoiled = np.where(mask[..., None], x, np.nan)
    for reverse in (False, True):
        got = run(ORACLES[cell], w, spoiled, zeros(cell), mask, reverse)
        walked = mask[:, ::-1] if reverse else mask
        for row in range(BATCH - 1):
            alone = x[row : row + 1, mask[row]]
            short = run(ORACLES[cell], w, alone, [v[:1] for v in zeros(cell)], reverse=reverse)
            close(got["outputs"][row, walked[row]], short["outputs"][0])
            close(got["outputs"][row, -1], short["outputs"][0, -1])
            for mine, other in zip(got["states"], short["states"]):
                close(mine[row], other[0])
        assert not got["outputs"][-1].any() and not any(v[-1].any() for v in got["states"])
        repeated = ~walked[0, 1:]
        close(got["outputs"][0, 1:][repeated], got["outputs"][0, :-1][repeated], 0)


@pytest.mark.parametrize("cell", ORACLES)
def test_missing_bias_is_zero_and_reverse_is_a_flip(draw, cell):
    w, x = weights(draw, cell), draw(BATCH, TIME, D)
    w["bias"] = np.zeros_like(w["bias"])
    bare = {name: value for name, value in w.items() if name != "bias"}
    same(run(ORACLES[cell], w, x, zeros(cell)), run(ORACLES[cell], bare, x, zeros(cell)))
    backwards = run(ORACLES[cell], w, x, zeros(cell), reverse=True)
    same(run(ORACLES[cell], w, x[:, ::-1], zeros(cell)), backwards)


def test_full_peephole_with_diagonal_matrices_is_the_diagonal_one(draw):
    w, x = weights(draw, "PeepholeLSTM"), draw(BATCH, TIME, D)
    states = [draw(BATCH, U), draw(BATCH, U)]
    full = {name: value for name, value in w.items() if "peephole" not in name}
    full["peephole_kernel"] = np.hstack([np.diag(w[f"peephole_{gate}"]) for gate in "ifo"])
    for step in (oracles.peephole_lstm, options.peephole_lstm):
        same(run(step, w, x, states), run(step, full, x, states, peephole="full"))
    full["peephole_kernel"] = draw(U, 3 * U)
    same(
        run(oracles.peephole_lstm, full, x, states, peephole="full"),
        run(options.peephole_lstm, full, x, states, peephole="full"),
    )
    moved = full["peephole_kernel"].reshape(U, 3, U)[:, 0]  # what i sees: row = unit of c looked at
    W, R, b = (oracles.blocks(w, n, 4) for n in ("kernel", "recurrent_kernel", "bias"))
    i = s(x[:, 0] @ W[0] + states[0] @ R[0] + b[0] + np.einsum("bc,cu->bu", states[1], moved))
    only_i = full | {"peephole_kernel": full["peephole_kernel"] * np.repeat([1, 0, 0], U)}
    _, (_, c) = oracles.peephole_lstm(only_i, x[:, 0], states, peephole="full")
    f = s(x[:, 0] @ W[1] + states[0] @ R[1] + b[1])
    close(c, f * states[1] + i * np.tanh(x[:, 0] @ W[2] + states[0] @ R[2] + b[2]))


# --- third parties ------------------------------------------------------------------------------


def by_torch(module, x, *states):
    torch = pytest.importorskip("torch")
    with torch.no_grad():
        states = tuple(torch.tensor(v[None]) for v in states)
        y, new = module(torch.tensor(x), states if len(states) > 1 else states[0])
    new = new if isinstance(new, tuple) else (new,)
    return {"outputs": y.numpy(), "states": [v[0].numpy() for v in new]}


def load(module, w, order):
    """Put our weights in a module of torch's layout; `order` is our block at each of its places."""
    torch = pytest.importorskip("torch")
    bias = np.atleast_2d(w["bias"])
    values = {
        "weight_ih": np.concatenate(
            [oracles.blocks(w, "kernel", len(order))[i] for i in order], 1
        ).T,
        "weight_hh": np.concatenate(
            [oracles.blocks(w, "recurrent_kernel", len(order))[i] for i in order], 1
        ).T,
        "bias_ih": np.concatenate([np.split(bias[0], len(order))[i] for i in order]),
        "bias_hh": np.concatenate([np.split(bias[-1], len(order))[i] for i in order]),
    }
    if len(bias) == 1:
        values["bias_hh"] = np.zeros_like(values["bias_hh"])
    with torch.no_grad():
        for name, value in values.items():
            getattr(module, f"{name}_l0").copy_(torch.tensor(value))
    return module.double()


@pytest.mark.parametrize(
    "cell, torch_name, order, own, torch_own",
    [
        ("LSTM", "LSTM", (0, 1, 2, 3), {}, {}),
        ("GRU", "GRU", (1, 0, 2), {}, {}),
        ("SimpleRNN", "RNN", (0,), {}, {}),
        ("SimpleRNN", "RNN", (0,), {"activation": oracles.relu}, {"nonlinearity": "relu"}),
    ],
)
def test_torch_nn(draw, cell, torch_name, order, own, torch_own):
    torch = pytest.importorskip("torch")
    w, x = weights(draw, cell), draw(BATCH, TIME, D)
    states = [draw(BATCH, U) for _ in STATES[cell]]
    module = getattr(torch.nn, torch_name)(D, U, batch_first=True, dtype=torch.float64, **torch_own)
    same(run(ORACLES[cell], w, x, states, **own), by_torch(load(module, w, order), x, *states))


def test_torch_nn_projection(draw):
    torch = pytest.importorskip("torch")
    w, x = weights(draw, "LSTM", rows=P), draw(BATCH, TIME, D)
    w["projection_kernel"] = draw(U, P)
    states = [draw(BATCH, P), draw(BATCH, U)]
    module = torch.nn.LSTM(D, U, batch_first=True, proj_size=P, dtype=torch.float64)
    with torch.no_grad():
        module.weight_hr_l0.copy_(torch.tensor(w["projection_kernel"].T))
    same(run(options.lstm, w, x, states), by_torch(load(module, w, range(4)), x, *states))


def test_torch_layer_norm(draw):
    torch = pytest.importorskip("torch")
    a, gain, shift = draw(BATCH, U), draw(U), draw(U)
    tensors = [torch.tensor(v) for v in (gain, shift)]
    expected = torch.nn.functional.layer_norm(torch.tensor(a), (U,), *tensors, eps=1e-5)
    close(options.normalise(a, gain, shift), expected.numpy())


def test_tensorflow_addons_peephole():
    data = np.load(TFA / "PeepholeLSTMCell.npz")
    names = ("kernel", "recurrent_kernel", "bias", "peephole_i", "peephole_f", "peephole_o")
    stored = sorted(key for key in data.files if key.startswith("weight_"))
    w = dict(zip(names, (data[key] for key in stored), strict=True))
    zero = np.zeros_like(data["state_0"])
    got = run(oracles.peephole_lstm, w, data["x"], [zero, zero])
    theirs = {"outputs": data["y"], "states": [data["state_0"], data["state_1"]]}
    same(got, theirs, tolerance=2e-6)  # theirs is float32


# --- options ------------------------------------------------------------------------------------

CASES = [
    ("LSTM", {}),
    ("PeepholeLSTM", {}),
    ("GRU", {"reset_after": True}),
    ("GRU", {"reset_after": False}),
]


@pytest.fixture(params=CASES, ids=lambda case: case[0] + "".join(map(str, case[1].values())))
def case(request, draw):
    """(step, weights, x, states, own) of a cell, and the plain result."""
    cell, own = request.param
    w, x = weights(draw, cell), draw(BATCH, TIME, D)
    if own.get("reset_after") is False:
        w["bias"] = w["bias"][0]
    states = [draw(BATCH, U) for _ in STATES[cell]]
    plain = run(ORACLES[cell], w, x, states, **own)
    return options.OPTION_ORACLES[cell], w, x, states, own, plain


def gates_of(w):
    return w["kernel"].shape[1] // U


def test_no_option_is_the_plain_cell(case):
    step, w, x, states, own, plain = case
    same(run(step, w, x, states, **own), plain)


@pytest.mark.parametrize("count", [None, 1, 2, 3])
def test_diagonal_and_block_are_dense_with_zeros(case, draw, count):
    step, w, x, states, own, _ = case
    k, n = gates_of(w), U // (count or U)
    small = draw(count or U, n, k * n)
    dense = np.zeros((U, k, U))
    for j in range(count or U):
        at = slice(j * n, (j + 1) * n)
        dense[at, :, at] = small[j].reshape(n, k, n)
    expected = run(step, w | {"recurrent_kernel": dense.reshape(U, k * U)}, x, states, **own)
    if count is None:
        option = {"recurrence": "diagonal"}
        small = small[:, 0, :].T.reshape(k * U)
    else:
        option = {"recurrence": "block"}
    same(run(step, w | {"recurrent_kernel": small}, x, states, **option, **own), expected)


def test_multiplicative(case, draw):
    step, w, x, states, own, plain = case
    k = gates_of(w)
    w = w | {
        "integration_alpha": np.zeros(k * U),
        "integration_beta_x": np.ones(k * U),
        "integration_beta_h": np.ones(k * U),
    }
    same(run(step, w, x, states, integration="multiplicative", **own), plain)
    w["integration_alpha"] = draw(k * U)
    assert np.ptp(run(step, w, x, states, integration="multiplicative", **own)["outputs"]) > 0
    # with alpha and beta_x zero nothing of the input is left
    w["integration_alpha"] = w["integration_beta_x"] = np.zeros(k * U)
    blind = run(step, w, x, states, integration="multiplicative", **own)
    same(run(step, w, 0 * x, states, integration="multiplicative", **own), blind)


def test_multiplicative_by_hand():
    w = {"kernel": [[2.0, 0, 0, 0]], "recurrent_kernel": [[3.0, 0, 0, 0]]}
    w |= {"integration_alpha": [0.5], "integration_beta_x": [0.7], "integration_beta_h": [0.9]}
    w = {k: np.array(v) for k, v in w.items()}
    got = options.integrate(w, np.array([2.0]), np.array([3.0]), 0, 1, "multiplicative")
    assert got == pytest.approx(0.5 * 6 + 0.7 * 2 + 0.9 * 3)
    # GRU, reset after: r scales the recurrent part together with its own bias, b_n is not scaled
    w = {"kernel": [[0.0, 0, 2]], "recurrent_kernel": [[0.0, 0, 3]]}
    w |= {f"integration_{n}": [0.0, 0, v] for n, v in zip(("alpha", "beta_x", "beta_h"), (1, 2, 3))}
    w["bias"] = [[0.0, 0, 0.1], [0, 0, 0.4]]
    w = {k: np.array(v) for k, v in w.items()}
    state = [np.array([[0.2]])]
    y, _ = options.gru(w, np.array([[0.05]]), state, integration="multiplicative")
    n = th(0.1 * 0.5 + 2 * 0.1 + 3 * 0.5 + 0.1)  # xW = 0.1, r * (0.6 + 0.4) = 0.5
    assert y.item() == pytest.approx(0.5 * 0.2 + 0.5 * n)


def normed(w, draw):
    k = gates_of(w)
    w = w | {name: draw(k * U) for name in ("input_norm_gain", "recurrent_norm_gain")}
    return w | {"cell_norm_gain": draw(U), "cell_norm_shift": draw(U)}


def test_layer_norm_undoes_scale_of_each_gate_part(case, draw):
    step, w, x, states, own, plain = case
    k, w = gates_of(w), normed(w, draw)
    x, states = np.clip(x, 0.3, None), [np.abs(v) + 0.3 for v in states]  # variance >> epsilon
    kernel = w["kernel"] * np.repeat(np.arange(1, k + 1) * 1e3, U)
    big = {"kernel": kernel, "recurrent_kernel": w["recurrent_kernel"] * 1e3}
    unit = {"kernel": w["kernel"] * 1e3, "recurrent_kernel": w["recurrent_kernel"] * 2e3}
    a, b = (run(step, w | v, x[:, :1], states, layer_norm=True, **own) for v in (big, unit))
    same(a, b, tolerance=1e-6)  # a gate's factor goes away, so each gate has its own statistics
    assert np.abs(a["outputs"] - plain["outputs"][:, :1]).max() > 1e-2


def test_layer_norm_carries_the_raw_c(draw):
    w, x = weights(draw, "LSTM"), draw(BATCH, D)
    w, states = normed(w, draw), [draw(BATCH, U), draw(BATCH, U)]
    h, (_, c) = options.lstm(w, x, states, layer_norm=True)
    W, R = np.split(w["kernel"], 4, 1), np.split(w["recurrent_kernel"], 4, 1)
    gains = np.split(w["input_norm_gain"], 4), np.split(w["recurrent_norm_gain"], 4)
    b = np.split(w["bias"], 4)

    def a(g):
        parts = [(x @ W[g], gains[0][g]), (states[0] @ R[g], gains[1][g])]
        return b[g] + sum(
            (v - v.mean(1, keepdims=True)) / np.sqrt(v.var(1, keepdims=True) + 1e-5) * gain
            for v, gain in parts
        )

    close(c, s(a(1)) * states[1] + s(a(0)) * np.tanh(a(2)))
    seen = (c - c.mean(1, keepdims=True)) / np.sqrt(c.var(1, keepdims=True) + 1e-5)
    close(h, s(a(3)) * np.tanh(seen * w["cell_norm_gain"] + w["cell_norm_shift"]))


def test_projection_of_a_gru_is_a_factor_of_its_recurrent_kernel(case, draw):
    step, w, x, states, own, _ = case
    if step is not options.gru:
        pytest.skip("an LSTM carries the projected h: see test_torch_nn_projection")
    low, projection = draw(P, 3 * U), draw(U, P)
    expected = run(step, w | {"recurrent_kernel": projection @ low}, x, states, **own)
    got = run(
        step, w | {"recurrent_kernel": low, "projection_kernel": projection}, x, states, **own
    )
    close(got["outputs"], expected["outputs"] @ projection)
    close(got["states"][0], expected["states"][0])


def test_cell_clip(case):
    step, w, x, states, own, plain = case
    if step is options.gru:
        pytest.skip("no c")
    same(run(step, w, x, states, cell_clip=1e3), plain)
    h, (_, c) = step(w, x[:, 0], states, cell_clip=0.1)
    raw = step(w, x[:, 0], states)[1][1]
    close(c, np.clip(raw, -0.1, 0.1))
    W, R, b = (oracles.blocks(w, n, 4)[3] for n in ("kernel", "recurrent_kernel", "bias"))
    o = s(x[:, 0] @ W + states[0] @ R + b + c * w.get("peephole_o", 0.0))
    close(h, o * np.tanh(c))


def test_recurrent_dropout(case, draw):
    step, w, x, states, own, plain = case
    mask = np.array([0.0, 2.0] * (U // 2)) * np.ones((BATCH, U))
    same(run(step, w, x, states, recurrent_mask=np.ones((BATCH, U)), **own), plain)
    got = run(step, w, x, states, recurrent_mask=mask, **own)
    scaled = w["recurrent_kernel"] * mask[0][:, None]  # the same as a mask on its rows
    same(got, run(step, w | {"recurrent_kernel": scaled}, x, states, **own))


def test_zoneout(case):
    step, w, x, states, own, plain = case
    names = ("h", "c")[: len(states)]
    zoned = options.zoneout(step, names)
    same(run(zoned, w, x, states, **own), plain)
    kept = run(zoned, w, x, states, rates=dict.fromkeys(names, 1.0), **own)
    for mine, start in zip(kept["states"], states):
        close(mine, start)
    first, new = step(w, x[:, 0], states, **own)
    close(kept["outputs"][:, 0], first)  # the output is that of the new states
    rates = {"h": 0.05, "c": 0.5}
    output, mixed = zoned(w, x[:, 0], states, rates=rates, **own)
    close(output, first)
    for name, mine, old, fresh in zip(names, mixed, states, new):
        close(mine, rates[name] * old + (1 - rates[name]) * fresh)
    keep = (np.random.default_rng(1).random((TIME, BATCH, U)) < 0.5) * 1.0
    got = run(zoned, w, x, states, per_step={"keep_h": keep}, **own)
    now = states
    for t in range(TIME):
        output, new = step(w, x[:, t], now, **own)
        close(got["outputs"][:, t], output)
        now = [np.where(keep[t] == 1, now[0], new[0]), *new[1:]]
    same({"outputs": 0, "states": got["states"]}, {"outputs": 0, "states": now})
