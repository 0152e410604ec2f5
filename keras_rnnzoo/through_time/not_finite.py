"""Where a NaN comes from: the weight, or the layer and the step."""

import keras
import numpy as np
from keras import ops

from keras_rnnzoo import kernels
from keras_rnnzoo.base.passage import Passage
from keras_rnnzoo.through_time.nudged import loss_of, nudged, outputs, passing, question
from keras_rnnzoo.through_time.steps import array


def explain_nan(
    model, x, y=None, loss=None, mask=None, *, sample_weight=None, states=None, resets=None
):
    """Say where the numbers of a training step stop being finite.

    Weights are looked through first, then targets, each recurrent layer forwards (its input, its
    states), the output, the loss, d loss / d state of each layer backwards, and the gradients of
    the weights. What is named first in a list is what to repair; what follows it may be its
    consequence. Rows and steps count from 0, steps in the order in which a layer walks: from the
    end of the sequence where it goes backwards. Dropout is off.

    Args:
        model, x, y, loss, mask: as in `gradient_through_time`. For a run that broke, the batch and
            the weights with which it broke: those before the update.
        sample_weight: of the loss, or `None`.
        states: dict of layers to the states from which they start, or `None`.
        resets: (batch, time) bool, where sequences begin in a row, or `None`.

    Returns:
        A sentence a line; an empty string where all is finite.

    Raises:
        ValueError: as `gradient_through_time`.

    Example:

    >>> layer = keras_rnnzoo.SimpleRNN(4, activation="relu", recurrent_initializer="ones")
    >>> print(explain_nan(layer, np.full((1, 200, 3), 1e9, "float32")))
    """
    given = {"states": states, "resets": resets}
    return explain_all(question(model, x, y, loss, mask, sample_weight, **given))


def explain_all(asked):
    """`explain_nan` of a question."""
    return explain(asked, nudged(asked)) or "\n".join(_in_weight_gradients(asked))


def explain(asked, found):
    """`explain_nan` of what `nudged` found, but for the gradients of weights."""
    lines = [_weight(weight) for weight in asked.model.weights if not _finite(weight)]
    lines += _data("target", asked.y, found.walks)
    lines += _data("sample weight", asked.sample_weight, found.walks)
    for name, walk in found.walks.items():
        lines += _forwards(name, walk)
    lines += _data("output", found.output, found.walks)
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


def _data(name, tensors, walks):
    """What a training step begins or ends with: arrays (batch, ...), most often (batch, time)."""
    lengths = {walk.x.shape[1] for walk in walks.values()}
    for values in map(array, keras.tree.flatten([] if tensors is None else tensors)):
        if not np.isfinite(values).all():
            over_time = values.ndim > 1 and values.shape[1] in lengths
            return [f"The {name} is not finite{', ' + _places(values)[0] if over_time else ''}."]
    return []


def _places(values):
    """Each step of `values (batch, time, ...)` with a number that is not finite, in words."""
    broken = ~np.isfinite(values).all(axis=tuple(range(2, values.ndim)))
    steps = np.flatnonzero(broken.any(axis=0))
    return [f"at step {step} (row {broken[:, step].argmax()})" for step in steps]


def _forwards(name, walk):
    if not np.isfinite(walk.before[:, 0]).all():
        return [f"Layer {name}: the states from which it starts are not finite."]
    inputs = _places(np.where(walk.valid[..., None], walk.x, 0))
    if inputs:
        return [f"Layer {name}: its input is not finite, {inputs[0]} first."]
    states = _places(walk.after)
    if states:
        return [f"Layer {name}: its input is finite, its states are not, {states[0]} first."]
    return []


def _padding(name, walk):
    """Of no account forwards, and yet a factor of zero times infinity where a gradient passes."""
    places = _places(np.where(walk.valid[..., None], 0, walk.x))
    return [
        f"Layer {name}: its input is not finite {place}, which is masked. Pad with zeros."
        for place in places[:1]
    ]


def _backwards(name, gradients):
    """The step that is reached first from the end."""
    lines = []
    for state, gradient in gradients.items():
        places = _places(gradient)
        if places:
            lines.append(
                f"Layer {name}: d loss / d {state} is not finite; walking back from the last of "
                f"{gradient.shape[1]} steps, {places[-1]} first."
            )
    return lines


def _in_weight_gradients(asked):
    """Gradients that break where no state has a part in them."""
    lines = []
    with passing(asked) as given:
        for weight in asked.model.trainable_variables:

            def loss_at(tensor, weight=weight):
                with keras.StatelessScope([(weight, tensor)]), Passage(**given):
                    return loss_of(asked, outputs(asked))

            gradient = kernels.gradient(loss_at, ops.copy(ops.convert_to_tensor(weight)))
            if not np.isfinite(array(gradient)).all():
                lines.append(f"States and loss are finite, d loss / d weight {weight.path} is not.")
    return lines
