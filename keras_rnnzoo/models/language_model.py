"""A language model of characters: what comes next, at every place of a text."""

import inspect

import keras
from keras import ops

from keras_rnnzoo.base.configurable import register
from keras_rnnzoo.base.options import boolean, positive_int, rate, refuse_unknown
from keras_rnnzoo.models.files import InOneFile
from keras_rnnzoo.models.language_use import WritesText
from keras_rnnzoo.models.seq2seq_parts import TokenLoss, token_losses, words_of
from keras_rnnzoo.wrappers import StackedRecurrent


class LanguageModel(WritesText, InOneFile, keras.Model):
    """Says at every place of a text which character comes next, and writes text of its own.

    A `StackedRecurrent` reads the characters from left to right; a dense layer makes logits of its
    outputs. The characters that it knows are part of the model and of its file. `generate` writes a
    text, at the same cost for every character however long the text is; `nats` scores one.

    Arguments:
        characters: a string of all characters that it knows, each once; a character's place in it
            is its id.
        cell, units, depth, connections, cell_options: of the `StackedRecurrent`; one layer unless
            `depth` or a list says more.
        embedding_dim: width of the embedding of characters, or `None` for one-hot inputs.
        tied: whether the logits are products with the embedding of the characters. Where the last
            layer has another width, a dense layer without bias stands between.
        dropout: between the recurrent layers and in front of the logits.
        seed: of dropout. Other weights start by `keras.utils.set_random_seed`.

    Call arguments:
        ids: int (batch, time).

    Returns logits of the next character, `(batch, time, characters)`.

    Raises:
        TypeError: an unknown option, or characters that are no string.
        ValueError: an option that cannot be.

    Example:

    >>> model = LanguageModel("abc ", cell="mgu", units=8)
    >>> len(model.generate("a", length=20, temperature=0.8, seed=0))
    20
    """

    def __init__(
        self,
        characters,
        cell="gru",
        units=256,
        depth=None,
        connections="none",
        cell_options=None,
        embedding_dim=64,
        tied=False,
        dropout=0.0,
        seed=None,
        **kwargs,
    ):
        given = dict(locals())
        of_keras = ["name", "dtype", "trainable"]
        refuse_unknown(type(self), kwargs, [*of_keras, *_options()], of_keras)
        super().__init__(**kwargs)
        self._config = {name: given[name] for name in _options()}
        self._know(characters)
        self.dropout, self.tied = rate("dropout", dropout), boolean("tied", tied)
        self.embedding = None
        if embedding_dim is not None:
            width = positive_int("embedding_dim", embedding_dim)
            self.embedding = words_of("embedding", len(characters), width, self.dtype_policy)
        elif self.tied:
            raise ValueError(
                "Logits that are tied to an embedding need one. Give embedding_dim a width, or use "
                "tied=False. Received: tied=True, embedding_dim=None"
            )
        self.recurrent = StackedRecurrent(
            cell,
            units,
            depth,
            connections=connections,
            dropout=self.dropout,
            cell_options=cell_options,
            return_sequences=True,
            return_state=True,
            seed=None if seed is None else seed + 101,
            dtype=self.dtype_policy,
            name="recurrent",
        )
        self.drop = keras.layers.Dropout(self.dropout, seed=None if seed is None else seed + 102)
        self.between, self.head, self.bias = None, None, None
        if not self.tied:
            self.head = keras.layers.Dense(len(characters), name="head")
        self.build()

    def build(self, input_shape=None):
        if self.built:
            return
        shape = (None, None, len(self.characters))
        if self.embedding is not None:
            self.embedding.build((None, None))
            shape = (None, None, self.embedding.output_dim)
        self.recurrent.build(shape)
        outputs = self.recurrent.compute_output_shape(shape)[0]
        if not self.tied:
            self.head.build(outputs)
        else:
            if outputs[-1] != shape[-1]:
                self.between = keras.layers.Dense(shape[-1], use_bias=False, name="between")
                self.between.build(outputs)
            self.bias = self.add_weight(
                shape=(len(self.characters),), initializer="zeros", name="bias"
            )
        self.built = True

    def call(self, ids, training=False):
        return self.read(ids, None, training)[0]

    def read(self, ids, states=None, training=False):
        """Logits of what follows each of `ids (batch, time)`, and the states behind the last."""
        outputs, *states = self.recurrent(
            self._embedded(ids), initial_state=states, training=training
        )
        return self._logits(self.drop(outputs, training=training)), states

    def step(self, inputs):
        """One step: `ids (batch,)` and states to logits `(batch, characters)` and states."""
        output, states = self.recurrent.step(self._embedded(inputs["ids"]), inputs["states"])
        return {"logits": ops.cast(self._logits(output), "float32"), "states": states}

    def losses_of(self, inputs):
        """- log P of the characters `next (batch, time)` behind `ids`, and the states."""
        logits, states = self.read(inputs["ids"], inputs["states"])
        return {"losses": token_losses(inputs["next"], logits), "states": states}

    def _embedded(self, ids):
        if self.embedding is not None:
            return self.embedding(ids)
        return ops.one_hot(ids, len(self.characters), dtype=self.compute_dtype)

    def _logits(self, outputs):
        if not self.tied:
            return self.head(outputs)
        if self.between is not None:
            outputs = self.between(outputs)
        table = ops.cast(ops.transpose(self.embedding.embeddings), outputs.dtype)
        return ops.matmul(outputs, table) + ops.cast(self.bias, outputs.dtype)

    def compute_output_shape(self, input_shape):
        return (*input_shape, len(self.characters))

    def compile(self, optimizer="adam", loss=None, **kwargs):
        """As `keras.Model.compile`; the loss is the mean - log P of a character, in nats."""
        super().compile(optimizer, loss or TokenLoss(), **kwargs)

    def get_config(self):
        return self.written(dict(self._config))

    @classmethod
    def sample(cls):
        """A small one."""
        return cls("abc ", units=4, embedding_dim=3)


def _options():
    """The names of the options of `LanguageModel`."""
    parameters = inspect.signature(LanguageModel.__init__).parameters
    return [name for name in parameters if name not in ("self", "kwargs")]


register(LanguageModel)
