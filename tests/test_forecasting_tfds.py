"""The ETT sets through TFDS: prepared from a file, read back, and files that are not the sets."""

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import pytest
from running import on_one_backend
from series_files import take_away, write_noise

from keras_rnnzoo.datasets import forecasting, forecasting_tfds, imdb
from keras_rnnzoo.datasets.ett import CHANNELS
from keras_rnnzoo.datasets.time_frames import read_csv

pytestmark = on_one_backend

real = pytest.mark.skipif(
    "KERAS_RNNZOO_DATA" not in os.environ, reason="KERAS_RNNZOO_DATA names no folder of real data"
)
ROOT = Path(os.environ.get("KERAS_RNNZOO_DATA", ".")) / "data" / "timeseries"


@pytest.fixture
def nothing_there(tmp_path, monkeypatch):
    """No files, no prepared set and no network; gives the addresses that are asked for."""
    return take_away(monkeypatch, tmp_path)


# At work on noise


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A file of noise named as ETTh1, and the TFDS folder with what the builder made of it."""
    from keras_rnnzoo.datasets.ett.ett_dataset_builder import Builder

    place = tmp_path_factory.mktemp("ett")
    path = write_noise(place / "noise" / "ETTh1.csv", 14500, "2016-07-01", "h", CHANNELS)

    class Downloads:
        def download(self, url):
            assert url == forecasting_tfds.urls()["ETTh1"]
            return path

    split = Builder._split_generators
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Builder, "_split_generators", lambda self, _: split(self, Downloads()))
        patch.setattr(imdb, "online", lambda host: True)
        forecasting_tfds.prepare("ETTh1", place / "tfds")
    return path, place / "tfds"


def test_what_tfds_prepared_is_the_file_to_the_last_digit(nothing_there, prepared, tmp_path):
    path, place = prepared
    series = forecasting_tfds.read("ETTh1", place)
    file = read_csv(path, time="date", targets=CHANNELS)
    assert series.checksum == file.checksum and series.report == file.report
    (tmp_path / "tfds").symlink_to(place)
    data = forecasting.load("auto", verbose=False)
    assert data.source == "ETTh1" and data.series.checksum == file.checksum
    assert data.borders == ((0, 8640), (8640, 11520), (11520, 14400)) and data.season == 24
    assert "8,640 train, 2,880 validation, 2,880 test, 100 unused" in data.description
    assert "CC BY-ND 4.0" in data.description


def test_data_dir_comes_before_ours(nothing_there, prepared, tmp_path):
    path, place = prepared
    write_noise(tmp_path / "data" / "timeseries" / "ETTh1.csv", 3)
    assert forecasting.load("ETTh1", data_dir=place, verbose=False).series.steps == 14500
    with pytest.raises(ValueError, match=r"timeseries.ETTh1\.csv, which holds another file"):
        forecasting.load("ETTh1", data_dir=tmp_path / "empty")


def test_the_prepared_set_needs_neither_network_nor_tensorflow(prepared, nothing_there):
    path, place = prepared
    code = (
        "import sys; from keras_rnnzoo.datasets import forecasting\n"
        f"print(forecasting.load('ETTh1', {str(place)!r}, verbose=False).series.checksum)\n"
        "print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    uses_it = keras.backend.backend() == "tensorflow"
    assert done.stdout.splitlines() == [read_csv(path, time="date").checksum, str(uses_it)]


def test_a_set_in_another_format_says_what_to_do(prepared, monkeypatch):
    import tensorflow_datasets as tfds

    builder = tfds.builder_from_directory(forecasting_tfds.prepared("ETTh1", prepared[1]))
    builder.info.set_file_format("tfrecord", True, override_if_initialized=True)
    monkeypatch.setattr(tfds, "builder_from_directory", lambda _: builder)
    with pytest.raises(ValueError, match="Received: tfrecord in .*ETTh1.*another data_dir"):
        forecasting.load("ETTh1", data_dir=prepared[1])


def test_without_tfds_it_says_what_to_install(prepared, nothing_there, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    for place in (None, prepared[1]):
        with pytest.raises(ImportError, match=r"tensorflow-datasets.*keras_rnnzoo\[examples\]"):
            forecasting.load("ETTh1", data_dir=place)
    assert forecasting.load("auto", verbose=False).source == "co2"


def test_a_failed_download_ends_in_the_embedded_series_for_auto(nothing_there, monkeypatch):
    def fail(*_):
        raise OSError("connection lost")

    monkeypatch.setattr(imdb, "online", lambda host: True)
    monkeypatch.setattr(forecasting_tfds, "_builder", fail)
    assert "OSError: connection lost" in forecasting.load(verbose=False).hint
    with pytest.raises(ConnectionError, match="connection lost"):
        forecasting.load("ETTm1")


# Files that are not those of the authors


@pytest.mark.parametrize("source", ["ETTh1", "auto"])
@pytest.mark.parametrize("place", [".", "manual", "downloads/manual"])
def test_another_file_is_not_read_as_ett(nothing_there, prepared, tmp_path, source, place):
    folder = tmp_path / place
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "ETTh1.csv.gz"
    path.write_bytes(gzip.compress(prepared[0].read_bytes(), mtime=0))
    with pytest.raises(ValueError, match=r"2,589,657 bytes.*ETTh1\.csv\.gz.*another.*load\("):
        forecasting.load(source, data_dir=tmp_path)
    data = forecasting.load(path, verbose=False)
    assert data.description.startswith(f"Series from {path}") and data.source == str(path)
    assert data.borders.train == (0, 10150)


def test_a_damaged_file_is_said_to_be_one(nothing_there, prepared, tmp_path):
    packed = gzip.compress(prepared[0].read_bytes(), mtime=0)
    for wrong in (packed[:-500], b"date,y\n"):
        (tmp_path / "ETTh1.csv.gz").write_bytes(wrong)
        with pytest.raises(ValueError, match=r"whole .gz file.*ETTh1\.csv\.gz.*Fetch it again"):
            forecasting.load("ETTh1", data_dir=tmp_path)


def test_the_builder_refuses_a_file_that_was_tampered_with(nothing_there, prepared, tmp_path):
    from tensorflow_datasets.core.download.download_manager import NonMatchingChecksumError

    with pytest.raises(NonMatchingChecksumError):
        forecasting_tfds.prepare("ETTh1", tmp_path, manual_dir=prepared[0].parent)
    with pytest.raises(FileNotFoundError, match=r"ETTh2\.csv, unpacked.*noise"):
        forecasting_tfds.prepare("ETTh2", tmp_path, manual_dir=prepared[0].parent)
    assert forecasting_tfds.prepared("ETTh1", tmp_path) is None and not nothing_there


# The real sets


@real
def test_the_registered_checksums_are_those_of_the_files():
    for name, (size, sha) in forecasting_tfds.registered().items():
        raw = gzip.decompress((ROOT / f"{name}.csv.gz").read_bytes())
        assert (len(raw), hashlib.sha256(raw).hexdigest()) == (size, sha)
        url = forecasting_tfds.urls()[name]
        assert url.endswith(f"cf07/ETT-small/{name}.csv")


@real
def test_ett_is_prepared_from_a_manual_folder_and_read_back(nothing_there, tmp_path):
    (tmp_path / "hand").mkdir()
    with gzip.open(ROOT / "ETTh1.csv.gz") as packed, open(tmp_path / "hand/ETTh1.csv", "wb") as raw:
        shutil.copyfileobj(packed, raw)
    folder = forecasting_tfds.prepare("ETTh1", tmp_path / "tfds", manual_dir=tmp_path / "hand")
    assert (folder / "features.json").is_file() and not nothing_there
    data = forecasting.load("ETTh1", data_dir=tmp_path / "tfds", verbose=False)
    assert data.checksum == forecasting.load("ETTh1", data_dir=ROOT, verbose=False).checksum
