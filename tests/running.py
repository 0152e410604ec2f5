"""Examples as a user runs them: in a process of their own, or faster in this one."""

import os
import runpy
import signal
import subprocess
import sys
import time

import pytest


def start(path, *options, to_be_killed=False):
    """An example in a process of its own; one that will be killed shares nothing with others."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    if to_be_killed:
        environment.pop("JAX_COMPILATION_CACHE_DIR", None)
    return subprocess.Popen(
        [sys.executable, str(path), *map(str, options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def kill_after_an_epoch(path, folder, *options):
    """Start an example and kill it when its first epoch is saved; gives what it said until then."""
    process = start(path, *options, "--out", folder, to_be_killed=True)
    deadline = time.monotonic() + 400
    while not (folder / "checkpoint.npz").exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (folder / "metrics.json").exists(), "it had ended before it was killed"


def fixtures(path):
    """`example`, which gives what a run prints, and `error_of`, how it says that it cannot go on.

    Both run in this process, which saves the seconds of importing a backend.
    """

    @pytest.fixture
    def example(monkeypatch, capsys):
        def run(*options):
            monkeypatch.setattr(sys, "argv", [str(path), *map(str, options)])
            runpy.run_path(str(path), run_name="__main__")
            return capsys.readouterr().out

        return run

    @pytest.fixture
    def error_of(example, capsys):
        def run(*options):
            with pytest.raises(SystemExit) as caught:
                example(*options)
            assert caught.value.code not in (0, None)
            said = f"{caught.value.code} {capsys.readouterr().err}"  # argparse writes it itself
            assert "error: " in said and "Traceback" not in said
            return said

        return run

    return example, error_of
