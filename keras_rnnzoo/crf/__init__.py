"""Linear-chain conditional random fields."""

from keras_rnnzoo.crf.layer import CRF
from keras_rnnzoo.crf.pool import CRFPool
from keras_rnnzoo.crf.training import CRFLoss, TagAccuracy

__all__ = ["CRF", "CRFPool", "CRFLoss", "TagAccuracy"]
