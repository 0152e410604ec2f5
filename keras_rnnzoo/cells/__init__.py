"""Cells, one a file: the equations and the lines that compute them."""

from keras_rnnzoo.cells.antisymmetric_rnn import AntisymmetricRNN, AntisymmetricRNNCell
from keras_rnnzoo.cells.atr import ATR, ATRCell
from keras_rnnzoo.cells.cfn import CFN, CFNCell
from keras_rnnzoo.cells.cifg_lstm import CIFGLSTM, CIFGLSTMCell
from keras_rnnzoo.cells.co_rnn import CoRNN, CoRNNCell
from keras_rnnzoo.cells.esn import ESN, ESNCell
from keras_rnnzoo.cells.fast_grnn import FastGRNN, FastGRNNCell
from keras_rnnzoo.cells.fast_rnn import FastRNN, FastRNNCell
from keras_rnnzoo.cells.gru import GRU, GRUCell
from keras_rnnzoo.cells.ind_rnn import IndRNN, IndRNNCell
from keras_rnnzoo.cells.intersection_rnn import IntersectionRNN, IntersectionRNNCell
from keras_rnnzoo.cells.janet import JANET, JANETCell
from keras_rnnzoo.cells.layer_norm_lstm import LayerNormLSTM, LayerNormLSTMCell
from keras_rnnzoo.cells.lem import LEM, LEMCell
from keras_rnnzoo.cells.li_gru import LiGRU, LiGRUCell
from keras_rnnzoo.cells.light_ru import LightRU, LightRUCell
from keras_rnnzoo.cells.lstm import LSTM, LSTMCell
from keras_rnnzoo.cells.mgu import MGU, MGUCell
from keras_rnnzoo.cells.minimal_rnn import MinimalRNN, MinimalRNNCell
from keras_rnnzoo.cells.multiplicative_lstm import MultiplicativeLSTM, MultiplicativeLSTMCell
from keras_rnnzoo.cells.mut1 import MUT1, MUT1Cell
from keras_rnnzoo.cells.mut2 import MUT2, MUT2Cell
from keras_rnnzoo.cells.mut3 import MUT3, MUT3Cell
from keras_rnnzoo.cells.nas import NAS, NASCell
from keras_rnnzoo.cells.peephole_lstm import PeepholeLSTM, PeepholeLSTMCell
from keras_rnnzoo.cells.phased_lstm import PhasedLSTM, PhasedLSTMCell
from keras_rnnzoo.cells.ran import RAN, RANCell
from keras_rnnzoo.cells.rhn import RHN, RHNCell
from keras_rnnzoo.cells.simple_rnn import SimpleRNN, SimpleRNNCell
from keras_rnnzoo.cells.slstm import SLSTM, SLSTMCell
from keras_rnnzoo.cells.star import STAR, STARCell
from keras_rnnzoo.cells.ugrnn import UGRNN, UGRNNCell
from keras_rnnzoo.cells.wmc_lstm import WMCLSTM, WMCLSTMCell

__all__ = [
    "ATR",
    "ATRCell",
    "AntisymmetricRNN",
    "AntisymmetricRNNCell",
    "CFN",
    "CFNCell",
    "CIFGLSTM",
    "CIFGLSTMCell",
    "CoRNN",
    "CoRNNCell",
    "ESN",
    "ESNCell",
    "FastGRNN",
    "FastGRNNCell",
    "FastRNN",
    "FastRNNCell",
    "GRU",
    "GRUCell",
    "IndRNN",
    "IndRNNCell",
    "IntersectionRNN",
    "IntersectionRNNCell",
    "JANET",
    "JANETCell",
    "LEM",
    "LEMCell",
    "LSTM",
    "LSTMCell",
    "LayerNormLSTM",
    "LayerNormLSTMCell",
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
    "NAS",
    "NASCell",
    "PeepholeLSTM",
    "PeepholeLSTMCell",
    "PhasedLSTM",
    "PhasedLSTMCell",
    "RAN",
    "RANCell",
    "RHN",
    "RHNCell",
    "SLSTM",
    "SLSTMCell",
    "STAR",
    "STARCell",
    "SimpleRNN",
    "SimpleRNNCell",
    "UGRNN",
    "UGRNNCell",
    "WMCLSTM",
    "WMCLSTMCell",
]
