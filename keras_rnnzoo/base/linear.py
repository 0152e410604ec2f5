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
        decay, drive = self.coefficients(a)
        return a, decay * states[0] + drive

    def output(self, a, *states):
        return self.readout(states[0], a)

    def unfold(self, sequences, states, mask, zone, drop, return_sequences):
        with self.bound():
            a = arithmetic.Gates({})
            a.spread(self.gates, self.project(sequences)["gates"])
            decay, drive = self.coefficients(a)
            kept = self._kept_share(zone)
            initial = states[0]
            if kept is None:
                h = kernels.linear_scan(decay, drive, initial, mask)
                fresh = h
            else:
                h = kernels.linear_scan(
                    kept + (1 - kept) * decay, (1 - kept) * drive, initial, mask
                )
                before = ops.concatenate([ops.expand_dims(initial, 1), h[:, :-1]], axis=1)
                fresh = decay * before + drive
            outputs = self.readout(fresh, a)
        if mask is not None:
            outputs = kernels.forward_fill(outputs, mask)
        return outputs if return_sequences else None, outputs[:, -1], [h[:, -1]]

    def _kept_share(self, zone):
        """How much of the old state zoneout keeps at each step; `None` without zoneout."""
        name = self.states[0]
        if name in zone:
            return ops.cast(zone[name], self.compute_dtype)
        return self.zoneout_rates.get(name)
