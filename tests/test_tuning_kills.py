"""A sweep that is killed at random moments loses the run that was going on, and nothing else."""

import collections
import json
import random
import signal
import time

import keras
import pytest
import sweeping
from processes import process_of
from running import on_one_backend

from tuning.log import key_of

pytestmark = on_one_backend

OPTIONS = ["--cells", "gru,min_gru", "--depths", "1", "--trials", "12", "--seeds", "1"]
PLANNED = 12 * 2 + 2 * 2


def lines_of(folder):
    return list(map(json.loads, lines_of_safely(folder)))


def check(lines, planned=PLANNED):
    counts = collections.Counter(map(key_of, lines))
    assert set(counts.values()) == {1} and len(lines) == planned
    kinds = collections.Counter(line["kind"] for line in lines)
    assert kinds == {"trial": planned - 4, "winner": 2, "default": 2}
    assert all(line["status"] == "completed" for line in lines)


def run_to_the_end(task, options, deadline=200):
    process = process_of(sweeping.swept, task, [*options, "--resume"])
    process.join(deadline)
    assert process.exitcode == 0


def kill_often(task, options, folder, kills, pause=0.0):
    """Kill sweeps at random moments of a run, while they begin, train or write."""
    rng = random.Random(kills)
    for _ in range(kills):
        before = lines_of(folder)
        process = process_of(sweeping.swept, task, [*options, "--resume"], pause)
        new = rng.choice([0, 1])
        wait_for_lines(folder, process, len(before) + new, 100)
        # Then within a run, and before so many are done that nothing is left for later kills.
        wait_for_lines(folder, process, len(before) + 3, rng.uniform(0, 0.3 if new else 1.0))
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL, "it had ended before it was killed"
        after = lines_of(folder)
        assert after[: len(before)] == before, "a finished run was lost or changed"


def wait_for_lines(folder, process, count, seconds):
    """Wait until there are so many lines, or the time is over."""
    deadline = time.monotonic() + seconds
    while len(lines_of_safely(folder)) < count and time.monotonic() < deadline:
        assert process.exitcode is None, "it had ended before it was killed"
        time.sleep(0.001)


def lines_of_safely(folder):
    """As many whole lines as there are at this moment."""
    path = folder / "trials.jsonl"
    return path.read_bytes().split(b"\n")[:-1] if path.exists() else []


@pytest.mark.parametrize(
    ("kills", "pause"), [(5, 0.1), pytest.param(50, 0.1, marks=pytest.mark.slow)]
)
def test_killed_at_random_moments(tmp_path, kills, pause):
    options = [*OPTIONS, "--epochs", "2", "--out", tmp_path / "sweep"]
    if kills == 50:
        options[options.index("--trials") + 1] = "120"
    kill_often("toy", options, tmp_path / "sweep", kills, pause)
    run_to_the_end("toy", options)
    planned = int(options[options.index("--trials") + 1]) * 2 + 4
    check(lines_of(tmp_path / "sweep"), planned)


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="minutes to compile each model")
@pytest.mark.parametrize("kills", [5, pytest.param(50, marks=pytest.mark.slow)])
def test_real_training_killed_at_random_moments(tmp_path, kills):
    options = [*OPTIONS, "--quick", "--epochs", "1", "--parameters", "600"]
    options += ["--out", tmp_path / "sweep"]
    if kills == 50:
        options[options.index("--trials") + 1] = "120"
    kill_often("tiny", options, tmp_path / "sweep", kills)
    run_to_the_end("tiny", options)
    planned = int(options[options.index("--trials") + 1]) * 2 + 4
    check(lines_of(tmp_path / "sweep"), planned)
