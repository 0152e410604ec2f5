"""What the command refuses, and how it says so."""

import os

import pytest
from sweeping import SMALL, Toy, cut, fixtures

from tuning import all_tasks, settings, sweep
from tuning.locks import only_one

toy, run = fixtures()


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
