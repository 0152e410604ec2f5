"""Recurrence with what goes well beside it: convolution, attention, transformer blocks."""

from keras_rnnzoo.hybrids.attention_cell import AttentionCell
from keras_rnnzoo.hybrids.attention_pooling import AttentionPooling
from keras_rnnzoo.hybrids.attention_rnn import AttentionRNN
from keras_rnnzoo.hybrids.conv_rnn_1d import ConvRNN1D
from keras_rnnzoo.hybrids.conv_rnn_2d import ConvRNN2D
from keras_rnnzoo.hybrids.ready import CNNGRU, CNNLSTM, BiGRUAttention, BiLSTMAttention
from keras_rnnzoo.hybrids.rnn_attention import HierarchicalAttention, RNNAttention
from keras_rnnzoo.hybrids.self_attention import RNNSelfAttention, SelfAttention
from keras_rnnzoo.hybrids.transformer_block import RNNTransformerBlock

__all__ = [
    "AttentionCell",
    "AttentionPooling",
    "AttentionRNN",
    "BiGRUAttention",
    "BiLSTMAttention",
    "CNNGRU",
    "CNNLSTM",
    "ConvRNN1D",
    "ConvRNN2D",
    "HierarchicalAttention",
    "RNNAttention",
    "RNNSelfAttention",
    "RNNTransformerBlock",
    "SelfAttention",
]
