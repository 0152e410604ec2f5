"""Where tagged sentences come from: real sets, the sample, a user's files, and what goes wrong."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import pytest
from running import on_one_backend

from keras_rnnzoo.datasets import imdb, ner, ner_tfds
from keras_rnnzoo.datasets.conll import write_conll
from keras_rnnzoo.datasets.tagged import Tagged

pytestmark = on_one_backend

real = pytest.mark.skipif(
    "KERAS_RNNZOO_DATA" not in os.environ, reason="KERAS_RNNZOO_DATA names no folder of real data"
)
BUILDER = Path(ner.__file__).parent / "wnut17"
ROOT = Path(os.environ.get("KERAS_RNNZOO_DATA", "."))


@pytest.fixture
def nothing_prepared(tmp_path, monkeypatch):
    """No prepared set, no files to prepare from and no network."""
    monkeypatch.setenv("KERAS_RNNZOO_DATA", str(tmp_path))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "default"))
    monkeypatch.setattr(ner_tfds, "online", lambda host: False)


@pytest.fixture
def folder(tmp_path):
    """Three small files as a user may have them."""
    place = tmp_path / "mine"
    place.mkdir()
    for name, count in (("my_train.txt", 30), ("my_dev.txt", 4), ("my_test.txt", 5)):
        tokens = [[f"word{i}", "Halmere"] for i in range(count)]
        write_conll(place / name, Tagged(tokens, [["O", "B-LOC"]] * count))
    return place


def counts(corpus):
    parts = (corpus.train, corpus.validation, corpus.test)
    return [len(part) for part in parts], [part.entity_count for part in parts]


# Which source is taken


def test_without_data_and_network_auto_says_first_that_it_is_the_sample(nothing_prepared, capsys):
    corpus = ner.load()
    first = capsys.readouterr().out.splitlines()[0]
    assert first == f"{corpus.description} {corpus.hint}"
    assert first.startswith("EMBEDDED SAMPLE of generated sentences, not a set of real text")
    assert "no answer from raw.githubusercontent.com in 3 seconds" in first
    assert "emerging.dev.conll" in first and "files=(" in first
    assert corpus.source == "sample" and len(corpus.train) == 600


@pytest.mark.parametrize("source", ["wnut17", "wikiann", "conll2003"])
def test_a_named_set_insists(nothing_prepared, tmp_path, source):
    with pytest.raises(ConnectionError, match=f"source='{source}'.*no answer from.*files="):
        ner.load(source)
    with pytest.raises(ConnectionError, match=r"data_dir=.*empty"):
        ner.load(source, data_dir=tmp_path / "empty")
    assert not (tmp_path / "empty").exists() and not (tmp_path / "default").exists()


@pytest.mark.parametrize("source", ["ncbi_disease", "wikiann_en"])
def test_a_named_folder_insists(nothing_prepared, monkeypatch, tmp_path, source):
    with pytest.raises(FileNotFoundError, match=f"source='{source}'.*data/ner/{source}"):
        ner.load(source)
    monkeypatch.delenv("KERAS_RNNZOO_DATA")
    with pytest.raises(FileNotFoundError, match="KERAS_RNNZOO_DATA=None"):
        ner.load(source)
    with pytest.raises(FileNotFoundError, match="none"):
        ner.load(source, data_dir=tmp_path / "none")


def test_a_named_folder_can_be_given_or_stand_in_the_given_one(folder):
    corpus = ner.load("ncbi_disease", data_dir=folder, verbose=False)
    assert corpus.source == "ncbi_disease" and counts(corpus)[0] == [30, 4, 5]
    shutil.copytree(folder, folder.parent / "ncbi_disease")
    above = ner.load("ncbi_disease", data_dir=folder.parent, verbose=False)
    assert above.checksum == corpus.checksum


def test_some_of_the_files_to_prepare_from_are_not_enough(nothing_prepared, tmp_path):
    (tmp_path / "manual").mkdir()
    (tmp_path / "manual" / "emerging.dev.conll").touch()
    with pytest.raises(FileNotFoundError, match=r"manual.*without wnut17train.conll, emerging.te"):
        ner.load("wnut17", data_dir=tmp_path)


def test_a_failed_download_ends_in_the_sample_for_auto(nothing_prepared, monkeypatch):
    def fail(*_):
        raise OSError("connection lost")

    monkeypatch.setattr(ner_tfds, "online", lambda host: True)
    monkeypatch.setattr(ner_tfds, "_builder", fail)
    assert "OSError: connection lost" in ner.load(verbose=False).hint
    with pytest.raises(ConnectionError, match="connection lost"):
        ner.load("wnut17")


def test_the_look_for_the_network_names_host_and_port(monkeypatch):
    asked = []
    monkeypatch.setattr(imdb, "online", lambda **asks: asked.append(asks))
    ner_tfds.online("example.org")
    assert asked == [{"host": ("example.org", 443)}]


# A user's own folder or files


def test_a_folder_is_told_apart_by_names(folder):
    (folder / "README").write_text("words")
    corpus = ner.load(folder, verbose=False)
    assert counts(corpus) == ([30, 4, 5], [30, 4, 5])
    assert corpus.source == str(folder)
    assert corpus.description == (
        f"Entities from {folder}: 30 train sentences with 30 entities, 4 validation with 4 "
        "entities, 5 test with 5 entities."
    )


def test_a_folder_with_too_few_or_too_many_files(folder):
    (folder / "other_test.txt").touch()
    with pytest.raises(FileNotFoundError, match=r"one file for test.*my_test.*other_test.*files="):
        ner.load(folder)
    (folder / "my_dev.txt").unlink()
    with pytest.raises(FileNotFoundError, match="for validation in .*mine, with dev or val"):
        ner.load(folder)


def test_a_source_that_is_none(folder):
    with pytest.raises(FileNotFoundError, match="wnut17, .*'wnut71'.*Is 'wnut17' meant"):
        ner.load("wnut71")
    with pytest.raises(FileNotFoundError, match="which is one file.*files="):
        ner.load(folder / "my_train.txt")


def test_files_with_a_part_held_out(folder):
    with open(folder / "my_train.txt", "a") as file:
        file.write("\nword7\tO\nHalmere\tB-LOC\n")
    corpus = ner.load(files=(folder / "my_train.txt", None, None), verbose=False)
    assert corpus.test is None and corpus.source == "files"
    assert "a tenth is held out" in corpus.description and "no test part" in corpus.description
    assert len(corpus.train) + len(corpus.validation) == 31 and len(corpus.validation) in (3, 4)
    ours, held_out = ({tuple(t) for t in p.tokens} for p in (corpus.train, corpus.validation))
    assert not ours & held_out and len(ours | held_out) == 30
    again = ner.load(files=[str(folder / "my_train.txt"), None, None], verbose=False)
    assert again.checksum == corpus.checksum
    whole = ner.load(files=[folder / f"my_{p}.txt" for p in ("train", "dev", "test")])
    assert counts(whole)[0] == [31, 4, 5] and whole.checksum != corpus.checksum


def test_files_that_cannot_be_used(folder, tmp_path):
    for files in ("train.txt", (None, "dev.txt", None), ("train.txt", "dev.txt")):
        with pytest.raises(ValueError, match="three paths"):
            ner.load(files=files)
    with pytest.raises(ValueError, match="not both.*'wnut17'"):
        ner.load("wnut17", files=(folder / "my_train.txt", None, None))
    one = tmp_path / "one.txt"
    one.write_text("a O\n\na O\n")
    with pytest.raises(ValueError, match=r"one\.txt.*two different sentences"):
        ner.load(files=(one, None, None))
    with pytest.raises(ValueError, match=r"my_train\.txt, line 2: .*BILOU"):
        ner.load(folder, scheme="BILOU")


# The real sets

COUNTS = {
    "wnut17": ([3394, 1009, 1287], [1975, 836, 1079], [62730, 15733, 23394]),
    "wikiann_en": ([20000, 10000, 10000], [27931, 14146, 13958], [160394, 80536, 80326]),
    "ncbi_disease": ([5424, 923, 940], [5134, 787, 960], [135701, 23969, 24497]),
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """WNUT-17 prepared once, from its files."""
    place = tmp_path_factory.mktemp("tfds")
    return place, ner.load("wnut17", data_dir=place, verbose=False)


@real
@pytest.mark.parametrize("source", ["wikiann_en", "ncbi_disease"])
def test_the_real_folders_have_their_counts(source):
    corpus = ner.load(source, scheme="IOB2", verbose=False)
    parts = (corpus.train, corpus.validation, corpus.test)
    assert (*counts(corpus), [part.token_count for part in parts]) == COUNTS[source]


@real
def test_wnut17_has_its_counts_and_is_the_same_as_its_files(prepared):
    place, corpus = prepared
    parts = (corpus.train, corpus.validation, corpus.test)
    assert (*counts(corpus), [part.token_count for part in parts]) == COUNTS["wnut17"]
    assert len(corpus.train.types) == 6 and corpus.source == "wnut17"
    files = ner.load(Path(os.environ["KERAS_RNNZOO_DATA"], "data/ner/wnut17"), verbose=False)
    assert files.checksum == corpus.checksum
    assert corpus.description.startswith("WNUT-17 (Derczynski et al. 2017): 3,394 train sentences")
    assert (place / "wnut17" / "1.0.0" / "features.json").is_file()


@real
def test_what_is_prepared_needs_neither_files_nor_network_nor_tensorflow(prepared):
    place, corpus = prepared
    code = (
        "import sys; from keras_rnnzoo.datasets import ner\n"
        f"print(ner.load('auto', data_dir={str(place)!r}, verbose=False).checksum)\n"
        "print('tensorflow' in sys.modules)"
    )
    environment = {k: v for k, v in os.environ.items() if k != "KERAS_RNNZOO_DATA"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    uses_it = keras.backend.backend() == "tensorflow"
    assert done.stdout.splitlines() == [corpus.checksum, str(uses_it)]


@real
@pytest.mark.parametrize("source", ["wnut17", "auto"])
def test_a_file_that_was_tampered_with_is_refused(nothing_prepared, tmp_path, source):
    from tensorflow_datasets.core.download.download_manager import NonMatchingChecksumError

    files = ROOT / "data" / "ner" / "wnut17"
    manual = tmp_path / "manual"
    shutil.copytree(files, manual, copy_function=shutil.copyfile)
    manual.chmod(0o755)
    with open(manual / "emerging.dev.conll", "a") as file:
        file.write("one\tO\n")
    with pytest.raises(NonMatchingChecksumError):
        ner.load(source, data_dir=tmp_path, verbose=False)
    assert ner_tfds.prepared("wnut17", tmp_path) is None


@real
def test_the_registered_checksums_are_those_of_the_files():
    lines = (BUILDER / "checksums.tsv").read_text().splitlines()
    assert len(lines) == 3
    for line in lines:
        url, size, checksum, name = line.split("\t")
        raw = (ROOT / "data" / "ner" / "wnut17" / name).read_bytes()
        assert (url.rsplit("/", 1)[1], int(size)) == (name, len(raw))
        assert hashlib.sha256(raw).hexdigest() == checksum


# Sets of TFDS's own


@pytest.fixture
def conll2003(tmp_path, monkeypatch):
    """TFDS's own builder at work on a small file, without a download."""
    import tensorflow_datasets as tfds

    text = tmp_path / "part.txt"
    text.write_text("-DOCSTART- -X- O O\n\nRose NNP B-NP B-PER\nslept VBD B-VP O\n\n")
    builder = tfds.builder("conll2003", data_dir=tmp_path, file_format="array_record")
    monkeypatch.setattr(
        type(builder),
        "_split_generators",
        lambda self, _: {p: self._generate_examples(text) for p in ("train", "dev", "test")},
    )
    builder.download_and_prepare()
    return tmp_path


def test_sets_that_tfds_prepared_are_read(conll2003, nothing_prepared):
    corpus = ner.load("conll2003", data_dir=conll2003, verbose=False)
    assert corpus.validation == Tagged([["Rose", "slept"]], [["B-PER", "O"]])
    with pytest.raises(ValueError, match="conll2003.*train, sentence 0, token 0: .*IOB1"):
        ner.load("conll2003", data_dir=conll2003, scheme="IOB1")


def test_tfrecord_without_tensorflow_says_what_to_do(conll2003, monkeypatch):
    import tensorflow_datasets as tfds

    def no_tensorflow(*_):
        raise ImportError("No module named 'tensorflow'")

    folder = ner_tfds.prepared("conll2003", conll2003)
    builder = tfds.builder_from_directory(folder)
    builder.info.set_file_format("tfrecord", True, override_if_initialized=True)
    monkeypatch.setattr(builder, "as_dataset", no_tensorflow)
    monkeypatch.setattr(tfds, "builder_from_directory", lambda _: builder)
    with pytest.raises(ImportError, match="is prepared as tfrecord.*No module.*array_record"):
        ner.load("conll2003", data_dir=conll2003)
