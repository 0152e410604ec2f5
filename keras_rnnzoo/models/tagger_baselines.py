"""The plain tagger that any other has to beat."""

from collections import Counter


class MostFrequentTag:
    """Gives each token the tag that it has most often in training, and O to tokens it never saw.

    Arguments:
        train: a `Tagged`.

    Example:

    >>> MostFrequentTag(corpus.train).tag_tokens([["in", "Rome"]])
    """

    def __init__(self, train):
        counts = {}
        for tokens, tags in zip(train.tokens, train.tags):
            for token, tag in zip(tokens, tags):
                counts.setdefault(token, Counter())[tag] += 1
        self._tags = {
            token: min(found, key=lambda tag, found=found: (-found[tag], tag))
            for token, found in counts.items()
        }

    def tag_tokens(self, sentences):
        """Tags for sentences that are cut into tokens: a list of lists."""
        return [[self._tags.get(token, "O") for token in tokens] for tokens in sentences]
