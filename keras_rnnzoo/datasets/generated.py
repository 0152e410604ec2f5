"""Three parts of a task that is drawn from random numbers."""

import numpy as np

from keras_rnnzoo.base.options import positive_int
from keras_rnnzoo.datasets.task_sequences import TaskParts

SIZES = (2_000, 500, 1_000)
"How many sequences train, validation and test have unless told otherwise."


def drawn_parts(name, draws, sizes, seed, title, trivial):
    """Draw a `TaskParts`, each part from random numbers of its own.

    Args:
        name: of the task.
        draws: for each part a function of a NumPy generator and a number of sequences that gives a
            `TaskSequences`.
        sizes: sequences of train, validation and test.
        seed: part k is drawn from `numpy.random.default_rng((seed, k))`, and the training sequences
            of a later epoch, `fresh(epoch)`, from `default_rng((seed, 3, epoch))`.
        title: the description without the counts.
        trivial: as in `TaskParts`.

    Raises:
        ValueError: not three sizes of 1 or more, or a seed that is none.
    """
    if len(sizes) != 3:
        raise ValueError(f"Expected sizes of train, validation and test. Received: sizes={sizes!r}")
    sizes = [positive_int("sizes", size) for size in sizes]
    if isinstance(seed, bool) or not hasattr(seed, "__index__") or seed < 0:
        raise ValueError(f"A seed is a whole number from 0. Received: seed={seed!r}")

    def fresh(epoch):
        random = np.random.default_rng((seed, len(draws), epoch))
        return draws[0](random, sizes[0]) if epoch else parts[0]

    parts = [
        draw(np.random.default_rng((seed, k)), size)
        for k, (draw, size) in enumerate(zip(draws, sizes))
    ]
    counts = "{:,} train, {:,} validation, {:,} test".format(*sizes)
    known = ", ".join(f"{key} {value:.4g}" for key, value in trivial.items())
    text = f"{title}: {counts}, seed {seed}; without memory: {known}."
    return TaskParts(*parts, name, text, trivial=trivial, fresh=fresh)
