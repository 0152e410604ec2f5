"""The layer that walks an `AttentionCell` through time."""

import keras
from keras import ops

from keras_rnnzoo import kernels
from keras_rnnzoo.base import checks
from keras_rnnzoo.base.options import boolean
from keras_rnnzoo.hybrids.attention_cell import AttentionCell
from keras_rnnzoo.hybrids.base import HybridLayer


class AttentionRNN(HybridLayer):
    """Walks an `AttentionCell` through time, over a memory or over its own past.

    **Equations**: those of `AttentionCell`, step by step. Masked steps keep every state and repeat
    the last output; masked places of the memory have weight zero. So padding changes nothing, on
    either side of either.

    Arguments:
        cell: an `AttentionCell`.
        return_sequences: whether to return all outputs `(batch, time, attention_units)`.
        return_state: whether to return the last states too: those of the cells, then a, and with
            `window` the past outputs and which of them are there.
        return_attention_scores: whether to return the weights α behind the output, `(batch, time,
            places)`, or `(batch, places)` of the last step without `return_sequences`.

    Call arguments:
        sequences: `(batch, time, features)`.
        initial_state: list of states; those of `get_initial_state` if `None`.
        memory: `(batch, places, features)`, where the cell has no `window`.
        memory_mask: `(batch, places)` bool, which places there are; Keras's own mask if `None`.
        mask, lengths, training: as in `RecurrentLayer`.

    Raises:
        ValueError: no memory and no window, or shapes that do not fit.
        TypeError: something else than an `AttentionCell`.

    Example:

    >>> cell = keras_rnnzoo.AttentionCell(keras_rnnzoo.MGUCell(8), score="additive")
    >>> layer = AttentionRNN(cell, return_sequences=True, return_attention_scores=True)
    >>> memory = np.ones((2, 3, 6), "float32")
    >>> outputs, weights = layer(np.zeros((2, 7, 5), "float32"), memory=memory)
    >>> weights.shape
    (2, 7, 3)

    References: arXiv:1409.0473 (2014), arXiv:1508.04025 (2015), arXiv:1601.06733 (2016).
    """

    def __init__(
        self,
        cell,
        return_sequences=False,
        return_state=False,
        return_attention_scores=False,
        **kwargs,
    ):
        if not isinstance(cell, AttentionCell):
            raise TypeError(
                "AttentionRNN takes an AttentionCell, such as AttentionCell(keras_rnnzoo.GRUCell("
                f"32), window=8). Received: cell={cell!r}"
            )
        kwargs.setdefault("dtype", cell.dtype_policy)
        super().__init__(**kwargs, autocast=False)
        self.cell = cell
        self.return_sequences = boolean("return_sequences", return_sequences)
        self.return_state = boolean("return_state", return_state)
        self.return_attention_scores = boolean("return_attention_scores", return_attention_scores)

    def build(self, sequences_shape, initial_state_shape=None, memory_shape=None):
        checks.sequence_shape(self, sequences_shape)
        if not self.cell.built:
            features = (sequences_shape[0], sequences_shape[-1])
            self.cell.build(features, memory_shape=memory_shape)
        self.built = True

    def call(
        self,
        sequences,
        initial_state=None,
        memory=None,
        memory_mask=None,
        mask=None,
        training=False,
    ):
        cell = self.cell
        checks.sequence_shape(self, sequences.shape)
        sequences = ops.cast(sequences, cell.compute_dtype)
        batch, length = ops.shape(sequences)[0], ops.shape(sequences)[1]
        states = cell.get_initial_state(batch)
        if initial_state is not None:
            states = cell.cast_states(initial_state)
        mask = None if mask is None else checks.mask(self, sequences, mask)
        zone, drop = cell.draw_noise(batch, length) if training else ({}, {})
        with cell.bound():
            rows = {**cell.prepare(memory, memory_mask), **drop}
            outputs, last, states = kernels.walk(
                self._loop(batch, rows), sequences, states, mask, zone, rows,
                return_sequences=self.return_sequences,
            )  # fmt: skip
        output = self._cut(outputs if self.return_sequences else last)
        states = states if self.return_state else []
        return (*output, *states) if states or len(output) > 1 else output[0]

    def _loop(self, batch, rows):
        cell, scored = self.cell, self.return_attention_scores
        blank = ops.zeros((batch, cell.output_size), dtype=cell.compute_dtype)
        if scored:
            none = ops.zeros((batch, cell.window or 0), dtype=blank.dtype)
            if not cell.window:
                none = ops.zeros_like(ops.cast(rows["memory_mask"], blank.dtype))
            blank = ops.concatenate([blank, none], axis=-1)

        def advance(projected, zone, rows, states):
            a, weights, states = cell.advance(projected["x"], zone, rows, states)
            return ops.concatenate([a, weights], axis=-1) if scored else a, states

        return kernels.Loop(lambda x: {"x": x}, advance, blank, output_is_state=False)

    def _cut(self, output):
        """Output and weights, which the loop hands on side by side."""
        units = self.cell.output_size
        if not self.return_attention_scores:
            return [output]
        return [output[..., :units], output[..., units:]]

    def prepare(self, memory, memory_mask=None):
        """What the steps over one memory share: give it to `step` as `memory`."""
        with self.cell.bound():
            return self.cell.prepare(memory, memory_mask)

    def step(self, inputs, states=None, memory=None, memory_mask=None):
        """One step of streaming inference: `(output, states)`, with α between if it is returned.

        Arguments:
            inputs: `(batch, features)`.
            states: the list returned by the step before; `None` at the start.
            memory, memory_mask: as in a call; or as `memory` what `prepare` gave, for less work.
        """
        cell = self.cell
        inputs = ops.convert_to_tensor(inputs, dtype=cell.compute_dtype)
        if not self.built:
            self.build((None, None, inputs.shape[-1]), memory_shape=getattr(memory, "shape", None))
        if states is None:
            states = cell.get_initial_state(ops.shape(inputs)[0])
        rows = memory if isinstance(memory, dict) else self.prepare(memory, memory_mask)
        with cell.bound():
            output, weights, states = cell.advance(inputs, {}, rows, cell.cast_states(states))
        return (output, weights, states) if self.return_attention_scores else (output, states)

    def get_initial_state(self, batch_size):
        return self.cell.get_initial_state(batch_size)

    def explain_kernel(self, backend=None):
        """In words: what walks time on `backend`, the running one if `None`."""
        backend = backend or keras.backend.backend()
        return f"{kernels.explain(self.cell, backend)[0]} (attention needs the output of each step)"

    # Shapes and masks ---------------------------------------------------------------------------

    def compute_output_shape(self, sequences_shape, initial_state_shape=None, memory_shape=None):
        cell, batch = self.cell, sequences_shape[0]
        lead = (batch, sequences_shape[1]) if self.return_sequences else (batch,)
        shapes = [(*lead, cell.output_size)]
        if self.return_attention_scores:
            places = cell.window or (None if memory_shape is None else memory_shape[1])
            shapes.append((*lead, places))
        if self.return_state:
            shapes += [(batch, *shape) for shape, _ in cell._states()]
        return tuple(shapes) if len(shapes) > 1 else shapes[0]

    def compute_output_spec(
        self,
        sequences,
        initial_state=None,
        memory=None,
        memory_mask=None,
        mask=None,
        training=False,
    ):
        shapes = self.compute_output_shape(sequences.shape, None, getattr(memory, "shape", None))
        if isinstance(shapes[0], (int, type(None))):
            return keras.KerasTensor(shapes, dtype=self.compute_dtype)
        states = [dtype for _, dtype in self.cell._states()] if self.return_state else []
        dtypes = [self.compute_dtype] * (len(shapes) - len(states)) + states
        return tuple(keras.KerasTensor(s, dtype=d) for s, d in zip(shapes, dtypes))

    def compute_mask(self, sequences, mask):
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        output = mask if self.return_sequences else None
        others = int(self.return_attention_scores)
        others += len(self.cell._states()) if self.return_state else 0
        return [output, *[None] * others] if others else output

    @classmethod
    def sample(cls):
        """A small one, over its own past."""
        from keras_rnnzoo.cells import LSTMCell

        return cls(AttentionCell(LSTMCell(4), "general", window=2), return_sequences=True)
