"""Generated tasks: each by its definition, its parts apart, and what a guess scores."""

import math

import numpy as np
import pytest
from helpers import close
from running import on_one_backend

from keras_rnnzoo.datasets import memory
from keras_rnnzoo.datasets.memory import adding, copy_memory, parity
from keras_rnnzoo.datasets.spikes import spike_timing
from keras_rnnzoo.datasets.task_batches import TaskBatches
from keras_rnnzoo.datasets.task_sequences import TaskSequences, next_steps
from keras_rnnzoo.metrics import constant_scores, task_scores

pytestmark = on_one_backend

SIZES = (300, 100, 100)
PARTS = ("train", "validation", "test")


def parts_of(loaded):
    return [getattr(loaded, name) for name in PARTS]


@pytest.mark.parametrize("rule", ["anywhere", "halves"])
def test_adding_asks_for_the_sum_of_two_marked_numbers(rule):
    loaded = adding(length=9, sizes=SIZES, seed=3, rule=rule)
    train = loaded.train
    assert (train.kind, train.features, train.outputs, train.every_step) == ("values", 2, 1, False)
    places = []
    for x, y in zip(train.inputs, train.targets):
        assert x.shape == (9, 2) and sorted(x[:, 1]) == [0] * 7 + [1, 1]
        assert 0 <= x[:, 0].min() and x[:, 0].max() < 1
        close(y, [(x[:, 0] * x[:, 1]).sum()], 1e-6)
        places.append(np.flatnonzero(x[:, 1]))
    first, second = np.transpose(places)
    if rule == "halves":
        assert set(first) == set(range(4)) and set(second) == set(range(4, 9))
    else:
        assert (second < 4).any() and (first >= 4).any()
    ones = [np.ones(1)] * 300
    assert task_scores(train, ones)["mse"] == pytest.approx(1 / 6, abs=0.03)
    assert loaded.trivial == {"mse": 1 / 6}


def test_copy_memory_says_ten_symbols_again():
    loaded = copy_memory(delay=4, sizes=SIZES)
    seen = set()
    for x, y in zip(loaded.train.inputs, loaded.train.targets):
        assert len(x) == len(y) == 24
        assert x[10:13].tolist() == [0] * 3 and x[13:].tolist() == [9] * 11
        assert y[:14].tolist() == [0] * 14 and y[14:].tolist() == x[:10].tolist()
        seen |= set(x[:10].tolist())
    assert seen == set(range(1, 9))
    guess = np.zeros((24, 10))
    guess[:14, 0], guess[14:, 1:9] = 1, 1 / 8  # all that can be said without memory
    logits = [np.log(np.maximum(guess, 1e-30))] * 300
    assert task_scores(loaded.train, logits)["nll"] == pytest.approx(10 * math.log(8) / 24)
    assert loaded.trivial["nll"] == pytest.approx(10 * math.log(8) / 24)


@pytest.mark.parametrize("every_step", [False, True])
def test_parity_of_short_and_long_strings(every_step):
    loaded = parity((1, 5), (6, 7), (30, 31), SIZES, seed=1, every_step=every_step)
    lengths = [set(part.lengths.tolist()) for part in parts_of(loaded)]
    assert lengths == [{1, 2, 3, 4, 5}, {6, 7}, {30, 31}]
    for part in parts_of(loaded):
        assert part.every_step == every_step and part.takes_ids and part.kind == "binary"
        for bits, odd in zip(part.inputs, part.targets):
            so_far = [[sum(bits[: k + 1]) % 2] for k in range(len(bits))]
            assert odd.tolist() == (so_far if every_step else so_far[-1])
    assert loaded.trivial == {"nll": math.log(2), "accuracy": 0.5}
    assert constant_scores(loaded.train, loaded.test)["nll"] == pytest.approx(0.69, abs=0.02)


def test_spikes_are_generated_or_measured():
    loaded = spike_timing("generate", interval=3, spikes=4, sizes=SIZES)
    longer = set()
    for x, y, w in zip(loaded.train.inputs, loaded.train.targets, loaded.train.weights):
        times = [0, *np.flatnonzero(y[:, 0])]
        assert len(times) == 5 and times[-1] == len(x) - 1 and w.tolist() == [0] + [1] * times[-1]
        for before, now in zip(times, times[1:]):
            extra = now - before - 3
            assert extra in (0, 1) and (x[before + 1 : now + 1] == 2 * extra - 1).all()
            longer.add(extra)
        assert x[0] == x[1]
    assert longer == {0, 1}
    found = constant_scores(loaded.train, loaded.validation)
    for name, value in loaded.trivial.items():
        assert found[name] == pytest.approx(value, abs=0.01)
    measured = spike_timing("measure", interval=3, spikes=4, sizes=SIZES)
    for x, y, w in zip(measured.train.inputs, measured.train.targets, measured.train.weights):
        times = np.flatnonzero(x[:, 0])
        assert times[0] == 0 and len(times) == 5 and times[-1] == len(x) - 1
        assert np.flatnonzero(w).tolist() == times[1:].tolist()
        assert y[times[1:], 0].tolist() == (np.diff(times) - 3).tolist()
    once = spike_timing("measure_once", interval=3, spikes=9, sizes=SIZES).train
    for x, y in zip(once.inputs, once.targets):
        assert np.flatnonzero(x[:, 0]).tolist() == [0, len(x) - 1]
        assert y.tolist() == [len(x) - 4]


@pytest.mark.parametrize("name", memory.TASKS)
def test_parts_are_apart_and_repeat(name, capsys):
    loaded = memory.load(name, sizes=(20, 10, 5))
    said = capsys.readouterr().out
    assert said == loaded.description + "\n" and "generated" in said and "20 train" in said
    assert memory.load(name, verbose=False, sizes=(20, 10, 5)).checksum == loaded.checksum
    assert memory.load(name, verbose=False, sizes=(20, 10, 5), seed=1).checksum != loaded.checksum
    larger = memory.load(name, verbose=False, sizes=(30, 10, 5))
    for part in PARTS[1:]:
        a, b = (getattr(one, part).inputs for one in (loaded, larger))
        assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
    if name in ("adding", "copy_memory"):
        rows = [x.tobytes() for part in parts_of(loaded) for x in part.inputs]
        assert len(set(rows)) == 35


def test_tasks_never_change():
    found = {name: memory.load(name, verbose=False).checksum[:10] for name in memory.TASKS}
    assert found == CHECKSUMS


CHECKSUMS = {
    "adding": "106389970b",
    "copy_memory": "9c755cd6e5",
    "parity": "3b1cbfb41e",
    "selective_copy": "1ba66ac103",
    "spike_timing": "3492bb7c26",
    "function_generation": "766b5255b7",
}


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("adding", {"length": 1}, "length=1"),
        ("adding", {"rule": "half"}, "Did you mean 'halves'"),
        ("adding", {"sizes": (1, 2)}, r"sizes=\(1, 2\)"),
        ("adding", {"sizes": (1, 0, 2)}, "sizes=0"),
        ("copy_memory", {"delay": 0}, "delay=0"),
        ("copy_memory", {"seed": -1}, "seed=-1"),
        ("parity", {"lengths": (5, 3)}, r"lengths=\(5, 3\)"),
        ("parity", {"test_lengths": (0, 3)}, "lengths=0"),
        ("spike_timing", {"mode": "measur"}, "Did you mean 'measure'"),
        ("spike_timing", {"interval": 1}, "interval=1"),
        ("spike_timing", {"spikes": 0}, "spikes=0"),
        ("addding", {}, "Did you mean 'adding'"),
    ],
)
def test_what_cannot_be_is_refused(name, options, message):
    with pytest.raises(ValueError, match=message):
        memory.load(name, verbose=False, **options)


# Scores


def test_whole_sequences_are_exact_where_every_scored_step_is():
    targets = [np.array([[1], [0]]), np.array([[1], [1]])]
    raw = [np.array([[2.0], [-1.0]]), np.array([[2.0], [-1.0]])]
    x = [np.zeros((2, 1))] * 2
    all_steps = TaskSequences(x, targets, "binary", 1, 1)
    assert task_scores(all_steps, raw)["exact"] == 0.5
    assert task_scores(all_steps, raw)["accuracy"] == 0.75
    first = TaskSequences(x, targets, "binary", 1, 1, [[1, 0]] * 2)
    assert task_scores(first, raw)["exact"] == task_scores(first, raw)["accuracy"] == 1
    with pytest.raises(ValueError, match="each of the 2 sequences. Received: 1"):
        task_scores(all_steps, raw[:1])


def test_constant_scores_are_those_of_the_training_mean(rng):
    y = np.array([[1.0], [1.0], [0.0], [1.0]])
    part = TaskSequences([np.zeros((4, 1))], [y], "binary", 1, 1)
    entropy = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert constant_scores(part, part)["nll"] == pytest.approx(entropy)
    classes = TaskSequences([np.zeros((4, 1))], [np.array([0, 2, 2, 2])], "categorical", 1, 3)
    assert constant_scores(classes, classes)["nll"] == pytest.approx(entropy, abs=1e-4)
    values = TaskSequences([np.zeros((4, 1))] * 2, [[1.0], [3.0]], "values", 1, 1)
    assert constant_scores(values, values) == {"mse": 1.0, "mae": 1.0}


# Sequences and their batches


def test_sequences_that_cannot_be_are_named():
    x = [np.zeros((3, 2)), np.zeros((1, 2))]
    y = [np.zeros((3, 1)), np.zeros((1, 1))]
    nan = [x[0], np.full((1, 2), np.nan)]
    for inputs, targets, kind, message in (
        (x, y, "binry", "Did you mean 'binary'"),
        ([], [], "binary", "at least one sequence"),
        (nan, y, "binary", "Sequence 1: expected finite numbers"),
        ([x[0], np.zeros((1, 3))], y, "binary", r"Sequence 1: .*\(time, 2\).*shape \(1, 3\)"),
        ([x[0], np.zeros((0, 2))], y, "binary", "Sequence 1: expected one step or more"),
        ([x[0], np.array([1])], y, "binary", "Sequence 1: expected one step or more"),
        ([np.array([0, 2])], [y[0][:2]], "binary", "Sequence 0: expected ids.*from 0 to 1"),
        ([np.array([0.0, 1.0])], [y[0][:2]], "binary", "Sequence 0: expected ids"),
        (x, y[:1], "binary", "each of the 2 sequences. Received: 1"),
        (x, [y[0], y[0]], "binary", r"Sequence 1: expected a target of shape \(1, 1\)"),
        (x, [y[0], y[1] + 2], "binary", "Sequence 1: expected 0 and 1 alone"),
        (x, [y[0], y[1] + np.inf], "values", "Sequence 1: expected finite numbers"),
        (x, [[0, 0, 0], [1]], "categorical", "Sequence 1: expected numbers of classes from 0 to 0"),
        (x, [0.0, 0.0], "categorical", "Sequence 0: expected numbers of classes"),
    ):
        with pytest.raises(ValueError, match=message):
            TaskSequences(inputs, targets, kind, 2, 1)
    for weights, message in (([[1] * 3], "one for each step"), ([[0] * 3, [0]], "is scored")):
        with pytest.raises(ValueError, match=message):
            TaskSequences(x, y, "binary", 2, 1, weights)
    with pytest.raises(ValueError, match="Piece 1: .*two steps or more"):
        next_steps([np.zeros((2, 3)), np.zeros((1, 3))])


def test_the_next_step_is_asked_of_each_but_the_last():
    pieces = [np.eye(4, dtype="uint8"), np.ones((2, 4), "uint8")]
    asked = next_steps(pieces)
    assert asked.lengths.tolist() == [3, 1] and asked.weights is None
    for piece, x, y in zip(pieces, asked.inputs, asked.targets):
        assert np.array_equal(x, piece[:-1]) and np.array_equal(y, piece[1:])
    taken = asked.take([1])
    assert len(taken) == 1 and np.array_equal(taken.targets[0], pieces[1][1:])
    close(asked.mean_target(), np.array([1, 2, 2, 2]) / 4)


@pytest.mark.parametrize("every_step", [True, False])
def test_batches_hold_every_sequence_once_and_weigh_no_padding(every_step):
    loaded = parity((1, 12), (1, 2), (1, 2), (23, 1, 1), every_step=every_step)
    batches = TaskBatches(loaded.train, batch_size=5, seed=2)
    assert batches.num_batches == 5 and len(batches.lengths) <= 3
    seen, total = [], 0
    for k in range(5):
        inputs, targets, weights = batches[k]
        assert inputs["mask"].shape == inputs["ids"].shape and inputs["mask"].any(1).all()
        assert len(targets) == len(weights) == 5
        for place, row in enumerate(batches.rows(k)):
            length = batches.counts[row]
            assert inputs["mask"][place].sum() == length
            assert np.array_equal(inputs["ids"][place, :length], loaded.train.inputs[row])
            answer = targets[place, :length] if every_step else targets[place]
            assert np.array_equal(answer, loaded.train.targets[row])
        seen += list(batches.rows(k))
        total += weights.sum()
    assert sorted(seen) == list(range(23))
    assert total == (loaded.train.lengths.sum() if every_step else 23)
    before = [list(batches.rows(k)) for k in range(5)]
    batches.set_epoch(1)
    assert before != [list(batches.rows(k)) for k in range(5)]
    batches.set_epoch(0)
    assert before == [list(batches.rows(k)) for k in range(5)]
