"""Bidirectional layers that have a name of their own."""

import keras

from keras_rnnzoo.base.configurable import CONFIG_VERSION, register, take_version
from keras_rnnzoo.cells import GRU, LSTM, PeepholeLSTM
from keras_rnnzoo.wrappers.bidirectional import Bidirectional


class ReadyPair(Bidirectional):
    """A bidirectional layer named by its cell: what a `Bidirectional` takes beside the layer's own
    arguments."""

    layer_class = None

    def __init__(self, units, merge_mode="concat", merge_states=False, **options):
        own = {k: options.pop(k) for k in ("name", "trainable") if k in options}
        dtype = {"dtype": options["dtype"]} if "dtype" in options else {}
        layer = self.layer_class(units, **options)
        super().__init__(layer, merge_mode, merge_states=merge_states, **own, **dtype)

    def get_config(self):
        layer = self.forward_layer.get_config()
        whole = keras.layers.Layer.get_config(self)
        merge = {"merge_mode": self.merge_mode, "merge_states": self.merge_states}
        return {**layer, **whole, **merge, "config_version": CONFIG_VERSION}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = take_version(cls, config)
        config.pop("go_backwards", None)
        return cls(**config)

    @classmethod
    def sample(cls):
        """A small one."""
        return cls(4, return_sequences=True)


class BiLSTM(ReadyPair):
    """`Bidirectional(LSTM(units, ...))`, with the arguments of both.

    >>> keras_rnnzoo.BiLSTM(8, merge_mode="sum")
    """

    layer_class = LSTM


class BiGRU(ReadyPair):
    """`Bidirectional(GRU(units, ...))`, with the arguments of both.

    >>> keras_rnnzoo.BiGRU(8, return_sequences=True)
    """

    layer_class = GRU


class BiPeepholeLSTM(ReadyPair):
    """`Bidirectional(PeepholeLSTM(units, ...))`, with the arguments of both.

    >>> keras_rnnzoo.BiPeepholeLSTM(8, peephole="full")
    """

    layer_class = PeepholeLSTM


for _layer in (BiLSTM, BiGRU, BiPeepholeLSTM):
    register(_layer)
