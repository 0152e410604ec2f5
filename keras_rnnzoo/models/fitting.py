"""One fit for the recipes that keep the epoch that scored best on validation."""

from functools import partial

import keras

from keras_rnnzoo.models.schedules import optimizer
from keras_rnnzoo.training.best_epoch import BestEpoch


def fit_best(model, batches, recipe, score, name, told=None, checkpoint=None, callbacks=()):
    """Train `model` by `recipe`, put the weights of its best epoch back, and return the history.

    Arguments:
        model: built; it is compiled here.
        batches: to train on, with `num_batches` and `set_epoch`.
        recipe: has `epochs` and what `schedules.optimizer` reads.
        score: a function without arguments, the higher the better; it is called after every epoch,
            when the model has the averaged weights.
        name: of that score in the history.
        told: a function of an epoch and its logs that may say more, or say it otherwise.
        checkpoint: a function from `variables` to a `training.Checkpoint` that saves them too; a
            run that was killed goes on at its epoch.
        callbacks: further Keras callbacks.

    Returns:
        Lists by name, and `best_epoch`, counted from 1.

    Example:

    >>> fit_best(model, batches, recipe, lambda: accuracy_of(model), "val_accuracy")["best_epoch"]
    """
    model.compile(optimizer(recipe, batches.num_batches * recipe.epochs))
    # Keras asks for a new order at times of its own; a run that can be repeated says when.
    order = keras.callbacks.LambdaCallback(lambda epoch, logs: batches.set_epoch(epoch))
    fit = partial(model.fit, batches, epochs=recipe.epochs, shuffle=False)
    return keep_best(model, fit, score, name, told, checkpoint, [order, *callbacks])


def keep_best(model, fit, score, name, told=None, checkpoint=None, callbacks=()):
    """As `fit_best`, for a model that is compiled and fitted in another way.

    Arguments:
        model: built and compiled.
        fit: a function that takes `initial_epoch`, `verbose` and `callbacks`, such as
            `functools.partial(model.fit, x, y, epochs=5)`.
        score, name, told, checkpoint, callbacks: as in `fit_best`.

    Returns:
        As `fit_best`.

    Example:

    >>> keep_best(model, partial(model.fit, x, y, epochs=5), score, "val_score")["best_epoch"]
    """
    best = BestEpoch(score, name, model)
    checkpoint = checkpoint(best.variables) if checkpoint else None
    telling = [keras.callbacks.LambdaCallback(on_epoch_end=told)] if told else []
    history = fit(
        initial_epoch=checkpoint.restore(model) if checkpoint else 0,
        verbose=0,
        callbacks=[best, *telling, *([checkpoint] if checkpoint else []), *callbacks],
    ).history
    # On JAX the weights now share arrays with their averages (Keras 3.15): give them their own.
    model.set_weights(model.get_weights())
    best.restore()
    return {**(checkpoint.history if checkpoint else history), "best_epoch": best.epoch}
