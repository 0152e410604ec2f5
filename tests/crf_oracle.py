"""What a linear-chain CRF is, by brute force: every path is listed. NumPy in float64 alone.

    score(y) = s[y_1] + Σ_t e_t[y_t] + Σ_t A[y_(t-1), y_t] + b[y_T]

over the valid steps of a row. Paths with a forbidden start, transition or end are not listed. A row
without valid steps has one path, the empty one, of score zero.
"""

import itertools
from typing import NamedTuple

import numpy as np


class Weights(NamedTuple):
    """Scores of the layer, and what is allowed."""

    transition: np.ndarray
    start: np.ndarray
    end: np.ndarray
    allowed: dict

    @classmethod
    def make(cls, transition, start, end, allowed=None):
        """Everything is allowed that `allowed` does not name."""
        parts = {"transition": transition, "start": start, "end": end}
        parts = {name: np.asarray(x, "float64") for name, x in parts.items()}
        free = {name: np.ones(x.shape, bool) for name, x in parts.items()}
        return cls(**parts, allowed={**free, **(allowed or {})})


class Row:
    """All paths of one row: `paths (paths, valid steps)` and their `scores`."""

    def __init__(self, emissions, mask, weights):
        emissions = np.asarray(emissions, "float64")
        self.size, self.steps = emissions.shape[1], np.flatnonzero(mask)
        self.length, self.time = len(self.steps), len(mask)
        listed = list(itertools.product(range(self.size), repeat=self.length))
        self.paths = np.array(listed, "int64").reshape(len(listed), self.length)
        self.scores = np.zeros(len(listed))
        if self.length:
            self._score(emissions[self.steps], weights)

    def _score(self, emissions, weights):
        y, allowed = self.paths, weights.allowed
        possible = allowed["start"][y[:, 0]] & allowed["end"][y[:, -1]]
        score = weights.start[y[:, 0]] + weights.end[y[:, -1]]
        for t in range(self.length):
            score = score + emissions[t, y[:, t]]
            possible &= emissions[t, y[:, t]] > -1e29
            if t:
                score = score + weights.transition[y[:, t - 1], y[:, t]]
                possible &= allowed["transition"][y[:, t - 1], y[:, t]]
        self.paths, self.scores = y[possible], score[possible]

    @property
    def log_z(self):
        return log_sum(self.scores)

    @property
    def p(self):
        return np.exp(self.scores - self.log_z)

    def entropy(self):
        return -np.sum(self.p * (self.scores - self.log_z))

    def n_best(self, n):
        """`(paths over all time, scores)`; zeros where masked, fewer than `n` if there are."""
        order = np.argsort(-self.scores, kind="stable")[:n]
        full = np.zeros((len(order), self.time), "int64")
        full[:, self.steps] = self.paths[order]
        return full, self.scores[order]

    def marginals(self):
        found = np.zeros((self.time, self.size))
        for k, t in enumerate(self.steps):
            np.add.at(found[t], self.paths[:, k], self.p)
        return found

    def log_likelihood(self, tags):
        """Of all paths that agree with `tags`, negative ones unknown."""
        tags = np.asarray(tags)[self.steps]
        agrees = ((tags < 0) | (self.paths == tags)).all(1)
        return log_sum(self.scores[agrees]) - self.log_z

    def score_of(self, path):
        """The score of one path over all time; -∞ where it is forbidden."""
        same = (self.paths == np.asarray(path)[self.steps]).all(1)
        return self.scores[same][0] if same.any() else -np.inf


def log_sum(scores):
    if not len(scores):
        return -np.inf
    return scores.max() + np.log(np.exp(scores - scores.max()).sum())


def rows(scores, mask, weights):
    """A `Row` for each row of a batch."""
    return [Row(e, m, weights) for e, m in zip(scores, mask)]


def long_rows(scores, mask, weights):
    """log Z, marginals of the valid steps and entropy of each row by recursion, all tags allowed.

    H = H(y_1) + Σ_t H(y_t | y_(t-1)), of which each summand is small however long the row is.
    """
    for emissions, valid in zip(np.asarray(scores, "float64"), mask):
        alpha, beta = [], []
        for e in emissions[valid]:
            paths = alpha[-1][:, None] + weights.transition if alpha else weights.start[None]
            alpha.append(e + np.logaddexp.reduce(paths, axis=0))
        for e in emissions[valid][::-1]:
            paths = weights.transition + beta[-1] if beta else weights.end[:, None]
            beta.append(e + np.logaddexp.reduce(paths, axis=1))
        beta = beta[::-1]
        log_z = np.logaddexp.reduce(alpha[-1] + weights.end)
        single = [np.exp(a + b - e - log_z) for a, b, e in zip(alpha, beta, emissions[valid])]
        pairs = [
            np.exp(a[:, None] + weights.transition + b - log_z) for a, b in zip(alpha, beta[1:])
        ]
        entropy = _plogp(single[0])
        entropy += sum(_plogp(pair) - _plogp(before) for pair, before in zip(pairs, single))
        yield log_z, np.array(single), entropy


def _plogp(p):
    return -np.sum(p * np.log(np.maximum(p, 1e-300)))
