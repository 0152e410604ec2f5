"""Signatures, documentation and configs that are derived, so that no class writes them by hand."""

import inspect

from keras.saving import register_keras_serializable

from keras_rnnzoo.base.options import OPTIONS, own_parameters

PACKAGE = "keras_rnnzoo"
CONFIG_VERSION = 1


def register(cls):
    """Register one of our own classes with Keras. A user's subclass stays the user's."""
    if cls.__module__.split(".")[0] == PACKAGE:
        register_keras_serializable(package=PACKAGE, name=cls.__name__)(cls)
    return cls


def take_version(cls, config):
    """A copy of `config` without its version, refused when it is newer than this package."""
    config = dict(config)
    version = config.pop("config_version", CONFIG_VERSION)
    if not isinstance(version, int) or not 1 <= version <= CONFIG_VERSION:
        raise ValueError(
            f"This {PACKAGE} reads configs of {cls.__name__} up to version {CONFIG_VERSION}. "
            f"Received: config_version={version!r}. Install a newer {PACKAGE} to load the file."
        )
    return config


class Constructor:
    """The signature of a class, which its instances do not have, as they are called otherwise.

    Arguments:
        parameters: of the constructor, which takes what else Keras does.
    """

    def __init__(self, parameters):
        kwargs = inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD)
        self.signature = inspect.Signature([*parameters, kwargs])

    def __get__(self, instance, owner=None):
        if instance is not None:
            raise AttributeError("__signature__")
        return self.signature


def parameters_of(cls):
    """Every parameter of a cell class in order: its own, then the standard options it takes."""
    keyword_only = inspect.Parameter.KEYWORD_ONLY
    own = own_parameters(cls)
    parameters = [own.pop("units")] if "units" in own else []
    own = [p.replace(kind=keyword_only) for p in own.values()]
    standard = [
        inspect.Parameter(name, keyword_only, default=cls.defaults.get(name, option.default))
        for name, option in OPTIONS.items()
        if name not in cls.refuses
    ]
    activation = [p.replace(kind=inspect.Parameter.POSITIONAL_OR_KEYWORD) for p in standard[:2]]
    return [*parameters, *activation[:1], *own, *standard[1:]]


def cell_config(cell):
    """What rebuilds `cell`: every parameter as the constructor takes it."""
    config = {}
    for parameter in parameters_of(type(cell)):
        value = getattr(cell, parameter.name)
        option = OPTIONS.get(parameter.name)
        config[parameter.name] = option.write(value) if option else value
    return config


def pair_docstring(cell_doc, cell_name, layer_name):
    """The docstring of a layer, from that of its cell: one text a pair."""
    lines = inspect.cleandoc(cell_doc or "").splitlines()
    first = lines[0].replace("One step of ", "", 1) if lines else ""
    first = first[:1].upper() + first[1:]
    rest = "\n".join(lines[1:])
    use = (
        "Call arguments: `sequences` (batch, time, features), `initial_state`, `mask` "
        "(batch, time), `lengths` (batch,), `resets` (batch, time), `training`.\n"
        f"Layer arguments: those of `{cell_name}`, and `return_sequences`, `return_state`, "
        "`go_backwards`,\n`stateful`, `unroll`, `zero_output_for_mask` as in `keras.layers.RNN`."
    )
    return f"{first}\n\n{use}\n{rest}".replace(f"{cell_name}(", f"{layer_name}(")
