"""Hybrids that have a name of their own."""

import keras

from keras_rnnzoo.base.configurable import take_version
from keras_rnnzoo.cells import GRU, LSTM
from keras_rnnzoo.hybrids.conv_rnn_1d import ConvRNN1D
from keras_rnnzoo.hybrids.rnn_attention import RNNAttention
from keras_rnnzoo.wrappers import BiGRU, BiLSTM


class Ready:
    """Mixin: a hybrid named by its layer, with `units`, the hybrid's arguments and the layer's."""

    layer_class, hybrid, sequences = None, None, None

    def __init__(self, units, **options):
        names = [*self.hybrid.own_arguments(), "name", "trainable"]
        own = {name: options.pop(name) for name in names if name in options}
        if "dtype" in options:
            own["dtype"] = options["dtype"]
        if self.sequences is not None:
            options["return_sequences"] = self.sequences
        super().__init__(self.layer_class(units, **options), **own)

    def get_config(self):
        layer = self.layer.get_config()
        hybrid = self.hybrid.get_config(self)
        hybrid.pop("layer")
        return {**layer, **hybrid, **keras.layers.Layer.get_config(self)}

    @classmethod
    def own_arguments(cls):
        return cls.hybrid.own_arguments()

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**take_version(cls, config))


class CNNLSTM(Ready, ConvRNN1D):
    """`ConvRNN1D(LSTM(units, ...), filters, ...)`, with the arguments of both.

    >>> keras_rnnzoo.CNNLSTM(8, filters=16, kernel_sizes=(2, 3))(np.zeros((2, 7, 5))).shape
    (2, 8)
    """

    layer_class, hybrid = LSTM, ConvRNN1D

    @classmethod
    def sample(cls):
        """A small one."""
        return cls(4, filters=3)


class CNNGRU(Ready, ConvRNN1D):
    """`ConvRNN1D(GRU(units, ...), filters, ...)`, with the arguments of both.

    >>> keras_rnnzoo.CNNGRU(8, filters=16, strides=2)(np.zeros((2, 7, 5))).shape
    (2, 8)
    """

    layer_class, hybrid = GRU, ConvRNN1D

    @classmethod
    def sample(cls):
        """A small one."""
        return cls(4, filters=3)


class BiLSTMAttention(Ready, RNNAttention):
    """`RNNAttention(BiLSTM(units, ...), ...)`, with the arguments of both.

    >>> keras_rnnzoo.BiLSTMAttention(8)(np.zeros((2, 7, 5))).shape
    (2, 16)
    """

    layer_class, hybrid, sequences = BiLSTM, RNNAttention, True

    @classmethod
    def sample(cls):
        """A small one."""
        return cls(4)


class BiGRUAttention(Ready, RNNAttention):
    """`RNNAttention(BiGRU(units, ...), ...)`, with the arguments of both.

    >>> keras_rnnzoo.BiGRUAttention(8, num_heads=2)(np.zeros((2, 7, 5))).shape
    (2, 32)
    """

    layer_class, hybrid, sequences = BiGRU, RNNAttention, True

    @classmethod
    def sample(cls):
        """A small one."""
        return cls(4)
