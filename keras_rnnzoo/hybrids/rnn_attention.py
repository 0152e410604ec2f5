"""Recurrence that is read by attention: over the steps, over words and then sentences."""

import keras
from keras import ops

from keras_rnnzoo.cells import GRU
from keras_rnnzoo.hybrids.attention_pooling import AttentionPooling
from keras_rnnzoo.hybrids.base import HybridLayer, recurrent_layer
from keras_rnnzoo.wrappers import Bidirectional


class RNNAttention(HybridLayer):
    """A recurrent layer, and attention that makes one vector of its outputs.

    **Equations**

        h = layer(x),  y = Σ_t α_t h_t

    with α as in `AttentionPooling`, with a learned query.

    Arguments:
        layer: a recurrent layer with `return_sequences=True`, of this package or of Keras.
        score: `"additive"` or `"dot"`.
        attention_units: width of the additive score; by default that of the outputs.
        num_heads: how many weighted means are taken.

    Call arguments:
        sequences: `(batch, time, features)`.
        mask: `(batch, time)` bool; or `lengths (batch,)`.
        return_attention_scores: whether to return α `(batch, num_heads, time)` too.

    Returns `(batch, num_heads · width of the layer)`.

    Raises:
        TypeError: no recurrent layer was given.
        ValueError: the layer returns its last output alone, or its states.

    Example:

    >>> layer = keras_rnnzoo.RNNAttention(keras_rnnzoo.BiGRU(8, return_sequences=True))
    >>> vector, scores = layer(np.zeros((2, 7, 5), "float32"), return_attention_scores=True)
    >>> vector.shape
    (2, 16)

    Reference: Zhou et al., Attention-based bidirectional LSTM for relation classification, ACL
    (2016); several heads: Lin et al., arXiv:1703.03130 (2017).
    """

    def __init__(self, layer, score="additive", attention_units=None, num_heads=1, **kwargs):
        super().__init__(**kwargs)
        self.layer = recurrent_layer(type(self), layer, sequences=True)
        options = {"units": attention_units, "num_heads": num_heads, "dtype": self.dtype_policy}
        self.attention = AttentionPooling(score, **options, name="attention")
        self.score, self.attention_units, self.num_heads = score, attention_units, num_heads

    def build(self, sequences_shape):
        if not self.layer.built:
            self.layer.build(sequences_shape)
        self.attention.build(self.layer.compute_output_shape(sequences_shape))
        self.built = True

    def call(self, sequences, mask=None, training=False, return_attention_scores=False):
        h = self.layer(sequences, mask=mask, training=training)
        return self.attention(h, mask=mask, return_attention_scores=return_attention_scores)

    def compute_output_shape(self, sequences_shape):
        return self.attention.compute_output_shape(self.layer.compute_output_shape(sequences_shape))

    def compute_output_spec(
        self, sequences, mask=None, training=False, return_attention_scores=False
    ):
        h = keras.KerasTensor(self.layer.compute_output_shape(sequences.shape), self.compute_dtype)
        return self.attention.compute_output_spec(
            h, return_attention_scores=return_attention_scores
        )

    def compute_mask(self, sequences, mask=None):
        return None

    def explain_kernel(self, backend=None):
        """In words: what walks time in the recurrent layer."""
        return self.layer.explain_kernel(backend)

    @classmethod
    def sample(cls):
        """A small one."""
        return cls(Bidirectional(GRU(4, return_sequences=True)))


class HierarchicalAttention(HybridLayer):
    """Words to sentences, sentences to a document, each by recurrence and attention.

    **Equations**, for sentence s and its words t:

        h_s = word_layer(x_s),       v_s = Σ_t α_st h_st
        g = sentence_layer(v),       y = Σ_s β_s g_s

    with α and β as in `AttentionPooling`, with learned queries. A sentence without a valid word is
    masked.

    Arguments:
        word_layer, sentence_layer: recurrent layers with `return_sequences=True`.
        attention_units: width of both scores; by default that of the outputs.

    Call arguments:
        sequences: `(batch, sentences, words, features)`.
        mask: `(batch, sentences, words)` bool.
        return_attention_scores: whether to return α `(batch, sentences, words)` and β `(batch,
            sentences)` too.

    Returns `(batch, width of sentence_layer)`.

    Raises:
        TypeError: no recurrent layers were given.
        ValueError: a layer returns its last output alone, or the input has another rank.

    Example:

    >>> layers = [keras_rnnzoo.BiGRU(4, return_sequences=True) for _ in range(2)]
    >>> document = keras_rnnzoo.HierarchicalAttention(*layers)
    >>> document(np.zeros((2, 3, 7, 5), "float32")).shape
    (2, 8)

    Reference: Yang et al., Hierarchical attention networks for document classification, NAACL
    (2016), equations 1 to 10.
    """

    def __init__(self, word_layer, sentence_layer, attention_units=None, **kwargs):
        super().__init__(**kwargs)
        self.word_layer, self.sentence_layer = word_layer, sentence_layer
        self.attention_units = attention_units
        options = {"attention_units": attention_units, "dtype": self.dtype_policy}
        self.words = RNNAttention(word_layer, **options, name="words")
        self.sentences = RNNAttention(sentence_layer, **options, name="sentences")

    def __call__(self, sequences, *args, **kwargs):
        if len(sequences.shape) != 4:
            raise ValueError(
                f"{self.name} takes documents of shape (batch, sentences, words, features). "
                f"Received: shape={tuple(sequences.shape)}"
            )
        if kwargs.get("lengths") is not None:
            raise ValueError(
                f"Sentences have lengths of their own: give {self.name} a mask of shape (batch, "
                "sentences, words). Received: lengths"
            )
        return super().__call__(sequences, *args, **kwargs)

    def build(self, sequences_shape):
        batch, sentences, words, features = sequences_shape
        self.words.build((None, words, features))
        self.sentences.build(
            (batch, sentences, self.words.compute_output_shape((None, words, features))[-1])
        )
        self.built = True

    def call(self, sequences, mask=None, training=False, return_attention_scores=False):
        _, sentences, words, features = ops.shape(sequences)
        flat = ops.reshape(sequences, (-1, words, features))
        flat_mask = known = None
        if mask is not None:
            mask = ops.cast(mask, "bool")
            flat_mask, known = ops.reshape(mask, (-1, words)), ops.any(mask, axis=-1)
        common = {"training": training, "return_attention_scores": True}
        v, alpha = self.words(flat, mask=flat_mask, **common)
        v = ops.reshape(v, (-1, sentences, v.shape[-1]))
        y, beta = self.sentences(v, mask=known, **common)
        if not return_attention_scores:
            return y
        return y, ops.reshape(alpha, (-1, sentences, words)), beta[:, 0]

    def compute_output_shape(self, sequences_shape):
        words = self.words.compute_output_shape((None, *sequences_shape[2:]))
        return self.sentences.compute_output_shape((*sequences_shape[:2], words[-1]))

    def compute_output_spec(
        self, sequences, mask=None, training=False, return_attention_scores=False
    ):
        shape = sequences.shape
        shapes = [self.compute_output_shape(shape), shape[:3], shape[:2]]
        specs = [keras.KerasTensor(s, dtype=self.compute_dtype) for s in shapes]
        return tuple(specs) if return_attention_scores else specs[0]

    def compute_mask(self, sequences, mask=None):
        return None

    @classmethod
    def sample(cls):
        """A small one."""
        return cls(*(Bidirectional(GRU(3, return_sequences=True)) for _ in range(2)))
