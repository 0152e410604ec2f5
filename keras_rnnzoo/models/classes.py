"""What classifiers of sequences and clips share: names, scaling, and the most probable class."""

import numpy as np


class NamesClasses:
    """Mixin for a classifier with `classes`, whose `predict` gives probabilities of raw data."""

    def predict_classes(self, x, batch_size=64):
        """The name of the most probable class of each, a list; one name for one array."""
        chances = self.predict(x, batch_size)
        if chances.ndim == 1:
            return self.classes[int(chances.argmax())]
        return [self.classes[number] for number in chances.argmax(-1)]


def names_of(name, given, fewest):
    """`given` as a tuple of names, each once and `fewest` or more."""
    names = tuple(map(str, [given] if isinstance(given, str) else given))
    if len(names) < fewest or len(set(names)) != len(names):
        raise ValueError(
            f"`{name}` must name {fewest} or more, each once. Received: {name}={list(names)}"
        )
    return names


def scaling(mean, sd, width, what):
    """`mean` and `sd` as float64 arrays, a number for each of `width` channels; 0 and 1 if none."""
    mean = np.zeros(width) if mean is None else np.array(mean, dtype="float64")
    sd = np.ones(width) if sd is None else np.array(sd, dtype="float64")
    fits = mean.shape == sd.shape == (width,)
    if not fits or not np.isfinite(mean).all() or not (np.isfinite(sd) & (sd > 0)).all():
        raise ValueError(
            f"`mean` and `sd` must hold a finite number for each of the {width} {what}, and each "
            f"of `sd` be above 0. Received: mean={mean.tolist()}, sd={sd.tolist()}"
        )
    return mean, sd


def probabilities(logits):
    """Softmax along the last axis, in float64."""
    logits = np.asarray(logits, "float64")
    shares = np.exp(logits - logits.max(-1, keepdims=True))
    return shares / shares.sum(-1, keepdims=True)
