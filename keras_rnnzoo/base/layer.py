"""The layer: walks a cell through time, with masks, states, noise and streaming."""

import inspect

import keras
from keras import ops

from keras_rnnzoo.base import checks, passage
from keras_rnnzoo.base.cell import RecurrentCell
from keras_rnnzoo.base.configurable import (
    CONFIG_VERSION,
    Constructor,
    cell_config,
    pair_docstring,
    parameters_of,
    register,
    take_version,
)
from keras_rnnzoo.base.memory import StateMemory
from keras_rnnzoo.base.options import block_of_steps, boolean
from keras_rnnzoo.base.sequences import TakesMask, at_valid_steps, begun_anew, turned

__all__ = ["RecurrentLayer"]

_KERAS_OPTIONS = {
    "return_sequences": False,
    "return_state": False,
    "go_backwards": False,
    "stateful": False,
    "unroll": False,
    "zero_output_for_mask": False,
}
_LAYER_OPTIONS = {**_KERAS_OPTIONS, "recompute": None}


class RecurrentLayer(TakesMask, keras.layers.RNN):
    """Walks a `RecurrentCell` through time; the base of every layer here.

    Masked steps, on whichever side, change nothing: every state is kept and the last output is
    repeated (zero before the first valid step), so a padded sequence gives what it gives without
    padding. `return_sequences=False` gives the last valid output.

    Arguments:
        cell: a `RecurrentCell`. A layer with a cell of its own takes that cell's arguments instead.
        return_sequences: whether to return all outputs `(batch, time, units)`, not the last one.
        return_state: whether to return the last states too.
        go_backwards: whether to start at the end; the outputs come in that order.
        stateful: whether the states of one call start the next; needs a fixed batch size.
        unroll: accepted as in Keras and without effect, see `explain_kernel`.
        zero_output_for_mask: whether masked steps give zeros in place of the last output.
        recompute: whether training saves memory: time is cut into blocks of steps, of each its
            inputs and the states before it are kept, the rest is computed again for the gradient.
            A number is the steps of a block, `True` takes √time, `False` keeps all, `None` is
            `True` where that costs no time, see `explain_kernel`. Linear cells have no need of it;
            a model that `torch.compile` traces keeps all.

    Call arguments:
        sequences: `(batch, time, features)`.
        initial_state: list of states `(batch, ...)`; zeros, or those kept by `stateful`, if none.
        mask: `(batch, time)` bool.
        lengths: `(batch,)` int, how many steps of each row are valid; beside or instead of `mask`.
        resets: `(batch, time)` bool, true at the first step of each new sequence in a row: there
            the state starts from zero. At a masked step it waits for the next valid one, of the
            next call if need be.
        training: whether dropout and zoneout draw masks.

    Raises:
        ValueError: shapes of sequences, mask, lengths or states do not fit.

    Example:

    >>> layer = keras_rnnzoo.PeepholeLSTM(32, return_sequences=True)
    >>> layer(np.zeros((2, 7, 5), "float32")).shape
    (2, 7, 32)
    """

    cell_class = None

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if cls.cell_class is not None:
            keyword = inspect.Parameter.KEYWORD_ONLY
            extra = [inspect.Parameter(k, keyword, default=v) for k, v in _LAYER_OPTIONS.items()]
            cls.__signature__ = Constructor([*parameters_of(cls.cell_class), *extra])
            if not vars(cls).get("__doc__"):
                cell = cls.cell_class
                cls.__doc__ = pair_docstring(cell.__doc__, cell.__name__, cls.__name__)
        register(cls)

    def __init__(self, *args, **kwargs):
        options = {
            name: boolean(name, kwargs.pop(name, value)) for name, value in _KERAS_OPTIONS.items()
        }
        recompute = block_of_steps("recompute", kwargs.pop("recompute", None))
        layer = {k: kwargs.pop(k) for k in ("name", "trainable", "dtype") if k in kwargs}
        super().__init__(self._make_cell(args, kwargs, layer), **options, **layer)
        # States keep their dtypes on the way in too; the cell casts what it reads.
        self.autocast = False
        self.memory = None
        self.recompute = recompute
        self.input_spec = [keras.layers.InputSpec(ndim=3)]

    def _make_cell(self, args, kwargs, layer):
        cls = type(self)
        shared = {k: v for k, v in layer.items() if k != "name"}
        if cls.cell_class is not None:
            names = [p.name for p in parameters_of(cls.cell_class)[: len(args)]]
            return checks.friendly(cls, cls.cell_class, dict(zip(names, args)), kwargs, shared)
        cell, *surplus = [*args, *([kwargs.pop("cell")] if "cell" in kwargs else [])] or [None]
        if not isinstance(cell, RecurrentCell) or surplus or kwargs:
            raise TypeError(
                f"{cls.__name__} takes one RecurrentCell and layer options. For another Keras "
                f"cell use keras.layers.RNN. Received: cell={cell!r}, {kwargs or ''}"
            )
        return cell

    # Calling --------------------------------------------------------------------------------

    def build(self, sequences_shape, initial_state_shape=None, resets_shape=None):
        checks.sequence_shape(self, sequences_shape)
        if not self.cell.built:
            self.cell.build((sequences_shape[0], sequences_shape[-1]))
        self.input_spec = [keras.layers.InputSpec(ndim=3, axes={-1: sequences_shape[-1]})]
        if self.stateful and self.states is None:
            checks.static_batch(self, sequences_shape)
            self._create_state_variables(sequences_shape[0])
        self.built = True

    def _create_state_variables(self, batch_size):
        self.memory = StateMemory(self.cell.get_initial_state(batch_size))
        self._expected_batch_size = batch_size

    @property
    def states(self):
        """The variables of a stateful layer. Set as an attribute, Keras would call them weights."""
        return self.memory.held if self.memory is not None else None

    @states.setter
    def states(self, value):
        """`keras.layers.RNN` starts without states, and so do we."""

    def call(self, sequences, initial_state=None, mask=None, training=False, resets=None):
        cell, through = self.cell, passage.current()
        checks.sequence_shape(self, sequences.shape)
        sequences = ops.cast(sequences, cell.compute_dtype)
        start = self._start(sequences, initial_state, through)
        mask = passage.mask_within(mask)
        if mask is not None:
            mask = checks.mask(self, sequences, mask)
        steps, drop = {}, {}
        if training and cell.draws_noise:
            batch, length = ops.shape(sequences)[0], ops.shape(sequences)[1]
            input_mask, drop = cell.draw_dropout(batch)
            sequences = sequences if input_mask is None else sequences * input_mask
            steps = cell.draw_zoneout(batch, length)
        resets = passage.resets_within(resets)
        if resets is not None:
            resets = checks.mask(self, sequences, resets, "resets")
            resets = turned(resets) if self.go_backwards else resets
        if self.go_backwards:
            sequences = ops.flip(sequences, axis=1)
            mask = None if mask is None else ops.flip(mask, axis=1)
        if resets is not None:
            steps["reset"] = at_valid_steps(resets, mask)
        if through:
            steps |= through.steps(self)
        outputs, last, final = cell.unfold(
            sequences, start, mask, steps, drop, self.return_sequences, self.recompute
        )
        if resets is not None:
            final = begun_anew(final, resets, mask)
        if through:
            visit = passage.Visit(self, sequences, mask, start, final, steps.get("reset"))
            through.visits.append(visit)
        return self._returned(outputs, last, final, mask)

    def _returned(self, outputs, last, states, mask):
        if self.stateful:
            for variable, state in zip(self.memory.held, states):
                variable.assign(state)
        if self.return_sequences and self.zero_output_for_mask and mask is not None:
            outputs = ops.where(ops.expand_dims(mask, -1), outputs, ops.zeros_like(outputs))
        output = outputs if self.return_sequences else last
        return (output, *states) if self.return_state else output

    def _start(self, sequences, initial_state, through):
        carried = through and through.states.get(self)
        if carried and initial_state is not None:
            raise ValueError(
                f"{self.name} is given an `initial_state` inside the model, so no states can be "
                "carried to it from outside. Received: both"
            )
        initial_state = carried or initial_state
        if initial_state is None and not self.stateful:
            return self.cell.get_initial_state(ops.shape(sequences)[0])
        if self.stateful:
            checks.same_batch(self, sequences)
        if initial_state is None:
            return [ops.copy(variable) for variable in self.memory.held]
        initial_state = checks.initial_state(self, sequences, initial_state)
        return self.cell.cast_states(initial_state)

    def step(self, inputs, states=None):
        """One step of streaming inference: `inputs (batch, features)` to `(output, states)`.

        Feeding a sequence step by step, each time with the states returned before, gives the
        outputs of the whole sequence.

        Arguments:
            inputs: `(batch, features)`.
            states: the list returned by the step before; `None` at the start.
        """
        inputs = ops.convert_to_tensor(inputs, dtype=self.cell.compute_dtype)
        checks.step_inputs(self, inputs)
        if not self.built:
            self.build((inputs.shape[0], None, inputs.shape[-1]))
        if states is None:
            states = self.cell.get_initial_state(ops.shape(inputs)[0])
        return self.cell.call(inputs, states)

    def get_initial_state(self, batch_size):
        return self.cell.get_initial_state(batch_size)

    def explain_kernel(self, backend=None):
        """In words: what walks time on `backend` (the running one), and why nothing faster.

        Example:

        >>> print(keras_rnnzoo.PeepholeLSTM(8).explain_kernel("jax"))
        """
        kernel, reason = self.cell.explain_kernel(backend, self.recompute)
        unroll = "; `unroll` has no effect: it slows compilation and did not speed up any backend"
        return f"{kernel} ({reason}{unroll if self.unroll else ''})"

    # Shapes, masks, configs -----------------------------------------------------------------

    def compute_output_shape(self, sequences_shape, initial_state_shape=None, resets_shape=None):
        cell, batch = self.cell, sequences_shape[0]
        steps = (sequences_shape[1],) if self.return_sequences else ()
        output = (batch, *steps, cell.output_size)
        if not self.return_state:
            return output
        return (output, *((batch, *cell.state_shape(name)) for name in cell.states))

    def compute_output_spec(
        self, sequences, initial_state=None, mask=None, training=False, resets=None
    ):
        if initial_state is not None:
            checks.initial_state(self, sequences, initial_state)
        shapes = self.compute_output_shape(sequences.shape)
        if not self.return_state:
            return keras.KerasTensor(shapes, dtype=self.compute_dtype)
        dtypes = [self.compute_dtype, *map(self.cell.state_dtype, self.cell.states)]
        return tuple(keras.KerasTensor(s, dtype=d) for s, d in zip(shapes, dtypes))

    def compute_mask(self, sequences, mask):
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        output_mask = mask if self.return_sequences else None
        if self.return_sequences and self.go_backwards and mask is not None:
            output_mask = ops.flip(mask, axis=1)
        return [output_mask, *[None] * len(self.cell.states)] if self.return_state else output_mask

    def get_config(self):
        config = {**keras.layers.Layer.get_config(self)}
        config.update({name: getattr(self, name) for name in _LAYER_OPTIONS})
        if self.cell_class is None:
            config["cell"] = keras.saving.serialize_keras_object(self.cell)
        else:
            config.update(cell_config(self.cell))
        return {**config, "config_version": CONFIG_VERSION}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = take_version(cls, config)
        if cls.cell_class is None:
            cell = config.pop("cell")
            config["cell"] = keras.saving.deserialize_keras_object(cell, custom_objects)
        return cls(**config)


register(RecurrentLayer)  # subclasses register themselves
