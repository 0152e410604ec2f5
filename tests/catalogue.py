"""Which layers the tests go through: every registered one, and the archetypes among them."""

import functools
from typing import NamedTuple

import keras
import numpy as np
import running
from all_oracles import ORACLES, OWN
from keras import ops

import keras_rnnzoo
from keras_rnnzoo import RecurrentCell, RecurrentLayer, list_layers

BATCH, TIME, FEATURES, UNITS = 3, 5, 3, 4
BACKEND = keras.backend.backend()


class Case(NamedTuple):
    """A layer with its own options."""

    name: str
    own: tuple

    def __str__(self):
        return "-".join([self.name, *(f"{k}={v}" for k, v in self.own)])

    def layer(self, units=UNITS, **options):
        return getattr(keras_rnnzoo, self.name)(units, **dict(self.own), **options)

    def cell(self, units=UNITS, **options):
        return getattr(keras_rnnzoo, f"{self.name}Cell")(units, **dict(self.own), **options)

    def taken(self, **options):
        """Those of `options` that its cell does not refuse."""
        refused = type(self.cell()).refuses
        return {name: value for name, value in options.items() if name not in refused}

    def oracle(self):
        """`step(w, x, states)` of this case."""
        return functools.partial(ORACLES[self.name], **dict(self.own))


CASES = [Case(name, tuple(own.items())) for name in list_layers() for own in OWN.get(name, [{}])]


class TallyCell(RecurrentCell):
    """A plain recurrence that counts its steps and sums its state in a float32 matrix.

    h = φ(x W + h' U + b),  s = s' + [h, 1],  y = h ⊙ φ(s_0)
    """

    gates = ("h",)
    states = ("h", "s")
    state_dtypes = {"s": "float32"}
    refuses = {"recurrent_activation": "it has no gates"}

    def state_shape(self, name):
        return (self.units, 2) if name == "s" else super().state_shape(name)

    def update(self, a, h, s):
        h = self.phi(a.h)
        wide = ops.cast(h, s.dtype)
        return h, s + ops.stack([wide, ops.ones_like(wide)], axis=-1)

    def output(self, a, h, s):
        return h * ops.cast(self.phi(s[..., 0]), h.dtype)


class Tally(RecurrentLayer):
    cell_class = TallyCell


class TallyCase(Case):
    """The archetype that no layer of the zoo is yet."""

    def layer(self, units=UNITS, **options):
        return Tally(units, **options)

    def cell(self, units=UNITS, **options):
        return TallyCell(units, **options)

    def oracle(self):
        def step(w, x, states):
            h, s = states
            h = np.tanh(x @ w["kernel"] + h @ w["recurrent_kernel"] + w["bias"])
            s = s + np.stack([h, np.ones_like(h)], axis=-1)
            return h * np.tanh(s[..., 0]), [h, s]

        return step


def case(name, **own):
    return Case(name, tuple(own.items()))


TALLY = TallyCase("Tally", ())

ARCHETYPES = [
    case("SimpleRNN"),  # one state
    case("LSTM"),  # two states
    case("GRU", reset_after=True),  # a gate kept apart
    case("GRU", reset_after=False),  # two operands
    case("PeepholeLSTM", peephole="full"),  # a step of its own, matrices of its own
    case("IntersectionRNN"),  # the output is not a state
    case("MinGRU"),  # linear
    TALLY,  # a state in float32, of higher rank
]
REGISTERED = ARCHETYPES[:-1]

FROZEN = ("ESN",)  # nothing to train, so a model of that layer alone has no gradient
PRECISE = ("PhasedLSTM",)  # refuse half precision, see `test_phased_lstm.py`

# What is promised of layers is tried on every layer on the first backend, which compiles nothing.
# The others compile each call of each layer anew: there the archetypes stand for all, and of every
# layer the oracle, the masks and the gradients are tried in one function, `test_gradients.py`.
EVERY = [*CASES, TALLY] if BACKEND == running.FIRST else ARCHETYPES
SOME = [*CASES, TALLY] if BACKEND == running.FIRST else [ARCHETYPES[1], *ARCHETYPES[-3:]]
