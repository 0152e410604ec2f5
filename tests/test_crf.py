"""The CRF against all paths listed: values, decoding, samples, masks, long and extreme inputs."""

import crf_oracle
import keras
import numpy as np
import pytest
from crf_cases import (
    BATCH,
    MASK,
    NAMES,
    TAGS,
    TIME,
    N,
    compiled,
    everything,
    random_crf,
    random_scores,
    weights_of,
)
from helpers import BACKEND, close, numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from keras import ops

from keras_rnnzoo import CRF
from keras_rnnzoo.crf import chain as chains

few = settings(max_examples=40 if BACKEND == "torch" else 15, deadline=None, derandomize=True)


def agree(found, scores, mask, tags, weights, scale=1.0):
    """Everything a CRF computes is what the oracle says, up to rounding of scores this large."""
    tolerance = 2e-6 * (1 + scale)
    for b, row in enumerate(crf_oracle.rows(scores, mask, weights)):
        got = {name: x[b] for name, x in found.items()}
        best = row.n_best(N)[1]
        close(got["log_partition"], row.log_z, tolerance)
        close(got["marginals"], row.marginals(), 10 * tolerance)
        close(got["entropy"], row.entropy(), 20 * tolerance)
        close(got["log_likelihood"], row.log_likelihood(tags[b]), 10 * tolerance)
        close(got["score"], best[0], tolerance)
        close(row.score_of(got["decoded"]), best[0], 10 * tolerance)
        close(got["n_best"][: len(best)], best, tolerance)
        # Paths nearly as good as one another may change places, so each is judged by its score.
        paths = got["paths"][: len(best)]
        close([row.score_of(path) for path in paths], best, 10 * tolerance)
        assert len({tuple(path) for path in paths.tolist()}) == len(best)
        assert (got["n_best"][len(best) :] == -np.inf).all()
        assert not got["paths"][len(best) :].any()
        assert not got["paths"][:, ~mask[b]].any() and not got["decoded"][~mask[b]].any()


@few
@given(data=st.data())
def test_any_chain_is_all_its_paths(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    scale = data.draw(st.sampled_from([0.1, 1.0, 7.0, 50.0]))
    mask = data.draw(arrays(bool, (BATCH, TIME)))
    scheme = data.draw(st.sampled_from([None, *NAMES]))
    options = {"tags": TAGS} if scheme is None else {"tags": NAMES[scheme], "scheme": scheme}
    if data.draw(st.booleans()):
        tables = {"transition": (TAGS, TAGS), "start": (TAGS,), "end": (TAGS,)}
        options["allowed"] = {k: rng.random(shape) < 0.8 for k, shape in tables.items()}
        for table in options["allowed"].values():
            table[..., 0] = True  # a path is left, of any length
    crf, weights = random_crf(rng, scale, **options)
    scores = random_scores(rng, scale)
    tags = rng.integers(-2 if data.draw(st.booleans()) else 0, TAGS, (BATCH, TIME))
    tags = tags.astype("int32")
    agree(everything(crf, scores, mask, tags), scores, mask, tags, weights, scale)


def test_methods_of_the_layer(rng):
    crf, weights = random_crf(rng, tags=NAMES["IOBES"], scheme="IOBES")
    scores = random_scores(rng)
    tags = np.array([[1, 2, 3, 0], [0, 4, 0, -1], [0, 0, 0, 0], [0, 0, 2, 0]], "int32")
    given = {"mask": MASK}
    decoded, score = crf.decode(scores, **given)
    paths, best = crf.decode_n_best(scores, N, **given)
    assert {keras.backend.standardize_dtype(x.dtype) for x in (decoded, paths)} == {"int32"}
    likelihood = crf.log_likelihood(scores, tags, **given)
    assert numpy(likelihood)[3] == -np.inf  # I alone is no path
    found = {
        "decoded": decoded,
        "score": score,
        "paths": paths,
        "n_best": best,
        "log_likelihood": likelihood,
        "log_partition": crf.log_partition(scores, **given),
        "marginals": crf.marginals(scores, **given),
        "entropy": crf.entropy(scores, **given),
    }
    agree({name: numpy(x) for name, x in found.items()}, scores, MASK, tags, weights)
    close(crf(scores, mask=MASK), decoded, 0)
    # no mask at all, lengths in its place, lengths within a mask
    close(crf.log_partition(scores), crf.log_partition(scores, mask=np.ones_like(MASK)), 0)
    lengths = np.array([4, 2, 0, 1])
    by_mask = np.arange(TIME) < lengths[:, None]
    close(crf(scores, lengths=lengths), crf(scores, mask=by_mask), 0)
    close(crf.log_partition(scores, lengths=list(lengths)), crf.log_partition(scores, by_mask), 0)
    close(crf.log_partition(scores, MASK, lengths), crf.log_partition(scores, by_mask & MASK), 1e-6)


def test_marginal_decoder_takes_the_best_tag_of_each_step(rng):
    crf, weights = random_crf(rng, 0.5, decoder="marginal")
    scores = random_scores(rng, 0.5)
    tags = numpy(crf(scores, mask=MASK))
    for got, mask, row in zip(tags, MASK, crf_oracle.rows(scores, MASK, weights)):
        assert (got[mask] == row.marginals().argmax(-1)[mask]).all() and not got[~mask].any()


def test_samples_are_draws_from_the_distribution(rng):
    draws = 4000
    crf, weights = random_crf(rng, 0.7, tags=NAMES["IOB2"], scheme="IOB2")
    scores = random_scores(rng)
    paths = numpy(crf.sample(scores, draws, mask=MASK, seed=3))
    assert paths.shape == (BATCH, draws, TIME) and paths.dtype == "int32"
    assert not paths[:, :, ~MASK.any(0)].any()
    for b, row in enumerate(crf_oracle.rows(scores, MASK, weights)):
        known = {tuple(y): p for y, p in zip(row.paths.tolist(), row.p)}
        drawn, counts = np.unique(paths[b][:, MASK[b]], axis=0, return_counts=True)
        assert {tuple(y) for y in drawn.tolist()} <= known.keys()  # nothing illegal
        p = np.array([known[tuple(y)] for y in drawn.tolist()])
        assert (np.abs(counts - draws * p) <= 5 * np.sqrt(draws * p * (1 - p)) + 1).all()
        shares = (paths[b][..., None] == np.arange(TAGS)).mean(0) * MASK[b][:, None]
        expected = row.marginals()
        spread = np.sqrt(expected * (1 - expected) / draws)
        assert (np.abs(shares - expected) <= 5 * spread + 1e-12).all()
    close(crf.sample(scores, draws, mask=MASK, seed=3), paths, 0)


# What stands in masked steps, and where they lie ----------------------------------------------


@pytest.mark.parametrize("garbage", [0.0, 1e6, -1e30, np.inf, np.nan])
def test_masked_steps_are_as_if_they_were_not_there(garbage, rng):
    crf, weights = random_crf(rng)
    short = random_scores(rng, shape=(BATCH, 2, TAGS))
    wanted = rng.integers(0, TAGS, (BATCH, 2))
    # valid steps: on the left, on the right, in the middle, at both ends
    places = np.array([[0, 1], [2, 3], [1, 2], [0, 3]])
    scores = np.full((BATCH, TIME, TAGS), garbage, "float32")
    tags, mask = np.full((BATCH, TIME), 999, "int32"), np.zeros((BATCH, TIME), bool)
    for b, place in enumerate(places):
        scores[b, place], tags[b, place], mask[b, place] = short[b], wanted[b], True
    found = everything(crf, scores, mask, tags)
    for b, row in enumerate(crf_oracle.rows(short, np.ones((BATCH, 2)), weights)):
        close(found["log_partition"][b], row.log_z)
        close(found["log_likelihood"][b], row.log_likelihood(wanted[b]))
        close(found["marginals"][b, places[b]], row.marginals())
        close(found["entropy"][b], row.entropy())
        close(found["paths"][b][:, places[b]], row.n_best(N)[0], 0)
        close(found["decoded"][b, places[b]], row.n_best(1)[0][0], 0)
    if garbage != garbage:
        close(crf.log_likelihood(scores, tags, mask=mask), found["log_likelihood"])


@pytest.mark.parametrize("time", [1, 2])
def test_short_sequences(time, rng):
    crf, weights = random_crf(rng)
    scores = random_scores(rng, shape=(BATCH, time, TAGS))
    mask = np.ones((BATCH, time), bool)
    mask[1] = False
    tags = rng.integers(-1, TAGS, (BATCH, time)).astype("int32")
    agree(everything(crf, scores, mask, tags), scores, mask, tags, weights)


# Long, large, small ----------------------------------------------------------------------------


INSIDE = chains.marginals, chains.entropy


def _of_long_rows(*chain):
    chain = chains.Chain(*chain)
    tags = chains.viterbi(chain)
    score = chains.path_score(chain, tags)
    likelihood = chains.log_likelihood(chain, tags)
    return tags, score, likelihood, *(f(chain) for f in (chains.log_partition, *INSIDE))


def test_two_thousand_steps(rng):
    """In single precision as exact as its numbers are, by a recursion in double precision."""
    crf, weights = random_crf(rng)
    mask, run = np.ones((2, 2000), bool), compiled(_of_long_rows)
    mask[1] = rng.random(2000) < 0.7
    for scale in (1.0, 20.0):
        scores = random_scores(rng, scale, shape=(2, 2000, TAGS))
        chain = crf.chain(ops.convert_to_tensor(scores), ops.convert_to_tensor(mask))
        tags, best, likelihood, log_z, marginals, entropy = numpy(list(run(*chain)))
        rows = list(crf_oracle.long_rows(scores, mask, weights))
        expected = [row[0] for row in rows]
        close(log_z, expected, 3e-6)
        close(entropy, [row[2] for row in rows], 2e-5)
        single = np.take_along_axis(scores.astype("float64"), tags[..., None], -1)[..., 0]
        for b, valid in enumerate(mask):
            y = tags[b][valid]
            score = single[b][valid].sum() + weights.transition[y[:-1], y[1:]].sum()
            score += weights.start[y[0]] + weights.end[y[-1]]
            close(best[b], score, 3e-6)
            # the difference of two large numbers
            assert abs(likelihood[b] - (score - expected[b])) < 2e-2
            np.testing.assert_allclose(marginals[b][valid], rows[b][1], rtol=0, atol=1e-4)
            spans = [(b, t, t + 1) for t in np.flatnonzero(valid)]
            chances = crf.span_probabilities(scores, tags, spans, mask=mask)
            taken = rows[b][1][np.arange(len(y)), y]
            np.testing.assert_allclose(chances, taken, rtol=0, atol=1e-4)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_scores_in_half_precision(dtype, rng):
    """They are computed in float32."""
    crf, weights = random_crf(rng)
    scores = ops.cast(random_scores(rng), dtype)
    exact = numpy(ops.cast(scores, "float32"))
    rows = crf_oracle.rows(exact, MASK, weights)
    got = crf.log_partition(scores, MASK)
    assert keras.backend.standardize_dtype(got.dtype) == "float32"
    close(got, [row.log_z for row in rows])
    close(crf.decode(scores, MASK)[1], [row.n_best(1)[1][0] for row in rows])


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_policies(policy, rng):
    crf, _ = random_crf(rng, dtype=policy)
    assert {w.dtype for w in crf.weights} == {"float32"}
    scores = random_scores(rng)
    plain = CRF(TAGS)
    plain.build((None, None, TAGS))
    plain.set_weights(crf.get_weights())
    close(crf(scores, mask=MASK), plain(scores, mask=MASK), 0)
    close(crf.log_partition(scores, MASK), plain.log_partition(scores, MASK), 0)


def test_scores_that_bar_tags(rng):
    """-1e30, and -∞, take a tag out of a step as a constraint would; a row may lose all paths."""
    crf, weights = random_crf(rng)
    mask = np.ones((BATCH, TIME), bool)
    tags = rng.integers(0, TAGS, (BATCH, TIME)).astype("int32")
    for barred in (-1e30, -np.inf):
        scores = random_scores(rng)
        scores[rng.random(scores.shape) < 0.3] = barred
        scores[:, :, 0] = 1.0
        agree(everything(crf, scores, mask, tags), scores, mask, tags, weights)
    scores[0, 1] = -1e30
    found = everything(crf, scores, mask, tags)
    assert found["log_likelihood"][0] == -np.inf
    assert all(np.isfinite(found[name]).all() for name in ("marginals", "entropy"))


def test_weights_far_apart(rng):
    """A transition a thousand times as large: what products of exponentials would lose."""
    crf, _ = random_crf(rng)
    weight = numpy(crf.transition)
    weight[0, 1], weight[2, 3] = 300.0, -400.0
    crf.transition.assign(weight)
    scores = random_scores(rng)
    tags = rng.integers(0, TAGS, (BATCH, TIME)).astype("int32")
    agree(everything(crf, scores, MASK, tags), scores, MASK, tags, weights_of(crf), 100.0)


def test_chain_says_where_rows_begin_and_end():
    chain = chains.Chain(*[None] * 4, ops.convert_to_tensor(MASK))
    first = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]]
    last = [[0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 1, 0]]
    close(chain.first, first, 0)
    close(chain.last, last, 0)
    close(chain.empty, [0, 0, 1, 0], 0)
