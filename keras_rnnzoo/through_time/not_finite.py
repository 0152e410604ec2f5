"""Where a NaN comes from: the weight, or the layer and the step."""

import numpy as np

from keras_rnnzoo.through_time.nudged import nudged, question
from keras_rnnzoo.through_time.steps import array


def explain_nan(model, x, y=None, loss=None, mask=None):
    """Say where the numbers of a training step stop being finite.

    Weights are looked through first, then each recurrent layer forwards (its input, its states),
    the loss, and d loss / d state of each layer backwards. What is named first in a list is what
    to repair; what follows it may be its consequence. Steps count from 0 in the order in which a
    layer walks: from the end of the sequence where it goes backwards.

    Args:
        model, x, y, loss, mask: as in `gradient_through_time`. For a run that broke, the batch and
            the weights with which it broke: those before the update.

    Returns:
        A sentence a line; an empty string where all is finite.

    Raises:
        ValueError: as `gradient_through_time`.

    Example:

    >>> layer = keras_rnnzoo.SimpleRNN(4, activation="relu", recurrent_initializer="ones")
    >>> print(explain_nan(layer, np.full((1, 200, 3), 1e9, "float32")))
    """
    asked = question(model, x, y, loss, mask)
    return explain(asked, nudged(asked))


def explain(asked, found):
    """`explain_nan` of what `nudged` found."""
    lines = [_weight(weight) for weight in asked.model.weights if not _finite(weight)]
    for name, walk in found.walks.items():
        lines += _forwards(name, walk)
    if not np.isfinite(found.loss):
        lines.append(f"The loss is {found.loss}.")
    for name, gradients in found.gradients.items():
        broken = _backwards(name, gradients)
        lines += _padding(name, found.walks[name]) + broken if broken else []
    return "\n".join(lines)


def _finite(tensor):
    return np.isfinite(array(tensor)).all()


def _weight(weight):
    count = int((~np.isfinite(array(weight))).sum())
    return f"Weight {weight.path}: {count} of its {np.prod(weight.shape)} numbers are not finite."


def _broken_steps(values):
    """The steps of `values (batch, time, ...)` at which a number of any row is not finite."""
    return np.flatnonzero(~np.isfinite(values).all(axis=(0, *range(2, values.ndim))))


def _forwards(name, walk):
    if not np.isfinite(walk.before[:, 0]).all():
        return [f"Layer {name}: the states from which it starts are not finite."]
    inputs = _broken_steps(np.where(walk.valid[..., None], walk.x, 0))
    if len(inputs):
        return [f"Layer {name}: its input is not finite, at step {inputs[0]} first."]
    states = _broken_steps(walk.after)
    if len(states):
        return [f"Layer {name}: its input is finite, its states are not, from step {states[0]} on."]
    return []


def _padding(name, walk):
    """Of no account forwards, and yet a factor of zero times infinity where a gradient passes."""
    steps = _broken_steps(np.where(walk.valid[..., None], 0, walk.x))
    return [
        f"Layer {name}: its input is not finite at step {step}, which is masked. Pad with zeros."
        for step in steps[:1]
    ]


def _backwards(name, gradients):
    """The step that is reached first from the end."""
    lines = []
    for state, gradient in gradients.items():
        steps = _broken_steps(gradient)
        if len(steps):
            lines.append(
                f"Layer {name}: d loss / d {state} is not finite; walking back from the end, at "
                f"step {steps[-1]} of {gradient.shape[1]} first."
            )
    return lines
