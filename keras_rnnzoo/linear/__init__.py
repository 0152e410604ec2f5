"""Cells whose recurrence is linear in the state: parallel over time."""

from keras_rnnzoo.linear.min_gru import MinGRU, MinGRUCell

__all__ = ["MinGRU", "MinGRUCell"]
