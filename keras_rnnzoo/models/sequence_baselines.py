"""Logistic regression on summary statistics: the plain model that any other has to beat."""

import numpy as np

STATISTICS = (
    "mean", "sd", "minimum", "maximum", "median", "first", "last", "slope", "mean step",
)  # fmt: skip


def summary_statistics(values):
    """Numbers that say how a sequence is as a whole.

    Of each channel mean, standard deviation, minimum, maximum, median, first and last value, slope
    of the straight line through it from the first step (-1) to the last (1), and the mean absolute
    difference of neighbouring steps; then the number of steps.

    Args:
        values: a list of arrays (time, channels), or a `Sequences`.

    Returns:
        Float64 array (number of sequences, 9 · channels + 1), all channels of a statistic together.

    Example:

    >>> summary_statistics([np.array([[0.0], [2.0]])])
    array([[1., 1., 0., 2., 1., 0., 2., 1., 2., 2.]])
    """
    return np.stack([_summary(np.asarray(x, dtype="float64")) for x in _arrays(values)])


def _arrays(values):
    return getattr(values, "values", values)


def _summary(x):
    place = np.linspace(-1, 1, len(x))[:, None]
    spread = max(float((place * place).sum()), 1e-12)  # one step has no slope
    slope = (place * (x - x.mean(0))).sum(0) / spread if len(x) > 1 else np.zeros(x.shape[1])
    steps = np.abs(np.diff(x, axis=0)).mean(0) if len(x) > 1 else np.zeros(x.shape[1])
    whole = [x.mean(0), x.std(0), x.min(0), x.max(0), np.median(x, axis=0), x[0], x[-1]]
    return np.concatenate([*whole, slope, steps, [len(x)]])


class SummaryLogistic:
    """A fitted logistic regression on `summary_statistics`.

    Attributes:
        C: the inverse penalty that was chosen.
        validation_loss: the log loss with that C, or `None` where there was nothing to choose.
    """

    def __init__(self, classifier, C, validation_loss, classes):
        self.C, self.validation_loss = C, validation_loss
        self._classifier, self._classes = classifier, classes

    def predict(self, values):
        """Probabilities of the classes, `(number of sequences, classes)`."""
        found = np.zeros((len(values), self._classes))
        columns = self._classifier.classes_
        found[:, columns] = self._classifier.predict_proba(summary_statistics(values))
        return found


def summary_logistic(train, validation=None, C=(0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)):
    """Logistic regression on summary statistics, scaled by those of the training part.

    Args:
        train: a `Sequences` with labels.
        validation: a `Sequences` on whose log loss C is chosen; without it the middle C is used.
        C: inverse penalties to choose from, or one number.

    Returns:
        A `SummaryLogistic`.

    Raises:
        ImportError: scikit-learn is missing.

    Example:

    >>> summary_logistic(walks.train, walks.validation).predict(walks.test)
    """
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError as error:
        raise ImportError(
            f"The baselines need scikit-learn. {error}. "
            'Install it: pip install "keras_rnnzoo[examples]"'
        ) from error
    candidates, features = np.atleast_1d(C).tolist(), summary_statistics(train)
    if validation is None:
        candidates = [candidates[len(candidates) // 2]]
    best = None
    for one in candidates:
        classifier = make_pipeline(StandardScaler(), LogisticRegression(C=one, max_iter=5000))
        classifier.fit(features, train.labels)
        fitted = SummaryLogistic(classifier, one, None, len(train.classes))
        if validation is not None:
            fitted.validation_loss = log_loss(validation.labels, fitted.predict(validation))
        if best is None or fitted.validation_loss < best.validation_loss:
            best = fitted
    return best


def log_loss(labels, probabilities):
    """The mean of -log(probability of the right class), for class numbers (n,)."""
    right = np.asarray(probabilities, "float64")[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(right, 1e-12)).mean())
