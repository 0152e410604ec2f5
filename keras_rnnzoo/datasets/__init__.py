"""Data for the ready models: loaders, embedded samples and batching."""

from keras_rnnzoo.datasets.batches import ReviewBatches, bucket_lengths
from keras_rnnzoo.datasets.conll import read_conll, write_conll
from keras_rnnzoo.datasets.tagged import Tagged
from keras_rnnzoo.datasets.text import Vocabulary, tokenize

__all__ = [
    "ReviewBatches",
    "Tagged",
    "Vocabulary",
    "bucket_lengths",
    "read_conll",
    "tokenize",
    "write_conll",
]
