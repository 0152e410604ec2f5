"""Periodic functions that a network generates by itself: nothing in its input tells the time."""

import numpy as np

from keras_rnnzoo.base.options import choice, positive_int
from keras_rnnzoo.datasets.generated import drawn_parts
from keras_rnnzoo.datasets.task_sequences import TaskSequences


def _cosine(phase):
    return (1 - np.cos(2 * np.pi * phase)) / 2


def _triangle(phase):
    return 1 - np.abs(1 - 2 * phase)


def _rectangle(phase):
    return (phase >= 0.5).astype("float64")


SHAPES = {"cosine": _cosine, "triangle": _triangle, "rectangle": _rectangle}


def function_generation(
    shape="cosine", period=10, periods=(1, 4), test_periods=40, sizes=(64, 1, 1), seed=0
):
    """Generate a periodic function: the input is 1 at every step, the output is to oscillate.

    The target at step t = 0, 1, ... depends on p = (t mod F) / F alone, with F the period:

    | shape | target |
    |---|---|
    | "cosine" | (1 - cos 2πp) / 2 |
    | "triangle" | 1 - abs(1 - 2p) |
    | "rectangle" | 0 where p < 1/2, else 1 |

    All start at 0 and reach from 0 to 1. Training sequences end after a number of steps that is
    drawn evenly between the fewest and the most periods, so that the first period is learned first;
    what is scored is far longer than any of them, so that it asks for an oscillation that lasts and
    keeps its phase. To say 1/2 always has a mean squared error of 1/8 (cosine), 1/12 (triangle, in
    the limit of long periods) or 1/4 (rectangle of even period).

    Gers et al. found that an LSTM with one cell needs its peepholes for it: it must reset its state
    by the state. They stop a stream at the first error above 0.3 and learn online; here training
    goes by backpropagation through time over whole sequences, and the table is the definition.

    Args:
        shape: "cosine", "triangle" or "rectangle".
        period: F, in steps, from 4.
        periods: fewest and most periods of a training sequence.
        test_periods: periods of validation and test sequences, which are all the same.
        sizes: sequences of train, validation and test; of the latter two one says it all.
        seed: of the lengths of the training sequences.

    Returns:
        A `TaskParts` of the kind "values" with one channel and one output.

    Raises:
        ValueError: another shape, a period below 4, periods that cannot be.

    Example:

    >>> parts = function_generation("triangle", period=4, test_periods=2, sizes=(2, 1, 1))
    >>> parts.test.targets[0].ravel().tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.5, 1.0, 0.5]

    Reference: Gers, Schraudolph and Schmidhuber, Journal of Machine Learning Research 3 (2002),
    section on periodic function generation.
    """
    wave = SHAPES[choice("shape", shape, tuple(SHAPES))]
    if positive_int("period", period) < 4:
        raise ValueError(f"A period has 4 steps or more. Received: period={period!r}")
    if len(periods) != 2 or positive_int("periods", periods[0]) > periods[1]:
        raise ValueError(
            f"Periods are the fewest and the most of them. Received: periods={periods!r}"
        )
    longest = positive_int("test_periods", test_periods) * period

    def drawing(low, high):
        def draw(random, count):
            lengths = random.integers(low, high + 1, count)
            inputs = [np.ones((steps, 1), "float32") for steps in lengths]
            targets = [wave(np.arange(steps) % period / period)[:, None] for steps in lengths]
            return TaskSequences(inputs, targets, "values", 1, 1)

        return draw

    draws = [drawing(periods[0] * period, periods[1] * period), *[drawing(longest, longest)] * 2]
    mse = float(wave(np.arange(period) / period).var())
    title = f"Function generation (generated), {shape} of period {period}, {longest} steps scored"
    return drawn_parts("function_generation", draws, sizes, seed, title, {"mse": mse})
