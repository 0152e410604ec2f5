"""Cells, one a file: the equations and the lines that compute them."""

from keras_rnnzoo.cells.cifg_lstm import CIFGLSTM, CIFGLSTMCell
from keras_rnnzoo.cells.gru import GRU, GRUCell
from keras_rnnzoo.cells.intersection_rnn import IntersectionRNN, IntersectionRNNCell
from keras_rnnzoo.cells.li_gru import LiGRU, LiGRUCell
from keras_rnnzoo.cells.lstm import LSTM, LSTMCell
from keras_rnnzoo.cells.mgu import MGU, MGUCell
from keras_rnnzoo.cells.peephole_lstm import PeepholeLSTM, PeepholeLSTMCell
from keras_rnnzoo.cells.simple_rnn import SimpleRNN, SimpleRNNCell

__all__ = [
    "CIFGLSTM",
    "CIFGLSTMCell",
    "GRU",
    "GRUCell",
    "IntersectionRNN",
    "IntersectionRNNCell",
    "LSTM",
    "LSTMCell",
    "LiGRU",
    "LiGRUCell",
    "MGU",
    "MGUCell",
    "PeepholeLSTM",
    "PeepholeLSTMCell",
    "SimpleRNN",
    "SimpleRNNCell",
]
