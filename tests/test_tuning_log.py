"""The log of a sweep: whole lines, each once, and nothing lost when one is cut short."""

import json
import os

import pytest
from processes import process_of
from sweeping import hold_and_die, line_of, write_many

from tuning.locks import only_one
from tuning.log import Log, key_of


def test_each_run_once(tmp_path):
    log = Log(tmp_path / "trials.jsonl")
    log.append(line_of(status="completed", validation=1.0))
    again = log.append(line_of(status="completed", validation=2.0))
    assert again["validation"] == 1.0 and len(log) == 1
    log.append(line_of("winner", seed=10, status="completed"))
    log.append(line_of("winner", seed=11, status="failed"))
    log.append(line_of("default", trial=None, seed=10))
    log.append(line_of("default", trial=None, seed=10, cell="lstm"))
    kept = Log(tmp_path / "trials.jsonl")
    assert [key_of(line) for line in kept.lines] == [
        ("trial", "0000", 0),
        ("winner", "0000", 10),
        ("winner", "0000", 11),
        ("default", "gru", 10),
        ("default", "lstm", 10),
    ]
    assert kept.find("winner", "0000", 11) and kept.find("trial", "0000")
    assert kept.find("winner", "0000", 12) is None and kept.find("trial", "0001") is None
    assert len(kept.of_kind("winner")) == 2 and len(kept.of_kind("winner", "failed")) == 1


def test_an_unknown_kind_is_refused(tmp_path):
    with pytest.raises(ValueError, match="kind='guess'"):
        Log(tmp_path / "trials.jsonl").append(line_of("guess"))
    assert not (tmp_path / "trials.jsonl").exists()


@pytest.mark.parametrize("cut", [1, 7, -1])
def test_a_torn_last_line_is_set_aside_and_told(tmp_path, capsys, cut):
    path = tmp_path / "trials.jsonl"
    log = Log(path)
    log.append(line_of())
    whole = path.read_bytes()
    torn = json.dumps(line_of(trial="0001")).encode()[:cut]
    path.write_bytes(whole + torn)
    again = Log(path)
    said = capsys.readouterr().out
    assert f"cut short after {len(torn)} bytes" in said and "trials.torn" in said
    assert (tmp_path / "trials.torn").read_bytes() == torn + b"\n"
    assert path.read_bytes() == whole and len(again) == 1
    again.append(line_of(trial="0001"))
    assert [line["trial"] for line in Log(path).lines] == ["0000", "0001"]
    assert capsys.readouterr().out == ""


def test_a_whole_line_that_lacks_its_end_counts(tmp_path, capsys):
    path = tmp_path / "trials.jsonl"
    path.write_text(json.dumps(line_of()))
    log = Log(path)
    log.append(line_of(trial="0001"))
    assert [line["trial"] for line in Log(path).lines] == ["0000", "0001"]
    assert capsys.readouterr().out == "" and not (tmp_path / "trials.torn").exists()


def test_a_damaged_line_in_the_middle_is_an_error(tmp_path):
    path = tmp_path / "trials.jsonl"
    path.write_text('{"kind": "tri\n' + json.dumps(line_of()) + "\n")
    with pytest.raises(ValueError, match="line 1: expected a JSON object"):
        Log(path)


def test_a_full_disk_leaves_the_log_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "trials.jsonl"
    log = Log(path)
    log.append(line_of())
    whole = path.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        log.append(line_of(trial="0001"))
    assert path.read_bytes() == whole and len(log) == 1
    monkeypatch.undo()
    assert log.append(line_of(trial="0001")) and len(Log(path)) == 2


def test_processes_write_in_turn(tmp_path):
    writers = [process_of(write_many, tmp_path / "t.jsonl", k) for k in range(3)]
    for writer in writers:
        writer.join()
    lines = Log(tmp_path / "t.jsonl").lines
    assert len(lines) == 4 * 20 and len(set(map(key_of, lines))) == 4 * 20


def test_one_sweep_in_a_folder(tmp_path):
    said = f"process {os.getpid()} on .* runs one"
    with only_one(tmp_path), pytest.raises(BlockingIOError, match=said), only_one(tmp_path):
        pass
    with only_one(tmp_path):  # given up with the end of the block
        pass


def test_the_lock_of_a_dead_process_is_taken_over(tmp_path):
    process = process_of(hold_and_die, tmp_path)
    process.join()
    assert process.exitcode == 9 and (tmp_path / "lock").read_text()
    with only_one(tmp_path):
        assert f'"process": {os.getpid()}' in (tmp_path / "lock").read_text()
