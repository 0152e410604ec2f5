"""The IMDB reviews of Maas et al. (2011): prepared data, a download, or the embedded sample."""

import os
import socket
import threading
import urllib.parse
import urllib.request
from pathlib import Path

import numpy as np

from keras_rnnzoo.datasets import sentiment_sample
from keras_rnnzoo.datasets.reviews import Reviews, Split, cut, distinct, read_csv

HOST = ("ai.stanford.edu", 80)
SOURCES = ("auto", "imdb", "sample")
HOW_TO_PREPARE = (
    "To get the real set, on a machine with network: "
    'pip install "keras_rnnzoo[examples,tensorflow]" and then python -c '
    '"from keras_rnnzoo.datasets import imdb; imdb.download({folder})" '
    "(80 MB; preparing needs TensorFlow, reading afterwards does not)."
)


def load(source="auto", data_dir=None, validation=2500, seed=7, verbose=True):
    """Load labelled reviews, cut into train, validation and test.

    IMDB's training reviews lose their 96 copies before the validation part, with as many positive
    as negative reviews, is cut from them. The 25,000 test reviews stay as they are.

    Args:
        source: `"imdb"` for the real set, `"sample"` for the small embedded one, `"auto"` for the
            real set if it is prepared or can be downloaded and else the sample, or the path of a
            CSV file with the columns `text` and `label`.
        data_dir: the TFDS folder that holds, or shall hold, `imdb_reviews`. Default: the folder
            `tfds` in the one that the environment variable KERAS_RNNZOO_DATA names, if it is
            there, else where TFDS keeps its data.
        validation: how many training reviews to hold out.
        seed: of the cut.
        verbose: whether to print one line that says what was loaded.

    Returns:
        A `keras_rnnzoo.datasets.reviews.Reviews`.

    Raises:
        FileNotFoundError: `"imdb"` and a given folder without the set, or a missing CSV file.
        ConnectionError: `"imdb"`, nothing prepared, and no network.
        ValueError: a CSV file that cannot be used.

    Example:

    >>> reviews = load("sample")
    >>> reviews.train.texts[0], reviews.train.labels[0]
    """
    source = os.fspath(source)
    if source == "sample":
        reviews = _sample("It was asked for by name.", data_dir)
    elif source in SOURCES:
        reviews = _real(source, data_dir, validation, seed)
    else:
        reviews = read_csv(source, validation, seed)
    if verbose:
        print(f"{reviews.description} {reviews.hint}".strip(), flush=True)
    return reviews


def download(data_dir=None):
    """Download the reviews and prepare them so that reading needs no TensorFlow.

    Args:
        data_dir: the TFDS folder to put them in; default as in `load`.

    Raises:
        ImportError: TFDS or TensorFlow, with which it prepares this set, is missing.
    """
    tfds = _import_tfds()
    try:
        builder = tfds.builder(
            "imdb_reviews", data_dir=folder(data_dir), file_format="array_record"
        )
        builder.download_and_prepare()
    except ImportError as error:
        raise ImportError(
            f"Preparing the IMDB reviews needs TensorFlow, reading them does not. {error}. "
            'Install it: pip install "keras_rnnzoo[tensorflow]"'
        ) from error


def folder(data_dir=None):
    """The TFDS folder that `load` looks into, as a string."""
    if data_dir is not None:
        return os.fspath(data_dir)
    ours = os.environ.get("KERAS_RNNZOO_DATA")
    if ours and (Path(ours) / "tfds").is_dir():
        return str(Path(ours) / "tfds")
    default = os.environ.get("TFDS_DATA_DIR", Path("~") / "tensorflow_datasets")
    return str(Path(default).expanduser())


def is_prepared(data_dir=None):
    """Whether the folder holds the set in the form that can be read without TensorFlow."""
    place = Path(folder(data_dir)) / "imdb_reviews" / "plain_text"
    return all(any(place.glob(f"*/*-{part}.array_record*")) for part in ("train", "test"))


def _real(source, data_dir, validation, seed):
    """The real set; for `auto` the sample where there is a reason not to have it."""
    insists = source == "imdb"
    if not is_prepared(data_dir):
        if insists and data_dir is not None:
            raise FileNotFoundError(_missing(data_dir))
        reason = _try_download(data_dir, insists)
        if reason:
            return _sample(reason, data_dir)
    try:
        return _read(data_dir, validation, seed)
    except ImportError as error:
        if insists:
            raise
        return _sample(f"{error}.", data_dir)


def _try_download(data_dir, insists):
    """Download; the reason why not for `auto`, an error for `imdb`."""
    try:
        if not online():
            raise ConnectionError(f"no answer from {HOST[0]} in 3 seconds")
        print(f"Downloading the IMDB reviews (80 MB) to {folder(data_dir)} ...", flush=True)
        download(data_dir)
    except ImportError as error:
        if insists:
            raise
        return f"{error}."
    except Exception as error:  # whatever a download can end in: TFDS names no common class
        if insists:
            raise ConnectionError(f"{_missing(data_dir)} Downloading failed: {error}") from error
        return f"They are not prepared in {folder(data_dir)}, and there was {error}."
    return None


def _missing(data_dir):
    return (
        "Expected the prepared IMDB reviews (imdb_reviews/plain_text/*/*.array_record*). Received: "
        f"data_dir={folder(data_dir)!r}, which does not hold them. {_how_to_prepare(data_dir)}"
    )


def _how_to_prepare(data_dir):
    return HOW_TO_PREPARE.format(folder="" if data_dir is None else repr(os.fspath(data_dir)))


def _read(data_dir, validation, seed):
    tfds = _import_tfds()

    def part(name):
        rows = tfds.data_source(
            "imdb_reviews", split=name, data_dir=folder(data_dir), download=False
        )
        pairs = [(row["text"].decode(), int(row["label"])) for row in rows]
        texts, labels = zip(*pairs, strict=True)
        return Split(list(texts), np.array(labels, dtype="int64"))

    train, held_out = cut(distinct(part("train")), validation, seed)
    test = part("test")
    parts = f"{len(train):,} train, {len(held_out):,} validation, {len(test):,} test"
    description = f"IMDB reviews (Maas et al. 2011): {parts}"
    return Reviews(train, held_out, test, "imdb", description)


def _sample(reason, data_dir):
    splits = [Split(*part) for part in sentiment_sample.splits()]
    train, held_out, test = (f"{len(part):,}" for part in splits)
    description = (
        "EMBEDDED SAMPLE of generated sentences, not the IMDB reviews: "
        f"{train} train, {held_out} validation, {test} test."
    )
    return Reviews(*splits, "sample", description, f"{reason} {_how_to_prepare(data_dir)}")


def _import_tfds():
    try:
        import tensorflow_datasets
    except ImportError as error:
        raise ImportError(
            f"The IMDB reviews are read with tensorflow-datasets. {error}. "
            'Install it: pip install "keras_rnnzoo[examples]"'
        ) from error
    return tensorflow_datasets


def online(timeout=3.0, host=None):
    """Whether a host, by default that of the reviews, or the proxy before it answers in time.

    Args:
        timeout: in seconds.
        host: a pair of name and port.
    """
    host = host or HOST
    proxies = urllib.request.getproxies()
    proxy = urllib.parse.urlsplit(proxies.get("https" if host[1] == 443 else "http", ""))
    address = (proxy.hostname, proxy.port or 80) if proxy.hostname else host
    answered = []

    def knock():
        try:
            socket.create_connection(address, timeout=timeout).close()
            answered.append(True)
        except OSError:
            pass

    # In a thread, because looking a name up knows no time limit.
    thread = threading.Thread(target=knock, daemon=True)
    thread.start()
    thread.join(timeout)
    return bool(answered)
