"""The weights of a cell: made in an order that never changes, bound as tensors before a loop."""

from contextlib import contextmanager
from types import SimpleNamespace

from keras import ops

from keras_rnnzoo.base import arithmetic, starts


class CellWeights:
    """What `RecurrentCell` knows about its weights and states."""

    @property
    def w(self):
        """The weights as tensors of the compute dtype, by name; made once before a loop."""
        return self._bound if self._bound is not None else self._bind()

    _bound = None

    @property
    def hidden_width(self):
        """Width of the recurrent operand."""
        return self.projection or self.units

    @property
    def block_count(self):
        return (self.blocks or 4) if self.recurrence == "block" else None

    @property
    def operands(self):
        """The recurrent products: for each the gates that it feeds."""
        return (tuple(self.gates),) if self.recurrent is None else tuple(self.recurrent)

    @property
    def fed(self):
        """All gates with a recurrent part, in the order of `recurrent_kernel`."""
        return tuple(gate for operand in self.operands for gate in operand)

    def state_shape(self, name):
        """Shape of one state without the batch axis."""
        narrow = name == "h" and self.projection and not self.mixes_h
        return (self.projection if narrow else self.units,)

    @property
    def state_size(self):
        """Sizes of the states as `keras.layers.RNN` wants them."""
        shapes = [self.state_shape(name) for name in self.states]
        sizes = [shape[0] if len(shape) == 1 else shape for shape in shapes]
        return sizes[0] if len(sizes) == 1 and isinstance(sizes[0], int) else sizes

    @property
    def output_size(self):
        return self.projection or self.units

    def state_dtype(self, name):
        return self.state_dtypes.get(name, self.compute_dtype)

    def get_initial_state(self, batch_size=None):
        """Zero states, each in its own dtype."""
        return [
            ops.zeros((batch_size, *self.state_shape(name)), dtype=self.state_dtype(name))
            for name in self.states
        ]

    def cast_states(self, states):
        """`states` in their own dtypes."""
        if len(states) != len(self.states):
            raise ValueError(
                f"{type(self).__name__} has {len(self.states)} states "
                f"({', '.join(self.states)}). Received: {len(states)} states"
            )
        return [ops.cast(s, self.state_dtype(name)) for name, s in zip(self.states, states)]

    # Making them ----------------------------------------------------------------------------

    def own_weights(self, features):
        """A cell makes weights of its own here, with `add_own` and `add_matrix`."""

    def build_weights(self, features):
        if features is None:
            raise ValueError(
                f"{type(self).__name__} needs a known number of features. Give the last axis of "
                "the input a size. Received: features=None"
            )
        self.features = int(features)
        self.matrix_names = []
        self.own_names = []
        self._draws = starts.Draws(self)
        self.kernel = self._add("kernel", (self.features, len(self.gates) * self.units), "kernel")
        self.plan = arithmetic.plan(self.gates, self.operands, self.apart, self.units)
        if self.fed:
            self.recurrent_kernel = self._add_recurrent("recurrent_kernel", len(self.fed))
        if self.use_bias:
            self.bias = self._add_bias()
        self.own_weights(self.features)
        self._add_option_weights()

    def _add(self, name, shape, role, initializer=None):
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=initializer or self._draws.take(role)[0],
            regularizer=getattr(self, f"{role}_regularizer"),
            constraint=getattr(self, f"{role}_constraint"),
        )

    def _add_recurrent(self, name, gates):
        """A recurrent matrix onto `gates` gates, shaped by `recurrence`."""
        rows = self.hidden_width if name == "recurrent_kernel" else self.units
        if self.recurrence == "dense":
            return self._add(name, (rows, gates * self.units), "recurrent")
        if self.recurrence == "diagonal":
            shape, part = (gates * self.units,), (self.units,)
            diagonals = [starts.diagonal(draw) for draw in self._draws.take("recurrent", gates)]
            start = starts.joined(diagonals, part, shape)
        else:
            n = self.block_count
            part = (rows // n, gates, self.units // n)
            shape, flat = (n, *part), (part[0], gates * part[2])
            start = starts.joined(self._draws.take("recurrent", n), flat, shape)
        return self._add(name, shape, "recurrent", start)

    def _add_bias(self):
        width = len(self.gates) * self.units
        constants = [self.bias_starts.get(gate) for gate in self.gates]
        start = starts.with_constants(self.bias_initializer, constants, self.units)
        return self._add("bias", (2, width) if self.recurrent_bias else (width,), "bias", start)

    def add_own(self, name, shape, role="recurrent", initializer=None):
        """A weight of the cell's own, at `self.w.name` in a step.

        `role` is `"kernel"`, `"recurrent"` or `"bias"`: whose initializer, regularizer and
        constraint it follows.
        """
        self.own_names.append(name)
        setattr(self, name, self._add(name, shape, role, initializer))

    def add_matrix(self, name, gates):
        """A recurrent matrix of the cell's own; a step multiplies by it with `recur`."""
        self.matrix_names.append((name, tuple(gates)))
        setattr(self, name, self._add_recurrent(name, len(gates)))

    def _add_option_weights(self):
        if self.projection:
            self.add_own("projection_kernel", (self.units, self.projection), "recurrent")
        if self.layer_norm:
            self.add_own("input_norm_gain", (len(self.gates) * self.units,), "bias", "ones")
            for name, gates in self._matrices():
                gain = f"{name.removesuffix('_kernel')}_norm_gain"
                self.add_own(gain, (gates * self.units,), "bias", "ones")
            if "c" in self.states:
                self.add_own("cell_norm_gain", (self.units,), "bias", "ones")
                self.add_own("cell_norm_shift", (self.units,), "bias", "zeros")
        if self.integration == "multiplicative":
            for part in ("alpha", "beta_x", "beta_h"):
                self.add_own(f"integration_{part}", (len(self.fed) * self.units,), "bias", "ones")

    def _matrices(self):
        matrices = [("recurrent_kernel", len(self.fed))] if self.fed else []
        return matrices + [(name, len(gates)) for name, gates in self.matrix_names]

    # Binding them ---------------------------------------------------------------------------

    @contextmanager
    def bound(self):
        """Within, `self.w` holds tensors made once instead of once a step."""
        self._bound = self._bind()
        try:
            yield
        finally:
            self._bound = None

    def _tensor(self, name):
        return ops.convert_to_tensor(getattr(self, name), dtype=self.compute_dtype)

    def _bind(self):
        w = SimpleNamespace(**{name: self._tensor(name) for name in self.own_names})
        w.kernel = self._tensor("kernel")
        w.bias = self._tensor("bias") if self.use_bias else None
        row = w.bias[0] if self.use_bias and self.recurrent_bias else w.bias
        w.input_bias = self._input_bias(row)
        w.matrices = self._bind_matrices(w)
        if self.integration == "multiplicative":
            w.integration = self._bind_integration(w)
        return w

    def _input_bias(self, row):
        """With multiplicative integration the bias of fed gates is added by `join`."""
        if row is None or self.integration == "sum":
            return row
        alone = [gate for gate in self.gates if gate not in self.fed]
        return row * self._indicator(alone) if alone else None

    def _bind_matrices(self, w):
        bound, low = {}, 0
        for k, gates in enumerate(self.operands if self.fed else ()):
            high = low + len(gates)
            kernel = self._columns("recurrent_kernel", low, high)
            gain = w.recurrent_norm_gain[self._span(low, high)] if self.layer_norm else None
            bias = self._recurrent_bias(w, gates)
            bias = None if bias is None else bias[self._span(low, high)]
            bound[k] = SimpleNamespace(kernel=kernel, gates=len(gates), gain=gain, bias=bias)
            low = high
        for name, gates in self.matrix_names:
            gain = f"{name.removesuffix('_kernel')}_norm_gain"
            bound[name] = SimpleNamespace(
                kernel=self._tensor(name),
                gates=len(gates),
                gain=getattr(w, gain) if self.layer_norm else None,
                bias=None,
            )
        return bound

    def _recurrent_bias(self, w, gates):
        """The second row of the bias; with multiplicative integration `join` adds it instead."""
        if not (self.use_bias and self.recurrent_bias):
            return None
        inside = [gate for gate in gates if self.integration == "sum" or gate in self.apart]
        return w.bias[1] * self._indicator(inside) if len(inside) < len(gates) else w.bias[1]

    def _indicator(self, gates):
        """One over the units of `gates`, zero over the rest."""
        keep = [float(gate in gates) for gate in self.gates for _ in range(self.units)]
        return ops.convert_to_tensor(keep, dtype=self.compute_dtype)

    def _span(self, low, high):
        return slice(low * self.units, high * self.units)

    def _columns(self, name, low, high):
        kernel = self._tensor(name)
        if low == 0 and high == len(self.fed):
            return kernel
        if self.recurrence == "block":
            return kernel[:, :, low:high]
        return kernel[..., self._span(low, high)]

    def _bind_integration(self, w):
        """Coefficients and bias for each run of gates, and for each gate that is kept apart."""
        bound = {}
        for run in self.plan:
            if run.operand is None:
                continue
            low = self.fed.index(run.gates[0])
            span = self._span(low, low + len(run.gates))
            bias = w.bias
            if self.use_bias and self.recurrent_bias:
                bias = w.bias[0] + w.bias[1] if run.joined else w.bias[0]
            bound[run.gates if run.joined else run.gates[0]] = (
                w.integration_alpha[span],
                w.integration_beta_x[span],
                w.integration_beta_h[span],
                None if bias is None else bias[run.low : run.high],
            )
        return bound
