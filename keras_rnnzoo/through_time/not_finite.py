"""Where a NaN comes from: the weight, or the layer and the step."""

from typing import NamedTuple

import keras
import numpy as np

from keras_rnnzoo.through_time.nudged import nudged, weight_gradients
from keras_rnnzoo.through_time.question import question
from keras_rnnzoo.through_time.steps import array

CALM = "lower the learning rate or clip gradients (global_clipnorm=1.0 of the optimizer)"
_WEIGHT = f"go back to weights from before the run broke, and from there {CALM}."
_DATA = "repair what stands there or leave the row out, and fill what is padded with zeros."
_START = "give states that are finite, or start from zero."
_INPUT = (
    "look at the layers in front of it: at their weights, at logarithms, roots and quotients, and "
    "in half precision at numbers that it cannot hold."
)
_STATES = (
    f"{CALM}, so that no weight makes a state grow so far; or scale the input, or bound the state "
    "(a bounded activation, cell_clip)."
)
_OUTPUT = (
    "look at the layers behind the recurrent ones: at exponentials, logarithms and quotients, and "
    "at weights that have grown."
)
_LOSS = (
    "look at the loss, as what goes into it is finite: at the logarithm of zero (let the loss take "
    "logits), at quotients, at numbers too large to be squared or summed; a weight of zero hides "
    f"no infinity. If the output has grown, {CALM}."
)
_ADDED = f"look at regularizers and add_loss; if weights or states have grown, {CALM}."
_SLOPE = (
    "look for a root, a norm, a logarithm or a quotient that has no finite slope there, and add a "
    "small number inside it; or for a product over steps that grows without end, and take smaller "
    "recurrent weights or fewer steps. Clipping does not repair it."
)
_PADDING = "pad with zeros, as zero times infinity is NaN where a gradient passes."


class Finding(NamedTuple):
    """A sentence on what is not finite, and what to do where it is the first one."""

    said: str
    cure: str


def explain_nan(
    model,
    x,
    y=None,
    loss=None,
    mask=None,
    *,
    sample_weight=None,
    states=None,
    resets=None,
    valid=None,
):
    """Say where the numbers of a training step stop being finite, and what to do.

    Weights are looked through first, then the data, each recurrent layer forwards (its initial
    states, its input, its states), output and loss, then backwards d loss / d state of each layer,
    from the last layer to the first, and d loss / d weight. What is named first is what to repair;
    what follows it may be its consequence. Dropout is off, and stateful layers keep their states.

    Rows and steps count from 0 within the batch, those of a layer in the order in which it walks:
    from the end of the sequence where it goes backwards.

    Args:
        model, x, y, loss, mask: as in `gradient_through_time`. For a run that broke, the batch and
            the weights with which it broke: those before the update.
        sample_weight: of the loss, a number for each row, or for each row and step.
        states: a dict of recurrent layers to lists of the states from which they start; the others
            start from zero, or from what they hold if they are stateful.
        resets: (batch, time) bool, true where the states start anew, in every recurrent layer.
        valid: (batch, time) bool, the steps that recurrent layers walk, where the model takes no
            `mask`: one with a dict of inputs.

    Returns:
        A sentence a line, the last one on what to do; an empty string where all is finite.

    Raises:
        ValueError: as `gradient_through_time`; weights without a loss, or of another shape; states
            of a layer that takes no part.

    Example:

    >>> layer = keras_rnnzoo.SimpleRNN(4, activation="relu", recurrent_initializer="ones")
    >>> print(explain_nan(layer, np.full((1, 200, 3), 1e9, "float32")))
    """
    given = {"sample_weight": sample_weight, "states": states, "resets": resets, "valid": valid}
    asked = question(model, x, y, loss, mask, **given)
    return explain(asked, nudged(asked), weight_gradients(asked))


def explain(asked, found, of_weights=()):
    """`explain_nan` of what `nudged` and `weight_gradients` found."""
    computed = []
    for name, walk in found.walks.items():
        computed += _forwards(name, walk)
    computed += _losses(found)
    for name, gradients in reversed(found.gradients.items()):
        computed += _backwards(name, gradients, found.walks[name])
    computed += _weight_gradients(of_weights)
    findings = _weights(asked.model.weights)
    if computed:  # where nothing comes of it, data may be what it is
        findings += _data(asked, found)
    findings += computed
    if not findings:
        return ""
    return "\n".join([*(one.said for one in findings), f"What to do first: {findings[0].cure}"])


def _broken(values):
    """The rows and steps of `values (batch, time, ...)` at which a number is not finite."""
    return ~np.isfinite(values).all(axis=tuple(range(2, values.ndim)))


def _place(broken, end=0):
    """The first step of `broken (batch, time)`, or with `end=-1` the last, and its first row."""
    step = np.flatnonzero(broken.any(axis=0))[end]
    return f"step {step} of {broken.shape[1]} (row {broken[:, step].argmax()})"


# What is given -----------------------------------------------------------------------------------


def _weights(weights):
    counts = [int((~np.isfinite(array(weight))).sum()) for weight in weights]
    return [
        Finding(f"Weight {w.path}: {n} of its {np.prod(w.shape)} numbers are not finite.", _WEIGHT)
        for w, n in zip(weights, counts)
        if n
    ]


def _data(asked, found):
    findings = []
    for name in ("x", "y", "sample_weight"):
        value = getattr(asked, name)
        for path, part in [] if value is None else keras.tree.flatten_with_path(value):
            if "float" not in str(part.dtype):
                continue
            values = array(part)
            if name == "x":
                values = _unmasked(values, asked)
            key = "".join(f"[{step!r}]" for step in path)
            findings += _somewhere(f"Data: {name}{key}", values, found, _DATA)
    return findings


def _unmasked(values, asked):
    """`values` of an input, with zeros at the steps that are masked from outside."""
    for mask in (asked.mask, asked.valid):
        if mask is not None and tuple(mask.shape) == values.shape[:2]:
            steps = keras.ops.convert_to_numpy(mask)
            values = np.where(steps.reshape(*steps.shape, *[1] * (values.ndim - 2)), values, 0)
    return values


def _somewhere(name, values, found, cure):
    """Of `values (batch, ...)`; (batch, n) has steps where layers walk as many."""
    values = np.atleast_1d(values)
    steps = {walk.x.shape[1] for walk in found.walks.values()}
    timed = values.ndim > 2 or (values.ndim == 2 and values.shape[1] in steps)
    broken = _broken(values if timed else values.reshape(len(values), 1, -1))
    if not broken.any():
        return []
    place = _place(broken) if timed else f"row {broken[:, 0].argmax()}"
    return [Finding(f"{name} is not finite, at {place} first.", cure)]


# Forwards ----------------------------------------------------------------------------------------


def _forwards(name, walk):
    broken = _broken(walk.before[:, :1])
    if broken.any():
        row = broken[:, 0].argmax()
        said = f"Layer {name}: the states from which it starts are not finite (row {row} first)."
        return [Finding(said, _START)]
    broken = _broken(np.where(walk.valid[..., None], walk.x, 0))
    if broken.any():
        said = f"Layer {name}: its input is not finite, at {_place(broken)} first."
        return [Finding(said, _INPUT)]
    broken = _broken(walk.after)
    if broken.any():
        step = broken.any(axis=0).argmax()
        parts = walk.named(walk.after[:, step])
        states = " and ".join(state for state, part in parts.items() if not np.isfinite(part).all())
        said = f"its input is finite, its states are not, first {states} at {_place(broken)}."
        return [Finding(f"Layer {name}: {said}", _STATES)]
    return []


def _losses(found):
    findings = []
    if not np.isfinite(found.loss):
        for output in found.output:
            findings += _somewhere("The output", output, found, _OUTPUT)
        size = max(np.abs(output).max() for output in found.output)
        finite = "" if findings else f", of an output that is finite, up to {size:.1e}"
        findings.append(Finding(f"The loss is {found.loss}{finite}.", _LOSS))
    if not np.isfinite(found.added):
        findings.append(Finding(f"What layers add to the loss is {found.added}.", _ADDED))
    return findings


# Backwards ---------------------------------------------------------------------------------------


def _backwards(name, gradients, walk):
    """The states in the order in which they are reached from the end."""
    reached = []
    for state, gradient in gradients.items():
        broken = _broken(gradient)
        if broken.any():
            said = (
                f"Layer {name}: d loss / d {state} is not finite; walking back from the end, at "
                f"{_place(broken, -1)} first."
            )
            reached.append((np.flatnonzero(broken.any(axis=0))[-1], Finding(said, _SLOPE)))
    reached.sort(key=lambda pair: -pair[0])
    return [*(_padding(name, walk) if reached else []), *(finding for _, finding in reached)]


def _padding(name, walk):
    """Of no account forwards, and yet a factor of zero times infinity where a gradient passes."""
    broken = _broken(np.where(walk.valid[..., None], 0, walk.x))
    if not broken.any():
        return []
    said = f"Layer {name}: its input is not finite at {_place(broken)}, which is masked."
    return [Finding(said, _PADDING)]


def _weight_gradients(of_weights):
    names = [weight.path for weight, found in of_weights if not np.isfinite(found).all()]
    if not names:
        return []
    said = f"d loss / d weight is not finite, for {len(names)} of {len(of_weights)} weights: "
    return [Finding(f"{said}{', '.join(names)}.", _SLOPE)]
