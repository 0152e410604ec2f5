"""One pass of a batch through a model, and d loss / d state at each step of every layer in it.

The gradient of the loss with respect to a zero that is added to a state after step t is the
gradient with respect to that state: through all later steps, and through the output of step t.
"""

import math
from contextlib import contextmanager
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from keras_rnnzoo import kernels
from keras_rnnzoo.base import RecurrentLayer
from keras_rnnzoo.base.passage import Passage
from keras_rnnzoo.through_time.steps import Walk, array


class Nudged(NamedTuple):
    """What one pass left.

    Attributes:
        walks: what each recurrent layer did, by the layer's name.
        output: of the model.
        loss: a float.
        gradients: for each layer by name, for each state by name, an array (batch, time, ...).
    """

    walks: dict
    output: Any
    loss: float
    gradients: dict


class Question(NamedTuple):
    """A model, a batch, what is asked of it, and what the `Passage` through it is given."""

    model: Any
    x: Any
    y: Any
    loss: Any
    mask: Any
    sample_weight: Any
    given: dict


def question(model, x, y=None, loss=None, mask=None, sample_weight=None, **given):
    """The arguments checked, arrays as tensors.

    Raises:
        ValueError: targets without a loss, or a loss without targets.
    """
    if y is not None and loss is None:
        loss = getattr(model, "loss", None)  # of a compiled model
    if (y is None) != (loss is None):
        raise ValueError(
            "A loss compares targets with outputs: give both `y` and `loss`, or neither for the "
            f"sum of the last output. Received: y={type(y).__name__}, loss={loss!r}"
        )
    if isinstance(loss, (dict, list, tuple)):
        raise ValueError(
            "The loss of a model with several outputs must be one function of (y_true, y_pred) "
            f"that gives their sum. Received: loss={loss!r}"
        )
    x = keras.tree.map_structure(ops.convert_to_tensor, x)
    mask = None if mask is None else ops.convert_to_tensor(mask, dtype="bool")
    if y is not None:
        y, loss = keras.tree.map_structure(ops.convert_to_tensor, y), keras.losses.get(loss)
    if sample_weight is not None:
        sample_weight = ops.convert_to_tensor(sample_weight)
    return Question(model, x, y, loss, mask, sample_weight, given)


def nudged(asked):
    """Walk the model once as it is, and once with a zero beside every state.

    Raises:
        ValueError: no recurrent layer took part, or one did twice.
    """
    with passing(asked) as given:
        with Passage(**given) as passage:
            output = outputs(asked)
            loss = array(loss_of(asked, output))
        visits = _by_name(passage.visits)
        spots = {name: _spots(visit) for name, visit in visits.items()}
        widths = [math.prod(shape) for named in spots.values() for shape in named.values()]
        zeros = ops.zeros((sum(widths),), dtype=_widest(visits.values()))

        def loss_beside(flat):
            pieces = iter(_cut(flat, widths))
            nudges = {
                visits[name].layer: {s: ops.reshape(next(pieces), n) for s, n in named.items()}
                for name, named in spots.items()
            }
            with Passage(**given, nudges=nudges):
                return ops.cast(loss_of(asked, outputs(asked)), flat.dtype)

        pieces = iter(_cut(ops.convert_to_numpy(kernels.gradient(loss_beside, zeros)), widths))
    gradients = {
        name: {state: np.reshape(next(pieces), shape) for state, shape in named.items()}
        for name, named in spots.items()
    }
    walks = {name: Walk(visit) for name, visit in visits.items()}
    return Nudged(walks, output, float(loss), gradients)


@contextmanager
def passing(asked):
    """Within, stateful layers keep nothing; gives what the `Passage` takes, their states too."""
    keeping = [
        layer
        for layer in asked.model._flatten_layers()
        if isinstance(layer, RecurrentLayer) and layer.stateful
    ]
    held = {layer: list(map(ops.copy, layer.states)) for layer in keeping if layer.states}
    try:
        for layer in keeping:
            layer.stateful = False
        yield {**asked.given, "states": {**held, **(asked.given.get("states") or {})}}
    finally:
        for layer in keeping:
            layer.stateful = True


def outputs(asked):
    """What the model gives, dropout off."""
    masked = {} if asked.mask is None else {"mask": asked.mask}
    return asked.model(asked.x, training=False, **masked)


def loss_of(asked, output):
    """The loss as a scalar; without targets the sum of the last output."""
    if getattr(asked.model, "return_state", False):
        output = output[0]
    if isinstance(asked.loss, keras.losses.Loss):
        return asked.loss(asked.y, output, asked.sample_weight)
    if asked.loss is not None:
        losses = asked.loss(asked.y, output)
        if asked.sample_weight is not None:
            losses = losses * ops.cast(asked.sample_weight, losses.dtype)
        return ops.mean(losses)
    if not ops.is_tensor(output):
        raise ValueError(
            "The last output is summed where a model has one output. Give `y` and a `loss` of "
            f"(y_true, y_pred). Received: output of type {type(output).__name__}"
        )
    if len(output.shape) < 3:
        return ops.sum(output)
    mask = kernels.mask_of(output)
    if mask is None and not getattr(asked.model, "go_backwards", False):
        mask = asked.mask
    if mask is not None and len(output.shape) == 3 and mask.shape[1] == output.shape[1]:
        output = kernels.forward_fill(output, mask)
    return ops.sum(output[:, -1])


def _by_name(visits):
    """The visits by the names of their layers, the same name numbered from its second layer on."""
    if not visits:
        raise ValueError(
            "Expected a model with recurrent layers of keras_rnnzoo in it, or one of them; "
            "Keras's own and AttentionRNN leave no trace. Received: a model without them"
        )
    named = {}
    for visit in visits:
        layer, number = visit.layer, 1
        if any(layer is other.layer for other in named.values()):
            raise ValueError(
                f"Layer {layer.name!r} walks several sequences in one pass, so a step of it has "
                "no one gradient. Call it once. Received: a model that shares the layer"
            )
        name = layer.name
        while name in named:
            number += 1
            name = f"{layer.name}_{number}"
        named[name] = visit
    return named


def _spots(visit):
    """Shapes (batch, time, ...) of the nudges by the names of the states that take them."""
    cell = visit.layer.cell
    lead = tuple(visit.sequences.shape[:2])
    return {name: (*lead, *cell.state_shape(name)) for name in cell.states}


def _widest(visits):
    dtypes = {visit.layer.cell.state_dtype(s) for visit in visits for s in visit.layer.cell.states}
    return "float64" if "float64" in dtypes else "float32"


def _cut(flat, widths):
    ends = np.cumsum(widths)
    return [flat[end - width : end] for end, width in zip(ends.tolist(), widths)]
