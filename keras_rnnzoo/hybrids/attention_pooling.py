"""A sequence to one vector, by learned attention to its steps."""

import keras
from keras import ops

from keras_rnnzoo.base import arithmetic
from keras_rnnzoo.base.options import choice, positive_int
from keras_rnnzoo.hybrids.attention_scores import SCORES, masked_softmax
from keras_rnnzoo.hybrids.base import HybridLayer


class AttentionPooling(HybridLayer):
    """A weighted mean of the steps of a sequence, its weights by learned attention.

    **Equations**, for each head, over the valid steps t, with a query q:

        additive   e_t = vᵀ tanh(W x_t + U q + b)
        dot        e_t = qᵀ x_t
        general    e_t = qᵀ W x_t

        α = softmax(e),  y = Σ_t α_t x_t

    The query is given in the call, or learned: a vector q for `"dot"`, and for `"additive"` the
    bias b alone, as in Yang et al. A row without a valid step gives zeros.

    Weights, with `heads = num_heads` and `k = heads · units`: additive `kernel (features, k)` (W),
    `bias (k,)` (b), `score_kernel (heads, units)` (v) and, for a given query, `query_kernel
    (query features, k)` (U); dot `query (heads, features)` (q) where it is learned; general
    `kernel (heads, query features, features)` (W).

    Arguments:
        score: `"additive"`, `"dot"` or `"general"`.
        units: width of the additive score; by default that of the features.
        num_heads: how many weighted means are taken, side by side in the output.

    Call arguments:
        sequences: `(batch, time, features)`.
        query: `(batch, query features)`, or `None` for a learned one.
        mask: `(batch, time)` bool; or `lengths (batch,)`.
        return_attention_scores: whether to return α `(batch, num_heads, time)` too.

    Returns `(batch, num_heads · features)`.

    Raises:
        ValueError: the score does not exist, or does not go with the query or the heads.

    Example:

    >>> pool = keras_rnnzoo.AttentionPooling(num_heads=2)
    >>> pool(np.zeros((3, 7, 5), "float32")).shape
    (3, 10)

    Reference: Bahdanau et al., arXiv:1409.0473 (2015), additive; Luong et al., arXiv:1508.04025
    (2015), equation 8; Yang et al., NAACL (2016), equations 5 to 7, learned query.
    """

    def __init__(self, score="additive", units=None, num_heads=1, **kwargs):
        super().__init__(**kwargs)
        self.score = choice("score", score, SCORES)
        self.units = None if units is None else positive_int("units", units)
        self.num_heads = positive_int("num_heads", num_heads)
        if self.units is not None and score != "additive":
            raise ValueError(
                "`units` is the width of the additive score; the others have none. Leave it out. "
                f"Received: units={units}, score={score!r}"
            )

    def build(self, sequences_shape, query_shape=None):
        features, heads = sequences_shape[-1], self.num_heads
        self.asked = None if query_shape is None else query_shape[-1]
        self._check_query(features)
        if self.score == "additive":
            width = (self.units or features) * heads
            self.kernel = self.add_weight((features, width), name="kernel")
            self.bias = self.add_weight((width,), initializer="zeros", name="bias")
            start = keras.initializers.VarianceScaling(1.0, "fan_in", "uniform")
            self.score_kernel = self.add_weight(
                (heads, width // heads), initializer=start, name="score_kernel"
            )
            if self.asked is not None:
                self.query_kernel = self.add_weight((self.asked, width), name="query_kernel")
        elif self.score == "general":
            self.kernel = self.add_weight((heads, self.asked, features), name="kernel")
        elif self.asked is None:
            self.query = self.add_weight((heads, features), name="query")
        self.built = True

    def _check_query(self, features):
        if self.score == "general" and self.asked is None:
            raise ValueError(
                "score='general' compares the steps with a query. Give one in the call, or learn "
                "one with score='dot'. Received: query=None"
            )
        if self.score == "dot" and self.asked is not None:
            if self.asked != features:
                raise ValueError(
                    "score='dot' needs a query as wide as the steps; score='general' takes any "
                    f"width. Received: {self.asked} features in the query, {features} in the steps"
                )
            if self.num_heads > 1:
                raise ValueError(
                    "score='dot' with a given query gives every head the same weights. Use "
                    f"score='general'. Received: num_heads={self.num_heads}"
                )

    def call(self, sequences, query=None, mask=None, return_attention_scores=False):
        if (query is None) != (self.asked is None):
            built = "without" if self.asked is None else "with"
            raise ValueError(
                f"{self.name} was built {built} a query, and is called otherwise. Make another "
                f"layer. Received: query={query!r}"
            )
        scores = self._scores(sequences, query)
        there = ops.ones_like(scores[:, 0]) if mask is None else mask
        weights = masked_softmax(scores, ops.expand_dims(ops.cast(there, "bool"), 1))
        pooled = weights @ sequences
        pooled = ops.reshape(pooled, (-1, self.num_heads * sequences.shape[-1]))
        return (pooled, weights) if return_attention_scores else pooled

    def _scores(self, x, query):
        """e `(batch, heads, time)`."""
        if self.score == "dot":
            if query is None:
                return ops.einsum("hf,btf->bht", self.query, x)
            return ops.einsum("bf,btf->bt", query, x)[:, None]
        if self.score == "general":
            asked = ops.einsum("bq,hqf->bhf", query, self.kernel)
            return ops.einsum("bhf,btf->bht", asked, x)
        felt = arithmetic.product(x, ops.convert_to_tensor(self.kernel)) + self.bias
        if query is not None:
            asked = arithmetic.product(query, ops.convert_to_tensor(self.query_kernel))
            felt = felt + ops.expand_dims(asked, 1)
        split = (-1, ops.shape(x)[1], *self.score_kernel.shape)
        felt = ops.reshape(arithmetic.tanh(felt), split)
        return ops.einsum("bthu,hu->bht", felt, self.score_kernel)

    def compute_output_shape(self, sequences_shape, query_shape=None):
        return (sequences_shape[0], self.num_heads * sequences_shape[-1])

    def compute_output_spec(self, sequences, query=None, mask=None, return_attention_scores=False):
        batch, time, _ = sequences.shape
        shapes = [self.compute_output_shape(sequences.shape), (batch, self.num_heads, time)]
        specs = [keras.KerasTensor(shape, dtype=self.compute_dtype) for shape in shapes]
        return tuple(specs) if return_attention_scores else specs[0]

    def compute_mask(self, sequences, mask=None):
        return None

    @classmethod
    def sample(cls):
        """A small one."""
        return cls(num_heads=2, units=3)
