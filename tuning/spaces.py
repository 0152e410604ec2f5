"""What a sweep chooses from: a function a task, from KerasTuner's `hp` to a flat configuration."""

import functools
from dataclasses import dataclass

import keras_rnnzoo as zoo
from keras_rnnzoo.models.forget_start import forget_gates
from keras_rnnzoo.registry import snake_case

MERGE_MODES = ["concat", "sum", "ave", "max", "gated"]
CONNECTIONS = ["none", "residual", "highway", "dense"]
NOISES = ["none", "recurrent_dropout", "zoneout"]
FORGET_STARTS = ["1", "0", "chrono"]
NAMES = (
    "cell",
    "depth",
    "units",
    "merge_mode",
    "connections",
    "dropout",
    "recurrent_dropout",
    "zoneout",
    "learning_rate",
    "clip",
    "forget_bias",
)


@dataclass(frozen=True)
class Choices:
    """What the user leaves open.

    Arguments:
        cells: names in snake case, see `read_cells`.
        depths: numbers of layers.
        parameters: the budget that the width is solved from, or `None` to choose the width too.

    Raises:
        ValueError: nothing to choose from.
    """

    cells: tuple
    depths: tuple
    parameters: int | None = None

    def __post_init__(self):
        for name in ("cells", "depths"):
            if not getattr(self, name):
                raise ValueError(
                    f"The space is empty: a sweep needs one of --{name} at least. "
                    f"Received: {name}={getattr(self, name)!r}"
                )


def read_cells(text):
    """Names of cells in snake case, from a list with commas in either spelling, or `"all"`.

    `"all"` leaves out what cannot be compared: no task of a sweep has the time of a step in its
    input (PhasedLSTM), and no width spends the parameters where none are trained (ESN).

    Raises:
        ValueError: an unknown name, with the nearest that is known; a name given twice; a layer
            that cannot be compared.

    Example:

    >>> read_cells("LSTM,peephole_lstm")
    ('lstm', 'peephole_lstm')
    """
    known = zoo.list_layers()
    if text.strip() == "all":
        names = [name for name in known if not _why_not(zoo.get(name))]
    else:
        names = [part.strip() for part in text.split(",")]
    classes = [zoo.get(name).__name__ for name in names if name]
    others = [name for name in classes if name not in known]
    if others:
        raise ValueError(
            "A sweep goes over recurrent layers, keras_rnnzoo.list_layers(). "
            f"Received: {others[0]}, which is none"
        )
    for name in classes:
        if _why_not(zoo.get(name)):
            raise ValueError(
                f"A sweep cannot compare this cell: {_why_not(zoo.get(name))}. Leave it out. "
                f"Received: {name}"
            )
    cells = tuple(map(snake_case, classes))
    if len(set(cells)) < len(cells):
        raise ValueError(f"A cell is named twice. Received: cells={text!r}")
    return cells


def _why_not(layer):
    """Why a sweep cannot go over a layer; empty where it can."""
    if layer.cell_class.side_inputs:
        return "it reads the time of each step from its input, and no task of a sweep has it there"
    if not layer(1).trainable:
        return "none of its weights are trained, so no width spends the same parameters as others"
    return ""


def read_depths(text):
    """Numbers of layers, from `"2"`, `"1-3"` or `"1,2,4"`.

    Raises:
        ValueError: anything else.

    Example:

    >>> read_depths("1-3")
    (1, 2, 3)
    """
    depths = []
    try:
        for part in text.split(","):
            first, dash, last = part.partition("-")
            depths += range(int(first), int(last if dash else first) + 1)
    except ValueError:
        depths = []
    if not depths or min(depths) < 1:
        raise ValueError(
            "Depths are numbers of layers from 1, such as 2, 1-3 or 1,2,4. Received: "
            f"depths={text!r}, which leaves nothing to choose from"
        )
    return tuple(sorted(set(depths)))


def _stack(hp, choices):
    """Cell, depth, width and how the layers are joined."""
    cell = hp.Choice("cell", list(choices.cells))
    depth = hp.Choice("depth", list(choices.depths))
    units = None
    if choices.parameters is None:
        units = hp.Int("units", 16, 256, sampling="log")
    connections = "none"
    deep = [number for number in choices.depths if number > 1]
    if deep:
        with hp.conditional_scope("depth", deep):
            connections = hp.Choice("connections", CONNECTIONS) or "none"
    return {"cell": cell, "depth": depth, "units": units, "connections": connections}


def _noise(hp, cell):
    """Noise in the recurrence; a cell that refuses what was drawn goes without.

    So all cells share the draw. (KerasTuner knows no scope under two choices at once.)
    """
    found = dict.fromkeys(NOISES[1:])
    hp.Choice("noise", NOISES)
    for option in found:
        with hp.conditional_scope("noise", [option]):
            rate = hp.Float(option, 0.05, 0.4)
        found[option] = None if option in zoo.get(cell).cell_class.refuses else rate
    return found


@functools.cache
def has_forget_gates(cell):
    """Whether `forget_gates` knows some; remembered, as it makes a cell to see."""
    return bool(forget_gates(cell))


def _forget_bias(hp, choices):
    """Where the forget gates start, for cells that have them."""
    cells, found = [name for name in choices.cells if has_forget_gates(name)], None
    if cells:
        with hp.conditional_scope("cell", cells):
            found = hp.Choice("forget_bias", FORGET_STARTS)
    return {"forget_bias": found}


def _training(hp, low, high):
    learning_rate = hp.Float("learning_rate", low, high, sampling="log")
    clip = hp.Choice("clip", ["1.0", "none"])
    return {"learning_rate": learning_rate, "clip": None if clip == "none" else float(clip)}


def _common(hp, choices, rates, dropout=0.5):
    stack = _stack(hp, choices)
    return {
        **dict.fromkeys(NAMES),
        **stack,
        "dropout": hp.Float("dropout", 0.0, dropout),
        **_noise(hp, stack["cell"]),
        **_forget_bias(hp, choices),
        **_training(hp, *rates),
    }


def sequences(hp, choices):
    """Chorales and the generated tasks: a stack in one direction, no more."""
    return _common(hp, choices, (3e-4, 3e-2))


def imdb(hp, choices):
    """Reviews: both directions, joined in one way or another."""
    merged = {"merge_mode": hp.Choice("merge_mode", MERGE_MODES)}
    return {**_common(hp, choices, (5e-4, 2e-2)), **merged}


def ner(hp, choices):
    """Named entities: both directions, joined in one way or another."""
    merged = {"merge_mode": hp.Choice("merge_mode", MERGE_MODES)}
    return {**_common(hp, choices, (3e-4, 2e-2)), **merged}


def forecasting(hp, choices):
    """Series: a stack in one direction beside a straight line."""
    return _common(hp, choices, (1e-4, 1e-2))


def describe(hp):
    """What is chosen from, in words by name.

    Arguments:
        hp: KerasTuner's `HyperParameters`, after a space was called with it.

    Example:

    >>> describe(hp)["learning_rate"]
    '0.0003 to 0.03, log'
    """
    found = {}
    for one in hp.space:
        config = one.get_config()
        if "min_value" in config:
            text = f"{config['min_value']} to {config['max_value']}, {config['sampling']}"
        else:
            text = ", ".join(map(str, one.values))
        under = [f"{c.name} in {', '.join(map(str, c.values))}" for c in one.conditions]
        text += f" (where {' and '.join(under)})" if under else ""
        found[one.name] = f"{found[one.name]}; {text}" if one.name in found else text
    return found
