"""A generated play: characters to model where no real text is at hand.

Every line is written by the grammar below, from a fixed seed; no line of anybody is in it. Two
people talk in each scene. Verbs agree with their subjects, also across what stands between the two
("the lanterns of the old miller burn"), a bracket that opens is closed, and a speech may end with
the name of the one who spoke before: a model that remembers more than a few characters does better
than one that counts them.
"""

import random

LENGTH = 60_000

PEOPLE = ("ADA", "BRUNO", "CELIA", "DORIAN", "ELKE", "FELIX", "GRETA", "HUGO")
NOUNS = (
    "lantern", "river", "garden", "winter", "letter", "castle", "shadow", "window", "harbour",
    "miller", "soldier", "sister", "stranger", "forest", "morning", "promise",
)  # fmt: skip
ADJECTIVES = (
    "old", "silent", "broken", "golden", "narrow", "hidden", "patient", "bitter", "gentle", "wild",
)  # fmt: skip
VERBS = ("burn", "wait", "follow", "remember", "answer", "return", "sing", "tremble", "listen")
ADVERBS = ("again", "at dawn", "without a word", "in the rain", "before the door", "no more")
OPENINGS = ("Why do", "When will", "How could", "Where must")


def play(length=LENGTH, seed=1623):
    """Write the play.

    Args:
        length: in characters, at least; the last speech is finished.
        seed: of the grammar. The default never changes, nor does the play it gives.

    Returns:
        A string.

    Example:

    >>> print(play(40))
    """
    draw, speeches, total = random.Random(seed).random, [], 0
    while total < length:
        first, second = _two(draw)
        for turn in range(4 + int(draw() * 6)):
            speaker, other = (first, second) if turn % 2 == 0 else (second, first)
            speeches.append(_speech(draw, speaker, other if turn else None))
            total += len(speeches[-1])
    return "".join(speeches)


def _pick(draw, options):
    # `random.choice` may change between versions of Python, `random.random` does not.
    return options[int(draw() * len(options))]


def _two(draw):
    first = _pick(draw, PEOPLE)
    return first, _pick(draw, [name for name in PEOPLE if name != first])


def _speech(draw, speaker, other):
    sentences = [_sentence(draw) for _ in range(1 + int(draw() * 3))]
    if other and draw() < 0.6:
        sentences[-1] = f"{sentences[-1][:-1]}, {other.title()}{sentences[-1][-1]}"
    return f"{speaker}:\n" + "\n".join(sentences) + "\n\n"


def _noun(draw, plural):
    adjective = f"{_pick(draw, ADJECTIVES)} " if draw() < 0.4 else ""
    return f"the {adjective}{_pick(draw, NOUNS)}{'s' if plural else ''}"


def _sentence(draw):
    plural = draw() < 0.5
    subject = _noun(draw, plural)
    if draw() < 0.4:
        subject += f" of {_noun(draw, draw() < 0.5)}"
    verb, kind = _pick(draw, VERBS), draw()
    ending = f" {_pick(draw, ADVERBS)}" if draw() < 0.5 else ""
    if kind < 0.2:
        opening = _pick(draw, OPENINGS)
        opening = opening.replace("do", "do" if plural else "does")
        return f"{opening} {subject} {verb}{ending}?"
    said = f"{subject} {verb}{'' if plural else 's'}{ending}"
    if kind < 0.35:
        said += f" (and {_noun(draw, True)} {_pick(draw, VERBS)})"
    return f"{said[0].upper()}{said[1:]}{'!' if kind > 0.9 else '.'}"
