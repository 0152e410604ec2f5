"""Cells whose recurrence is linear in the state: parallel over time."""

from keras_rnnzoo.linear.lru import LRU, LRUCell
from keras_rnnzoo.linear.min_gru import MinGRU, MinGRUCell
from keras_rnnzoo.linear.min_lstm import MinLSTM, MinLSTMCell
from keras_rnnzoo.linear.qrnn import QRNN, QRNNCell
from keras_rnnzoo.linear.rg_lru import RGLRU, RGLRUCell
from keras_rnnzoo.linear.sru import SRU, SRUCell
from keras_rnnzoo.linear.strongly_typed import TGRU, TLSTM, TRNN, TGRUCell, TLSTMCell, TRNNCell

__all__ = [
    "LRU",
    "LRUCell",
    "MinGRU",
    "MinGRUCell",
    "MinLSTM",
    "MinLSTMCell",
    "QRNN",
    "QRNNCell",
    "RGLRU",
    "RGLRUCell",
    "SRU",
    "SRUCell",
    "TGRU",
    "TGRUCell",
    "TLSTM",
    "TLSTMCell",
    "TRNN",
    "TRNNCell",
]
