"""The spoken digits as TensorFlow Datasets has them."""

import numpy as np

from keras_rnnzoo.datasets import tfds_sets
from keras_rnnzoo.datasets.clips import Clips

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
    return tfds_sets.prepared(NAME, data_dir)


def read(data_dir=None):
    """All recordings; they are prepared first where they are not.

    Args:
        data_dir: the TFDS folder. Default: where TFDS keeps its data.

    Returns:
        `Clips` in the order of their names, as `spoken_digits.read`.

    Raises:
        ImportError, ConnectionError: as `tfds_sets.rows`.

    Example:

    >>> clips = read()
    """
    rows = tfds_sets.rows(NAME, ["train"], data_dir, HOW_TO_PREPARE)
    rows = {row["audio/filename"]: (row["audio"], row["label"]) for row in rows}
    names = {_text(name).removesuffix(".wav"): name for name in rows}
    waves = [np.asarray(rows[names[name]][0]).astype("int16") for name in sorted(names)]
    labels = [int(rows[names[name]][1]) for name in sorted(names)]
    return Clips(waves, labels, tuple("0123456789"), tuple(sorted(names)), RATE)


def _text(name):
    return name.decode() if isinstance(name, bytes) else str(name)
