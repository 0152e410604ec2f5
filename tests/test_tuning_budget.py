"""The time budget of a sweep is kept."""

import math
import time

import pytest
from sweeping import SMALL, Toy, fixtures, of_kind

from tuning.clock import Clock, read_budget, spoken

toy, run = fixtures()


def test_the_budget_is_kept_and_leaves_room_for_the_winners(run, monkeypatch):
    monkeypatch.setattr(Toy, "pause", 0.1)  # far above what else a run takes on a busy machine
    options = [*SMALL[:-1], 1, "--trials", 200, "--budget", "7s"]
    began = Clock(0).end
    status, lines, said = run(*options)
    took = Clock(0).end - began
    assert status == 0 and took < 12
    assert "Measured with one gru" in said and "The time for the search is used." in said
    trials = of_kind(lines, "trial")
    assert 2 <= len(trials) < 400 and len(of_kind(lines, "winner")) == 2
    assert len(of_kind(lines, "default")) == 2
    assert f"{len(trials)} of 400 trials are done" in said and "--resume --budget 1h" in said
    more = run("--resume", "--budget", "3s")[1]
    assert len(of_kind(more, "trial")) > len(trials)


def test_a_running_trial_is_stopped_when_its_time_is_over(run, monkeypatch):
    def fails(configuration, seed):
        time.sleep(0.2 if len(Toy.trained) == 4 else 0.0)  # far longer than measured

    monkeypatch.setattr(Toy, "pause", 0.01)
    monkeypatch.setattr(Toy, "fails", staticmethod(fails))
    status, lines, said = run(*SMALL, "--trials", 50, "--epochs", 40, "--budget", "6s")
    assert status == 0 and "The time for the search is used." in said
    assert len(of_kind(lines, "trial")) == 2 and len(of_kind(lines, "winner")) == 2


def test_a_budget_too_small_for_one_trial_is_said_before_the_start(run, monkeypatch, tmp_path):
    monkeypatch.setattr(Toy, "pause", 0.1)
    status, lines, said = run(*SMALL, "--budget", "1s")
    assert status == 1 and not lines
    assert "Expected a budget for one trial and the runs at the end" in said
    assert "budget=1 s" in said and not (tmp_path / "sweep" / "sweep.json").exists()
    assert run()[0] == 0  # the folder is as good as new


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2h", 7200), ("90m", 5400), ("1h30m", 5400), ("45s", 45), ("30", 30), ("0.5h", 1800)],
)
def test_budgets(text, seconds):
    assert read_budget(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "2 hours", "-1h", "0s", "1.2.3h", "1m2h"])
def test_budgets_that_are_none(text):
    with pytest.raises(ValueError, match="A budget is a time such as 2h"):
        read_budget(text)


def test_times_in_words():
    assert [spoken(s) for s in (9, 600, 7200, math.inf)] == ["9 s", "10 min", "2.0 h", ""]
