"""Weights, cases and starts of the oracles of each family, and what is promised of all of them.

Also one step of one unit, which the tests compute by hand, and the recorded numbers of
tensorflow-addons. No Keras here; every case and every test draws from a generator of its own.
"""

import math
import pathlib
from typing import NamedTuple

import numpy as np
import oracles_gated as gated
import oracles_leaky as leaky
import oracles_linear as linear
import oracles_lstm as lstm
import pytest
from oracles import run

TFA = pathlib.Path(__file__).parent / "fixtures" / "tfa"
BATCH, TIME, D, N = 3, 5, 4, 6
FAMILIES = (gated, lstm, leaky, linear)
ORACLES = {name: step for family in FAMILIES for name, step in family.ORACLES.items()}
STATES = {name: states for family in FAMILIES for name, states in family.STATES.items()}


def drawer(seed):
    """A function that draws normal numbers of a shape; a text is a seed as well."""
    rng = np.random.default_rng(list(seed.encode()) if isinstance(seed, str) else seed)
    return lambda *shape: rng.normal(size=shape) * 0.6


def close(a, b, tolerance=1e-12):
    np.testing.assert_allclose(a, b, rtol=0, atol=tolerance)


def same(a, b, tolerance=1e-12):
    """What two runs gave is equal, outputs and states."""
    close(a["outputs"], b["outputs"], tolerance)
    for mine, other in zip(a["states"], b["states"], strict=True):
        close(mine, other, tolerance)


def without(w, *names):
    return {name: value for name, value in w.items() if name not in names}


# --- weights and cases --------------------------------------------------------------------------


def shapes(kernel, recurrent, bias, **more):
    """Shapes of weights, by how many gates lie side by side in each; 0 leaves it out."""
    found = {"kernel": (D, kernel * N), "recurrent_kernel": (N, recurrent * N), "bias": (bias * N,)}
    return {name: shape for name, shape in found.items() if shape[-1]} | more


def filled(draw, shapes):
    """Weights drawn where `shapes` holds a shape, and as they stand where it holds an array."""
    return {k: draw(*v) if isinstance(v, tuple) else np.array(v) for k, v in shapes.items()}


NORMS = {f"{p}_norm_{k}": (4 * N,) for p in ("input", "recurrent") for k in ("gain", "shift")}
NORMS |= {"cell_norm_gain": (N,), "cell_norm_shift": (N,)}
PHASES = {"period": np.linspace(2.0, 9.0, N), "phase": (N,), "ratio_on": np.full(N, 0.4)}
LAYER_2 = {"recurrent_kernel_2": (N, 3 * N), "bias_2": (3 * N,)}
LRU = {"nu": (N,), "theta": (N,), "gamma": (N,), "output_kernel": (2 * N, N)}


class Case(NamedTuple):
    """A cell with the shapes of its weights and its own options."""

    cell: str
    shapes: dict
    own: dict = {}

    def __str__(self):
        return "-".join([self.cell, *(f"{name}={value}" for name, value in self.own.items())])

    def problem(self):
        """Oracle, weights, inputs and random states, the same in each call."""
        draw = drawer(str(self))
        w, x = filled(draw, self.shapes), draw(BATCH, TIME, D)
        if self.cell == "PhasedLSTM":  # its first column is a time, which grows
            x[..., 0] = np.cumsum(np.abs(x[..., 0]), axis=1)
        names = STATES[self.cell][: 1 if self.own.get("window") == 1 else None]
        before = (BATCH, self.own.get("window", 2) - 1, D)
        states = [draw(*before) if name == "x" else draw(BATCH, N) for name in names]
        if self.cell == "SLSTM":
            states[2] = np.abs(states[2]) + 0.5  # a normaliser is positive
        return ORACLES[self.cell], w, x, states


CASES = [
    Case("UGRNN", shapes(2, 2, 2)),
    Case("MinimalRNN", shapes(1, 1, 1, latent_kernel=(N, N), latent_bias=(N,))),
    Case("LightRU", shapes(2, 1, 2)),
    Case("RAN", shapes(3, 2, 2)),
    Case("ATR", shapes(1, 1, 1) | {"bias": (2, N)}),
    Case("CFN", shapes(3, 2, 2)),
    Case("STAR", shapes(2, 1, 2)),
    Case("MUT1", shapes(3, 2, 3)),
    Case("MUT2", shapes(3, 3, 3)),
    Case("MUT3", shapes(3, 3, 3)),
    Case("JANET", shapes(2, 2, 2)),
    Case("MultiplicativeLSTM", shapes(5, 5, 4)),
    Case("LayerNormLSTM", shapes(4, 4, 4, **NORMS)),
    Case("LayerNormLSTM", shapes(4, 4, 4, **NORMS), {"norm": "tfa"}),
    Case("NAS", shapes(8, 8, 8)),
    Case("WMCLSTM", shapes(4, 4, 4, memory_kernel=(N, 3 * N), memory_bias=(3 * N,))),
    Case("SLSTM", shapes(4, 4, 4)),
    Case("SLSTM", shapes(4, 4, 4) | {"recurrent_kernel": (2, 3, 12)}, {"forget": "exponential"}),
    Case("IndRNN", shapes(1, 0, 1, recurrent_kernel=(N,))),
    Case("AntisymmetricRNN", shapes(1, 1, 1)),
    Case("AntisymmetricRNN", shapes(2, 1, 2), {"gated": True}),
    Case("FastRNN", shapes(1, 1, 1, alpha=np.array([-3.0]), beta=np.array(3.0))),
    Case("FastGRNN", shapes(1, 1, 2, zeta=np.array([1.0]), nu=np.array(-4.0))),
    Case("CoRNN", shapes(1, 1, 1, velocity_kernel=(N, N))),
    Case("LEM", shapes(4, 4, 4)),
    Case("RHN", shapes(2, 2, 2), {"depth": 1}),
    Case("RHN", shapes(3, 3, 3, **LAYER_2), {"depth": 2, "coupled": False}),
    Case("PhasedLSTM", shapes(4, 4, 4, **PHASES) | {"kernel": (D - 1, 4 * N)}),
    Case("ESN", shapes(1, 1, 1), {"leaky": 0.7}),
    Case("MinLSTM", shapes(3, 0, 3)),
    Case("MinLSTM", shapes(3, 0, 3), {"candidate": "linear"}),
    Case("MinLSTM", shapes(3, 0, 3), {"candidate": "signed"}),
    Case("LRU", shapes(2, 0, 0, **LRU, skip_kernel=(D, N))),
    Case("RGLRU", shapes(2, 0, 2, decay=(N,), skip_kernel=(D, N))),
    Case("SRU", shapes(3, 0, 2, recurrent_kernel=(2 * N,), skip_kernel=(D, N))),
    Case("QRNN", shapes(3, 0, 3, window_kernel=(1, D, 3 * N))),
    Case("QRNN", shapes(2, 0, 2, window_kernel=(2, D, 2 * N)), {"pooling": "f", "window": 3}),
    Case("QRNN", shapes(4, 0, 4), {"pooling": "ifo", "window": 1}),
    Case("TRNN", shapes(2, 0, 1)),
    Case("TGRU", shapes(3, 0, 3, window_kernel=(1, D, 3 * N))),
    Case("TLSTM", shapes(3, 0, 3, window_kernel=(1, D, 3 * N))),
]


# --- what is promised of every cell -------------------------------------------------------------


def zeros(states):
    return [np.zeros_like(v) for v in states]


def keeps_its_shapes(case):
    """Outputs and states are real, finite and of their shapes; the arguments are left alone."""
    step, w, x, random = case.problem()
    for states in (zeros(random), random):
        kept = [v.copy() for v in (x, *states, *w.values())]
        got = run(step, w, x, states, **case.own)
        assert got["outputs"].shape == (BATCH, TIME, N)
        assert [v.shape for v in got["states"]] == [v.shape for v in states]
        for value in (got["outputs"], *got["states"]):
            assert np.isrealobj(value) and np.isfinite(value).all()
        for before, after in zip(kept, (x, *states, *w.values()), strict=True):
            np.testing.assert_array_equal(before, after)


def halves_are_the_whole(case):
    """The states are all that a cell carries from one step to the next."""
    step, w, x, random = case.problem()
    for states in (zeros(random), random):
        whole = run(step, w, x, states, **case.own)
        first = run(step, w, x[:, :2], states, **case.own)
        second = run(step, w, x[:, 2:], first["states"], **case.own)
        close(first["outputs"], whole["outputs"][:, :2])
        same(second, {"outputs": whole["outputs"][:, 2:], "states": whole["states"]})


def a_masked_step_is_none(case):
    """A masked step changes no state, and a row without a valid step keeps its start."""
    step, w, x, random = case.problem()
    mask = np.array([[1, 0, 1, 1, 0], [0] * TIME, [0, 1, 1, 0, 1]], bool)
    for states in (zeros(random), random):
        got = run(step, w, x, states, mask, **case.own)
        for row in (0, 2):
            start = [v[row : row + 1] for v in states]
            alone = run(step, w, x[row : row + 1, mask[row]], start, **case.own)
            close(got["outputs"][row, mask[row]], alone["outputs"][0])
            for mine, other in zip(got["states"], alone["states"], strict=True):
                close(mine[row], other[0])
        for mine, start in zip(got["states"], states, strict=True):
            close(mine[1], start[1])


def biases(w):
    return [name for name in w if name.endswith("bias") or "bias_" in name]


def a_missing_bias_is_zero(case):
    """Without its biases a cell computes what it does with zeros in their place."""
    step, w, x, states = case.problem()
    explicit = w | {name: np.zeros_like(w[name]) for name in biases(w)}
    bare = run(step, without(w, *biases(w)), x, states, **case.own)
    same(bare, run(step, explicit, x, states, **case.own))


def nudged(value, where):
    return np.where(where, 1.3 * value + 0.05, value)


def every_gate_acts(case):
    """Each block of each weight changes the outputs."""
    step, w, x, states = case.problem()
    plain = run(step, w, x, states, **case.own)["outputs"]
    for name, value in w.items():
        block = np.arange(value.shape[-1] if value.ndim else 1) // N
        for k in np.unique(block):
            moved = w | {name: nudged(value, block == k)}
            gap = np.abs(run(step, moved, x, states, **case.own)["outputs"] - plain).max()
            assert gap > 1e-9, f"block {k} of {name} changes nothing"


def of_unit(value, unit=2):
    """Where the last axis belongs to a unit; nowhere if it is not an axis of units."""
    size = value.shape[-1] if value.ndim else 1
    return (np.arange(size) % N == unit) & (size % N == 0)


def a_unit_acts_through_its_row_alone(case):
    """With its rows of the recurrent matrices at zero, no other unit sees what belongs to it."""
    step, w, x, states = case.problem()
    rows = [name for name, value in w.items() if value.ndim == 2 and len(value) % N == 0]
    cut = w | {name: w[name] * ~of_unit(w[name].T)[:, None] for name in rows}

    def gaps(w):
        """How much each unit's outputs change when all that belongs to one unit does."""
        moved = {name: nudged(value, of_unit(value)) for name, value in w.items()}
        start = [nudged(value, of_unit(value)) for value in states]
        a, b = run(step, w, x, states, **case.own), run(step, moved, x, start, **case.own)
        return np.abs(a["outputs"] - b["outputs"]).max(axis=(0, 1))

    others = ~of_unit(states[0])
    close(gaps(cut)[others], 0.0)
    assert gaps(cut)[~others] > 1e-3
    assert not rows or gaps(w)[others].min() > 1e-9, "the rows of that unit reach nobody"


def cases_of(family):
    return [case for case in CASES if case.cell in family.ORACLES]


def promises(family):
    """Each case of a family with each promise that says something about it."""
    found = []
    for case in cases_of(family):
        checks = [keeps_its_shapes, halves_are_the_whole, a_masked_step_is_none, every_gate_acts]
        if biases(case.shapes):
            checks.append(a_missing_bias_is_zero)
        # not where units meet otherwise: in a normalisation, in U - U', in a head of their own
        if case.cell not in ("LayerNormLSTM", "AntisymmetricRNN") and "forget" not in case.own:
            checks.append(a_unit_acts_through_its_row_alone)
        found += [pytest.param(case, check, id=f"{case}-{check.__name__}") for check in checks]
    return found


# --- one step of one unit: x = 0.5, first state -0.4, second state 0.8 ---------------------------

X, H, C = 0.5, -0.4, 0.8
W8 = [0.6, -0.8, 1.0, 0.4, -0.3, 0.7, 1.2, -0.5]
U8 = [0.5, 1.5, -0.5, 2.0, 0.9, -1.1, 0.3, 0.8]
B8 = [0.1, 0.2, -0.3, 0.4, 0.05, -0.15, 0.25, -0.35]
PRE = [X * w + H * u + b for w, u, b in zip(W8, U8, B8)]
th = math.tanh


def s(a):
    return 1.0 / (1.0 + math.exp(-a))


def weights(kernel, recurrent, bias):
    """The first so many numbers of W8, U8 and B8, as the weights of one unit and one feature."""
    w = {"kernel": [W8[:kernel]], "bias": B8[:bias]}
    return w | ({"recurrent_kernel": [U8[:recurrent]]} if recurrent else {})


def unit(cell, states, w, x=(X,), **own):
    """One step of a cell with one unit on plain numbers: output, then the new states."""
    w = {name: np.array(value, float) for name, value in w.items()}
    y, new = ORACLES[cell](w, np.array([x]), [np.array([[v]]) for v in states], **own)
    return [y.item(), *(v.item() for v in new)]


def expect(got, *values):
    close(got, values, 1e-13)


# --- tensorflow-addons --------------------------------------------------------------------------


def recorded(name):
    """What tensorflow-addons computed in float32: arrays by name, and the weights in its order."""
    with np.load(TFA / f"{name}.npz") as file:
        data = dict(file)
    return data, [data[key].astype("float64") for key in sorted(data) if key.startswith("weight_")]
