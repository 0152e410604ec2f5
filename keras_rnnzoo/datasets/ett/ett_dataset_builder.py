"""The TFDS builder of ETT, which downloads a file or takes it from a manual folder.

TFDS looks for `checksums.tsv` beside this file, and names the set after the folder.
"""

import os

import numpy as np
import tensorflow_datasets as tfds

from keras_rnnzoo.datasets.ett import CHANNELS, STEPS_PER_HOUR
from keras_rnnzoo.datasets.series_splits import ett_borders
from keras_rnnzoo.datasets.time_frames import read_csv

URL = (
    "https://raw.githubusercontent.com/zhouhaoyi/ETDataset/"
    "1d16c8f4f943005d613b5bc962e9eeb06058cf07/ETT-small/"
)
STAMP = "%Y-%m-%d %H:%M:%S"
CITATION = """\
@inproceedings{zhou2021informer,
    title = "Informer: Beyond Efficient Transformer for Long Sequence Time-Series Forecasting",
    author = "Zhou, Haoyi and Zhang, Shanghang and Peng, Jieqi and Zhang, Shuai and Li, Jianxin
        and Xiong, Hui and Zhang, Wancai",
    booktitle = "Proceedings of the AAAI Conference on Artificial Intelligence",
    volume = "35",
    pages = "11106--11115",
    year = "2021",
    note = "arXiv:2012.07436",
}
"""


class Builder(tfds.core.GeneratorBasedBuilder):
    """ETT: six loads of a power transformer and the temperature of its oil, over two years.

    The configs are "ETTh1", "ETTh2" (hours) and "ETTm1" (quarters of an hour). A part is one
    example, whose features are the columns of the file. "rest" is what follows the test part, which
    no published table uses.

    Without a network, `download_and_prepare` takes the CSV file, unpacked, from the `manual_dir` of
    its `DownloadConfig`. Its checksum is compared in either case.

    Example:

    >>> builder = Builder(config="ETTh1", file_format="array_record")
    >>> builder.download_and_prepare()
    >>> builder.as_data_source("train")[0]["OT"].shape
    (8640,)
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "The files of the authors, unchanged, and the usual parts."}
    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(
            name=name, description=f"A transformer, {60 // steps} minutes a step."
        )
        for name, steps in STEPS_PER_HOUR.items()
    ]

    def _info(self):
        # Without an encoding, TFDS 4.9 stores float64 with the precision of float32.
        numbers = tfds.features.Tensor(
            shape=(None,), dtype=np.float64, encoding=tfds.features.Encoding.BYTES
        )
        return self.dataset_info_from_configs(
            description=(
                "Electricity transformers in two counties of China, July 2016 to June 2018: high, "
                "middle and low load, useful (UFL) and useless (ULL), and the oil temperature (OT)."
            ),
            features=tfds.features.FeaturesDict(
                {
                    "date": tfds.features.Tensor(shape=(None,), dtype=np.str_),
                    **dict.fromkeys(CHANNELS, numbers),
                }
            ),
            homepage="https://github.com/zhouhaoyi/ETDataset",
            citation=CITATION,
            license="CC BY-ND 4.0",
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        name = self.builder_config.name
        path = dl_manager.download(f"{URL}{name}.csv")
        series = read_csv(os.fspath(path), time="date", targets=CHANNELS)
        borders = ett_borders(series.steps, STEPS_PER_HOUR[name])
        spans = {**borders._asdict(), "rest": (borders.test[1], None)}
        return {part: self._generate_examples(series.slice(*span)) for part, span in spans.items()}

    def _generate_examples(self, part):
        columns = dict(zip(CHANNELS, part.values[0].T, strict=True))
        yield 0, {"date": part.times[0].strftime(STAMP).tolist(), **columns}
