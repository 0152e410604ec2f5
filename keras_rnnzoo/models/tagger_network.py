"""From the features of words to a score for each tag: embeddings and a recurrent stack."""

import inspect

import keras
from keras import ops

from keras_rnnzoo.base.configurable import CONFIG_VERSION, register, take_version
from keras_rnnzoo.base.options import positive_int, rate
from keras_rnnzoo.models.files import InOneFile
from keras_rnnzoo.models.tagger_layers import CharacterReader, WordDropout
from keras_rnnzoo.wrappers import StackedRecurrent


class TaggerNetwork(InOneFile, keras.Model):
    """Scores of tags for each word, from `WordFeatures`.

    Embeddings of word, shape and affixes and a vector of its characters are put side by side, go
    through a `StackedRecurrent` and a dense layer. Dropout in front of and behind the stack drops
    a channel for a whole sentence.

    Arguments:
        sizes: `WordFeatures.sizes`.
        tables: how many affixes a word has.
        counts: of the words by id.
        tags: how many tags.
        others: those of `SequenceTagger`.
    """

    def __init__(
        self,
        sizes,
        tables,
        counts,
        tags,
        cell="lstm",
        units=100,
        depth=None,
        bidirectional=True,
        merge_mode="concat",
        connections="none",
        cell_options=None,
        embedding_dim=100,
        affix_dim=20,
        character_units=50,
        characters="cnn",
        dropout=0.5,
        word_dropout=0.5,
        seed=None,
        **kwargs,
    ):
        given = dict(locals())
        super().__init__(**kwargs)
        self._config = {name: given[name] for name in _options()}
        self.tags = positive_int("tags", tags)

        def table(name, rows, dim):
            limit = (3.0 / dim) ** 0.5
            start = keras.initializers.RandomUniform(-limit, limit)
            return keras.layers.Embedding(rows, dim, start, name=name)

        def seeded(k):
            return None if seed is None else seed + k

        self.drop_words = WordDropout(counts, word_dropout, seed=seeded(100))
        self.words = table("words", sizes["words"], positive_int("embedding_dim", embedding_dim))
        self.cases = table("cases", sizes["cases"], 10)
        self.patterns = table("patterns", sizes["patterns"], 15)
        self.affixes = table("affixes", sizes["affixes"], affix_dim) if tables else None
        self.reader = None
        if characters is not None:
            self.reader = CharacterReader(
                sizes["characters"], character_units, characters, cell, name="reader"
            )
        self.drop_in = keras.layers.SpatialDropout1D(rate("dropout", dropout), seed=seeded(101))
        self.recurrent = StackedRecurrent(
            cell,
            units,
            depth,
            connections=connections,
            dropout=dropout,
            bidirectional=bidirectional,
            merge_mode=merge_mode,
            cell_options=cell_options,
            return_sequences=True,
            seed=seeded(102),
            name="recurrent",
        )
        self.drop_out = keras.layers.SpatialDropout1D(dropout, seed=seeded(103))
        self.scores = keras.layers.Dense(tags, name="scores")

    def build(self, input_shape=None):
        for part in (self.words, self.cases, self.patterns, self.affixes):
            if part is not None:
                part.build((None, None))
        if self.reader is not None:
            self.reader.build((None, None, None))
        given = self._config
        width = self.words.output_dim + self.cases.output_dim + self.patterns.output_dim
        width += given["tables"] * given["affix_dim"]
        width += given["character_units"] if self.reader is not None else 0
        joined = (None, None, width)
        self.recurrent.build(joined)
        self.scores.build(self.recurrent.compute_output_shape(joined))
        self.built = True

    def call(self, inputs, training=False):
        words, shapes = inputs["words"], inputs["shapes"]
        mask = ops.not_equal(words, 0)
        parts = [
            self.words(self.drop_words(words, training=training)),
            self.cases(shapes[..., 0]),
            self.patterns(shapes[..., 1]),
        ]
        if self.affixes is not None:
            x = self.affixes(inputs["affixes"])
            parts.append(ops.reshape(x, (*ops.shape(x)[:2], x.shape[2] * x.shape[3])))
        if self.reader is not None:
            parts.append(self.reader(inputs["characters"]))
        x = self.drop_in(ops.concatenate(parts, axis=-1), training=training)
        x = self.recurrent(x, mask=mask, training=training)
        return self.scores(self.drop_out(x, training=training))

    def compute_output_shape(self, input_shape):
        return (*input_shape["words"], self.tags)

    def get_config(self):
        return self.written(self._config)


class TaggerNetworks(keras.Model):
    """Several `TaggerNetwork`s, their scores side by side: `(batch, time, members · tags)`.

    Arguments:
        networks: a list of them.
    """

    def __init__(self, networks, **kwargs):
        super().__init__(**kwargs)
        self.networks = list(networks)

    def build(self, input_shape=None):
        for network in self.networks:
            network.build()
        self.built = True

    def call(self, inputs, training=False):
        return ops.concatenate([each(inputs, training=training) for each in self.networks], -1)

    def compute_output_shape(self, input_shape):
        return (*input_shape["words"], sum(network.tags for network in self.networks))

    def get_config(self):
        each = [keras.saving.serialize_keras_object(network) for network in self.networks]
        return {"name": self.name, "networks": each, "config_version": CONFIG_VERSION}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = take_version(cls, config)
        read = keras.saving.deserialize_keras_object
        return cls([read(each, custom_objects) for each in config.pop("networks")], **config)


def _options():
    parameters = inspect.signature(TaggerNetwork.__init__).parameters
    return [name for name in parameters if name not in ("self", "kwargs")]


register(TaggerNetwork)
register(TaggerNetworks)
