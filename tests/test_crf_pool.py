"""Several CRFs as one: asked for their mean, trained each by itself."""

import keras
import numpy as np
import pytest
from helpers import close
from keras import ops

from keras_rnnzoo import CRF, CRFLoss, CRFPool

NAMES = ["O", "B-X", "I-X"]


def numbers(x):
    return ops.convert_to_numpy(ops.stop_gradient(x))


@pytest.fixture
def pool(rng):
    pool = CRFPool(NAMES, members=2, scheme="IOB2")
    pool.build((None, None, 6))
    pool.set_weights([rng.normal(size=w.shape) for w in pool.weights])
    return pool


@pytest.fixture
def scores(rng):
    return rng.normal(size=(2, 4, 6)).astype("float32")


def test_its_score_is_the_mean_of_the_members(pool, scores):
    mean = CRF(NAMES, scheme="IOB2")
    mean.build((None, None, 3))
    parts = [part.get_weights() for part in pool.parts]
    mean.set_weights([np.mean(each, axis=0) for each in zip(*parts)])
    joined = (scores[..., :3] + scores[..., 3:]) / 2
    for name in ("marginals", "log_partition"):
        close(numbers(getattr(pool, name)(scores)), numbers(getattr(mean, name)(joined)))
    ours, theirs = pool.decode(scores), mean.decode(joined)
    np.testing.assert_array_equal(numbers(ours[0]), numbers(theirs[0]))
    close(numbers(ours[1]), numbers(theirs[1]))
    for name, table in pool.tables().items():
        close(table, mean.tables()[name])
    assert np.isneginf(pool.tables()["transition"][0, 2])


def test_its_loss_is_the_mean_of_their_losses(pool, scores):
    tags = np.array([[0, 1, 2, 0], [1, -1, 0, 0]])
    each = [
        -numbers(part.log_likelihood(scores[..., 3 * k : 3 * k + 3], tags))
        for k, part in enumerate(pool.parts)
    ]
    loss = numbers(CRFLoss()(tags, pool(scores)))
    close(loss, np.mean(each))


def test_members_start_apart_and_learn(rng):
    """The right tag is the one of the step before: only transitions can tell it."""
    words = keras.Input((None,), dtype="int32")
    x = keras.layers.Dense(4)(keras.layers.Embedding(4, 4, mask_zero=True)(words))
    model = keras.Model(words, CRFPool(2, members=2, name="pool")(x))
    model.compile(keras.optimizers.Adam(0.1), CRFLoss())
    first, second = (part.get_weights()[0] for part in model.get_layer("pool").parts)
    assert np.abs(first - second).max() > 0.01
    inputs = rng.integers(1, 4, size=(32, 5))
    targets = (inputs == 2).astype("int32")
    losses = model.fit(inputs, targets, epochs=4, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]


def test_files_and_errors(pool, scores, tmp_path):
    inputs = keras.Input((None, 6))
    model = keras.Model(inputs, pool(inputs))
    model.save(tmp_path / "pool.keras")
    loaded = keras.models.load_model(tmp_path / "pool.keras")
    assert loaded.layers[-1].get_config() == pool.get_config()
    np.testing.assert_array_equal(numbers(loaded(scores)), numbers(pool(scores)))
    with pytest.raises(ValueError, match="members=0"):
        CRFPool(3, members=0)
    with pytest.raises(ValueError, match="Dense.6."):
        CRFPool(3, members=2)(np.zeros((1, 2, 3), "float32"))
