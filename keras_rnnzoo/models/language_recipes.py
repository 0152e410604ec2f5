"""How a `LanguageModel` is trained: settings that were chosen on validation, and one fit."""

from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from keras_rnnzoo.base.options import positive_int, refuse_unknown
from keras_rnnzoo.datasets.characters import streams
from keras_rnnzoo.models.fitting import keep_best
from keras_rnnzoo.models.language_model import LanguageModel
from keras_rnnzoo.models.schedules import optimizer
from keras_rnnzoo.models.seq2seq_parts import TokenLoss
from keras_rnnzoo.through_time import TruncatedBPTT


@dataclass(frozen=True)
class LanguageRecipe:
    """Settings of a language model and its training.

    Arguments:
        model: options of `LanguageModel`, but for the characters.
        epochs: passes over the training text; the one of the lowest validation loss is kept.
        learning_rate: of Adam at its peak; it rises over the first 5 % of the steps and then falls
            to zero by a cosine.
        rows: parallel streams into which the training text is cut.
        window: steps of truncated backpropagation through time; states are carried on.
        average: momentum of the moving average of the weights that is scored and kept, or `None`.
        clipnorm: the norm to which the gradients of all weights together are clipped, or `None`.

    Raises:
        ValueError: numbers that cannot be.

    Example:

    >>> LanguageRecipe({"cell": "gru", "units": 128}, epochs=5).changed(window=32)
    """

    model: dict = field(default_factory=dict)
    epochs: int = 12
    learning_rate: float = 4e-3
    rows: int = 32
    window: int = 64
    average: float | None = 0.995
    clipnorm: float | None = 1.0

    def __post_init__(self):
        for name in ("epochs", "rows", "window"):
            positive_int(name, getattr(self, name))
        if not 0 < self.learning_rate < np.inf:
            raise ValueError(
                "`learning_rate` must be a number above 0. Received: "
                f"learning_rate={self.learning_rate!r}"
            )
        if self.clipnorm is not None and not 0 < self.clipnorm < np.inf:
            raise ValueError(
                f"`clipnorm` must be a number above 0 or None. Received: clipnorm={self.clipnorm!r}"
            )

    def changed(self, **options):
        """The same with other settings; options of the model that `model` does not name stay.

        Raises:
            TypeError: a setting that there is not.
        """
        refuse_unknown(type(self), options, self.__dataclass_fields__)
        if "model" in options:
            options["model"] = {**self.model, **options["model"]}
        return replace(self, **options)


SHAKESPEARE = LanguageRecipe({"units": 256, "dropout": 0.25})
"A million characters."

SMALL = LanguageRecipe(
    {"units": 128, "dropout": 0.2}, epochs=15, learning_rate=1e-2, rows=8, average=0.98
)
"Up to 200,000 characters; scaled from the other by its size, not chosen on a real text."


def recipe_for(parts):
    """The recipe for `CharacterParts`, by the length of the training text."""
    return SHAKESPEARE if len(parts.train) > 200_000 else SMALL


def build_language_model(characters, recipe, seed=None, **changes):
    """A `LanguageModel` for a text; `changes` override the recipe's model.

    Arguments:
        characters: as of `CharacterParts`.
        recipe: a `LanguageRecipe`.
        seed: of dropout.

    Example:

    >>> model = build_language_model(parts.characters, recipe, seed=1, cell="lstm")
    """
    return LanguageModel(characters, seed=seed, **{**recipe.model, **changes})


def fit_language_model(model, train, validation, recipe, checkpoint=None, callbacks=()):
    """Train `model` by `recipe`, keep its best epoch, and return the history.

    Arguments:
        model: from `build_language_model`.
        train, validation: strings.
        recipe: a `LanguageRecipe`.
        checkpoint: a function from `variables` to a `training.Checkpoint` that saves them too; a
            run that was killed goes on at its epoch.
        callbacks: further Keras callbacks.

    Returns:
        Lists by name, `loss` and `val_loss` in nats per character, the latter by the averaged
        weights, and `best_epoch`.

    Example:

    >>> history = fit_language_model(model, parts.train, parts.validation, recipe)
    >>> min(history["val_loss"])
    """
    ids = model.ids(train)
    if len(model.ids(validation)) < 2:  # told now, not after an epoch
        raise ValueError(
            "A text is scored from its second character on: give a validation text of two or more. "
            f"Received: validation={validation!r}"
        )
    rows = min(recipe.rows, max(1, len(ids) // 100))
    window = min(recipe.window, max(1, (len(ids) - 1) // rows))
    x, y = streams(ids, rows, window)
    trainer, scores = TruncatedBPTT(model, window), {}
    trainer.compile(optimizer(recipe, recipe.epochs * x.shape[1] // window), loss=TokenLoss())

    def score():
        scores["val_loss"] = model.nats(validation, rows=min(32, len(validation) // 2000 + 1))
        return -scores["val_loss"]

    def told(epoch, logs):
        del logs["val_score"]
        logs.update(scores)

    fit = partial(trainer.fit, x, y, batch_size=rows, epochs=recipe.epochs, shuffle=False)
    return keep_best(trainer, fit, score, "val_score", told, checkpoint, callbacks)
