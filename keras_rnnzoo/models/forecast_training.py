"""How a forecaster is trained: settings, the linear map that is solved for, and one fit."""

from dataclasses import dataclass, field, replace

import keras
import numpy as np
from keras import ops

from keras_rnnzoo.base.options import positive_int, refuse_unknown
from keras_rnnzoo.models.ridge import RidgeForecast
from keras_rnnzoo.models.schedules import optimizer
from keras_rnnzoo.training.best_epoch import BestEpoch


@dataclass(frozen=True)
class ForecastRecipe:
    """Settings of a forecaster and its training.

    Arguments:
        model: options of `Forecaster`.
        look_back: steps of history.
        epochs: passes over the training windows; the one with the best validation loss is kept.
        learning_rate: of Adam at its peak.
        batch_size: windows in a batch.
        average: momentum of the moving average of the weights that is scored, or `None`.
        stride: rows from one training window to the next.
    """

    model: dict = field(default_factory=dict)
    look_back: int = 96
    epochs: int = 10
    learning_rate: float = 1e-3
    batch_size: int = 64
    average: float | None = None
    stride: int = 1

    def __post_init__(self):
        for name in ("look_back", "epochs", "batch_size", "stride"):
            positive_int(name, getattr(self, name))

    def changed(self, **options):
        """The same with other settings.

        Raises:
            TypeError: a setting that there is not.
        """
        refuse_unknown(type(self), options, self.__dataclass_fields__)
        return replace(self, **options)


def solve_skip(model, series, train, validation=None, ridge=None):
    """Give a forecaster's linear skip the ridge solution for a series, see `fit_ridge`."""
    if model.skip is None:
        raise ValueError(
            "The model has no linear skip. Make it with skip=True. Received: skip=False"
        )
    if not model.built:
        model.build()
    if validation is None and ridge is None:
        ridge = 1e-2
    grid = {} if ridge is None else {"grid": (ridge,)}
    solution = RidgeForecast(
        model.look_back, model.horizon, normalization=model.normalise.kind, **grid
    )
    solution.fit(scaled_values(model, series), train, validation)
    model.skip.set_map(solution.weights, solution.bias)
    rows = train if validation is None else validation
    model.skip.spread.assign(_spread(model, model.windows(series, *rows, batch_size=256)))
    return solution


def _spread(model, windows):
    """The root mean square of what the skip misses, for each step, in normalised windows."""
    total, count = 0.0, 0.0
    for k in range(len(windows)):
        inputs, y, weight = windows[k]
        history, scale, shift = model.normalise(ops.convert_to_tensor(inputs["history"]))
        said = ops.convert_to_numpy(model.skip(history) * scale + shift)
        missed = np.square((y - said) / ops.convert_to_numpy(scale)).mean(axis=2)
        total, count = total + missed[weight > 0].sum(axis=0), count + (weight > 0).sum()
    return np.sqrt(total / count)


def scaled_values(model, series):
    """The targets of each series as the network sees them."""
    if model.scaler is None:
        return list(series.values)
    return [model.scaler.transform(values, name) for values, name in zip(series.values, series.ids)]


def build_forecaster(series, horizon, recipe, borders, seed=None, **changes):
    """A `Forecaster` for a series, its scaler and its linear skip taken from the training rows.

    Arguments:
        series: a `TimeSeries`.
        horizon: steps.
        recipe: a `ForecastRecipe`; `changes` override its model.
        borders: `Borders`, of which the training and the validation rows are read.
        seed: of the dropout.
    """
    from keras_rnnzoo.models.forecaster import Forecaster

    options = {**recipe.model, **changes}
    train = series.slice(*borders.train)
    model = Forecaster.for_series(train, recipe.look_back, horizon, seed=seed, **options)
    model.build()
    if model.skip is not None:
        model.fit_ridge(series, borders.train, borders.validation)
    return model


def fit_forecaster(model, series, train, validation, recipe, seed=0, checkpoint=None, callbacks=()):
    """Train `model` by `recipe`, keep its best epoch, and return the history.

    The state before the first epoch counts too: a network that does not help a solved linear skip
    leaves it as it is.

    Arguments:
        model: a `Forecaster`.
        series: a `TimeSeries`.
        train: rows (start, stop) whose windows are trained on.
        validation: rows whose horizons are scored after each epoch, or `None`.
        recipe: a `ForecastRecipe`.
        seed: of the order of the windows.
        checkpoint: a function from `variables` to a `training.Checkpoint`; a run that was killed
            goes on at its epoch.
        callbacks: further Keras callbacks.
    """
    if not model.built:
        model.build()
    options = {"stride": recipe.stride, "shuffle": True, "seed": seed}
    options["batch_size"] = recipe.batch_size
    windows = Taught(model, model.windows(series, *train, **options))
    model.compile(optimizer(recipe, len(windows) * recipe.epochs))
    callbacks, best = list(callbacks), None
    if validation is not None:
        held = Taught(model, model.windows(series, *validation, batch_size=recipe.batch_size))
        best = BestEpoch(lambda: -error(model, held), "val_score", model)
        best.consider_start()
    checkpoint = checkpoint(best.variables if best else ()) if checkpoint else None

    def as_losses(epoch, logs):
        del logs["error"]  # the loss once more
        if best:
            logs["val_loss"] = -logs.pop("val_score")

    order = keras.callbacks.LambdaCallback(lambda epoch, logs: windows.set_epoch(epoch))
    losses = keras.callbacks.LambdaCallback(on_epoch_end=as_losses)
    history = model.fit(
        windows,
        epochs=recipe.epochs,
        initial_epoch=checkpoint.restore(model) if checkpoint else 0,
        shuffle=False,
        verbose=0,
        callbacks=[order, *(one for one in (best, losses, checkpoint) if one), *callbacks],
    ).history
    # On JAX the weights now share arrays with their averages (Keras 3.15): give them their own.
    model.set_weights(model.get_weights())
    history = dict(checkpoint.history if checkpoint else history)
    if best:
        best.restore()
        history["best_epoch"] = best.epoch
    return history


class Taught(keras.utils.PyDataset):
    """Windows for `fit`: an autoregressive model is given the true values of the horizon too.

    Arguments:
        model: a `Forecaster`.
        windows: its `ForecastWindows`.
    """

    def __init__(self, model, windows):
        super().__init__()
        self.windows, self._teach = windows, model.autoregressive

    def __len__(self):
        return len(self.windows)

    def __getitem__(self, k):
        inputs, y, weight = self.windows[k]
        return {**inputs, "target": y} if self._teach else inputs, y, weight

    def set_epoch(self, epoch):
        """Draw the order of an epoch."""
        self.windows.set_epoch(epoch)


def error(model, windows):
    """The mean loss over all windows."""
    return float(model.evaluate(windows, verbose=0, return_dict=True)["error"])
