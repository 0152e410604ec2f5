"""How each kind of cell is trained on each capability task; chosen on validation, never on test."""

import dataclasses

from keras_rnnzoo.base import LinearCell
from keras_rnnzoo.models.forget_start import forget_gates
from keras_rnnzoo.models.memory_tasks import task_named
from keras_rnnzoo.models.predictor_recipes import RECIPES, PredictorRecipe
from keras_rnnzoo.registry import get

ONE_CELL = ("spike_timing", "function_generation")
LONG = ("adding", "copy")

BY_TASK = {
    "adding": PredictorRecipe({"units": 64}, epochs=200, learning_rate=1e-2, batch_size=32),
    "copy": PredictorRecipe({"units": 64}, epochs=300, learning_rate=1e-2, batch_size=32),
    "parity": PredictorRecipe({"units": 32}, epochs=400, learning_rate=5e-3, batch_size=64),
    "selective_copy": PredictorRecipe({"units": 64}, epochs=200, learning_rate=5e-3, batch_size=64),
    "spike_timing": PredictorRecipe({"units": 1}, epochs=200, learning_rate=5e-2, batch_size=16),
    "function_generation": PredictorRecipe(
        {"units": 1}, epochs=200, learning_rate=5e-2, batch_size=16
    ),
    "jsb": RECIPES["jsb"],
}
"""Spikes and functions have one cell, as in the paper that asked for them."""

LINEAR = {
    "adding": {"depth": 2, "connections": "residual"},
    "copy": {"depth": 2, "connections": "residual"},
    "parity": {"depth": 2, "connections": "residual"},
    "selective_copy": {"depth": 3, "connections": "residual"},
}
"""What a linear cell is given beyond that: its gates see the state through depth alone."""


def _start(low, high):
    return {"class_name": "RandomUniform", "config": {"minval": low, "maxval": high}}


def _ind_rnn(task, steps):
    """Every unit starts where, after all steps, at least half of what it held is left."""
    options = {"recurrent_initializer": _start(0.5 ** (1 / steps), 1.0), "max_length": steps}
    if task in LONG:
        return {"learning_rate": 1e-3, "model": {"depth": 2, "cell_options": options}}
    return {"model": {"cell_options": {"max_length": steps}}}


def _co_rnn(task, steps):
    """Slow oscillators, strongly damped, as the authors have them for adding."""
    slow = {"dt": 0.016, "gamma": 94.5, "epsilon": 9.5}
    return {"model": {"cell_options": slow}} if task == "adding" else {}


def _janet(task, steps):
    chrono = {"cell_options": {"chrono_steps": max(3, steps)}}
    return {"model": chrono} if task in LONG else {}


def _phased_lstm(task, steps):
    """Periods up to the length of a sequence: a longer one never opens."""
    return {"model": {"step_times": True, "cell_options": {"longest_period": float(steps)}}}


def _one_cell(task, steps):
    """Without squashing, as Gers et al. have it: where c is counted up it must not saturate."""
    return {"model": {"cell_options": {"activation": "linear"}}} if task in ONE_CELL else {}


CELLS = {
    "LSTM": _one_cell,
    "PeepholeLSTM": _one_cell,
    "IndRNN": _ind_rnn,
    "CoRNN": _co_rnn,
    "JANET": _janet,
    "PhasedLSTM": _phased_lstm,
    "LEM": lambda task, steps: {} if task in ONE_CELL else {"learning_rate": 2.6e-3},
    "ESN": lambda task, steps: {} if task in ONE_CELL else {"model": {"units": 256}},
    "AntisymmetricRNN": lambda task, steps: {"model": {"cell_options": {"gated": True}}},
}
"By name of the layer: a function of task and longest sequence that gives what differs."


def memory_recipe(task, cell, steps):
    """The `PredictorRecipe` of a cell for a task.

    Arguments:
        task: a name in `TASKS`.
        cell: name or class of a recurrent layer.
        steps: of the longest training sequence.

    Raises:
        ValueError: an unknown task or cell.

    Example:

    >>> memory_recipe("adding", "lstm", 400).model["forget_start"]
    'chrono'
    """
    task_named(task)
    layer, recipe = get(cell), BY_TASK[task]
    model = {**recipe.model, "cell": layer.__name__}
    model.pop("forget_start", None)  # whether there is a forget gate is up to the cell
    if task in LONG and forget_gates(layer):
        model |= {"forget_start": "chrono", "chrono_steps": max(3, steps)}
    if issubclass(layer.cell_class, LinearCell):
        model |= LINEAR.get(task, {})
    changes = CELLS.get(layer.__name__, lambda *_: {})(task, steps)
    own = changes.pop("model", {})
    options = {**model.get("cell_options", {}), **own.get("cell_options", {})}
    refused = layer.cell_class.refuses  # the dropout of the chorales, by linear cells
    options = {name: value for name, value in options.items() if name not in refused}
    return dataclasses.replace(recipe, model={**model, **own, "cell_options": options}, **changes)
