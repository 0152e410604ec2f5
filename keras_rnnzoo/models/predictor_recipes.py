"""How the sequence predictor is trained: settings that were chosen on validation, and one fit."""

from dataclasses import dataclass, field, replace

import numpy as np
from keras import ops

from keras_rnnzoo.base.options import positive_int, refuse_unknown
from keras_rnnzoo.metrics.task_scores import OBJECTIVES
from keras_rnnzoo.models.fitting import fit_best
from keras_rnnzoo.models.sequence_predictor import SequencePredictor


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
        ValueError: epochs, a batch size, a learning rate or a norm that cannot be.

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


RECIPES = {
    "jsb": PredictorRecipe(
        {"units": 200, "dropout": 0.5, "cell_options": {"recurrent_dropout": 0.4}},
        epochs=30,
        learning_rate=0.02,
        batch_size=16,
    ),
    "sample": PredictorRecipe({"units": 64}, epochs=12, learning_rate=0.02, batch_size=8),
    "adding": PredictorRecipe({"cell": "gru", "units": 32}, epochs=20, learning_rate=0.01),
    "copy_memory": PredictorRecipe(
        {"units": 64, "forget_start": 3.0}, epochs=20, learning_rate=0.02
    ),
    "parity": PredictorRecipe({"units": 24}, epochs=10, learning_rate=0.01),
    "selective_copy": PredictorRecipe({"cell": "gru", "units": 32}, epochs=15, learning_rate=0.01),
    "spike_timing": PredictorRecipe(
        {"cell": "peephole_lstm", "units": 16}, epochs=12, learning_rate=0.02
    ),
    "function_generation": PredictorRecipe(
        {"cell": "peephole_lstm", "units": 8}, epochs=30, learning_rate=0.02, batch_size=8
    ),
}
"""By the `source` of the parts; those of generated tasks for the options in `memory.QUICK`.

Chosen on validation parts. The chorales gained most from recurrent dropout: without it an LSTM
starts to overfit after ten epochs.
"""


def recipe_for(parts):
    """The recipe for `TaskParts`, by their source; music of one's own is trained as the chorales.

    Example:

    >>> recipe_for(memory.load("adding", verbose=False)).epochs
    20
    """
    return RECIPES.get(parts.source, RECIPES["jsb"])


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

    return fit_best(model, batches, recipe, score, "val_score", told, checkpoint, callbacks)
