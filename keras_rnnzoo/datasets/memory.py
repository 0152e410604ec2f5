"""Generated tasks that only memory solves: adding, copying, parity.

More of them: `selective_copy`, `spikes` and `waves`.

Every part of a task is drawn from random numbers of its own, `numpy.random.default_rng((seed, k))`
with k = 0, 1, 2 for train, validation and test, so no size of one part changes another.
"""

import math

import numpy as np

from keras_rnnzoo.base.options import choice, nearest, positive_int
from keras_rnnzoo.datasets.generated import SIZES, drawn_parts
from keras_rnnzoo.datasets.selective_copy import selective_copy
from keras_rnnzoo.datasets.spikes import spike_timing
from keras_rnnzoo.datasets.task_sequences import TaskSequences
from keras_rnnzoo.datasets.waves import function_generation

SYMBOLS, COPIED, DELIMITER = 8, 10, 9  # of the copy task


def load(name, verbose=True, **options):
    """One of the generated tasks by name.

    Args:
        name: "adding", "copy_memory", "parity", "selective_copy", "spike_timing" or
            "function_generation".
        verbose: whether to print one line that says what was made.
        options: of the function of that name.

    Returns:
        A `TaskParts`.

    Raises:
        ValueError: an unknown name, or an option that cannot be.

    Example:

    >>> parts = load("parity", verbose=False, sizes=(10, 5, 5))
    >>> len(parts.train), round(parts.trivial["nll"], 3)
    (10, 0.693)
    """
    if name not in TASKS:
        raise ValueError(
            f"Expected one of {', '.join(TASKS)}.{nearest(name, TASKS)} Received: name={name!r}"
        )
    parts = TASKS[name](**options)
    if verbose:
        print(parts.description, flush=True)
    return parts


def adding(length=100, sizes=SIZES, seed=0, rule="anywhere"):
    """The adding problem: two of many numbers are marked, and their sum is asked at the end.

    A step is (u, m): u is drawn evenly from [0, 1], m is 1 at two distinct steps and 0 elsewhere.
    The target after the last step is the sum of the two marked u. To say 1 always has the mean
    squared error 2/12 = 1/6.

    Args:
        length: steps, T.
        sizes: sequences of train, validation and test.
        seed: of all that is drawn.
        rule: "anywhere": any two distinct steps, each pair equally likely, as in the code of Bai et
            al.; "halves": one in each half, the first half being T // 2 steps, as in Le et al.

    Returns:
        A `TaskParts` of the kind "values".

    Raises:
        ValueError: a length below 2, a size below 1, another rule.

    Example:

    >>> adding(length=50, sizes=(8, 4, 4)).train.inputs[0].shape
    (50, 2)

    Reference: Hochreiter and Schmidhuber, Neural Computation 9 (1997); Le et al., arXiv:1504.00941
    (2015); Bai et al., arXiv:1803.01271 (2018).
    """
    if positive_int("length", length) < 2:
        raise ValueError(f"Two steps are marked, so there are two. Received: length={length!r}")
    choice("rule", rule, ("anywhere", "halves"))

    def draw(random, count):
        inputs, targets = [], []
        for _ in range(count):
            if rule == "anywhere":
                places = random.choice(length, 2, replace=False)
            else:
                half = length // 2
                places = np.array([random.integers(half), half + random.integers(length - half)])
            x = np.zeros((length, 2), "float32")
            x[:, 0], x[places, 1] = random.random(length), 1
            inputs.append(x)
            targets.append(x[places, 0].sum(keepdims=True))
        return TaskSequences(inputs, targets, "values", 2, 1)

    return drawn_parts(
        "adding",
        [draw] * 3,
        sizes,
        seed,
        f"Adding problem (generated), {length} steps, marks {rule}",
        {"mse": 1 / 6},
    )


def copy_memory(delay=50, sizes=SIZES, seed=0):
    """The copy memory task: say ten symbols again after a delay.

    The input of T + 20 steps is ten symbols drawn evenly from 1 to 8, then T - 1 times 0, then 11
    times the delimiter 9. The target is T + 10 times 0, then the ten symbols; every step is scored.
    To know everything but the symbols has the mean cross-entropy 10 ln 8 / (T + 20).

    Args:
        delay: T.
        sizes: sequences of train, validation and test.
        seed: of all that is drawn.

    Returns:
        A `TaskParts` of the kind "categorical" with 10 ids and 10 classes.

    Raises:
        ValueError: a delay or a size below 1.

    Example:

    >>> copy_memory(delay=5, sizes=(8, 4, 4)).train.inputs[0].shape
    (25,)

    Reference: Hochreiter and Schmidhuber, Neural Computation 9 (1997); Arjovsky et al.,
    arXiv:1511.06464 (2015); this form: Bai et al., arXiv:1803.01271 (2018).
    """
    positive_int("delay", delay)
    steps = delay + 2 * COPIED

    def draw(random, count):
        symbols = random.integers(1, SYMBOLS + 1, (count, COPIED))
        inputs, targets = np.zeros((2, count, steps), "int32")
        inputs[:, :COPIED] = targets[:, -COPIED:] = symbols
        inputs[:, -COPIED - 1 :] = DELIMITER
        return TaskSequences(list(inputs), list(targets), "categorical", 10, 10)

    return drawn_parts(
        "copy_memory",
        [draw] * 3,
        sizes,
        seed,
        f"Copy memory (generated), delay {delay}, {steps} steps",
        {"nll": COPIED * math.log(SYMBOLS) / steps},
    )


def parity(
    lengths=(3, 40),
    validation_lengths=(40, 256),
    test_lengths=(40, 256),
    sizes=SIZES,
    seed=0,
    every_step=False,
):
    """Parity: is the number of ones odd? Trained on short strings of bits, asked about long ones.

    Bits are drawn evenly, and the number of bits evenly from the lengths of the part, both ends
    included. The target is 1 where the number of ones is odd: of the whole string, after its last
    bit, or of the string so far, at every bit. A guess has ln 2 nats and the accuracy 1/2. Strings
    as short as 3 bits occur many times over; nothing is removed.

    From the answer after the last bit alone, gated cells learn it late or never; with the answers
    on the way they are taught what to carry.

    Args:
        lengths, validation_lengths, test_lengths: fewest and most bits.
        sizes: sequences of train, validation and test.
        seed: of all that is drawn.
        every_step: whether the parity so far is asked at every bit; "train" asks it everywhere but
            scores, in validation and test, what is said after the last bit alone.

    Returns:
        A `TaskParts` of the kind "binary" with one output and 2 ids.

    Raises:
        ValueError: lengths that cannot be, a size below 1.

    Example:

    >>> bool(parity(sizes=(8, 4, 4)).test.lengths.min() >= 40)
    True

    Reference: Hochreiter and Schmidhuber, Neural Computation 9 (1997); lengths as in Beck et al.
    (xLSTM), arXiv:2405.04517 (2024), and Deletang et al., arXiv:2207.02098 (2022).
    """
    choice("every_step", every_step, (False, True, "train"))
    given = (lengths, validation_lengths, test_lengths)
    for limits in given:
        if len(limits) != 2 or positive_int("lengths", limits[0]) > limits[1]:
            raise ValueError(
                f"Lengths are the fewest and the most bits. Received: lengths={limits!r}"
            )

    def drawing(low, high, last_alone):
        def draw(random, count):
            inputs = [random.integers(0, 2, random.integers(low, high + 1)) for _ in range(count)]
            odd = [np.cumsum(bits)[:, None] % 2 for bits in inputs]
            targets = odd if every_step else [so_far[-1] for so_far in odd]
            ends = [np.arange(len(bits)) == len(bits) - 1 for bits in inputs]
            return TaskSequences(inputs, targets, "binary", 2, 1, ends if last_alone else None)

        return draw

    return drawn_parts(
        "parity",
        [drawing(*limits, every_step == "train" and part > 0) for part, limits in enumerate(given)],
        sizes,
        seed,
        f"Parity (generated), trained on {lengths[0]} to {lengths[1]} bits, tested on "
        f"{test_lengths[0]} to {test_lengths[1]}",
        {"nll": math.log(2), "accuracy": 0.5},
    )


TASKS = {
    "adding": adding,
    "copy_memory": copy_memory,
    "parity": parity,
    "selective_copy": selective_copy,
    "spike_timing": spike_timing,
    "function_generation": function_generation,
}

QUICK = {
    "adding": {"length": 50},
    "copy_memory": {"delay": 10, "sizes": (4_000, 500, 1_000)},
    "parity": {"every_step": True},
    "selective_copy": {"length": 16, "tokens": 2, "symbols": 6},
    "spike_timing": {"interval": 10},
    "function_generation": {"period": 8, "periods": (1, 4), "test_periods": 10},
}
"Options with which a task is learnt in less than a minute on one core."
