"""Generated progressions of chords in four parts, in place of music where there is none."""

import random

import numpy as np

SIZES = (120, 40, 40)
CHORDS = {  # semitones above the tonic of a major key
    "I": (0, 4, 7),
    "ii": (2, 5, 9),
    "IV": (5, 9, 0),
    "V": (7, 11, 2),
    "vi": (9, 0, 4),
}
FOLLOWS = {  # what may come after a chord
    "I": ("IV", "V", "vi", "ii"),
    "ii": ("V",),
    "IV": ("V", "I", "ii"),
    "V": ("I", "I", "vi"),
    "vi": ("IV", "ii"),
}
RANGES = ((40, 57), (48, 64), (55, 71), (60, 79))  # MIDI numbers of bass, tenor, alto, soprano
LOWEST = 21  # A0, the first of 88 keys


def sample(sizes=SIZES, seed=1685):
    """Generate progressions by a rule, so that what comes next can partly be known.

    A piece has a major key of its own, begins with its tonic and ends with dominant and tonic.
    Between them a chord follows another as `FOLLOWS` allows, each choice equally likely, and sounds
    for one, two or four steps. The bass has the root, the three voices above it share root, third
    and fifth, each on the free note of the chord that is nearest to where it was.

    Args:
        sizes: how many pieces each part has.
        seed: of the pieces. The default never changes, nor does the sample it gives.

    Returns:
        For each part a list of uint8 arrays (time, 88).

    Raises:
        ValueError: a size below 1.

    Example:

    >>> train, validation, test = sample()
    >>> int(train[0].sum(1).max())  # of four voices
    4
    """
    if any(size < 1 for size in sizes):
        raise ValueError(f"Sizes must be 1 or more. Received: sizes={sizes!r}")
    # `random.choice` may change between versions of Python, `random.random` does not.
    draw = random.Random(seed).random
    return [[_piece(draw) for _ in range(size)] for size in sizes]


def _choose(draw, among):
    return among[int(draw() * len(among))]


def _piece(draw):
    tonic = int(draw() * 12)
    names = ["I"]
    for _ in range(10 + int(draw() * 10)):
        names.append(_choose(draw, FOLLOWS[names[-1]]))
    names += ["V", "I"]
    voices = [sum(limits) // 2 for limits in RANGES]
    steps = []
    for name in names:
        voices = _voiced([(tonic + note) % 12 for note in CHORDS[name]], voices)
        roll = np.zeros(88, "uint8")
        roll[[voice - LOWEST for voice in voices]] = 1
        steps += [roll] * _choose(draw, (1, 2, 2, 4))
    return np.stack(steps)


def _voiced(chord, before):
    """The notes of the four voices: the bass on the root, the others nearest to where they were."""
    voices = [_nearest(chord[:1], before[0], RANGES[0])]
    free = list(chord)
    for voice in (3, 2, 1):  # the soprano moves least
        note = _nearest(free, before[voice], RANGES[voice])
        free.remove(note % 12)
        voices.insert(1, note)
    return voices


def _nearest(classes, before, limits):
    notes = [n for n in range(limits[0], limits[1] + 1) if n % 12 in classes]
    return min(notes, key=lambda note: (abs(note - before), note))
