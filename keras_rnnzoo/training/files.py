"""Files that are there whole or not at all, however the process ends."""

import json
import os
from pathlib import Path


def write_atomic(path, content):
    """Write a file under another name, and rename it when all of it is on the disk.

    Args:
        path: of the file; its folder must exist.
        content: bytes, or a string that is written as UTF-8.
    """
    path = Path(path)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    content = content.encode() if isinstance(content, str) else content
    try:
        with open(unfinished, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_json(path, value):
    """Write a value as JSON that a person can read; NumPy numbers become plain ones."""
    write_atomic(path, json.dumps(value, indent=2, default=plain) + "\n")


def plain(value):
    """For `json.dumps(default=...)`: NumPy scalars and arrays, paths."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"Expected a JSON-able value. Received: {value!r} ({type(value).__name__})")
