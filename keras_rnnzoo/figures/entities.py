"""Entities in their text: a web page and lines for a terminal."""

import html
import os
import sys
import zlib

from keras_rnnzoo.figures.style import FAINT, INK, PALETTE

_BORDERS = ("solid", "dashed", "dotted", "double")
_ANSI = (34, 31, 32, 35, 33, 36)  # a terminal's blue, red, green, magenta, yellow and cyan

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Entities</title>
<style>
body {{ font: 16px/2 sans-serif; color: {ink}; max-width: 50em; margin: 2em auto; padding: 0 1em }}
p {{ white-space: pre-wrap; border-top: 1px solid {faint}; padding-top: .6em }}
mark {{ color: inherit; padding: .1em .25em; border-radius: .25em }}
mark small {{ font-size: .65em; font-weight: bold; margin-left: .4em }}
{rules}
</style>
</head>
<body>
<div>{legend}</div>
{texts}
</body>
</html>
"""


def entities_html(documents):
    """A small web page with the entities of some texts in the colours of their types.

    Args:
        documents: pairs of a text and its entities: objects with `start` and `stop` in
            characters, `type`, and `score`, which shows where the mouse rests (or `None`).

    Returns:
        The page as a string; all that came from outside is escaped.

    Raises:
        ValueError: entities that overlap, are empty or leave their text.

    Example:

    >>> from types import SimpleNamespace
    >>> paris = SimpleNamespace(start=3, stop=8, type="LOC", score=0.98)
    >>> page = entities_html([("In Paris.", [paris])])
    """
    documents = [(text, _in_order(text, entities)) for text, entities in documents]
    types = sorted({entity.type for _, entities in documents for entity in entities})
    classes = {kind: f"t{number}" for number, kind in enumerate(types)}
    rules = "\n".join(_rule(number) for number in range(len(types)))
    legend = " ".join(f'<mark class="{classes[kind]}">{html.escape(kind)}</mark>' for kind in types)
    texts = "\n".join(f"<p>{_marked(*document, classes)}</p>" for document in documents)
    return _PAGE.format(ink=INK, faint=FAINT, rules=rules, legend=legend, texts=texts)


def entities_terminal(text, entities, colour=None):
    """A text with its entities marked, to print.

    Args:
        text: a string.
        entities: as in `entities_html`.
        colour: whether to use the colours of a terminal; `None`: where the output is one.

    Returns:
        A string; without colours entities stand as `[Paris]{LOC}`.

    Raises:
        ValueError: entities that overlap, are empty or leave the text.

    Example:

    >>> from types import SimpleNamespace
    >>> paris = SimpleNamespace(start=3, stop=8, type="LOC", score=0.98)
    >>> entities_terminal("In Paris.", [paris], colour=False)
    'In [Paris]{LOC}.'
    """
    if colour is None:
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    parts = []
    for piece, entity in _pieces(text, _in_order(text, entities)):
        part = piece.replace("\x1b", "\u241b")  # a text gives the terminal no orders
        if entity is not None and colour:
            # of the name alone, so that a type has one colour in all texts
            code = _ANSI[zlib.crc32(entity.type.encode()) % len(_ANSI)]
            part = f"\x1b[1;4;{code}m{part}\x1b[0;{code}m{{{entity.type}}}\x1b[0m"
        elif entity is not None:
            part = f"[{part}]{{{entity.type}}}"
        parts.append(part)
    return "".join(parts)


def _in_order(text, entities):
    """The entities from left to right, if each lies in the text and none in another."""
    entities, last = sorted(entities, key=lambda entity: (entity.start, entity.stop)), 0
    for entity in entities:
        if not 0 <= entity.start < entity.stop <= len(text):
            raise ValueError(
                f"Expected entities with 0 <= start < stop <= {len(text)}, the length of the text. "
                f"Received: start={entity.start}, stop={entity.stop}, type={entity.type!r}"
            )
        if entity.start < last:
            raise ValueError(
                "Expected entities that do not overlap. Received: one that ends at character "
                f"{last}, and one of type={entity.type!r} that starts at {entity.start}"
            )
        last = entity.stop
    return entities


def _pieces(text, entities):
    """The text in pieces: each with its entity, or with `None`."""
    place = 0
    for entity in entities:
        yield text[place : entity.start], None
        yield text[entity.start : entity.stop], entity
        place = entity.stop
    yield text[place:], None


def _marked(text, entities, classes):
    parts = []
    for piece, entity in _pieces(text, entities):
        part = html.escape(piece)
        if entity is not None:
            kind, score = html.escape(entity.type), getattr(entity, "score", None)
            title = kind if score is None else f"{kind} {score:.3f}"
            part = (
                f'<mark class="{classes[entity.type]}" title="{title}">{part}'
                f"<small>{kind}</small></mark>"
            )
        parts.append(part)
    return "".join(parts)


def _rule(number):
    """The look of a type: black letters on a light colour; dashes when the colours repeat."""
    colours = PALETTE[:-1]  # without black
    colour = colours[number % len(colours)]
    border = _BORDERS[number // len(colours) % len(_BORDERS)]
    return f"mark.t{number} {{ background: {colour}33; border-bottom: 3px {border} {colour} }}"
