"""Sums over the paths of a chain on TensorFlow, to stand in one branch of a `tf.cond`.

What a loop keeps for its gradient may not leave a branch under XLA, so the gradient is written out:
slower than TensorFlow's own, and of plain tensors.
"""

from keras import ops

from keras_rnnzoo.kernels import chain
from keras_rnnzoo.kernels.loop import Loop
from keras_rnnzoo.kernels.tensorflow_loops import walk


def sums_in_branch(*arguments):
    return ops.custom_gradient(_with_adjoint)(*arguments)


def _with_adjoint(scores, transition, start, mask, first):
    """All sums, and a function of their gradient that is one walk back.

    With P_t[i, j] = softmax_i(a_(t-1)[i] + A[i, j]) it is g_(t-1) = da_(t-1) + P_t g_t.
    """
    sums = chain.recur(walk, ops.logsumexp, scores, transition, start, mask, first)

    def gradient(upstream):
        before = sums[:, :-1, None] + ops.transpose(transition)
        linked = ops.logical_and(mask, ops.logical_not(first))[:, 1:, None, None]
        share = ops.softmax(before, axis=-1)  # (batch, time - 1, j, i)
        share = ops.where(linked, share, ops.zeros_like(share))
        g = _walk_back(upstream, share, ops.logical_not(mask))
        links = ops.sum(share * g[:, 1:, :, None], axis=(0, 1))
        to_start = ops.sum(ops.where(first[..., None], g, ops.zeros_like(g)), axis=(0, 1))
        real = ops.where(mask[..., None], g, ops.zeros_like(g))
        return real, ops.transpose(links), to_start, None, None

    return sums, gradient


def _walk_back(upstream, share, masked):
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
