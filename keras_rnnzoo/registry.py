"""What exists, by name."""

import inspect
import re

import keras

from keras_rnnzoo.base import LinearCell, RecurrentCell, RecurrentLayer
from keras_rnnzoo.base.options import nearest
from keras_rnnzoo.crf import CRF

__all__ = ["get", "kind_of", "list_layers", "snake_case"]

KINDS = {
    "recurrent": "layers that walk a cell through time, built from `units`",
    "cell": "one step of each, for `keras.layers.RNN`",
    "combiner": "what takes a layer and gives a layer",
    "hybrid": "recurrence with convolution or attention around it",
    "head": "what turns scores into a structured output, built from the number of tags",
    "loss": "losses for `compile`",
    "metric": "metrics for `compile`",
    "model": "ready models",
    "base": "what a new cell or layer is derived from",
}
_BASES = (RecurrentCell, LinearCell, RecurrentLayer)


def snake_case(name):
    """`"PeepholeLSTM"` to `"peephole_lstm"`; several words of capitals stay together."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return name.lower()


def kind_of(cls):
    """The kind of one of our exported classes, or `None` for what is no layer."""
    if cls in _BASES:
        return "base"
    if issubclass(cls, RecurrentCell):
        return "cell"
    if issubclass(cls, RecurrentLayer):
        return "recurrent"
    if issubclass(cls, CRF):
        return "head"
    if issubclass(cls, keras.Model):
        return "model"
    if cls.__module__.startswith("keras_rnnzoo.hybrids"):
        return "hybrid"
    others = {keras.layers.Layer: "combiner", keras.Loss: "loss", keras.Metric: "metric"}
    return next((kind for base, kind in others.items() if issubclass(cls, base)), None)


def _classes():
    import keras_rnnzoo

    exported = (getattr(keras_rnnzoo, name) for name in keras_rnnzoo.__all__)
    return [cls for cls in exported if inspect.isclass(cls)]


def list_layers(kind="recurrent"):
    """Names of all layers of a kind, sorted.

    Arguments:
        kind: `"recurrent"` (what builds from `units`), `"cell"`, `"combiner"`, `"hybrid"`,
            `"head"` (what builds from a number of tags), `"loss"`, `"metric"`, `"model"` or
            `"base"`. Combiners, hybrids and models have a `sample()` that makes a small one.

    Raises:
        ValueError: there is no such kind.

    Example:

    >>> [name for name in keras_rnnzoo.list_layers() if name.startswith("MUT")]
    ['MUT1', 'MUT2', 'MUT3']
    """
    if kind not in KINDS:
        raise ValueError(
            f"`kind` must be one of {', '.join(map(repr, KINDS))}.{nearest(kind, KINDS)} "
            f"Received: kind={kind!r}"
        )
    return sorted(cls.__name__ for cls in _classes() if kind_of(cls) == kind)


def get(name):
    """The class of a layer or cell by name: `"PeepholeLSTM"` or `"peephole_lstm"`.

    Arguments:
        name: class name in either spelling; a class or a layer is handed back as it is.

    Raises:
        ValueError: there is no such layer; the message names the nearest.

    Example:

    >>> keras_rnnzoo.get("peephole_lstm")(32)
    """
    if inspect.isclass(name) or isinstance(name, keras.layers.Layer):
        return name
    spelled = str(name).replace("_", "").replace("-", "").lower()
    classes = {cls.__name__: cls for cls in _classes() if cls not in _BASES}
    for known, cls in classes.items():
        if known.lower() == spelled:
            return cls
    raise ValueError(
        f"There is no layer of that name.{nearest(name, [*classes, *map(snake_case, classes)])} "
        f"`keras_rnnzoo.list_layers()` names them all. Received: {name!r}"
    )
