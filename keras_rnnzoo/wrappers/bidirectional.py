"""Two directions over one sequence."""

import keras
from keras import ops

from keras_rnnzoo.base import RecurrentLayer
from keras_rnnzoo.base.configurable import CONFIG_VERSION, register, take_version
from keras_rnnzoo.base.passage import mask_taken, mask_within, resets_within
from keras_rnnzoo.base.sequences import TakesMask, turned
from keras_rnnzoo.cells import LSTM
from keras_rnnzoo.wrappers.merge import Merge, merge_mode_of

_SHARED = ("return_sequences", "return_state", "stateful")


def number_of_states(layer):
    """How many states a recurrent layer takes and returns."""
    if isinstance(layer, RecurrentLayer):
        return len(layer.cell.states)
    return len(layer.state_size) if hasattr(layer, "state_size") else layer.number_of_states


def other_seeds(config):
    """`config` with every seed in it changed, so that a copy does not start equal."""
    if isinstance(config, (list, tuple)):
        return [other_seeds(part) for part in config]
    if not isinstance(config, dict):
        return config
    return {
        key: (value + 1_000_003) % 2**31
        if key == "seed" and isinstance(value, int)
        else other_seeds(value)
        for key, value in config.items()
    }


def reseeded(layer, name):
    """A new layer like `layer`, with other seeds."""
    return type(layer).from_config({**other_seeds(layer.get_config()), "name": name})


class Bidirectional(TakesMask, keras.layers.Layer):
    """Runs a layer forwards and another backwards over a sequence, and merges both.

    The backward layer sees each sequence reversed, and its outputs are put back in order. Masked
    steps change nothing, on whichever side they lie, and give zeros.

    **Equations**

        f = forward(x),  b = reverse(backward(reverse(x))),  y = merge(f, b)

    with `merge` as in `Merge`; `merge_mode=None` returns f and b unmerged.

    Arguments:
        layer: a recurrent layer of this package or of Keras; it becomes the forward layer itself.
        merge_mode: `"concat"`, `"sum"`, `"ave"`, `"mul"`, `"max"`, `"gated"` (a learned gate
            between the directions), `"linear"` (a learned projection of both) or `None`.
        backward_layer: the backward layer, of any cell and width; by default a copy of `layer`
            with other seeds.
        merge_states: whether final states are merged by the same rule, each with weights of its
            own where the rule has any, instead of returned one direction after the other.

    Call arguments: as in `RecurrentLayer`; `initial_state` holds the states of the forward layer,
    then those of the backward layer.

    Raises:
        ValueError: the mode does not exist, or the two layers do not fit together.

    Example:

    >>> pair = keras_rnnzoo.Bidirectional(keras_rnnzoo.MGU(8), merge_mode="gated")
    >>> pair(np.zeros((2, 7, 5), "float32")).shape
    (2, 8)

    Reference: Schuster and Paliwal, IEEE Transactions on Signal Processing 45 (1997).
    """

    def __init__(
        self, layer, merge_mode="concat", backward_layer=None, merge_states=False, **kwargs
    ):
        super().__init__(**kwargs, autocast=False)
        for given in (layer, backward_layer):
            if given is not None and not hasattr(given, "go_backwards"):
                raise TypeError(
                    "Bidirectional takes recurrent layers, such as keras_rnnzoo.LSTM(32) or "
                    f"keras.layers.GRU(32). Received: {given!r}"
                )
        self.merge_mode = merge_mode_of(merge_mode)
        self.merge_states = bool(merge_states)
        self.forward_layer = layer
        self.backward_layer = backward_layer or reseeded(layer, f"backward_{layer.name}")
        self._check_pair()
        # Sequences are reversed here: what Keras's own layers do with go_backwards on an
        # accelerator depends on the backend.
        self.backward_layer.go_backwards = False
        self.return_sequences, self.return_state, self.stateful = (
            getattr(layer, name) for name in _SHARED
        )
        self.supports_masking = True
        self.merge = None if self.merge_mode is None else Merge(self.merge_mode, name="merge")
        self.state_merges = [
            Merge(self.merge_mode, name=f"merge_state_{k}")
            for k in range(number_of_states(layer) if self.merge_states else 0)
        ]

    def _check_pair(self):
        forward, backward = self.forward_layer, self.backward_layer
        for name in _SHARED:
            values = getattr(forward, name), getattr(backward, name)
            if values[0] != values[1]:
                raise ValueError(
                    f"Both directions need the same `{name}`. Received: forward {name}="
                    f"{values[0]}, backward {name}={values[1]}"
                )
        if forward.go_backwards:
            raise ValueError(
                "The forward layer must not go backwards; Bidirectional reverses the sequence for "
                "the backward layer itself. Received: layer.go_backwards=True"
            )
        if self.merge_states and not forward.return_state:
            raise ValueError(
                "merge_states acts only on layers that return states. Give the layer "
                "return_state=True. Received: return_state=False"
            )
        if self.merge_states and self.merge_mode is None:
            raise ValueError(
                "States are merged by the rule of the outputs, which are not merged. Choose a "
                "`merge_mode`, or merge_states=False. Received: merge_mode=None"
            )
        counts = number_of_states(forward), number_of_states(backward)
        if self.merge_states and counts[0] != counts[1]:
            raise ValueError(
                "merge_states needs directions with the same number of states. "
                f"Received: {counts[0]} and {counts[1]} states"
            )

    def build(self, sequences_shape, initial_state_shape=None, resets_shape=None):
        outputs = []
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer.build(sequences_shape)
            shape = layer.compute_output_shape(sequences_shape)
            outputs.append(shape if self.return_state else (shape,))
        if self.merge is not None:
            self.merge.build(outputs[0][0], outputs[1][0])
        for merge, *pair in zip(self.state_merges, outputs[0][1:], outputs[1][1:]):
            merge.build(*pair)
        self.built = True

    def call(self, sequences, initial_state=None, mask=None, training=False, resets=None):
        forward_state, backward_state = self._split(initial_state)
        resets, mask = resets_within(resets), mask_within(mask)
        there = {} if resets is None else {"resets": resets}
        back = {} if resets is None else {"resets": turned(ops.cast(resets, "bool"))}
        with mask_taken():
            forward = self.forward_layer(
                sequences, initial_state=forward_state, mask=mask, training=training, **there
            )
            backward = self.backward_layer(
                ops.flip(sequences, axis=1),
                initial_state=backward_state,
                mask=None if mask is None else ops.flip(mask, axis=1),
                training=training,
                **back,
            )
        if not self.return_state:
            return self._merge_outputs(forward, backward, mask)
        output = self._merge_outputs(forward[0], backward[0], mask)
        states = self._merge_all_states(forward[1:], backward[1:])
        return (*output, *states) if self.merge_mode is None else (output, *states)

    def _split(self, initial_state):
        if initial_state is None:
            return None, None
        states = (
            list(initial_state) if isinstance(initial_state, (list, tuple)) else [initial_state]
        )
        first = number_of_states(self.forward_layer)
        if len(states) != self.number_of_states:
            raise ValueError(
                f"`initial_state` of {self.name} must hold the {first} states of the forward layer "
                f"and then the {self.number_of_states - first} of the backward layer. "
                f"Received: {len(states)} states"
            )
        return states[:first], states[first:]

    def _merge_outputs(self, forward, backward, mask):
        if self.return_sequences:
            backward = ops.flip(backward, axis=1)
        output = (forward, backward) if self.merge is None else self.merge(forward, backward)
        if mask is None or not self.return_sequences:
            return output
        keep = ops.expand_dims(ops.cast(mask, "bool"), -1)
        if self.merge is None:
            return tuple(ops.where(keep, part, ops.zeros_like(part)) for part in output)
        return ops.where(keep, output, ops.zeros_like(output))

    def _merge_all_states(self, forward, backward):
        if not self.merge_states:
            return (*forward, *backward)
        return tuple(merge(*pair) for merge, *pair in zip(self.state_merges, forward, backward))

    @property
    def number_of_states(self):
        """How many initial states it takes: those of both directions."""
        return number_of_states(self.forward_layer) + number_of_states(self.backward_layer)

    def reset_state(self):
        """Set the states that `stateful` keeps back to zero, in both directions."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    def get_initial_state(self, batch_size):
        """Zero states, forward and then backward."""
        both = (self.forward_layer, self.backward_layer)
        return [state for layer in both for state in layer.get_initial_state(batch_size)]

    def explain_kernel(self, backend=None):
        """In words: what walks time in either direction."""
        parts = (self.forward_layer, self.backward_layer)
        texts = [
            part.explain_kernel(backend) if hasattr(part, "explain_kernel") else "Keras's own loop"
            for part in parts
        ]
        return f"forward: {texts[0]}\nbackward: {texts[1]}"

    def compute_output_shape(self, sequences_shape, initial_state_shape=None, resets_shape=None):
        both = [
            layer.compute_output_shape(sequences_shape)
            for layer in (self.forward_layer, self.backward_layer)
        ]
        first = [shape[0] if self.return_state else shape for shape in both]
        outputs = tuple(first) if self.merge is None else (self.merge.compute_output_shape(*first),)
        if not self.return_state:
            return outputs if self.merge is None else outputs[0]
        forward, backward = both[0][1:], both[1][1:]
        if not self.merge_states:
            return (*outputs, *forward, *backward)
        merged = zip(self.state_merges, forward, backward)
        return (*outputs, *(merge.compute_output_shape(*pair) for merge, *pair in merged))

    def compute_mask(self, sequences, mask):
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        output = mask if self.return_sequences else None
        outputs = [output] * (2 if self.merge_mode is None else 1)
        if self.return_state:
            outputs += [None] * (len(self.state_merges) or self.number_of_states)
        return outputs if len(outputs) > 1 else output

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "layer": serialize(self.forward_layer),
            "merge_mode": self.merge_mode,
            "backward_layer": serialize(self.backward_layer),
            "merge_states": self.merge_states,
            "config_version": CONFIG_VERSION,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = take_version(cls, config)
        for name in ("layer", "backward_layer"):
            config[name] = keras.saving.deserialize_keras_object(config[name], custom_objects)
        return cls(**config)

    @classmethod
    def sample(cls):
        """A small one."""
        return cls(LSTM(4, return_sequences=True))


register(Bidirectional)
