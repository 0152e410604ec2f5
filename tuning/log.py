"""`trials.jsonl`, the truth of a sweep: a line for each configuration and seed."""

import json
import os
from pathlib import Path

from keras_rnnzoo.training.records import append_line, read_records
from tuning.locks import in_turn

KINDS = ("trial", "winner", "default")


def key_of(line):
    """What there is once in a log: kind, trial (for defaults their cell), and seed."""
    kind = line["kind"]
    name = line["configuration"]["cell"] if kind == "default" else line["trial"]
    return kind, name, line["seed"]


def _is_whole(line):
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


class Log:
    """The lines of a sweep, each written whole or not at all, and each once.

    What a crash left of a last line is moved to `trials.torn` beside the file, and said. Several
    processes may append to one file.

    Arguments:
        path: of the file; it need not exist.

    Raises:
        ValueError: a line before the last is damaged.

    Example:

    >>> log = Log("runs/parity/trials.jsonl")
    >>> len(log.of_kind("trial"))
    """

    def __init__(self, path):
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.lines, self._keys = [], {}
        with in_turn(self.path):
            self._set_torn_aside()
            self._read()

    def __len__(self):
        return len(self.lines)

    def _read(self):
        self.lines = read_records(self.path)
        self._keys = {key_of(line): line for line in self.lines}

    def _set_torn_aside(self):
        """Keep what a crash left of a last line, outside of the log."""
        content = self.path.read_bytes() if self.path.exists() else b""
        torn = content.rsplit(b"\n", 1)[-1]
        if not torn or _is_whole(torn):  # a whole line may lack its end, which is given to it later
            return
        aside = self.path.with_suffix(".torn")
        with open(aside, "ab") as file:
            file.write(torn + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.truncate(self.path, len(content) - len(torn))
        print(
            f"{self.path}: the last line was cut short after {len(torn)} bytes. It is set aside in "
            f"{aside.name}; its run is done again.",
            flush=True,
        )

    def refresh(self):
        """Read what other processes have written."""
        with in_turn(self.path):
            self._read()

    def find(self, kind, name, seed=None):
        """The line of a run, or `None`.

        Arguments:
            kind: `"trial"`, `"winner"` or `"default"`.
            name: of the trial; for a default, of the cell.
            seed: any where it is not given.
        """
        if seed is not None:
            return self._keys.get((kind, name, seed))
        return next((line for key, line in self._keys.items() if key[:2] == (kind, name)), None)

    def of_kind(self, kind, status=None):
        """All lines of a kind, or those of them with a status."""
        lines = [line for line in self.lines if line["kind"] == kind]
        return [line for line in lines if status in (None, line["status"])]

    def append(self, line):
        """Add a line.

        Returns:
            The line as it was written, or the one of the same run that is there.

        Raises:
            ValueError: no such kind.
            OSError: the disk did not take it; the file is then as it was before.
        """
        if line["kind"] not in KINDS:
            raise ValueError(
                f"A line is of one of the kinds {', '.join(KINDS)}. Received: kind={line['kind']!r}"
            )
        with in_turn(self.path):
            self._read()
            if key_of(line) in self._keys:
                return self._keys[key_of(line)]
            written = append_line(self.path, line)
            self.lines.append(written)
            self._keys[key_of(written)] = written
        return written
