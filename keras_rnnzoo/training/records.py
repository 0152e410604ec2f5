"""Finished runs as lines of JSON, from which tables are made without training again."""

import hashlib
import json
import os
from pathlib import Path

from keras_rnnzoo.training.files import plain

KEY = ("task", "config", "seed")


def config_hash(config):
    """Sixteen hexadecimal digits that are the same for the same configuration.

    Args:
        config: a JSON-able dictionary; the order of its keys does not matter.
    """
    canonical = json.dumps(config, sort_keys=True, separators=(",", ":"), default=plain)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def read_records(path):
    """All records of a file as dictionaries; none where there is no file.

    A last line that a crash cut short is passed over.

    Raises:
        ValueError: any other line that is no JSON object; the message names it.
    """
    path = Path(path)
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")
    records = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        record = _parse(line)
        if record is not None:
            records.append(record)
        elif number < len(lines):
            raise ValueError(
                f"{path}, line {number}: expected a JSON object. Received: {line[:60]!r}. "
                "Repair or delete the line."
            )
    return records


def find_record(path, task, config, seed):
    """The record of a run, or `None` if it has not been done.

    Args:
        path: of the file of records.
        task, config, seed: what tells one run from another.
    """
    wanted = (task, config_hash(config), seed)
    return next((record for record in read_records(path) if _key(record) == wanted), None)


def append_record(path, record):
    """Add a finished run to a file, as one line that is written whole or not at all.

    Args:
        path: of the file; made with its folder where missing.
        record: a JSON-able dictionary with at least `task`, `config` and `seed`. It gets
            `config_hash`.

    Returns:
        The record as it was written.

    Raises:
        ValueError: a key is missing, or the file has a record of the same run already.

    Example:

    >>> append_record("results/imdb.jsonl", {"task": "imdb", "config": {}, "seed": 0, "test": 0.9})
    """
    path = Path(path)
    missing = [name for name in KEY if name not in record]
    if missing:
        raise ValueError(
            f"A record needs {', '.join(KEY)}. Received: one without {', '.join(missing)}"
        )
    if find_record(path, *(record[name] for name in KEY)) is not None:
        raise ValueError(
            f"Expected a run that {path} does not hold yet. Received: task={record['task']!r}, "
            f"seed={record['seed']}, config={record['config']}. Use find_record to look it up."
        )
    record = {**record, "config_hash": config_hash(record["config"])}
    return append_line(path, record)


def record_once(path, record):
    """Add a finished run, unless the file holds one of the same task, configuration and seed.

    Args: as `append_record`.

    Returns:
        Whether it was added.
    """
    if find_record(path, *(record[name] for name in KEY)) is not None:
        return False
    append_record(path, record)
    print(f"Recorded in {path}")
    return True


def append_line(path, record):
    """Add a dictionary to a file as one line of JSON, which is written whole or not at all.

    What a crash left of a last line is taken out first.

    Args:
        path: of the file; made with its folder where missing.
        record: a JSON-able dictionary.

    Returns:
        The record as it was written.

    Raises:
        OSError: the disk did not take all of it; then the file is as it was before.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    line = written = json.dumps(record, default=plain).encode() + b"\n"
    with open(path, "ab", buffering=0) as file:
        content = path.read_bytes()
        unfinished = content.rsplit(b"\n", 1)[-1]
        whole = len(content)
        if unfinished and _parse(unfinished) is None:  # a crash cut it short: it never counted
            whole -= len(unfinished)
            file.truncate(whole)
        elif unfinished:
            line = b"\n" + line
        try:
            taken = file.write(line)
            os.fsync(file.fileno())
        except OSError:
            file.truncate(whole)
            raise
        if taken != len(line):
            file.truncate(whole)
            raise OSError(f"{path}: the disk took a part of the record only; it was taken back")
    return json.loads(written)


def _key(record):
    config = record.get("config")
    return record.get("task"), config_hash(config), record.get("seed")


def _parse(line):
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
