"""Where a loss that is not finite comes from: which layer, which state, which step."""

import keras
import numpy as np
from keras import ops

from keras_rnnzoo import kernels
from keras_rnnzoo.base.passage import Passage


def explain_not_finite(
    model, x, y, loss, *, sample_weight=None, states=None, resets=None, mask=None
):
    """Say where NaN or infinity first appears when `model` learns from one batch.

    Looked at in this order: inputs, targets and weights, the states of the recurrent layers step by
    step, outputs, loss, then backwards the gradients of the states from the last step to the first,
    and those of the weights. Dropout is off.

    Arguments:
        model: a `keras.Model`.
        x, y: a batch of inputs and targets.
        loss: name, function or `keras.losses.Loss`.
        sample_weight: of the loss, or `None`.
        states, resets, mask: as in `keras_rnnzoo.base.passage.Passage`.

    Returns:
        One sentence without its full stop. Steps and rows count from 0 within the batch.

    Example:

    >>> print(explain_not_finite(model, x, y, "mse"))
    """
    x = keras.tree.map_structure(ops.convert_to_tensor, x)
    given = {"states": states, "resets": resets, "mask": mask}
    with Passage(**given) as passage:
        outputs = model(x, training=False)
    value = _scalar(loss, y, outputs, sample_weight)
    found = (
        _in_data(x, y, sample_weight, model)
        or _in_states(passage)
        or _in_array("the output of the model", outputs)
        or (None if np.isfinite(_array(value)) else f"the loss itself is {float(value)}")
        or _in_gradients(passage, model, x, y, loss, sample_weight, given)
    )
    return found or "but states, loss and gradients are finite when it is run again without dropout"


def _scalar(loss, y, outputs, sample_weight):
    loss = keras.losses.get(loss) if isinstance(loss, str) else loss
    y = ops.convert_to_tensor(y)
    if isinstance(loss, keras.losses.Loss):
        return loss(y, outputs, sample_weight)
    values = loss(y, outputs)
    if sample_weight is not None:
        values = values * ops.convert_to_tensor(sample_weight, dtype=values.dtype)
    return ops.mean(values)


# Forwards -----------------------------------------------------------------------------------------


def _in_data(x, y, sample_weight, model):
    named = [("the input", part) for part in keras.tree.flatten(x)]
    named += [("the target", y), ("the sample weight", sample_weight)]
    for name, array in named:
        found = None if array is None else _in_array(name, array)
        if found:
            return found
    for weight in model.weights:
        if not np.isfinite(_array(weight)).all():
            return f"the weight {weight.path} was not finite before"
    return None


def _in_array(name, array):
    """The first step and row at which `array (batch, time, ...)` is not finite, in words."""
    array = _array(array)
    bad = ~np.isfinite(array.reshape(*array.shape[:2], -1)).all(axis=-1)
    if not bad.any():
        return None
    step = int(bad.any(axis=0).argmax())
    return f"{name} is not finite at step {step} (row {int(bad[:, step].argmax())})"


def _in_states(passage):
    for visit in passage.visits:
        name = visit.layer.name
        found = _in_array(f"the input of layer {name!r}", visit.sequences)
        if found:
            return found
        for step, states in enumerate(_walked(visit, passage.resets)):
            for state, values in zip(visit.layer.cell.states, states):
                bad = ~np.isfinite(_array(values).reshape(len(values), -1)).all(axis=-1)
                if bad.any():
                    return (
                        f"the state {state} of layer {name!r} is first not finite at step {step} "
                        f"(row {int(bad.argmax())})"
                    )
    return None


def _walked(visit, resets):
    """The states of a layer after each step."""
    states = visit.start
    for step in range(visit.sequences.shape[1]):
        if resets is not None:
            fresh = [ops.zeros_like(state) for state in states]
            here = ops.convert_to_tensor(resets)[:, step]
            states = [kernels.hold(here, new, old) for new, old in zip(fresh, states)]
        _, new = visit.layer.step(visit.sequences[:, step], states)
        if visit.mask is not None:
            here = visit.mask[:, step]
            new = [kernels.hold(here, one, old) for one, old in zip(new, states)]
        states = new
        yield states


# Backwards ----------------------------------------------------------------------------------------


def _in_gradients(passage, model, x, y, loss, sample_weight, given):
    """The gradient comes from the last layer and its last step."""

    def with_nudge(layer, state):
        def value(nudge):
            with Passage(**given, nudges={layer: {state: nudge}}):
                return _scalar(loss, y, model(x, training=False), sample_weight)

        return value

    for visit in reversed(passage.visits):
        length = visit.sequences.shape[1]
        for state, values in zip(visit.layer.cell.states, visit.final):
            shape = (values.shape[0], length, *values.shape[1:])
            nudge = ops.zeros(shape, keras.backend.standardize_dtype(values.dtype))
            gradient = kernels.gradient(with_nudge(visit.layer, state), nudge)
            bad = ~np.isfinite(_array(gradient).reshape(*shape[:2], -1)).all(axis=(0, 2))
            if bad.any():
                return (
                    f"states and loss are finite, but the gradient at the state {state} of layer "
                    f"{visit.layer.name!r} is not, from step {int(np.flatnonzero(bad)[-1])} "
                    "backwards"
                )
    return _in_weight_gradients(model, x, y, loss, sample_weight, given)


def _in_weight_gradients(model, x, y, loss, sample_weight, given):
    for weight in model.trainable_variables:

        def value(tensor, weight=weight):
            with keras.StatelessScope([(weight, tensor)]), Passage(**given):
                return _scalar(loss, y, model(x, training=False), sample_weight)

        gradient = kernels.gradient(value, ops.copy(ops.convert_to_tensor(weight)))
        if gradient is not None and not np.isfinite(_array(gradient)).all():
            return (
                "states, loss and the gradients at the states are finite, but the gradient of the "
                f"weight {weight.path} is not"
            )
    return None


def _array(value):
    """As float64, whatever the dtype."""
    value = value.value if isinstance(value, keras.Variable) else value
    return np.asarray(ops.convert_to_numpy(value)).astype("float64")
