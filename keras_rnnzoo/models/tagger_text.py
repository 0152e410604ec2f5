"""From raw text to sentences of tokens, and from spans of tokens back to the text."""

from typing import NamedTuple

from keras_rnnzoo.datasets.offsets import split_sentences, tokenize_with_offsets


class Entity(NamedTuple):
    """An entity in a text: text[start:stop], its type, and how probable it is."""

    text: str
    start: int
    stop: int
    type: str
    score: float


def cut(text):
    """The tokens of each sentence of a text, with their places in the text."""
    if not isinstance(text, str):
        raise TypeError(f"A text must be a string. Received: text={text!r} ({type(text).__name__})")
    parts = []
    for start, stop in split_sentences(text):
        tokens = tokenize_with_offsets(text[start:stop])
        moved = [t._replace(start=t.start + start, stop=t.stop + start) for t in tokens]
        if moved:
            parts.append(moved)
    return parts


def entities_of(text, tokens, spans, chances):
    """The entities at spans of tokens, with their probabilities."""
    for span, chance in zip(spans, chances):
        start, stop = tokens[span.start].start, tokens[span.stop - 1].stop
        yield Entity(text[start:stop], start, stop, span.type, round(chance, 4))
