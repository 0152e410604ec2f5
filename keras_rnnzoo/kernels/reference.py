"""The definition of every kernel, in plain `keras.ops`: short, slow and static in time."""

import keras
from keras import ops

from keras_rnnzoo.kernels.loop import hold

POINTWISE = {}


def walk(loop, inputs, states, mask, steps, rows, return_sequences):
    output, outputs = loop.blank, []
    for t in range(inputs.shape[1]):
        projected = loop.project(inputs[:, t])
        here = {name: value[:, t] for name, value in steps.items()}
        new_output, new_states = loop.advance(projected, here, rows, states)
        if mask is None:
            output, states = new_output, new_states
        else:
            output = hold(mask[:, t], new_output, output)
            states = [hold(mask[:, t], new, old) for new, old in zip(new_states, states)]
        outputs.append(output)
    return ops.stack(outputs, axis=1) if return_sequences else None, output, states


def linear_scan(decay, drive, initial):
    h, states = initial, []
    for t in range(decay.shape[1]):
        h = decay[:, t] * h + drive[:, t]
        states.append(h)
    return ops.stack(states, axis=1)


def split(x, parts):
    return ops.split(x, parts, axis=-1)


def concrete(x):
    return ops.convert_to_numpy(x)


def gradient(function, x):
    raise ValueError(
        "Gradients need TensorFlow, JAX or PyTorch. Set KERAS_BACKEND to one of them. "
        f"Received: backend={keras.backend.backend()!r}"
    )
