"""Dropout and zoneout of a cell: every mask is drawn before time is walked."""

import keras
from keras import ops

from keras_rnnzoo.base.options import nearest


def zoneout_rates(cell):
    """The rate of each zoned state, checked against the states that `cell` has."""
    rates = cell.zoneout
    zoneable = cell.states if cell.zoneable is None else cell.zoneable
    if not isinstance(rates, dict):
        return dict.fromkeys(zoneable, rates) if rates else {}
    for name in rates:
        if name not in zoneable:
            raise ValueError(
                f"`zoneout` names the state {name!r}; {type(cell).__name__} can keep "
                f"{', '.join(zoneable)}.{nearest(name, zoneable)} Received: zoneout={rates}"
            )
    return {name: rate for name, rate in rates.items() if rate}


class CellNoise:
    """What `RecurrentCell` knows about randomness."""

    @property
    def draws_noise(self):
        """Whether training needs random masks."""
        return bool(self.dropout or self.recurrent_dropout or self.zoneout_rates)

    def draw_dropout(self, batch_size):
        """Masks of a whole sequence: `(input mask or None, {matrix: mask})`, scaled to mean one."""
        inputs = self._input_mask(batch_size) if self.dropout else None
        if not self.recurrent_dropout:
            return inputs, {}
        rate = self.recurrent_dropout
        masks = {name: self._kept((batch_size, self.units), rate) for name, _ in self.matrix_names}
        hidden = self._kept((batch_size, self.hidden_width), rate)
        return inputs, {**masks, **dict.fromkeys(range(len(self.operands)), hidden)}

    def _input_mask(self, batch_size):
        mask = self._kept((batch_size, 1, self.features - self.side_inputs), self.dropout)
        if not self.side_inputs:
            return mask
        side = ops.ones((batch_size, 1, self.side_inputs), dtype=self.compute_dtype)
        return ops.concatenate([side, mask], axis=-1)

    def draw_zoneout(self, batch_size, length):
        """`{state: (batch, time, ...)}`, true where a unit keeps its old state."""
        return {
            name: keras.random.uniform(
                (batch_size, length, *self.state_shape(name)), seed=self.seed_generator
            )
            < rate
            for name, rate in self.zoneout_rates.items()
        }

    def _kept(self, shape, rate):
        draw = keras.random.uniform(shape, seed=self.seed_generator)
        return ops.cast(draw >= rate, self.compute_dtype) / (1.0 - rate)

    def zone_out(self, zone, new, old):
        """Old states where `zone` is true; without `zone` the expectation of that."""

        def zoned(name, fresh, kept):
            rate = self.zoneout_rates.get(name)
            if rate is None:
                return fresh
            if name in zone:
                return ops.where(zone[name], kept, fresh)
            return rate * kept + (1.0 - rate) * fresh

        return list(map(zoned, self.states, new, old))
