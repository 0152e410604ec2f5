"""A few short texts, and tiny classifiers of them."""

from keras_rnnzoo.datasets import Vocabulary
from keras_rnnzoo.models import TextClassifier

TEXTS = [
    "a good film",
    "not a good film , really not",
    "bad",
    "it was bad and dull , i left early and went home",
    "",
]
LABELS = [1, 0, 0, 0, 1]
VOCABULARY = Vocabulary.fit(TEXTS, bigrams=True, min_bigram_df=1)
EVERYTHING = {
    "cell": ["peephole_lstm", "mgu"],
    "units": [4, 3],
    "merge_mode": "linear",
    "connections": "residual",
    "cell_options": {"zoneout": 0.1},
    "pooling": "max+mean",
    "halve_time": True,
    "convolution": 3,
    "bigrams": True,
    "skip": True,
    "bag": True,
    "span_dropout": 0.2,
    "embedding_dropout": 0.2,
    "label_smoothing": 0.1,
}


def make(rng=None, **options):
    """A tiny model; with `rng`, weights so large that every part of it is heard."""
    model = TextClassifier(VOCABULARY, **{"units": 4, "embedding_dim": 4, "seed": 1, **options})
    model.build()
    for weight in model.trainable_weights if rng is not None else ():
        weight.assign(rng.normal(size=weight.shape).astype("float32") * 0.4)
    return model
