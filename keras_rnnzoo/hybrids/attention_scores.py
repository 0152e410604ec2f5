"""How well a query fits each place of a memory, and weights that sum to one over what is there."""

from keras import ops

from keras_rnnzoo.base import arithmetic

SCORES = ("additive", "dot", "general")


def masked_softmax(scores, mask):
    """Weights over the last axis: zero where `mask` is false, one in sum, all zero without a place.

    Half precision is left for the exponentials: their sum over a long memory would overflow it.
    """
    dtype = scores.dtype
    scores = ops.cast(scores, "float32") if str(dtype).endswith("float16") else scores
    there = ops.cast(mask, scores.dtype)
    scores = ops.where(mask, scores, ops.full_like(scores, -1e30))
    weights = ops.exp(scores - ops.max(scores, axis=-1, keepdims=True)) * there
    total = ops.sum(weights, axis=-1, keepdims=True)
    weights = weights / ops.where(total > 0, total, ops.ones_like(total))
    return ops.cast(weights, dtype)


def keys_of(score, w, memory):
    """What the queries are compared with, made once for a memory `(batch, places, features)`."""
    if score == "dot":
        return memory
    keys = arithmetic.product(memory, w.memory_kernel)
    return keys + w.score_bias if score == "additive" else keys


def scores_of(score, w, query, keys):
    """The scores `(batch, places)` of a query `(batch, units)`."""
    if score == "additive":
        mixed = arithmetic.tanh(keys + ops.expand_dims(query @ w.query_kernel, 1))
        return ops.sum(mixed * w.score_vector, axis=-1)
    return ops.squeeze(keys @ ops.expand_dims(query, -1), -1)
