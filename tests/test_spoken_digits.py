"""The spoken digits: archive, split, one's own recordings, and the sample that stands in."""

import io
import os
import sys
import tarfile
import types

import numpy as np
import pytest

from keras_rnnzoo.datasets import spoken_digits, spoken_digits_tfds, tones
from keras_rnnzoo.datasets.wav import write_wav

REAL = pytest.mark.skipif(
    "KERAS_RNNZOO_DATA" not in os.environ, reason="KERAS_RNNZOO_DATA is not set"
)


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """Neither the real set nor one that TFDS has prepared."""
    monkeypatch.delenv("KERAS_RNNZOO_DATA", raising=False)
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "none"))


def names():
    return [f"{d}_{s}_{n}" for d in range(10) for s in "abcde" for n in range(50)]


def sounds(folder):
    """WAV files by name; the first sample tells the digit and the second the number."""
    write_wav(folder / "x.wav", [0, 0, 0], 8000)
    head = (folder / "x.wav").read_bytes()[:-6]
    return {
        name: head + np.array([int(name[0]) * 2**11, int(name[4:]) * 2**9, 0], "<i2").tobytes()
        for name in names()
    }


def pack(path, folder, damaged=()):
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for name, data in sounds(folder).items():
            file = b"RIFF" if name in damaged else data
            entry = tarfile.TarInfo(f"free-spoken-digit-dataset-1.0.9/recordings/{name}.wav")
            entry.size = len(file)
            archive.addfile(entry, io.BytesIO(file))
    return path


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fsdd")
    home = folder / "data" / "audio"
    home.mkdir(parents=True)
    return pack(home / spoken_digits.ARCHIVE, folder)


def test_the_archive_is_read_and_split_by_the_number_of_a_recording(
    nowhere, archive, monkeypatch, capsys, tmp_path
):
    monkeypatch.setenv("KERAS_RNNZOO_DATA", str(archive.parent.parent.parent))
    parts = spoken_digits.load()
    assert "Free Spoken Digit Dataset 1.0.9: 2,000 train, 250 val" in capsys.readouterr().out
    assert parts.source == "spoken_digits" and parts.train.rate == 8000
    for part, numbers in ((parts.test, range(5)), (parts.validation, range(5, 10)),
                          (parts.train, range(10, 50))):  # fmt: skip
        assert {round(float(x[1]) * 64) for x in part.values} == set(numbers)
        assert all(round(float(x[0]) * 16) == k for x, k in zip(part.values, part.labels))
    assert parts.test.ids[0] == "0_a_0"
    monkeypatch.delenv("KERAS_RNNZOO_DATA")
    with tarfile.open(archive) as file:
        for entry in file:
            (tmp_path / entry.name.rsplit("/")[-1]).write_bytes(file.extractfile(entry).read())
    for place in (archive.parent, tmp_path):
        again = spoken_digits.load("fsdd", place, verbose=False)
        assert again.checksum == parts.checksum


def test_what_is_not_the_set_is_refused(nowhere, archive, tmp_path, capsys):
    path = tmp_path / spoken_digits.ARCHIVE
    sha = f"SHA-256 is {spoken_digits.SHA256}"
    pack(path, tmp_path, damaged=["0_a_0"])
    with pytest.raises(ValueError, match=f"{sha}.*0_a_0.wav: expected a WAV file"):
        spoken_digits.load("auto", path)
    with tarfile.open(path, "w:gz"):
        pass
    with pytest.raises(ValueError, match=f"{sha}.*holds 0 recordings"):
        spoken_digits.load("auto", path)
    path.write_bytes(archive.read_bytes()[:5000])
    with pytest.raises(ValueError, match="damaged or another.*To get the real set"):
        spoken_digits.load("fsdd", path)
    for source, place in (("fsdd", None), ("auto", tmp_path / "none")):
        with pytest.raises(FileNotFoundError, match="To get the real set"):
            spoken_digits.load(source, place)
    with pytest.raises(FileNotFoundError, match="Did you mean 'fsdd'"):
        spoken_digits.load("fsd")
    assert spoken_digits.load().source == "sample"
    assert capsys.readouterr().out.startswith("EMBEDDED SAMPLE of generated tones, not speech")


def test_a_folder_of_ones_own(nowhere, tmp_path, rng, capsys):
    for label in ("yes", "no"):
        for number in range(6):
            rate = 16000 if number == 1 else 8000
            write_wav(tmp_path / label / f"r{number}.wav", 0.1 * rng.normal(size=900), rate)
    write_wav(tmp_path / "no" / "copy.wav", np.zeros(800), 8000)
    write_wav(tmp_path / "no" / "copy2.wav", np.zeros(800), 8000)
    clips = spoken_digits.read_folder(tmp_path)
    assert clips.rate == 8000 and clips.classes == ("no", "yes") and len(clips) == 14
    assert clips.ids[0] == "no/copy" and clips.lengths[clips.ids.index("yes/r1")] == 450
    parts = spoken_digits.load(tmp_path)
    assert "10 train" not in (said := capsys.readouterr().out) and "a fifth of each class" in said
    assert [len(p) for p in (parts.train, parts.validation, parts.test)] == [9, 2, 2]
    write_wav(tmp_path / "loose.wav", np.zeros(800), 8000)
    with pytest.raises(ValueError, match="loose.wav beside them"):
        spoken_digits.load(tmp_path)


def test_names_that_say_class_and_number_are_split_by_the_official_rule(tmp_path, capsys):
    for label in ("on", "off"):
        for number in range(12):
            write_wav(
                tmp_path / f"{label}_me_{number}.wav", [0.1, number / 64, len(label) / 8], 8000
            )
    parts = spoken_digits.load(tmp_path)
    assert spoken_digits.RULE in capsys.readouterr().out and parts.source == str(tmp_path)
    assert [len(p) for p in (parts.train, parts.validation, parts.test)] == [4, 10, 10]
    for number in range(10, 12):
        (tmp_path / f"on_me_{number}.wav").unlink()
    parts = spoken_digits.load(tmp_path)
    assert "a fifth of each class" in capsys.readouterr().out
    (tmp_path / "what.wav").write_bytes(b"")
    with pytest.raises(ValueError, match="class.*speaker.*Received: what.wav"):
        spoken_digits.load(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no WAV file"):
        spoken_digits.load(tmp_path / "empty")


def test_the_sample_never_changes(nowhere):
    parts = spoken_digits.load("sample", verbose=False)
    assert [len(p) for p in (parts.train, parts.validation, parts.test)] == [120, 40, 80]
    assert parts.train.classes == tones.CLASSES and "not speech" in parts.description
    first = parts.train.values[0]
    assert len(first) == FIRST[0]
    np.testing.assert_allclose(first[[100, 1000]], FIRST[1:], rtol=1e-5)
    with pytest.raises(ValueError, match="sizes="):
        tones.sample((4, 0, 4))


FIRST = (2247, 0.093661949, -0.126873419)


def test_tfds_rows_are_the_same_recordings(nowhere, monkeypatch, tmp_path):
    """With a stand-in for TFDS: preparing the set needs a network."""
    rows = [
        {"audio": np.array([k, 2**14]), "label": k % 10, "audio/filename": f"{k % 10}_a_{k}.wav"}
        for k in range(20)
    ]
    rows[0]["audio/filename"] = b"0_a_0.wav"
    builder = types.SimpleNamespace(as_data_source=lambda part: rows)

    def refuse(*args, **kwargs):
        raise ImportError("No module named 'pydub'")

    fake = types.SimpleNamespace(builder_from_directory=lambda place: builder, builder=refuse)
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", fake)
    with pytest.raises(ImportError, match="pip install tensorflow pydub"):
        spoken_digits.load("tfds", tmp_path)
    folder = tmp_path / "spoken_digit" / "1.0.9"
    folder.mkdir(parents=True)
    (folder / "dataset_info.json").write_text("{}")
    parts = spoken_digits.load("tfds", tmp_path, verbose=False)
    assert [len(p) for p in (parts.train, parts.validation, parts.test)] == [10, 5, 5]
    assert parts.test.values[3].tolist() == [3 / 2**15, 0.5] and parts.test.labels[3] == 3
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    assert spoken_digits.load("auto", verbose=False).checksum == parts.checksum
    fake.builder = lambda *args, **kwargs: builder
    with pytest.raises(ConnectionError, match="a network to fetch it"):
        spoken_digits_tfds.read(tmp_path / "other")


@REAL
def test_the_real_set():
    parts = spoken_digits.load("fsdd", verbose=False)
    assert parts.checksum.startswith("9cab2e9c571b62dd")
    assert [len(p) for p in (parts.train, parts.validation, parts.test)] == [2000, 250, 250]
    assert np.bincount(parts.test.labels).tolist() == [25] * 10
