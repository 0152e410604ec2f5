"""One pass of a batch through a model, and d loss / d state at each step of every layer in it.

The gradient of the loss with respect to a zero that is added to a state after step t is the
gradient with respect to that state: through all later steps, and through the output of step t.
"""

import math
from contextlib import contextmanager
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from keras_rnnzoo import kernels
from keras_rnnzoo.base import RecurrentLayer
from keras_rnnzoo.through_time.steps import Walk, array


class Nudged(NamedTuple):
    """What one pass left.

    Attributes:
        walks: what each recurrent layer did, by the layer's name.
        output: a list of arrays.
        loss: a float.
        added: the sum of what layers add to the loss, as regularizers do; a float.
        gradients: for each layer by name, for each state by name, an array (batch, time, ...).
    """

    walks: dict
    output: list
    loss: float
    added: float
    gradients: dict


def nudged(asked):
    """Walk the model once as it is, and once with a zero beside every state.

    Raises:
        ValueError: no recurrent layer took part, or one did twice, or one did not that is given
            states.
    """
    with _resting(asked) as states:
        passed = asked.passed(states)
        visits = _by_name(passed.visits)
        _check_states(asked.states, visits)
        added = float(sum(array(loss) for loss in asked.model.losses))
        spots = [
            (name, state) for name, visit in visits.items() for state in visit.layer.cell.states
        ]

        def loss_of(zeros):
            nudges = {visit.layer: {} for visit in visits.values()}
            for (name, state), zero in zip(spots, zeros, strict=True):
                nudges[visits[name].layer][state] = zero
            return asked.passed(states, nudges).loss

        found = _gradients(loss_of, [_zeros(visits[name], state) for name, state in spots])
    gradients = {name: {} for name in visits}
    for (name, state), gradient in zip(spots, found, strict=True):
        gradients[name][state] = gradient
    walks = {name: Walk(visit) for name, visit in visits.items()}
    output = [array(part) for part in keras.tree.flatten(passed.output)]
    return Nudged(walks, output, float(array(passed.loss)), added, gradients)


def weight_gradients(asked):
    """`(weight, d loss / d weight)` of each trainable weight; the model is built."""
    weights = asked.model.trainable_variables
    if not weights:
        return []
    with _resting(asked) as states:

        def loss_of(values):
            with keras.StatelessScope(list(zip(weights, values, strict=True))):
                return asked.passed(states).loss

        found = _gradients(loss_of, [ops.convert_to_tensor(weight) for weight in weights])
    return list(zip(weights, found, strict=True))


@contextmanager
def _resting(asked):
    """Within, stateful layers keep nothing; gives the states from which layers start."""
    keeping = [
        layer
        for layer in asked.model._flatten_layers()
        if isinstance(layer, RecurrentLayer) and layer.stateful
    ]
    held = {layer: list(map(ops.copy, layer.states)) for layer in keeping if layer.states}
    try:
        for layer in keeping:
            layer.stateful = False
        yield {**held, **asked.states}
    finally:
        for layer in keeping:
            layer.stateful = True


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


def _check_states(states, visits):
    layers = [visit.layer for visit in visits.values()]
    for given in states:
        if not any(given is layer for layer in layers):
            raise ValueError(
                "`states` holds, for recurrent layers of the model, lists of the states from which "
                f"they start: {{layer: [...]}} with layers named {', '.join(visits)}. "
                f"Received: states of {getattr(given, 'name', given)!r}"
            )


def _zeros(visit, state):
    """Zeros beside every step of a state: (batch, time, ...)."""
    cell = visit.layer.cell
    shape = (*visit.sequences.shape[:2], *cell.state_shape(state))
    return ops.zeros(shape, "float64" if cell.state_dtype(state) == "float64" else "float32")


def _gradients(function, tensors):
    """The gradients of a scalar `function` of a list of tensors, as arrays, in one pass."""
    shapes = [tuple(tensor.shape) for tensor in tensors]
    ends = np.cumsum([math.prod(shape) for shape in shapes]).tolist()
    wide = any("float64" in str(tensor.dtype) for tensor in tensors)
    dtype = "float64" if wide else "float32"

    def cut(flat):
        return [
            ops.reshape(flat[end - math.prod(shape) : end], shape)
            for end, shape in zip(ends, shapes, strict=True)
        ]

    def of_flat(flat):
        return ops.cast(function(cut(flat)), dtype)

    parts = [ops.cast(ops.reshape(tensor, (-1,)), dtype) for tensor in tensors]
    gradient = kernels.gradient(of_flat, ops.concatenate(parts))
    return [ops.convert_to_numpy(part) for part in cut(gradient)]
