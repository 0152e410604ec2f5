"""The CRF beside two other packages: pytorch-crf, run here, and tensorflow-addons, from a file."""

import pathlib

import numpy as np
import pytest
from crf_cases import negative_log_likelihood, random_crf, random_scores, weights_of
from crf_oracle import rows
from gradients import gradients
from helpers import close, numpy
from running import on_one_backend

from keras_rnnzoo import CRF

pytestmark = on_one_backend

FIXTURE = pathlib.Path(__file__).parent / "fixtures" / "tfa" / "crf.npz"
LENGTHS = np.array([7, 3, 1, 5])


@pytest.mark.oracle
def test_pytorch_crf(rng):
    """Likelihood, best paths and all gradients; it wants rows padded on the right, none empty."""
    torchcrf = pytest.importorskip("torchcrf")
    import torch

    time, tags = int(LENGTHS.max()), 4
    crf, weights = random_crf(rng, tags=tags)
    scores = random_scores(rng, 2.0, shape=(len(LENGTHS), time, tags))
    mask = np.arange(time) < LENGTHS[:, None]
    target = rng.integers(0, tags, mask.shape)

    other = torchcrf.CRF(tags, batch_first=True)
    with torch.no_grad():
        for name in ("transition", "start", "end"):
            plural = "transitions" if name == "transition" else f"{name}_transitions"
            getattr(other, plural).copy_(torch.tensor(getattr(weights, name)))
    leaf = torch.tensor(scores, requires_grad=True)
    arguments = torch.tensor(target), torch.tensor(mask)
    expected = other(leaf, *arguments, reduction="none")
    close(crf.log_likelihood(scores, target, lengths=LENGTHS), expected.detach())

    decoded = numpy(crf.decode(scores, mask)[0])
    for got, length, path in zip(decoded, LENGTHS, other.decode(leaf, arguments[1])):
        assert got[:length].tolist() == path and not got[length:].any()

    by_torch = torch.autograd.grad(-expected.sum(), [leaf, *other.parameters()])
    by_name = dict(zip(["x", *(name for name, _ in other.named_parameters())], by_torch))
    got = gradients(crf, scores, mask=mask, loss=lambda y: negative_log_likelihood(y, target))
    close(got["x"], by_name["x"])
    for variable, gradient in zip(crf.trainable_variables, got["weights"]):
        (same,) = (g for name, g in by_name.items() if name.startswith(variable.name))
        close(gradient, same, 2e-5)


def test_tensorflow_addons():
    """Likelihoods and best paths of a file; that package knows no start and end scores."""
    with np.load(FIXTURE) as file:
        data = dict(file)
    size = data["transitions"].shape[0]
    crf = CRF(size)
    crf.build((None, None, size))
    for weight in (crf.start, crf.end):
        weight.assign(np.zeros(size))
    crf.transition.assign(data["transitions"])
    lengths = data["lengths"]
    assert sorted(lengths) == [1, 5, 7, 9]
    got = crf.log_likelihood(data["scores"], data["tags"], lengths=lengths)
    close(got, data["log_likelihood"])
    tags, score = crf.decode(data["scores"], lengths=lengths)
    close(score, data["best_score"])
    valid = np.arange(tags.shape[1]) < lengths[:, None]
    close(numpy(tags)[valid], data["best"][valid], 0)
    assert not numpy(tags)[~valid].any()


def test_tensorflow_addons_and_all_paths():
    """The oracle of these tests agrees with the file too, in every row that it can list."""
    with np.load(FIXTURE) as file:
        data = dict(file)
    size = data["transitions"].shape[0]
    crf = CRF(size)
    crf.build((None, None, size))
    crf.set_weights([data["transitions"], np.zeros(size), np.zeros(size)])
    short = data["lengths"] < 8
    valid = np.arange(data["scores"].shape[1]) < data["lengths"][:, None]
    listed = rows(data["scores"][short], valid[short], weights_of(crf))
    close(
        [row.log_likelihood(tags) for row, tags in zip(listed, data["tags"][short])],
        data["log_likelihood"][short],
    )
    close([row.n_best(1)[1][0] for row in listed], data["best_score"][short])
