"""A few short pairs, and tiny models of them."""

import keras
import numpy as np

from keras_rnnzoo import Seq2Seq
from keras_rnnzoo.datasets import vocabulary_of

SOURCES = ["a b c", "b a", "c c a b", "a"]
TARGETS = ["x y", "y y x", "x", "y"]
WORDS = vocabulary_of(SOURCES), vocabulary_of(TARGETS)
SMALL = {"units": 6, "embedding_dim": 5, "max_length": 4, "seed": 1}


def small(start=3, **options):
    """A tiny model, with weights so far from zero that its texts differ unless `start=None`."""
    model = Seq2Seq(*WORDS, **{**SMALL, **options})
    model.build()
    random = np.random.default_rng(start)
    for weight in [] if start is None else model.trainable_weights:
        weight.assign(random.normal(size=weight.shape).astype(weight.dtype))
    return model


def array(x):
    return np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(x, "float32")))
