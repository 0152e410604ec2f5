"""Tokens and sentences that know where in the text they stand, for English news and posts."""

import functools
import re
import unicodedata
from typing import NamedTuple


class Token(NamedTuple):
    """A token, and where it stands: it is text[start:stop] of its source."""

    text: str
    start: int
    stop: int


# Their dot belongs to them, and no sentence ends with them ...
TITLES = "Adm|Capt|Col|Dr|Ft|Gen|Gov|Hon|Lt|Maj|Messrs|Mr|Mrs|Ms|Mt|Prof|Rep|Rev|Sen|Sgt|St|vs"
# ... unless the next one begins as few names do ...
ENDS = "Bros|Co|Corp|Inc|Jr|Ltd|Sr|etc"
# ... and these only before a number.
COUNTED = "No|Nos|Vol|pp|Fig|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec"
STARTERS = (
    "A|After|Although|An|And|As|At|But|By|For|From|He|Her|His|However|I|If|In|It|Its|Meanwhile|My|"
    "On|Our|She|Since|So|That|The|Their|Then|There|These|They|This|Those|To|We|When|While|Why|You|"
    "Your"
)
DOMAINS = "com|COM|org|net|edu|gov|mil|info|biz|io|ly|tv|uk|de|fr|eu|ca|au|nl|ru|jp|cn|br"

# What a bracket or a mark of the sentence adds to the end of an address.
_AFTER_ADDRESS = ".,;:!?'\"\u2019\u201d\u00bb*_~]}>"

_BREAK = re.compile(
    r"\n[^\S\n]*\n|\u2029|[\u3002\uff01\uff1f]"
    r"|(?<![.!?\u2026])[.!?\u2026]++[\"'\u2019\u201d\u00bb)\]]*+(?=\s)"
)
_NEXT = re.compile(r"\s*[\"'\u2018\u201c\u00ab(\[]*")
_STARTER = re.compile(rf"(?:{STARTERS})\b")
_NEVER = re.compile(rf"(?:(?:{TITLES}|e\.g|i\.e|[A-HJ-Z])\.)")
_SELDOM = re.compile(rf"(?:(?:{ENDS}|[^\W\d_](?:\.[^\W\d_])+|Ph\.D)\.)")
_COUNT = re.compile(rf"(?:(?:{COUNTED})\.)")


def tokenize_with_offsets(text):
    """Cut a text into words, numbers and marks as the WNUT and CoNLL corpora do.

    @users, #tags, addresses, numbers as 1,000.50 or 7:30, initials and abbreviations as U.S. and
    Dr., hyphenated words and contractions as don't are one token each. The 's is a token of its
    own. Marks repeated as in "!!!", common emoticons, and an emoji with all that modifies it are
    one token. Scripts that put no blanks between words are not cut.

    Args:
        text: a string.

    Returns:
        A list of `Token`; each character that is no white space is in exactly one of them.

    Raises:
        TypeError: `text` is no string.

    Example:

    >>> [token.text for token in tokenize_with_offsets("@Ann's U.S. flight isn't $1,000...")]
    ['@Ann', "'s", 'U.S.', 'flight', "isn't", '$', '1,000', '...']
    """
    _check_text(text)
    pattern, tokens, place = _pattern(), [], 0
    while found := pattern.search(text, place):
        start, place = found.span()
        if found.lastgroup == "address":
            place = _end_of_address(text, start, place)
        tokens.append(Token(text[start:place], start, place))
    return tokens


def split_sentences(text):
    """Where the sentences of a text stand.

    An empty line always ends one. A full stop does not after titles and initials, nor does any
    mark where a small letter follows; after U.S. and Inc. one ends only where the next word is
    one as The or He.

    Args:
        text: a string.

    Returns:
        A list of (start, stop). White space around a sentence is in none.

    Raises:
        TypeError: `text` is no string.

    Example:

    >>> text = "Dr. No lives in the U.S. He left."
    >>> [text[start:stop] for start, stop in split_sentences(text)]
    ['Dr. No lives in the U.S.', 'He left.']
    """
    _check_text(text)
    cuts = [found.end() for found in _BREAK.finditer(text) if _is_end(text, found)]
    sentences, start = [], 0
    for stop in [*cuts, len(text)]:
        part = text[start:stop]
        begin = start + len(part) - len(part.lstrip())
        if part.strip():
            sentences.append((begin, begin + len(part.strip())))
        start = stop
    return sentences


def _check_text(text):
    if not isinstance(text, str):
        raise TypeError(f"A text must be a string. Received: text={text!r} ({type(text).__name__})")


def _end_of_address(text, start, stop):
    """Where an address ends without the marks that belong to the sentence around it."""
    extra = text.count(")", start, stop) - text.count("(", start, stop)
    while text[stop - 1] in _AFTER_ADDRESS or (text[stop - 1] == ")" and extra > 0):
        extra -= text[stop - 1] == ")"
        stop -= 1
    return stop


@functools.cache
def _pattern():
    """The one expression of all kinds of tokens; the first that fits is taken.

    Time is linear in the text: whatever is tried and can fail has a limited length.
    """
    extend = _extending()
    word = rf"[\w{extend}]"
    more = rf"[{extend}\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"  # skin tones, flags
    letter = r"[^\W\d_]"
    suffix = rf"['\u2019](?:[sSmMdD]|ll|LL|ve|VE|re|RE)(?!{word})"
    join = (
        rf"(?:[-\u2010\u2011](?={word})|['\u2019](?={word})(?![sS](?!{word}))"
        r"|(?<=\d)[.:/](?=\d)|(?<=\d),(?=\d{3}(?!\d))|(?<=[A-Z])&(?=[A-Z]))"
    )
    kinds = (
        r"(?P<address>(?:(?i:https?://)|www\.)[\w\u2026][^\s<>\"\u201c\u201d]*"
        rf"|\w[\w-]{{0,62}}(?:\.\w[\w-]{{0,62}}){{0,6}}\.(?:{DOMAINS})(?!{word}|@)"
        r"(?:/[^\s<>\"\u201c\u201d]*)?)",
        r"[\w.+-]{1,64}@\w{1,63}(?:-\w{1,63}){0,9}(?:\.\w+)+",
        rf"[@#]{word}+",
        r"&(?:[a-zA-Z]{2,8}|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});",
        suffix,
        rf"(?:{TITLES}|{ENDS}|Ph\.D)\.(?!\.)",
        rf"(?:{COUNTED})\.(?=\s?\d)",
        rf"{letter}(?:\.{letter})+(?!{word})(?:\.(?!\.))?",
        r"[A-HJ-Z]\.(?=\s+[A-Z])",
        r"(?<![\w.])\.\d+|w/(?!\w)",
        rf"{word}+(?:{join}{word}+)*",
        r"[:;=][-'^o]?[()]+|(?<!\w)[:;=][-'^]?[\[\]DPpOo3/\\|*](?!\w)|<3+(?!\w)|\^_*\^|-_+-",
        r"[!?]{2,}|(?P<same>[-!$%&'*+,./:;<=>?\\^_`|~])(?P=same)+",
        r"[\U0001f1e6-\U0001f1ff]{2}",  # a national flag
        rf"[^\s]{more}*(?:(?<=\u200d)[^\s\w]{more}*)*",
    )
    # What modifies the last character stays with it, whichever kind it is of.
    return re.compile(rf"(?:{'|'.join(kinds)}){more}*")


def _extending():
    """Ranges of the characters that modify the one before, for a class of an expression."""
    points = [*range(0x300, 0x1EA00), *range(0xE0100, 0xE01F0)]
    points = [p for p in points if unicodedata.category(chr(p))[0] == "M" or p in (0x200C, 0x200D)]
    first = [p for p, before in zip(points, [0, *points]) if p != before + 1]
    last = [p for p, after in zip(points, [*points[1:], 0]) if after != p + 1]
    return "".join(f"{chr(a)}-{chr(b)}" for a, b in zip(first, last))


def _is_end(text, found):
    """Whether a sentence ends where a mark was found."""
    mark = found.group()
    if mark[0] in "\n\u2029\u3002\uff01\uff1f":
        return True
    place = _NEXT.match(text, found.end()).end()
    following = text[place : place + 1]
    if following.islower():
        return False
    if mark != "." or not following:
        return True
    begin = max(found.start() - 20, 0)
    word = text[begin : found.end()].split()[-1].lstrip("\"'\u2018\u201c\u00ab([")
    if _NEVER.fullmatch(word) or (_COUNT.fullmatch(word) and following.isdigit()):
        return False
    return not _SELDOM.fullmatch(word) or bool(_STARTER.match(text, place))
