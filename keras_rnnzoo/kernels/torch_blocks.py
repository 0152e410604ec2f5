"""PyTorch: a block of steps that keeps its arguments alone and is walked again for its gradient.

`torch.utils.checkpoint` would do it too, but it calls Python for every tensor that a step keeps,
and keeps an object in its place.
"""

import torch

from keras_rnnzoo.kernels.blocks import filled, leaves


def is_wanted(*tensors):
    """Whether a gradient can be asked for."""
    return torch.is_grad_enabled() and any(x.requires_grad for x in leaves(tensors))


def again(loop, function, *arguments):
    """`function(*arguments)`, a list of tensors, which reads the weights of `loop` beside them."""

    def flat(*tensors):
        return function(*filled(arguments, tensors))

    tensors = [*loop.weights, *leaves(arguments)]
    return list(_Again.apply(loop.reading, flat, len(loop.weights), *tensors))


class _Again(torch.autograd.Function):
    """`function` of all but the first `count` tensors, the weights, which are bound already."""

    @staticmethod
    def forward(reading, function, count, *tensors):
        seen, found = set(map(id, tensors)), []
        for y in function(*tensors[count:]):  # no output may be an argument, or stand there twice
            found.append(y.view_as(y) if id(y) in seen else y)
            seen.add(id(y))
        return tuple(found)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.reading, ctx.function, ctx.count, *tensors = inputs
        ctx.save_for_backward(*tensors)
        ctx.set_materialize_grads(False)
        kind = tensors[-1].device.type
        dtype, enabled = torch.get_autocast_dtype(kind), torch.is_autocast_enabled(kind)
        ctx.autocast = torch.autocast(kind, dtype=dtype, enabled=enabled)

    @staticmethod
    def backward(ctx, *upstream):
        nested, needed = torch.is_grad_enabled(), ctx.needs_input_grad[3:]
        with torch.enable_grad(), ctx.autocast:
            tensors = [_leaf(*pair, nested) for pair in zip(ctx.saved_tensors, needed)]
            with ctx.reading(tensors[: ctx.count]):
                found = ctx.function(*tensors[ctx.count :])
        asked = [(y, g) for y, g in zip(found, upstream) if g is not None and y.requires_grad]
        leaves = [x for x, is_needed in zip(tensors, needed) if is_needed]
        gradients = iter(_gradients(asked, leaves, nested))
        return None, None, None, *(next(gradients) if needs else None for needs in needed)


def _leaf(x, is_needed, nested):
    """`x` cut from what made it; where a gradient of the gradient is wanted, a name of its own."""
    return x.view_as(x) if nested else x.detach().requires_grad_(is_needed)


def _gradients(asked, leaves, nested):
    if not asked:
        return [None] * len(leaves)
    found, upstream = zip(*asked)
    return torch.autograd.grad(found, leaves, upstream, create_graph=nested, allow_unused=True)
