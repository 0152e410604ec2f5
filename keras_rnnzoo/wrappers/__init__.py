"""What takes layers and gives a layer."""

from keras_rnnzoo.wrappers.bidirectional import Bidirectional
from keras_rnnzoo.wrappers.merge import Merge
from keras_rnnzoo.wrappers.pairs import BiGRU, BiLSTM, BiPeepholeLSTM
from keras_rnnzoo.wrappers.stacked import StackedRecurrent

__all__ = [
    "BiGRU",
    "BiLSTM",
    "BiPeepholeLSTM",
    "Bidirectional",
    "Merge",
    "StackedRecurrent",
]
