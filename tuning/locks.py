"""One sweep in a folder at a time; the lock goes with the process, however it ends."""

import contextlib
import fcntl
import json
import os
import socket
from pathlib import Path


@contextlib.contextmanager
def only_one(folder):
    """Hold a folder for this process, or say who holds it.

    The lock is one of the operating system, which gives it up with the process: the lock of a dead
    process is taken over without a question.

    Arguments:
        folder: of the sweep; it must exist.

    Raises:
        BlockingIOError: another process holds the folder.

    Example:

    >>> with only_one("runs/parity"):
    ...     search()
    """
    with open(Path(folder) / "lock", "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BlockingIOError(
                f"Expected a folder in which no sweep runs. Received: out={str(folder)!r}, in "
                f"which {_holder(file)} runs one. Wait for its end, or choose another folder "
                "(--out)."
            ) from None
        file.truncate(0)
        file.write(json.dumps({"process": os.getpid(), "machine": socket.gethostname()}))
        file.flush()
        yield


def _holder(file):
    file.seek(0)
    try:
        found = json.loads(file.read())
        return f"process {found['process']} on {found['machine']}"
    except (ValueError, KeyError):  # it has the lock, and has not written its name yet
        return "another process"


@contextlib.contextmanager
def in_turn(path):
    """Wait until no other process is at a file, and keep the others waiting.

    Arguments:
        path: of the file; a lock is made beside it.

    Example:

    >>> with in_turn("runs/parity/trials.jsonl"):
    ...     write()
    """
    path = Path(path)
    with open(path.with_name(f".{path.name}.lock"), "a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
