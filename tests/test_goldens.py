"""Weights and numbers that must not change: one file a layer, the same for three backends.

`python -m pytest tests/test_goldens.py --update-goldens` writes the files anew. Do so for a new
layer; for an old one only when its weights or numbers change on purpose, as saved files then break.
"""

import json
import pathlib
import re

import numpy as np
import pytest
from catalogue import CASES, REGISTERED
from helpers import BACKEND, close, numpy
from running import FIRST

from keras_rnnzoo.registry import snake_case

FOLDER = pathlib.Path(__file__).parent / "goldens"
BATCH, TIME, FEATURES, UNITS = 2, 4, 3, 2


def wave(shape, shift):
    """Numbers that no generator of random numbers can change."""
    size = int(np.prod(shape))
    return (0.8 * np.sin(np.linspace(1.0, 3.0 + size, size) + shift)).reshape(shape)


def record(case):
    """The weights by path and shape in their order, and what a fixed input gives."""
    layer = case.layer(UNITS, return_sequences=True, return_state=True)
    layer.build((BATCH, TIME, FEATURES))
    for k, weight in enumerate(layer.weights):
        weight.assign(wave(weight.shape, k))
    mask = np.array([[True] * TIME, [False, True, True, False]])
    outputs, *states = layer(wave((BATCH, TIME, FEATURES), 0.5).astype("float32"), mask=mask)
    return {
        "weights": [[re.sub(r"_\d+/", "/", w.path), list(w.shape)] for w in layer.weights],
        "outputs": np.round(numpy(outputs).astype("float64"), 7).tolist(),
        "states": [np.round(numpy(s).astype("float64"), 7).tolist() for s in states],
    }


def path_of(name):
    return FOLDER / f"{snake_case(name)}.json"


# That a layer gives the same on each backend is tried of all in `test_gradients.py`.
GOLDEN = CASES if BACKEND == FIRST else REGISTERED


@pytest.mark.parametrize("name", sorted({case.name for case in GOLDEN}))
def test_golden(name, request):
    cases = [case for case in CASES if case.name == name]
    if request.config.getoption("--update-goldens"):
        FOLDER.mkdir(exist_ok=True)
        text = json.dumps({str(case): record(case) for case in cases}, indent=1)
        path_of(name).write_text(text + "\n", encoding="utf-8")
    golden = json.loads(path_of(name).read_text(encoding="utf-8"))
    assert set(golden) == {str(case) for case in cases}
    for case in cases:
        got, expected = record(case), golden[str(case)]
        assert got["weights"] == expected["weights"]
        close(np.array(got["outputs"]), np.array(expected["outputs"]), 1e-6)
        close([np.array(s) for s in got["states"]], [np.array(s) for s in expected["states"]], 1e-6)


def test_no_golden_without_a_layer():
    assert {p.stem for p in FOLDER.glob("*.json")} == {snake_case(case.name) for case in CASES}
