"""TensorFlow: `tf.while_loop` over tensor arrays, with the projection inside the step."""

from functools import partial

import keras
import tensorflow as tf

from keras_rnnzoo.kernels.loop import blank_before_start

POINTWISE = {
    keras.activations.tanh: tf.tanh,
    keras.activations.sigmoid: tf.sigmoid,
    keras.activations.relu: tf.nn.relu,
    keras.activations.linear: lambda x: x,
}


def _swap(x):
    return tf.transpose(x, [1, 0, *range(2, len(x.shape))])


def steps_of(x):
    """How long the first axis is: a number where that is known, a tensor otherwise."""
    return tf.shape(x)[0] if x.shape[0] is None else x.shape[0]


def unstack(x):
    """A tensor array over the first axis."""
    return tf.TensorArray(x.dtype, size=steps_of(x), element_shape=x.shape[1:]).unstack(x)


def new_array(like, length):
    """An empty tensor array of `length` values of the dtype and shape of `like`."""
    return tf.TensorArray(like.dtype, size=length, element_shape=like.shape)


def _hold(mask, new, old):
    """`new` where `mask (batch,)` is true, `old` elsewhere, for tensors of any rank.

    The first version of `where` takes whole rows; the gradient of the second, which broadcasts,
    costs several times as much in every step.
    """
    return tf.compat.v1.where(mask, new, old)


def while_loop(body, start, length):
    """Run `body(t, *values)` for `t` in `range(length)`."""
    _, *values = tf.while_loop(
        lambda t, *_: t < length,
        lambda t, *values: (t + 1, *body(t, *values)),
        (tf.constant(0), *start),
        maximum_iterations=length,
        parallel_iterations=32,
        swap_memory=True,
    )
    return values


def walk(loop, inputs, states, mask, steps, rows, return_sequences, block=None):
    sequences = [
        _swap(inputs),
        None if mask is None else _swap(mask),
        {name: _swap(value) for name, value in steps.items()},
    ]
    carries_output = not loop.output_is_state and (mask is not None or not return_sequences)
    carried = [*([loop.blank] if carries_output else []), *states]
    run = partial(_run, loop, return_sequences)
    if block is None:
        found = run(sequences, rows, carried)
    else:
        found = _blocks().in_blocks(loop, run, block, sequences, rows, carried, return_sequences)
    outputs = _batch_major(found.pop(), inputs, loop.blank) if return_sequences else None
    last, *states = found if carries_output else (None, *found)
    if not carries_output:
        last = states[0] if loop.output_is_state else outputs[:, -1]
    if mask is not None and loop.output_is_state:
        outputs, last = blank_before_start(outputs, last, mask)
    return outputs, last, states


def _blocks():
    from keras_rnnzoo.kernels import tensorflow_blocks  # which walks with what stands here

    return tensorflow_blocks


def _run(loop, return_sequences, sequences, rows, carried):
    """`[*carried, *outputs]` from time-major sequences: outputs, of time-major too, or none.

    The output stands before the states in what is carried where it is carried at all.
    """
    inputs, mask, steps = sequences
    x, masks = unstack(inputs), None if mask is None else unstack(mask)
    steps = {name: unstack(value) for name, value in steps.items()}
    carries_output = not loop.output_is_state and (mask is not None or not return_sequences)
    shapes = [value.shape for value in carried]

    # The fewer values are carried, the cheaper is a step; and XLA takes no empty list of outputs.
    def body(t, *carried):
        outputs, carried = (carried[0], carried[1:]) if return_sequences else (None, carried)
        old_output, *old_states = carried if carries_output else (None, *carried)
        here = {name: value.read(t) for name, value in steps.items()}
        projected = loop.project(x.read(t))
        output, new_states = loop.advance(projected, here, rows, list(old_states))
        if masks is not None:
            mask_t = masks.read(t)
            new_states = [_hold(mask_t, new, old) for new, old in zip(new_states, old_states)]
            output = new_states[0] if loop.output_is_state else _hold(mask_t, output, old_output)
        carried = [*([output] if carries_output else []), *new_states]
        for value, shape in zip(carried, shapes):
            value.set_shape(shape)
        return *([outputs.write(t, output)] if return_sequences else []), *carried

    length = steps_of(inputs)
    outputs = [new_array(loop.blank, length)] if return_sequences else []
    found = while_loop(body, (*outputs, *carried), length)
    return [*found[1:], found[0].stack()] if return_sequences else found


def _batch_major(outputs, inputs, blank):
    outputs = _swap(outputs)
    outputs.set_shape((*inputs.shape[:2], *blank.shape[1:]))
    return outputs


def _scan(decay, drive, initial):
    """Time-major states of the recurrence, without a gradient of its own."""
    length = steps_of(decay)
    a, b = (tf.TensorArray(x.dtype, size=length).unstack(x) for x in (decay, drive))
    states = tf.TensorArray(drive.dtype, size=length, element_shape=initial.shape)

    def body(t, states, h):
        h = a.read(t) * h + b.read(t)
        h.set_shape(initial.shape)
        return states.write(t, h), h

    states, _ = while_loop(body, (states, initial), length)
    states = states.stack()
    states.set_shape(drive.shape)
    return states


@tf.custom_gradient
def _linear_scan(decay, drive, initial):
    states = _scan(decay, drive, initial)

    def gradient(upstream):
        # The adjoint is the same recurrence run backwards: g_t = dy_t + decay_(t+1) g_(t+1).
        later = tf.concat([decay[1:], tf.zeros_like(decay[:1])], axis=0)
        zero = tf.zeros_like(initial)
        g = tf.reverse(_linear_scan(tf.reverse(later, [0]), tf.reverse(upstream, [0]), zero), [0])
        earlier = tf.concat([initial[None], states[:-1]], axis=0)
        return g * earlier, g, decay[0] * g[0]

    return states, gradient


def linear_scan(decay, drive, initial):
    return _swap(_linear_scan(_swap(decay), _swap(drive), initial))


def sums_in_branch(*arguments):
    from keras_rnnzoo.kernels import tensorflow_chain  # which walks with what stands here

    return tensorflow_chain.sums_in_branch(*arguments)


def concrete(x):
    return x.numpy() if hasattr(x, "numpy") and tf.executing_eagerly() else None


def gradient(function, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = function(x)
    return tape.gradient(value, x, unconnected_gradients=tf.UnconnectedGradients.ZERO)


def split(x, parts):
    return tf.split(x, parts, axis=-1)
