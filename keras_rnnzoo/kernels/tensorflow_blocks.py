"""TensorFlow: blocks of steps that keep their arguments alone and are walked again for a gradient.

`tf.recompute_grad` would lose the gradient of the weights, which the steps read beside their
arguments; here they are arguments too.
"""

import tensorflow as tf

from keras_rnnzoo.kernels.blocks import filled, leaves
from keras_rnnzoo.kernels.tensorflow_loops import steps_of, unstack, while_loop


def in_blocks(loop, run, block, sequences, rows, carried, return_sequences):
    """`run(sequences, rows, carried)`, block after block: `[*carried, *outputs]`.

    `sequences` are time-major, and so are the outputs: one tensor or none.
    """
    loop = loop._replace(weights=list(map(tf.convert_to_tensor, loop.weights)))  # read them once
    flat = leaves(sequences)
    length, blank = steps_of(flat[0]), loop.blank
    # No loop may be empty: where the length is unknown, some steps are left for the last one.
    count = length // block if isinstance(length, int) else (length - 1) // block
    whole = count * block
    pieces = [unstack(_shaped(x[:whole], 1, count, block)) for x in flat]
    outputs = []
    if return_sequences:
        outputs = [tf.TensorArray(blank.dtype, size=count, element_shape=[block, *blank.shape])]

    def body(k, *values):
        here = filled(sequences, [piece.read(k) for piece in pieces])
        found = again(loop, run, here, rows, list(values[len(outputs) :]))
        return *(array.write(k, found.pop()) for array in values[: len(outputs)]), *found

    found = while_loop(body, (*outputs, *carried), count)
    parts = [_stacked(array, count, block, blank) for array in found[: len(outputs)]]
    parts = [_shaped(part, 2, whole) for part in parts]
    carried = found[len(outputs) :]
    if isinstance(whole, int) and whole == length:
        return [*carried, *parts]
    found = run(filled(sequences, [x[whole:] for x in flat]), rows, carried)
    if return_sequences:
        parts = [tf.concat([*parts, found.pop()], 0)]
    return [*found, *parts]


def _stacked(array, count, block, blank):
    """All blocks of an array, of which there may be none."""
    if isinstance(count, int):
        return array.stack()
    none = tf.zeros(tf.concat([[0, block], tf.shape(blank)], 0), blank.dtype)
    return tf.cond(count > 0, array.stack, lambda: none)


def _shaped(x, axes, *shape):
    """`x` with `shape` in place of its first `axes`."""
    y = tf.reshape(x, tf.concat([shape, tf.shape(x)[axes:]], 0))
    y.set_shape([*(n if isinstance(n, int) else None for n in shape), *x.shape[axes:]])
    return y


def again(loop, run, *arguments):
    """`run(*arguments)`, a list of tensors; its gradient computes it a second time."""
    count = len(loop.weights)

    def of(tensors):
        with loop.reading(tensors[:count]):
            return run(*filled(arguments, tensors[count:]))

    @tf.custom_gradient
    def compute(*tensors):
        given = [*loop.weights, *tensors[count:]]  # a copy of the weights would be kept each time

        def gradient(*upstream):
            # Not before the gradient is here: else all blocks would be walked again side by side.
            with tf.control_dependencies(upstream), tf.GradientTape() as tape:
                copies = [tf.identity(x) for x in given]
                sources = [x for x in copies if x.dtype.is_floating]
                tape.watch(sources)
                found = of(copies)
            asked = [(y, g) for y, g in zip(found, upstream) if y.dtype.is_floating]
            zero = tf.UnconnectedGradients.ZERO
            made = iter(tape.gradient(*_columns(asked, sources), unconnected_gradients=zero))
            return [next(made) if x.dtype.is_floating else None for x in copies]

        return of(tensors), gradient

    return list(compute(*loop.weights, *leaves(arguments)))


def _columns(pairs, sources):
    targets, upstream = map(list, zip(*pairs))
    return targets, sources, upstream
