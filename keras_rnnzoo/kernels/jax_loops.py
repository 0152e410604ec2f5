"""JAX: `lax.scan`, with the projection inside the step."""

from functools import partial

import jax
import jax.numpy as jnp
import keras
import numpy as np
from jax import lax

from keras_rnnzoo.kernels.loop import blank_before_start, hold

POINTWISE = {
    keras.activations.tanh: jnp.tanh,
    keras.activations.sigmoid: jax.nn.sigmoid,
    keras.activations.relu: jax.nn.relu,
    keras.activations.linear: lambda x: x,
    keras.ops.cos: jnp.cos,
    keras.ops.sin: jnp.sin,
}


def _time_major(tree):
    return jax.tree.map(lambda x: jnp.swapaxes(x, 0, 1), tree)


def walk(loop, inputs, states, mask, steps, rows, return_sequences, block=None):
    carries_output = not loop.output_is_state and (mask is not None or not return_sequences)

    def step(carry, x):
        old_output, old_states = carry
        x_t, here, mask_t = x
        output, new_states = loop.advance(loop.project(x_t), here, rows, old_states)
        if mask_t is not None:
            new_states = [hold(mask_t, new, old) for new, old in zip(new_states, old_states)]
            if loop.output_is_state:
                output = new_states[0]
            else:
                output = hold(mask_t, output, old_output)
        carried = output if carries_output else None
        return (carried, new_states), output if return_sequences else None

    start = (loop.blank if carries_output else None, states)
    sequences = _time_major((inputs, steps, mask))
    (last, states), outputs = _scan(step, start, sequences, block)
    if return_sequences:
        last = outputs[-1] if last is None else last
        outputs = jnp.swapaxes(outputs, 0, 1)
    elif loop.output_is_state:
        last = states[0]
    if mask is not None and loop.output_is_state:
        outputs, last = blank_before_start(outputs, last, mask)
    return outputs, last, states


def _scan(step, start, sequences, block):
    """`lax.scan`; of each block of steps its start alone is kept for the gradient."""
    if block is None:
        return lax.scan(step, start, sequences)
    length = len(jax.tree.leaves(sequences)[0])
    whole = length // block * block
    blocks = jax.tree.map(lambda x: x[:whole].reshape(-1, block, *x.shape[1:]), sequences)
    again = jax.checkpoint(partial(lax.scan, step), prevent_cse=False)
    carry, outputs = lax.scan(again, start, blocks)
    outputs = jax.tree.map(lambda x: x.reshape(whole, *x.shape[2:]), outputs)
    if whole < length:
        rest = jax.tree.map(lambda x: x[whole:], sequences)
        carry, more = lax.scan(step, carry, rest)
        outputs = jax.tree.map(lambda *parts: jnp.concatenate(parts), outputs, more)
    return carry, outputs


def linear_scan(decay, drive, initial):
    def step(h, x):
        decay_t, drive_t = x
        h = decay_t * h + drive_t
        return h, h

    _, states = lax.scan(step, initial, _time_major((decay, drive)))
    return jnp.swapaxes(states, 0, 1)


def chain():
    from keras_rnnzoo.kernels import jax_chain

    return jax_chain


def concrete(x):
    return None if isinstance(x, jax.core.Tracer) else np.asarray(x)


def gradient(function, x):
    return jax.jit(jax.grad(function))(x)


def settle(model):
    model.jax_state_sync()


def once(function, x):
    """In a loop of its own: XLA would compute it anew for every row that it is multiplied with."""
    by_step = lax.scan(lambda _, row: (None, function(row)), None, jnp.swapaxes(x, 0, 1))[1]
    return _time_major(by_step)


def split(x, parts):
    return jnp.split(x, parts, axis=-1)
