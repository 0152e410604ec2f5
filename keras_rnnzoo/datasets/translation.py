"""Pairs of sentences to translate: English and French, one's own file, or generated dates.

The real pairs are those of Tatoeba (tatoeba.org, CC BY 2.0) as manythings.org/anki put them side by
side on 2017-09-29: 142,787 of English and French.

**The parts**: by a hash of the English words, without case and signs, so that all translations of
one sentence, and "Go." beside "Go!", lie in the same part. A sentence of validation or test keeps
all its translations as references. **Short sentences**: pairs of which either side has more than
`max_words` words and signs are left out, in every part.
"""

import hashlib
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

from keras_rnnzoo.base.options import choice, nearest, positive_int
from keras_rnnzoo.datasets.translation_dates import dates
from keras_rnnzoo.datasets.translation_text import TOKENS, cut, joined

SOURCES = ("auto", "fra-eng", "dates")
ZIP, MEMBER = "fra-eng.zip", "fra.txt"
SIZES = (20_000, 1_000, 2_000)  # of the dates
HOW_TO_GET = (
    "To get real pairs: download fra-eng.zip from https://www.manythings.org/anki/, put it into "
    "data/text of the folder that KERAS_RNNZOO_DATA names, or give data_dir."
)


@dataclass(frozen=True)
class Pairs:
    """Sentences and all known translations of each.

    Args:
        sources: strings, each once.
        references: for each of them one or more strings.
    """

    sources: tuple
    references: tuple

    def __len__(self):
        return len(self.sources)

    def __post_init__(self):
        if len(self.sources) != len(self.references) or not all(self.references):
            raise ValueError(
                "Every sentence needs a list of one translation or more. Received: "
                f"{len(self.sources)} sources, {len(self.references)} lists of references"
            )

    def flat(self):
        """One pair for each translation: two lists of strings."""
        rows = [(s, one) for s, many in zip(self.sources, self.references) for one in many]
        return [source for source, _ in rows], [target for _, target in rows]

    def take(self, count):
        """`count` sentences at most, evenly spread: files are often sorted by length."""
        count = min(count, len(self))
        rows = [k * len(self) // count for k in range(count)]
        return Pairs(*(tuple(each[k] for k in rows) for each in (self.sources, self.references)))


@dataclass(frozen=True)
class TranslationParts:
    """Three `Pairs`, where they are from, how their texts are cut, and a checksum."""

    train: Pairs
    validation: Pairs
    test: Pairs
    source: str
    description: str
    tokens: str
    checksum: str


def load(source="auto", data_dir=None, max_words=8, tokens="words", sizes=SIZES, verbose=True):
    """Load pairs of sentences in three parts.

    Args:
        source: "fra-eng" for the real pairs; "dates" for generated dates; "auto" for the real ones
            if they are there and else dates; or the path of a file with a source, a tab and its
            translation in each line.
        data_dir: `fra-eng.zip`, or its folder.
        max_words: of a sentence, signs included; longer ones are left out. Not for dates.
        tokens: "words" or "characters"; dates are always cut into characters.
        sizes: of the parts of the dates.
        verbose: whether to print one line that says what was loaded.

    Returns:
        A `TranslationParts`.

    Raises:
        FileNotFoundError: real pairs that are not there, or a path that is not.
        ValueError: a file that cannot be used; the message names the line.

    Example:

    >>> load("dates", sizes=(100, 10, 10), verbose=False).train.references[0]
    """
    source, text = os.fspath(source), choice("tokens", tokens, TOKENS)
    max_words = positive_int("max_words", max_words)
    if source == "dates":
        parts = _dates(sizes, "They were asked for by name.")
    elif source in SOURCES:
        place = _place(data_dir)
        if place is not None:
            title = "English-French pairs of Tatoeba"
            parts = _cut(read_zip(place), "fra-eng", title, max_words, text)
        elif source == "auto" and data_dir is None:
            parts = _dates(sizes, f"The real pairs were not found. {HOW_TO_GET}")
        else:
            raise FileNotFoundError(
                f"Expected {ZIP}. Received: data_dir={data_dir!r}, KERAS_RNNZOO_DATA="
                f"{os.environ.get('KERAS_RNNZOO_DATA')!r}, where it is not. {HOW_TO_GET}"
            )
    elif Path(source).is_file():
        pairs = read_pairs(Path(source).read_bytes(), source)
        parts = _cut(pairs, source, Path(source).name, max_words, text)
    else:
        raise FileNotFoundError(
            f"Expected one of {', '.join(SOURCES)}, or the path of a file of pairs."
            f"{nearest(source, SOURCES)} Received: {source!r}, which is none"
        )
    if verbose:
        print(parts.description, flush=True)
    return parts


def read_zip(path):
    """The pairs of `fra-eng.zip`.

    Raises:
        ValueError: a damaged file, or another one.
    """
    try:
        with zipfile.ZipFile(path) as file:
            raw = file.read(MEMBER)
    except (OSError, KeyError, EOFError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{path}: expected a zip file with {MEMBER} in it. Received: a file that is damaged or "
            f"another ({error}). {HOW_TO_GET}"
        ) from error
    return read_pairs(raw, f"{path}, {MEMBER}")


def read_pairs(raw, name):
    """The pairs of a file: in each line a source, a tab and its translation; more is passed over.

    Args:
        raw: bytes.
        name: of the file, for messages.

    Raises:
        ValueError: with the number of the line.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"{name}, line {line}: expected UTF-8 text. Received: the byte 0x{raw[error.start]:02x}"
            ". If it is text, save it as UTF-8."
        ) from None
    pairs = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) < 2 or not (cells[0] and cells[1]):
            raise ValueError(
                f"{name}, line {number}: expected a text, a tab and its translation. Received: "
                f"{line[:60]!r}"
            )
        pairs.append((cells[0], cells[1]))
    if not pairs:
        raise ValueError(f"{name}: expected pairs of texts. Received: an empty file")
    return pairs


def _place(data_dir):
    root = os.environ.get("KERAS_RNNZOO_DATA")
    if data_dir is None:
        places = [Path(root) / "data" / "text" / ZIP] if root else []
    else:
        given = Path(data_dir)
        places = [given / ZIP if given.is_dir() else given]
    return next((place for place in places if place.is_file()), None)


def _part(source, shares=(2, 4)):
    """The part of a sentence: 2 % test, 2 % validation of a large file; a tenth of a small one."""
    key = " ".join(token for token in cut(source) if token[0].isalnum())
    place = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % 100
    return "test" if place < shares[0] else "validation" if place < shares[1] else "train"


def _cut(pairs, source, title, max_words, tokens):
    grouped = {}
    for one, other in pairs:
        if max(len(cut(one)), len(cut(other))) <= max_words:
            key = joined(cut(one, tokens), tokens)
            grouped.setdefault(key, {})[joined(cut(other, tokens), tokens)] = None
    shares = (2, 4) if len(grouped) > 20_000 else (10, 20)
    found = {"train": {}, "validation": {}, "test": {}}
    for key, references in grouped.items():
        found[_part(key, shares)][key] = tuple(references)
    parts = {name: Pairs(tuple(p), tuple(p.values())) for name, p in found.items()}
    empty = [name for name, part in parts.items() if not len(part)]
    if empty:
        raise ValueError(
            f"{title}: expected enough different sentences of up to {max_words} words for three "
            f"parts. Received: {len(grouped)} of {len(pairs)} pairs, none for {', '.join(empty)}. "
            "Give more, or a larger max_words."
        )
    return _parts(parts, source, f"{title}, up to {max_words} words", tokens)


def _dates(sizes, why):
    parts = {}
    for name, size in zip(("train", "validation", "test"), sizes):
        sources, targets = dates(positive_int("sizes", size), name)
        sources = [joined(cut(s, "characters"), "characters") for s in sources]
        found = dict(zip(sources, targets))
        parts[name] = Pairs(tuple(found), tuple((target,) for target in found.values()))
    return _parts(parts, "dates", f"GENERATED DATES, no real text. {why} Dates", "characters")


def _parts(parts, source, title, tokens):
    digest = hashlib.sha256()
    for name, part in parts.items():
        digest.update(repr((name, part.sources, part.references)).encode())
    counts = ", ".join(
        f"{len(part):,} {name} ({sum(map(len, part.references)):,} translations)"
        for name, part in parts.items()
    )
    description = f"{title}: {counts}; cut into {tokens}."
    return TranslationParts(
        **parts, source=source, description=description, tokens=tokens, checksum=digest.hexdigest()
    )
