"""The weights of a cell as tensors, made once before a loop instead of once a step."""

from contextlib import contextmanager
from types import SimpleNamespace

import keras
from keras import ops


class BoundWeights:
    """What `RecurrentCell` knows about its weights while it computes."""

    @property
    def w(self):
        """The weights as tensors of the compute dtype, by name; made once before a loop."""
        return self._bound if self._bound is not None else self._bind()

    _bound = None

    @contextmanager
    def bound(self):
        """Within, `self.w` holds tensors made once instead of once a step."""
        before, self._bound = self._bound, self._bind()
        try:
            yield
        finally:
            self._bound = before

    @contextmanager
    def reading(self, values):
        """As `bound`, of `values` in place of `self.weights`."""
        mapping = list(zip(self.weights, values))
        with keras.StatelessScope(mapping, initialize_variables=False), self.bound():
            yield

    def _tensor(self, name, dtype=None):
        return ops.convert_to_tensor(getattr(self, name), dtype=dtype or self.compute_dtype)

    def _bind(self):
        w = SimpleNamespace(**{k: self._tensor(k, dtype) for k, dtype in self.own_dtypes.items()})
        w.kernel = self._tensor("kernel")
        w.bias = self._bind_bias(w)
        row = w.bias[0] if w.bias is not None and self.recurrent_bias else w.bias
        w.input_bias = self._input_bias(row)
        w.matrices = self._bind_matrices(w)
        if self.integration == "multiplicative":
            w.integration = self._bind_integration(w)
        return w

    def _bind_bias(self, w):
        """The bias of the gates in their order; blocks of no gate go to `w.free_biases`."""
        blocks, present = self.bias_blocks, self.use_bias and bool(self.bias_blocks)
        free = [block for block in blocks if block not in self.gates]
        w.free_biases = dict.fromkeys(free, 0.0)
        if not present:
            return None
        bias = self._tensor("bias")
        if blocks == tuple(self.gates):
            return bias
        parts = dict(zip(blocks, ops.split(bias, len(blocks), axis=-1)))
        w.free_biases = {block: parts[block] for block in free}
        if len(free) == len(blocks):
            return None
        none = ops.zeros((self.units,), dtype=self.compute_dtype)
        return ops.concatenate([parts.get(gate, none) for gate in self.gates])

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
            kernel = self.recurrent_matrix(self._columns("recurrent_kernel", low, high))
            gain = w.recurrent_norm_gain[self._span(low, high)] if self.layer_norm else None
            bias = self._recurrent_bias(w, gates)
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
        row = w.bias[1]
        inside = [gate for gate in gates if self.integration == "sum" or gate in self.apart]
        if len(inside) < len(gates):
            row = row * self._indicator(inside)
        if gates == tuple(self.gates):
            return row
        places = [self.gates.index(gate) for gate in gates]
        return ops.concatenate([row[self._span(k, k + 1)] for k in places])

    def recurrent_matrix(self, kernel):
        """What multiplies the recurrent operand, made from its part of `recurrent_kernel`."""
        return kernel

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
            if bias is not None and self.recurrent_bias:
                bias = w.bias[0] + w.bias[1] if run.joined else w.bias[0]
            bound[run.gates if run.joined else run.gates[0]] = (
                w.integration_alpha[span],
                w.integration_beta_x[span],
                w.integration_beta_h[span],
                None if bias is None else bias[run.low : run.high],
            )
        return bound
