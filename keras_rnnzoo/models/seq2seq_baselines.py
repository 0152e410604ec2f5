"""The plain way to translate: find the most similar sentence that was seen, and say the same."""

from collections import Counter

from keras_rnnzoo.datasets.translation_text import cut


class NearestSentence:
    """Gives the translation of the training sentence that has most words in common.

    Sentences are compared by the cosine of their TF-IDF weights of words and pairs of neighbours;
    of several translations the one that is most frequent in training is given, and of a sentence
    without any known word the most frequent translation of all.

    Arguments:
        train: `Pairs`.

    Example:

    >>> NearestSentence(Pairs(("a cat",), (("un chat",),))).generate(["the cat"])
    ['un chat']
    """

    def __init__(self, train):
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._words = TfidfVectorizer(analyzer=_features)
        self._train = self._words.fit_transform(train.sources)
        counts = Counter(target for each in train.references for target in each)
        self._targets = [max(each, key=counts.__getitem__) for each in train.references]
        self._frequent = counts.most_common(1)[0][0]

    def generate(self, texts):
        """A list of strings."""
        found = []
        for low in range(0, len(texts), 256):
            near = self._words.transform(texts[low : low + 256]) @ self._train.T
            best = near.argmax(axis=1)
            for row, place in enumerate(best.A1 if hasattr(best, "A1") else best):
                known = near[row, place] > 0
                found.append(self._targets[place] if known else self._frequent)
        return found


def _features(text):
    words = cut(text)
    return [*words, *(f"{a} {b}" for a, b in zip(words, words[1:]))]
