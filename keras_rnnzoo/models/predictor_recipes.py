"""How the sequence predictor is trained: settings that were chosen on validation, and one fit."""

from dataclasses import dataclass, field, replace

import keras
import numpy as np
from keras import ops

from keras_rnnzoo.base.options import positive_int, refuse_unknown
from keras_rnnzoo.metrics.task_scores import OBJECTIVES
from keras_rnnzoo.models.schedules import optimizer
from keras_rnnzoo.models.sequence_predictor import SequencePredictor
from keras_rnnzoo.training.best_epoch import BestEpoch


@dataclass(frozen=True)
class PredictorRecipe:
    """Settings of a predictor and its training.

    Arguments:
        model: options of `SequencePredictor`, but for what the data decide.
        epochs: passes over the training sequences; the one with the best validation score is kept.
        learning_rate: of Adam at its peak; it rises over the first 5 % of the steps and then falls
            to zero by a cosine.
        batch_size: sequences in a batch.
        average: momentum of the moving average of the weights that is scored and kept, or `None`.
        clipnorm: the norm to which the gradients of all weights together are clipped, or `None`.

    Raises:
        ValueError: epochs, a batch size or a norm that cannot be.

    Example:

    >>> PredictorRecipe({"cell": "gru", "units": 32}, epochs=5).changed(learning_rate=0.01)
    """

    model: dict = field(default_factory=dict)
    epochs: int = 20
    learning_rate: float = 3e-3
    batch_size: int = 32
    average: float | None = None
    clipnorm: float | None = 1.0

    def __post_init__(self):
        positive_int("epochs", self.epochs)
        positive_int("batch_size", self.batch_size)
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


def build_sequence_predictor(sequences, recipe, seed=None, **changes):
    """A `SequencePredictor` for a task; `changes` override the recipe's model.

    It starts out saying what the best constant prediction says: the bias of its outputs is set to
    the mean target, for probabilities to its log-odds.

    Arguments:
        sequences: the training part, a `TaskSequences`.
        recipe: a `PredictorRecipe`.
        seed: as in `SequencePredictor`.

    Example:

    >>> model = build_sequence_predictor(parts.train, recipe, seed=1, cell="gru", units=40)
    """
    options = {**recipe.model, **changes}
    if options.get("forget_start") == "chrono":
        options = {"chrono_steps": max(3, int(sequences.lengths.max())), **options}
    shape = {name: getattr(sequences, name) for name in ("features", "outputs", "kind")}
    shape |= {"every_step": sequences.every_step, "ids": sequences.takes_ids}
    model = SequencePredictor(**shape, seed=seed, **options)
    mean = sequences.mean_target()
    if sequences.kind != "values":
        low = 0.5 / len(sequences.scored()[0])  # what was never seen is rare, not impossible
        mean = np.clip(mean, low, 1 - low)
        mean = np.log(mean) - (np.log1p(-mean) if sequences.kind == "binary" else 0)
    model.head.bias.assign(ops.cast(mean, model.head.bias.dtype))
    return model


def fit_sequence_predictor(model, train, validation, recipe, seed=0, checkpoint=None, callbacks=()):
    """Train `model` by `recipe`, keep its best epoch, and return the history.

    Arguments:
        model: from `build_sequence_predictor`.
        train, validation: `TaskSequences`.
        recipe: a `PredictorRecipe`.
        seed: of the order of the batches.
        checkpoint: a function from `variables` to a `training.Checkpoint` that saves them too; a
            run that was killed goes on at its epoch.
        callbacks: further Keras callbacks.

    Returns:
        Lists by name, those of the validation part by the averaged weights: `loss`, `nll`,
        `val_nll` and so on, or `mse` and `val_mse`; and `best_epoch`.

    Example:

    >>> history = fit_sequence_predictor(model, parts.train, parts.validation, recipe)
    >>> min(history["val_nll"])
    """
    batches = model.batches(train, batch_size=min(recipe.batch_size, len(train)), seed=seed)
    model.batches(validation)  # told now, not after an epoch
    objective, scores = OBJECTIVES[model.kind], {}

    def score():
        scores.update(model.score(validation, min(256, len(validation))))
        return -scores[objective]

    def told(epoch, logs):
        del logs["val_score"]
        logs.update({f"val_{name}": value for name, value in scores.items()})

    model.compile(optimizer(recipe, batches.num_batches * recipe.epochs))
    best = BestEpoch(score, "val_score", model)
    checkpoint = checkpoint(best.variables) if checkpoint else None
    # Keras asks for a new order at times of its own; a run that can be repeated says when.
    order = keras.callbacks.LambdaCallback(lambda epoch, logs: batches.set_epoch(epoch))
    history = model.fit(
        batches,
        epochs=recipe.epochs,
        initial_epoch=checkpoint.restore(model) if checkpoint else 0,
        shuffle=False,
        verbose=0,
        callbacks=[
            order,
            best,
            keras.callbacks.LambdaCallback(on_epoch_end=told),
            *([checkpoint] if checkpoint else []),
            *callbacks,
        ],
    ).history
    # On JAX the weights now share arrays with their averages (Keras 3.15): give them their own.
    model.set_weights(model.get_weights())
    best.restore()
    return {**(checkpoint.history if checkpoint else history), "best_epoch": best.epoch}
