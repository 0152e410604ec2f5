"""Bags of n-grams with logistic regression: the plain models that any other has to beat."""

import numpy as np

from keras_rnnzoo.datasets.text import tokenize


class TextBaseline:
    """A fitted bag-of-n-grams classifier.

    Attributes:
        C: the inverse penalty that was chosen.
        validation_accuracy: with that C, or `None` where there was nothing to choose.
        features: how many n-grams it weighs.
    """

    def __init__(self, vectorizer, ratio, classifier, C, validation_accuracy):
        self.C, self.validation_accuracy = C, validation_accuracy
        self._vectorizer, self._ratio, self._classifier = vectorizer, ratio, classifier

    @property
    def features(self):
        return len(self._vectorizer.vocabulary_)

    def predict_proba(self, texts):
        """Probabilities of the two labels: (number of texts, 2), as scikit-learn gives them."""
        return self._classifier.predict_proba(
            _weigh(self._vectorizer.transform(texts), self._ratio)
        )


def tfidf_logistic(
    texts, labels, validation=None, C=(1.0, 2.0, 5.0, 10.0), ngrams=(1, 1), min_df=2
):
    """Logistic regression on TF-IDF weighted words.

    Args:
        texts: training texts, a list of strings.
        labels: 0 or 1 for each.
        validation: a pair `(texts, labels)` on which C is chosen; without it the middle C is used.
        C: inverse penalties to choose from, or one number.
        ngrams: shortest and longest n-gram.
        min_df: in how many texts an n-gram must occur.

    Returns:
        A `TextBaseline`.

    Raises:
        ImportError: scikit-learn is missing.

    Example:

    >>> model = tfidf_logistic(texts, labels)
    >>> model.predict_proba(["not good at all"])[:, 1]
    """
    text = _feature_extraction()
    vectorizer = text.TfidfVectorizer(sublinear_tf=True, **_options(ngrams, min_df))
    return _fit(vectorizer, vectorizer.fit_transform(texts), None, labels, validation, C)


def nb_svm(texts, labels, validation=None, C=(0.1, 0.3, 1.0), ngrams=(1, 3), min_df=2):
    """Logistic regression on n-grams that carry their naive Bayes log-count ratio.

    After Wang and Manning (2012), "Baselines and Bigrams", who use a linear SVM in its place; the
    logistic loss is as accurate and gives probabilities. The presence of n-gram j counts
    r_j = log((1 + p_j) / |1 + p|) - log((1 + q_j) / |1 + q|), where p_j and q_j are how many
    positive and negative training texts contain it.

    Args and returns: as `tfidf_logistic`.
    """
    text = _feature_extraction()
    vectorizer = text.CountVectorizer(binary=True, **_options(ngrams, min_df))
    counts = vectorizer.fit_transform(texts).astype("float64")
    labels = np.asarray(labels)
    positive = 1 + np.asarray(counts[labels == 1].sum(axis=0)).ravel()
    negative = 1 + np.asarray(counts[labels == 0].sum(axis=0)).ravel()
    ratio = np.log(positive / positive.sum()) - np.log(negative / negative.sum())
    return _fit(vectorizer, counts, ratio, labels, validation, C)


def _feature_extraction():
    try:
        from sklearn.feature_extraction import text
    except ImportError as error:
        raise ImportError(
            f"The baselines need scikit-learn. {error}. "
            'Install it: pip install "keras_rnnzoo[examples]"'
        ) from error
    return text


def _options(ngrams, min_df):
    return {
        "tokenizer": tokenize,
        "token_pattern": None,
        "lowercase": False,
        "ngram_range": ngrams,
        "min_df": min_df,
    }


def _weigh(counts, ratio):
    return counts if ratio is None else counts.multiply(ratio).tocsr()


def _fit(vectorizer, counts, ratio, labels, validation, candidates):
    """Fit once for each C and keep the one with the lowest log loss on validation.

    Accuracy would do as well in the mean, but steps by whole reviews and so picks by chance.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score, log_loss

    candidates = np.atleast_1d(candidates).tolist()
    weighed = _weigh(counts, ratio)
    if validation is None:
        middle = candidates[len(candidates) // 2]
        classifier = LogisticRegression(C=middle, max_iter=1000).fit(weighed, labels)
        return TextBaseline(vectorizer, ratio, classifier, middle, None)
    held_out = _weigh(vectorizer.transform(validation[0]), ratio)
    best, lowest = None, np.inf
    for C in candidates:
        classifier = LogisticRegression(C=C, max_iter=1000).fit(weighed, labels)
        loss = log_loss(validation[1], classifier.predict_proba(held_out))
        if loss < lowest:
            right = accuracy_score(validation[1], classifier.predict(held_out))
            best = TextBaseline(vectorizer, ratio, classifier, C, float(right))
            lowest = loss
    return best
