"""How far back a layer's gradient reaches."""

import numpy as np
from keras import ops

from keras_rnnzoo import kernels


def gradient_norms(layer, sequences):
    """How much each step of the input moves the last output.

    Args:
        layer: a recurrent layer.
        sequences: float array (batch, time, features), without padding.

    Returns:
        Array (time,): the norm over features of d(sum of the last output)/d x_t, averaged over the
        batch. The last entry belongs to the step next to the output.

    Example:

    >>> norms = gradient_norms(keras_rnnzoo.LSTM(16), np.random.randn(8, 100, 4))
    """

    def last_output(x):
        output = layer(x)
        output = output[0] if isinstance(output, (list, tuple)) else output
        return ops.sum(output[:, -1] if len(output.shape) == 3 else output)

    sequences = ops.convert_to_tensor(sequences, dtype=layer.compute_dtype)
    gradient = ops.convert_to_numpy(kernels.gradient(last_output, sequences))
    return np.linalg.norm(gradient.astype("float64"), axis=-1).mean(axis=0)
