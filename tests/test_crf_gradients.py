"""Gradients of the CRF: finite differences, what is barred, long rows, and PyTorch's own kernel."""

import keras
import numpy as np
import pytest
from crf_cases import (
    BATCH,
    MASK,
    NAMES,
    TAGS,
    TIME,
    Likelihood,
    negative_log_likelihood,
    random_crf,
    random_scores,
)
from crf_oracle import Weights, rows
from gradients import check_against_differences, differentiable, float64, gradients
from helpers import BACKEND, close, numpy
from keras import ops

from keras_rnnzoo.crf import chain as chains
from keras_rnnzoo.kernels import chain as definition
from keras_rnnzoo.kernels import reference

only_torch = pytest.mark.skipif(BACKEND != "torch", reason="the chain of PyTorch is its own")


def random_weights(rng):
    return Weights.make(*(rng.normal(size=s) for s in ((TAGS, TAGS), (TAGS,), (TAGS,))))


@pytest.mark.parametrize("known", [True, False], ids=["known", "partly known"])
def test_against_finite_differences(known, rng):
    """log p, entropy and log Z by scores and by all weights, in float64, with every kind of row."""
    scores = random_scores(rng, dtype="float64")
    target = rng.integers(0 if known else -2, TAGS, (BATCH, TIME))
    with float64():
        layer = Likelihood(random_weights(rng), target)
        check_against_differences(layer, scores, [], MASK)


def test_float64_scores_are_computed_in_float64(rng):
    with float64():
        crf, weights = random_crf(rng)
        scores = random_scores(rng, dtype="float64")
        expected = [row.log_z for row in rows(scores, MASK, weights)]
        found = crf.log_partition(ops.convert_to_tensor(scores, "float64"), MASK)
        close(numpy(found), expected, 1e-12)


def layer_gradients(crf, scores, tags, mask):
    """Gradients of the loss of `tags` by `"x"`, and by name of the weight."""
    got = gradients(crf, scores, mask=mask, loss=lambda y: negative_log_likelihood(y, tags))
    names = [v.name for v in crf.trainable_variables]
    return {"value": got["value"], "x": got["x"], **dict(zip(names, got["weights"]))}


def test_what_is_barred_gets_no_gradient(rng):
    """Neither forbidden transitions, starts and ends nor scores of -1e30; all are finite."""
    crf, _ = random_crf(rng, tags=NAMES["IOBES"], scheme="IOBES")
    scores = random_scores(rng)
    tags = np.array([[1, 2, 3, 0], [0, 4, 0, -1], [0] * 4, [1, 2, 2, 3]], "int32")
    mask = np.ones((BATCH, TIME), bool)
    scores[0, :, 4], scores[1, 2, 1:] = -1e30, -np.inf
    got = layer_gradients(crf, scores, tags, mask)
    assert np.isfinite(got["value"])
    assert all(np.isfinite(g).all() for g in got.values())
    assert not got["x"][0, :, 4].any() and not got["x"][1, 2, 1:].any()
    for name in ("transition", "start", "end"):
        allowed = crf.allowed_tables[name]
        assert not got[name][~allowed].any(), name
        assert np.abs(got[name][allowed]).max() > 1e-3, name


def test_a_forbidden_target_hands_no_gradient_on(rng):
    """Its likelihood is -∞, and the other rows still learn."""
    crf, _ = random_crf(rng, tags=NAMES["IOBES"], scheme="IOBES")
    scores = random_scores(rng)
    tags = np.array([[2, 2, 2, 2], [1, 3, 0, 0], [0] * 4, [0] * 4], "int32")
    got = layer_gradients(crf, scores, tags, np.ones((BATCH, TIME), bool))
    assert got["value"] == np.inf and not got["x"][0].any()
    assert np.isfinite(got["x"]).all() and all(got["x"][b].any() for b in (1, 2, 3))
    assert np.isfinite(got["transition"]).all()


def test_masked_steps_hand_no_gradient_on(rng):
    """Whatever stands there, in the scores or in the targets."""
    crf, _ = random_crf(rng)
    clean = random_scores(rng)
    tags = np.where(MASK, rng.integers(-1, TAGS, (BATCH, TIME)), 999).astype("int32")
    compute = differentiable(crf, MASK, lambda y: negative_log_likelihood(y, tags))
    weights = [numpy(v) for v in crf.trainable_variables]
    expected = compute(weights, [clean])
    for garbage in (1e30, np.inf, np.nan):
        got = compute(weights, [np.where(MASK[..., None], clean, np.float32(garbage))])
        assert not got["x"][~MASK].any()
        close([got["value"], got["x"], *got["weights"]],
              [expected["value"], expected["x"], *expected["weights"]], 1e-6)  # fmt: skip


def test_two_thousand_steps_have_finite_gradients(rng):
    """The gradient of log Z is the marginals, whose sum is one at every valid step."""
    crf, _ = random_crf(rng, 3.0)
    mask = np.ones((2, 2000), bool)
    mask[1] = rng.random(2000) < 0.6
    scores = random_scores(rng, 5.0, shape=(2, 2000, TAGS))
    tags = rng.integers(0, TAGS, mask.shape).astype("int32")
    got = layer_gradients(crf, scores, tags, mask)
    assert all(np.isfinite(g).all() for g in got.values())
    chosen = np.take_along_axis(got["x"], tags[..., None], -1)[..., 0]
    marginals = got["x"] + (tags[..., None] == np.arange(TAGS)) * mask[..., None]
    close(marginals.sum(-1), mask, 1e-4)
    assert (-1 - 1e-4 <= chosen).all() and (chosen <= 1e-4).all()
    close(got["transition"].sum() / mask.sum(), 0.0, 1e-4)


# PyTorch's own kernel is the definition --------------------------------------------------------

KINDS = {"plain": 1.0, "far apart": 60.0, "x1000": 1000.0}


def torch_case(rng, scale, dtype="float32", barred=False):
    weights = (scale * w for w in random_weights(rng)[:3])
    scores, *weights = (np.asarray(w, dtype) for w in (random_scores(rng, scale), *weights))
    if barred:
        weights[0][0, 1:], weights[1][2], scores[:, :, 3] = -1e30, -1e30, -1e30
    return [ops.convert_to_tensor(x) for x in (scores, *weights)]


MASKS = {"masked": MASK, "whole": np.ones_like(MASK)}


@only_torch
@pytest.mark.parametrize("barred", [False, True], ids=["free", "barred"])
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("scale", KINDS)
def test_torch_sums_are_the_definition(scale, mask, barred, rng):
    import torch

    from keras_rnnzoo.kernels import torch_chain

    mask = torch.tensor(MASKS[mask])
    scores, transition, start, _ = torch_case(rng, KINDS[scale], barred=barred)
    first, leaves = chains._first(mask), [scores, transition, start]
    leaves = [x.requires_grad_() for x in leaves]
    weight = torch.tensor(random_scores(rng)) * mask[..., None]
    found = []
    for sums in (torch_chain.sums, lambda *a: definition.recur(reference.walk, ops.logsumexp, *a)):
        alpha = sums(*leaves, mask, first)
        # a barred tag's sum is as low as it may be, not a number to be compared
        loss = (torch.where(alpha > -1e29, alpha, 0.0) * weight).sum()
        found.append([alpha[mask].detach(), *torch.autograd.grad(loss, leaves)])
    for got, expected in zip(*found):
        close(got, expected, 2e-5)


@only_torch
@pytest.mark.parametrize("scale", KINDS)
def test_torch_maxima_and_trace_are_the_definition(scale, rng):
    import torch

    from keras_rnnzoo.kernels import torch_chain

    scores, transition, start, end = torch_case(rng, KINDS[scale])
    noise = torch.tensor(rng.gumbel(size=(BATCH, TIME, 3, TAGS)).astype("float32"))
    for mask in map(torch.tensor, MASKS.values()):
        chain = chains.Chain(scores, transition, start, end, mask)
        got = torch_chain.maxima(scores, transition, start, mask, chain.first)
        expected = definition.recur(
            reference.walk, ops.max, scores, transition, start, mask, chain.first
        )
        close(got[mask], expected[mask], 1e-6)
        for draws in (None, noise):
            rest = (got, transition, end, mask, chain.last, draws)
            paths = [torch_chain.trace(*rest), definition.trace(reference.walk, *rest)]
            paths = [torch.where(mask[:, None], path, 0) for path in paths]
            close(*paths, 0)


@only_torch
@pytest.mark.parametrize("scale", [1.0, 60.0])
def test_torch_sums_twice_differentiable(scale, rng):
    import torch

    from keras_rnnzoo.kernels import torch_chain

    leaves = [x[:3] if x.ndim == 3 else x for x in torch_case(rng, scale, "float64")[:3]]
    leaves = [x.requires_grad_() for x in leaves]
    mask = torch.tensor(MASK[[0, 1, 3]])
    first = chains._first(mask)

    def log_z(*leaves):
        return torch.logsumexp(torch_chain.sums(*leaves, mask, first)[:, -1], -1)

    assert torch.autograd.gradcheck(log_z, leaves)
    assert torch.autograd.gradgradcheck(log_z, leaves, atol=1e-4)


@only_torch
def test_second_derivatives_stay_finite_in_single_precision(rng):
    """Where sums come out just large enough for the fast path."""
    import torch

    scores, transition, start, end = torch_case(rng, 1.0)
    transition[:] = 0.0
    for gap in (30.0, 40.0, 46.0, 60.0):
        scores[:, :, 0], transition[0, 1] = gap, -gap
        leaf = scores.clone().requires_grad_()
        chain = chains.Chain(leaf, transition, start, end, torch.ones(BATCH, TIME).bool())
        (g,) = torch.autograd.grad(chains.log_partition(chain).sum(), leaf, create_graph=True)
        (h,) = torch.autograd.grad((g * torch.tensor(random_scores(rng))).sum(), leaf)
        assert torch.isfinite(g).all() and torch.isfinite(h).all()


@only_torch
def test_definition_serves_other_backends(rng, monkeypatch):
    """A backend without kernels computes everything by the definition."""
    from keras_rnnzoo import kernels

    crf, weights = random_crf(rng)
    scores, tags = random_scores(rng), rng.integers(-1, TAGS, (BATCH, TIME)).astype("int32")
    monkeypatch.setattr(kernels, "_kernels", reference)
    listed = rows(scores, MASK, weights)
    close(
        crf.log_likelihood(scores, tags, MASK), [r.log_likelihood(y) for r, y in zip(listed, tags)]
    )
    close(crf.decode(scores, MASK)[1], [row.n_best(1)[1][0] for row in listed])
    assert keras.ops.shape(crf.sample(scores, 2, MASK)) == (BATCH, 2, TIME)
