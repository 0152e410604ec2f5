"""Recurrent layers on top of each other: the one object that sweeps vary."""

import inspect

import keras
from keras import ops

from keras_rnnzoo import kernels
from keras_rnnzoo.base import RecurrentLayer
from keras_rnnzoo.base.configurable import CONFIG_VERSION, PACKAGE, register, take_version
from keras_rnnzoo.base.options import choice, positive_int, rate
from keras_rnnzoo.base.passage import mask_within
from keras_rnnzoo.base.sequences import TakesMask
from keras_rnnzoo.wrappers.bidirectional import Bidirectional, number_of_states, reseeded
from keras_rnnzoo.wrappers.connections import CONNECTIONS, Connection, refuse_side_inputs
from keras_rnnzoo.wrappers.merge import merge_mode_of


class StackedRecurrent(TakesMask, keras.layers.Layer):
    """Recurrent layers on top of each other, of any cells, widths and connections.

    **Equations**, for layer k of the depth:

        y_k = layer_k(dropout(z_(k-1))),  z_k = norm(connect(z_(k-1), y_k)),  z_0 = x

    with `connect` as in `Connection`. The last layer of a dense stack is not concatenated with its
    input. Where only the last output is returned, what joins it is its input at the last valid
    step; for a bidirectional layer the mean of its inputs at the last and the first valid step.

    Arguments:
        cell: name or class of a recurrent layer (`keras_rnnzoo.list_layers()`), or a list of them,
            one for each layer.
        units: width of each layer, or a list of widths.
        depth: number of layers; needed only where neither `cell` nor `units` is a list.
        connections: `"none"`, `"residual"`, `"highway"` or `"dense"`.
        dropout: rate between the layers, on the input of every layer but the first.
        layer_norm: whether the output of every layer is layer-normalised.
        bidirectional: whether every layer runs in both directions.
        merge_mode: of the directions, see `Bidirectional`; not `None`.
        cell_options: dict of further arguments for every layer, `{"zoneout": 0.1}` for instance.
        return_sequences, return_state, stateful: as in `keras.layers.RNN`; the states of the first
            layer come first.
        seed: of the dropout between the layers.

    Call arguments: as in `RecurrentLayer`.

    Raises:
        ValueError: a name, rate or number that cannot be; lists of different lengths.

    Example:

    >>> stack = keras_rnnzoo.StackedRecurrent("mgu", 8, depth=3, connections="residual")
    >>> stack(np.zeros((2, 7, 5), "float32")).shape
    (2, 8)
    """

    def __init__(
        self,
        cell,
        units,
        depth=None,
        *,
        connections="none",
        dropout=0.0,
        layer_norm=False,
        bidirectional=False,
        merge_mode="concat",
        cell_options=None,
        return_sequences=False,
        return_state=False,
        stateful=False,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs, autocast=False)
        self.depth = _depth(cell, units, depth)
        cells = cell if isinstance(cell, (list, tuple)) else [cell] * self.depth
        self.cell = [_name_of(_layer_class(one)) for one in cells]
        units = units if isinstance(units, (list, tuple)) else [units] * self.depth
        self.units = [positive_int("units", width) for width in units]
        self.connections = choice("connections", connections, CONNECTIONS)
        self.dropout = rate("dropout", dropout)
        self.layer_norm = bool(layer_norm)
        self.bidirectional = bool(bidirectional)
        self.merge_mode = merge_mode_of(merge_mode)
        self.cell_options = dict(cell_options or {})
        self.return_sequences = bool(return_sequences)
        self.return_state = bool(return_state)
        self.stateful = bool(stateful)
        self.seed = seed
        self.supports_masking = True
        if self.merge_mode is None:
            raise ValueError("A stack needs one output a layer. Received: merge_mode=None")
        classes = [_layer_class(one) for one in cells]
        refuse_side_inputs(classes[1:])
        self.recurrent_layers = list(map(self._layer, range(self.depth), classes, self.units))
        kinds = [self.connections] * self.depth
        if self.connections == "dense":
            kinds[-1] = "none"
        dtype = {"dtype": self.dtype_policy}
        self.connectors = [Connection(kind, **dtype) for kind in kinds]
        self.norms = [keras.layers.LayerNormalization(**dtype) for _ in kinds if self.layer_norm]
        self.droppers = [
            keras.layers.Dropout(self.dropout, seed=None if seed is None else seed + k, **dtype)
            for k in range(1, self.depth)
            if self.dropout
        ]

    def _layer(self, k, layer_class, units):
        reserved = {"return_sequences", "return_state", "stateful", "go_backwards", "units"}
        clash = sorted(reserved & self.cell_options.keys())
        if clash:
            raise ValueError(
                f"`cell_options` holds what the stack itself decides: {', '.join(clash)}. Give it "
                f"to StackedRecurrent. Received: cell_options={self.cell_options}"
            )
        layer = layer_class(
            units,
            **self.cell_options,
            return_sequences=self.return_sequences or k < self.depth - 1,
            return_state=True,
            stateful=self.stateful,
            dtype=self.dtype_policy,
            name="layer_0",
        )
        for below in range(k):
            layer = reseeded(layer, f"layer_{below + 1}")
        if not self.bidirectional:
            return layer
        return Bidirectional(
            layer, self.merge_mode, dtype=self.dtype_policy, name=f"bidirectional_{k}"
        )

    def build(self, sequences_shape, initial_state_shape=None, resets_shape=None):
        shape = tuple(sequences_shape)
        for k, layer in enumerate(self.recurrent_layers):
            if not layer.built:
                layer.build(shape)
            output = layer.compute_output_shape(shape)[0]
            x_shape = shape if len(output) == 3 else (shape[0], shape[2])
            self.connectors[k].build(x_shape, output)
            shape = self.connectors[k].compute_output_shape(x_shape, output)
            if self.layer_norm:
                self.norms[k].build(shape)
        self.built = True

    def call(self, sequences, initial_state=None, mask=None, training=False, resets=None):
        z, states = ops.cast(sequences, self.compute_dtype), []
        mask = mask_within(mask)
        mask = None if mask is None else ops.cast(mask, "bool")
        given = self._split(initial_state)
        more = (
            {"training": training} if resets is None else {"training": training, "resets": resets}
        )
        for k, layer in enumerate(self.recurrent_layers):
            dropped = self.droppers[k - 1](z, training=training) if k and self.dropout else z
            y, *new = layer(dropped, initial_state=given[k], mask=mask, **more)
            states += new
            joins = self.connectors[k].kind != "none"
            x = self._at_the_ends(z, mask) if joins and len(y.shape) == 2 else z
            z = self.connectors[k](x, y) if joins else y
            if self.layer_norm:
                z = self.norms[k](z)
        return (z, *states) if self.return_state else z

    def _at_the_ends(self, x, mask):
        """`x` at the last valid step, or between the last and the first in both directions."""
        ends = [x]
        if self.bidirectional:
            ends.append(ops.flip(x, axis=1))
        if mask is not None:
            masks = [mask, ops.flip(mask, axis=1)]
            ends = [kernels.forward_fill(end, one) for end, one in zip(ends, masks)]
        return sum(end[:, -1] for end in ends) / len(ends)

    @property
    def number_of_states(self):
        """How many initial states it takes: those of all layers."""
        return sum(map(number_of_states, self.recurrent_layers))

    def _split(self, initial_state):
        if initial_state is None:
            return [None] * self.depth
        states = initial_state if isinstance(initial_state, (list, tuple)) else [initial_state]
        counts = [number_of_states(layer) for layer in self.recurrent_layers]
        if len(states) != sum(counts):
            raise ValueError(
                f"`initial_state` of {self.name} must hold the states of all {self.depth} layers, "
                f"{' + '.join(map(str, counts))} of them. Received: {len(states)} states"
            )
        states = iter(states)
        return [[next(states) for _ in range(count)] for count in counts]

    def step(self, inputs, states=None):
        """One step of streaming inference: `inputs (batch, features)` to `(output, states)`."""
        if self.bidirectional:
            raise ValueError(
                "A bidirectional stack needs the whole sequence, so it cannot stream. Use "
                "bidirectional=False. Received: bidirectional=True"
            )
        z, new_states = ops.convert_to_tensor(inputs, dtype=self.compute_dtype), []
        if not self.built:
            self.build((z.shape[0], None, z.shape[-1]))
        for k, (layer, given) in enumerate(zip(self.recurrent_layers, self._split(states))):
            y, new = layer.step(z, given)
            new_states += new
            z = self.connectors[k](z, y)
            z = self.norms[k](z) if self.layer_norm else z
        return z, new_states

    def reset_state(self):
        """Set the states that `stateful` keeps back to zero, in every layer."""
        for layer in self.recurrent_layers:
            layer.reset_state()

    def get_initial_state(self, batch_size):
        """Zero states of every layer, the first layer first."""
        layers = self.recurrent_layers
        return [state for layer in layers for state in layer.get_initial_state(batch_size)]

    def explain_kernel(self, backend=None):
        """In words: what walks time in each layer."""
        texts = [layer.explain_kernel(backend) for layer in self.recurrent_layers]
        return "\n".join(f"layer {k}: {text}" for k, text in enumerate(texts))

    def compute_output_shape(self, sequences_shape, initial_state_shape=None, resets_shape=None):
        shape, states = tuple(sequences_shape), []
        for layer, connector in zip(self.recurrent_layers, self.connectors):
            output, *new = layer.compute_output_shape(shape)
            states += new
            x_shape = shape if len(output) == 3 else (shape[0], shape[2])
            shape = connector.compute_output_shape(x_shape, output)
        return (shape, *states) if self.return_state else shape

    def compute_mask(self, sequences, mask):
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        output = mask if self.return_sequences else None
        return [output, *[None] * self.number_of_states] if self.return_state else output

    def get_config(self):
        own = {
            name: getattr(self, name)
            for name, parameter in inspect.signature(type(self).__init__).parameters.items()
            if name != "self" and parameter.kind is not parameter.VAR_KEYWORD
        }
        own["cell"], own["units"] = list(self.cell), list(self.units)
        own["cell_options"] = keras.saving.serialize_keras_object(dict(self.cell_options))
        return {**super().get_config(), **own, "config_version": CONFIG_VERSION}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = take_version(cls, config)
        options = config["cell_options"]
        config["cell_options"] = keras.saving.deserialize_keras_object(options, custom_objects)
        return cls(**config)

    @classmethod
    def sample(cls):
        """A small one."""
        return cls("gru", 4, depth=2, connections="residual", return_sequences=True)


def _depth(cell, units, depth):
    lengths = {
        name: len(value)
        for name, value in (("cell", cell), ("units", units))
        if isinstance(value, (list, tuple))
    }
    if depth is not None:
        lengths["depth"] = positive_int("depth", depth)
    if len(set(lengths.values())) > 1 or 0 in lengths.values():
        raise ValueError(
            "The lists `cell` and `units` and `depth` must speak of the same number of layers, one "
            f"or more. Received: {', '.join(f'{k} for {v}' for k, v in lengths.items())}"
        )
    return next(iter(lengths.values()), 1)


def _layer_class(cell):
    """The layer class that `cell` names."""
    from keras_rnnzoo.registry import get  # the registry lists this class too

    found = cell
    if isinstance(cell, str):
        found = keras.saving.get_registered_object(cell) or get(cell)
    if not (inspect.isclass(found) and issubclass(found, RecurrentLayer) and found.cell_class):
        raise ValueError(
            "`cell` must name a recurrent layer, see keras_rnnzoo.list_layers(), or be the class "
            f"of one. Received: cell={cell!r}"
        )
    return found


def _name_of(layer_class):
    registered = keras.saving.get_registered_name(layer_class)
    return registered.removeprefix(f"{PACKAGE}>")


register(StackedRecurrent)
