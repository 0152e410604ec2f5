"""Parts of the sequence tagger: word dropout, and what reads the characters of a word."""

import keras
import numpy as np
from keras import ops

from keras_rnnzoo.base.configurable import register
from keras_rnnzoo.base.options import choice, positive_int
from keras_rnnzoo.datasets.word_features import PADDING, UNKNOWN
from keras_rnnzoo.registry import get
from keras_rnnzoo.wrappers import Bidirectional

READERS = ("cnn", "birnn")


class WordDropout(keras.layers.Layer):
    """In training a word becomes the unknown one with chance a / (a + its count).

    So the unknown word has an embedding that was trained, and rare words are not learnt by heart
    (Dyer et al. 2015, arXiv:1505.08075, section 5.2, replaces singletons).

    Arguments:
        counts: of the words in training, by id; padding and the unknown word included.
        strength: a.
        seed: of the draw.

    Example:

    >>> WordDropout([0, 0, 3, 1], strength=0.5)(np.array([[2, 3, 0]]), training=True).shape
    (1, 3)
    """

    def __init__(self, counts, strength=0.5, seed=None, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= strength < 1e6:
            raise ValueError(f"`strength` must not be negative. Received: strength={strength!r}")
        self.counts, self.strength, self.seed = list(counts), float(strength), seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        counts = np.asarray(self.counts, dtype="float32")
        chance = np.where(counts > 0, strength / np.maximum(strength + counts, 1e-9), 0.0)
        self._chance = chance.astype("float32")

    def call(self, words, training=False):
        if not training or not self.strength:
            return words
        chance = ops.take(ops.convert_to_tensor(self._chance), words)
        drawn = keras.random.uniform(ops.shape(words), seed=self.seed_generator)
        return ops.where(drawn < chance, ops.full_like(words, UNKNOWN), words)

    def compute_output_spec(self, words, training=False):
        return keras.KerasTensor(words.shape, words.dtype)

    def get_config(self):
        own = {"counts": self.counts, "strength": self.strength, "seed": self.seed}
        return {**super().get_config(), **own}


class CharacterReader(keras.layers.Layer):
    """A vector for each word from its characters.

    `"cnn"` takes the maximum over the word of a convolution of width three (Ma and Hovy 2016,
    arXiv:1603.01354); `"birnn"` the last states of a recurrent layer in both directions (Lample et
    al. 2016, arXiv:1603.01360).

    Arguments:
        characters: rows of the embedding table.
        units: width of the vector.
        reader: `"cnn"` or `"birnn"`.
        cell: of the `"birnn"`.
        embedding_dim: of a character.

    Call arguments:
        characters: int `(batch, time, length)`, 0 for padding.

    Example:

    >>> CharacterReader(40, 6)(np.ones((2, 5, 7), "int32")).shape
    (2, 5, 6)
    """

    def __init__(self, characters, units=50, reader="cnn", cell="lstm", embedding_dim=30, **kwargs):
        super().__init__(**kwargs)
        self.characters = positive_int("characters", characters)
        self.units = positive_int("units", units)
        self.reader, self.cell = choice("reader", reader, READERS), cell
        self.embedding_dim = positive_int("embedding_dim", embedding_dim)
        start = keras.initializers.RandomUniform(-0.3, 0.3)
        self.table = keras.layers.Embedding(characters, embedding_dim, start, name="table")
        if reader == "cnn":
            self.read = keras.layers.Conv1D(units, 3, padding="same", name="read")
        else:
            each = get(cell)(-(-units // 2))
            self.read = Bidirectional(each, name="read")
            self.narrow = keras.layers.Dense(units, use_bias=False) if units % 2 else None

    def build(self, input_shape):
        self.table.build((None, None))
        self.read.build((None, None, self.embedding_dim))
        if self.reader == "birnn" and self.narrow is not None:
            self.narrow.build((None, self.units + 1))
        self.built = True

    def call(self, characters):
        batch, time, length = ops.shape(characters)
        flat = ops.reshape(characters, (-1, length))
        valid = ops.not_equal(flat, PADDING)
        if self.reader == "cnn":
            x = self.table(flat) * ops.cast(valid, self.compute_dtype)[..., None]
            x = self.read(x)
            low = ops.cast(-1e4, x.dtype)  # a maximum that padding never is
            x = ops.max(ops.where(valid[..., None], x, low), axis=1)
            x = ops.where(ops.any(valid, axis=1)[:, None], x, ops.zeros_like(x))
        else:
            x = self.read(self.table(flat), mask=valid)
            x = x if self.narrow is None else self.narrow(x)
        return ops.reshape(x, (batch, time, self.units))

    def compute_output_shape(self, shape):
        return (*shape[:2], self.units)

    def get_config(self):
        names = ("characters", "units", "reader", "cell", "embedding_dim")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


for _part in (WordDropout, CharacterReader):
    register(_part)
