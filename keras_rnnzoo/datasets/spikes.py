"""Spike timing: tell apart, or bring about, intervals that differ by one step."""

import math

import numpy as np

from keras_rnnzoo.base.options import choice, positive_int
from keras_rnnzoo.datasets.generated import SIZES, drawn_parts
from keras_rnnzoo.datasets.task_sequences import TaskSequences

MODES = ("generate", "measure", "measure_once")


def spike_timing(mode="generate", interval=10, spikes=6, sizes=SIZES, seed=0):
    """Spikes whose distances are `interval` or one step more, to be generated or measured.

    With F the interval, spike n is at T(n) = T(n-1) + F + I(n), T(0) = 0, where I(n) is drawn
    evenly from 0 and 1. Every sequence has `spikes` intervals; it ends with its last spike.

    | mode | input at step t | target | scored |
    |---|---|---|---|
    | "generate" (GTS) | 2 I(n) - 1 for T(n-1) < t <= T(n) | 1 at T(n), else 0 | steps from 1 |
    | "measure" (MSD) | 1 at T(n), else 0 | I(n) at T(n) | spikes from n = 1 |
    | "measure_once" (NMSD) | 1 at 0 and T(1), else 0 | I(1), after the last step | once |

    Without memory the best that can be said is, in nats, ln 2 where intervals are measured, and the
    entropy of a coin that shows 1 in F + 1/2 throws where they are generated.

    To generate is to count without being told when: where I(n) = I(n-1) nothing in the input marks
    that an interval ended, so the network resets its own count. Gers et al. found that an LSTM
    needs its peepholes for it and measures without them, with one memory cell and online learning;
    with backpropagation through time and several cells the difference may vanish. How they lay I(n)
    on the steps, squash it and end a stream at the first error is not copied here: sequences have a
    fixed number of intervals, and the table above is the definition.

    Args:
        mode: "generate", "measure" or "measure_once".
        interval: F, from 2; the task gets harder with it.
        spikes: intervals of a sequence; "measure_once" has one.
        sizes: sequences of train, validation and test.
        seed: of all that is drawn.

    Returns:
        A `TaskParts` of the kind "binary" with one channel and one output.

    Raises:
        ValueError: another mode, an interval below 2, numbers below 1.

    Example:

    >>> parts = spike_timing(interval=4, spikes=2, sizes=(8, 4, 4))
    >>> set(parts.train.lengths.tolist()) <= {9, 10, 11}
    True

    Reference: Gers, Schraudolph and Schmidhuber, Journal of Machine Learning Research 3 (2002).
    """
    choice("mode", mode, MODES)
    if positive_int("interval", interval) < 2:
        raise ValueError(f"An interval has 2 steps or more. Received: interval={interval!r}")
    count = 1 if mode == "measure_once" else positive_int("spikes", spikes)

    def draw(random, size):
        longer = random.integers(0, 2, (size, count))
        return _sequences([_sequence(row, interval, mode) for row in longer], mode)

    rate = 1 / (interval + 0.5)
    guess = {"nll": math.log(2), "accuracy": 0.5}
    if mode == "generate":
        entropy = -rate * math.log(rate) - (1 - rate) * math.log(1 - rate)
        guess = {"nll": entropy, "accuracy": 1 - rate}
    title = f"Spike timing (generated), {mode}, {count} of {interval} or {interval + 1} steps"
    return drawn_parts("spike_timing", [draw] * 3, sizes, seed, title, guess)


def _sequence(longer, interval, mode):
    """Input, target and weight of every step, (time,) each."""
    times = np.concatenate([[0], np.cumsum(interval + longer)])
    spikes = np.zeros(times[-1] + 1, "float32")
    spikes[times] = 1
    if mode == "generate":
        held = np.concatenate([longer[:1], np.repeat(longer, interval + longer)])
        weights = np.ones(len(spikes))
        spikes[0] = weights[0] = 0
        return 2 * held - 1, spikes, weights
    answers, weights = np.zeros((2, len(spikes)))
    answers[times[1:]], weights[times[1:]] = longer, 1
    return spikes, answers, weights


def _sequences(triples, mode):
    inputs = [x[:, None].astype("float32") for x, _, _ in triples]
    targets = [y[:, None].astype("uint8") for _, y, _ in triples]
    weights = [w for _, _, w in triples]
    if mode == "measure_once":
        targets, weights = [y[-1] for y in targets], None
    return TaskSequences(inputs, targets, "binary", 1, 1, weights)
