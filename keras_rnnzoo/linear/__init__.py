"""Cells whose recurrence is linear in the state: parallel over time."""

from keras_rnnzoo.linear.min_gru import MinGRU, MinGRUCell
from keras_rnnzoo.linear.min_lstm import MinLSTM, MinLSTMCell
from keras_rnnzoo.linear.rg_lru import RGLRU, RGLRUCell

__all__ = [
    "RGLRU",
    "MinGRU",
    "MinGRUCell",
    "MinLSTM",
    "MinLSTMCell",
    "RGLRUCell",
]
