"""One function for each figure; those drawn are Matplotlib `Figure`s that nobody shows."""

from keras_rnnzoo.figures.classification import confusion_matrix, error_by_length, reliability
from keras_rnnzoo.figures.entities import entities_html, entities_terminal
from keras_rnnzoo.figures.style import save
from keras_rnnzoo.figures.tagging import data_curve, transition_scores, type_confusion
from keras_rnnzoo.figures.training import gradient_through_time, learning_curves

__all__ = [
    "confusion_matrix",
    "data_curve",
    "entities_html",
    "entities_terminal",
    "error_by_length",
    "gradient_through_time",
    "learning_curves",
    "reliability",
    "save",
    "transition_scores",
    "type_confusion",
]
