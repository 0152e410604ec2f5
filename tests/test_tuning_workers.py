"""A chief and its workers, one of them killed: its trial goes to another, and the chief ends."""

import collections
import json
import os
import signal
import time

import pytest
import sweeping
from processes import process_of
from sweeping import Toy

from tuning import all_tasks, search, settings, sweep, workers
from tuning.log import Log, key_of

OPTIONS = ["--cells", "gru,min_gru", "--depths", "1-2", "--trials", "4", "--seeds", "1"]
OPTIONS += ["--epochs", "3"]


def worker(folder, address, name, pause):
    """A process of its own that joins the chief at an address."""
    return process_of(sweeping.joined, "toy", folder, address, name, pause)


@pytest.fixture
def chief_of(tmp_path, monkeypatch):
    """A chief of a toy sweep whose settings are written, and its parts."""
    monkeypatch.setitem(all_tasks.TASKS, "toy", Toy)
    folder = tmp_path / "sweep"
    folder.mkdir()
    args = sweep.arguments(["toy", *OPTIONS])
    task = Toy()
    task.name = "toy"
    wanted = sweep.completed(sweep.chosen(args), task)
    settings.save(folder, wanted, {}, OPTIONS)
    log = Log(folder / "trials.jsonl")
    oracle = search.oracle_of(task, wanted, log)
    oracle.waits = True
    oracle._set_project_dir(str(folder), "tuner")
    return folder, oracle, log


def address_of(chief):
    return "{}:{}".format(*chief.address)


def wait_for(happened, seconds=120):
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_killed_workers_trial_goes_to_another(chief_of, monkeypatch, capsys):
    folder, oracle, log = chief_of
    monkeypatch.setattr(workers, "SILENCE", 6.0)
    with workers.Chief(oracle, folder) as chief:
        slow = worker(folder, address_of(chief), "slow", 60.0)  # would need minutes for a trial
        wait_for(lambda: "slow" in oracle.ongoing_trials)
        taken = oracle.ongoing_trials["slow"].trial_id
        quick = worker(folder, address_of(chief), "quick", 0.01)
        wait_for(lambda: "quick" in oracle.tuner_ids)
        assert chief.watch()
        os.kill(slow.pid, signal.SIGKILL)
        wait_for(lambda: not chief.watch())
        quick.join(30)
        assert quick.exitcode == 0
    log.refresh()
    counts = collections.Counter(map(key_of, log.lines))
    assert len(counts) == 4 * 2 and set(counts.values()) == {1}
    assert {line["status"] for line in log.lines} == {"completed"}
    assert log.find("trial", f"{int(taken):04d}")
    assert "slow is gone; its trial goes to another" in capsys.readouterr().out


def test_a_worker_with_other_versions_is_refused(chief_of, monkeypatch):
    folder, _, _ = chief_of
    here = settings.versions
    monkeypatch.setattr(settings, "versions", lambda: {**here(), "numpy": "0.1"})
    with pytest.raises(ValueError, match="a worker with others .*0.1 here"):
        workers.work(folder)


def test_a_worker_without_a_sweep_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="Start the chief first"):
        workers.work(tmp_path)


def test_roles(monkeypatch):
    for name in workers.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert workers.role() is None
    monkeypatch.setenv("KERASTUNER_TUNER_ID", "chief")
    with pytest.raises(ValueError, match="Set the others too"):
        workers.role()
    monkeypatch.setenv("KERASTUNER_ORACLE_IP", "127.0.0.1")
    monkeypatch.setenv("KERASTUNER_ORACLE_PORT", "1234")
    assert workers.role() == "chief"
    monkeypatch.setenv("KERASTUNER_TUNER_ID", "worker7")
    assert workers.role() == "worker"


def test_when_all_workers_fail_the_chief_says_why(chief_of):
    folder, oracle, _ = chief_of
    kept = json.loads((folder / "sweep.json").read_text())
    kept["environment"]["keras_tuner"] = "0.1"
    (folder / "sweep.json").write_text(json.dumps(kept))
    with workers.Chief(oracle, folder) as chief:
        chief.processes["bad"] = _Ended(folder)
        with pytest.raises(ChildProcessError, match="last words of one: error: too old"):
            chief.watch()


class _Ended:
    """A worker on this machine that gave up."""

    def __init__(self, folder):
        (folder / "tuner").mkdir(exist_ok=True)
        (folder / "tuner" / "bad.txt").write_text("hello\nerror: too old\n")

    def poll(self):
        return 1

    def terminate(self):
        pass

    def wait(self, seconds):
        return 1
