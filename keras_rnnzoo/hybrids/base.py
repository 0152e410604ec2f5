"""What the hybrid layers share: configs from signatures, masks, and which layers they take."""

import inspect

import keras

from keras_rnnzoo import kernels
from keras_rnnzoo.base import checks
from keras_rnnzoo.base.configurable import CONFIG_VERSION, register, take_version


class HybridLayer(keras.layers.Layer):
    """A layer over sequences whose config is what its constructor took, by name.

    A subclass keeps each argument as an attribute of the same name; layers among them are written
    and read as Keras does. It is registered when it is defined, and takes `mask` and `lengths`.
    """

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        register(cls)

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def __call__(self, sequences, *args, mask=None, lengths=None, **kwargs):
        mask = kernels.mask_of(sequences) if mask is None else mask
        if lengths is not None:
            mask = checks.lengths_to_mask(sequences, lengths, mask)
        given = {} if mask is None else {"mask": mask}
        return super().__call__(sequences, *args, **given, **kwargs)

    @classmethod
    def own_arguments(cls):
        """The names of the constructor's arguments, those of Keras's own base left out."""
        parameters = inspect.signature(cls.__init__).parameters.values()
        return [p.name for p in parameters if p.name != "self" and p.kind is not p.VAR_KEYWORD]

    def get_config(self):
        own = {name: getattr(self, name) for name in self.own_arguments()}
        own = {name: keras.saving.serialize_keras_object(value) for name, value in own.items()}
        return {**super().get_config(), **own, "config_version": CONFIG_VERSION}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = take_version(cls, config)
        for name in cls.own_arguments():
            if name in config:
                config[name] = keras.saving.deserialize_keras_object(config[name], custom_objects)
        return cls(**config)


def recurrent_layer(owner, layer, sequences=None):
    """`layer` if it is a recurrent layer, of this package or of Keras, that `owner` can use.

    Arguments:
        owner: the class that takes it, for the message.
        layer: what was given.
        sequences: whether it must return sequences; `None` where it may or may not.

    Raises:
        TypeError: it is none.
        ValueError: it returns states, or not the sequences that are needed.
    """
    if not isinstance(layer, keras.layers.Layer) or not hasattr(layer, "return_sequences"):
        raise TypeError(
            f"{owner.__name__} takes a recurrent layer, such as keras_rnnzoo.GRU(32), "
            f"Bidirectional or StackedRecurrent. Received: layer={layer!r}"
        )
    if layer.return_state:
        raise ValueError(
            f"{owner.__name__} hands on outputs alone, no states. Give the layer "
            "return_state=False. Received: layer.return_state=True"
        )
    if sequences is not None and bool(layer.return_sequences) != sequences:
        raise ValueError(
            f"{owner.__name__} needs a layer with return_sequences={sequences}. "
            f"Received: layer.return_sequences={layer.return_sequences}"
        )
    return layer
