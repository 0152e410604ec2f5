"""What is asked of a trained `Seq2Seq`: texts by beam search, and how likely given texts are."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from keras import ops

from keras_rnnzoo.base.options import positive_int
from keras_rnnzoo.datasets.text import FIRST_WORD
from keras_rnnzoo.datasets.translation_text import END, cut, joined
from keras_rnnzoo.models.seq2seq_search import beam_search


@dataclass(frozen=True)
class Generated:
    """A text that a model wrote.

    Args:
        text: of the tokens, without the end.
        score: log probability of the tokens over the length penalty.
        log_probability: of the tokens, the end included.
        tokens: strings, the end included where it was reached.
        source: the tokens that were read, their end included.
        attention: float (tokens, source), or `None` without attention.
    """

    text: str
    score: float
    log_probability: float
    tokens: tuple
    source: tuple
    attention: np.ndarray | None


class Generates:
    """What `Seq2Seq` knows about generating."""

    def _hide_views(self):
        # Views hold this model, so Keras must not find them in it.
        object.__setattr__(self, "_views", {})

    def generate(self, texts, beam=1, length_penalty=0.6, n_best=1, max_length=None, batch_size=64):
        """The most probable texts by beam search; greedy with `beam=1`.

        Arguments:
            texts: a list of strings, or one string.
            beam: how many beginnings are followed.
            length_penalty: α of Wu et al. 2016, arXiv:1609.08144: log P is divided by
                ((5 + length) / 6)^α. 0 for none.
            n_best: how many texts to give for each; at most `beam`.
            max_length: in tokens; that of the model if `None`.
            batch_size: texts that are decoded together.

        Returns:
            For each text its best `Generated`, or with `n_best` a list of them; for one string the
            list of its `n_best`.

        Raises:
            TypeError: something else than texts. ValueError: numbers that cannot be.
        """
        if isinstance(texts, str):
            return self._search([texts], beam, length_penalty, n_best, max_length, 1)[0]
        if not isinstance(texts, Iterable) or isinstance(texts, bytes):
            raise TypeError(f"`texts` must be strings. Received: texts={texts!r}")
        texts = list(texts)
        found = self._search(texts, beam, length_penalty, n_best, max_length, batch_size)
        return [best[0] for best in found] if n_best == 1 else found

    def _search(self, texts, beam, alpha, n_best, max_length, batch_size):
        beam, n_best = positive_int("beam", beam), positive_int("n_best", n_best)
        if n_best > beam:
            raise ValueError(
                f"`n_best` texts are taken from `beam` of them. Received: n_best={n_best}, "
                f"beam={beam}"
            )
        if isinstance(alpha, bool) or not isinstance(alpha, (int, float)) or alpha < 0:
            raise ValueError(
                f"`length_penalty` must be a number from 0. Received: length_penalty={alpha!r}"
            )
        limit = self.max_length if max_length is None else positive_int("max_length", max_length)
        batch_size = min(positive_int("batch_size", batch_size), max(len(texts), 1))
        ids = [self.encode_source(text) for text in texts]
        order = sorted(range(len(texts)), key=lambda k: len(ids[k]))
        found = [None] * len(texts)
        for low in range(0, len(order), batch_size):
            rows = order[low : low + batch_size]
            # few shapes: full batches, and lengths that are powers of two
            places = max(8, 1 << (max(len(ids[row]) for row in rows) - 1).bit_length())
            source = np.zeros((batch_size, places), "int32")
            for place, row in enumerate(rows):
                source[place, : len(ids[row])] = ids[row]
            for row, best in zip(rows, self._search_batch(source, beam, limit, alpha)):
                found[row] = [self._told(texts[row], one) for one in best[:n_best]]
        return found

    def _search_batch(self, source, beam, limit, alpha):
        if not self.built:
            self.build()

        def many(x):
            return np.repeat(np.asarray(x), beam, axis=0)

        start = self._view("encoded").predict_on_batch({"source": source})
        prepared = {n: ops.convert_to_tensor(many(x)) for n, x in start["prepared"].items()}
        view = self._view("step", choices=min(beam + 1, self.target_vocabulary.size - 3))

        def step(tokens, states):
            given = {"tokens": tokens, "states": states}
            found = view.predict_on_batch({**given, "prepared": prepared} if prepared else given)
            return found["log_p"], found["ids"], found.get("weights"), found["states"]

        states = [many(state) for state in start["states"]]
        return beam_search(step, states, len(source), beam, limit, alpha)

    def _told(self, text, found):
        words = [self.target_vocabulary.words[k - FIRST_WORD] for k in found.tokens]
        source = (*cut(text, self.tokens), END)
        weights = None if found.weights is None else found.weights[:, : len(source)]
        ended = words[:-1] if words[-1] == END else words
        return Generated(
            joined(ended, self.tokens), found.score, found.log_probability, tuple(words), source,
            weights,
        )  # fmt: skip

    def perplexity(self, sources, targets, batch_size=64):
        """exp of the mean - log P of a token, its end included, the tokens before being given.

        Arguments:
            sources, targets: lists of strings.
        """
        batches = self.batches(sources, targets, batch_size=batch_size, shuffle=False)
        return self.perplexity_of(batches)

    def perplexity_of(self, batches):
        """As `perplexity`, of `TranslationBatches`."""
        view, total, count = self._view("losses_of"), 0.0, 0
        for k in range(batches.num_batches):
            inputs, labels, weights = batches[k]
            losses = view.predict_on_batch({**inputs, "labels": labels})
            total, count = total + float(np.sum(losses, dtype="float64")), count + weights.sum()
        return float(np.exp(min(total / count, 700.0)))
