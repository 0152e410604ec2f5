"""One function for each figure; every one gives a Matplotlib `Figure` and shows nothing."""

from keras_rnnzoo.figures.classification import confusion_matrix, error_by_length, reliability
from keras_rnnzoo.figures.style import save
from keras_rnnzoo.figures.training import gradient_through_time, learning_curves

__all__ = [
    "confusion_matrix",
    "error_by_length",
    "gradient_through_time",
    "learning_curves",
    "reliability",
    "save",
]
