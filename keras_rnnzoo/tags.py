"""Entities as one tag for each token: four schemes, what is legal in them, and readings.

A scheme that is not known is a `ValueError` everywhere.
"""

from typing import NamedTuple

import numpy as np

SCHEMES = ("IOB1", "IOB2", "IOBES", "BILOU")
LENIENT = "conlleval"
OUTSIDE = ("O", "")
PREFIXES = {"IOB1": "BI", "IOB2": "BI", "IOBES": "BIES", "BILOU": "BILU"}
_AS_IOBES = {"L": "E", "U": "S"}  # BILOU is IOBES in other letters


class TagError(ValueError):
    """A sequence of tags is not legal in its scheme.

    Attributes:
        position: of the first tag that may not stand where it stands.
    """

    def __init__(self, message, position):
        super().__init__(message)
        self.position = position

    def __reduce__(self):
        return type(self), (str(self), self.position)


class Span(NamedTuple):
    """An entity of the tokens start, ..., stop - 1."""

    start: int
    stop: int
    type: str


def split_tag(tag):
    """Prefix and type of a tag; the type is what follows the first hyphen.

    Args:
        tag: "O", or one of B, I, E, S, L and U with a hyphen and a type.

    Returns:
        `(prefix, type)`, which is `("O", "")` for "O".

    Raises:
        ValueError: anything else.

    Example:

    >>> split_tag("B-creative-work")
    ('B', 'creative-work')
    """
    if tag == "O":
        return OUTSIDE
    prefix, _, kind = tag.partition("-") if isinstance(tag, str) else ("", "", "")
    if len(prefix) != 1 or prefix not in "BIESLU" or not kind:
        raise ValueError(
            'Expected "O", or a prefix of B, I, E, S, L or U, a hyphen and a type, as in "B-PER". '
            f"Received: tag={tag!r}"
        )
    return prefix, kind


def check(tags, scheme):
    """Make sure that a sequence of tags is legal.

    Args:
        tags: of one sentence.
        scheme: one of `SCHEMES`.

    Raises:
        TagError: a tag of another scheme, or one that may not stand where it stands; the last
            tag where the end of the sentence cuts an entity off.

    Example:

    >>> check(["O", "B-PER", "I-PER"], "IOB2")
    """
    _known(scheme)
    pairs = _pairs(tags, scheme)
    for k, pair in enumerate([*pairs, OUTSIDE]):
        if not _may_follow(pairs[k - 1] if k else OUTSIDE, pair, scheme):
            if k < len(tags):
                raise _illegal(scheme, tags, k)
            raise _illegal(scheme, tags, k - 1, ", where the sentence ends inside its entity")


def spans(tags, scheme=LENIENT):
    """The entities of a sequence of tags, in their order.

    Args:
        tags: of one sentence.
        scheme: "conlleval" reads any sequence of any prefixes as the script of that name does: a
            tag inside an entity that nothing has opened opens one, and an entity that nothing
            has closed ends where the next tag does not go on with it. A scheme of `SCHEMES`
            reads strictly: what is not a well-formed entity of that scheme is none.

    Returns:
        A list of `Span`.

    Raises:
        TagError: what is no tag, or for a strict reading a tag of another scheme.

    Example:

    >>> spans(["I-PER", "I-PER", "O", "B-LOC"])
    [Span(start=0, stop=2, type='PER'), Span(start=3, stop=4, type='LOC')]
    >>> spans(["I-PER", "I-PER", "O", "B-LOC"], "IOB2")
    [Span(start=3, stop=4, type='LOC')]
    """
    _known(scheme, LENIENT)
    pairs = _pairs(tags, scheme)
    found, start, sound, before = [], None, True, OUTSIDE
    for k, pair in enumerate([*pairs, OUTSIDE]):
        goes_on = pair[0] in "IE" and before[0] in "BI" and pair[1] == before[1]
        if start is not None and not goes_on:
            if sound and (before[0] in "ES" or scheme not in ("IOBES", "BILOU")):
                found.append(Span(start, k, before[1]))
            start = None
        if pair[0] != "O" and not goes_on:
            start, sound = k, _opens(before, pair, scheme)
        before = pair
    return found


def encode(spans, length, scheme):
    """The tags of a sentence with these entities.

    Args:
        spans: `Span`s, or tuples (start, stop, type), in any order.
        length: of the sentence.
        scheme: one of `SCHEMES`.

    Returns:
        A list of `length` tags.

    Raises:
        ValueError: spans that overlap, are empty, leave the sentence or have no type.

    Example:

    >>> encode([(1, 3, "PER")], 4, "IOBES")
    ['O', 'B-PER', 'E-PER', 'O']
    """
    _known(scheme)
    tags, last = ["O"] * length, Span(0, 0, "")
    for span in sorted((Span(*span) for span in spans), key=lambda span: span[:2]):
        if not 0 <= span.start < span.stop <= length:
            raise ValueError(
                f"Expected spans with 0 <= start < stop <= length={length}. Received: {span}"
            )
        if not isinstance(span.type, str) or not span.type:
            raise ValueError(f"Expected a type that is a string with letters. Received: {span}")
        if span.start < last.stop:
            raise ValueError(f"Expected spans that do not overlap. Received: {last} and {span}")
        touches = last.stop == span.start and last.type == span.type
        for k, prefix in enumerate(_prefixes(span.stop - span.start, touches, scheme), span.start):
            tags[k] = f"{prefix}-{span.type}"
        last = span
    return tags


def convert(tags, source, target):
    """The same entities in another scheme.

    Args:
        tags: of one sentence.
        source: the scheme of `tags`, in which they must be legal; or "conlleval", which takes any
            tags and so mends illegal ones.
        target: one of `SCHEMES`.

    Returns:
        A list of tags.

    Raises:
        TagError: tags that are not legal in `source`.

    Example:

    >>> convert(["I-PER", "I-PER", "B-PER"], "IOB1", "BILOU")
    ['B-PER', 'L-PER', 'U-PER']
    """
    if source != LENIENT:
        check(tags, source)
    return encode(spans(tags, source), len(tags), target)


def tag_set(types, scheme):
    """Every tag of a scheme: "O" first, then those of each type in the order of `types`.

    Args:
        types: names of the types, each once.
        scheme: one of `SCHEMES`.

    Returns:
        A list of tags.

    Raises:
        ValueError: a type twice, a type that is no string with letters.
        TypeError: `types` is one string.

    Example:

    >>> tag_set(["LOC", "PER"], "IOB2")
    ['O', 'B-LOC', 'I-LOC', 'B-PER', 'I-PER']
    """
    _known(scheme)
    if isinstance(types, str):
        raise TypeError(f"Expected a list of types. Received: types={types!r}; write [{types!r}]")
    types = list(types)
    if not all(isinstance(kind, str) and kind for kind in types) or len(set(types)) < len(types):
        raise ValueError(f"Expected strings with letters, each once. Received: types={types}")
    return ["O", *(f"{prefix}-{kind}" for kind in types for prefix in PREFIXES[scheme])]


def legal(tags, scheme):
    """Which tags of a list may come first, follow one another, and come last.

    Args:
        tags: all the tags, as `tag_set` gives them.
        scheme: one of `SCHEMES`.

    Returns:
        Boolean arrays: start (n,), transition (n, n) whose entry [i, j] says that tag j may
        follow tag i, and end (n,). The sequences that `check` lets pass are the paths through
        these three.

    Raises:
        TagError: a tag of another scheme.

    Example:

    >>> start, transition, end = legal(["O", "B-PER", "I-PER"], "IOB2")
    >>> start
    array([ True,  True, False])
    """
    _known(scheme)
    pairs = _pairs(tags, scheme)
    ends = [*pairs, OUTSIDE]
    allowed = np.array([[_may_follow(one, two, scheme) for two in ends] for one in ends])
    return allowed[-1, :-1], allowed[:-1, :-1], allowed[:-1, -1]


def _known(scheme, *more):
    if scheme not in (*SCHEMES, *more):
        allowed = ", ".join((*SCHEMES, *more))
        raise ValueError(f"Expected a scheme of {allowed}. Received: scheme={scheme!r}")


def _pairs(tags, scheme):
    """Prefix and type of each tag, in the letters of IOBES."""
    allowed, pairs = PREFIXES.get(scheme, "BIESLU") + "O", []
    for k, tag in enumerate(tags):
        try:
            prefix, kind = split_tag(tag)
        except ValueError as error:
            raise TagError(f"At position {k}: {error}", k) from None
        if prefix not in allowed:
            raise _illegal(scheme, tags, k)
        pairs.append((_AS_IOBES.get(prefix, prefix), kind))
    return pairs


def _illegal(scheme, tags, k, more=""):
    place = f"after {tags[k - 1]!r}" if k else "at the start of the sentence"
    message = (
        f"Expected tags that are legal in {scheme}. Received: {tags[k]!r} at position {k} {place}"
        f'{more}. Mend the tags with convert(tags, "conlleval", {scheme!r}), or name their scheme'
    )
    return TagError(message, k)


def _may_follow(before, pair, scheme):
    """Whether a tag may follow another; both ends of a sentence are as an "O"."""
    inside = before[0] in "BI" and before[1] == pair[1]
    if scheme == "IOB1":
        return pair[0] != "B" or inside
    if pair[0] in "IE":
        return inside
    return scheme == "IOB2" or before[0] not in "BI"


def _opens(before, pair, scheme):
    """Whether a tag that goes on with no entity is right to begin one."""
    if scheme == "IOB1":
        return _may_follow(before, pair, scheme)
    return scheme == LENIENT or pair[0] in "BS"


def _prefixes(length, touches, scheme):
    """The prefixes of an entity; `touches`: one of the same type ends where it begins."""
    if scheme in ("IOB1", "IOB2"):
        return ("B" if touches or scheme == "IOB2" else "I") + "I" * (length - 1)
    whole = "S" if length == 1 else "B" + "I" * (length - 2) + "E"
    return whole if scheme == "IOBES" else whole.translate(str.maketrans("ES", "LU"))
