"""The tables of layers and kernels."""

import inspect

from keras_rnnzoo.base import LinearCell
from keras_rnnzoo.base.options import OPTIONS
from keras_rnnzoo.registry import get, list_layers


def layers_table():
    """Every recurrent layer: name, source, states, refused options, kernel."""
    rows = ["| layer | source | states | options it refuses | kernel |", "|---|---|---|---|---|"]
    for name in list_layers():
        cell = get(name).cell_class
        source = inspect.getdoc(cell).split("Reference: ")[1].replace("\n", " ")
        refused = [f"`{option}`" for option in OPTIONS if option in cell.refuses]
        kernel = "linear scan" if issubclass(cell, LinearCell) else "step loop"
        states = ", ".join(cell.states)
        rows.append(f"| `{name}` | {source} | {states} | {', '.join(refused) or '-'} | {kernel} |")
    return "\n".join(rows)


def kernels_table():
    """What walks time on each backend, for three kinds of cell."""
    cells = {name: get(name)(1) for name in ("LSTM", "PeepholeLSTM", "MinGRU")}
    rows = [
        "| backend | `LSTM`, `GRU`, `SimpleRNN` | other cells | linear cells |",
        "|---|---|---|---|",
    ]
    for backend in ("tensorflow", "jax", "torch"):
        texts = [layer.cell.explain_kernel(backend)[0] for layer in cells.values()]
        rows.append(f"| {backend} | {' | '.join(texts)} |")
    return "\n".join(rows)
