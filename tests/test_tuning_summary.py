"""The tables of kept sweeps are up to date, and come from their logs."""

import json
import shutil

import pytest

from tuning import summary
from tuning.results import read_results


def test_the_tables_are_up_to_date():
    text = summary.README.read_text(encoding="utf-8")
    assert summary.fill(text) == text, "run: python -m tuning.summary --write"


def test_kept_sweeps_are_whole_and_name_no_path():
    for folder in summary.RESULTS.iterdir():
        settings = json.loads((folder / "sweep.json").read_text(encoding="utf-8"))
        assert "/" not in settings["command"], "it begins a sweep in its default folder"
        lines = (folder / "trials.jsonl").read_text(encoding="utf-8").splitlines()
        runs = [json.loads(line) for line in lines]
        assert {run["sweep"] for run in runs} == {settings["sweep"]}
        finals = read_results(folder).lines["kind"] != "trial"
        assert finals.sum() == 2 * settings["seeds"] * len(settings["cells"])


def test_another_log_gives_another_table(tmp_path):
    folder = tmp_path / "parity"
    shutil.copytree(summary.RESULTS / "parity", folder)
    before = summary.summary(folder)
    log = folder / "trials.jsonl"
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        if line["kind"] == "winner" and line["configuration"]["cell"] == "gru":
            line["test"]["nll"] = 0.5
    log.write_text("\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")
    changed = set(summary.summary(folder).splitlines()) - set(before.splitlines())
    assert len(changed) == 1 and "| `gru` |" in changed.pop()


def test_a_sweep_without_its_place_is_named():
    with pytest.raises(ValueError, match="'ETTh1'"):
        summary.fill("# Without any place")
