"""Folders that hold no sweep, a broken one, a small one or one of another mode."""

import json

import numpy as np
import pytest
from fake_sweeps import CELLS, FakeSweep

from tuning import analysis
from tuning.report import build_report, main
from tuning.results import read_results
from tuning.winners import against_defaults, winner_scores


def write(folder, **changes):
    """A sweep of 2 cells and 3 draws."""
    fake = FakeSweep(CELLS[:2], draws=3, **changes)
    return fake, fake.write(folder)


def error_of(*arguments):
    with pytest.raises(SystemExit) as caught:
        main([str(argument) for argument in arguments])
    assert str(caught.value.code).startswith("error: ")
    return caught.value.code


def test_a_folder_without_a_log(tmp_path):
    assert "Expected the folder of a sweep" in error_of(tmp_path / "none")
    assert "Expected trials.jsonl" in error_of(tmp_path)
    (tmp_path / "trials.jsonl").write_text("")
    assert "Expected sweep.json" in error_of(tmp_path)
    (tmp_path / "sweep.json").write_text("{")
    assert "expected JSON" in error_of(tmp_path)
    (tmp_path / "sweep.json").write_text("{}")
    assert "Expected at least one whole line" in error_of(tmp_path)
    (tmp_path / "trials.jsonl").write_text('{"kind": "tri')
    assert "1 lines, none of them whole" in error_of(tmp_path)


def test_only_failed_trials_say_why(tmp_path):
    write(tmp_path, failed={(cell, draw) for cell in CELLS[:2] for draw in range(3)})
    said = error_of(tmp_path)
    assert "at least one completed trial" in said and "the loss is not finite" in said


def test_a_last_line_that_was_cut_short_is_told_and_left_out(tmp_path, capsys):
    _, folder = write(tmp_path)
    log = folder / "trials.jsonl"
    whole = read_results(folder)
    assert not whole.notes
    log.write_bytes(log.read_bytes()[:-40])
    results = read_results(folder)
    assert len(results.lines) == len(whole.lines) - 1
    main([str(folder)])
    assert "cut short and is left out" in capsys.readouterr().out
    assert "cut short and is left out" in (folder / "report.md").read_text()


def test_a_broken_line_in_the_middle_is_named(tmp_path):
    _, folder = write(tmp_path)
    lines = (folder / "trials.jsonl").read_text().splitlines()
    (folder / "trials.jsonl").write_text("\n".join([lines[0], lines[1][:50], *lines[2:]]) + "\n")
    assert "line 2: expected a JSON object" in error_of(folder)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("task", "copy", "task='parity' (17 lines), 'copy' (1 lines)"),
        ("sweep", "0000", "sweep='5f3a' (17 lines), '0000' (1 lines)"),
        ("direction", "max", "direction='min' (17 lines), 'max' (1 lines)"),
        ("direction", "up", "direction='up'"),
        ("kind", "try", "kind='try'"),
        ("configuration", {}, "names its cell"),
    ],
)
def test_lines_of_something_else(tmp_path, name, value, said):
    fake, folder = write(tmp_path)
    fake.lines[4][name] = value
    fake.write(folder)
    assert said in error_of(folder)


def test_settings_of_another_task_and_lines_without_a_score(tmp_path):
    fake, folder = write(tmp_path)
    settings = json.loads((folder / "sweep.json").read_text())
    (folder / "sweep.json").write_text(json.dumps(settings | {"task": "copy"}))
    assert "Two sweeps have been mixed" in error_of(folder)
    del fake.lines[2]["validation"]
    fake.write(folder)
    assert "line 3" in error_of(folder) and "without validation" in error_of(folder)


def test_a_trial_that_stands_twice(tmp_path):
    fake, folder = write(tmp_path)
    fake.lines.append(fake.lines[1])
    fake.write(folder)
    assert f"lines 2, {len(fake.lines)} of" in error_of(folder)
    fake.lines[-1] = fake.lines[1] | {"trial": "0099"}
    fake.write(folder)
    assert "draw=0 of 'gru' in lines 2, 19" in error_of(folder)


def test_a_winner_whose_place_another_took_does_not_count(tmp_path):
    """The budget ended among the winners; with more time another trial of the cell won."""
    fake, folder = write(tmp_path)
    winner = next(line for line in fake.lines if line["kind"] == "winner")
    fake.lines.insert(fake.lines.index(winner), winner | {"trial": "0098"})
    fake.write(folder)
    results = read_results(folder)
    assert len(results.lines) == 18 and "0098" not in set(results.lines["trial"])
    assert results.notes == [
        "1 runs of winners are left out, as the sweep went on and other trials of their cells "
        "beat them before all seeds were run."
    ]


def test_a_failure_that_was_done_again_does_not_count(tmp_path):
    fake, folder = write(tmp_path)
    failure = fake.lines[1] | {"status": "failed", "validation": None}
    fake.lines.insert(1, failure)
    fake.write(folder)
    results = read_results(folder)
    assert not results.lines["failed"].any() and len(results.lines) == 18
    assert results.notes == [
        "1 failed lines are left out, as what they tried was done again later."
    ]
    assert results.lines["line"].tolist() == [1, *range(3, 20)]


def test_a_score_that_is_not_finite_is_a_failure(tmp_path):
    fake, folder = write(tmp_path)
    fake.lines[0]["validation"] = float("nan")
    fake.write(folder)
    results = read_results(folder)
    assert results.lines["failed"].tolist() == [True] + [False] * 17
    scores = analysis.score_lists(results)
    assert scores["lstm"].max() == max(max(values) for values in scores.values())


def test_an_unknown_reference(tmp_path):
    _, folder = write(tmp_path)
    assert "Did you mean 'lstm'? Received: reference='lstmm'" in error_of(
        folder, "--reference", "lstmm"
    )


def test_one_cell_and_one_trial_are_a_report_too(tmp_path):
    FakeSweep(CELLS[:1], draws=1, seeds=0).write(tmp_path)
    text = build_report(read_results(tmp_path)).markdown()
    assert "`lstm` comes first of 1 cells" in text
    assert "No winner has been retrained" in text and "too few trials" in text


def test_an_unfinished_sweep_with_a_cell_that_only_failed(tmp_path):
    fake = FakeSweep(CELLS[:3], draws=4, seeds=2, failed={("peephole_lstm", d) for d in range(4)})
    fake.lines = [
        line for line in fake.lines if (line["draw"], line["configuration"]["cell"]) != (3, "gru")
    ]
    text = build_report(read_results(fake.write(tmp_path))).markdown()
    assert "different numbers of trials" in text
    assert "no difference can be significant, however large" in text
    assert "| `peephole_lstm` | 4 | 4 | - | - |" in text


def test_a_winner_that_failed_counts_as_the_worst(tmp_path):
    fake, folder = write(tmp_path)
    first = next(line for line in fake.lines if line["kind"] == "winner")
    first |= {"status": "failed", "validation": None, "test": None, "curve": []}
    results = read_results(fake.write(folder))
    winners, defaults = (
        winner_scores(results.kind(kind), "nll", "min") for kind in ("winner", "default")
    )
    assert np.isinf(winners.loc[100, "lstm"])
    table = against_defaults(winners, defaults, {n: n for n in winners}, "min")
    worst = max(winners.loc[101:].max(axis=None), winners.loc[100, "gru"], defaults.max(axis=None))
    assert table.loc["lstm", "winner"] == pytest.approx(
        (worst + winners.loc[101:, "lstm"].sum()) / 3
    )
    text = build_report(results).markdown().split("## Winners")[1].split("\n## ")[0]
    assert "inf" not in text and "nan" not in text


def test_a_search_for_the_best_is_not_compared_in_pairs(tmp_path):
    fake, folder = write(tmp_path, seeds=2)
    for line in fake.lines:
        line["draw"] = None
        line["configuration"] |= {"tuner/epochs": 3 + line["seed"] % 2}
    twin = [line | {"trial": "0001"} for line in fake.lines if line["trial"] == "0000"]
    fake.lines += [line | {"seed": 100 + k} for k, line in enumerate(twin[1:])]
    fake.write(folder)
    settings = json.loads((folder / "sweep.json").read_text())
    settings |= {"mode": "best", "tuner": "hyperband"}
    (folder / "sweep.json").write_text(json.dumps(settings))
    results = read_results(folder)
    assert not results.paired and not results.independent
    text = build_report(results).markdown()
    assert "no paired comparison is possible" in text and "The search was adaptive" in text
    assert "the formula is for independent trials" in text and "tuner/epochs`, which" not in text
    assert "Did you mean 'gru'?" in error_of(folder, "--reference", "gruu")
