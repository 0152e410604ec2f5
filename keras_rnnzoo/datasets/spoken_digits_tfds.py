"""The spoken digits as TensorFlow Datasets has them."""

from pathlib import Path

import numpy as np

from keras_rnnzoo.datasets.clips import Clips
from keras_rnnzoo.datasets.ner_tfds import default_folder

NAME = "spoken_digit"
RATE = 8000
HOW_TO_PREPARE = (
    "Preparing needs a network, TensorFlow and pydub, reading it afterwards needs neither: pip "
    "install tensorflow pydub, then tfds.builder('spoken_digit', file_format='array_record')"
    ".download_and_prepare(). Without them, the archive of the set does as well, see "
    "keras_rnnzoo.datasets.spoken_digits."
)


def prepared(data_dir=None):
    """The folder of the newest prepared version, or None."""
    place = default_folder() if data_dir is None else Path(data_dir)
    versions = sorted((place / NAME).glob("[0-9]*/dataset_info.json"))
    return versions[-1].parent if versions else None


def read(data_dir=None):
    """All recordings; they are prepared first where they are not.

    Args:
        data_dir: the TFDS folder. Default: where TFDS keeps its data.

    Returns:
        `Clips` in the order of their names, as `spoken_digits.read`.

    Raises:
        ImportError: tensorflow-datasets is missing, or what it needs to prepare the set.
        ConnectionError: it could not be downloaded and prepared.

    Example:

    >>> clips = read()
    """
    try:
        import tensorflow_datasets as tfds
    except ImportError as error:
        raise ImportError(
            f"The set is read with tensorflow-datasets. {error}. "
            'Install it: pip install "keras_rnnzoo[examples]"'
        ) from error
    if prepared(data_dir) is None:
        _prepare(tfds, default_folder() if data_dir is None else Path(data_dir))
    builder = tfds.builder_from_directory(prepared(data_dir))
    try:
        rows = builder.as_data_source("train")
        rows = {row["audio/filename"]: (row["audio"], row["label"]) for row in rows}
    except (ImportError, NotImplementedError) as error:
        raise ImportError(
            f"{prepared(data_dir)} cannot be read without TensorFlow ({error}). Prepare the set "
            f"again with file_format='array_record' in another folder. {HOW_TO_PREPARE}"
        ) from error
    names = {_text(name).removesuffix(".wav"): name for name in rows}
    waves = [np.asarray(rows[names[name]][0]).astype("int16") for name in sorted(names)]
    labels = [int(rows[names[name]][1]) for name in sorted(names)]
    return Clips(waves, labels, tuple("0123456789"), tuple(sorted(names)), RATE)


def _text(name):
    return name.decode() if isinstance(name, bytes) else str(name)


def _prepare(tfds, place):
    print(f"Preparing {NAME} in {place} ...", flush=True)
    try:
        builder = tfds.builder(NAME, data_dir=place, file_format="array_record")
        builder.download_and_prepare()
    except ImportError as error:
        raise ImportError(f"TFDS cannot prepare {NAME} here: {error}. {HOW_TO_PREPARE}") from error
    except Exception as error:  # whatever a download can end in: TFDS names no common class
        raise ConnectionError(
            f"Expected {NAME} prepared in {place}, or a network to fetch it. Received: preparing "
            f"it failed: {type(error).__name__}: {error}. {HOW_TO_PREPARE}"
        ) from error
