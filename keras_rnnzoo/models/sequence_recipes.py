"""How the sequence classifier is trained: settings that were chosen on validation, and one fit."""

from dataclasses import dataclass, field

from keras_rnnzoo.base.options import positive_int
from keras_rnnzoo.models.fitting import fit_best
from keras_rnnzoo.models.sequence_baselines import log_loss
from keras_rnnzoo.models.sequence_classifier import SequenceClassifier, scaling_of


@dataclass(frozen=True)
class SequenceRecipe:
    """Settings of a model and its training.

    Arguments:
        model: options of `SequenceClassifier`.
        epochs: passes over the training sequences; the one with the lowest validation loss is kept.
        learning_rate: of Adam at its peak; it rises over the first 5 % of the steps and then falls
            to zero by a cosine.
        batch_size: sequences in a batch.
        average: momentum of the moving average of the weights that is scored and kept, or `None`.
    """

    model: dict = field(default_factory=dict)
    epochs: int = 60
    learning_rate: float = 5e-3
    batch_size: int = 32
    average: float | None = 0.9

    def __post_init__(self):
        positive_int("epochs", self.epochs)
        positive_int("batch_size", self.batch_size)


FEW_SEQUENCES = SequenceRecipe({"units": 64, "jitter": 0.2, "noise": 0.3, "members": 3})
"Hundreds of sequences, as indoor movement has; chosen on its training and validation parts."

SEQUENCES = SequenceRecipe({"units": 64, "noise": 0.1}, epochs=20, batch_size=64, average=0.99)
"Thousands of them; scaled from the other by its size, not chosen on a real set."

SAMPLE = SequenceRecipe(epochs=12, learning_rate=1e-2)
"The embedded sample."


def recipe_for(parts):
    """The recipe for `SequenceParts`, by the number of their training sequences."""
    if parts.source == "sample":
        return SAMPLE
    return FEW_SEQUENCES if len(parts.train) < 2_000 else SEQUENCES


def build_sequence_classifier(train, recipe, seed=None, **changes):
    """A `SequenceClassifier` scaled by the training part; `changes` override the recipe's model.

    Arguments:
        train: a `Sequences`.
        recipe: a `SequenceRecipe`.
    """
    options = {**scaling_of(train), **recipe.model, **changes}
    model = SequenceClassifier(train.channels, train.classes, seed=seed, **options)
    model.build()
    return model


def fit_sequence_classifier(
    model, train, validation, recipe, seed=0, checkpoint=None, callbacks=()
):
    """Train `model` by `recipe`, keep its best epoch, and return the history.

    Arguments:
        model: from `build_sequence_classifier`.
        train, validation: `Sequences`.
        recipe: a `SequenceRecipe`.
        seed: of the order of the batches.
        checkpoint: a function from `variables` to a `training.Checkpoint` that saves them too; a
            run that was killed goes on at its epoch.
        callbacks: further Keras callbacks.

    Returns:
        Lists by name, `val_loss` and `val_accuracy` by the averaged weights, and `best_epoch`.
    """
    batches = model.batches(train, batch_size=min(recipe.batch_size, len(train)), seed=seed)
    held_out = model.batches(validation, batch_size=len(validation), shuffle=False)  # told now
    scores = {}

    def likelihood():
        chances = model.predict(validation)
        scores["val_loss"] = log_loss(held_out.labels, chances)
        scores["val_accuracy"] = float((chances.argmax(-1) == held_out.labels).mean())
        return -scores["val_loss"]

    def told(epoch, logs):
        del logs["val_score"]
        logs.update(scores)

    return fit_best(model, batches, recipe, likelihood, "val_score", told, checkpoint, callbacks)
