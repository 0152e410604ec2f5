"""A linear chain of tags, defined by `walk`: sums over paths, maxima, and the way back."""

import keras
from keras import ops

from keras_rnnzoo.kernels.loop import Loop


def recur(walk, join, *arguments):
    """All of a_t[j] = e_t[j] + join_i(a_(t-1)[i] + A[i, j]), with start[j] at each first step."""
    if join is ops.logsumexp and keras.backend.backend() == "tensorflow":
        # What a loop keeps for its gradient may not leave a branch of a graph under XLA.
        return ops.custom_gradient(lambda *given: _with_adjoint(walk, *given))(*arguments)
    return _recur(walk, join, *arguments)


def _recur(walk, join, scores, transition, start, mask, first):
    def advance(projected, here, rows, states):
        reached = join(states[0][:, :, None] + transition, axis=1)
        a = projected["scores"] + ops.where(here["first"][:, None], start, reached)
        return a, [a]

    zeros = ops.zeros_like(scores[:, 0])
    loop = Loop(lambda x: {"scores": x}, advance, zeros, output_is_state=True)
    return walk(loop, scores, [zeros], mask, {"first": first}, {}, True)[0]


def _with_adjoint(walk, scores, transition, start, mask, first):
    """All sums, and a function of their gradient that is one walk back.

    With P_t[i, j] = softmax_i(a_(t-1)[i] + A[i, j]) it is g_(t-1) = da_(t-1) + P_t g_t.
    """
    sums = _recur(walk, ops.logsumexp, scores, transition, start, mask, first)

    def advance(projected, here, rows, states):
        g, links = states
        share = ops.softmax(projected["sums"][:, :, None] + transition, axis=1) * g[:, None]
        share = ops.where(here["linked"][:, None, None], share, ops.zeros_like(share))
        before = ops.where(here["held"][:, None], g, ops.sum(share, axis=2))
        g = here["upstream"] + before
        return g, [g, links + share]

    def gradient(upstream):
        none = ops.zeros_like(mask[:, :1])
        steps = {
            "upstream": upstream,
            "linked": ops.concatenate([ops.logical_and(mask, ~first)[:, 1:], none], axis=1),
            "held": ops.concatenate([~mask[:, 1:], none], axis=1),
        }
        steps = {name: ops.flip(x, axis=1) for name, x in steps.items()}
        zeros = ops.zeros_like(sums[:, 0])
        loop = Loop(lambda x: {"sums": x}, advance, zeros, output_is_state=True)
        states = [zeros, zeros[:, None] * transition]
        g, _, (_, links) = walk(loop, ops.flip(sums, axis=1), states, None, steps, {}, True)
        g = ops.flip(g, axis=1)
        to_start = ops.sum(ops.where(first[..., None], g, ops.zeros_like(g)), axis=(0, 1))
        real = ops.where(mask[..., None], g, ops.zeros_like(g))
        return real, ops.sum(links, axis=0), to_start, None, None

    return sums, gradient


def trace(walk, sums, transition, end, mask, last, noise):
    """All of y_t = argmax_i (sums_t[i] + A[i, y_(t+1)] + noise_t[i]): (batch, paths, time)."""
    backwards = ops.transpose(transition)

    def advance(projected, here, rows, states):
        link = ops.take(backwards, states[0], axis=0)
        link = ops.where(here["last"][:, None, None], end, link)
        scores = projected["sums"][:, None] + link
        scores = scores if noise is None else scores + here["noise"]
        chosen = ops.cast(ops.argmax(scores, axis=-1), "int32")
        return chosen, [chosen]

    paths = 1 if noise is None else noise.shape[2]
    start = ops.repeat(ops.zeros_like(sums[:, 0, :1], dtype="int32"), paths, axis=1)
    steps = {"last": last} if noise is None else {"last": last, "noise": noise}
    steps = {name: ops.flip(x, axis=1) for name, x in steps.items()}
    loop = Loop(lambda x: {"sums": x}, advance, start, output_is_state=True)
    backwards_in_time = ops.flip(sums, axis=1), [start], ops.flip(mask, axis=1)
    chosen = walk(loop, *backwards_in_time, steps, {}, True)[0]
    return ops.transpose(ops.flip(chosen, axis=1), (0, 2, 1))
