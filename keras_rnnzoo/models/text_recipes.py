"""How the text classifier is trained: settings that were chosen on validation data, and one fit."""

from dataclasses import dataclass, field

import keras

from keras_rnnzoo.base.options import positive_int
from keras_rnnzoo.datasets.text import Vocabulary
from keras_rnnzoo.datasets.word_vectors import ppmi_vectors
from keras_rnnzoo.models.evidence_classifier import EvidenceClassifier
from keras_rnnzoo.models.schedules import optimizer
from keras_rnnzoo.models.text_classifier import TextClassifier
from keras_rnnzoo.models.text_evidence import NBEvidence, out_of_fold
from keras_rnnzoo.registry import get


@dataclass(frozen=True)
class TextRecipe:
    """Settings of a model, its vocabulary and its training.

    Arguments:
        model: options of `TextClassifier`; with `"evidence": True` those of an
            `EvidenceClassifier`.
        epochs: passes over the training texts.
        learning_rate: of Adam at its peak; it rises over the first 5 % of the steps and then falls
            to zero by a cosine.
        batch_size: texts in a batch.
        average: momentum of the moving average of the weights that is kept in the end, or `None`.
        max_words: size of the vocabulary.
        word_vectors: whether words start from `ppmi_vectors` of the training texts.
        lengths: of the batches, see `ReviewBatches`.
    """

    model: dict = field(default_factory=dict)
    epochs: int = 3
    learning_rate: float = 2e-3
    batch_size: int = 64
    average: float | None = 0.995
    max_words: int = 30_000
    word_vectors: bool = False
    lengths: tuple | None = None

    def __post_init__(self):
        positive_int("epochs", self.epochs)
        positive_int("batch_size", self.batch_size)


REVIEWS = TextRecipe(
    model={
        "bag": True,
        "halve_time": True,
        "token_dropout": 0.3,
        "span_dropout": 0.2,
        "embedding_dropout": 0.3,
        "label_smoothing": 0.05,
    },
    word_vectors=True,
    lengths=(120, 200, 280, 400),
)
"Twenty thousand long reviews: a recurrent head on words, a bag head on words and bigrams."

EVIDENCE = TextRecipe(
    model={
        "evidence": True,
        "architecture": "cnn-rnn",
        "halve_time": True,
        "token_dropout": 0.3,
        "span_dropout": 0.2,
        "embedding_dropout": 0.3,
        "label_smoothing": 0.05,
    },
    epochs=2,
    word_vectors=True,
    lengths=(120, 200, 280, 400),
)
"The same reviews, each word with its evidence beside it, read by convolutions and recurrence."

FEW_REVIEWS = TextRecipe(
    model={
        "units": 32,
        "embedding_dim": 32,
        "halve_time": True,
        "token_dropout": 0.3,
        "embedding_dropout": 0.2,
    },
    epochs=5,
    learning_rate=5e-3,
    lengths=(120, 200, 280, 400),
)
"A few thousand long reviews: the recurrent head alone, and small."

SAMPLE = TextRecipe(
    model={"units": 32, "embedding_dim": 32, "token_dropout": 0.0},
    epochs=10,
    learning_rate=1e-2,
    batch_size=32,
    average=None,
)
"The embedded sample: short texts in which every word counts."


def build_classifier(texts, recipe, seed=None, vocabulary=None, labels=None, **changes):
    """A `TextClassifier` with a vocabulary of `texts`; `changes` override the recipe's model.

    Arguments:
        texts: of the training part.
        recipe: a `TextRecipe`.
        seed: of the dropout.
        labels: of the texts, for a recipe with evidence.
        vocabulary: of an earlier model of the same texts, instead of one that is made now.
    """
    options = {**recipe.model, **changes}
    bigrams = bool(options.get("bag") or options.get("bigrams"))
    if vocabulary is None:
        vocabulary = Vocabulary.fit(texts, max_words=recipe.max_words, bigrams=bigrams)
    if options.pop("evidence", False):
        evidence = NBEvidence.fit(texts, labels)
        model = EvidenceClassifier(vocabulary, evidence, seed=seed, **options)
    else:
        model = TextClassifier(vocabulary, seed=seed, **options)
    model.build()
    if recipe.word_vectors:
        width = model.embedding_dim
        model.words.embeddings.assign(ppmi_vectors(texts, vocabulary, width, seed=seed or 0))
    return model


def fit_classifier(model, train, validation, recipe, seed=0, checkpoint=None, callbacks=()):
    """Train `model` by `recipe` and return its history.

    Arguments:
        model: from `build_classifier`.
        train, validation: `(texts, labels)` pairs or `Split`s.
        recipe: a `TextRecipe`.
        seed: of the order of the batches.
        checkpoint: a `training.Checkpoint`; a run that was killed goes on at its epoch.
        callbacks: further Keras callbacks.
    """
    batch_size = min(recipe.batch_size, len(train.texts))
    informed = isinstance(model, EvidenceClassifier)
    known = {"evidence": out_of_fold(train.texts, train.labels)} if informed else {}
    options = {"batch_size": batch_size, "lengths": recipe.lengths, "seed": seed, **known}
    batches = model.batches(train.texts, train.labels, **options)
    held_out = model.batches(
        validation.texts,
        validation.labels,
        batch_size=batch_size,
        lengths=batches.lengths,
        shuffle=False,
    )
    model.compile(optimizer(recipe, batches.num_batches * recipe.epochs))
    # Keras asks for a new order at times of its own; a run that can be repeated says when.
    order = keras.callbacks.LambdaCallback(lambda epoch, logs: batches.set_epoch(epoch))
    history = model.fit(
        batches,
        validation_data=held_out,
        epochs=recipe.epochs,
        initial_epoch=checkpoint.restore(model) if checkpoint else 0,
        shuffle=False,
        verbose=0,
        callbacks=[order, *([checkpoint] if checkpoint else []), *callbacks],
    ).history
    # On JAX the weights are now the very arrays of their averages, and whoever computes with the
    # former deletes the latter (Keras 3.15); so give them arrays of their own.
    model.set_weights(model.get_weights())
    if informed:
        model.balance(validation.texts)
    return checkpoint.history if checkpoint else history


def describe(recipe):
    """A recipe in a few words, as tables name it.

    Arguments:
        recipe: a `TextRecipe`.

    Returns:
        Text: depth and cell, how directions merge, and what reads beside them.

    Example:

    >>> describe(TextRecipe({"cell": "gru", "depth": 2, "merge_mode": "concat", "bag": True}))
    '2 x BiGRU, concat + bag head'
    """
    model = recipe.model
    name = f"{model['depth']} x Bi{get(model['cell']).__name__}, {model['merge_mode']}"
    name += f", {model['architecture']}" if "architecture" in model else ""
    if model.get("evidence"):
        return f"hybrid: {name}, with naive-Bayes evidence"
    return name + (" + bag head" if model.get("bag") else "")
