"""Run all tests once for each backend that is installed: `python -m tests [pytest options]`."""

import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BACKENDS = ("torch", "tensorflow", "jax")
ROOT = Path(__file__).resolve().parent.parent


def run(backend, options, first):
    """Pytest in a process of its own, as Keras fixes its backend when it is imported."""
    environment = {
        **os.environ,
        "KERAS_BACKEND": backend,
        "OMP_NUM_THREADS": "1",  # two workers already share the cores
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TESTS_ONCE": "first" if first else "done",  # see conftest.py
    }
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--durations=15", *options]
    print(f"\n=== {backend} ===", flush=True)
    start = time.time()
    with tempfile.TemporaryDirectory() as folder:
        environment["TESTS_COMPILED"] = folder  # see conftest.py
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    print(
        f"=== {backend}: {'passed' if code == 0 else 'FAILED'} in {time.time() - start:.0f} s ==="
    )
    return code


def main(options):
    installed = [name for name in BACKENDS if importlib.util.find_spec(name)]
    missing = [name for name in BACKENDS if name not in installed]
    if not installed:
        sys.exit("No backend is installed. Install keras-rnnzoo[jax], [tensorflow] or [torch].")
    codes = {backend: run(backend, options, backend == installed[0]) for backend in installed}
    if missing:
        print(f"\nNot tested, as they are not installed: {', '.join(missing)}.")
    failed = [backend for backend, code in codes.items() if code]
    outcome = f"FAILED on {', '.join(failed)}" if failed else "all passed"
    print(f"\nTested on {', '.join(installed)}: {outcome}.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
