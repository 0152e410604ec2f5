"""Where a reset stands a sequence begins: as if each document were a row of its own."""

import keras
import numpy as np
import pytest
from catalogue import ARCHETYPES, SOME
from helpers import close, filled, numpy, sequences

import keras_rnnzoo as zoo
from keras_rnnzoo.base.passage import Passage

# A first step of RG-LRU differs where a reset stands: `test_linear.py`.
ALIKE = [case for case in SOME if case.name != "RGLRU"]
STARTS = [0, 2, 5]  # of the documents in a row of TIME steps
TIME = 7


def documents(x):
    """The documents of the rows, each a batch of its own."""
    return [x[:, a:b] for a, b in zip(STARTS, [*STARTS[1:], TIME])]


def flags(batch=3, time=TIME, starts=STARTS):
    resets = np.zeros((batch, time), bool)
    resets[:, starts] = True
    return resets


@pytest.mark.parametrize("go_backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("case", ALIKE, ids=str)
def test_documents_in_a_row_are_rows_of_their_own(case, go_backwards, rng):
    layer = case.layer(return_sequences=True, return_state=True, go_backwards=go_backwards)
    filled(layer, rng)
    x = sequences(rng, time=TIME)
    parts = [numpy(list(layer(part))) for part in documents(x)]
    got = numpy(list(layer(x, resets=flags())))
    ordered = parts[::-1] if go_backwards else parts
    close(got[0], np.concatenate([part[0] for part in ordered], axis=1))
    close(got[1:], ordered[-1][1:])


@pytest.mark.parametrize("case", [ARCHETYPES[1], ARCHETYPES[-2]], ids=str)
def test_a_reset_at_a_masked_step_waits(case, rng):
    """Left-padded documents: the flag stands on padding, the document begins after it."""
    layer = filled(case.layer(return_sequences=True, zoneout=0.2), rng)
    x, mask = sequences(rng, time=TIME), np.ones((3, TIME), bool)
    mask[:, [2, 3]] = False
    got = numpy(layer(x, mask=mask, resets=flags()))
    first, second, third = (numpy(layer(part)) for part in (x[:, :2], x[:, 4:5], x[:, 5:]))
    close(got[:, :2], first)
    close(got[:, 4:5], second)
    close(got[:, 5:], third)
    close(got[:, 3], first[:, 1])  # a masked step repeats the output before it


@pytest.mark.parametrize("case", [ARCHETYPES[1], ARCHETYPES[-2]], ids=str)
def test_a_reset_behind_the_last_valid_step_waits_for_the_next_call(case, rng):
    """As in a stateful layer that reads padded pieces; the last output stays."""
    layer = filled(case.layer(return_state=True), rng)
    x, mask = sequences(rng, time=TIME), np.ones((3, TIME), bool)
    mask[:2, 4:] = False
    mask[2, 5] = False
    resets = flags(starts=[0, 5])
    resets[0, 5] = False
    last, *states = layer(x, mask=mask, resets=resets)
    _, *kept = layer(x[:, :4])
    close([s[0] for s in states], [s[0] for s in kept])
    assert not any(np.any(numpy(s)[1]) for s in states) and all(np.any(numpy(s)[2]) for s in states)
    close(last[1], layer(x[:, :4])[0][1])


def test_wrappers_hand_resets_on_and_turn_them_for_the_backward_layer(rng):
    x = sequences(rng, time=TIME)
    stack = zoo.StackedRecurrent("mgu", 4, depth=2, bidirectional=True, return_sequences=True)
    stack.build(x.shape)
    expected = np.concatenate([numpy(stack(part)) for part in documents(x)], axis=1)
    close(stack(x, resets=flags()), expected)
    with Passage(resets=flags()):
        close(stack(x), expected)
    inputs, resets = keras.Input((TIME, 3)), keras.Input((TIME,), dtype="bool")
    model = keras.Model([inputs, resets], stack(inputs, resets=resets))
    close(model([x, flags()]), expected)


def test_shapes_that_do_not_fit_are_refused(rng):
    with pytest.raises(
        ValueError, match=r"The resets of .* \(3, 7\)\. Received: resets.shape=\(3, 2"
    ):
        zoo.LSTM(4)(sequences(rng, time=TIME), resets=flags(time=6)[:, [0, 5]])


def test_a_passage_starts_nudges_and_reports(rng):
    """States are handed in and out, and a nudge adds to the state after its step."""
    layer = filled(zoo.GRU(4, return_sequences=True), rng)
    x = sequences(rng, time=TIME)
    whole = numpy(layer(x))
    with Passage() as first:
        layer(x[:, :3])
    (visit,) = first.visits
    close(visit.final[0], whole[:, 2])
    with Passage(states={layer: visit.final}) as second:
        close(layer(x[:, 3:]), whole[:, 3:])
    close(second.visits[0].start[0], whole[:, 2])
    nudge = np.zeros((3, TIME, 4), "float32")
    nudge[:, 2] = 0.5
    with Passage(nudges={layer: {"h": nudge}}):
        nudged = numpy(layer(x))
    close(nudged[:, 2], whole[:, 2] + 0.5)
    close(nudged[:, 3:], layer(x[:, 3:], initial_state=[whole[:, 2] + 0.5]))
    given = pytest.raises(ValueError, match="is given an `initial_state` inside the model")
    with given, Passage(states={layer: visit.final}):
        layer(x, initial_state=visit.final)
