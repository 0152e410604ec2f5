"""Cells whose recurrence is linear in the state: all of time at once."""

from keras import ops

from keras_rnnzoo import kernels
from keras_rnnzoo.base.cell import RecurrentCell

_REASON = "its gates see the input alone, there is no recurrent product"


class LinearCell(RecurrentCell):
    """A cell with `h_t = decay_t ⊙ h_(t-1) + drive_t`, both made from the input alone.

    A linear cell declares `gates` and writes `coefficients`, and `readout` where the output is not
    the state. Whole sequences are solved by `kernels.linear_scan`, single steps by `step`.

    Arguments:
        units: width of the state.
        **options: the standard options that need no recurrent product.

    Example:

    >>> class Average(LinearCell):
    ...     gates = ("z", "n")
    ...     def coefficients(self, a):
    ...         z = keras.ops.sigmoid(a.z)
    ...         return 1 - z, z * a.n
    >>> layer = RecurrentLayer(Average(8))
    """

    recurrent = ()
    refuses = dict.fromkeys(
        (
            "recurrent_activation",
            "recurrent_initializer",
            "recurrent_regularizer",
            "recurrent_constraint",
            "recurrent_dropout",
            "layer_norm",
            "recurrence",
            "blocks",
            "integration",
            "projection",
        ),
        _REASON,
    ) | {"cell_clip": "its state is linear in the state before, which a clip is not"}

    def coefficients(self, a):
        """`(decay, drive)` from the pre-activations `a.gate (..., units)`."""
        raise NotImplementedError(f"{type(self).__name__} must define `coefficients(a)`.")

    def readout(self, h, a):
        """The output, from the states and the pre-activations."""
        return h

    def step(self, x, states, drop):
        a = self.join_all(x, states, drop)
        h = states[0]
        decay, drive = (ops.cast(part, h.dtype) for part in self.coefficients(a))
        return a, decay * h + drive

    def advance(self, x, here, drop, states):
        if "reset" in here:
            x = {**x, "reset": here["reset"]}  # which `coefficients` may read
        return super().advance(x, here, drop, states)

    def output(self, a, *states):
        return ops.cast(self.readout(states[0], a), self.compute_dtype)

    def walked(self, sequences, states, mask, steps):
        """`(a, further states)`: the pre-activations of all time, and states beside the solved."""
        return self.join_all(self.project(sequences), states, {}), []

    def solve(self, a, states, mask, steps):
        """`(new, final)`: states of all time before zoneout, and the last ones after it."""
        new, h = self._zoned(a, states[0], mask, steps)
        return [new], [h[:, -1]]

    def unfold(self, sequences, states, mask, steps, drop, return_sequences, recompute=None):
        with self.bound():
            a, further = self.walked(sequences, states, mask, steps)
            a.reset = steps.get("reset")
            new, final = self.solve(a, states, mask, steps)
            outputs = self.output(a, *new)
        if mask is not None:
            outputs = kernels.forward_fill(outputs, mask)
        return outputs if return_sequences else None, outputs[:, -1], [*final, *further]

    def scan(self, decay, drive, initial, mask, reset):
        """All states of the recurrence, which starts from zero where `reset` is true."""
        if reset is not None:
            decay = ops.where(ops.expand_dims(reset, -1), ops.zeros_like(decay), decay)
        return kernels.linear_scan(decay, drive, initial, mask)

    def nudged(self, name, value, steps):
        """`value`, which joins the state `name`, with what is added to that from outside."""
        nudge = steps.get(f"nudge_{name}")
        return value if nudge is None else value + ops.cast(nudge, value.dtype)

    def _zoned(self, a, initial, mask, steps):
        """The new states of all time `(batch, time, units)`, before zoneout and after it."""
        decay, drive = (ops.cast(part, initial.dtype) for part in self.coefficients(a))
        drive = self.nudged(self.states[0], drive, steps)
        kept = self._kept_share(steps, initial.dtype)
        if kept is None:
            h = self.scan(decay, drive, initial, mask, a.reset)
            return h, h
        h = self.scan(kept + (1 - kept) * decay, (1 - kept) * drive, initial, mask, a.reset)
        before, _ = kernels.previous(h, initial, resets=a.reset)
        return decay * before + drive, h

    def _kept_share(self, steps, dtype):
        """How much of the old state zoneout keeps at each step; `None` without zoneout."""
        name = self.states[0]
        if name in steps:
            return ops.cast(steps[name], dtype)
        return self.zoneout_rates.get(name)
