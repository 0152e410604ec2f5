"""The generated parts of the README: `python -m keras_rnnzoo.readme --write`.

Each part stands between two comment lines that name it; a test says when one is out of date.
"""

import re

from keras_rnnzoo.readme.forecasts import cells_table, forecasting_table, quantiles_table
from keras_rnnzoo.readme.layers import kernels_table, layers_table
from keras_rnnzoo.readme.memory import memory_table
from keras_rnnzoo.readme.places import ROOT
from keras_rnnzoo.readme.results import (
    digits_table,
    imdb_table,
    language_table,
    movement_table,
    ner_table,
    shapes_table,
    translation_table,
)
from keras_rnnzoo.readme.timings import crf_table, speed_table

__all__ = ["PARTS", "ROOT", "fill"]

PARTS = {
    "layers": layers_table,
    "kernels": kernels_table,
    "imdb": imdb_table,
    "ner": ner_table,
    "forecasting": forecasting_table,
    "forecasting cells": cells_table,
    "forecasting quantiles": quantiles_table,
    "movement": movement_table,
    "digits": digits_table,
    "shapes": shapes_table,
    "translation": translation_table,
    "language": language_table,
    "memory": memory_table,
    "crf": crf_table,
    "speed": speed_table,
}


def fill(text):
    """`text` with every generated part made anew."""
    for name, make in PARTS.items():
        pattern = rf"(<!-- {name}: generated -->\n).*?(<!-- {name}: end -->)"
        made = make()
        text, count = re.subn(
            pattern, lambda m, made=made: m[1] + made + "\n" + m[2], text, flags=re.S
        )
        if count != 1:
            raise ValueError(f"Expected one place for the part {name!r}. Received: {count} places")
    return text
