"""A small generated set of film reviews in which the order of the words decides.

Every text is written by the grammar below, from a fixed seed; no review of anybody is in it.
A statement praises or blames; negation turns it round ("was not dull", "hardly a moving scene").
In a contrast only the half that matters counts ("the plot started well but ended badly", "for
all its flaws, ..."). The label is the sign of the sum over the sentences, a contrast counting
twice. Sums of zero are thrown away, so the label is a function of the text without noise.
Whoever counts words sees praise and blame but not which of them is meant.
"""

import random

import numpy as np

SIZES = (2000, 500, 1000)
LONGEST = 60

SUBJECTS = (
    "the plot", "the acting", "the film", "the script", "the ending", "the music", "the camera",
    "the dialogue", "the story", "the cast", "the pace", "the humour",
)  # fmt: skip
GOOD = (
    "good", "great", "moving", "clever", "funny", "charming", "gripping", "fresh", "honest",
    "brilliant", "warm", "convincing",
)  # fmt: skip
BAD = (
    "bad", "dull", "boring", "weak", "silly", "clumsy", "flat", "tired", "hollow", "awful", "cold",
    "tedious",
)  # fmt: skip
PLAIN = ("{s} was {a}", "{s} felt {a}", "i found {s} {a}", "{s} seemed really {a}")
TURNED = (
    "{s} was not {a}", "{s} was never {a}", "{s} was far from {a}", "i did not find {s} {a}",
    "nobody could call {s} {a}", "{s} was hardly {a} at all", "{s} was anything but {a}",
)  # fmt: skip
CONTRASTS = (
    "{lesser} but {main}", "although {lesser} , {main}", "{main} even though {lesser}",
    "i heard that {lesser} , yet {main}", "{main} , however often they say that {lesser}",
)  # fmt: skip
IDIOMS = {
    1: (
        "for all its flaws , {s} won me over", "{s} started badly but ended well",
        "despite the bad reviews i loved {s}", "{s} was better than i feared , not worse",
    ),
    -1: (
        "for all its charm , {s} lost me", "{s} started well but ended badly",
        "despite the good reviews i hated {s}", "{s} was worse than i hoped , not better",
    ),
}  # fmt: skip
NEUTRAL = (
    "i saw it with my sister on a rainy evening", "it runs for about two hours",
    "we sat in the last row", "the director has made three films before",
    "most of it takes place in a small town by the sea",
)  # fmt: skip


def splits(sizes=SIZES, seed=2002):
    """Write the sample: train, validation and test, balanced and without a text in common.

    Args:
        sizes: how many texts each part has; even numbers.
        seed: of the grammar. The default never changes, nor does the sample it gives.

    Returns:
        For each part a pair `(texts, labels)`: a list of strings, an int64 array of 0 and 1.

    Raises:
        ValueError: a size that is not a positive even number.

    Example:

    >>> (texts, labels), _, _ = splits()
    >>> len(texts), labels.mean()
    (2000, 0.5)
    """
    if any(size < 2 or size % 2 for size in sizes):
        raise ValueError(f"Sizes must be positive even numbers. Received: sizes={sizes!r}")
    draw = random.Random(seed).random
    seen, parts = set(), []
    for size in sizes:
        texts, labels = [], []
        while len(texts) < size:
            text, total = _review(draw)
            label = int(total > 0)
            unfit = total == 0 or text in seen or len(text.split()) > LONGEST
            if unfit or labels.count(label) == size // 2:
                continue
            seen.add(text)
            texts.append(text)
            labels.append(label)
        parts.append((texts, np.array(labels, dtype="int64")))
    return parts


def _pick(draw, options):
    # `random.choice` may change between versions of Python, `random.random` does not.
    return options[int(draw() * len(options))]


def _statement(draw, value):
    """Praise (1) or blame (-1), said straight or by turning the opposite round."""
    turned = draw() < 0.3
    adjectives = GOOD if (value > 0) != turned else BAD
    form = _pick(draw, TURNED if turned else PLAIN)
    return form.format(s=_pick(draw, SUBJECTS), a=_pick(draw, adjectives))


def _sentence(draw):
    """One sentence and what it adds to the sum."""
    value = 1 if draw() < 0.5 else -1
    kind = draw()
    if kind < 0.55:
        return _statement(draw, value), value
    if kind < 0.70:
        return _pick(draw, IDIOMS[value]).format(s=_pick(draw, SUBJECTS)), value
    main, lesser = _statement(draw, value), _statement(draw, -value)
    return _pick(draw, CONTRASTS).format(main=main, lesser=lesser), 2 * value


def _review(draw):
    """One to three sentences, with a neutral one now and then: the text and its sum."""
    sentences, total = [], 0
    for _ in range(1 + int(draw() * 3)):
        sentence, value = _sentence(draw)
        sentences.append(sentence)
        total += value
        if draw() < 0.25:
            sentences.append(_pick(draw, NEUTRAL))
    return " . ".join(sentences) + " .", total
