"""One function for each figure; those drawn are Matplotlib `Figure`s that nobody shows."""

from keras_rnnzoo.figures.attention import alignment
from keras_rnnzoo.figures.capability import goal_curve, solved_map
from keras_rnnzoo.figures.classification import confusion_matrix, error_by_length, reliability
from keras_rnnzoo.figures.comparison import cells_scatter
from keras_rnnzoo.figures.entities import entities_html, entities_terminal
from keras_rnnzoo.figures.forecast_errors import calibration, error_by_horizon, residuals
from keras_rnnzoo.figures.forecasting import forecast, rolling_forecasts
from keras_rnnzoo.figures.gradients import gradient_through_time
from keras_rnnzoo.figures.spectrograms import clip_page
from keras_rnnzoo.figures.style import save
from keras_rnnzoo.figures.tagging import data_curve, transition_scores, type_confusion
from keras_rnnzoo.figures.training import learning_curves
from keras_rnnzoo.figures.word_weights import word_weights

__all__ = [
    "alignment",
    "calibration",
    "cells_scatter",
    "clip_page",
    "confusion_matrix",
    "data_curve",
    "entities_html",
    "entities_terminal",
    "error_by_horizon",
    "error_by_length",
    "forecast",
    "goal_curve",
    "gradient_through_time",
    "learning_curves",
    "reliability",
    "residuals",
    "rolling_forecasts",
    "save",
    "solved_map",
    "transition_scores",
    "type_confusion",
    "word_weights",
]
