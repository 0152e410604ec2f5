"""The TFDS builder of WNUT-17, which downloads three files or takes them from a manual folder.

TFDS looks for `checksums.tsv` beside this file, and names the set after the folder.
"""

import tensorflow_datasets as tfds

from keras_rnnzoo.datasets.conll import read_conll

URL = (
    "https://raw.githubusercontent.com/leondz/emerging_entities_17/"
    "e52a2d2a71ac1a051ca2d532eef28653c5c02603/"
)
# Not `emerging.test.conll`, which has fewer entities than the scored test set.
FILES = {
    "train": "wnut17train.conll",
    "validation": "emerging.dev.conll",
    "test": "emerging.test.annotated",
}
TYPES = ("corporation", "creative-work", "group", "location", "person", "product")
TAGS = ["O", *(f"{prefix}-{kind}" for kind in TYPES for prefix in "BI")]
CITATION = """\
@inproceedings{derczynski-etal-2017-results,
    title = "Results of the {WNUT}2017 Shared Task on Novel and Emerging Entity Recognition",
    author = "Derczynski, Leon and Nichols, Eric and van Erp, Marieke and Limsopatham, Nut",
    booktitle = "Proceedings of the 3rd Workshop on Noisy User-generated Text",
    year = "2017",
    doi = "10.18653/v1/W17-4418",
    pages = "140--147",
}
"""


class Builder(tfds.core.GeneratorBasedBuilder):
    """WNUT-17: tokens of posts and comments, and their tags in IOB2.

    Without a network, `download_and_prepare` takes the three files from the `manual_dir` of its
    `DownloadConfig`. Their checksums are compared in either case.

    Example:

    >>> builder = Builder(file_format="array_record")
    >>> builder.download_and_prepare()
    >>> builder.as_data_source("train")[0]["tokens"]
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "The files of the shared task, unchanged."}

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "Posts and comments of Twitter, Reddit, YouTube and StackExchange with entities of "
                "six types. Few entities of the test part occur in the training part."
            ),
            features=tfds.features.FeaturesDict(
                {
                    "tokens": tfds.features.Sequence(tfds.features.Text()),
                    "tags": tfds.features.Sequence(tfds.features.ClassLabel(names=TAGS)),
                }
            ),
            homepage="https://noisy-text.github.io/2017/emerging-rare-entities.html",
            citation=CITATION,
            license="CC BY 4.0",
            # Kept in the order of the files, so that sentences can be found again in them.
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        paths = dl_manager.download({part: URL + name for part, name in FILES.items()})
        return {part: self._generate_examples(path) for part, path in paths.items()}

    def _generate_examples(self, path):
        part = read_conll(path, scheme="IOB2")
        for key, (tokens, tags) in enumerate(zip(part.tokens, part.tags, strict=True)):
            yield key, {"tokens": tokens, "tags": tags}
