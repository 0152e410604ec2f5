"""The standard options of every cell: declared, validated and serialised in one place."""

import difflib
import inspect
import math
from collections.abc import Callable
from typing import Any, NamedTuple

from keras import activations, constraints, initializers, regularizers

__all__ = [
    "OPTIONS",
    "Option",
    "block_of_steps",
    "boolean",
    "choice",
    "nearest",
    "number",
    "positive",
    "positive_int",
    "rate",
    "read_options",
    "refuse_unknown",
    "share",
]


def nearest(name, known):
    """`" Did you mean 'x'?"`, or nothing when no known name is near."""
    match = difflib.get_close_matches(str(name), [str(k) for k in known], n=1, cutoff=0.5)
    return f" Did you mean {match[0]!r}?" if match else ""


def refuse_unknown(cls, given, known, allowed=None):
    """An error for the first of `given` that is not `allowed`, with the nearest that is `known`."""
    for name in given.keys() - set(known if allowed is None else allowed):
        raise TypeError(
            f"{cls.__name__} has no option `{name}`.{nearest(name, known)} "
            f"Received: {name}={given[name]!r}"
        )


def choice(name, value, allowed):
    """`value` if it is one of `allowed`, else an error that names the nearest."""
    if value not in allowed:
        raise ValueError(
            f"`{name}` must be one of {', '.join(map(repr, allowed))}."
            f"{nearest(value, allowed)} Received: {name}={value!r}"
        )
    return value


def positive_int(name, value):
    """`value` as an `int` if it is a whole number above zero."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or value <= 0:
        raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value!r}")
    return int(value)


def number(name, value, wanted="a finite number", fits=lambda value: True):
    """`value` as a `float` if it is a finite number that `fits`; `wanted` says which does."""
    plain = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not plain or not math.isfinite(value) or not fits(value):
        raise ValueError(f"`{name}` must be {wanted}. Received: {name}={value!r}")
    return float(value)


def positive(name, value):
    """`value` as a `float` if it is a number above zero."""
    return number(name, value, "a positive number", lambda value: value > 0)


def share(name, value):
    """`value` as a `float` if it lies in (0, 1]."""
    return number(name, value, "a number in (0, 1]", lambda value: 0 < value <= 1)


def rate(name, value):
    """`value` as a `float` if it lies in [0, 1)."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1:
        raise ValueError(
            f"`{name}` is a probability of dropping and must lie in [0, 1). "
            f"Received: {name}={value!r}"
        )
    return float(value)


def boolean(name, value):
    """`value` as a `bool` if it is true, false, one or nought."""
    if not isinstance(value, (bool, int)) or value not in (0, 1):
        raise ValueError(f"`{name}` must be True or False. Received: {name}={value!r}")
    return bool(value)


def block_of_steps(name, value):
    """`value` if it is `None`, true, false or a whole number above zero."""
    if value is None or isinstance(value, bool):
        return value
    if not hasattr(value, "__index__") or value <= 0:
        raise ValueError(
            f"`{name}` must be None, True, False or the number of steps of a block. "
            f"Received: {name}={value!r}"
        )
    return int(value)


def _rates(name, value):
    """One rate for every state, or a dict with a rate for some states."""
    if isinstance(value, dict):
        return {key: rate(f"{name}[{key!r}]", part) for key, part in value.items()}
    return rate(name, value)


def _optional(check):
    return lambda name, value: None if value is None else check(name, value)


def _integer(name, value):
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise ValueError(f"`{name}` must be an integer or None. Received: {name}={value!r}")
    return int(value)


def _same(value):
    return value


def _plain(value):
    return dict(value) if isinstance(value, dict) else value


class Option(NamedTuple):
    """A standard option: its default, how it is read, how it is written, what it means."""

    default: Any
    read: Callable[[str, Any], Any]
    write: Callable[[Any], Any]
    meaning: str


def _of(module, default, meaning):
    return Option(default, lambda _, value: module.get(value), module.serialize, meaning)


RECURRENCES = ("dense", "diagonal", "block")
INTEGRATIONS = ("sum", "multiplicative")

OPTIONS = {
    "activation": _of(activations, "tanh", "of the candidate and the output"),
    "recurrent_activation": _of(activations, "sigmoid", "of the gates"),
    "use_bias": Option(True, boolean, _same, "whether the gates have a bias"),
    "kernel_initializer": _of(initializers, "glorot_uniform", "of the input kernel"),
    "recurrent_initializer": _of(initializers, "orthogonal", "of the recurrent kernel"),
    "bias_initializer": _of(initializers, "zeros", "of the bias"),
    "kernel_regularizer": _of(regularizers, None, "of the input kernel"),
    "recurrent_regularizer": _of(regularizers, None, "of the recurrent kernel"),
    "bias_regularizer": _of(regularizers, None, "of the bias"),
    "kernel_constraint": _of(constraints, None, "of the input kernel"),
    "recurrent_constraint": _of(constraints, None, "of the recurrent kernel"),
    "bias_constraint": _of(constraints, None, "of the bias"),
    "dropout": Option(0.0, rate, _same, "rate on the inputs, one mask a sequence"),
    "recurrent_dropout": Option(
        0.0, rate, _same, "rate on the recurrent operand, one mask a sequence"
    ),
    "zoneout": Option(
        0.0,
        _rates,
        _plain,
        "chance that a unit keeps its old state, drawn every step; a number or a dict by state "
        "(Krueger et al. 2016, arXiv:1606.01305)",
    ),
    "layer_norm": Option(
        False,
        boolean,
        _same,
        "normalise the input part and the recurrent part of each gate, and c where it is read "
        "(Ba et al. 2016, arXiv:1607.06450)",
    ),
    "recurrence": Option(
        "dense",
        lambda name, value: choice(name, value, RECURRENCES),
        _same,
        "'dense', 'diagonal' or 'block' recurrent products",
    ),
    "blocks": Option(
        None, _optional(positive_int), _same, "how many blocks, with recurrence='block' (4)"
    ),
    "integration": Option(
        "sum",
        lambda name, value: choice(name, value, INTEGRATIONS),
        _same,
        "how input and recurrent part join: 'sum' or 'multiplicative' "
        "(Wu et al. 2016, arXiv:1606.06630)",
    ),
    "projection": Option(
        None,
        _optional(positive_int),
        _same,
        "width to which output and recurrent operand are projected (Sak et al. 2014, "
        "arXiv:1402.1128)",
    ),
    "cell_clip": Option(None, _optional(positive), _same, "c is clipped to ± this value"),
    "seed": Option(None, _optional(_integer), _same, "of the dropout and zoneout masks"),
}


def read_options(cls, options):
    """`(settings, rest)`: every standard option of `cls` read from `options`, and what is left."""
    known = [name for name in OPTIONS if name not in cls.refuses]
    settings, rest = {}, dict(options)
    for name, option in OPTIONS.items():
        default = cls.defaults.get(name, option.default)
        value = rest.pop(name, default)
        if name in cls.refuses and value != default:
            raise ValueError(
                f"{cls.__name__} does not take `{name}`: {cls.refuses[name]}. "
                f"Remove the option. Received: {name}={value!r}"
            )
        settings[name] = option.read(name, value)
    of_keras = ["name", "dtype", "trainable"]
    refuse_unknown(cls, rest, [*of_keras, *own_parameters(cls), *known], of_keras)
    return settings, rest


def own_parameters(cls):
    """The parameters that `cls` and its bases name in `__init__`, `units` first."""
    found = {}
    for base in reversed(cls.__mro__):
        if "__init__" not in vars(base) or not hasattr(base, "refuses"):
            continue
        for name, parameter in inspect.signature(base.__init__).parameters.items():
            if name != "self" and parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
                found[name] = parameter
    return found
