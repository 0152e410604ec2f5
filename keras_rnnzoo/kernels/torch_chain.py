"""Chains of tags on PyTorch: few operations a step, and a gradient of as few.

Sums are taken as products of exponentials, exp(α_(t-1) - max) · exp(A - max), which is exact unless
every large term meets a very small one; where a sum comes out below `SAFE`, all is done again with
the plain log Σ exp. With P_t[i, j] = softmax_i(α_(t-1)[i] + A[i, j]) the adjoint of the recurrence
is g_(t-1) = dα_(t-1) + P_t g_t.
"""

import torch

# What underflows beside it, below 1e-38, is nothing in single precision; and its inverse squared,
# of which second derivatives are made, does not overflow.
SAFE = 1e-18


def sums(scores, transition, start, mask, first):
    return _Sums.apply(scores, transition, start, mask, first)


def maxima(scores, transition, start, mask, first):
    with torch.no_grad():
        backwards = transition.T.contiguous()
        return _loop(lambda a: (a[:, None] + backwards).amax(2), scores, start, mask, first)


def trace(sums, transition, end, mask, last, noise):
    size, paths = len(end), 1 if noise is None else noise.shape[2]
    table = torch.cat([transition.T, end[None]])  # what follows: a tag, or nothing
    ends = None if bool(last[:, -1].all()) else last[..., None].unbind(1)
    keep = mask[..., None].unbind(1) if _has_gaps(mask) else None
    noises = None if noise is None else noise.unbind(1)
    chosen, path = last.new_full((len(sums), paths), size, dtype=torch.int64), []
    for t, a in reversed(list(enumerate(sums[:, None].unbind(2)))):
        after = chosen if ends is None else chosen.masked_fill(ends[t], size)
        scores = a + torch.nn.functional.embedding(after, table)
        new = (scores if noises is None else scores + noises[t]).argmax(-1)
        chosen = new if keep is None else torch.where(keep[t], new, chosen)
        path.append(chosen)
    return torch.stack(path[::-1], 2).to(torch.int32)


def _has_gaps(mask):
    """Whether a masked step lies between valid ones: beyond them no way back has to be held."""
    since = mask.cumsum(1)
    return bool((~mask & (since > 0) & (since < since[:, -1:])).any())


def _loop(join, scores, start, mask, first):
    keep = None if bool(mask.all()) else mask.unbind(1)
    restart = None if bool(first[:, 0].all()) else first.unbind(1)
    a, states = None, []
    for t, e in enumerate(scores.unbind(1)):
        new = start.expand_as(e) if a is None else join(a)
        if restart is not None and t:
            new = torch.where(restart[t][:, None], start, new)
        new = new + e
        a = new if a is None or keep is None else torch.where(keep[t][:, None], new, a)
        states.append(a)
    return torch.stack(states, 1)


def _shares(alpha, transition):
    """exp(α - max), exp(A - max) and their products' sums, with both maxima."""
    top = alpha.detach().amax(-1, keepdim=True)
    largest = transition.detach().amax()
    p, grown = torch.exp(alpha - top), torch.exp(transition - largest)
    return p, grown, p @ grown, top + largest


class _Sums(torch.autograd.Function):
    """The gradient is made of differentiable operations, so it nests."""

    @staticmethod
    def forward(scores, transition, start, mask, first):
        largest = transition.amax()
        grown = torch.exp(transition - largest)
        lowest = []

        def join(a):
            top = a.amax(1, keepdim=True)
            total = torch.exp(a - top) @ grown
            lowest.append(total)
            return torch.log(total).add_(top + largest)

        def exact(a):
            return torch.logsumexp(a[:, None] + backwards, 2)

        alpha = _loop(join, scores, start, mask, first)
        if lowest and not bool(torch.stack(lowest).min() > SAFE):
            backwards = transition.T.contiguous()
            alpha = _loop(exact, scores, start, mask, first)
        return alpha

    @staticmethod
    def setup_context(ctx, inputs, output):
        _, transition, _, mask, first = inputs
        ctx.save_for_backward(transition, mask, first, output)

    @staticmethod
    def backward(ctx, upstream):
        transition, mask, first, alpha = ctx.saved_tensors
        linked = (mask & ~first)[:, 1:]  # steps that look back
        p, grown, total, _ = _shares(alpha[:, :-1], transition)
        if bool((total > SAFE).all()):
            weight = linked[..., None] / total
            back, grad = _adjoint_of_products(p, grown, weight)
        else:
            before = alpha[:, :-1, :, None] + transition
            share = torch.softmax(before, 2) * linked[..., None, None]
            back, grad = _adjoint_of_shares(share)
        g = _walk_back(back, upstream, mask)
        real = torch.where(mask[..., None], g, torch.zeros_like(g))
        to_start = torch.where(first[..., None], g, torch.zeros_like(g)).sum((0, 1))
        return real, grad(real[:, 1:]), to_start, None, None


def _adjoint_of_products(p, grown, weight):
    """P_t g = p (E (g / Σ)), without any P_t."""
    ps, weights, wide = p.unbind(1), weight.unbind(1), grown.T.contiguous()

    def back(t, up, g):
        return torch.addcmul(up, ps[t], (g * weights[t]) @ wide)

    def grad(g):
        return grown * torch.einsum("bti,btj->ij", p, g * weight)

    return back, grad


def _adjoint_of_shares(share):
    shares = share.unbind(1)

    def back(t, up, g):
        return torch.baddbmm(up[..., None], shares[t], g[..., None])[..., 0]

    return back, lambda g: (share * g[:, :, None]).sum((0, 1))


def _walk_back(back, upstream, mask):
    held = None if bool(mask.all()) else (~mask)[..., None].unbind(1)
    ups = upstream.unbind(1)
    g, steps = ups[-1], [ups[-1]]
    for t in range(len(ups) - 2, -1, -1):
        new = back(t, ups[t], g)
        g = new if held is None else torch.where(held[t + 1], ups[t] + g, new)
        steps.append(g)
    return torch.stack(steps[::-1], 1)
