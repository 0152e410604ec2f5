"""The gated oracles against hand-computed steps and identities. No Keras here."""

import numpy as np
import oracle_cases as cases
import oracles
import oracles_gated as gated
import pytest
from oracle_cases import C, H, expect, s, th, unit, weights
from oracles import run


def test_every_oracle_has_a_case_and_a_name_of_its_own():
    """Of this family, and over all families as the registry of cells is one."""
    assert {case.cell for case in cases.cases_of(gated)} == set(gated.ORACLES)
    assert set(gated.STATES) == set(gated.ORACLES) and len(gated.ORACLES) == 10
    names = [name for family in (oracles, *cases.FAMILIES) for name in family.ORACLES]
    assert len(set(names)) == len(names)
    assert len(cases.ORACLES) == 33


@pytest.mark.parametrize(("case", "promise"), cases.promises(gated))
def test_promises(case, promise):
    promise(case)


# --- steps computed by hand: x = 0.5, h' = -0.4 (c' = 0.8), every product written out ----------


def test_one_unit_ugrnn():
    c, g = th(0.3 - 0.2 + 0.1), s(-0.4 - 0.6 + 0.2)
    h = g * H + (1 - g) * c
    expect(unit("UGRNN", [H], weights(2, 2, 2)), h, h)


def test_one_unit_minimal_rnn():
    z = th(0.3 + 0.2)
    u = s(-0.4 * 0.5 + z * 1.7 + 0.1)
    h = u * H + (1 - u) * z
    w = weights(1, 1, 1) | {"latent_kernel": [[1.7]], "latent_bias": [0.2]}
    expect(unit("MinimalRNN", [H], w), h, h)


def test_one_unit_light_ru():
    n, f = th(0.3 + 0.1), s(-0.4 - 0.2 + 0.2)
    h = (1 - f) * H + f * n
    expect(unit("LightRU", [H], weights(2, 1, 2)), h, h)


def test_one_unit_ran():
    i, f = s(-0.4 - 0.2 + 0.1), s(0.5 - 0.6 + 0.2)
    c = i * 0.3 + f * C
    expect(unit("RAN", [H, C], weights(3, 2, 2)), th(c), th(c), c)
    expect(unit("RAN", [H, C], weights(3, 2, 2), activation=lambda c: c), c, c, c)


def test_one_unit_atr():
    p, q = 0.3 + 0.1, -0.2 + 0.2
    h = s(p + q) * p + s(p - q) * H
    expect(unit("ATR", [H], weights(1, 1, 1) | {"bias": [[0.1], [0.2]]}), h, h)
    q = -0.2 - 0.5
    h = s(p + q) * p + s(p - q) * H
    expect(unit("ATR", [H], weights(1, 1, 1) | {"bias": [[0.1], [-0.5]]}), h, h)


def test_one_unit_cfn():
    theta, eta = s(0.3 - 0.2 + 0.1), s(-0.4 - 0.6 + 0.2)
    h = theta * th(H) + eta * th(0.5)
    expect(unit("CFN", [H], weights(3, 2, 2)), h, h)


def test_one_unit_star():
    z, k = th(0.3 + 0.1), s(-0.4 - 0.2 + 0.2)
    h = th((1 - k) * H + k * z)
    expect(unit("STAR", [H], weights(2, 1, 2)), h, h)


def test_one_unit_mut1():
    z, r = s(0.3 + 0.1), s(-0.4 - 0.2 + 0.2)
    h = th(r * H * 1.5 + th(0.5) - 0.3) * z + H * (1 - z)
    expect(unit("MUT1", [H], weights(3, 2, 3)), h, h)


def test_one_unit_mut2_and_mut3():
    r = s(-0.4 - 0.6 + 0.2)
    for cell, seen in (("MUT2", H), ("MUT3", th(H))):
        z = s(0.3 + seen * 0.5 + 0.1)
        h = th(r * H * -0.5 + 0.5 - 0.3) * z + H * (1 - z)
        expect(unit(cell, [H], weights(3, 3, 3)), h, h)


# --- identities ---------------------------------------------------------------------------------


def test_mut2_is_a_gru_whose_z_is_turned_round():
    """The GRU that resets before the product, with the weights of z negated."""
    draw = cases.drawer(7)
    w, x = cases.filled(draw, cases.shapes(3, 3, 3)), draw(cases.BATCH, cases.TIME, cases.D)
    states = [draw(cases.BATCH, cases.N)]
    turned = {name: value * np.repeat([-1.0, 1.0, 1.0], cases.N) for name, value in w.items()}
    expected = run(oracles.gru, turned, x, states, reset_after=False)
    cases.same(run(gated.mut2, w, x, states), expected)
