"""The algorithms of a linear-chain CRF, as functions of its scores.

With e_t the scores of step t and A, s, b the transition, start and end scores, a path y scores

    score(y) = s[y_1] + Σ_t e_t[y_t] + Σ_t A[y_(t-1), y_t] + b[y_T]

over the valid steps of its row, wherever they lie: a masked step is as if it were not there. A row
without any valid step has one path, the empty one, of score 0.

`FORBIDDEN` stands for -∞: its exponential is exactly zero, and unlike -∞ it has finite gradients.
"""

from typing import Any, NamedTuple

from keras import ops

from keras_rnnzoo import kernels

FORBIDDEN = -1e30


class Chain(NamedTuple):
    """Scores of a batch of sequences: (batch, time, tags), (tags, tags), (tags,), (tags,)."""

    scores: Any
    transition: Any
    start: Any
    end: Any
    mask: Any  # (batch, time) bool

    @property
    def first(self):
        """The first valid step of each row: (batch, time) bool."""
        return _first(self.mask)

    @property
    def last(self):
        """The last valid step of each row: (batch, time) bool."""
        return ops.flip(_first(ops.flip(self.mask, axis=1)), axis=1)

    @property
    def empty(self):
        """Rows without a valid step: (batch,) bool."""
        return ops.logical_not(ops.any(self.mask, axis=1))

    def centred(self):
        """Every step shifted so that its scores are log-probabilities: the same distribution.

        The sums over long sequences then stay small, and so do their rounding errors.
        """
        return self._replace(scores=self.scores - self.shift)

    @property
    def shift(self):
        """By how much `centred` lowers each step: (batch, time, 1), a constant to gradients."""
        shift = ops.stop_gradient(ops.logsumexp(self.scores, axis=-1, keepdims=True))
        return ops.where(possible(shift), shift, ops.zeros_like(shift))

    def reversed(self):
        """The same paths read from the end."""
        scores, mask = ops.flip(self.scores, axis=1), ops.flip(self.mask, axis=1)
        return Chain(scores, ops.transpose(self.transition), self.end, self.start, mask)


def mean(chains):
    """The chain whose scores are the means of those of all `chains`, which share a mask."""
    if len(chains) == 1:
        return chains[0]
    parts = [sum(part) / len(chains) for part in zip(*(chain[:4] for chain in chains))]
    return Chain(*parts, chains[0].mask)


def _first(mask):
    rank = ops.cumsum(ops.cast(mask, "int32"), axis=1)
    return ops.logical_and(mask, rank == 1)


def possible(score):
    """Whether a score is that of a path that no constraint forbids."""
    return score > FORBIDDEN / 2


# Sums over all paths ---------------------------------------------------------------------------


def forward(chain, in_branch=False):
    """α_t[j] = e_t[j] + log Σ_i exp(α_(t-1)[i] + A[i, j]), with s in place of the sum at first.

    A masked step repeats the step before it. Shape (batch, time, tags).
    """
    given = chain.scores, chain.transition, chain.start, chain.mask, chain.first
    return kernels.chain_sums(*given, in_branch=in_branch)


def backward(chain):
    """β_t[i] = e_t[i] + log Σ_j exp(A[i, j] + β_(t+1)[j]), e_t included, with b at last."""
    return ops.flip(forward(chain.reversed()), axis=1)


def log_partition(chain):
    """log Z = log Σ_y exp(score(y)), shape (batch,)."""
    shift = chain.shift
    centred = chain._replace(scores=chain.scores - shift)
    shift = ops.where(chain.mask, shift[..., 0], ops.zeros_like(shift[..., 0]))
    return _log_z(centred) + ops.sum(shift, axis=1)


def _log_z(chain, alpha=None):
    alpha = forward(chain) if alpha is None else alpha
    total = ops.logsumexp(alpha[:, -1] + chain.end, axis=-1)
    return ops.where(chain.empty, ops.zeros_like(total), total)


def marginals(chain):
    """p(y_t = j) = exp(α_t[j] + β_t[j] - e_t[j] - log Z), zero where masked.

    The exponents of each step have log Z as their log Σ exp, which is taken there: what rounding
    adds to all of them over a long sequence is then no part of p.
    """
    chain = chain.centred()
    p = ops.softmax(forward(chain) + backward(chain) - chain.scores, axis=-1)
    return ops.where(chain.mask[..., None], p, ops.zeros_like(p))


def entropy(chain):
    """H = H(y_1) + Σ_t H(y_t | y_(t-1)) in nats, shape (batch,).

    Equal to log Z - E[score(y)], of which both are large where H is small; log Z is taken as in
    `marginals`.
    """
    chain = chain.centred()
    alpha, beta = forward(chain), backward(chain)
    opening = ops.log_softmax(chain.start + beta, axis=-1)
    opening = ops.sum(ops.exp(opening) * opening, axis=-1)
    # log p(y_(t-1) = i, y_t = j) for every valid step but the first, and log p(y_t = j | i)
    onward = chain.transition + beta[:, 1:, None, :]
    pair = alpha[:, :-1, :, None] + onward
    pair = pair - ops.logsumexp(pair, axis=(2, 3), keepdims=True)
    linked = ops.logical_and(chain.mask, ops.logical_not(chain.first))[:, 1:]
    pair = ops.where(linked[..., None, None], pair, FORBIDDEN * ops.ones_like(pair))
    turns = ops.sum(ops.exp(pair) * ops.log_softmax(onward, axis=-1), axis=(1, 2, 3))
    opening = ops.where(chain.first, opening, ops.zeros_like(opening))
    return -(ops.sum(opening, axis=1) + turns)


def path_score(chain, tags):
    """score(y) of given paths, tags (batch, time) int, shape (batch,)."""
    n = chain.scores.shape[-1]
    before = kernels.forward_fill(tags[..., None], chain.mask)[..., 0]
    before = ops.concatenate([tags[:, :1], before[:, :-1]], axis=1)
    first, last = chain.first, chain.last
    emitted = ops.take_along_axis(chain.scores, tags[..., None], axis=-1)[..., 0]
    linked = ops.take(ops.reshape(chain.transition, (-1,)), before * n + tags)
    linked = ops.where(first, ops.take(chain.start, tags), linked)
    ended = ops.where(last, ops.take(chain.end, tags), ops.zeros_like(emitted))
    total = emitted + linked + ended
    return ops.sum(ops.where(chain.mask, total, ops.zeros_like(total)), axis=1)


def constrained(chain, tags):
    """The chain in which only paths that agree with `tags` are left; negative tags are unknown."""
    each = ops.arange(chain.scores.shape[-1], dtype=tags.dtype)
    agrees = ops.logical_or(tags[..., None] < 0, tags[..., None] == each)
    barred = FORBIDDEN * ops.ones_like(chain.scores)
    return chain._replace(scores=ops.where(agrees, chain.scores, barred))


def log_likelihood(chain, tags):
    """log p(tags), or of all paths that agree with them where some are unknown; (batch,).

    A path that a constraint forbids has -∞, and hands no gradient on.
    """
    chain, size = chain.centred(), chain.scores.shape[-1]
    unknown = ops.logical_and(tags < 0, chain.mask)
    known = constrained(chain, tags)
    above = ops.cond(
        ops.any(unknown),
        lambda: _log_z(known, forward(known, in_branch=True)),
        lambda: path_score(chain, ops.clip(tags, 0, size - 1)),  # anything may be masked
    )
    given = ops.where(possible(above), above - _log_z(chain), -float("inf"))
    beyond = ops.logical_and(tags >= size, chain.mask)
    return ops.where(ops.any(beyond, axis=1), float("nan"), given)


# Best and random paths -------------------------------------------------------------------------


def viterbi(chain):
    """The best path: (batch, time) int32, zero where masked."""
    chain = chain.centred()
    best = kernels.chain_maxima(
        chain.scores, chain.transition, chain.start, chain.mask, chain.first
    )
    return trace(chain, best)[:, 0]


def trace(chain, sums, noise=None):
    """Walk back along the best predecessors: y_t = argmax_i (sums_t[i] + A[i, y_(t+1)]).

    With `sums` the forward sums and Gumbel `noise (batch, time, paths, tags)` each path is a draw
    from the distribution: argmax of scores plus Gumbel noise is a draw from their softmax.
    Shape (batch, paths, time), zero where masked.
    """
    sums = ops.stop_gradient(sums)
    chosen = kernels.chain_trace(sums, chain.transition, chain.end, chain.mask, chain.last, noise)
    return ops.where(chain.mask[:, None], chosen, ops.zeros_like(chosen))
