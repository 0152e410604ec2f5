"""Named entities in text: word features, a recurrent stack, a CRF, and spans with probabilities."""

import inspect
from collections.abc import Iterable

import keras
import numpy as np
from keras import ops

from keras_rnnzoo import tags as schemes
from keras_rnnzoo.base.configurable import register
from keras_rnnzoo.base.options import choice, positive_int, refuse_unknown
from keras_rnnzoo.crf import CRF, CRFLoss, CRFPool, TagAccuracy
from keras_rnnzoo.datasets.tagged_batches import TaggedBatches
from keras_rnnzoo.datasets.word_features import WordFeatures
from keras_rnnzoo.models.files import InOneFile
from keras_rnnzoo.models.tagger_network import TaggerNetwork, TaggerNetworks
from keras_rnnzoo.models.tagger_text import cut, entities_of

HEADS = ("crf", "softmax")


class SequenceTagger(InOneFile, keras.Model):
    """Finds named entities in raw text, with its vocabulary inside.

    Each token is known by its word, its case and pattern, its prefixes and suffixes and its
    characters; a `StackedRecurrent` reads the sentence, and a `CRF` finds the best sequence of
    tags that is legal in the scheme. With `head="softmax"` each tag is trained by itself, and the
    best legal sequence is taken when tags are read.

    Arguments:
        features: a `WordFeatures`, or its config.
        types: of the entities, such as `["LOC", "PER"]`.
        scheme: of the tags inside, `"IOBES"`, `"BILOU"`, `"IOB2"` or `"IOB1"`; tags outside are
            always IOB2.
        head: `"crf"` or `"softmax"`.
        cell, units, depth, bidirectional, merge_mode, connections, cell_options: of the
            `StackedRecurrent`; one layer unless `depth` or a list says more.
        embedding_dim, affix_dim, character_units: widths of the embeddings of words and affixes and
            of the vector of the characters.
        characters: `"cnn"`, `"birnn"` (of the same cell) or `None`.
        dropout: of channels, for a whole sentence, before and behind each recurrent layer.
        word_dropout: a word that occurs n times is hidden in training with chance a / (a + n).
        members: how many networks are trained side by side, to be asked as one: see `CRFPool`.
        seed: of the dropout. Weights start by `keras.utils.set_random_seed`, as in any layer.

    Call arguments:
        inputs: what `WordFeatures.encode` gives, int `(batch, time[, ·])`, 0 for padding.

    Returns tag numbers, int32 `(batch, time)`; `tag_names` has their names.

    Raises:
        ValueError: an option cannot be, or there are no types.

    Example:

    >>> features = WordFeatures.fit([["Kim", "left", "Rome"]])
    >>> tagger = SequenceTagger(features, ["LOC", "PER"], cell="peephole_lstm", units=8)
    >>> tagger.tag("Kim saw Rome.")
    """

    def __init__(
        self,
        features,
        types,
        scheme="IOBES",
        head="crf",
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
        members=1,
        seed=None,
        **kwargs,
    ):
        given = dict(locals())
        of_keras = ["name", "dtype", "trainable"]
        refuse_unknown(type(self), kwargs, [*of_keras, *_options()], of_keras)
        super().__init__(**kwargs)
        self._config = {name: given[name] for name in _options()}
        self.features = _features(features)
        self.types = _types(types)
        self.scheme = choice("scheme", scheme, schemes.SCHEMES)
        self.head = choice("head", head, HEADS)
        self.members, self.seed = positive_int("members", members), seed
        self.tag_names = schemes.tag_set(self.types, scheme)
        self._numbers = {tag: number for number, tag in enumerate(self.tag_names)}
        self.network = self._networks(given)
        self.crf = self._crf("crf", scheme)
        if head == "softmax":  # a CRF without transitions is a softmax for each tag
            flat = {"transition_initializer": "zeros"}
            self.legal = self._crf("legal", scheme, **flat)
            self.crf = self._crf("crf", None, **flat)

    def _networks(self, given):
        options = set(inspect.signature(TaggerNetwork.__init__).parameters)
        options = {name: given[name] for name in _options() if name in options}
        sizes, counts = self.features.sizes, [0, 0, *self.features.counts]
        fixed = (sizes, len(self.features.affixes), counts, len(self.tag_names))
        seeds = [None if self.seed is None else self.seed + 1000 * k for k in range(self.members)]
        names = ["network"] if self.members == 1 else [f"network_{k}" for k in range(self.members)]
        each = [
            TaggerNetwork(*fixed, name=name, **{**options, "seed": seed})
            for name, seed in zip(names, seeds)
        ]
        return each[0] if self.members == 1 else TaggerNetworks(each, name="networks")

    def _crf(self, name, scheme, **options):
        if self.members == 1:
            return CRF(self.tag_names, scheme, name=name, **options)
        return CRFPool(self.tag_names, self.members, scheme=scheme, name=name, **options)

    def build(self, input_shape=None):
        self.network.build()
        for crf in (self.crf, self.decoder):
            if not crf.built:
                crf.build((None, None, crf.width))
            crf.trainable = self.head == "crf"
        self.built = True

    @property
    def decoder(self):
        """The CRF that reads tags: that of training, or one that knows the scheme alone."""
        return self.crf if self.head == "crf" else self.legal

    @property
    def networks(self):
        """The `TaggerNetwork` of each member."""
        return [self.network] if self.members == 1 else self.network.networks

    def call(self, inputs, training=False):
        scores = self.network(inputs, training=training)
        return self.crf(scores, mask=ops.not_equal(inputs["words"], 0))

    def compute_output_shape(self, input_shape):
        return tuple(input_shape["words"])

    def compile(self, optimizer="adam", loss=None, weighted_metrics=None, **kwargs):
        """As `keras.Model.compile`; likelihood and accuracy of tags unless told otherwise."""
        metrics = [TagAccuracy()] if weighted_metrics is None else weighted_metrics
        super().compile(optimizer, loss or CRFLoss(), weighted_metrics=metrics, **kwargs)

    # Tags ------------------------------------------------------------------------------------

    def encode_tags(self, tags):
        """Tags in IOB2 to tag numbers.

        Raises:
            ValueError: tags that are not legal IOB2, or a type that the model does not have.
        """
        converted = schemes.convert(list(tags), "IOB2", self.scheme)
        unknown = [k for k, tag in enumerate(converted) if tag not in self._numbers]
        if unknown:
            raise ValueError(
                f"The model knows the types {', '.join(self.types)}. Received: "
                f"{tags[unknown[0]]!r} at position {unknown[0]}. Train a model with this type, "
                "or take it out."
            )
        return [self._numbers[tag] for tag in converted]

    def batches(self, tokens, tags=None, **kwargs):
        """`TaggedBatches` of sentences for `fit` and `evaluate`.

        Raises:
            ValueError: as `TaggedBatches` and `encode_tags`, with the number of the sentence.
        """
        return TaggedBatches(tokens, tags, self.features, self.encode_tags, **kwargs)

    def tag_tokens(self, sentences, batch_size=64, lengths=None):
        """Tags in IOB2 for sentences that are cut into tokens: a list of lists."""
        tagged = self._read(sentences, batch_size, lengths, probabilities=False)
        return [schemes.encode(found, len(s), "IOB2") for s, (found, _) in zip(sentences, tagged)]

    def tag(self, text, batch_size=64):
        """The entities of a text, or for a list of texts a list of such lists.

        Returns:
            A list of `Entity`, in order; the score is the probability of exactly this entity
            under the model, all other tags being free.

        Raises:
            TypeError: something else than texts.
        """
        if isinstance(text, str):
            return self.tag([text], batch_size)[0]
        text = list(text) if isinstance(text, Iterable) and not isinstance(text, bytes) else [text]
        documents = [cut(document) for document in text]
        sentences = [[t.text for t in tokens] for parts in documents for tokens in parts]
        tagged = iter(self._read(sentences, batch_size) if sentences else [])
        return [
            [entity for tokens in parts for entity in entities_of(document, tokens, *next(tagged))]
            for document, parts in zip(text, documents)
        ]

    def _read(self, sentences, batch_size, lengths=None, probabilities=True):
        """For each sentence its spans and their probabilities."""
        batches = self.batches(
            sentences, batch_size=min(batch_size, len(sentences)), lengths=lengths, shuffle=False
        )
        found = [None] * len(sentences)
        for k in range(batches.num_batches):
            (inputs,), rows = batches[k], batches.rows(k)
            scores = self.network.predict_on_batch(inputs)
            mask = inputs["words"] != 0
            tags = np.asarray(ops.convert_to_numpy(self.decoder.decode(scores, mask=mask)[0]))
            here = [self._spans(tags[place, mask[place]]) for place in range(len(rows))]
            segments = [(p, span.start, span.stop) for p, each in enumerate(here) for span in each]
            chances = iter(
                self.decoder.span_probabilities(scores, tags, segments, mask=mask)
                if probabilities
                else np.ones(len(segments))
            )
            for row, each in zip(rows, here):
                found[row] = each, [float(next(chances)) for _ in each]
        return found

    def _spans(self, numbers):
        return schemes.spans([self.tag_names[number] for number in numbers], self.scheme)

    def get_config(self):
        config = {**self._config, "types": self.types, "features": self.features.to_config()}
        return self.written(config)

    @classmethod
    def sample(cls):
        """A small one."""
        features = WordFeatures.fit([["Kim", "left", "Rome"], ["Rome", "left", "Kim"]])
        return cls(features, ["LOC", "PER"], units=4, embedding_dim=4)


def _options():
    """The names of the options of `SequenceTagger`."""
    parameters = inspect.signature(SequenceTagger.__init__).parameters
    return [name for name in parameters if name not in ("self", "kwargs")]


def _features(given):
    if isinstance(given, dict):
        return WordFeatures.from_config(given)
    if not isinstance(given, WordFeatures):
        raise TypeError(
            "`features` must be a WordFeatures, such as WordFeatures.fit(sentences). "
            f"Received: features={given!r}"
        )
    return given


def _types(given):
    types = [given] if isinstance(given, str) else [str(kind) for kind in given]
    if not types or len(set(types)) != len(types):
        raise ValueError(
            f"`types` must name each type of entity once, and one at least. Received: {types}"
        )
    return types


register(SequenceTagger)
