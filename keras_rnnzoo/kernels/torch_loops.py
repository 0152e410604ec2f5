"""PyTorch: one projection for all time, then a Python loop over unbound steps.

Steps are taken from `unbind` or `split`, never by indexing: the gradient of `x[t]` writes a zero
tensor as large as `x` in every step, which makes training quadratic in time.

A masked batch is packed: rows sorted by their number of valid steps, valid steps moved to the
front, and each step run on the rows that still have one. Padding is neither projected nor stepped
through, on whichever side it lies.
"""

import keras
import torch

from keras_rnnzoo.kernels.loop import blank_before_start, hold

POINTWISE = {
    keras.activations.tanh: torch.tanh,
    keras.activations.sigmoid: torch.sigmoid,
    keras.activations.relu: torch.relu,
    keras.activations.linear: lambda x: x,
}


def fused(*arguments):
    from keras_rnnzoo.kernels import torch_fused  # which packs batches with what stands here

    return torch_fused.unfold(*arguments)


def chain():
    from keras_rnnzoo.kernels import torch_chain

    return torch_chain


def concrete(x):
    return None if is_traced(x) else x.detach().cpu().numpy()


def walk(loop, inputs, states, mask, steps, rows, return_sequences):
    if mask is None:
        return _dense(loop, inputs, states, None, steps, rows, return_sequences)
    if is_traced(mask):  # lengths are data, which a traced graph must not depend on
        return _dense(loop, inputs, states, mask, steps, rows, return_sequences)
    packed = Packed(mask)
    if not packed.padded:
        return _dense(loop, inputs, states, None, steps, rows, return_sequences)
    return _run_packed(loop, inputs, states, packed, steps, rows, return_sequences)


def is_traced(mask):
    return mask.device.type == "meta" or torch.compiler.is_compiling()


def _by_step(tensors, cut):
    """A list with one dict of tensors for each step."""
    cuts = {name: cut(value) for name, value in tensors.items()}
    return [dict(zip(cuts, values)) for values in zip(*cuts.values())]


def _dense(loop, inputs, states, mask, steps, rows, return_sequences):
    def cut(x):
        return torch.unbind(x, 1)

    projected = _by_step(loop.project(inputs), cut)
    steps = _by_step(steps, cut) if steps else [{}] * len(projected)
    masks = [None] * len(projected) if mask is None else cut(mask)
    output, outputs = loop.blank, []
    for x, here, mask_t in zip(projected, steps, masks):
        new_output, new_states = loop.advance(x, here, rows, states)
        if mask_t is None:
            output, states = new_output, new_states
        else:
            states = [hold(mask_t, new, old) for new, old in zip(new_states, states)]
            output = states[0] if loop.output_is_state else hold(mask_t, new_output, output)
        if return_sequences:
            outputs.append(output)
    outputs = torch.stack(outputs, 1) if return_sequences else None
    if mask is not None and loop.output_is_state:
        outputs, output = blank_before_start(outputs, output, mask)
    return outputs, output, states


class Packed:
    """Where the valid steps of a masked batch go when they are packed, and back."""

    def __init__(self, mask):
        count = mask.sum(1)
        self.mask = mask
        lengths = count.tolist()
        self.padded = min(lengths) < mask.shape[1]
        self.longest = max(lengths)
        self.order = torch.argsort(count, descending=True, stable=True)
        self.rows_of_step = [sum(n > t for n in lengths) for t in range(self.longest)]

    def flat_index(self):
        """Batch and time indices of every valid step, step by step over the sorted rows."""
        mask = self.mask[self.order]
        time = torch.argsort((~mask).to(torch.int8), dim=1, stable=True)[:, : self.longest]
        count = mask.sum(1, keepdim=True)
        valid = torch.arange(self.longest, device=mask.device) < count
        step, row = valid.T.nonzero(as_tuple=True)
        return self.order[row], time[row, step]

    def unpack(self, flat):
        """`(valid steps, ·)` back to `(batch, time, ·)`, each masked step a copy of the last."""
        sizes = torch.tensor(self.rows_of_step, device=flat.device)
        offset = torch.cumsum(sizes, 0) - sizes
        place = torch.empty_like(self.order)
        place[self.order] = torch.arange(len(self.order), device=flat.device)
        rank = torch.cumsum(self.mask, 1)
        index = offset[(rank - 1).clamp(min=0)] + place[:, None]
        started = rank > 0
        outputs = flat[torch.where(started, index, 0)]
        return torch.where(started[..., None], outputs, torch.zeros_like(outputs))


def _run_packed(loop, inputs, states, packed, steps, rows, return_sequences):
    order = packed.order
    states = [state[order] for state in states]
    rows = {name: value[order] for name, value in rows.items()}
    output = loop.blank[order]
    if packed.longest == 0:
        outputs = loop.blank[:, None].expand(-1, inputs.shape[1], -1)
        return (outputs if return_sequences else None), loop.blank, restore(states, order)

    index = packed.flat_index()

    def cut(flat):
        return torch.split(flat, packed.rows_of_step)

    projected = _by_step(loop.project(inputs[index]), cut)
    steps = {name: value[index] for name, value in steps.items()}
    steps = _by_step(steps, cut) if steps else [{}] * packed.longest
    outputs, finished = [], []
    for x, here, size in zip(projected, steps, packed.rows_of_step):
        if size < len(output):
            finished.append([value[size:] for value in (output, *states)])
            output, *states = (value[:size] for value in (output, *states))
            rows = {name: value[:size] for name, value in rows.items()}
        output, states = loop.advance(x, here, rows, states)
        outputs.append(output)
    finished.append([output, *states])
    last, *states = (torch.cat(parts) for parts in zip(*reversed(finished)))
    outputs = packed.unpack(torch.cat(outputs)) if return_sequences else None
    last, *states = restore([last, *states], order)
    return outputs, last, states


def restore(values, order):
    inverse = torch.argsort(order)
    return [value[inverse] for value in values]


class _LinearScan(torch.autograd.Function):
    """Time-major states; the gradient is the same scan run backwards, so it nests."""

    @staticmethod
    def forward(decay, drive, initial):
        states = torch.empty_like(drive)
        h = initial
        for decay_t, drive_t, out in zip(decay, drive, states):
            h = torch.addcmul(drive_t, decay_t, h, out=out)
        return states

    @staticmethod
    def setup_context(ctx, inputs, output):
        decay, _, initial = inputs
        ctx.save_for_backward(decay, initial, output)

    @staticmethod
    def backward(ctx, upstream):
        decay, initial, states = ctx.saved_tensors
        # g_t = dy_t + decay_(t+1) g_(t+1)
        later = torch.cat([decay[1:], torch.zeros_like(decay[:1])])
        g = _LinearScan.apply(later.flip(0), upstream.flip(0), torch.zeros_like(initial)).flip(0)
        earlier = torch.cat([initial[None], states[:-1]])
        return g * earlier, g, decay[0] * g[0]


def linear_scan(decay, drive, initial):
    decay, drive = (x.transpose(0, 1).contiguous() for x in (decay, drive))
    return _LinearScan.apply(decay, drive, initial).transpose(0, 1)


def gradient(function, x):
    x = x.detach().requires_grad_()
    value = function(x)
    if not value.requires_grad:  # it depends on nothing that has a gradient
        return torch.zeros_like(x)
    return torch.autograd.grad(value, x, allow_unused=True, materialize_grads=True)[0]


def split(x, parts):
    return x.chunk(parts, -1)
