"""How the clip classifier is trained: settings that were chosen on validation, and one fit."""

from dataclasses import dataclass, field

from keras_rnnzoo.base.options import positive_int
from keras_rnnzoo.datasets.clip_batches import ClipAugment
from keras_rnnzoo.datasets.sequences import Sequences
from keras_rnnzoo.models.clip_classifier import ClipClassifier, clip_scaling
from keras_rnnzoo.models.fitting import fit_best
from keras_rnnzoo.models.sequence_baselines import log_loss, summary_logistic


@dataclass(frozen=True)
class ClipRecipe:
    """Settings of a model and its training.

    Arguments:
        model: options of `ClipClassifier`.
        augment: arguments of `ClipAugment`, what is altered in training.
        epochs: passes over the training clips; the one with the lowest validation loss is kept.
        learning_rate: of Adam at its peak; it rises over the first 5 % of the steps and then falls
            to zero by a cosine.
        batch_size: clips in a batch.
        average: momentum of the moving average of the weights that is scored and kept, or `None`.
    """

    model: dict = field(default_factory=dict)
    augment: dict = field(default_factory=dict)
    epochs: int = 30
    learning_rate: float = 2e-3
    batch_size: int = 32
    average: float | None = 0.99

    def __post_init__(self):
        positive_int("epochs", self.epochs)
        positive_int("batch_size", self.batch_size)


SPEECH = ClipRecipe(
    {"dropout": 0.4, "label_smoothing": 0.1},
    {"stretch": 0.2, "shift": 3, "gain": 0.3, "noise": 0.2, "time_mask": 6, "band_mask": 8},
    epochs=15,
    average=0.98,
)
"Thousands of short recordings, as the spoken digits have; chosen on their validation part."

VIDEOS = ClipRecipe({"filters": (8, 16), "features": 32}, epochs=20, average=0.98)
"The generated videos of moving shapes, on whose validation part it was chosen."

SAMPLE = ClipRecipe({"units": 32}, {"shift": 2, "noise": 0.1}, epochs=15, average=0.9)
"The embedded sample, and other small sets of recordings."


def recipe_for(parts):
    """The recipe for `ClipParts`, by what they are and the number of clips to train on."""
    if parts.train.rate is None:
        return VIDEOS
    return SPEECH if len(parts.train) >= 500 else SAMPLE


def build_clip_classifier(train, recipe, seed=None, **changes):
    """A `ClipClassifier` scaled by the training part; `changes` override the recipe's model.

    Arguments:
        train: `Clips`.
        recipe: a `ClipRecipe`.
    """
    options = {"seed": seed, **recipe.model, **changes}
    if train.rate is None:
        options["frame"] = train.values[0].shape[1:]
    else:
        options["spectrogram"] = {"rate": train.rate, **(options.get("spectrogram") or {})}
    options |= clip_scaling(train, options.get("spectrogram"))
    model = ClipClassifier(train.classes, **options)
    model.build()
    return model


def fit_clip_classifier(model, train, validation, recipe, seed=0, checkpoint=None, callbacks=()):
    """Train `model` by `recipe`, keep its best epoch, and return the history.

    Arguments:
        model: from `build_clip_classifier`.
        train, validation: `Clips`.
        recipe: a `ClipRecipe`.
        seed: of the order of the batches, and of what is altered in them.
        checkpoint: a function from `variables` to a `training.Checkpoint` that saves them too; a
            run that was killed goes on at its epoch.
        callbacks: further Keras callbacks.

    Returns:
        Lists by name, `val_loss` and `val_accuracy` by the averaged weights, and `best_epoch`.
    """
    augment = ClipAugment(**recipe.augment) if recipe.augment else None
    size = min(recipe.batch_size, len(train))
    batches = model.batches(train, batch_size=size, augment=augment, seed=seed)
    labels = model.batches(validation, batch_size=len(validation), shuffle=False).labels
    scores = {}

    def likelihood():
        chances = model.predict(validation)
        scores["val_loss"] = log_loss(labels, chances)
        scores["val_accuracy"] = float((chances.argmax(-1) == labels).mean())
        return -scores["val_loss"]

    def told(epoch, logs):
        del logs["val_score"]
        logs.update(scores)

    return fit_best(model, batches, recipe, likelihood, "val_score", told, checkpoint, callbacks)


class ClipLogistic:
    """Logistic regression on statistics of each band or pixel: the plain model to beat.

    Arguments:
        model: a `ClipClassifier`, whose spectrograms are used.
        train, validation: `Clips`, as in `sequence_baselines.summary_logistic`.

    Example:

    >>> ClipLogistic(model, parts.train, parts.validation).predict(parts.test)
    """

    def __init__(self, model, train, validation):
        self._model = model
        self._fitted = summary_logistic(self._sequences(train), self._sequences(validation))
        self.C = self._fitted.C

    def _sequences(self, clips):
        values = [x.reshape(len(x), -1) for x in self._model.scale(clips)]
        return Sequences(values, clips.labels, clips.classes)

    def predict(self, clips):
        """Probabilities of the classes, `(number of clips, classes)`."""
        return self._fitted.predict(self._sequences(clips))
