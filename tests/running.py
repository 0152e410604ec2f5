"""What runs in a process of its own, and examples as a user runs them."""

import contextlib
import importlib.util
import io
import os
import runpy
import signal
import subprocess
import sys
import time

import keras
import pytest
from processes import process_of


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


def finished(path, *options):
    """What an example prints when it runs to its end in this process, where a warning is an error.

    Only `test_example_imdb.py` starts one as a user does: it saves importing a backend anew.
    """
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        _main(path, options)
    assert "Traceback" not in err.getvalue() and "Warning" not in err.getvalue()
    return out.getvalue()


def _main(path, options):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [str(path), *map(str, options)])
        runpy.run_path(str(path), run_name="__main__")


def kill_after_an_epoch(path, folder, *options):
    """Start an example and kill it when its first epoch is saved."""
    process = process_of(_main, path, [*options, "--out", folder])
    deadline = time.monotonic() + 400
    while not (folder / "checkpoint.npz").exists():
        assert process.is_alive() and time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert not (folder / "metrics.json").exists(), "it had ended before it was killed"


def fixtures(path):
    """`example`, which gives what a run prints, and `error_of`, how it says that it cannot go on.

    Both run in this process, which saves the seconds of importing a backend.
    """

    @pytest.fixture
    def example(capsys):
        def run(*options):
            _main(path, options)
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


def backends():
    """This backend, and the others that are installed."""
    here = keras.backend.backend()
    others = [name for name in ("torch", "jax", "tensorflow") if name != here]
    return [here, *(name for name in others if importlib.util.find_spec(name))]


FIRST = next(n for n in ("torch", "tensorflow", "jax") if importlib.util.find_spec(n))


def _on_one_backend():
    reason = f"tested on {FIRST} alone, as no backend makes it different"
    return pytest.mark.skipif(keras.backend.backend() != FIRST, reason=reason)


# Marks a test, or as `pytestmark` a module, that is left out on all but the first backend that is
# installed. Parameters are counted alike on each; what resumes a killed run is tested on each in
# `test_training.py` and with one example, models and their files by tests of their own.
on_one_backend = _on_one_backend()


def some(values):
    """All values on the first backend, the first and the last on those that compile each anew."""
    return list(values) if keras.backend.backend() == FIRST else [values[0], values[-1]]


def one(values):
    """All values on the first backend, the first alone where a model is compiled for each."""
    return list(values)[: None if keras.backend.backend() == FIRST else 1]


def other_backend():
    """Another backend that is installed, or this one: files must load there in a fresh process.

    `test_saving.py` tries every pair with layers; a model needs one of each.
    """
    return backends()[:2][-1]


def fresh(code, *arguments, backend):
    """The last line that `code` prints in a fresh process, where a UserWarning is an error."""
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", code, *map(str, arguments)],
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]
