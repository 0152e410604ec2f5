"""The text classifier with naive-Bayes evidence for each word: a hybrid that says so."""

import numpy as np
from keras import ops

from keras_rnnzoo.base.configurable import register
from keras_rnnzoo.datasets.batches import ReviewBatches
from keras_rnnzoo.datasets.text import head_and_tail
from keras_rnnzoo.models.text_classifier import TextClassifier
from keras_rnnzoo.models.text_evidence import NBEvidence

NGRAMS = 3
SPREAD = 0.5  # of the evidence's own logit beside the network's


class EvidenceClassifier(TextClassifier):
    """A `TextClassifier` that sees beside each word what naive Bayes makes of it.

    **Equations**, with e_t the weights of the uni-, bi- and trigram that end at word t and o the
    standardised logit of the linear classifier (see `NBEvidence`):

        x_t = [embedding_t; e_t],  logit = network(x) + a o,  prediction = logit + s o

    a is trained from 1; s is set once, after the training, so that s o spreads half as far as the
    logit over texts that were not trained on (`balance`). For the training itself the evidence
    must be out of fold: `batches(..., evidence=out_of_fold(texts, labels))`.

    Arguments:
        vocabulary: as in `TextClassifier`.
        evidence: an `NBEvidence`, or its config.
        options: of `TextClassifier`, but for `bag` and `convolution`.

    Call arguments:
        inputs: `{"words": int (batch, time), "evidence": float (batch, time, 3), "offset": float
            (batch,)}`.

    Returns `(batch, 2)`: the logit of the network, and s o.

    Raises:
        TypeError: no evidence was given.
        ValueError: a bag or a convolution is asked for.

    Example:

    >>> evidence = NBEvidence.fit(texts, labels)
    >>> model = EvidenceClassifier(vocabulary, evidence, units=8)
    >>> model.predict(["good", "bad"])
    """

    def __init__(self, vocabulary, evidence, **options):
        for name in ("bag", "convolution"):
            if options.get(name):
                raise ValueError(
                    f"{type(self).__name__} reads embeddings and evidence and has no `{name}`. "
                    f"Leave it out. Received: {name}={options[name]!r}"
                )
        super().__init__(vocabulary, **options)
        evidence = NBEvidence.from_config(evidence) if isinstance(evidence, dict) else evidence
        if not isinstance(evidence, NBEvidence):
            raise TypeError(
                "`evidence` must be an NBEvidence, such as NBEvidence.fit(texts, labels). "
                f"Received: evidence={evidence!r}"
            )
        self.evidence = evidence

    @property
    def width(self):
        return self.embedding_dim + NGRAMS

    def build(self, input_shape=None):
        self.trust = self.add_weight((), initializer="ones", name="trust")
        self.share = self.add_weight((), initializer="zeros", trainable=False, name="share")
        super().build(input_shape)

    def embedded(self, inputs, training=False):
        x, mask, kept = super().embedded(inputs, training)
        return ops.concatenate([x, ops.cast(inputs["evidence"], x.dtype)], axis=-1), mask, kept

    def call(self, inputs, training=False):
        logit = super().call(inputs, training=training)
        offset = ops.expand_dims(ops.cast(inputs["offset"], logit.dtype), -1)
        return ops.concatenate([logit + self.trust * offset, self.share * offset], axis=-1)

    def compute_output_shape(self, input_shape):
        return (input_shape["words"][0], 2)

    def encode(self, text, max_length):
        """Ids and evidence of a text."""
        return {**super().encode(text, max_length), **self.evidence.encode(text, max_length)}

    def batches(self, texts, labels=None, evidence=None, **kwargs):
        """`ReviewBatches` of raw texts.

        Arguments:
            texts, labels: as in `TextClassifier.batches`.
            evidence: that of each text, as `out_of_fold` gives it; by default the model's own.
        """
        encoder = self if evidence is None else _Given(self, evidence)
        return ReviewBatches(texts, labels, encoder, max_length=self.max_length, **kwargs)

    def balance(self, texts):
        """Set s by the spreads of both logits over some texts, which need no labels.

        On the validation reviews of IMDB shares from 0.3 to 1 were alike in log loss.
        """
        self.share.assign(0.0)
        rows = [self.evidence.encode(text)["offset"] for text in texts]
        network = self.logits(texts)[:, 0]
        self.share.assign(SPREAD * float(network.std() / max(np.std(rows), 1e-6)))

    def get_config(self):
        return {**super().get_config(), "evidence": self.evidence.to_config()}

    @classmethod
    def sample(cls):
        """A small one."""
        texts, labels = ["a good film", "a bad film"] * 3, [1, 0] * 3
        words = TextClassifier.sample().vocabulary
        return cls(words, NBEvidence.fit(texts, labels), units=4, embedding_dim=4)


class _Given:
    """Encodes texts in their order, with evidence from elsewhere."""

    def __init__(self, model, evidence):
        self.model, self.given = model, iter(evidence)

    def encode(self, text, max_length):
        row = next(self.given)
        row = {**row, "evidence": head_and_tail(row["evidence"], max_length)}
        return {**self.model.vocabulary.encode(text, max_length), **row}


register(EvidenceClassifier)
