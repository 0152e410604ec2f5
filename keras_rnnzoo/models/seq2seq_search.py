"""Beam search: a step function that scores next tokens, and NumPy that keeps the books."""

from dataclasses import dataclass, field

import numpy as np

from keras_rnnzoo.datasets.translation_text import END_ID, START_ID


@dataclass
class Hypothesis:
    """A text that was found.

    Args:
        tokens: ids without the start, with the end if it was reached.
        log_probability: of these tokens.
        score: `log_probability` divided by the length penalty.
        weights: attention to the places of the source, float (tokens, places), or `None`.
    """

    tokens: list
    log_probability: float
    score: float
    weights: np.ndarray | None = field(default=None, repr=False)


def length_penalty(length, alpha):
    """((5 + length) / 6)^α, of Wu et al. 2016, arXiv:1609.08144: by what log P is divided."""
    return ((5.0 + length) / 6.0) ** alpha


def beam_search(step, states, rows, beam, max_length, alpha=0.6):
    """The best texts of several sentences at once.

    Each step keeps the `beam` most probable beginnings of each sentence. A beginning that ends
    among the best `beam` is finished and leaves; a sentence is done when `beam` texts are
    finished, or at `max_length`, where the beginnings that are left count as they are. With
    `beam=1` this is greedy search.

    Args:
        step: `(tokens (rows,), states) -> (log_probabilities (rows, choices), ids (rows, choices),
            weights (rows, places) or None, states)`, with rows = sentences x beam and the best
            beam + 1 choices, or all.
        states: list of arrays (sentences x beam, ...).
        rows: number of sentences.
        beam: beginnings of each.
        max_length: of a text in tokens, its end included.
        alpha: of `length_penalty`.

    Returns:
        For each sentence a list of `Hypothesis`, the best first.
    """
    books = _Books(rows, beam, alpha)
    for t in range(max_length):
        log_p, ids, weights, states = step(books.last.reshape(-1), states)
        parents = books.take(np.asarray(log_p), np.asarray(ids), weights, t)
        if books.done.all():
            break
        # beginnings moved: their states follow
        flat = (np.arange(rows)[:, None] * beam + parents).reshape(-1)
        if not np.array_equal(flat, np.arange(rows * beam)):
            states = [np.asarray(state)[flat] for state in states]
    books.close()
    return [sorted(found, key=lambda one: -one.score)[:beam] for found in books.finished]


class _Books:
    def __init__(self, rows, beam, alpha):
        self.beam, self.alpha = beam, alpha
        self.scores = np.full((rows, beam), -np.inf)
        self.scores[:, 0] = 0.0  # at the start all beginnings are the same one
        self.last = np.full((rows, beam), START_ID, "int32")
        self.tokens = np.zeros((rows, beam, 0), "int32")
        self.weights = None
        self.finished = [[] for _ in range(rows)]
        self.done = np.zeros(rows, bool)

    def take(self, log_p, ids, weights, t):
        """Go one step on; gives for each beginning that goes on the number of its parent."""
        rows, beam = self.scores.shape
        choices = log_p.shape[-1]
        log_p = np.asarray(log_p, "float64").reshape(rows, beam, choices)
        totals = (self.scores[..., None] + log_p).reshape(rows, -1)
        order = np.argsort(-totals, axis=1, kind="stable")[:, : 2 * beam]
        values = np.take_along_axis(totals, order, 1)
        parents, tokens = order // choices, np.take_along_axis(ids.reshape(rows, -1), order, 1)
        if weights is not None:
            self._note(np.asarray(weights).reshape(rows, beam, -1))
        ends = tokens == END_ID
        for row, place in zip(*np.nonzero(ends[:, :beam] & np.isfinite(values[:, :beam]))):
            if not self.done[row] and len(self.finished[row]) < beam:
                self._finish(row, parents[row, place], END_ID, values[row, place])
        # Texts that go on, the best first. Of 2 beam choices at most beam are ends.
        values = np.where(ends, -np.inf, values)
        keep = np.argsort(-values, axis=1, kind="stable")[:, :beam]
        found = np.take_along_axis(values, keep, 1)
        parents, tokens = (np.take_along_axis(x, keep, 1) for x in (parents, tokens))
        self._move(parents, tokens, found)
        enough = np.array([len(each) >= beam for each in self.finished])
        self.done |= enough | ~np.isfinite(found).any(axis=1)
        return parents

    def _note(self, weights):
        new = weights[:, :, None].astype("float32")
        self.weights = new if self.weights is None else np.concatenate([self.weights, new], 2)

    def _move(self, parents, tokens, values):
        def moved(x):
            return np.take_along_axis(x, parents.reshape(*parents.shape, *[1] * (x.ndim - 2)), 1)

        self.tokens = np.concatenate([moved(self.tokens), tokens[..., None]], axis=2)
        if self.weights is not None:
            self.weights = moved(self.weights)
        self.scores, self.last = values, tokens.astype("int32")

    def _finish(self, row, parent, token, value):
        tokens = self.tokens[row, parent].tolist() + ([] if token is None else [int(token)])
        weights = None if self.weights is None else self.weights[row, parent].copy()
        score = float(value) / length_penalty(len(tokens), self.alpha)
        self.finished[row].append(Hypothesis(tokens, float(value), score, weights))

    def close(self):
        """What has reached the greatest length counts as it is."""
        for row in np.nonzero(~self.done)[0]:
            for place in np.nonzero(np.isfinite(self.scores[row]))[0]:
                if len(self.finished[row]) < self.beam:
                    self._finish(row, place, None, self.scores[row, place])
