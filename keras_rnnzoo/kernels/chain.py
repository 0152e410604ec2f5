"""A linear chain of tags, defined by `walk`: sums over paths, maxima, and the way back."""

import keras
from keras import ops

from keras_rnnzoo.kernels.loop import Loop


def in_a_branch(sums, *arguments):
    """`sums(*arguments)`, to stand in one branch of a graph that takes gradients.

    What a TensorFlow loop keeps for its gradient may not leave a branch under XLA, so the gradient
    is written out there: slower than TensorFlow's own, and of plain tensors.
    """
    if keras.backend.backend() != "tensorflow":
        return sums(*arguments)
    from keras_rnnzoo import kernels  # which imports this file

    def walk(*given):
        return kernels.walk(*given[:6], return_sequences=given[6])

    return ops.custom_gradient(lambda *given: _with_adjoint(walk, *given))(*arguments)


def recur(walk, join, scores, transition, start, mask, first):
    """All of a_t[j] = e_t[j] + join_i(a_(t-1)[i] + A[i, j]), with start[j] at each first step."""

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
    sums = recur(walk, ops.logsumexp, scores, transition, start, mask, first)

    def gradient(upstream):
        before = sums[:, :-1, None] + ops.transpose(transition)
        linked = ops.logical_and(mask, ops.logical_not(first))[:, 1:, None, None]
        share = ops.softmax(before, axis=-1)  # (batch, time - 1, j, i)
        share = ops.where(linked, share, ops.zeros_like(share))
        g = _walk_back(walk, upstream, share, ops.logical_not(mask))
        links = ops.sum(share * g[:, 1:, :, None], axis=(0, 1))
        to_start = ops.sum(ops.where(first[..., None], g, ops.zeros_like(g)), axis=(0, 1))
        real = ops.where(mask[..., None], g, ops.zeros_like(g))
        return real, ops.transpose(links), to_start, None, None

    return sums, gradient


def _walk_back(walk, upstream, share, masked):
    """All of g_(t-1) = upstream_(t-1) + Σ_j share_t[j] g_t[j]; a masked step hands all of g on."""

    def advance(projected, here, rows, states):
        before = ops.sum(here["share"] * states[0][:, :, None], axis=1)
        g = projected["upstream"] + ops.where(here["masked"][:, None], states[0], before)
        return g, [g]

    last = ops.zeros_like(upstream[:, :1])
    share = ops.concatenate([share, ops.zeros_like(last[..., None] * last[:, :, None])], axis=1)
    masked = ops.concatenate([masked[:, 1:], ops.zeros_like(masked[:, :1])], axis=1)
    loop = Loop(lambda x: {"upstream": x}, advance, last[:, 0], output_is_state=True)
    steps = {"share": ops.flip(share, axis=1), "masked": ops.flip(masked, axis=1)}
    g = walk(loop, ops.flip(upstream, axis=1), [last[:, 0]], None, steps, {}, True)[0]
    return ops.flip(g, axis=1)


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
