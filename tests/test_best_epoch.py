"""The best epoch is kept: its averaged weights, through a kill and a resume."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_rnnzoo import training
from keras_rnnzoo.training import BestEpoch, Checkpoint

X = np.linspace(-1, 1, 8, dtype="float32")[:, None]


def make(average=None):
    training.set_seed(3)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, name="dense")])
    options = {} if average is None else {"use_ema": True, "ema_momentum": average}
    model.compile(keras.optimizers.SGD(0.1, **options), "mse")
    return model


def weights(model):
    return [np.array(ops.convert_to_numpy(w)) for w in model.trainable_variables]


def fit(model, scores, epochs=4, initial=0, checkpoint=None):
    """Train with scores that are told beforehand; gives the callback and what it scored."""
    seen, scores = [], iter(scores)

    def score():
        seen.append(weights(model))
        return next(scores)

    best = BestEpoch(score, "f1", model)
    saves = [] if checkpoint is None else [Checkpoint(checkpoint, variables=best.variables)]
    if saves and initial:
        assert saves[0].restore(model) == initial
    history = model.fit(
        X,
        3 * X,
        batch_size=4,
        epochs=epochs,
        initial_epoch=initial,
        shuffle=False,
        verbose=0,
        callbacks=[best, *saves],
    ).history
    return best, seen, history


def same(ours, theirs):
    return all(np.allclose(a, b, atol=1e-6) for a, b in zip(ours, theirs, strict=True))


def test_the_weights_of_the_best_epoch_come_back():
    model = make()
    best, seen, history = fit(model, [0.1, 0.9, 0.9, 0.4])
    assert history["f1"] == [0.1, 0.9, 0.9, 0.4]
    assert best.epoch == 2 and best.score == pytest.approx(0.9)
    assert not same(weights(model), seen[1])
    best.restore()
    assert same(weights(model), seen[1])


def test_averages_are_scored_and_training_goes_on_from_its_own_weights():
    plain, averaged = make(), make(average=0.9)
    _, own, _ = fit(plain, [0.0, 0.0, 0.0, 0.0])
    best, seen, history = fit(averaged, [0.2, 0.1, 0.5, 0.3])
    assert not same(own[-1], seen[-1]), "an average lags behind"
    expected = plain.evaluate(X, 3 * X, verbose=0)
    best.restore()
    assert same(weights(averaged), seen[2])
    # the loss of each epoch is that of a run without averages
    assert history["loss"][-1] > expected
    _, _, without = fit(make(), [0.0] * 4)
    np.testing.assert_allclose(history["loss"], without["loss"], rtol=1e-5)


def test_a_resumed_run_remembers_the_best_epoch(tmp_path):
    path = tmp_path / "checkpoint.npz"
    model = make(average=0.9)
    fit(model, [0.8, 0.3], epochs=2, checkpoint=path)
    whole, seen, _ = fit(make(average=0.9), [0.8, 0.3, 0.5, 0.6])
    resumed = make(average=0.9)
    best, _, _ = fit(resumed, [0.5, 0.6], initial=2, checkpoint=path)
    assert best.epoch == whole.epoch == 1 and best.score == pytest.approx(0.8)
    best.restore()
    assert same(weights(resumed), seen[0])


def test_without_a_scored_epoch_nothing_is_changed():
    model = make()
    before = weights(model)
    BestEpoch(lambda: 0.0, "f1", model).restore()
    assert same(weights(model), before)
