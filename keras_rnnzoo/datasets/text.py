"""From raw text to integer ids: tokens, a vocabulary, an optional list of bigrams."""

import re
from collections import Counter

import numpy as np

PADDING = 0
UNKNOWN = 1
FIRST_WORD = 2

_TOKEN = re.compile(r"[a-z0-9]+(?:'[a-z]+)?|[.,!?;:()\"*/&$%-]")


def tokenize(text):
    """Cut a text into lower-case words and punctuation marks.

    Args:
        text: a string; `<br />`, which fills web reviews, counts as a blank.

    Returns:
        A list of strings.

    Example:

    >>> tokenize("It wasn't <br />GOOD!")
    ['it', "wasn't", 'good', '!']
    """
    if not isinstance(text, str):
        raise TypeError(f"A text must be a string. Received: text={text!r} ({type(text).__name__})")
    return _TOKEN.findall(text.lower().replace("<br />", " "))


class Vocabulary:
    """Word ids, and ids of frequent word pairs where wanted.

    Id 0 is padding and 1 is any word that is not listed, so the first listed word has id 2.
    In the table of bigrams 0 stands for "not listed".

    Args:
        words: the listed words, most frequent first, without the two reserved ones.
        bigrams: pairs of word ids `(first, second)`, or `None` for a model of words only.

    Raises:
        ValueError: a word is listed twice, or a bigram names an id that is not a listed word.

    Example:

    >>> vocabulary = Vocabulary.fit(["a good film", "a bad film"])
    >>> vocabulary.encode("a good play")["words"]
    array([2, 5, 1], dtype=int32)
    """

    def __init__(self, words, bigrams=None):
        self.words = list(words)
        self._ids = {word: i for i, word in enumerate(self.words, start=FIRST_WORD)}
        if len(self._ids) != len(self.words):
            raise ValueError(
                f"Every word must be listed once. Received: {len(self.words)} words, of which "
                f"{len(self._ids)} are distinct."
            )
        self.bigrams = None if bigrams is None else [(int(a), int(b)) for a, b in bigrams]
        if self.bigrams is not None:
            self._index_bigrams()

    @classmethod
    def fit(cls, texts, max_words=30_000, bigrams=False, min_bigram_df=5):
        """Collect the most frequent words of the training texts, and only of those.

        Args:
            texts: an iterable of strings.
            max_words: how many words to list at most.
            bigrams: whether to list pairs of neighbouring listed words too.
            min_bigram_df: in how many texts a pair must occur to be listed.

        Returns:
            A `Vocabulary`. Ties in frequency are broken by the alphabet, so that the same texts
            in any order give the same ids.

        Raises:
            ValueError: `max_words` or `min_bigram_df` below 1, or no word in any text.
        """
        for name, value in (("max_words", max_words), ("min_bigram_df", min_bigram_df)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1. Received: {name}={value}")
        tokens = [tokenize(text) for text in texts]
        counts = Counter(word for text in tokens for word in text)
        if not counts:
            raise ValueError(
                f"Expected texts with words in them. Received: {len(tokens)} texts without one."
            )
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        vocabulary = cls([word for word, _ in ranked[:max_words]])
        if not bigrams:
            return vocabulary
        return cls(vocabulary.words, vocabulary._frequent_bigrams(tokens, min_bigram_df))

    @property
    def size(self):
        """Rows of a word embedding table: the listed words, padding and unknown."""
        return len(self.words) + FIRST_WORD

    @property
    def bigram_size(self):
        """Rows of a bigram embedding table, 0 where no bigrams are listed."""
        return 0 if self.bigrams is None else len(self.bigrams) + 1

    def encode(self, text, max_length=400):
        """Turn a text into ids, keeping the head and the tail of a long one.

        A text of more than `max_length` tokens keeps its first 40 % and last 60 %, where reviews
        say what they think. A text without any token becomes one unknown word, so that no row
        is ever without a valid step.

        Args:
            text: a string.
            max_length: how many tokens to keep at most, or `None` for all of them.

        Returns:
            `{"words": int32 (length,)}`, and `"bigrams"` of the same shape where the vocabulary
            lists them: position t holds the pair of the tokens t - 1 and t of the whole text.
        """
        if max_length is not None and max_length < 1:
            raise ValueError(f"max_length must be at least 1. Received: max_length={max_length}")
        words = self.ids(tokenize(text) or [""])
        encoded = {"words": words}
        if self.bigrams is not None:
            encoded["bigrams"] = self._bigram_ids(words)
        return {name: head_and_tail(ids, max_length) for name, ids in encoded.items()}

    def ids(self, tokens):
        """Word ids of a list of tokens: int32 (length,)."""
        ids = (self._ids.get(token, UNKNOWN) for token in tokens)
        return np.fromiter(ids, dtype="int32", count=len(tokens))

    def to_config(self):
        """A JSON-able description from which `from_config` builds the same vocabulary."""
        bigrams = None if self.bigrams is None else [list(pair) for pair in self.bigrams]
        return {"words": list(self.words), "bigrams": bigrams}

    @classmethod
    def from_config(cls, config):
        """Rebuild a vocabulary from `to_config`."""
        return cls(**config)

    def _pair_keys(self, words):
        """One integer for each pair of neighbours: (length - 1,)."""
        return words[:-1].astype("int64") * self.size + words[1:]

    def _frequent_bigrams(self, tokens, min_df):
        known = []
        for text in tokens:
            words = self.ids(text)
            keys = self._pair_keys(words)
            listed = (words[:-1] != UNKNOWN) & (words[1:] != UNKNOWN)
            known.append(np.unique(keys[listed]))
        keys, texts_with = np.unique(np.concatenate(known), return_counts=True)
        return [divmod(int(key), self.size) for key in keys[texts_with >= min_df]]

    def _index_bigrams(self):
        pairs = np.asarray(self.bigrams, dtype="int64").reshape(-1, 2)
        if pairs.size and not (FIRST_WORD <= pairs.min() and pairs.max() < self.size):
            raise ValueError(
                f"Bigrams are pairs of ids of listed words, {FIRST_WORD} to {self.size - 1}. "
                f"Received: ids from {pairs.min()} to {pairs.max()}"
            )
        keys = pairs[:, 0] * self.size + pairs[:, 1]
        self._bigram_order = np.argsort(keys)
        self._bigram_keys = keys[self._bigram_order]

    def _bigram_ids(self, words):
        ids = np.zeros(len(words), dtype="int32")
        if len(words) < 2 or not self.bigrams:
            return ids
        keys = self._pair_keys(words)
        place = np.searchsorted(self._bigram_keys, keys).clip(max=len(self._bigram_keys) - 1)
        listed = self._bigram_keys[place] == keys
        ids[1:] = np.where(listed, self._bigram_order[place] + 1, 0)
        return ids


def head_and_tail(ids, max_length):
    """The first 40 % and the last 60 % of what is too long; an array over the words of a text."""
    if max_length is None or len(ids) <= max_length:
        return ids
    head = int(max_length * 0.4)
    return np.concatenate([ids[:head], ids[len(ids) - (max_length - head) :]])
