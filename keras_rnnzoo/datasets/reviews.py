"""Labelled texts in three parts, and how to read them from a user's CSV file."""

import csv
import difflib
import hashlib
import io
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

LABELS = {"0": 0, "neg": 0, "negative": 0, "1": 1, "pos": 1, "positive": 1}
FEWEST_PER_LABEL = 5


@dataclass(frozen=True)
class Split:
    """Texts (a list of strings) and their labels (int64 array of 0 and 1)."""

    texts: list
    labels: np.ndarray

    def __len__(self):
        return len(self.texts)


@dataclass(frozen=True)
class Reviews:
    """Reviews to train on, to choose on, and to score once.

    Attributes:
        train, validation, test: a `Split` each.
        source: `"imdb"`, `"sample"` or the path of a file.
        description: one line that says what these reviews are.
        hint: for the sample, why it is the sample and how to get the real set.
    """

    train: Split
    validation: Split
    test: Split
    source: str
    description: str
    hint: str = ""

    @property
    def checksum(self):
        """SHA-256 over all texts and labels in their order, as 64 hexadecimal digits."""
        digest = hashlib.sha256()
        for part in (self.train, self.validation, self.test):
            digest.update(f"{len(part)};".encode())
            for text, label in zip(part.texts, part.labels, strict=True):
                raw = text.encode()
                digest.update(f"{int(label)};{len(raw)};".encode() + raw)
        return digest.hexdigest()

    def shortened(self, count=4000):
        """The first `count` training texts, and fewer to choose on and to score.

        Args:
            count: of the training texts; an eighth and a half as many for validation and test.
        """

        def head(part, n):
            return replace(part, texts=part.texts[:n], labels=part.labels[:n])

        sizes = {"train": count, "validation": count // 8, "test": count // 2}
        parts = {name: head(getattr(self, name), n) for name, n in sizes.items()}
        used = ", ".join(f"{len(part):,} {name}" for name, part in parts.items())
        return replace(self, **parts, description=f"{self.description}; used: {used}")


def distinct(split):
    """The split without the second and later copies of a text."""
    first = {}
    for i, text in enumerate(split.texts):
        first.setdefault(text, i)
    return take(split, np.fromiter(first.values(), dtype="int64"))


def take(split, rows):
    """The given rows of a split."""
    return Split([split.texts[i] for i in rows], split.labels[rows])


def cut(split, count, seed):
    """Cut `count` reviews off, with the label shares of the whole.

    Returns:
        Two splits: what is left, and what was cut off, both in their old order.
    """
    random = np.random.default_rng(seed)
    positive = round(count * float(split.labels.mean()))
    chosen = []
    for label, wanted in ((0, count - positive), (1, positive)):
        rows = np.flatnonzero(split.labels == label)
        if not 0 < wanted < len(rows):
            raise ValueError(
                f"Cannot cut {wanted} of the {len(rows)} reviews with label {label} off: a part "
                f"needs both labels on either side. Received: {count} of {len(split)} reviews "
                "to cut off"
            )
        chosen.append(random.choice(rows, size=wanted, replace=False))
    off = np.zeros(len(split), dtype=bool)
    off[np.concatenate(chosen)] = True
    return take(split, np.flatnonzero(~off)), take(split, np.flatnonzero(off))


def read_csv(path, validation=2500, seed=7):
    """Read a user's reviews and cut them into train, validation and test.

    A fifth becomes the test part and at most a tenth, or `validation` reviews, the validation
    part. Copies of a text are dropped first, so that no text is in two parts.

    Args:
        path: a UTF-8 CSV file whose first row names the columns; `text` and `label` are used.
            Labels are 0 or 1, `neg` or `pos`, `negative` or `positive`.
        validation: the most reviews to hold out for validation.
        seed: of the cuts.

    Returns:
        A `Reviews` whose `source` is the path.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not UTF-8, a missing column, a row that is cut short, an unknown label, fewer
            than 5 reviews of a label. The message names the file and the line.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            "Expected a CSV file with the columns text and label, or one of auto, imdb and "
            f"sample. Received: source={str(path)!r}, which is not a file"
        )
    reviews = distinct(_parse(path, _decode(path)))
    for label in (0, 1):
        found = int((reviews.labels == label).sum())
        if found < FEWEST_PER_LABEL:
            raise ValueError(
                f"{path}: expected at least {FEWEST_PER_LABEL} different reviews of each label. "
                f"Received: {found} with label {label}. Add reviews of that label."
            )
    rest, test = cut(reviews, max(2, round(len(reviews) * 0.2)), seed)
    train, held_out = cut(rest, max(2, min(validation, round(len(reviews) * 0.1))), seed)
    parts = f"{len(train):,} train, {len(held_out):,} validation, {len(test):,} test"
    return Reviews(train, held_out, test, str(path), f"Reviews from {path}: {parts}")


def _decode(path):
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"{path}, line {line}: expected UTF-8 text. Received: the byte 0x{raw[error.start]:02x}"
            ". Save the file as UTF-8 and try again."
        ) from None


def _parse(path, content):
    reader = csv.DictReader(io.StringIO(content, newline=""), strict=True)
    texts, labels = [], []
    try:
        columns = _columns(path, reader.fieldnames or [])
        for row in reader:
            texts.append(_value(row, columns["text"], path, reader.line_num))
            label = _value(row, columns["label"], path, reader.line_num).strip().lower()
            if label not in LABELS:
                raise ValueError(
                    f"{path}, line {reader.line_num}, column label: expected one of "
                    f"{', '.join(LABELS)}. Received: {label!r}"
                )
            labels.append(LABELS[label])
    except csv.Error as error:
        raise ValueError(
            f'{path}, after line {reader.line_num}: expected comma-separated values, quoted with " '
            f"where they hold commas. Received: a line the reader cannot take ({error})"
        ) from None
    return Split(texts, np.array(labels, dtype="int64"))


def _columns(path, header):
    """The header's own spelling of the two columns."""
    spelled = {name.strip().lower(): name for name in header}
    for wanted in ("text", "label"):
        if wanted not in spelled:
            near = difflib.get_close_matches(wanted, spelled, n=1)
            hint = f" Is {spelled[near[0]]!r} meant? Rename it." if near else ""
            raise ValueError(
                f"{path}, line 1: expected the columns text and label. Received: "
                f"{list(header)}, without {wanted!r}.{hint}"
            )
    return spelled


def _value(row, column, path, line):
    if row[column] is None:
        raise ValueError(
            f"{path}, line {line}: expected a value in column {column!r}. Received: a row that "
            "ends before it"
        )
    return row[column]
