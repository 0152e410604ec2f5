"""TensorFlow: `tf.while_loop` over tensor arrays, with the projection inside the step."""

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


def _unstack(x, length):
    return tf.TensorArray(x.dtype, size=length, element_shape=x.shape[:1] + x.shape[2:]).unstack(
        _swap(x)
    )


def _hold(mask, new, old):
    """`new` where `mask (batch,)` is true, `old` elsewhere, for tensors of any rank.

    The first version of `where` takes whole rows; the gradient of the second, which broadcasts,
    costs several times as much in every step.
    """
    return tf.compat.v1.where(mask, new, old)


def _while(body, start, length):
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


def walk(loop, inputs, states, mask, steps, rows, return_sequences):
    static = inputs.shape[1]
    length = tf.shape(inputs)[1] if static is None else static
    x = _unstack(inputs, length)
    steps = {name: _unstack(value, length) for name, value in steps.items()}
    masks = None if mask is None else _unstack(mask, length)
    carries_output = not loop.output_is_state and (mask is not None or not return_sequences)
    shapes = [state.shape for state in states]

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
        for state, shape in zip(new_states, shapes):
            state.set_shape(shape)
        written = [outputs.write(t, output)] if return_sequences else []
        return *written, *([output] if carries_output else []), *new_states

    blank = loop.blank
    start = [blank] if carries_output else []
    if return_sequences:
        start = [tf.TensorArray(blank.dtype, size=length, element_shape=blank.shape), *start]
    carried = _while(body, (*start, *states), length)
    outputs, carried = (carried[0], carried[1:]) if return_sequences else (None, carried)
    last, *states = carried if carries_output else (None, *carried)
    outputs = _batch_major(outputs, inputs, blank) if return_sequences else None
    if not carries_output:
        last = states[0] if loop.output_is_state else outputs[:, -1]
    if mask is not None and loop.output_is_state:
        outputs, last = blank_before_start(outputs, last, mask)
    return outputs, last, states


def _batch_major(outputs, inputs, blank):
    outputs = _swap(outputs.stack())
    outputs.set_shape((*inputs.shape[:2], *blank.shape[1:]))
    return outputs


def _scan(decay, drive, initial):
    """Time-major states of the recurrence, without a gradient of its own."""
    length = tf.shape(decay)[0] if decay.shape[0] is None else decay.shape[0]
    a, b = (tf.TensorArray(x.dtype, size=length).unstack(x) for x in (decay, drive))
    states = tf.TensorArray(drive.dtype, size=length, element_shape=initial.shape)

    def body(t, states, h):
        h = a.read(t) * h + b.read(t)
        h.set_shape(initial.shape)
        return states.write(t, h), h

    states, _ = _while(body, (states, initial), length)
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
