"""The n best paths of a chain, after the list Viterbi algorithm (Seshadri and Sundberg, 1994)."""

from keras import ops

from keras_rnnzoo import kernels
from keras_rnnzoo.crf.chain import FORBIDDEN, possible


def n_best(chain, n):
    """The `n` best distinct paths, best first.

    Every tag keeps the scores of the n best ways to reach it. The walk back finds the same order
    again, so no pointers are stored.

    Returns:
        `(paths (batch, n, time) int32, scores (batch, n))`; where a row has fewer paths the rest
        have score -∞ and zeros for tags.
    """
    tags = chain.scores.shape[-1]
    lists = _lists(chain, tags, n)
    final = lists[:, -1] + ops.repeat(chain.end, n)
    scores, places = ops.top_k(final, n)
    chosen = _trace(chain, lists, places, tags, n)
    single = ops.cast(ops.arange(n) == 0, "bool")[None]
    scores = ops.where(chain.empty[:, None] & single, ops.zeros_like(scores), scores)
    exists = possible(scores) & ops.logical_or(ops.logical_not(chain.empty[:, None]), single)
    paths = ops.transpose(ops.flip(chosen // n, axis=1), (0, 2, 1))
    shown = exists[..., None] & chain.mask[:, None]
    paths = ops.where(shown, paths, ops.zeros_like(paths))
    return paths, ops.where(exists, scores, -float("inf"))


def _lists(chain, tags, n):
    """(batch, time, tags · n): place j · n + k holds the score of the k-th best way to tag j."""
    alone = FORBIDDEN * ops.cast(ops.arange(n) > 0, chain.scores.dtype)
    start = ops.reshape(chain.start[:, None] + alone, (-1,))
    links = ops.repeat(ops.transpose(chain.transition), n, axis=1)  # (to, from · n)

    def advance(projected, here, rows, states):
        ways = states[0][:, None] + links
        best = ops.reshape(ops.top_k(ways, n)[0], (-1, tags * n))
        best = ops.where(here["first"][:, None], start, best)
        best = best + ops.repeat(projected["scores"], n, axis=-1)
        return best, [best]

    zeros = ops.zeros_like(ops.repeat(chain.scores[:, 0], n, axis=-1))
    loop = kernels.Loop(lambda x: {"scores": x}, advance, zeros, output_is_state=True)
    return kernels.walk(loop, chain.scores, [zeros], chain.mask, {"first": chain.first})[0]


def _trace(chain, lists, places, tags, n):
    """Walk back from the final `places (batch, n)`: (batch, time backwards, n)."""
    links = ops.repeat(ops.transpose(chain.transition), n, axis=1)

    def advance(projected, here, rows, states):
        tag, rank = states[0] // n, states[0] % n
        ways = projected["lists"][:, None] + ops.take(links, tag, axis=0)
        order = ops.top_k(ways, n)[1]
        before = ops.take_along_axis(order, rank[..., None], axis=-1)[..., 0]
        before = ops.cast(before, "int32")
        chosen = ops.where(here["last"][:, None], rows["places"], before)
        return chosen, [chosen]

    places = ops.cast(places, "int32")
    steps = {"last": ops.flip(chain.last, axis=1)}
    loop = kernels.Loop(lambda x: {"lists": x}, advance, places, output_is_state=True)
    mask = ops.flip(chain.mask, axis=1)
    lists = ops.flip(lists, axis=1)
    return kernels.walk(loop, lists, [places], mask, steps, {"places": places})[0]
