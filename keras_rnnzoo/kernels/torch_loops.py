"""PyTorch: one projection for all time, then a Python loop over unbound steps.

Steps are taken from `unbind` or `split`, never by indexing: the gradient of `x[t]` writes a zero
tensor as large as `x` in every step, which makes training quadratic in time.

A masked batch is packed: rows sorted by their number of valid steps, valid steps moved to the
front, and each step run on the rows that still have one. Padding is neither projected nor stepped
through, on whichever side it lies.
"""

from functools import partial

import keras
import torch

from keras_rnnzoo.kernels.loop import blank_before_start, hold
from keras_rnnzoo.kernels.torch_blocks import again, is_wanted

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


def walk(loop, inputs, states, mask, steps, rows, return_sequences, block=None):
    if block is not None:
        wanted = is_wanted(inputs, states, steps, rows, loop.weights)
        block = block if wanted and not is_traced(inputs) else None
    if mask is not None and is_traced(mask):  # lengths are data, on which no graph may depend
        return _dense(loop, inputs, states, mask, steps, rows, return_sequences)
    arguments = (loop, inputs, states, steps, rows, return_sequences, block)
    packed = None if mask is None else Packed(mask)
    return _run_packed(*arguments, packed) if packed and packed.padded else _whole(*arguments)


def is_traced(mask):
    return mask.device.type == "meta" or torch.compiler.is_compiling()


def _by_step(tensors, cut):
    """A list with one dict of tensors for each step."""
    cuts = {name: cut(value) for name, value in tensors.items()}
    return [dict(zip(cuts, values)) for values in zip(*cuts.values())]


def _whole(loop, inputs, states, steps, rows, return_sequences, block):
    """Every row has every step."""
    if block is None:
        return _dense(loop, inputs, states, None, steps, rows, return_sequences)

    def run(x, here, rows, states):
        outputs, last, states = _dense(loop, x, states, None, here, rows, return_sequences)
        return [last, *states, *([outputs] if return_sequences else [])]

    def cut(x):
        return torch.split(x, block, 1)

    pieces, outputs = cut(inputs), []
    steps = _by_step(steps, cut) if steps else [{}] * len(pieces)
    for k, piece in enumerate(zip(pieces, steps), 1):
        walk_block = run if k == len(pieces) else partial(again, loop, run)
        last, *found = walk_block(*piece, rows, states)
        states, outputs = found[: len(states)], outputs + found[len(states) :]
    return (torch.cat(outputs, 1) if return_sequences else None), last, states


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


def _run_packed(loop, inputs, states, steps, rows, return_sequences, block, packed):
    order = packed.order
    states = [state[order] for state in states]
    rows = {name: value[order] for name, value in rows.items()}
    output = loop.blank[order]
    if packed.longest == 0:
        outputs = loop.blank[:, None].expand(-1, inputs.shape[1], -1)
        return (outputs if return_sequences else None), loop.blank, restore(states, order)

    index = packed.flat_index()
    steps = {name: value[index] for name, value in steps.items()}
    nothing = None if return_sequences else output[:0]
    run = partial(_packed_steps, loop, nothing)
    if block is not None:
        run = partial(_packed_blocks, loop, run, block)
    found = run(packed.rows_of_step, inputs[index], steps, rows, [output, *states])
    outputs = packed.unpack(found[0]) if return_sequences else None
    last, *states = restore(found[1:], order)
    return outputs, last, states


def _packed_steps(loop, nothing, sizes, inputs, steps, rows, carried):
    """`[outputs, last output, *states]`, of `sizes` rows in each step.

    `nothing` stands in place of the outputs where it is not `None`.
    """

    def cut(flat):
        return torch.split(flat, sizes)

    projected = _by_step(loop.project(inputs), cut)
    steps = _by_step(steps, cut) if steps else [{}] * len(sizes)

    def step(k, rows, carried):
        output, states = loop.advance(projected[k], steps[k], rows, carried[1:])
        return [output if nothing is None else nothing, output, *states]

    return _shrinking(sizes, step, rows, carried)


def _packed_blocks(loop, run, block, sizes, inputs, steps, rows, carried):
    blocks = [sizes[k : k + block] for k in range(0, len(sizes), block)]

    def cut(flat):
        return torch.split(flat, list(map(sum, blocks)))

    pieces = cut(inputs)
    steps = _by_step(steps, cut) if steps else [{}] * len(blocks)

    def walk_block(k, rows, carried):
        of_block = partial(run, blocks[k])
        walk_it = of_block if k == len(blocks) - 1 else partial(again, loop, of_block)
        return walk_it(pieces[k], steps[k], rows, carried)

    return _shrinking([sizes[0] for sizes in blocks], walk_block, rows, carried)


def _shrinking(sizes, advance, rows, carried):
    """`advance` again and again, each time on the first `size` rows; the others keep their values.

    It gives `[outputs, *carried]`, outputs of all times side by side.
    """
    outputs, ended = [], []
    for k, size in enumerate(sizes):
        if size < len(carried[0]):
            ended.append([x[size:] for x in carried])
            carried = [x[:size] for x in carried]
            rows = {name: x[:size] for name, x in rows.items()}
        output, *carried = advance(k, rows, carried)
        outputs.append(output)
    ended.append(carried)
    return [torch.cat(outputs), *map(torch.cat, zip(*reversed(ended)))]


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
