"""Sets that TensorFlow Datasets knows: what is prepared, and preparing the rest."""

from pathlib import Path

from keras_rnnzoo.datasets.ner_tfds import default_folder


def prepared(name, data_dir=None):
    """The folder of the newest prepared version of a set, or None.

    Args:
        name: as TFDS calls the set.
        data_dir: the TFDS folder. Default: where TFDS keeps its data.
    """
    place = default_folder() if data_dir is None else Path(data_dir)
    versions = sorted((place / name).glob("[0-9]*/dataset_info.json"))
    return versions[-1].parent if versions else None


def rows(name, parts, data_dir=None, how=""):
    """The rows of the parts of a set, one list after the other; it is prepared where it is not.

    Args:
        name, data_dir: as in `prepared`.
        parts: names of splits.
        how: how to get the set, for messages.

    Raises:
        ImportError: tensorflow-datasets is missing, or what it needs to prepare the set.
        ConnectionError: the set could not be downloaded and prepared.

    Example:

    >>> rows("tiny_shakespeare", ["train"])
    """
    try:
        import tensorflow_datasets as tfds
    except ImportError as error:
        raise ImportError(
            f"The set is read with tensorflow-datasets. {error}. "
            'Install it: pip install "keras_rnnzoo[examples]"'
        ) from error
    if prepared(name, data_dir) is None:
        _prepare(tfds, name, default_folder() if data_dir is None else Path(data_dir), how)
    folder = prepared(name, data_dir)
    builder = tfds.builder_from_directory(folder)
    try:
        return [row for part in parts for row in builder.as_data_source(part)]
    except (ImportError, NotImplementedError) as error:
        raise ImportError(
            f"{folder} cannot be read without TensorFlow ({error}). Prepare the set again with "
            f"file_format='array_record' in another folder. {how}"
        ) from error


def _prepare(tfds, name, place, how):
    print(f"Preparing {name} in {place} ...", flush=True)
    try:
        builder = tfds.builder(name, data_dir=place, file_format="array_record")
        builder.download_and_prepare()
    except ImportError as error:
        raise ImportError(f"TFDS cannot prepare {name} here: {error}. {how}") from error
    except Exception as error:  # whatever a download can end in: TFDS names no common class
        raise ConnectionError(
            f"Expected {name} prepared in {place}, or a network to fetch it. Received: preparing "
            f"it failed: {type(error).__name__}: {error}. {how}"
        ) from error
