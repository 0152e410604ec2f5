"""Cells whose recurrence is linear in the state: all of time at once."""

from keras import ops

from keras_rnnzoo import kernels
from keras_rnnzoo.base import arithmetic
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
    )

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

    def output(self, a, *states):
        return ops.cast(self.readout(states[0], a), self.compute_dtype)

    def walked(self, sequences, states, mask, steps):
        """`(a, further states)`: the pre-activations of all time, and states beside the first."""
        projected = self.project(sequences)
        a = arithmetic.Gates(projected, self.w.free_biases)
        a.spread(self.gates, projected["gates"])
        return a, []

    def unfold(self, sequences, states, mask, steps, drop, return_sequences):
        with self.bound():
            a, further = self.walked(sequences, states, mask, steps)
            a.reset = steps.get("reset")
            fresh, h = self._scan(a, states[0], mask, steps)
            outputs = self.output(a, fresh)
        if mask is not None:
            outputs = kernels.forward_fill(outputs, mask)
        return outputs if return_sequences else None, outputs[:, -1], [h[:, -1], *further]

    def _scan(self, a, initial, mask, steps):
        """The new states of all time `(batch, time, units)`, before zoneout and after it."""
        decay, drive = (ops.cast(part, initial.dtype) for part in self.coefficients(a))
        nudge = steps.get(f"nudge_{self.states[0]}")
        if nudge is not None:
            drive = drive + ops.cast(nudge, drive.dtype)
        begins = None if a.reset is None else ops.expand_dims(a.reset, -1)
        kept = self._kept_share(steps, initial.dtype)
        if kept is None:
            if begins is not None:
                decay = ops.where(begins, ops.zeros_like(decay), decay)
            h = kernels.linear_scan(decay, drive, initial, mask)
            return h, h
        share = kept + (1 - kept) * decay
        if begins is not None:
            share = ops.where(begins, ops.zeros_like(share), share)
        h = kernels.linear_scan(share, (1 - kept) * drive, initial, mask)
        before = ops.concatenate([ops.expand_dims(initial, 1), h[:, :-1]], axis=1)
        if begins is not None:
            before = ops.where(begins, ops.zeros_like(before), before)
        return decay * before + drive, h

    def _kept_share(self, steps, dtype):
        """How much of the old state zoneout keeps at each step; `None` without zoneout."""
        name = self.states[0]
        if name in steps:
            return ops.cast(steps[name], dtype)
        return self.zoneout_rates.get(name)
