"""The command: what it plans, keeps, refuses and says. The task trains nothing, see `sweeping`."""

import json
import math
import os

import pytest
from sweeping import SMALL, Toy, cut, fixtures, of_kind

toy, run = fixtures()


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
