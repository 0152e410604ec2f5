"""The weights and states of a cell: made in an order that never changes."""

from keras import ops

from keras_rnnzoo.base import arithmetic, starts


class CellWeights:
    """What `RecurrentCell` knows about its weights and states."""

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
        """The dtype of one state; one of its own is a least precision, so float64 stays float64."""
        if self.compute_dtype == "float64":
            return "float64"
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
        self.own_dtypes = {}
        self._draws = starts.Draws(self)
        rows = self.features - self.side_inputs
        if rows < 1:
            raise ValueError(
                f"{type(self).__name__} reads {self.side_inputs} leading channel(s) of the input "
                f"beside the features. Give it more channels. Received: features={features}"
            )
        self.kernel = self.add_kernel(rows)
        self.plan = arithmetic.plan(self.gates, self.operands, self.apart, self.units)
        if self.fed:
            self.recurrent_kernel = self._add_recurrent("recurrent_kernel", len(self.fed))
        if self.use_bias and self.bias_blocks:
            self.bias = self._add_bias()
        self.own_weights(rows)
        self._add_option_weights()

    def add_kernel(self, rows):
        """The matrix that multiplies the input."""
        return self._add("kernel", (rows, len(self.gates) * self.units), "kernel")

    def _add(self, name, shape, role, initializer=None, autocast=True):
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=initializer or self._draws.take(role)[0],
            regularizer=getattr(self, f"{role}_regularizer", None),
            constraint=getattr(self, f"{role}_constraint", None),
            autocast=autocast,
        )

    def drawn_apart(self, shape, role="kernel"):
        """The initializer of a weight of `shape`, each entry of its first axis drawn by itself."""
        return starts.joined(self._draws.take(role, shape[0]), shape[1:], shape)

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

    @property
    def bias_blocks(self):
        """Names of the blocks of `bias`, in their order."""
        return tuple(self.gates if self.biases is None else self.biases)

    def _add_bias(self):
        width = len(self.bias_blocks) * self.units
        shape = (2, width) if self.recurrent_bias else (width,)
        return self._add("bias", shape, "bias", self.bias_start())

    def bias_start(self):
        """The initializer of a bias with the blocks of `bias`: `bias_starts`, the rest drawn."""
        constants = [self.bias_starts.get(block) for block in self.bias_blocks]
        return starts.with_constants(self._draws.take("bias")[0], constants, self.units)

    def add_own(self, name, shape, role="recurrent", initializer=None, dtype=None):
        """A weight of the cell's own, at `self.w.name` in a step.

        `role` is `"kernel"`, `"recurrent"` or `"bias"`: whose initializer, regularizer and
        constraint it follows; or `"own"`, where it has an initializer and neither of the others. A
        `dtype` keeps its digits where the compute dtype has fewer.
        """
        self.own_dtypes[name] = dtype
        setattr(self, name, self._add(name, shape, role, initializer, autocast=dtype is None))

    def add_matrix(self, name, gates):
        """A recurrent matrix of the cell's own; a step multiplies by it with `recur`."""
        self.matrix_names.append((name, tuple(gates)))
        setattr(self, name, self._add_recurrent(name, len(gates)))

    def _add_option_weights(self):
        if self.projection:
            self.add_own("projection_kernel", (self.units, self.projection), "recurrent")
        if self.layer_norm:
            self.add_own("input_norm_gain", (len(self.gates) * self.units,), "own", "ones")
            for name, gates in self._matrices():
                gain = f"{name.removesuffix('_kernel')}_norm_gain"
                self.add_own(gain, (gates * self.units,), "own", "ones")
            if "c" in self.states:
                self.add_own("cell_norm_gain", (self.units,), "own", "ones")
                self.add_own("cell_norm_shift", (self.units,), "bias", "zeros")
        if self.integration == "multiplicative":
            for part in ("alpha", "beta_x", "beta_h"):
                self.add_own(f"integration_{part}", (len(self.fed) * self.units,), "own", "ones")

    def _matrices(self):
        matrices = [("recurrent_kernel", len(self.fed))] if self.fed else []
        return matrices + [(name, len(gates)) for name, gates in self.matrix_names]
