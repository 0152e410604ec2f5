"""Plain models of characters, from counts: what a recurrent network has to beat."""

import numpy as np

from keras_rnnzoo.base.options import positive_int
from keras_rnnzoo.datasets.characters import text_of

NEVER = -1  # the place of what the training text does not have


class CharacterCounts:
    """Says what comes next from how often it came after the last few characters.

    **Equations** (interpolation by Witten and Bell 1991), for a context h, with h' = h without its
    first character, N(h) how often it was seen and T(h) how many different characters followed it:

        P(c | h) = (N(h c) + T(h) P(c | h')) / (N(h) + T(h)),  P(c | h) = P(c | h') for unseen h

    Below the empty context every character has the same share.

    Arguments:
        text: to count in, a string.
        characters: a string of all characters that may come; those of `text` if `None`.
        order: of the longest counts: 1 counts characters, 3 characters after two others.

    Raises:
        TypeError: no strings.
        ValueError: an empty text, characters that are not listed, or an order below 1.

    Example:

    >>> CharacterCounts("abracadabra", order=2).nats("abra")
    """

    def __init__(self, text, characters=None, order=5):
        self.order = positive_int("order", order)
        known = sorted(set(text_of("text", text))) if characters is None else characters
        self._places = {character: place for place, character in enumerate(known)}
        # By the length of the context: sorted keys of contexts, and counts of what follows.
        self._contexts, self._counts = [None], []
        ids = self._ids(text)
        contexts = np.zeros(len(ids), "int64")  # the empty one is number 0
        for length in range(self.order):
            if length:
                keys = self._longer(contexts, ids)
                self._contexts.append(np.unique(keys[keys != NEVER]))
                contexts = _places(self._contexts[-1], keys)
            self._counts.append(self._counted(contexts, ids))

    def _ids(self, text):
        unknown = sorted(set(text_of("text", text)) - set(self._places))
        if unknown or not text:
            raise ValueError(
                "`text` must have characters, and only those that are counted. Received: "
                + (f"{unknown[0]!r}, which is not one of them" if unknown else "an empty text")
            )
        return np.fromiter((self._places[one] for one in text), "int64", len(text))

    def _longer(self, contexts, ids):
        """Keys of the contexts that are one longer: the one a place before, and its character."""
        keys = np.full(len(ids), NEVER)
        before = contexts[:-1]
        keys[1:] = np.where(before == NEVER, NEVER, before * len(self._places) + ids[:-1])
        return keys

    def _counted(self, contexts, ids):
        """Sorted keys of context and character, N(h c) of each, and N(h), T(h) of each context."""
        there = contexts != NEVER
        keys = contexts[there] * len(self._places) + ids[there]
        keys, counts = np.unique(keys, return_counts=True)
        owners = keys // len(self._places)
        return keys, counts, np.bincount(owners, counts), np.bincount(owners)

    def losses(self, text):
        """- log P of every character but the first, as `LanguageModel.losses` has them."""
        ids = self._ids(text)
        contexts = np.zeros(len(ids), "int64")
        share = np.full(len(ids), 1 / len(self._places))
        for known, (keys, counts, total, kinds) in zip(self._contexts, self._counts):
            if not len(keys):
                break  # the training text is shorter than this context
            if known is not None:
                contexts = _places(known, self._longer(contexts, ids))
            seen = contexts != NEVER
            wanted = np.where(seen, contexts * len(self._places) + ids, NEVER)
            place = _places(keys, wanted)
            count = np.where(place == NEVER, 0, counts[place])
            mixed = (count + kinds[contexts] * share) / (total[contexts] + kinds[contexts])
            share = np.where(seen, mixed, share)
        return -np.log(share[1:])

    def nats(self, text):
        """The mean of `losses`: nats per character."""
        return float(self.losses(text).mean())


def best_counts(train, validation, characters=None, orders=range(1, 9)):
    """The `CharacterCounts` of the order that scores best on the validation text.

    Example:

    >>> best_counts(parts.train, parts.validation).order
    """
    models = [CharacterCounts(train, characters, order) for order in orders]
    return min(models, key=lambda model: model.nats(validation))


def _places(known, keys):
    """The places of `keys` in the sorted array `known`; NEVER where they are not in it."""
    place = np.searchsorted(known, keys).clip(max=max(0, len(known) - 1))
    found = known[place] == keys if len(known) else np.zeros(len(keys), bool)
    return np.where(found, place, NEVER)
