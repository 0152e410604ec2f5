"""A linear chain of tags, defined by `walk`: sums over paths, maxima, and the way back."""

from keras import ops

from keras_rnnzoo.kernels.loop import Loop


def recur(walk, join, scores, transition, start, mask, first):
    """All of a_t[j] = e_t[j] + join_i(a_(t-1)[i] + A[i, j]), with start[j] at each first step."""

    def advance(projected, here, rows, states):
        reached = join(states[0][:, :, None] + transition, axis=1)
        a = projected["scores"] + ops.where(here["first"][:, None], start, reached)
        return a, [a]

    zeros = ops.zeros_like(scores[:, 0])
    loop = Loop(lambda x: {"scores": x}, advance, zeros, output_is_state=True)
    return walk(loop, scores, [zeros], mask, {"first": first}, {}, True)[0]


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
