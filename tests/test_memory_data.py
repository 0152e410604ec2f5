"""Selective copying, functions to generate, parity scored at the end, and fresh sequences."""

import math

import numpy as np
import pytest

from keras_rnnzoo.datasets import memory
from keras_rnnzoo.datasets.selective_copy import selective_copy
from keras_rnnzoo.datasets.task_batches import TaskBatches
from keras_rnnzoo.datasets.waves import SHAPES, function_generation
from keras_rnnzoo.metrics import capability_scores, task_scores

SIZES = (300, 50, 50)


def test_tokens_among_noise_are_asked_in_their_order():
    loaded = selective_copy(length=9, tokens=3, symbols=4, sizes=SIZES)
    train, seen, places = loaded.train, set(), set()
    assert (train.kind, train.features, train.outputs) == ("categorical", 6, 6)
    for x, y, w in zip(train.inputs, train.targets, train.weights):
        assert len(x) == 12 and x[9:].tolist() == [5] * 3
        data = [int(token) for token in x[:9] if token]
        assert len(data) == 3 and y.tolist() == [0] * 9 + data
        assert w.tolist() == [0] * 9 + [1] * 3
        seen |= set(data)
        places |= set(np.flatnonzero(x[:9]).tolist())
    assert seen == {1, 2, 3, 4} and places == set(range(9))
    guess = np.full((12, 6), -1e9)
    guess[:, 1:5] = 0
    assert task_scores(train, [guess] * 300)["nll"] == pytest.approx(math.log(4))
    assert loaded.trivial == {"nll": math.log(4), "accuracy": 0.25}


@pytest.mark.parametrize("shape", SHAPES)
def test_functions_have_a_period_and_no_hint_of_it(shape):
    loaded = function_generation(shape, period=8, periods=(1, 3), test_periods=5, sizes=(99, 2, 1))
    one = {
        "cosine": [0, 0.1464466, 0.5, 0.8535534, 1, 0.8535534, 0.5, 0.1464466],
        "triangle": [0, 0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25],
        "rectangle": [0, 0, 0, 0, 1, 1, 1, 1],
    }[shape]
    for part in (loaded.train, loaded.validation, loaded.test):
        for x, y in zip(part.inputs, part.targets):
            assert (x == 1).all() and x.shape == y.shape == (len(x), 1)
            np.testing.assert_allclose(y[:, 0], np.resize(one, len(x)), atol=1e-6)
    assert set(loaded.train.lengths) == set(range(8, 25)), "a sequence may end within a period"
    assert loaded.test.lengths.tolist() == [40] and len(loaded.validation) == 2
    mean = [np.full((40, 1), np.mean(one))]
    assert capability_scores(loaded.test, mean)["mse"] == pytest.approx(loaded.trivial["mse"])


def test_parity_may_be_taught_at_every_bit_and_asked_after_the_last():
    loaded = memory.parity((2, 5), (6, 8), (6, 8), (40, 20, 20), every_step="train")
    assert loaded.train.every_step and loaded.train.weights is None
    for part in (loaded.validation, loaded.test):
        for bits, odd, weight in zip(part.inputs, part.targets, part.weights):
            assert odd[-1, 0] == bits.sum() % 2
            assert weight.tolist() == [0] * (len(bits) - 1) + [1]


@pytest.mark.parametrize("name", memory.TASKS)
def test_every_epoch_may_have_its_own_sequences(name):
    small = {"adding": {"length": 6}, "copy_memory": {"delay": 3}}.get(name, {})
    parts = memory.load(name, verbose=False, sizes=(24, 3, 3), **small)
    assert parts.fresh(0) is parts.train
    later = parts.fresh(2)
    assert len(later) == 24 and later.kind == parts.train.kind

    def content(part):
        return [x.tobytes() for x in part.inputs]

    again = memory.load(name, verbose=False, sizes=(24, 3, 3), **small)
    assert content(later) == content(again.fresh(2)) != content(parts.fresh(1))
    batches = TaskBatches(parts.train, batch_size=8, buckets=1, fresh=parts.fresh)
    batches.set_epoch(2)
    assert content(batches.sequences) == content(later)
    found = sorted(row for k in range(batches.num_batches) for row in batches.rows(k))
    assert found == list(range(24))
    batches.set_epoch(0)
    assert batches.sequences is parts.train


def test_scores_say_whether_a_task_is_solved():
    parts = function_generation("rectangle", 4, test_periods=1, sizes=(2, 1, 1))
    raw = [np.array([[0.0], [0.2], [1.0], [0.6]])]
    found = capability_scores(parts.test, raw)
    assert found["worst"] == pytest.approx(0.4)
    assert found["rmse"] == pytest.approx(math.sqrt((0.2**2 + 0.4**2) / 4))
    bits = memory.parity((2, 2), (2, 2), (2, 2), (4, 4, 4)).test
    right = [np.where(y > 0, 1.0, -1.0) for y in bits.targets]
    assert capability_scores(bits, right)["scaled_accuracy"] == 1
    assert capability_scores(bits, [-z for z in right])["scaled_accuracy"] == -1


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("selective_copy", {"tokens": 9, "length": 8}, "tokens=9, length=8"),
        ("selective_copy", {"symbols": 1}, "symbols=1"),
        ("selective_copy", {"tokens": 0}, "tokens=0"),
        ("function_generation", {"shape": "cosin"}, "Did you mean 'cosine'"),
        ("function_generation", {"period": 3}, "period=3"),
        ("function_generation", {"periods": (3, 2)}, r"periods=\(3, 2\)"),
        ("function_generation", {"test_periods": 0}, "test_periods=0"),
        ("parity", {"every_step": "test"}, "Did you mean 'train'|every_step='test'"),
    ],
)
def test_what_cannot_be_is_refused(name, options, message):
    with pytest.raises(ValueError, match=message):
        memory.load(name, verbose=False, **options)
