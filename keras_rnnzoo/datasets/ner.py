"""Named entities: sets with a name, a folder or files of the user, or the embedded sample."""

import difflib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_rnnzoo.datasets import ner_sample, ner_tfds
from keras_rnnzoo.datasets.conll import read_conll
from keras_rnnzoo.datasets.tagged import Tagged, as_iob2

FOLDERS = {
    "ncbi_disease": "NCBI Disease (Dogan et al. 2014)",
    "wikiann_en": "WikiANN, English (Pan et al. 2017)",
}
SOURCES = ("auto", "sample", *ner_tfds.SETS, *FOLDERS)
PARTS = {"train": ("train",), "validation": ("dev", "val"), "test": ("test",)}
HELD_OUT = 0.1
SEED = 7  # of what is held out
HOW_TO_GET = (
    "To get a real set: call load() where there is a network (1 MB, needs pip install "
    '"keras_rnnzoo[examples]"), or name your own files: load(files=(train, validation, test)).'
)


@dataclass(frozen=True)
class Corpus:
    """Tagged sentences to train on, to choose on, and to score once.

    Attributes:
        train, validation, test: a `Tagged` each. `test` is None where the user named no file.
        source: the name of the set, the path of a folder, or "files".
        description: one line that says what these sentences are and how many.
        hint: for the sample, why it is the sample and how to get a real set.
    """

    train: Tagged
    validation: Tagged
    test: Tagged | None
    source: str
    description: str
    hint: str = ""

    @property
    def checksum(self):
        """SHA-256 over all tokens and tags in their order, as 64 hexadecimal digits."""
        digest = hashlib.sha256()
        for part in (self.train, self.validation, self.test):
            digest.update(f"{-1 if part is None else len(part)};".encode())
            for sentence in [] if part is None else zip(part.tokens, part.tags, strict=True):
                for words in sentence:
                    raw = "\t".join(words).encode()
                    digest.update(f"{len(words)};{len(raw)};".encode() + raw)
        return digest.hexdigest()


def load(source="auto", data_dir=None, files=None, scheme=None, verbose=True):
    """Load sentences with named entities in three parts, their tags in IOB2.

    WNUT-17 (CC BY 4.0) is prepared once through TFDS, from a download or from its files, and read
    without TensorFlow. WikiANN's labels were made by a program, and are not for commercial use.

    Args:
        source: "wnut17"; "wikiann" or "conll2003" of TFDS; "ncbi_disease" or "wikiann_en", which
            are folders of files; "sample" for the small embedded set; "auto" for WNUT-17 if it is
            there or can be downloaded and else the sample; or the path of a folder with three
            files, whose names contain train, dev (or val) and test.
        data_dir: for a set of TFDS its folder, in whose folder `manual` the files of WNUT-17 may
            lie; for a folder of files that folder or the one above. Default: what the environment
            variable KERAS_RNNZOO_DATA names, then TFDS's own folder.
        files: instead of a source three paths: train, validation and test. Without the second
            (None) a tenth of the training sentences is held out, without the third `test` is None.
        scheme: the tagging scheme that the tags must follow, as in `read_conll`.
        verbose: whether to print one line that says what was loaded.

    Returns:
        A `Corpus`.

    Raises:
        FileNotFoundError: a missing folder or file.
        ConnectionError: a set of TFDS that is not prepared, and no network.
        ImportError: TFDS is missing, or TensorFlow where TFDS needs it.
        ValueError: files that cannot be used; the message names the file and the line.

    Example:

    >>> corpus = load("sample", verbose=False)
    >>> len(corpus.train), corpus.train.types
    (600, ['LOC', 'ORG', 'PER'])
    """
    source = os.fspath(source)
    if files is not None:
        corpus = _from_files(source, files, scheme)
    elif source == "sample":
        corpus = _sample(f"It was asked for by name. {HOW_TO_GET}", scheme)
    elif source == "auto":
        corpus = _auto(data_dir, scheme)
    elif source in ner_tfds.SETS:
        corpus = _stock(source, data_dir, scheme)
    elif source in FOLDERS:
        folder = _named_folder(source, data_dir)
        corpus = _corpus(_read_folder(folder, scheme), source, FOLDERS[source])
    else:
        corpus = _corpus(_read_folder(_folder(source), scheme), source, f"Entities from {source}")
    if verbose:
        print(f"{corpus.description} {corpus.hint}".strip(), flush=True)
    return corpus


def _corpus(parts, source, title, hint=""):
    words = ("train sentences", "validation", "test")
    counts = [
        "no test part"
        if part is None
        else f"{len(part):,} {word} with {part.entity_count:,} entities"
        for part, word in zip(parts, words, strict=True)
    ]
    return Corpus(*parts, source, f"{title}: {', '.join(counts)}.", hint)


def _stock(source, data_dir, scheme):
    parts = ner_tfds.read(source, data_dir, scheme)
    return _corpus(parts, source, ner_tfds.SETS[source].title)


def _auto(data_dir, scheme):
    try:
        return _stock("wnut17", data_dir, scheme)
    except (ConnectionError, ImportError) as error:
        return _sample(f"WNUT-17 could not be had. {error}", scheme)


def _sample(hint, scheme):
    parts = [Tagged(tokens, as_iob2(tags, scheme)) for tokens, tags in ner_sample.splits()]
    title = "EMBEDDED SAMPLE of generated sentences, not a set of real text"
    return _corpus(parts, "sample", title, hint)


def _named_folder(source, data_dir):
    """The folder of one of `FOLDERS`."""
    if data_dir is not None:
        inner = Path(data_dir) / source
        return _folder(inner if inner.is_dir() else data_dir)
    root = os.environ.get("KERAS_RNNZOO_DATA")
    place = Path(root) / "data" / "ner" / source if root else None
    if place is None or not place.is_dir():
        raise FileNotFoundError(
            f"Expected a folder with the files of {FOLDERS[source]}. Received: source={source!r}, "
            f"KERAS_RNNZOO_DATA={root!r}, data_dir=None. Set the variable to the folder above "
            f"data/ner/{source}, or pass data_dir=."
        )
    return place


def _folder(source):
    path = Path(source)
    if path.is_dir():
        return path
    if path.is_file():
        raise FileNotFoundError(
            f"Expected a folder with three files. Received: source={str(source)!r}, which is one "
            "file. Pass files=(train, None, None) to hold a validation part out of it."
        )
    near = difflib.get_close_matches(str(source), SOURCES, n=1)
    raise FileNotFoundError(
        f"Expected one of {', '.join(SOURCES)}, or the path of a folder. Received: "
        f"{str(source)!r}, which is none.{f' Is {near[0]!r} meant?' if near else ''}"
    )


def _read_folder(folder, scheme):
    """Train, validation and test of a folder, whose files are told apart by their names."""
    names = sorted(p.name for p in folder.iterdir() if p.is_file() and p.name[0] != ".")
    chosen = []
    for part, marks in PARTS.items():
        found = [name for name in names if any(mark in name.lower() for mark in marks)]
        if len(found) != 1:
            raise FileNotFoundError(
                f"Expected one file for {part} in {folder}, with {' or '.join(marks)} in its name. "
                f"Received: {found or names}. Name the files: files=(train, validation, test)."
            )
        chosen.append(folder / found[0])
    return [read_conll(path, scheme=scheme) for path in chosen]


def _from_files(source, files, scheme):
    if source != "auto":
        raise ValueError(f"Expected a source or files, not both. Received: {source=}, {files=}")
    files = [files] if isinstance(files, (str, os.PathLike)) else list(files)
    if len(files) != 3 or files[0] is None:
        raise ValueError(
            "Expected three paths (train, validation, test), of which the last two may be None. "
            f"Received: files={files!r}"
        )
    train, validation, test = (
        None if path is None else read_conll(path, scheme=scheme) for path in files
    )
    title = f"Entities from {files[0]}"
    if validation is None:
        train, validation = _hold_out(train, files[0])
        title += ", of which a tenth is held out for validation"
    return _corpus([train, validation, test], "files", title)


def _hold_out(tagged, path):
    """Cut a tenth off. Copies of a sentence go together, so that none is in both parts."""
    groups = {}
    for i, tokens in enumerate(tagged.tokens):
        groups.setdefault(tuple(tokens), []).append(i)
    if len(groups) < 2:
        raise ValueError(
            f"{path}: expected at least two different sentences, of which some can be held out. "
            f"Received: {len(groups)}. Name a file for validation."
        )
    order = np.random.default_rng(SEED).permutation(len(groups))
    rows = list(groups.values())
    off = {i for k in order[: max(1, round(len(rows) * HELD_OUT))] for i in rows[k]}

    def take(wanted):
        kept = [i for i in range(len(tagged)) if (i in off) == wanted]
        return Tagged([tagged.tokens[i] for i in kept], [tagged.tags[i] for i in kept])

    return take(False), take(True)
