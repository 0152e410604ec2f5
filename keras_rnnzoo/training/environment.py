"""Seeds, and what a result was computed with."""

import importlib
import os
import platform
import subprocess
from pathlib import Path

import keras
import numpy as np


def set_seed(seed):
    """Seed Python, NumPy, Keras and the backend.

    Args:
        seed: a whole number from 0.

    Raises:
        ValueError: anything else.

    Example:

    >>> set_seed(0)
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ValueError(f"A seed is a whole number from 0. Received: seed={seed!r}")
    keras.utils.set_random_seed(int(seed))


def environment():
    """Versions and machine, as a JSON-able dictionary for run folders and records.

    Returns:
        Keys `python`, `keras`, `backend`, `backend_version`, `numpy`, `platform`, `processor`,
        `cpu_count` (what this process may use) and `commit` (with `+changes` where the working
        tree differs from it; `None` outside a checkout).
    """
    backend = keras.backend.backend()
    return {
        "python": platform.python_version(),
        "keras": keras.__version__,
        "backend": backend,
        "backend_version": importlib.import_module(backend).__version__,
        "numpy": np.__version__,
        "platform": platform.platform(),
        "processor": _processor(),
        "cpu_count": _cpu_count(),
        "commit": _commit(),
    }


def _cpu_count():
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def _processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _commit():
    """The commit of this package, not of a repository that merely has it installed inside."""
    if _git("ls-files", "--error-unmatch", Path(__file__).name) is None:
        return None
    changed = "+changes" if _git("status", "--porcelain", "--untracked-files=no") else ""
    return f"{_git('rev-parse', 'HEAD')}{changed}"


def _git(*arguments):
    command = ["git", "-C", str(Path(__file__).parent), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
