"""The states between two windows, and which models can be walked window by window."""

import warnings

import keras
from keras import ops

from keras_rnnzoo import kernels
from keras_rnnzoo.base.memory import StateMemory
from keras_rnnzoo.base.passage import Passage
from keras_rnnzoo.wrappers import Bidirectional

_AHEAD = (Bidirectional, keras.layers.Bidirectional)
_LOOKS_AROUND = (
    keras.layers.Conv1D,
    keras.layers.SeparableConv1D,
    keras.layers.DepthwiseConv1D,
    keras.layers.Attention,
    keras.layers.AdditiveAttention,
    keras.layers.MultiHeadAttention,
    keras.layers.GroupQueryAttention,
)


class Carried:
    """The states of `layers` after the window before, for each size of batch.

    They are variables, so that every trainer hands them from step to step, but no weights: they
    belong to sequences and not to a model.

    Arguments:
        layers: the `RecurrentLayer`s that take part.
    """

    def __init__(self, layers):
        self.layers = layers
        self._memories = {}

    def prepare(self, batch):
        """Have variables for batches of this size; outside of any traced function."""
        if batch not in self._memories:
            self._memories[batch] = {
                layer: StateMemory(layer.get_initial_state(batch)) for layer in self.layers
            }

    @property
    def variables(self):
        """Of all sizes."""
        memories = [memory for sized in self._memories.values() for memory in sized.values()]
        return [variable for memory in memories for variable in memory.held]

    def check(self, batch):
        """Refuse rows that are not those which ended the window before."""
        if batch not in self._memories:
            known = ", ".join(map(str, self._memories))
            raise ValueError(
                f"The carried states belong to batches of {known} rows, and a window goes on where "
                "the same rows ended. Feed as many rows, or wrap the model in a TruncatedBPTT of "
                f"its own. Received: a batch of {batch}"
            )

    def start(self, batch, begins):
        """The states to start from, by layer: new ones in the rows where `begins` is true."""
        self.check(batch)
        states = {}
        for layer, memory in self._memories[batch].items():
            held = [ops.copy(ops.convert_to_tensor(variable)) for variable in memory.held]
            if begins is not None:
                fresh = layer.get_initial_state(batch)
                held = [kernels.hold(begins, new, old) for new, old in zip(fresh, held)]
            states[layer] = held
        return states

    def keep(self, batch, visits):
        """Remember the states in which the layers ended, without what led to them."""
        for visit in visits:
            for variable, state in zip(self._memories[batch][visit.layer].held, visit.final):
                variable.assign(ops.stop_gradient(state))

    def copied(self):
        """`(variable, value)` of every state."""
        return [(variable, ops.copy(variable.value)) for variable in self.variables]

    def put_back(self, held):
        """Every state as it was when it was `copied`."""
        for variable, value in held:
            variable.assign(value)

    def reset(self):
        """Every state to zero."""
        for variable in self.variables:
            variable.assign(ops.zeros_like(variable.value))


def find_layers(model, window):
    """`(layers, outputs)`: the recurrent layers that take part, and the outputs as `KerasTensor`s.

    Arguments:
        model: a `keras.Model`, built by this call where it is not yet.
        window: its input, of the shape of every window; nothing is computed.

    Raises:
        ValueError: the model cannot be walked window by window; the message names the layer.
    """
    batch, steps = keras.tree.flatten(window)[0].shape[:2]
    passages = []

    def look(x):
        passages.append(Passage())  # one backend looks again where its first way fails
        with passages[-1]:
            return model(x, training=False)

    outputs = kernels.outline(look, window)
    visits = passages[-1].visits
    visited = [visit.layer for visit in visits]
    for layer in model._flatten_layers():
        _check_layer(layer, visited)
    for visit in visits:
        _check_visit(visit, visited, (batch, steps))
    if not visited:
        raise ValueError(
            "Expected a model with recurrent layers of keras_rnnzoo, whose states are carried from "
            f"window to window. Received: model={model.name!r}, which has none"
        )
    if keras.tree.is_nested(outputs) or tuple(outputs.shape[:2]) != (batch, steps):
        shapes = keras.tree.map_structure(lambda y: tuple(y.shape), outputs)
        raise ValueError(
            f"The model must give one output (batch, time, ...) = ({batch}, {steps}, ...), so that "
            "every step has a loss. Build its recurrent layers with return_sequences=True. "
            f"Received: outputs of shape {shapes}"
        )
    return visited, outputs


def check_loss(loss, y, outputs):
    """A loss must give a number for each step, or there is no mean over steps."""
    given, loss = loss, keras.losses.get(loss) if isinstance(loss, str) else loss
    if not callable(loss):
        raise ValueError(
            "TruncatedBPTT takes one loss for its one output, a name, function or "
            f"keras.losses.Loss. Received: loss={given!r}"
        )
    loss = loss.call if isinstance(loss, keras.losses.Loss) else loss
    expected, cause = tuple(outputs.shape[:2]), None
    try:
        shape = tuple(kernels.outline(loss, y, outputs).shape)
    except Exception as error:  # of whichever kind a backend raises where shapes do not fit
        shape, cause = None, error
    if shape is None or shape[:2] != expected:
        raise ValueError(
            f"The loss must give a number for each row and step, {expected}. Give targets of the "
            f"rank of the outputs, {tuple(outputs.shape)}, and a loss that leaves time alone. "
            f"Received: {f'losses of shape {shape}' if shape is not None else cause} from targets "
            f"of shape {tuple(y.shape)}"
        ) from cause


def _check_layer(layer, visited):
    name = f"layer {layer.name!r} ({type(layer).__name__})"
    if isinstance(layer, _AHEAD) or getattr(layer, "go_backwards", False):
        raise ValueError(
            f"A window ends before the sequence does, and the {name} needs its end. Use layers "
            f"that run forwards. Received: model with {name}"
        )
    if getattr(layer, "stateful", False):
        raise ValueError(
            f"TruncatedBPTT carries the states itself. Build the {name} with stateful=False. "
            "Received: stateful=True"
        )
    if isinstance(layer, _LOOKS_AROUND) and getattr(layer, "kernel_size", None) != (1,):
        warnings.warn(
            f"The {name} sees each window alone, so that steps next to its borders come out "
            "otherwise than in the whole sequence.",
            stacklevel=5,
        )
    takes_part = set(map(id, visited)) & {id(part) for part in layer._flatten_layers()}
    walks = hasattr(layer, "return_sequences") or isinstance(layer, keras.layers.RNN)
    if walks and not takes_part:
        raise ValueError(
            f"The {name} walks time by itself, so its states would be lost at the end of each "
            "window. Use a recurrent layer of keras_rnnzoo, see keras_rnnzoo.list_layers(), and "
            f"call it in the model. Received: model with {name}"
        )


def _check_visit(visit, visited, expected):
    layer, shape = visit.layer, tuple(visit.sequences.shape[:2])
    if sum(other is layer for other in visited) > 1:
        raise ValueError(
            f"The layer {layer.name!r} is called more than once, so it has no one state to carry. "
            "Give each call a layer of its own. Received: "
            f"{sum(other is layer for other in visited)} calls"
        )
    if shape != expected:
        raise ValueError(
            f"The layer {layer.name!r} must walk the rows and steps of a window, {expected}, so "
            "that its states go on in the next one. Leave out what changes them in front of it. "
            f"Received: sequences of shape {shape}"
        )
