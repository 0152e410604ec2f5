"""Data for the ready models: loaders, embedded samples and batching."""

from keras_rnnzoo.datasets.batches import ReviewBatches, bucket_lengths
from keras_rnnzoo.datasets.text import Vocabulary, tokenize

__all__ = ["ReviewBatches", "Vocabulary", "bucket_lengths", "tokenize"]
