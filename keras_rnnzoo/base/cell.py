"""The contract of a cell: project the input, recur on the state, update element by element."""

import keras
from keras import ops

from keras_rnnzoo import kernels
from keras_rnnzoo.base.binding import BoundWeights
from keras_rnnzoo.base.configurable import (
    CONFIG_VERSION,
    Constructor,
    cell_config,
    parameters_of,
    register,
    take_version,
)
from keras_rnnzoo.base.noise import CellNoise, zoneout_rates
from keras_rnnzoo.base.options import positive_int, read_options
from keras_rnnzoo.base.products import CellProducts
from keras_rnnzoo.base.weights import CellWeights

__all__ = ["RecurrentCell"]

_STEP = {
    "update",
    "inner",
    "operand",
    "output",
    "step",
    "project",
    "recur",
    "join",
    "join_all",
    "advance",
}

_NO_C = "it has no cell state c"


class RecurrentCell(CellWeights, BoundWeights, CellProducts, CellNoise, keras.layers.Layer):
    """One step of a recurrent layer; the base of every cell here.

    A cell declares `gates` and writes `update`; see the class attributes below for the rest. The
    base projects the input, makes the recurrent products, joins both to one pre-activation a gate
    and applies the standard options around what the cell wrote.

    Arguments:
        units: width of the state.
        **options: the standard options, `keras_rnnzoo.base.options.OPTIONS`.

    Raises:
        ValueError: an option has a value that it cannot have, or that this cell refuses.
        TypeError: an option does not exist; the message names the nearest.

    Example:

    >>> class MyCell(RecurrentCell):
    ...     gates = ("h",)
    ...     def update(self, a, h):
    ...         return self.activation(a.h)
    >>> layer = RecurrentLayer(MyCell(8))
    """

    gates = ()
    "Blocks of the input product, in the order in which `kernel` holds them."
    recurrent = None
    "For each recurrent product the gates it feeds; by default one product feeds every gate."
    apart = ()
    "Gates whose input part and recurrent part reach `update` as a pair."
    states = ("h",)
    "Names of the states; the first is multiplied by the recurrent kernel."
    state_dtypes = {}
    "States that need at least a dtype of their own, whatever the compute dtype."
    refuses = {}
    "Standard options that make no sense for this cell, with the reason."
    defaults = {}
    "Standard options whose default differs from the usual one."
    recurrent_bias = False
    "Whether the recurrent part has a bias too: `bias (2, k·units)`."
    biases = None
    "Blocks of `bias`, by default the gates; a block that is no gate is `a.block` in `update`."
    side_inputs = 0
    "How many leading channels of the input are no features but reach `update` as `a.side`."
    zoneable = None
    "States on which zoneout may act, by default all."
    family = None
    "The family in `kernels.fusion` whose fused kernels compute this very cell."
    mixes_h = True
    "Whether `update` reads h itself, so that h stays `units` wide under projection."

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        inherited = {}
        for base in reversed(cls.__mro__[1:]):
            inherited.update(vars(base).get("refuses", {}))
        if "c" not in cls.states:
            inherited.setdefault("cell_clip", _NO_C)
        elif inherited.get("cell_clip") == _NO_C:
            del inherited["cell_clip"]
        if _STEP & vars(cls).keys() and "family" not in vars(cls):
            cls.family = None  # a subclass with a step of its own is another cell
        cls.refuses = {**inherited, **vars(cls).get("refuses", {})}
        cls.__signature__ = Constructor(parameters_of(cls))
        register(cls)

    def __init__(self, units, **options):
        settings, rest = read_options(type(self), options)
        super().__init__(**rest, autocast=False)  # states keep their dtypes; we cast ourselves
        self.units = positive_int("units", units)
        for name, value in settings.items():
            setattr(self, name, value)
        self.bias_starts = {}
        self.seed_generator = keras.random.SeedGenerator(self.seed)
        self._check_combinations()
        self.zoneout_rates = zoneout_rates(self)
        self._prepare()

    def _check_combinations(self):
        if self.projection and self.recurrence == "diagonal":
            raise ValueError(
                "A diagonal recurrence needs an operand as wide as the state, so it takes no "
                f"`projection`. Received: projection={self.projection}"
            )
        if self.blocks and self.recurrence != "block":
            raise ValueError(
                "`blocks` acts only with recurrence='block'. "
                f"Received: blocks={self.blocks}, recurrence={self.recurrence!r}"
            )
        width, blocks = self.hidden_width, self.block_count
        if self.recurrence == "block" and (self.units % blocks or width % blocks):
            raise ValueError(
                f"recurrence='block' cuts the state into {blocks} equal blocks. Choose `blocks` "
                f"that divides it. Received: units={self.units}, blocks={blocks}"
            )

    # What the cell writes -------------------------------------------------------------------

    def update(self, a, *states):
        """The new states, from the pre-activations `a.gate` and the old states."""
        raise NotImplementedError(f"{type(self).__name__} must define `update(a, *states)`.")

    def inner(self, a, *states):
        """The operand of the second recurrent product."""
        raise NotImplementedError(f"{type(self).__name__} must define `inner(a, *states)`.")

    def operand(self, k, a, *states):
        """The operand of recurrent product `k`, where that is not the first state or `inner`."""
        return self.inner(a, *states) if k else states[0]

    def output(self, a, *states):
        """The output, from the new states and `a`, on which `update` may have left more."""
        return states[0]

    def step(self, x, states, drop):
        """`(a, new states)`; a cell defines its own when `update` is not enough."""
        a = self.join_all(x, states, drop)
        return a, self.update(a, *states)

    # What the base does ---------------------------------------------------------------------

    def advance(self, x, here, drop, states):
        """One step with every standard option: `(output, new states)`.

        `here` holds what differs from step to step: zoneout masks, resets and nudges by name.
        """
        if "reset" in here:
            states = [kernels.hold(here["reset"], ops.zeros_like(old), old) for old in states]
        a, new = self.step(x, states, drop)
        new = list(new) if isinstance(new, (list, tuple)) else [new]
        if self.projection and not self.mixes_h:
            new[0] = new[0] @ self.w.projection_kernel
        for k, name in enumerate(self.states):
            if f"nudge_{name}" in here:
                new[k] = new[k] + ops.cast(here[f"nudge_{name}"], new[k].dtype)
        output = self.output(a, *new)
        if self.projection and self.mixes_h:
            output = output @ self.w.projection_kernel
        if self.zoneout:
            new = self.zone_out(here, new, states)
        new = [
            value if value.dtype == old.dtype else ops.cast(value, old.dtype)
            for value, old in zip(new, states)
        ]
        return output, new

    def unfold(self, sequences, states, mask, steps, drop, return_sequences, recompute=None):
        """All of time: `(outputs or None, last output, states)`."""
        with self.bound():
            if not (steps or drop or recompute):
                done = kernels.fused(self, sequences, states, mask, return_sequences)
                if done is not None:
                    return done
            loop = kernels.Loop(
                project=self.project,
                advance=self.advance,
                blank=ops.zeros(
                    (ops.shape(sequences)[0], self.output_size), dtype=self.compute_dtype
                ),
                output_is_state=self.output_is_state,
                weights=[ops.convert_to_tensor(weight) for weight in self.weights],
                reading=self.reading,
            )
            options = {"return_sequences": return_sequences, "recompute": recompute}
            return kernels.walk(loop, sequences, states, mask, steps, drop, **options)

    def explain_kernel(self, backend=None, recompute=None):
        """`(kernel, reason)` in words."""
        return kernels.explain(self, backend, recompute)

    @property
    def output_is_state(self):
        """Whether the output always equals the first new state."""
        own_output = type(self).output is not RecurrentCell.output
        projected = self.projection and self.mixes_h
        zoned = self.states[0] in self.zoneout_rates
        return not (own_output or projected or zoned or self.state_dtypes)

    # Keras ----------------------------------------------------------------------------------

    def build(self, input_shape):
        self.build_weights(input_shape[-1])
        self.built = True

    def call(self, inputs, states, training=False):
        if training and self.draws_noise:
            raise ValueError(
                f"A bare {type(self).__name__} cannot draw its dropout or zoneout masks inside "
                "the time loop. Use the layer instead, or RecurrentLayer(cell). Received: "
                f"dropout={self.dropout}, recurrent_dropout={self.recurrent_dropout}, "
                f"zoneout={self.zoneout}"
            )
        states = list(states) if isinstance(states, (list, tuple)) else [states]
        states = self.cast_states(states)
        inputs = ops.cast(inputs, self.compute_dtype)
        with self.bound():
            output, states = self.advance(self.project(inputs), {}, {}, states)
        return ops.cast(output, self.compute_dtype), states

    def get_config(self):
        return {**super().get_config(), **cell_config(self), "config_version": CONFIG_VERSION}

    @classmethod
    def from_config(cls, config):
        return cls(**take_version(cls, config))

    def _prepare(self):
        """Use the backend's own functions where Keras would wrap them."""
        self.phi = kernels.pointwise(self.activation)
        self.sigma = kernels.pointwise(self.recurrent_activation)
