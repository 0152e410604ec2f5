"""Paired draws: the same numbers for every cell, whatever the other cells are."""

import keras_tuner
import numpy as np
import pytest

from tuning import draws, spaces
from tuning.log import Log

CELLS = ("lstm", "gru", "min_gru")
OBJECTIVE = keras_tuner.Objective("nll", "min")


def space_of(cells=CELLS, depths=(1, 2, 3), parameters=1000):
    hp = keras_tuner.HyperParameters()
    spaces.sequences(hp, spaces.Choices(cells, depths, parameters))
    return hp


def paired(cells=CELLS, count=8, seed=0):
    return draws.PairedDraws(OBJECTIVE, space_of(cells), cells, count, seed)


def test_cells_of_a_draw_share_all_else():
    oracle = paired()
    for draw in range(8):
        values = [oracle.values_of(3 * draw + k) for k in range(3)]
        assert [one.pop("cell") for one in values] == list(CELLS)
        shared = [{k: v for k, v in one.items() if k != "forget_bias"} for one in values]
        assert shared[0] == shared[1] == shared[2]
        assert ("forget_bias" in values[0]) and "forget_bias" not in values[1]


def test_draws_depend_on_neither_the_other_cells_nor_the_count():
    one, other = paired(), paired(("gru", "simple_rnn"), 30)
    for draw in range(8):
        assert one.values_of(3 * draw + 1) == other.values_of(2 * draw)
    assert paired(seed=1).values_of(0) != one.values_of(0)


def test_draws_are_spread_over_the_space():
    oracle = paired(count=400)
    values = [oracle.values_of(3 * draw) for draw in range(400)]
    rates = np.log([one["learning_rate"] for one in values])
    assert abs(rates.mean() - np.log([3e-4, 3e-2]).mean()) < 0.2
    for name, kinds in (("depth", 3), ("noise", 3), ("clip", 2)):
        counts = np.unique([one[name] for one in values], return_counts=True)[1]
        assert len(counts) == kinds and counts.min() > 0.7 * 400 / kinds
    depths = [one["depth"] for one in values]
    assert sorted(depths[:3]) == sorted(set(depths)), "three draws see them all"
    parts = np.floor(8 * (rates - np.log(3e-4)) / np.log(100)).astype(int)
    assert all(sorted(parts[k : k + 8]) == list(range(8)) for k in range(0, 400, 8))
    drop = [one["dropout"] for one in values]
    assert abs(np.corrcoef(rates, drop)[0, 1]) < 0.15  # each name has numbers of its own


def ended(oracle, trial, score):
    oracle.update_trial(trial.trial_id, {"nll": score})
    trial.status = "COMPLETED"
    oracle.end_trial(trial)


def searched(oracle, folder, limit=100):
    """All values that an oracle asks for, each answered with a score that follows from them."""
    oracle._set_project_dir(str(folder), "tuner")
    oracle.verbose, found = 0, []
    while len(found) < limit:
        trial = oracle.create_trial("tuner0")
        if trial.status == "STOPPED":
            break
        found.append(dict(trial.hyperparameters.values))
        ended(oracle, trial, found[-1]["learning_rate"])
    return found


def test_every_planned_trial_draw_by_draw(tmp_path):
    found = searched(paired(count=4), tmp_path)
    assert [one["cell"] for one in found] == list(CELLS) * 4
    assert len({one["learning_rate"] for one in found}) == 4


def adaptive(tuner, trials=9):
    return draws.adaptive(tuner, OBJECTIVE, space_of(depths=(1, 2)), trials, 9, 0)


@pytest.mark.parametrize("tuner", [*draws.TUNERS, "compare"])
def test_a_search_goes_on_from_the_log_as_if_never_stopped(tmp_path, tuner):
    """Half of the trials are in the log; the search asks for them first, then for the same."""

    count = 4 if tuner == "bayesian" else 9  # seconds each, once it has seen a few

    def make():
        return paired(count=3) if tuner == "compare" else adaptive(tuner, count)

    whole = searched(make(), tmp_path / "whole")
    assert len(whole) == count
    log = Log(tmp_path / "trials.jsonl")
    for k, values in enumerate(whole[:4]):
        line = {"kind": "trial", "trial": f"{k:04d}", "seed": 0, "values": values}
        log.append({**line, "configuration": {"cell": values["cell"]}, "status": "completed"})
    oracle = make()
    oracle.log = log
    again = searched(oracle, tmp_path / "again")
    if tuner == "bayesian":  # its own random state has moved less
        assert again[:4] == whole[:4] and len(again) == count
    else:
        assert again == whole


def test_what_the_log_says_stands_whatever_would_be_drawn_today(tmp_path):
    log = Log(tmp_path / "trials.jsonl")
    values = {**paired().values_of(0), "learning_rate": 0.0123}
    line = {"kind": "trial", "trial": "0000", "seed": 0, "values": values}
    log.append({**line, "configuration": {"cell": "lstm"}, "status": "completed"})
    oracle = paired(count=2)
    oracle.log = log
    found = searched(oracle, tmp_path)
    assert found[0]["learning_rate"] == 0.0123 and found[1]["learning_rate"] != 0.0123


def test_a_seed_of_nought_is_a_seed(tmp_path):
    """KerasTuner takes 0 for none and draws one."""
    first = searched(adaptive("random", 3), tmp_path / "a")
    assert first == searched(adaptive("random", 3), tmp_path / "b")


def test_hyperband_trains_for_few_epochs_first(tmp_path):
    found = searched(adaptive("hyperband", 12), tmp_path)
    epochs = [one["tuner/epochs"] for one in found]
    assert len(found) == 12 and min(epochs) == 1 and max(epochs) > 1
