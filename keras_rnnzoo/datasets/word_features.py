"""What a tagger sees of a word: its id, its case and pattern, its affixes, its characters."""

import re
import unicodedata
from collections import Counter

import numpy as np

PADDING, UNKNOWN, BOUNDARY = 0, 1, 2
FIRST = 2  # id of the first listed word, affix or pattern
CASES = 12
_DIGIT = re.compile(r"\d")
_CACHE = 200_000  # distinct words whose features are kept


def normalise(word):
    """Lower case, every digit a nought: `"B52s"` to `"b00s"`."""
    return _DIGIT.sub("0", word.lower())


def case_of(word):
    """The number of one of twelve classes of case and kind, from 0."""
    tests = (
        word.isdigit(),
        word[:1] == "@" and len(word) > 1,
        word[:1] == "#" and len(word) > 1,
        word[:4].lower() == "http" or word[:4].lower() == "www.",
        not any(character.isalnum() for character in word),
        word.islower(),
        word.isupper() and len(word) == 1,
        word.isupper(),
        word[:1].isupper() and (word[1:].islower() or not _letters(word[1:])),
        word[:1].isupper(),
        any(character.isupper() for character in word),
    )
    return next((k for k, holds in enumerate(tests) if holds), CASES - 1)


def _letters(word):
    return any(character.isalpha() for character in word)


def pattern_of(word):
    """The shape of a word, runs cut to two and the whole to eight: `"Xxx-dd"` for `"Covid-19"`."""
    shape = ""
    for character in word:
        kind = "d" if character.isdigit() else "X" if character.isupper() else None
        kind = kind or ("x" if character.isalpha() else character)
        if shape[-2:] != 2 * kind:
            shape += kind
        if len(shape) == 8:
            break
    return shape


class WordFeatures:
    """Ids of everything that a tagger sees of a word, fitted on training sentences alone.

    Id 0 is padding and 1 what is not listed. A word is listed in lower case with digits as noughts.

    Args:
        words: listed words, most frequent first, and
        counts: how often each occurs in training.
        affixes: a dict from `"prefix 2"`, `"suffix 3"` and so on to listed affixes.
        patterns: listed patterns.
        characters: listed characters.
        max_characters: of a word that are read: its first and its last.

    Example:

    >>> features = WordFeatures.fit([["Kim", "left", "Rome"], ["Rome", "slept"]])
    >>> features.encode(["Rome", "Oslo"])["words"]
    array([2, 1], dtype=int32)
    """

    def __init__(self, words, counts, affixes, patterns, characters, max_characters=22):
        if len(words) != len(counts):
            raise ValueError(
                f"Every word needs a count. Received: {len(words)} words, {len(counts)} counts"
            )
        self.words, self.counts = list(words), [int(count) for count in counts]
        self.affixes = {name: list(listed) for name, listed in affixes.items()}
        self.patterns, self.characters = list(patterns), list(characters)
        self.max_characters = int(max_characters)
        self._word_ids, self._pattern_ids = _ids(self.words), _ids(self.patterns)
        self._character_ids = _ids(self.characters, first=BOUNDARY + 1)
        self._tables, offset = [], 0
        for name, listed in self.affixes.items():
            side, length = name.split()
            self._tables.append((side, int(length), _ids(listed, first=offset + FIRST), offset))
            offset += len(listed) + FIRST
        self.affix_size = offset
        self._seen = {}

    @classmethod
    def fit(cls, sentences, min_count=1, affix_lengths=(2, 3, 4), min_affix=2, max_characters=22):
        """List what occurs in training sentences.

        Args:
            sentences: lists of tokens.
            min_count: how often a word must occur to be listed.
            affix_lengths: of the prefixes and suffixes, in characters.
            min_affix: in how many distinct words an affix or pattern must occur.
            max_characters: of a word that are read.

        Raises:
            ValueError: no token at all.
        """
        surface = Counter(token for sentence in sentences for token in sentence)
        if not surface:
            raise ValueError("Expected sentences with tokens in them. Received: no token")
        counts = Counter()
        for token, count in surface.items():
            counts[normalise(token)] += count
        listed = [pair for pair in _ranked(counts) if pair[1] >= min_count]
        affixes = {}
        for side in ("prefix", "suffix"):
            for length in affix_lengths:
                found = Counter(_affix(word, side, length) for word in counts)
                found.pop(None, None)
                kept = [affix for affix, count in _ranked(found) if count >= min_affix]
                affixes[f"{side} {length}"] = kept
        patterns = Counter(pattern_of(token) for token in surface)
        patterns = [pattern for pattern, count in _ranked(patterns) if count >= min_affix]
        letters = Counter(character for token in surface for character in token)
        letters = [character for character, count in _ranked(letters) if count >= min_affix]
        words, numbers = [word for word, _ in listed], [count for _, count in listed]
        return cls(words, numbers, affixes, patterns, letters, max_characters)

    def extend(self, words):
        """List words that training has not seen, with a count of 0."""
        self.words += words
        self.counts += [0] * len(words)
        self._word_ids = _ids(self.words)
        self._seen.clear()

    @property
    def sizes(self):
        """Rows of the embedding tables of words, cases, patterns, affixes, characters."""
        return {
            "words": len(self.words) + FIRST,
            "cases": 4 * CASES + 1,
            "patterns": len(self.patterns) + FIRST,
            "affixes": self.affix_size,
            "characters": len(self.characters) + BOUNDARY + 1,
        }

    def encode(self, tokens):
        """The features of the tokens of a sentence.

        Returns:
            `{"words": (length,), "shapes": (length, 2), "affixes": (length, tables),
            "characters": (length, max_characters + 2)}`, int32.
        """
        rows = [self._of_word(token) for token in tokens]
        names = ("words", "shapes", "affixes", "characters")
        return {name: np.array(column, "int32") for name, column in zip(names, zip(*rows))}

    def _of_word(self, token):
        if token not in self._seen:
            if len(self._seen) >= _CACHE:
                self._seen.clear()
            self._seen[token] = self._features(token)
        return self._seen[token]

    def _features(self, token):
        token = unicodedata.normalize("NFC", token)
        word = normalise(token)
        marks = 2 * bool(_DIGIT.search(token)) + ("-" in token[1:-1])
        shapes = (1 + 4 * case_of(token) + marks, _get(self._pattern_ids, pattern_of(token)))
        affixes = [
            ids.get(_affix(word, side, length), offset + UNKNOWN)
            for side, length, ids, offset in self._tables
        ]
        half = self.max_characters - self.max_characters // 2
        if len(token) > self.max_characters:
            token = token[:half] + token[len(token) - self.max_characters // 2 :]
        letters = [_get(self._character_ids, character) for character in token]
        letters = [BOUNDARY, *letters, BOUNDARY]
        letters += [PADDING] * (self.max_characters + 2 - len(letters))
        return _get(self._word_ids, word), shapes, affixes, letters

    def to_config(self):
        """A JSON-able description from which `from_config` builds the same features."""
        names = ("words", "counts", "affixes", "patterns", "characters", "max_characters")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config):
        """Rebuild features from `to_config`."""
        return cls(**config)


def _get(ids, key):
    return ids.get(key, UNKNOWN)


def _ids(listed, first=FIRST):
    return {item: number for number, item in enumerate(listed, start=first)}


def _ranked(counts):
    """Most frequent first, ties by the alphabet: the same ids whatever the order of the texts."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _affix(word, side, length):
    if len(word) < length:
        return None
    return word[:length] if side == "prefix" else word[-length:]
