"""The ETT sets: files that are there, what TFDS has prepared, or a download."""

import os
from pathlib import Path

from keras_rnnzoo.datasets import imdb, ner_tfds
from keras_rnnzoo.datasets.ett import CHANNELS
from keras_rnnzoo.datasets.forecasting_files import digest, find
from keras_rnnzoo.datasets.time_frames import from_frame, read_csv

HOST = "raw.githubusercontent.com"
PARTS = ("train", "validation", "test", "rest")
CHECKSUMS = Path(__file__).parent / "ett" / "checksums.tsv"


def read(name, data_dir=None):
    """Read one of the ETT sets; prepare it first where it is not there.

    Args:
        name: "ETTh1", "ETTh2" or "ETTm1".
        data_dir: a folder with the CSV file, or of TFDS. What is not in it is looked for in the
            folders that `find` and `prepared` know.

    Returns:
        A `TimeSeries`.

    Raises:
        ValueError: a file of that name holds something else.
        ConnectionError: the set is not there, and there is no network.
        ImportError: TFDS is missing.
    """
    for place in [None] if data_dir is None else [data_dir, None]:
        if path := find([name], place):
            verify(name, path)
            return read_csv(path, time="date", targets=CHANNELS)
        if folder := prepared(name, place):
            return _read_prepared(folder)
    return _read_prepared(prepare(name, data_dir))


def prepared(name, data_dir=None):
    """The folder of the newest version that TFDS has prepared, or None.

    It is looked for in `data_dir`, and without one in the folder `tfds` of KERAS_RNNZOO_DATA and
    where TFDS keeps its data.
    """
    ours = os.environ.get("KERAS_RNNZOO_DATA")
    places = [ner_tfds.default_folder()] if data_dir is None else [Path(data_dir)]
    if data_dir is None and ours:
        places.insert(0, Path(ours) / "tfds")
    for place in places:
        versions = sorted((place / "ett" / name).glob("[0-9]*/dataset_info.json"))
        if versions:
            return versions[-1].parent
    return None


def verify(name, path):
    """An error for a file that does not hold the published set of this name, byte for byte."""
    size, sha = registered()[name]
    found = digest(path)
    if found != (size, sha):
        raise ValueError(
            f"Expected {name} as its authors published it, {size:,} bytes of SHA-256 {sha}. "
            f"Received: {path}, which holds another file of {found[0]:,} bytes, SHA-256 {found[1]}."
            f" Fetch the published one from {urls()[name]}, or read this one by the rules for any "
            f"CSV file: load({str(path)!r})."
        )


def registered():
    """For each set the size and SHA-256 that its CSV file must have, as TFDS compares them."""
    return {name: (int(size), sha) for name, (_, size, sha) in _lines().items()}


def urls():
    """For each set the address of its CSV file."""
    return {name: url for name, (url, _, _) in _lines().items()}


def _lines():
    rows = [line.split("\t") for line in CHECKSUMS.read_text("utf-8").splitlines()]
    return {name.removesuffix(".csv"): (url, size, sha) for url, size, sha, name in rows}


def prepare(name, data_dir=None, manual_dir=None):
    """Prepare a set through TFDS, so that it can be read without a network and TensorFlow.

    Args:
        name: "ETTh1", "ETTh2" or "ETTm1".
        data_dir: the TFDS folder to put it into. Default: the one where TFDS keeps its data.
        manual_dir: a folder with the CSV file, unpacked, to prepare from instead of a download.

    Returns:
        The folder of the prepared set.

    Raises:
        FileNotFoundError: no such file in `manual_dir`.
        ConnectionError: no network, or a download that failed.
        ImportError: TFDS is missing.
    """
    tfds = _import_tfds()
    if manual_dir is not None and not (Path(manual_dir) / f"{name}.csv").is_file():
        raise FileNotFoundError(
            f"Expected {name}.csv, unpacked, in the folder. Received: manual_dir="
            f"{os.fspath(manual_dir)!r}, which has none"
        )
    if manual_dir is None and not imdb.online(host=(HOST, 443)):
        reason = f"there was no answer from {HOST} in 3 seconds"
        raise ConnectionError(_missing(name, data_dir, reason))
    target = Path(data_dir) if data_dir is not None else ner_tfds.default_folder()
    print(f"Preparing {name} in {target} ...", flush=True)
    config = tfds.download.DownloadConfig(manual_dir=manual_dir, try_download_gcs=False)
    try:
        builder = _builder(name, target)
        builder.download_and_prepare(download_config=config)
    except Exception as error:  # whatever a download can end in: TFDS names no common class
        if manual_dir is not None:
            raise  # such as TFDS's NonMatchingChecksumError: no connection was asked for
        reason = f"preparing it failed: {type(error).__name__}: {error}"
        raise ConnectionError(_missing(name, data_dir, reason)) from error
    return Path(os.fspath(builder.data_path))


def _builder(name, target):
    from keras_rnnzoo.datasets.ett.ett_dataset_builder import Builder

    return Builder(data_dir=target, config=name, file_format="array_record")


def _missing(name, data_dir, reason):
    given = None if data_dir is None else os.fspath(data_dir)
    return (
        f"Expected {name}.csv or {name}.csv.gz, {name} prepared by TFDS, or a network to fetch it. "
        f"Received: source={name!r}, data_dir={given!r}, KERAS_RNNZOO_DATA="
        f"{os.environ.get('KERAS_RNNZOO_DATA')!r}; it is in none of these, nor in "
        f"{ner_tfds.default_folder()}, and {reason}. Do this with a network; or fetch "
        f"{urls()[name]} by hand, and name its folder: data_dir=. 'co2' needs nothing but "
        "statsmodels."
    )


def _read_prepared(folder):
    import pandas

    builder = _import_tfds().builder_from_directory(folder)
    if builder.info.file_format.value != "array_record":
        raise ValueError(
            f"Expected the set prepared as array_record, which is read without TensorFlow. "
            f"Received: {builder.info.file_format.value} in {folder}. Take that folder away, or "
            'prepare it in another data_dir with file_format="array_record".'
        )
    rows = [builder.as_data_source(part)[0] for part in PARTS]
    frame = pandas.concat([pandas.DataFrame(row) for row in rows], ignore_index=True)
    frame["date"] = [stamp.decode() for stamp in frame["date"]]
    return from_frame(frame, time="date", targets=CHANNELS)


def _import_tfds():
    try:
        import tensorflow_datasets
    except ImportError as error:
        raise ImportError(
            f"The ETT sets are fetched, and read where prepared, with tensorflow-datasets. {error}."
            ' Install it: pip install "keras_rnnzoo[examples]"'
        ) from error
    return tensorflow_datasets
