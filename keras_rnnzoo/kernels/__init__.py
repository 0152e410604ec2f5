"""How time is walked: the one door behind which a backend is named.

Three problems are solved here, each defined in `reference.py` in plain `keras.ops` and given again,
faster, for TensorFlow, JAX and PyTorch. Whatever a backend offers must agree with the definition.

* `walk(loop, ...)` steps any cell through time.
* `linear_scan(decay, drive, initial, mask)` solves `h_t = decay_t ⊙ h_(t-1) + drive_t`.
* `chain_sums` and `chain_maxima` walk a linear chain of tags.
"""

import importlib

import keras
from keras.src.backend import compute_output_spec as _outline
from keras.src.backend import get_keras_mask as mask_of  # no public name exists
from keras.src.backend import set_keras_mask as set_mask
from keras.src.backend.common.symbolic_scope import in_symbolic_scope
from keras.src.backend.common.tensor_attributes import get_tensor_attr, set_tensor_attr

from keras_rnnzoo.kernels import blocks, chain, fusion
from keras_rnnzoo.kernels.loop import Loop, forward_fill, hold, previous

__all__ = [
    "Loop",
    "attach",
    "attached",
    "chain_maxima",
    "chain_sums",
    "chain_trace",
    "concrete",
    "explain",
    "forward_fill",
    "fused",
    "gradient",
    "hold",
    "in_symbolic_scope",
    "linear_scan",
    "mask_of",
    "once",
    "outline",
    "pointwise",
    "previous",
    "set_mask",
    "settle",
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


def walk(
    loop,
    inputs,
    states,
    mask=None,
    steps=None,
    rows=None,
    *,
    return_sequences=True,
    recompute=False,
):
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
        recompute: as `blocks.size` reads it.

    Returns:
        `(outputs, last_output, states)`; `outputs` is `None` unless `return_sequences`.
    """
    arguments = (loop, inputs, list(states), mask, steps or {}, rows or {}, return_sequences)
    block = blocks.size(recompute, inputs.shape[1], keras.backend.backend())
    return _kernels.walk(*arguments, *([] if block is None else [block]))


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


def chain_sums(scores, transition, start, mask, first, *, in_branch=False):
    """All α_t[j] = e_t[j] + log Σ_i exp(α_(t-1)[i] + A[i, j]): (batch, time, tags).

    Arguments:
        scores: `(batch, time, tags)`, the e_t.
        transition: `(tags, tags)`, A.
        start: `(tags,)`, in place of the sum where `first` is true.
        mask, first: `(batch, time)` bool; a masked step repeats the one before.
        in_branch: whether this stands in one branch of a graph.
    """
    if in_branch and hasattr(_kernels, "sums_in_branch"):
        return _kernels.sums_in_branch(scores, transition, start, mask, first)
    return _chain("sums", keras.ops.logsumexp, scores, transition, start, mask, first)


def chain_maxima(scores, transition, start, mask, first):
    """As `chain_sums` with the maximum in place of log Σ exp; it hands no gradient on."""
    scores = keras.ops.stop_gradient(scores)
    return _chain("maxima", keras.ops.max, scores, transition, start, mask, first)


def _chain(name, join, *arguments):
    if hasattr(_kernels, "chain"):
        return getattr(_kernels.chain(), name)(*arguments)
    return chain.recur(_kernels.walk, join, *arguments)


def chain_trace(sums, transition, end, mask, last, noise=None):
    """Walk back along y_t = argmax_i (sums_t[i] + A[i, y_(t+1)] + noise_t[i]).

    Arguments:
        sums: `(batch, time, tags)`.
        transition, end: `(tags, tags)`, and `(tags,)` in its place where `last` is true.
        mask, last: `(batch, time)` bool.
        noise: `(batch, time, paths, tags)` for as many paths, or `None` for one.

    Returns:
        `(batch, paths, time)` int32; what stands where a row is masked means nothing.
    """
    if hasattr(_kernels, "chain"):
        return _kernels.chain().trace(sums, transition, end, mask, last, noise)
    return chain.trace(_kernels.walk, sums, transition, end, mask, last, noise)


def concrete(x):
    """`x` as a NumPy array where its values are known now, `None` where they are being traced."""
    return _kernels.concrete(x) if keras.ops.is_tensor(x) else x


def attach(x, name, value):
    """Let a tensor carry `value` under `name`, as Keras lets it carry its mask."""
    set_tensor_attr(x, f"_rnnzoo_{name}", value)


def attached(x, name):
    """What `attach` put there, or `None`."""
    return get_tensor_attr(x, f"_rnnzoo_{name}")


def gradient(function, x):
    """The gradient of a scalar `function` at the tensor `x`; zero where `x` has no effect."""
    return _kernels.gradient(function, x)


def outline(function, *arrays):
    """What `function` would give, as `KerasTensor`s: it is traced, and layers are built, alone."""

    def outlined(x):
        return keras.KerasTensor(x.shape, keras.backend.standardize_dtype(x.dtype))

    return _outline(function, *keras.tree.map_structure(outlined, arrays))


def settle(model):
    """Have the variables of `model` hold what its trainer has computed, in the midst of `fit`."""
    if hasattr(_kernels, "settle"):
        _kernels.settle(model)


def once(function, x):
    """Costly elementwise values of `x (·, time, units)`, computed before they are broadcast."""
    return _kernels.once(function, x) if hasattr(_kernels, "once") else function(x)


def pointwise(activation):
    """The backend's own function for a Keras activation, or the activation itself.

    Keras wraps every call in checks that cost more than the arithmetic of one small step.
    """
    return _kernels.POINTWISE.get(activation, activation)


def explain(cell, backend=None, recompute=None):
    """`(kernel, reason)` in words: what walks time, and why nothing faster does."""
    backend = backend or keras.backend.backend()
    linear = hasattr(cell, "coefficients")
    kernel = (_SCANS if linear else _WALKS).get(backend)
    if kernel is None:
        return "definition in keras.ops", f"there is no kernel for the backend {backend!r}"
    if linear:
        return kernel, (
            "on a CPU a sequential scan beats the associative one at every length tried; it keeps "
            "its states alone, so there is nothing to `recompute`"
        )
    reason = fusion.why_not(cell, backend)
    if not (reason or recompute):
        return fusion.BACKENDS[backend], "recurrent dropout, while training, takes a step loop"
    told = blocks.explain(recompute, backend)
    return kernel, "; ".join(part for part in (reason, told) if part)
