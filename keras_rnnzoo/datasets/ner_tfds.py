"""Named-entity sets that come through TensorFlow Datasets: read, or prepared first."""

import os
from dataclasses import dataclass
from pathlib import Path

from keras_rnnzoo.datasets import imdb
from keras_rnnzoo.datasets.tagged import Tagged, as_iob2


@dataclass(frozen=True)
class Stock:
    """A set of TFDS.

    Attributes:
        title: for people.
        name: for `tfds.builder`.
        folder: of the prepared set, below the TFDS folder and above the version.
        host: that the data come from.
        parts: its names of the train, validation and test part.
        tags: its name of the feature with the tags.
    """

    title: str
    name: str
    folder: str
    host: str
    parts: tuple = ("train", "validation", "test")
    tags: str = "tags"


SETS = {
    "wnut17": Stock(
        "WNUT-17 (Derczynski et al. 2017)", "wnut17", "wnut17", "raw.githubusercontent.com"
    ),
    "wikiann": Stock(
        "WikiANN, English (Pan et al. 2017)", "wikiann/en", "wikiann/en", "www.dropbox.com"
    ),
    "conll2003": Stock(
        "CoNLL-2003 (Tjong Kim Sang and De Meulder 2003)",
        "conll2003",
        "conll2003/conll2003",
        "data.deepai.org",
        ("train", "dev", "test"),
        "ner",
    ),
}
WNUT17_FILES = ("wnut17train.conll", "emerging.dev.conll", "emerging.test.annotated")


def read(source, data_dir=None, scheme=None):
    """Read a set; prepare it first where it is not prepared.

    Args:
        source: a key of `SETS`.
        data_dir: the TFDS folder. Default: the one where TFDS keeps its data; for reading also
            the folder `tfds` in the one that the environment variable KERAS_RNNZOO_DATA names.
        scheme: of the tags, if they shall be held to it.

    Returns:
        Train, validation and test: three `Tagged`.

    Raises:
        FileNotFoundError: some of the files to prepare from are there and some are not.
        ConnectionError: not prepared, no files to prepare from, and no network.
        ImportError: TFDS is missing, or TensorFlow where TFDS needs it.
    """
    stock = SETS[source]
    tfds = _import_tfds()
    if prepared(source, data_dir) is None:
        _prepare(tfds, source, data_dir)
    builder = tfds.builder_from_directory(prepared(source, data_dir))
    return [_part(tfds, builder, stock, part, scheme) for part in stock.parts]


def prepared(source, data_dir=None):
    """The folder of the newest prepared version of a set, or None."""
    places = [Path(data_dir)] if data_dir is not None else [*_ours("tfds"), default_folder()]
    for place in places:
        versions = sorted((place / SETS[source].folder).glob("[0-9]*/dataset_info.json"))
        if versions:
            return versions[-1].parent
    return None


def default_folder():
    """Where TFDS keeps its data unless told otherwise."""
    return Path(os.environ.get("TFDS_DATA_DIR", Path("~") / "tensorflow_datasets")).expanduser()


def manual_folder(data_dir=None):
    """The folder with the three files of WNUT-17 to prepare from, or None."""
    places = [*_ours("data/ner/wnut17")]
    if data_dir is not None:
        # The second is where TFDS itself looks for files fetched by hand.
        places = [Path(data_dir) / "manual", Path(data_dir) / "downloads" / "manual", *places]
    for place in places:
        missing = [name for name in WNUT17_FILES if not (place / name).is_file()]
        if 0 < len(missing) < len(WNUT17_FILES):
            raise FileNotFoundError(
                f"Expected {', '.join(WNUT17_FILES)} in {place}. Received: a folder without "
                f"{', '.join(missing)}. Add what is missing, or take the rest away."
            )
        if not missing:
            return place
    return None


def online(host):
    """Whether the host, or the proxy on the way to it, answers within 3 seconds."""
    return imdb.online(host=(host, 443))


def _ours(folder):
    """The folder in the one that KERAS_RNNZOO_DATA names, as a list of one or none."""
    root = os.environ.get("KERAS_RNNZOO_DATA")
    return [Path(root) / folder] if root and (Path(root) / folder).is_dir() else []


def _prepare(tfds, source, data_dir):
    """Into `data_dir` or TFDS's own folder: the one of KERAS_RNNZOO_DATA may be read-only."""
    stock = SETS[source]
    manual = manual_folder(data_dir) if source == "wnut17" else None
    if manual is None and not online(stock.host):
        reason = f"there was no answer from {stock.host} in 3 seconds"
        raise ConnectionError(_missing(source, data_dir, reason))
    target = Path(data_dir) if data_dir is not None else default_folder()
    print(f"Preparing {stock.title} in {target} ...", flush=True)
    config = tfds.download.DownloadConfig(manual_dir=manual, try_download_gcs=False)
    try:
        builder = _builder(tfds, source, target)
        builder.download_and_prepare(download_config=config)
    except ImportError as error:
        raise ImportError(
            f"Preparing {stock.title} needs TensorFlow, reading it afterwards does not. {error}. "
            'Install it: pip install "keras_rnnzoo[tensorflow]"'
        ) from error
    except Exception as error:  # whatever a download can end in: TFDS names no common class
        if manual is not None:
            raise  # such as TFDS's NonMatchingChecksumError: no connection was asked for
        raise ConnectionError(
            _missing(source, data_dir, f"preparing it failed: {type(error).__name__}: {error}")
        ) from error


def _builder(tfds, source, target):
    if source == "wnut17":
        from keras_rnnzoo.datasets.wnut17.wnut17_dataset_builder import Builder

        return Builder(data_dir=target, file_format="array_record")
    return tfds.builder(SETS[source].name, data_dir=target, file_format="array_record")


def _missing(source, data_dir, reason):
    stock, place = SETS[source], data_dir if data_dir is not None else default_folder()
    by_hand = ""
    if source == "wnut17":
        by_hand = (
            f"put {', '.join(WNUT17_FILES)} of github.com/leondz/emerging_entities_17 into the "
            'folder "manual" of data_dir, '
        )
    return (
        f"Expected {stock.title} prepared in {place}, or a network to fetch it. Received: "
        f"source={source!r}, data_dir={data_dir!r}; it is not there, and {reason}. Do this with a "
        f'network, or {by_hand}or name your own files: files=(train, validation, test). "sample" '
        "needs nothing."
    )


def _part(tfds, builder, stock, part, scheme):
    """One part; sentences without a token, which TFDS's reader of CoNLL files adds, are dropped."""
    names = builder.info.features[stock.tags].feature.names
    rows = [row for row in _rows(tfds, builder, part) if len(row["tokens"])]
    tokens = [[token.decode() for token in row["tokens"]] for row in rows]
    tags = [[names[int(tag)] for tag in row[stock.tags]] for row in rows]
    where = f"{builder.info.full_name}, {part}, sentence {{}}, token {{}}".format
    return Tagged(tokens, as_iob2(tags, scheme, where))


def _rows(tfds, builder, part):
    if builder.info.file_format.value == "array_record":
        return builder.as_data_source(part)
    try:
        return tfds.as_numpy(builder.as_dataset(part))
    except ImportError as error:
        raise ImportError(
            f"{builder.data_path} is prepared as {builder.info.file_format.value}, which TFDS "
            f"reads with TensorFlow alone. {error}. Install TensorFlow, or prepare the set again "
            'with file_format="array_record" in another data_dir.'
        ) from error


def _import_tfds():
    try:
        import tensorflow_datasets
    except ImportError as error:
        raise ImportError(
            f"Named-entity sets are read with tensorflow-datasets. {error}. "
            'Install it: pip install "keras_rnnzoo[examples]"'
        ) from error
    return tensorflow_datasets
