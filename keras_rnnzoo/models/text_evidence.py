"""What naive Bayes makes of each n-gram of a text: evidence that a recurrent reader can weigh."""

import base64
import zlib
from collections import Counter

import numpy as np

from keras_rnnzoo.base.options import positive_int
from keras_rnnzoo.datasets.text import head_and_tail, tokenize

BITS = 20  # of a word in the key of an n-gram
CLIP, SCALE = 4.0, 0.2


class NBEvidence:
    """A linear classifier of n-grams, and the weight that it gives to each n-gram of a text.

    **Equations**, for the presence of n-gram j, with p_j and q_j one more than how many positive
    and negative texts contain it:

        r_j = log(p_j / |p|) - log(q_j / |q|),  w_j = β_j r_j,  logit = Σ_j w_j / ‖r‖ + b

    where the sum and the norm ‖r‖ = (Σ_j r_j²)^½ run over the n-grams that are present, each once,
    and β and b are those of a logistic regression on the r_j / ‖r‖. The paper does not divide by
    the norm; it was chosen by five folds of the training part of IMDB.

    Arguments:
        words: the words of which n-grams are made.
        keys: of the n-grams, sorted: word numbers from 1, `BITS` bits each.
        weights: w of each.
        ratios: r of each.
        bias: b.
        spread: standard deviation of the logit, by which it is divided.

    Example:

    >>> evidence = NBEvidence.fit(["good film", "bad film"] * 4, [1, 0] * 4)
    >>> evidence.encode("good play")["evidence"].shape
    (2, 3)

    Reference: Wang and Manning, Baselines and bigrams, ACL (2012), equations 1 to 4.
    """

    def __init__(self, words, keys=(), weights=(), ratios=(), bias=0.0, spread=1.0):
        self.words, self.bias, self.spread = list(words), float(bias), float(spread)
        self.keys, self.weights = np.asarray(keys, "uint64"), np.asarray(weights, "float32")
        self.ratios = np.asarray(ratios, "float32")
        self._numbers = {word: k for k, word in enumerate(self.words, start=1)}
        self._scale = SCALE * len(self.weights) / max(float(np.abs(self.weights).sum()), 1e-9)

    @classmethod
    def fit(cls, texts, labels, min_df=2, C=100.0):
        """Fit on training texts.

        Arguments:
            texts: a list of strings.
            labels: 0 or 1 for each.
            min_df: in how many texts an n-gram must occur.
            C: inverse penalty of the logistic regression.

        Raises:
            ValueError: no n-gram is left.
        """
        words = frequent_words(texts, min_df)
        return cls._fit(words, cls(words).present(texts), labels, min_df, C)

    @classmethod
    def _fit(cls, words, found, labels, min_df=2, C=100.0):
        """As `fit`, of the keys that are present in each text."""
        from scipy.sparse import csr_matrix
        from sklearn.linear_model import LogisticRegression
        from sklearn.preprocessing import normalize

        keys, counts = np.unique(np.concatenate(found), return_counts=True)
        keys = keys[counts >= positive_int("min_df", min_df)]
        if not len(keys):
            raise ValueError(
                f"No n-gram is in {min_df} texts. Give more texts or a lower `min_df`. "
                f"Received: {len(found)} texts"
            )
        columns = [_places(keys, each)[0] for each in found]
        ends = np.cumsum([0, *map(len, columns)])
        present = np.concatenate(columns)
        shape = len(found), len(keys)
        labels = np.asarray(labels)
        positive = np.repeat(labels == 1, np.diff(ends))
        p, q = (
            1.0 + np.bincount(present[side], minlength=len(keys)) for side in (positive, ~positive)
        )
        ratio = np.log(p / p.sum()) - np.log(q / q.sum())
        table = normalize(csr_matrix((ratio[present], present, ends), shape))
        fitted = LogisticRegression(C=C, solver="liblinear", dual=True, max_iter=2000)
        fitted.fit(table, labels)
        logits = fitted.decision_function(table)
        bias = float(fitted.intercept_[0])
        weights = fitted.coef_[0] * ratio
        return cls(words, keys, weights, ratio, bias, float(logits.std()) or 1.0)

    def encode(self, text, max_length=None):
        """`{"evidence": float32 (time, 3), "offset": float32 ()}` of a text.

        Column n - 1 holds the weight of the n-gram that ends at a word, scaled and clipped; 0 where
        it is not known. The offset is the logit in standard deviations.
        """
        keys = self._keys(text)
        unique = np.unique(keys)
        present = _places(self.keys, unique[unique > 0])[0]
        norm = np.linalg.norm(self.ratios[present]) or 1.0
        logit = self.weights[present].sum() / norm + self.bias
        place, known = _places(self.keys, keys.ravel(), keep=True)
        weights = np.where(known, self.weights[place] if len(self.weights) else 0, 0)
        evidence = np.clip(weights.reshape(keys.shape) * self._scale, -CLIP, CLIP)
        return {
            "evidence": head_and_tail(evidence.astype("float32"), max_length),
            "offset": np.float32(logit / self.spread),
        }

    def present(self, texts):
        """The keys in each text, each once, a list of arrays."""
        found = (np.unique(self._keys(text)) for text in texts)
        return [keys[keys > 0] for keys in found]

    def _keys(self, text):
        """Keys `(time, 3)` of the uni-, bi- and trigrams that end at each word; 0: not listed."""
        tokens = tokenize(text) or [""]
        ids = np.array([self._numbers.get(token, 0) for token in tokens], "uint64")
        keys = np.zeros((len(ids), 3), "uint64")
        for n in range(3):
            key, listed = np.zeros(max(len(ids) - n, 0), "uint64"), True
            for back in range(n + 1):
                part = ids[n - back : len(ids) - back]
                key, listed = key | part << np.uint64(BITS * back), (part > 0) & listed
            keys[n:, n] = np.where(listed, key, 0)
        return keys

    def to_config(self):
        """What `from_config` reads, as plain JSON."""
        packed = {"keys": _written(np.diff(self.keys, prepend=np.uint64(0)))}
        packed["weights"], packed["ratios"] = _written(self.weights), _written(self.ratios)
        return {"words": self.words, **packed, "bias": self.bias, "spread": self.spread}

    @classmethod
    def from_config(cls, config):
        """The evidence of a config."""
        keys = np.cumsum(_read(config["keys"], "<u8"), dtype="uint64")
        weights, ratios = (_read(config[name], "<f4") for name in ("weights", "ratios"))
        return cls(config["words"], keys, weights, ratios, config["bias"], config["spread"])


def frequent_words(texts, min_df=2):
    """The words in `min_df` texts or more, the most frequent first and as many as keys can hold."""
    counts = Counter(token for text in texts for token in set(tokenize(text)))
    words = [word for word, count in counts.items() if count >= min_df]
    return sorted(words, key=lambda word: (-counts[word], word))[: 2**BITS - 1]


def out_of_fold(texts, labels, folds=10, seed=0, **options):
    """Evidence for training texts, each from the texts of the other folds alone.

    What a classifier says of texts that it was fitted on is too good to learn from.

    Arguments:
        texts, labels: of the training part.
        folds: how many.
        seed: of which text is in which fold.
        options: of `NBEvidence.fit`.

    Returns:
        A list with what `encode` gives for each text.
    """
    texts, labels = list(texts), np.asarray(labels)
    fold = np.random.default_rng(seed).permutation(len(texts)) % folds
    words = frequent_words(texts, options.get("min_df", 2))
    present = NBEvidence(words).present(texts)
    found = [None] * len(texts)
    for k in range(folds):
        kept = np.flatnonzero(fold != k)
        fitted = NBEvidence._fit(words, [present[i] for i in kept], labels[kept], **options)
        for i in np.flatnonzero(fold == k):
            found[i] = fitted.encode(texts[i])
    offsets = np.array([row["offset"] for row in found])
    return [{**row, "offset": row["offset"] / offsets.std()} for row in found]


def _places(keys, wanted, keep=False):
    """Where `wanted` stand in the sorted `keys`: those that do, or all with whether they do."""
    place = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
    known = keys[place] == wanted if len(keys) else np.zeros(len(wanted), bool)
    return (place, known) if keep else (place[known], known)


def _written(array):
    array = array.astype(array.dtype.newbyteorder("<"))
    return base64.b64encode(zlib.compress(array.tobytes(), 6)).decode("ascii")


def _read(text, dtype):
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype)
