"""Recurrence with what goes well beside it: convolution, attention, transformer blocks."""

from keras_rnnzoo.hybrids.conv_rnn_2d import ConvRNN2D

__all__ = ["ConvRNN2D"]
