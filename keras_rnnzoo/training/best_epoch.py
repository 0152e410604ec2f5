"""Keep the weights of the epoch that scored best, averages of the weights included."""

import keras
import numpy as np


class BestEpoch(keras.callbacks.Callback):
    """Score the model after each epoch, and remember the weights that scored best.

    Where the optimizer keeps moving averages of the weights (`use_ema=True`), these are scored and
    remembered. Training goes on from its own weights; `restore` puts the best into the model.

    Put it before a `Checkpoint` and hand `variables` to that, so that a resumed run remembers too.

    Args:
        score: a function without arguments that gives a number, the higher the better.
        name: of the number in the history.
        model: the model, built.

    Example:

    >>> best = BestEpoch(lambda: f1_of(model), "val_f1", model)
    >>> checkpoint = Checkpoint(run.checkpoint, variables=best.variables)
    >>> model.fit(train, epochs=8, callbacks=[best, checkpoint])
    >>> best.restore()
    """

    def __init__(self, score, name, model):
        super().__init__()
        self._score, self._name, self._scored = score, name, model
        self._best = [
            keras.Variable(np.zeros(w.shape, "float32"), trainable=False, name=f"best_{k}")
            for k, w in enumerate(model.trainable_variables)
        ]
        # the score, then the epoch from 1: whoever resumes must know both
        self._mark = keras.Variable(np.array([-np.inf, 0.0], "float32"), trainable=False)

    @property
    def variables(self):
        """What belongs to the state of a run."""
        return [*self._best, self._mark]

    @property
    def score(self):
        """The best score so far."""
        return float(_array(self._mark)[0])

    @property
    def epoch(self):
        """The number of the best epoch, from 1; 0 for the start, and before anything is scored."""
        return int(_array(self._mark)[1])

    def consider_start(self):
        """Score the weights as they are before the first epoch, which then has to beat them."""
        self._remember(float(self._score()), map(_array, self._scored.trainable_variables), 0)

    def on_epoch_end(self, epoch, logs=None):
        weights = self.model.trainable_variables
        own = [_array(weight) for weight in weights]
        optimizer = self.model.optimizer
        averages = optimizer._model_variables_moving_average if optimizer.use_ema else own
        averages = [_array(average) for average in averages]
        _assign(weights, averages)
        score = float(self._score())
        _assign(weights, own)
        logs[self._name] = score
        self._remember(score, averages, epoch + 1)

    def _remember(self, score, weights, epoch):
        if np.float32(score) > self.score:  # as exact as what is remembered
            _assign(self._best, weights)
            self._mark.assign(np.array([score, epoch], "float32"))

    def restore(self):
        """Put the best weights into the model; the last ones stay where nothing was scored."""
        if self.score > -np.inf:
            _assign(self._scored.trainable_variables, [_array(best) for best in self._best])


def _array(variable):
    return np.array(keras.ops.convert_to_numpy(variable))


def _assign(variables, arrays):
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
