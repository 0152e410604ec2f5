"""The layer: linear-chain CRF over scores of tags."""

import keras
import numpy as np
from keras import initializers, ops, regularizers

from keras_rnnzoo import kernels
from keras_rnnzoo.base.configurable import CONFIG_VERSION, register, take_version
from keras_rnnzoo.base.options import choice, positive_int
from keras_rnnzoo.crf import chain as chains
from keras_rnnzoo.crf import checks
from keras_rnnzoo.crf.constraints import allowed_by_scheme, allowed_by_table
from keras_rnnzoo.crf.n_best import n_best
from keras_rnnzoo.crf.spans import span_probabilities

DECODERS = ("viterbi", "marginal")


class CRF(keras.layers.Layer):
    """Linear-chain conditional random field: the best sequence of tags, and how probable any is.

    **Equations**

        score(y) = s[y_1] + Σ_t e_t[y_t] + Σ_t A[y_(t-1), y_t] + b[y_T]
        p(y) = exp(score(y) - log Z),    log Z = log Σ_y exp(score(y))

    over the valid steps of a row, wherever they lie; e_t are the inputs, one score for each tag, as
    a `keras.layers.Dense` with as many units gives them. Computed in float32 or better whatever the
    dtype policy.

    Calling the layer gives the tags, int32 `(batch, time)`, zero where masked, so `predict` does.
    Train it with `CRFLoss` and watch `TagAccuracy`; targets are tags `(batch, time)`, and a
    negative target is an unknown tag, over which the likelihood sums.

    Weights: `transition (tags, tags)`, `start (tags,)`, `end (tags,)`.

    Arguments:
        tags: how many tags, or their names in order.
        scheme: `"IOB1"`, `"IOB2"`, `"IOBES"`, `"BILOU"` or `None`: only sequences that are legal in
            it are possible, all others have probability zero; needs names of tags.
        allowed: a table of one's own: dict of booleans with any of `"transition" (tags, tags)`,
            row before column, `"start" (tags,)` and `"end" (tags,)`.
        decoder: `"viterbi"`, the best path, or `"marginal"`, the best tag of each step.
        transition_initializer: of all three weights.
        transition_regularizer: of `transition`.

    Call arguments:
        scores: `(batch, time, tags)`.
        mask: `(batch, time)` bool; valid steps may lie anywhere, rows may be empty.
        lengths: `(batch,)` int, how many steps of each row are valid; beside or instead of `mask`.

    Raises:
        ValueError: another number of scores than tags, a mask that is not boolean or of another
            shape, targets beyond the tags, scores with NaN (the last two where values are known,
            not in a compiled step), a table that leaves no path.

    Example:

    >>> words = keras.Input((None,), dtype="int32")
    >>> x = keras.layers.Embedding(100, 8, mask_zero=True)(words)
    >>> x = keras.layers.Dense(3)(keras_rnnzoo.BiLSTM(8, return_sequences=True)(x))
    >>> model = keras.Model(words, keras_rnnzoo.CRF(["O", "B-PER", "I-PER"], scheme="IOB2")(x))
    >>> model.compile("adam", keras_rnnzoo.CRFLoss(), metrics=[keras_rnnzoo.TagAccuracy()])
    >>> model.predict(np.array([[5, 7, 2, 0]]), verbose=0).shape
    (1, 4)

    Reference: Lafferty, McCallum and Pereira (2001), "Conditional random fields"; Lample et al.,
    arXiv:1603.01360 (2016), section 2.2.
    """

    def __init__(
        self,
        tags,
        scheme=None,
        allowed=None,
        decoder="viterbi",
        transition_initializer="glorot_uniform",
        transition_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.names = checks.tag_names(tags)
        self.tags = positive_int("tags", tags) if self.names is None else self.names
        self.size = self.width = self.tags if self.names is None else len(self.names)
        self.scheme, self.allowed = scheme, None if allowed is None else dict(allowed)
        self.decoder = choice("decoder", decoder, DECODERS)
        self.transition_initializer = initializers.get(transition_initializer)
        self.transition_regularizer = regularizers.get(transition_regularizer)
        by_scheme = allowed_by_scheme(self.names, scheme, self.size)
        self.allowed_tables = allowed_by_table(self.allowed, by_scheme, self.size)
        self.supports_masking = True
        self.autocast = False  # half precision would round the scores on their way in

    def __call__(self, scores, mask=None, *, lengths=None, **kwargs):
        mask = kernels.mask_of(scores) if mask is None else mask
        mask = checks.valid_steps(self, scores, mask, lengths)
        if not isinstance(scores, keras.KerasTensor):
            checks.no_nan(self, scores, mask)
        return super().__call__(scores, **({} if mask is None else {"mask": mask}), **kwargs)

    def build(self, input_shape):
        checks.scores_shape(self, input_shape)
        shapes = {"transition": (self.size, self.size), "start": (self.size,), "end": (self.size,)}
        for name, shape in shapes.items():
            start = initializers.serialize(self.transition_initializer)
            regularizer = self.transition_regularizer if name == "transition" else None
            weight = self.add_weight(
                shape=shape,
                initializer=initializers.get(start),
                regularizer=regularizer,
                dtype="float32",
                name=name,
            )
            setattr(self, name, weight)
        self.input_spec = [keras.layers.InputSpec(ndim=3, axes={-1: self.size})]
        self.built = True

    def call(self, scores, mask=None):
        parts = self.chains(scores, mask)
        chain = chains.mean(parts)
        still = chains.Chain(*(ops.stop_gradient(x) for x in chain[:4]), chain.mask)
        if self.decoder == "viterbi":
            tags = chains.viterbi(still)
        else:
            tags = ops.cast(ops.argmax(chains.marginals(still), axis=-1), "int32")
        kernels.attach(tags, "chains", parts)  # for the loss: what it needs beside the tags
        return tags

    def compute_output_spec(self, scores, mask=None):
        checks.scores_shape(self, scores.shape)
        return keras.KerasTensor(scores.shape[:2], dtype="int32")

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[:2])

    def compute_mask(self, scores, mask=None):
        return mask

    def chain(self, scores, mask=None):
        """The scores of a batch with those of the layer, constraints set: a `Chain`."""
        return chains.mean(self.chains(scores, mask))

    def chains(self, scores, mask=None):
        """A list with one `Chain` for each CRF that is trained."""
        if not self.built:
            self.build(tuple(scores.shape))
        checks.scores_shape(self, scores.shape)
        dtype = "float64" if keras.backend.standardize_dtype(scores.dtype) == "float64" else None
        dtype = dtype or "float32"
        scores = ops.cast(scores, dtype)
        if mask is None:
            mask = ops.ones(ops.shape(scores)[:2], dtype="bool")
        else:  # what is masked may be NaN, whose product with a zero gradient is NaN
            scores = ops.where(mask[..., None], scores, ops.zeros_like(scores))
        lowest = chains.FORBIDDEN * ops.ones_like(scores)
        scores = ops.where(scores < lowest, lowest, scores)
        parts = [ops.cast(weight, dtype) for weight in (self.transition, self.start, self.end)]
        allowed = [self.allowed_tables[name] for name in ("transition", "start", "end")]
        parts = [
            ops.where(ok, part, chains.FORBIDDEN * ops.ones_like(part))
            for ok, part in zip(allowed, parts)
        ]
        return [chains.Chain(scores, *parts, mask)]

    def tables(self):
        """Its scores as NumPy arrays, `{"transition", "start", "end"}`, -∞ where forbidden."""
        chain = self.chain(ops.zeros((1, 1, self.width)))
        parts = {name: ops.convert_to_numpy(getattr(chain, name)) for name in self.allowed_tables}
        return {name: np.where(self.allowed_tables[name], x, -np.inf) for name, x in parts.items()}

    # What one may ask of scores ----------------------------------------------------------------

    def _given(self, scores, mask, lengths):
        scores = ops.convert_to_tensor(scores)
        mask = checks.valid_steps(self, scores, mask, lengths)
        checks.no_nan(self, scores, mask)
        return self.chain(scores, mask)

    def decode(self, scores, mask=None, lengths=None):
        """The best path and its score: `(tags (batch, time) int32, (batch,))`."""
        chain = self._given(scores, mask, lengths)
        tags = chains.viterbi(chain)
        return tags, chains.path_score(chain, tags)

    def decode_n_best(self, scores, n, mask=None, lengths=None):
        """The `n` best paths, best first: `(tags (batch, n, time) int32, scores (batch, n))`.

        Where a row has fewer paths the rest have score -∞.
        """
        return n_best(self._given(scores, mask, lengths), positive_int("n", n))

    def log_partition(self, scores, mask=None, lengths=None):
        """log Z, `(batch,)`."""
        return chains.log_partition(self._given(scores, mask, lengths))

    def log_likelihood(self, scores, tags, mask=None, lengths=None):
        """log p(tags), `(batch,)`: summed over unknown tags (negative), -∞ for forbidden ones."""
        chain = self._given(scores, mask, lengths)
        return chains.log_likelihood(chain, checks.targets(self.size, tags, chain))

    def marginals(self, scores, mask=None, lengths=None):
        """The probability of each tag at each step, `(batch, time, tags)`, zero where masked."""
        return chains.marginals(self._given(scores, mask, lengths))

    def entropy(self, scores, mask=None, lengths=None):
        """Entropy of the distribution over paths in nats, `(batch,)`."""
        return chains.entropy(self._given(scores, mask, lengths))

    def sample(self, scores, n=1, mask=None, lengths=None, seed=None):
        """`n` draws from the distribution over paths, `(batch, n, time)` int32."""
        chain = self._given(scores, mask, lengths)
        batch, time, tags = ops.shape(chain.scores)
        shape = (batch, time, positive_int("n", n), tags)
        tiny = 1e-20
        uniform = keras.random.uniform(shape, minval=tiny, maxval=1.0, seed=seed)
        gumbel = -ops.log(-ops.log(ops.cast(uniform, chain.scores.dtype)) + tiny)
        return chains.trace(chain, chains.forward(chain), gumbel)

    def span_probabilities(self, scores, tags, spans, mask=None, lengths=None):
        """The probability that a path has the given tags on a span, whatever it has elsewhere.

        Arguments:
            scores: `(batch, time, tags)`.
            tags: `(batch, time)` int.
            spans: a list of `(row, start, stop)`, of valid steps start, ..., stop - 1.

        Returns:
            A NumPy array with one number for each span.
        """
        return span_probabilities(self._given(scores, mask, lengths), tags, spans)

    def get_config(self):
        allowed = self.allowed
        if allowed is not None:
            allowed = {name: np.asarray(table).tolist() for name, table in allowed.items()}
        return {
            **super().get_config(),
            "tags": self.tags,
            "scheme": self.scheme,
            "allowed": allowed,
            "decoder": self.decoder,
            "transition_initializer": initializers.serialize(self.transition_initializer),
            "transition_regularizer": regularizers.serialize(self.transition_regularizer),
            "config_version": CONFIG_VERSION,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**take_version(cls, config))


register(CRF)
