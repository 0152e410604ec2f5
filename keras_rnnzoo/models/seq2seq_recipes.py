"""How a `Seq2Seq` is trained: settings that were chosen on validation, and one fit."""

import math
from dataclasses import dataclass, field

import keras

from keras_rnnzoo.base.options import choice, positive_int
from keras_rnnzoo.datasets.translation_text import vocabulary_of
from keras_rnnzoo.models.fitting import fit_best
from keras_rnnzoo.models.seq2seq import Seq2Seq

SCHEDULES = {
    "linear": lambda progress: progress,
    "inverse_sigmoid": lambda progress: 1 - 11 / (10 + math.exp(progress * math.log(1000))),
}
"Share of the final rate of scheduled sampling, by how much of the training is done."


@dataclass(frozen=True)
class TranslationRecipe:
    """Settings of a model and its training.

    Arguments:
        model: options of `Seq2Seq`.
        epochs: passes over the training pairs; the one of the lowest validation perplexity is kept.
        learning_rate: of Adam at its peak; it rises over the first 5 % of the steps and then falls
            to zero by a cosine.
        batch_size: pairs in a batch.
        average: momentum of the moving average of the weights that is scored and kept, or `None`.
        sampling: how scheduled sampling rises: `"linear"` or `"inverse_sigmoid"`.
        min_count: how often a token must occur in the training part to be listed.
        beam, length_penalty: of the search.
    """

    model: dict = field(default_factory=dict)
    epochs: int = 8
    learning_rate: float = 2e-3
    batch_size: int = 64
    average: float | None = 0.998
    sampling: str = "linear"
    min_count: int = 2
    beam: int = 4
    length_penalty: float = 0.6

    def __post_init__(self):
        for name in ("epochs", "batch_size", "min_count", "beam"):
            positive_int(name, getattr(self, name))
        choice("sampling", self.sampling, tuple(SCHEDULES))


DATES = TranslationRecipe(
    {"units": 64, "embedding_dim": 32, "dropout": 0.0, "max_length": 12},
    epochs=5,
    learning_rate=5e-3,
    average=0.99,
    min_count=1,
)
"The generated dates."

SENTENCES = TranslationRecipe(
    {
        "units": 256,
        "attention_units": 128,
        "embedding_dim": 128,
        "label_smoothing": 0.1,
        "max_length": 20,
    },
    epochs=6,
    learning_rate=3e-3,
    min_count=3,
)
"""Tens of thousands of short sentences. Chosen by perplexity on validation; an earlier recipe, with
the narrow embeddings of Keras, had been scored on test once (BLEU 4.3) before it was given up."""

FEW = TranslationRecipe(
    {"units": 64, "embedding_dim": 64, "dropout": 0.3, "label_smoothing": 0.1},
    epochs=20,
    learning_rate=5e-3,
    average=0.99,
    min_count=1,
)
"Up to 10,000 pairs; scaled from the others by its size, not chosen on a real set."


def recipe_for(parts):
    """The recipe for `TranslationParts`, by the number of training sentences."""
    if parts.source == "dates":
        return DATES
    return SENTENCES if len(parts.train) > 10_000 else FEW


def build_seq2seq(train, tokens, recipe, seed=None, **changes):
    """A `Seq2Seq` with the vocabularies of training pairs; `changes` override the recipe's model.

    Arguments:
        train: a `Pairs`.
        tokens: `"words"` or `"characters"`.
        recipe: a `TranslationRecipe`.
    """
    vocabularies = [vocabulary_of(texts, tokens, recipe.min_count) for texts in train.flat()]
    model = Seq2Seq(*vocabularies, tokens=tokens, seed=seed, **{**recipe.model, **changes})
    model.build()
    return model


def fit_seq2seq(model, train, validation, recipe, seed=0, checkpoint=None, callbacks=()):
    """Train `model` by `recipe`, keep its best epoch, and return the history.

    Arguments:
        model: from `build_seq2seq`.
        train, validation: `Pairs`.
        recipe: a `TranslationRecipe`.
        seed: of the order of the batches.
        checkpoint: a function from `variables` to a `training.Checkpoint` that saves them too; a
            run that was killed goes on at its epoch.
        callbacks: further Keras callbacks.

    Returns:
        Lists by name, `val_perplexity` by the averaged weights, and `best_epoch`.
    """
    sources, targets = train.flat()
    batches = model.batches(
        sources, targets, batch_size=min(recipe.batch_size, len(sources)), seed=seed
    )
    sources, targets = validation.flat()
    held_out = model.batches(
        sources, targets, batch_size=min(recipe.batch_size, len(sources)), shuffle=False
    )

    def closeness():
        return -model.perplexity_of(held_out)

    def told(epoch, logs):
        logs["val_perplexity"] = -logs.pop("val_score")

    rises = SamplingRate(recipe.sampling, recipe.epochs)
    callbacks = [rises, *callbacks]
    return fit_best(model, batches, recipe, closeness, "val_score", told, checkpoint, callbacks)


class SamplingRate(keras.callbacks.Callback):
    """Lets the rate of scheduled sampling rise from 0 in the first epoch to that of the model."""

    def __init__(self, schedule, epochs):
        super().__init__()
        self.share, self.epochs = SCHEDULES[schedule], epochs

    def on_epoch_begin(self, epoch, logs=None):
        progress = epoch / max(1, self.epochs - 1)
        self.model.sampling_rate.assign(self.model.scheduled_sampling * self.share(progress))
