"""Recurrence with what goes well beside it: convolution, attention, transformer blocks."""

from keras_rnnzoo.hybrids.attention_cell import AttentionCell
from keras_rnnzoo.hybrids.attention_rnn import AttentionRNN

__all__ = ["AttentionCell", "AttentionRNN"]
