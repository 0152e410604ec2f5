"""How sentences of any language are cut into tokens and put together again, and vocabularies."""

import re
import unicodedata
from collections import Counter

from keras_rnnzoo.base.options import choice
from keras_rnnzoo.datasets.text import Vocabulary

START, END = "<s>", "</s>"
START_ID, END_ID = 2, 3  # behind padding and unknown
TOKENS = ("words", "characters")

_ELISION = r"(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)'(?=\w)"
_TOKEN = re.compile(rf"{_ELISION}|\w+(?:['-]\w+)*|[^\w\s]")
_NO_BLANK_BEFORE = set(".,)]}%")
_NO_BLANK_BEHIND = set("([{")


def normalise(text):
    """Lower case, composed accents, one kind of apostrophe, one blank where there are several."""
    if not isinstance(text, str):
        raise TypeError(f"A text must be a string. Received: text={text!r} ({type(text).__name__})")
    text = unicodedata.normalize("NFC", text).lower()
    return " ".join(text.replace("\u2019", "'").split())


def cut(text, tokens="words"):
    """Tokens of a text in lower case.

    Words keep hyphens and apostrophes inside (don't, peut-être), but what French elides stands
    alone (j', qu'); every other sign is a token. Characters are what they are, blanks included.

    Args:
        text: a string.
        tokens: "words" or "characters".

    Example:

    >>> cut("J'ai peut-être faim !")
    ["j'", 'ai', 'peut-être', 'faim', '!']
    """
    text = normalise(text)
    return _TOKEN.findall(text) if choice("tokens", tokens, TOKENS) == "words" else list(text)


def joined(tokens, kind="words"):
    """A text of tokens; `joined(cut(text))` is the form in which texts are compared.

    Example:

    >>> joined(["j'", "ai", "faim", "."])
    "j'ai faim."
    """
    if kind == "characters":
        return "".join(tokens)
    text = ""
    for token in tokens:
        close = token in _NO_BLANK_BEFORE or text.endswith("'") or text[-1:] in _NO_BLANK_BEHIND
        text += token if close or not text else f" {token}"
    return text


def vocabulary_of(texts, tokens="words", min_count=1, max_words=30_000):
    """A `Vocabulary` of the tokens of training texts; its first two are the start and the end.

    Args:
        texts: strings.
        tokens: "words" or "characters".
        min_count: how often a token must occur.
        max_words: how many are listed at most, the most frequent ones.

    Raises:
        ValueError: no token in any text.
    """
    counts = Counter(token for text in texts for token in cut(text, tokens))
    if not counts:
        raise ValueError("Expected texts with tokens in them. Received: none")
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    words = [word for word, count in ranked if count >= min_count and word not in (START, END)]
    return Vocabulary([START, END, *words[:max_words]])
