"""How a forecaster is trained: settings, the linear map that is solved for, and one fit."""

from dataclasses import dataclass, field, replace

import keras
import numpy as np
from keras import ops

from keras_rnnzoo.base.options import positive_int, refuse_unknown
from keras_rnnzoo.models.forecast_loss import error_of
from keras_rnnzoo.models.forecast_scoring import BLOCK, blocks, gain
from keras_rnnzoo.models.ridge import RidgeForecast
from keras_rnnzoo.models.schedules import optimizer
from keras_rnnzoo.models.widths import count_parameters, solve_width
from keras_rnnzoo.training.best_epoch import BestEpoch


@dataclass(frozen=True)
class ForecastRecipe:
    """Settings of a forecaster and its training.

    Arguments:
        model: options of `Forecaster`.
        look_back: steps of history.
        epochs: of training; the one with the best validation loss is kept.
        learning_rate: of Adam at its peak.
        batch_size: windows in a batch.
        average: momentum of the moving average of the weights that is scored, or `None`.
        stride: rows from one training window to the next.
        parts: how many epochs a pass over all windows is cut into, so that long passes are scored
            more than once.
        sure: the start is kept unless the gain over it on the validation rows lies above zero with
            an interval of this coverage (`forecast_scoring.gain`); `None`: any gain will do. With
            0.68 this is the rule of one standard error (Breiman et al. 1984).
        skips: pairs of `skip_normalization` and `skip_maps` of which `build_forecaster` takes the
            one whose ridge solution is best on the validation rows.
    """

    model: dict = field(default_factory=dict)
    look_back: int = 96
    epochs: int = 10
    learning_rate: float = 1e-3
    batch_size: int = 64
    average: float | None = None
    stride: int = 1
    parts: int = 1
    sure: float | None = None
    skips: tuple = ()

    def __post_init__(self):
        for name in ("look_back", "epochs", "batch_size", "stride", "parts"):
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
    kind = model.skip.normalise.kind, "shared" if model.skip.maps is None else "each"
    solution = _ridge(model, series, train, validation, kind, **grid)
    _take(model, solution, series, train if validation is None else validation)
    return solution


def _ridge(model, series, train, validation, kind, **grid):
    """The ridge solution for a skip of this kind, a pair of its normalization and maps."""
    normalization, maps = kind
    solution = RidgeForecast(
        model.look_back, model.horizon, normalization, per_channel=maps == "each", **grid
    )
    return solution.fit(scaled_values(model, series), train, validation)


def _take(model, solution, series, rows):
    """Put a ridge solution into the skip of a model, and how far it is off on some rows."""
    model.skip.set_map(solution.weights, solution.bias)
    model.skip.spread.assign(_spread(model, model.windows(series, *rows, batch_size=256)))


def _spread(model, windows):
    """The root mean square of what the skip misses, for each step, in normalised windows."""
    maps, total, count = model.skip.maps or 1, 0.0, 0.0
    for k in range(len(windows)):
        inputs, y, weight = windows[k]
        inputs = {name: ops.convert_to_tensor(part) for name, part in inputs.items()}
        _, scale, shift = model.normalise(inputs["history"])
        said = ops.convert_to_numpy(model.base(inputs, scale, shift)[0])
        missed = (y - ops.convert_to_numpy(shift)) / ops.convert_to_numpy(scale) - said
        missed = np.square(missed).transpose(0, 2, 1) * weight[:, None, None]
        shares = np.repeat(weight[:, None], missed.shape[1], axis=1)
        if maps > 1 and missed.shape[1] == 1:  # the channel of each row, told by its number
            own = np.eye(maps)[ops.convert_to_numpy(inputs["channel"])]
            missed, shares = own[:, :, None] * missed, own * shares
        elif maps == 1:
            missed, shares = missed.sum(axis=1, keepdims=True), shares.sum(axis=1, keepdims=True)
        total, count = total + missed.sum(axis=0), count + shares.sum(axis=0)[:, None]
    spread = np.sqrt(total / count)
    return spread if model.skip.maps else spread[0]


def scaled_values(model, series):
    """The targets of each series as the network sees them."""
    if model.scaler is None:
        return list(series.values)
    return [model.scaler.transform(values, name) for values, name in zip(series.values, series.ids)]


def sized(recipe, series, horizon, parameters):
    """The recipe with the `units` that spend a parameter budget, within 2 %.

    What counts is trained beside the linear skip; vectors of channels are left out.

    Arguments:
        recipe: a `ForecastRecipe`.
        series: a `TimeSeries`.
        horizon: steps.
        parameters: the budget.

    Raises:
        ValueError: no width comes within 2 % of it.
    """
    from keras_rnnzoo.models.forecaster import Forecaster

    def count(units):
        options = {**recipe.model, "units": units, "scale": False}
        model = Forecaster.for_series(series, recipe.look_back, horizon, **options)
        model.build()
        return count_parameters(model)

    units, _ = solve_width(count, positive_int("parameters", parameters))
    return recipe.changed(model={**recipe.model, "units": units})


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

    options = {**recipe.model, "seed": seed, **changes}
    sizes, rows = (recipe.look_back, horizon), borders[:2]
    train, solution = series.slice(*borders.train), None
    model = Forecaster.for_series(train, *sizes, **options)
    if model.skip is not None and recipe.skips:
        tried = {kind: _ridge(model, series, *rows, kind) for kind in recipe.skips}
        kind = min(tried, key=lambda one: np.mean(tried[one].validation_mse))
        options |= {"skip_normalization": kind[0], "skip_maps": kind[1]}
        model, solution = Forecaster.for_series(train, *sizes, **options), tried[kind]
    model.build()
    if solution is not None:
        _take(model, solution, series, borders.validation)
    elif model.skip is not None:
        model.fit_ridge(series, *rows)
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
    windows = Taught(model, model.windows(series, *train, **options), recipe.parts)
    model.compile(optimizer(recipe, len(windows) * recipe.epochs))
    callbacks, best = list(callbacks), None
    if validation is not None:
        held = Taught(model, model.windows(series, *validation, batch_size=recipe.batch_size))
        best = BestEpoch(lambda: -error(model, held), "val_score", model)
        best.consider_start()
        start = model.get_weights(), losses_of(model, held) if recipe.sure else None
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
        if recipe.sure and best.epoch and not _surely(model, held, start[1], recipe.sure):
            model.set_weights(start[0])
            history["best_epoch"] = 0
    return history


def _surely(model, windows, before, coverage):
    """Whether the losses have become smaller than `before` beyond the noise of the windows."""
    lower, span = blocks(before - losses_of(model, windows)), model.look_back + model.horizon
    several = len(lower) * BLOCK > span  # of one stretch alone the noise cannot be told
    return several and gain([lower], span, coverage=coverage)[1] > 0


class Taught(keras.utils.PyDataset):
    """Windows for `fit`: an autoregressive model is given the true values of the horizon too.

    Arguments:
        model: a `Forecaster`.
        windows: its `ForecastWindows`.
        parts: how many epochs a pass is cut into. Batches that are left over, fewer than `parts`,
            are left out of this pass.

    Raises:
        ValueError: more parts than batches.
    """

    def __init__(self, model, windows, parts=1):
        super().__init__()
        self.windows, self._teach = windows, model.autoregressive
        self._parts, self._first, self._length = parts, 0, len(windows) // parts
        if not self._length:
            raise ValueError(
                f"A pass has {len(windows)} batches and cannot be cut into more epochs. "
                f"Received: parts={parts}"
            )

    def __len__(self):
        return self._length

    def __getitem__(self, k):
        inputs, y, weight = self.windows[self._first + k]
        return {**inputs, "target": y} if self._teach else inputs, y, weight

    def set_epoch(self, epoch):
        """Go to an epoch: to its part of its pass, whose order is drawn."""
        self._first = epoch % self._parts * self._length
        self.windows.set_epoch(epoch // self._parts)


def losses_of(model, windows):
    """The loss of each window of a `Taught`, in order."""
    found = []
    for k in range(len(windows)):
        inputs, y, weight = windows[k]
        said = model.predict_on_batch(inputs)
        losses = error_of(model.output_kind, ops.convert_to_tensor(y), ops.convert_to_tensor(said))
        found.append(ops.convert_to_numpy(losses)[weight > 0].astype("float64"))
    return np.concatenate(found).reshape(len(windows.windows.origins), -1).mean(axis=1)


def error(model, windows):
    """The mean loss over all windows."""
    return float(model.evaluate(windows, verbose=0, return_dict=True)["error"])
