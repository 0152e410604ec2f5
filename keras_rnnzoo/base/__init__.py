"""The contract: cells, the layers that walk them, and the options both share."""

from keras_rnnzoo.base.cell import RecurrentCell
from keras_rnnzoo.base.layer import RecurrentLayer
from keras_rnnzoo.base.linear import LinearCell

__all__ = ["LinearCell", "RecurrentCell", "RecurrentLayer"]
