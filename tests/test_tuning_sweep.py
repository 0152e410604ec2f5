"""The command: what it plans, keeps, refuses and says. The task trains nothing, see `sweeping`."""

import json
import math
import os
import signal
import time

import pytest
import sweeping
from sweeping import SMALL, Toy

from tuning import all_tasks, settings, sweep
from tuning.clock import Clock, read_budget, spoken
from tuning.locks import only_one


@pytest.fixture(autouse=True)
def toy(monkeypatch):
    monkeypatch.setitem(all_tasks.TASKS, "toy", Toy)
    monkeypatch.setattr(Toy, "trained", [])
    monkeypatch.setattr(signal, "signal", lambda *given: None)


@pytest.fixture
def run(tmp_path, capsys):
    """A sweep in the folder of the test: its exit status, its lines, and what it said."""

    def swept(*options):
        options = [*(options or SMALL), "--out", str(tmp_path / "sweep")]
        status = sweep.main(["toy", *map(str, options)])
        said = capsys.readouterr()
        path = tmp_path / "sweep" / "trials.jsonl"
        lines = list(map(json.loads, path.read_text().splitlines())) if path.exists() else []
        return status, lines, said.out + said.err

    return swept


def of_kind(lines, kind):
    return [line for line in lines if line["kind"] == kind]


def test_compare(run, tmp_path):
    status, lines, said = run()
    assert status == 0 and len(lines) == 3 * 2 + 2 * 2
    trials = of_kind(lines, "trial")
    assert [line["trial"] for line in trials] == [f"{k:04d}" for k in range(6)]
    assert [line["draw"] for line in trials] == [0, 0, 1, 1, 2, 2]
    for first, second in zip(trials[::2], trials[1::2]):
        assert first["seed"] == second["seed"]
        same = ("depth", "units", "dropout", "learning_rate", "clip", "connections", "zoneout")
        assert all(first["configuration"][k] == second["configuration"][k] for k in same)
    keys = {"kind", "task", "sweep", "trial", "draw", "status", "error", "configuration", "seed"}
    keys |= {"objective", "direction", "curve", "validation", "best_epoch", "epochs", "test"}
    keys |= {"parameters", "seconds", "environment", "time", "values"}
    assert all(set(line) == keys for line in lines)
    assert all(line["test"] is None for line in trials) and "10/10" in said
    kept = json.loads((tmp_path / "sweep" / "sweep.json").read_text())
    assert kept["cells"] == ["gru", "lstm"] and kept["parameters"] == Toy.parameters
    assert {line["sweep"] for line in lines} == {kept["sweep"]}
    assert kept["command"].startswith("python -m tuning.sweep toy --cells gru,lstm")


def test_winners_and_defaults(run):
    lines = run(*SMALL[:-1], 2)[1]
    winners, defaults = of_kind(lines, "winner"), of_kind(lines, "default")
    assert len(winners) == len(defaults) == 2 * 2
    trials = of_kind(lines, "trial")
    for cell in ("gru", "lstm"):
        own = [line for line in trials if line["configuration"]["cell"] == cell]
        best = min(own, key=lambda line: line["validation"])
        found = [line for line in winners if line["configuration"]["cell"] == cell]
        assert {line["trial"] for line in found} == {best["trial"]}
        assert all(line["configuration"] == best["configuration"] for line in found)
    assert {line["seed"] for line in winners} == {line["seed"] for line in defaults}
    assert not {line["seed"] for line in winners} & {line["seed"] for line in trials}
    assert all(line["test"]["nll"] > 0 for line in [*winners, *defaults])
    assert all(line["trial"] is line["draw"] is None for line in defaults)
    assert {line["configuration"]["depth"] for line in defaults} == {1}
    assert [line["seed"] for line in lines[6:]] == sorted(line["seed"] for line in lines[6:])


@pytest.mark.parametrize("tuner", ["random", "grid", "bayesian", "hyperband"])
def test_best(run, tuner):
    count = 4 if tuner == "bayesian" else 7
    status, lines, _ = run(*SMALL, "--mode", "best", "--tuner", tuner, "--trials", count)
    assert status == 0 and len(of_kind(lines, "trial")) == count
    assert len(of_kind(lines, "winner")) == len(of_kind(lines, "default"))
    assert all(line["draw"] is None for line in lines)
    if tuner == "hyperband":
        assert len({line["epochs"] for line in of_kind(lines, "trial")}) > 1
        assert {line["epochs"] for line in of_kind(lines, "winner")} == {3}


def test_resume_does_what_is_missing_and_nothing_twice(run, tmp_path):
    whole = run()[1]
    path = tmp_path / "sweep" / "trials.jsonl"
    for kept in (0, 1, 4, 6, 7, 10):
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:kept]))
        Toy.trained.clear()
        status, lines, _ = run("--resume")
        assert status == 0 and len(Toy.trained) == 10 - kept
        changing = ("seconds", "time", "environment")
        for line, old in zip(lines, whole, strict=True):
            assert all(line[k] == old[k] for k in line if k not in changing)


def cut(path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def orphan(tuner):
    """A trial that runs for ever, and of which the oracle knows nothing."""
    found = json.loads(next(tuner.glob("trial_*/trial.json")).read_text())
    found |= {"status": "RUNNING", "trial_id": "5"}
    (tuner / "trial_5").mkdir(exist_ok=True)
    (tuner / "trial_5" / "trial.json").write_text(json.dumps(found))


DAMAGE = {
    "truncated oracle": lambda tuner: cut(tuner / "oracle.json"),
    "empty oracle": lambda tuner: (tuner / "oracle.json").write_text(""),
    "no oracle": lambda tuner: (tuner / "oracle.json").unlink(),
    "truncated trial": lambda tuner: cut(next(tuner.glob("trial_*/trial.json"))),
    "empty trial": lambda tuner: next(tuner.glob("trial_*/trial.json")).write_text(""),
    "no trial": lambda tuner: next(tuner.glob("trial_*/trial.json")).unlink(),
    "no tuner": lambda tuner: (tuner / "tuner0.json").unlink(),
    "orphan": orphan,
    "no folder": lambda tuner: tuner.rename(tuner.with_name("trials.torn")),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_files_of_kerastuner_cost_nothing(run, tmp_path, damage):
    run()
    path = tmp_path / "sweep" / "trials.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:4]))
    DAMAGE[damage](tmp_path / "sweep" / "tuner")
    Toy.trained.clear()
    status, lines, _ = run("--resume")
    assert status == 0 and len(lines) == 10 and len(Toy.trained) == 6
    assert len({(line["kind"], line["trial"], line["seed"]) for line in lines}) >= 9


def test_a_torn_last_line_is_told_and_its_run_done_again(run, tmp_path):
    run()
    path = tmp_path / "sweep" / "trials.jsonl"
    path.write_bytes(path.read_bytes()[:-40])
    Toy.trained.clear()
    status, lines, said = run("--resume")
    assert status == 0 and len(lines) == 10 and len(Toy.trained) == 1
    assert "cut short" in said and (tmp_path / "sweep" / "trials.torn").exists()


# Failures and stops ----------------------------------------------------------------------------


def test_failures_are_told_and_the_sweep_goes_on(run, monkeypatch):
    def fails(configuration, seed):
        if configuration["cell"] == "gru" and seed in (0, 1):
            raise RuntimeError("out of memory\nmore about it")

    monkeypatch.setattr(Toy, "fails", staticmethod(fails))
    status, lines, said = run()
    failed = [line for line in lines if line["status"] == "failed"]
    assert status == 1 and len(lines) == 10 and len(failed) == 2
    assert {line["error"] for line in failed} == {"RuntimeError: out of memory"}
    assert all(line["validation"] is line["best_epoch"] is None for line in failed)
    assert "2 of 10 runs failed, the first of them with: RuntimeError: out of memory" in said
    Toy.trained.clear()
    status, again, _ = run("--resume")
    assert status == 1 and again == lines and not Toy.trained


def test_a_cell_that_always_fails_has_no_winner(run, monkeypatch):
    def fails(configuration, seed):
        if configuration["cell"] == "gru":
            raise ValueError("never")

    monkeypatch.setattr(Toy, "fails", staticmethod(fails))
    status, lines, _ = run()
    assert status == 1 and len(of_kind(lines, "trial")) == 6
    assert {line["configuration"]["cell"] for line in of_kind(lines, "winner")} == {"lstm"}


def test_scores_that_are_not_finite_fail(run, monkeypatch):
    build = Toy.build

    def built(self, configuration, seed):
        model = build(self, configuration, seed)
        model.score = math.nan if configuration["cell"] == "gru" else model.score
        return model

    monkeypatch.setattr(Toy, "build", built)
    status, lines, _ = run()
    failed = [line for line in lines if line["status"] == "failed"]
    assert status == 1 and len(failed) == 3
    assert failed[0]["curve"] == [None] * 3 and "no epoch had a finite" in failed[0]["error"]


def test_ctrl_c_says_how_to_go_on(run, monkeypatch):
    def fails(configuration, seed):
        if len(Toy.trained) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(Toy, "fails", staticmethod(fails))
    status, lines, said = run()
    assert status == 130 and len(lines) == 3 and "--resume goes on" in said
    monkeypatch.setattr(Toy, "fails", staticmethod(lambda configuration, seed: None))
    status, lines, _ = run("--resume")
    assert status == 0 and len(lines) == 10


def test_a_full_disk_stops_the_sweep_with_whole_lines(run, monkeypatch):
    sync, count = os.fsync, [0]

    def full(descriptor):
        count[0] += 1
        if count[0] > 4:
            raise OSError(28, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    status, lines, said = run()
    assert status == 1 and 0 < len(lines) < 10 and "No space left" in said
    monkeypatch.setattr(os, "fsync", sync)
    status, again, _ = run("--resume")
    assert status == 0 and len(again) == 10 and again[: len(lines)] == lines


# Time ------------------------------------------------------------------------------------------


def test_the_budget_is_kept_and_leaves_room_for_the_winners(run, monkeypatch):
    monkeypatch.setattr(Toy, "pause", 0.03)
    options = [*SMALL[:-1], 1, "--trials", 200, "--budget", "4s"]
    began = Clock(0).end
    status, lines, said = run(*options)
    took = Clock(0).end - began
    assert status == 0 and took < 5
    assert "Measured with one gru" in said and "The time for the search is used." in said
    trials = of_kind(lines, "trial")
    assert 2 <= len(trials) < 400 and len(of_kind(lines, "winner")) == 2
    assert len(of_kind(lines, "default")) == 2
    assert f"{len(trials)} of 400 trials are done" in said and "--resume --budget 1h" in said
    more = run("--resume", "--budget", "2s")[1]
    assert len(of_kind(more, "trial")) > len(trials)


def test_a_running_trial_is_stopped_when_its_time_is_over(run, monkeypatch):
    def fails(configuration, seed):
        time.sleep(0.2 if len(Toy.trained) == 4 else 0.0)  # far longer than measured

    monkeypatch.setattr(Toy, "pause", 0.002)
    monkeypatch.setattr(Toy, "fails", staticmethod(fails))
    status, lines, said = run(*SMALL, "--trials", 50, "--epochs", 40, "--budget", "4s")
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


# What is refused -------------------------------------------------------------------------------


def test_a_folder_with_a_sweep_needs_a_word(run):
    lines = run()[1]
    status, same, said = run()
    assert status == 1 and same == lines
    assert "holds a sweep of toy already" in said and "--resume" in said and "--overwrite" in said
    status, other, _ = run(*SMALL, "--overwrite", "--seed", 5)
    assert status == 0 and other != lines and len(other) == 10


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--trials", 5, "--resume"], "trials 3 there, 5 here"),
        (["--cells", "gru", "--resume"], "cells"),
        (["--seed", 1, "--resume"], "seed 0 there, 1 here"),
    ],
)
def test_resuming_with_other_options_is_refused(run, options, said):
    run()
    status, lines, words = run(*options)
    assert status == 1 and said in words and "Expected the options of the sweep" in words


def test_a_folder_of_another_task_is_refused(run, monkeypatch, tmp_path, capsys):
    run()
    monkeypatch.setitem(all_tasks.TASKS, "other", Toy)
    assert sweep.main(["other", "--out", str(tmp_path / "sweep"), "--resume"]) == 1
    assert "task 'toy' there, 'other' here" in capsys.readouterr().err


def test_other_versions_are_refused(run, monkeypatch):
    run()
    here = settings.versions
    monkeypatch.setattr(settings, "versions", lambda: {**here(), "keras": "3.99"})
    status, _, said = run("--resume")
    assert status == 1 and "keras 3." in said and "3.99 here" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--cells", "lsmt"], "Did you mean 'lstm'"),
        (["--depths", "0"], "Depths are numbers of layers"),
        (["--trials", 0], "--trials must be 1 or more"),
        (["--seeds", -1], "--seeds must be 0 or more"),
        (["--budget", "soon"], "A budget is a time"),
    ],
)
def test_bad_options(run, options, said):
    status, lines, words = run(*SMALL, *options)
    assert status == 1 and not lines and said in words and "Traceback" not in words


def test_an_unknown_task(capsys):
    assert sweep.main(["partiy"]) == 1
    assert "Did you mean 'parity'?" in capsys.readouterr().err


def test_a_folder_with_something_else_is_refused(run, tmp_path):
    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep" / "thesis.tex").write_text("x")
    status, _, said = run()
    assert status == 1 and "holds 'thesis.tex'" in said
    (tmp_path / "sweep" / "thesis.tex").unlink()
    (tmp_path / "sweep" / "trials.jsonl").write_text('{"kind": "trial"}\n')
    assert "holds 'trials.jsonl' and no sweep.json" in run()[2]


def test_a_damaged_sweep_file_is_told(run, tmp_path):
    run()
    cut(tmp_path / "sweep" / "sweep.json")
    assert "a damaged file" in run("--resume")[2]
    assert run(*SMALL, "--overwrite")[0] == 0


def test_two_sweeps_in_one_folder(run, tmp_path):
    (tmp_path / "sweep").mkdir()
    with only_one(tmp_path / "sweep"):
        status, lines, said = run()
    assert status == 1 and not lines and f"process {os.getpid()}" in said
    assert run()[0] == 0


def test_a_tuner_is_for_best_mode(capsys):
    with pytest.raises(SystemExit):
        sweep.main(["toy", "--tuner", "random"])
    assert "--tuner is for --mode best" in capsys.readouterr().err


def test_the_preloaded_processes_are_for_this_file():
    assert sweeping.Toy is Toy
