"""Selective copying: repeat a few tokens that stood at random places among noise."""

import math

import numpy as np

from keras_rnnzoo.base.options import positive_int
from keras_rnnzoo.datasets.generated import SIZES, drawn_parts
from keras_rnnzoo.datasets.task_sequences import TaskSequences

NOISE = 0  # the data tokens are 1 to `symbols`, the marker is the id after them


def selective_copy(length=64, tokens=4, symbols=14, sizes=SIZES, seed=0):
    """The selective copying task: say the data tokens again, in order, without the noise.

    The first `length` steps hold `tokens` data tokens, drawn evenly from 1 to `symbols` (a token
    may occur twice), at distinct places, each choice of places equally likely, and noise, the id 0,
    everywhere else. `tokens` steps of a marker, the id `symbols + 1`, follow; there the data tokens
    are asked in their order, and nowhere else is anything scored. The places differ from sequence
    to sequence, so that a fixed filter over time cannot solve it: what is kept must depend on what
    is seen. Without memory a token is right once in `symbols`.

    Args:
        length: steps before the markers.
        tokens: data tokens of a sequence, at most `length`.
        symbols: different data tokens, from 2; with noise and marker there are two ids more.
        sizes: sequences of train, validation and test.
        seed: of all that is drawn.

    Returns:
        A `TaskParts` of the kind "categorical" with as many ids as classes.

    Raises:
        ValueError: numbers below 1, fewer than 2 symbols, more tokens than steps.

    Example:

    >>> parts = selective_copy(length=8, tokens=3, sizes=(4, 2, 2))
    >>> parts.train.inputs[0].shape, int(parts.train.weights[0].sum())
    ((11,), 3)

    Reference: Gu and Dao (Mamba), arXiv:2312.00752 (2023), there with 16 tokens in 4096 steps; at
    this size it fits one core.
    """
    if positive_int("tokens", tokens) > positive_int("length", length):
        raise ValueError(
            f"Each token has a step of its own. Received: tokens={tokens!r}, length={length!r}"
        )
    if positive_int("symbols", symbols) < 2:
        raise ValueError(f"With one symbol nothing is asked. Received: symbols={symbols!r}")
    marker, steps = symbols + 1, length + tokens

    def draw(random, count):
        places = np.sort(random.random((count, length)).argsort(1)[:, :tokens], 1)
        said = random.integers(1, symbols + 1, (count, tokens))
        inputs, targets = np.full((2, count, steps), NOISE, "int32")
        np.put_along_axis(inputs, places, said, 1)
        inputs[:, length:], targets[:, length:] = marker, said
        weights = np.zeros((count, steps), "float32")
        weights[:, length:] = 1
        ids = marker + 1
        return TaskSequences(list(inputs), list(targets), "categorical", ids, ids, list(weights))

    title = f"Selective copying (generated), {tokens} of {symbols} tokens in {length} steps"
    trivial = {"nll": math.log(symbols), "accuracy": 1 / symbols}
    return drawn_parts("selective_copy", [draw] * 3, sizes, seed, title, trivial)
