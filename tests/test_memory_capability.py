"""What cells can and cannot remember, as theory has it: minutes each, with `pytest -m slow`."""

import pytest

import keras_rnnzoo as zoo
from keras_rnnzoo import training
from keras_rnnzoo.models.memory_recipes import memory_recipe
from keras_rnnzoo.models.memory_tasks import TASKS, trivial_scores
from keras_rnnzoo.models.memory_training import fit_memory_task, score_memory
from keras_rnnzoo.models.predictor_recipes import build_sequence_predictor

pytestmark = pytest.mark.slow


def trained(task, cell, length=None, minutes=10.0):
    """Scores on test by the recipe of the cell, and the goal."""
    if cell not in zoo.list_layers():
        pytest.skip(f"{cell} is not in list_layers()")
    parts = TASKS[task].parts(length)
    goal = TASKS[task].goal.against(trivial_scores(parts))
    recipe = memory_recipe(task, cell, int(parts.train.lengths.max()))
    training.set_seed(0)
    model = build_sequence_predictor(parts.train, recipe, seed=0)
    fit_memory_task(model, parts, recipe, goal, minutes=minutes)
    return score_memory(model, parts.test), goal


@pytest.mark.parametrize("cell", ["LSTM", "GRU", "SLSTM"])
def test_cells_that_see_their_state_follow_parity_six_times_beyond_training(cell):
    scores, goal = trained("parity", cell)
    assert goal.met(scores), scores


@pytest.mark.parametrize("cell", ["MinGRU", "MinLSTM", "LRU", "RGLRU", "TRNN"])
def test_linear_cells_do_not(cell):
    """Gates that see the input alone cannot turn a state round and round."""
    scores, _ = trained("parity", cell, minutes=2)
    assert abs(scores["scaled_accuracy"]) < 0.2, scores


def test_sums_are_remembered_over_a_thousand_steps():
    """By an LSTM whose forget gates start by chrono initialisation; 0.167 needs no memory."""
    scores, goal = trained("adding", "LSTM", 1000)
    assert goal.met(scores), scores


def test_a_unit_that_sees_itself_alone_remembers_them_nearly_as_well():
    """Its recorded run ends at the goal on validation and at 0.001002 on test."""
    scores, _ = trained("adding", "IndRNN", 1000)
    assert scores["mse"] < 0.003, scores


@pytest.mark.parametrize("cell", ["GRU", "MinGRU", "MinLSTM"])
def test_tokens_are_told_from_noise(cell):
    scores, goal = trained("selective_copy", cell)
    assert goal.met(scores), scores
