"""Cells, one a file: the equations and the lines that compute them."""

from keras_rnnzoo.cells.atr import ATR, ATRCell
from keras_rnnzoo.cells.cfn import CFN, CFNCell
from keras_rnnzoo.cells.cifg_lstm import CIFGLSTM, CIFGLSTMCell
from keras_rnnzoo.cells.gru import GRU, GRUCell
from keras_rnnzoo.cells.intersection_rnn import IntersectionRNN, IntersectionRNNCell
from keras_rnnzoo.cells.janet import JANET, JANETCell
from keras_rnnzoo.cells.li_gru import LiGRU, LiGRUCell
from keras_rnnzoo.cells.light_ru import LightRU, LightRUCell
from keras_rnnzoo.cells.lstm import LSTM, LSTMCell
from keras_rnnzoo.cells.mgu import MGU, MGUCell
from keras_rnnzoo.cells.minimal_rnn import MinimalRNN, MinimalRNNCell
from keras_rnnzoo.cells.multiplicative_lstm import MultiplicativeLSTM, MultiplicativeLSTMCell
from keras_rnnzoo.cells.mut1 import MUT1, MUT1Cell
from keras_rnnzoo.cells.mut2 import MUT2, MUT2Cell
from keras_rnnzoo.cells.mut3 import MUT3, MUT3Cell
from keras_rnnzoo.cells.peephole_lstm import PeepholeLSTM, PeepholeLSTMCell
from keras_rnnzoo.cells.ran import RAN, RANCell
from keras_rnnzoo.cells.simple_rnn import SimpleRNN, SimpleRNNCell
from keras_rnnzoo.cells.star import STAR, STARCell
from keras_rnnzoo.cells.ugrnn import UGRNN, UGRNNCell

__all__ = [
    "ATR",
    "ATRCell",
    "CFN",
    "CFNCell",
    "CIFGLSTM",
    "CIFGLSTMCell",
    "GRU",
    "GRUCell",
    "IntersectionRNN",
    "IntersectionRNNCell",
    "JANET",
    "JANETCell",
    "LSTM",
    "LSTMCell",
    "LiGRU",
    "LiGRUCell",
    "LightRU",
    "LightRUCell",
    "MGU",
    "MGUCell",
    "MUT1",
    "MUT1Cell",
    "MUT2",
    "MUT2Cell",
    "MUT3",
    "MUT3Cell",
    "MinimalRNN",
    "MinimalRNNCell",
    "MultiplicativeLSTM",
    "MultiplicativeLSTMCell",
    "PeepholeLSTM",
    "PeepholeLSTMCell",
    "RAN",
    "RANCell",
    "STAR",
    "STARCell",
    "SimpleRNN",
    "SimpleRNNCell",
    "UGRNN",
    "UGRNNCell",
]
