"""How time is walked: the one door behind which a backend is named.

Two problems are solved here, each defined in `reference.py` in plain `keras.ops` and given again,
faster, for TensorFlow, JAX and PyTorch. Whatever a backend offers must agree with the definition.

* `walk(loop, ...)` steps any cell through time.
* `linear_scan(decay, drive, initial, mask)` solves `h_t = decay_t ⊙ h_(t-1) + drive_t`.
"""

import importlib

import keras
from keras.src.backend import get_keras_mask as mask_of  # no public name exists

from keras_rnnzoo.kernels import fusion
from keras_rnnzoo.kernels.loop import Loop, forward_fill

__all__ = [
    "Loop",
    "explain",
    "forward_fill",
    "fused",
    "gradient",
    "linear_scan",
    "mask_of",
    "pointwise",
    "split",
    "walk",
]

_MODULES = {"tensorflow": "tensorflow_loops", "jax": "jax_loops", "torch": "torch_loops"}
_WALKS = {
    "jax": "lax.scan; each step projects its own input (hoisting is slower under XLA on a CPU)",
    "tensorflow": "tf.while_loop over tensor arrays; each step projects its own input",
    "torch": "Python loop over unbound steps; one product projects all time; masked batches are "
    "packed, so padding costs nothing",
}
_SCANS = {
    "jax": "lax.scan over decay and drive",
    "tensorflow": "tf.while_loop with the exact adjoint as its gradient",
    "torch": "in-place loop with the exact adjoint as its gradient",
}


def _module(backend):
    return importlib.import_module(f"{__name__}.{_MODULES.get(backend, 'reference')}")


_kernels = _module(keras.backend.backend())  # Keras fixes its backend when it is imported

split = _kernels.split
"`split(x, parts)`: equal parts along the last axis, without the checks that Keras repeats a step."


def walk(loop, inputs, states, mask=None, steps=None, rows=None, *, return_sequences=True):
    """Step `loop` through time.

    Arguments:
        loop: a `Loop`.
        inputs: `(batch, time, features)`.
        states: list of tensors `(batch, ...)`, the states before the first step.
        mask: `(batch, time)` bool or `None`. A masked step keeps every state and repeats the
            previous output, which is zero before the first step that is not masked.
        steps: dict of `(batch, time, ...)`: what differs from step to step, noise for instance.
        rows: dict of `(batch, ...)`: what stays the same for a whole sequence.
        return_sequences: whether all outputs are wanted.

    Returns:
        `(outputs, last_output, states)`; `outputs` is `None` unless `return_sequences`.
    """
    arguments = (loop, inputs, list(states), mask, steps or {}, rows or {}, return_sequences)
    return _kernels.walk(*arguments)


def fused(cell, inputs, states, mask, return_sequences):
    """All of time by the backend's own layer: as `walk`, or `None` where it has none for `cell`."""
    if fusion.why_not(cell, keras.backend.backend()):
        return None
    return _kernels.fused(cell, inputs, states, mask, return_sequences)


def linear_scan(decay, drive, initial, mask=None):
    """All states of `h_t = decay_t ⊙ h_(t-1) + drive_t`, shape `(batch, time, units)`.

    Arguments:
        decay, drive: `(batch, time, units)`.
        initial: `(batch, units)`, the state before the first step.
        mask: `(batch, time)` bool or `None`; a masked step keeps the state.
    """
    if mask is not None:
        keep = keras.ops.expand_dims(mask, -1)
        decay = keras.ops.where(keep, decay, keras.ops.ones_like(decay))
        drive = keras.ops.where(keep, drive, keras.ops.zeros_like(drive))
    return _kernels.linear_scan(decay, drive, initial)


def gradient(function, x):
    """The gradient of a scalar `function` at the tensor `x`."""
    return _kernels.gradient(function, x)


def pointwise(activation):
    """The backend's own function for a Keras activation, or the activation itself.

    Keras wraps every call in checks that cost more than the arithmetic of one small step.
    """
    return _kernels.POINTWISE.get(activation, activation)


def explain(cell, backend=None):
    """`(kernel, reason)` in words: what walks time, and why nothing faster does."""
    backend = backend or keras.backend.backend()
    linear = hasattr(cell, "coefficients")
    kernel = (_SCANS if linear else _WALKS).get(backend)
    if kernel is None:
        return "definition in keras.ops", f"there is no kernel for the backend {backend!r}"
    if linear:
        return kernel, "on a CPU a sequential scan beats the associative one at every length tried"
    reason = fusion.why_not(cell, backend)
    if not reason:
        return fusion.BACKENDS[backend], "recurrent dropout, while training, takes a step loop"
    return kernel, reason
