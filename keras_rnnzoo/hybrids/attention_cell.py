"""Any cell with attention: over a memory that is given, or over its own past outputs."""

from contextlib import ExitStack, contextmanager
from types import SimpleNamespace

import keras
from keras import ops

from keras_rnnzoo.base import RecurrentCell, arithmetic
from keras_rnnzoo.base.options import choice, positive_int
from keras_rnnzoo.hybrids.attention_scores import SCORES, keys_of, masked_softmax, scores_of
from keras_rnnzoo.hybrids.base import HybridLayer


class AttentionCell(HybridLayer):
    """One step of any cell that looks at a memory, and feeds back what it saw.

    **Equations**

        h_t = cell([x_t; a_(t-1)])
        e_j = v · tanh(W_q h_t + W_m m_j + b)     score="additive" (Bahdanau)
        e_j = h_t · m_j                           score="dot" (Luong)
        e_j = h_t · (W_m m_j)                     score="general" (Luong)
        α_j = exp(e_j) / Σ_k exp(e_k)             over the places that are not masked
        c_t = Σ_j α_j m_j
        a_t = tanh(W_c [c_t; h_t] + b_c)          the output

    The query is the new output of the cell, as in Luong; Bahdanau asks with the one before. With
    `window` the memory is the cell's own last outputs, m = h_(t-window) ... h_(t-1), as many as
    there are: it is kept in the states, so that the cell needs nothing else. A memory without a
    valid place gives c_t = 0. Several cells lie on top of each other; the last one asks.

    Weights: those of the cells; for the additive score `query_kernel (units, score_units)`,
    `memory_kernel (memory features, score_units)`, `score_bias (score_units,)` and
    `score_vector (score_units,)`, for the general one `memory_kernel (memory features, units)`;
    `attention_kernel (memory features + units, attention_units)`,
    `attention_bias (attention_units,)`.

    Arguments:
        cell: a cell of this package, or a list of them, the lowest first.
        score: `"additive"`, `"dot"` (memory as wide as the cell's output) or `"general"`.
        attention_units: width of a; that of the last cell's output if `None`.
        score_units: width inside the additive score; that of the last cell's output if `None`.
        window: how many of its own past outputs it attends to; `None` where a memory is given.

    Call arguments: `inputs` (batch, features), `states`; `memory` (batch, places, features) and
    `memory_mask` (batch, places) without `window`. Returns `a_t, states`.

    Raises:
        ValueError: a score or number that cannot be, or widths that do not fit.
        TypeError: something else than cells of this package.

    Example:

    >>> cell = AttentionCell(keras_rnnzoo.GRUCell(8), score="general", window=4)
    >>> keras.layers.RNN(cell)(np.zeros((2, 7, 5), "float32")).shape
    (2, 8)

    References: Bahdanau et al. 2014, arXiv:1409.0473; Luong et al. 2015, arXiv:1508.04025; over its
    own past Cheng et al. 2016, arXiv:1601.06733.
    """

    __call__ = keras.layers.Layer.__call__  # a cell takes states, and no mask over time
    family = None  # no backend has a fused loop for it
    _bound = None

    def __init__(
        self,
        cell,
        score="additive",
        attention_units=None,
        score_units=None,
        window=None,
        **kwargs,
    ):
        cells = list(cell) if isinstance(cell, (list, tuple)) else [cell]
        for one in cells or [None]:
            if not isinstance(one, RecurrentCell):
                raise TypeError(
                    "AttentionCell takes a cell of this package, such as keras_rnnzoo.GRUCell(32), "
                    f"or a list of them. Received: cell={cell!r}"
                )
        kwargs.setdefault("dtype", cells[0].dtype_policy)
        super().__init__(**kwargs, autocast=False)
        if {one.compute_dtype for one in cells} != {self.compute_dtype}:
            raise ValueError(
                "Cells and attention compute in one dtype. Give all of them the same `dtype`. "
                f"Received: {[one.compute_dtype for one in cells]} and {self.compute_dtype}"
            )
        self.cells = cells
        self.cell = self.cells if isinstance(cell, (list, tuple)) else cell
        self.score = choice("score", score, SCORES)
        width = self.cells[-1].output_size
        self.attention_units = positive_int("attention_units", attention_units or width)
        self.score_units = positive_int("score_units", score_units or width)
        self.window = None if window is None else positive_int("window", window)

    def build(self, inputs_shape, states_shape=None, memory_shape=None):
        width = inputs_shape[-1] + self.attention_units
        for cell in self.cells:
            if not cell.built:
                cell.build((inputs_shape[0], width))
            width = cell.output_size
        memory = width if self.window else self._memory_width(memory_shape)
        if self.score == "dot" and memory != width:
            raise ValueError(
                "score='dot' needs a memory as wide as the output of the cell. Use score='general',"
                f" or other widths. Received: {memory} memory features, {width} units"
            )
        sizes = {"attention_kernel": (memory + width, self.attention_units)}
        sizes["attention_bias"] = (self.attention_units,)
        if self.score == "additive":
            sizes["query_kernel"] = (width, self.score_units)
            sizes["memory_kernel"] = (memory, self.score_units)
            sizes["score_bias"] = (self.score_units,)
            sizes["score_vector"] = (self.score_units,)
        elif self.score == "general":
            sizes["memory_kernel"] = (memory, width)
        for name, shape in sizes.items():
            start = "zeros" if name.endswith("bias") else "glorot_uniform"
            setattr(self, name, self.add_weight(name=name, shape=shape, initializer=start))
        self._names = list(sizes)
        self.built = True

    def _memory_width(self, memory_shape):
        if memory_shape is None:
            raise ValueError(
                "Attention needs a memory (batch, places, features), or `window` to attend to its "
                "own past. Call AttentionRNN with memory=..., or give AttentionCell window=8. "
                "Received: memory=None, window=None"
            )
        if len(memory_shape) != 3 or memory_shape[-1] is None:
            raise ValueError(
                "A memory has the shape (batch, places, features) with a known number of features. "
                f"Received: memory of shape {tuple(memory_shape)}"
            )
        return memory_shape[-1]

    # States -------------------------------------------------------------------------------------

    @property
    def output_size(self):
        return self.attention_units

    @property
    def state_size(self):
        """Sizes of the states as `keras.layers.RNN` wants them."""
        shapes = [shape for shape, _ in self._states()]
        return [shape[0] if len(shape) == 1 else shape for shape in shapes]

    def _states(self):
        """Shape and dtype of every state: those of the cells, a, and with `window` the past."""
        own = [(c.state_shape(n), c.state_dtype(n)) for c in self.cells for n in c.states]
        own.append(((self.attention_units,), self.compute_dtype))
        if self.window:
            own.append(((self.window, self.cells[-1].output_size), self.compute_dtype))
            own.append(((self.window,), self.compute_dtype))  # 1 where there is an output
        return own

    def get_initial_state(self, batch_size=None):
        """The states before the first step: those of the cells, and zeros."""
        own = [state for cell in self.cells for state in cell.get_initial_state(batch_size)]
        rest = self._states()[len(own) :]
        return own + [ops.zeros((batch_size, *shape), dtype=dtype) for shape, dtype in rest]

    def cast_states(self, states):
        """`states` in their own dtypes."""
        known = self._states()
        if len(states) != len(known):
            raise ValueError(
                f"{self.name} has {len(known)} states: those of its cells, a"
                f"{', past and filled' if self.window else ''}. Received: {len(states)} states"
            )
        return [ops.cast(state, dtype) for state, (_, dtype) in zip(states, known)]

    # Steps --------------------------------------------------------------------------------------

    @contextmanager
    def bound(self):
        """Within, weights are tensors made once instead of once a step."""
        with ExitStack() as stack:
            for cell in self.cells:
                stack.enter_context(cell.bound())
            made = {name: getattr(self, name) for name in self._names}
            made = {n: ops.convert_to_tensor(w, dtype=self.compute_dtype) for n, w in made.items()}
            self._bound = SimpleNamespace(**made)
            try:
                yield
            finally:
                self._bound = None

    def prepare(self, memory, memory_mask=None):
        """What all steps over one memory share, as a dict; within `bound`."""
        if self.window:
            return {}
        self._memory_width(None if memory is None else memory.shape)
        memory = ops.cast(memory, self.compute_dtype)
        if memory_mask is None:
            memory_mask = ops.ones_like(memory[..., 0], dtype="bool")
        keys = keys_of(self.score, self._bound, memory)
        return {"memory": memory, "keys": keys, "memory_mask": ops.cast(memory_mask, "bool")}

    def draw_noise(self, batch, length):
        """Dropout masks of a sequence and zoneout masks of its steps, keyed by (cell, name)."""
        zone, drop = {}, {}
        for k, cell in enumerate(self.cells):
            if not cell.draws_noise:
                continue
            inputs, rest = cell.draw_dropout(batch)
            drop.update({(k, name): mask for name, mask in rest.items()})
            if inputs is not None:
                drop[k, "inputs"] = inputs[:, 0]
            zone.update({(k, n): mask for n, mask in cell.draw_zoneout(batch, length).items()})
        return zone, drop

    def advance(self, x, zone, rows, states):
        """One step within `bound`: `(a, α, new states)`; `rows` are of `prepare` and dropout."""
        states = iter(states)
        old = [[next(states) for _ in cell.states] for cell in self.cells]
        a, *past = states
        h, new = ops.concatenate([x, a], axis=-1), []
        for k, cell in enumerate(self.cells):
            mine = [{n[1]: m for n, m in all_.items() if n[0] == k} for all_ in (zone, rows)]
            if "inputs" in mine[1]:
                h = h * mine[1].pop("inputs")
            h, own = cell.advance(cell.project(h), *mine, old[k])
            new += own
        if self.window:
            memory, mask = past[0], past[1] > 0.5
            keys = keys_of(self.score, self._bound, memory)
            past = [_pushed(past[0], h), _pushed(past[1], ops.ones_like(past[1][:, 0]))]
        else:
            memory, keys, mask = rows["memory"], rows["keys"], rows["memory_mask"]
        weights = masked_softmax(scores_of(self.score, self._bound, h, keys), mask)
        context = ops.squeeze(ops.expand_dims(weights, 1) @ memory, 1)
        joined = ops.concatenate([context, h], axis=-1) @ self._bound.attention_kernel
        a = arithmetic.tanh(joined + self._bound.attention_bias)
        return a, weights, [*new, a, *past]

    def call(self, inputs, states, memory=None, memory_mask=None, training=False):
        if training and any(cell.draws_noise for cell in self.cells):
            raise ValueError(
                "A bare AttentionCell cannot draw the dropout or zoneout masks of its cells inside "
                "the time loop. Use AttentionRNN(cell) instead. Received: training=True"
            )
        inputs = ops.cast(inputs, self.compute_dtype)
        with self.bound():
            rows = self.prepare(memory, memory_mask)
            output, _, states = self.advance(inputs, {}, rows, self.cast_states(states))
        return output, states

    @classmethod
    def sample(cls):
        """A small one over its own past, in the layer that walks it."""
        from keras_rnnzoo.cells import GRUCell
        from keras_rnnzoo.hybrids.attention_rnn import AttentionRNN

        return AttentionRNN(cls(GRUCell(4), window=3), return_sequences=True)


def _pushed(past, newest):
    """`past` without its oldest place, and with a newest one at the end."""
    return ops.concatenate([past[:, 1:], ops.expand_dims(newest, 1)], axis=1)
