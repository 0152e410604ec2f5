"""The set on indoor movement: its files, its split, and the sample that stands in for it."""

import os
import zipfile

import numpy as np
import pytest
from helpers import close
from running import on_one_backend

from keras_rnnzoo.datasets import indoor_movement

pytestmark = on_one_backend

REAL = pytest.mark.skipif(
    "KERAS_RNNZOO_DATA" not in os.environ, reason="KERAS_RNNZOO_DATA is not set"
)


def pack(path, walks=314, **changes):
    """A zip file made like the real one, with walks of two steps."""
    ids = range(1, walks + 1)
    tables = {
        "dataset/MovementAAL_target.csv": [f"{n},{1 if n % 2 else -1}" for n in ids],
        "groups/MovementAAL_DatasetGroup.csv": [f"{n},{1 + n % 3}" for n in ids],
        "groups/MovementAAL_Paths.csv": [f"{n},{1 + n % 6}" for n in ids],
    }
    tables |= {f"dataset/MovementAAL_RSS_{n}.csv": ["1, 2,3,4", f"{n},0,0,0"] for n in ids}
    with zipfile.ZipFile(path, "w") as file:
        for name, rows in {**tables, **changes}.items():
            file.writestr(name, "\n".join(["#a, b", *rows]))
    return path


def test_the_set_is_read_from_its_zip_file_or_its_folder(tmp_path, monkeypatch, capsys):
    home = tmp_path / "data" / "timeseries"
    home.mkdir(parents=True)
    path = pack(home / indoor_movement.ZIP)
    sequences, rooms, paths = indoor_movement.read(path)
    assert len(sequences) == 314 and sequences.classes == ("stays", "leaves")
    assert sequences.labels[:2].tolist() == [1, 0] and sequences.ids[:2] == ("1", "2")
    assert sequences.values[9].tolist() == [[1, 2, 3, 4], [10, 0, 0, 0]]
    assert rooms[:3].tolist() == [2, 3, 1] and paths[:3].tolist() == [2, 3, 4]
    monkeypatch.setenv("KERAS_RNNZOO_DATA", str(tmp_path))
    parts = indoor_movement.load()
    assert parts.source == "indoor_movement" and "Bacciu" in capsys.readouterr().out
    with zipfile.ZipFile(path) as file:
        file.extractall(tmp_path / "unpacked" / "MovementAAL")
    for place in (home, path, tmp_path / "unpacked"):
        again = indoor_movement.load("indoor_movement", place, verbose=False)
        assert again.checksum == parts.checksum


def test_what_is_not_the_set_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("KERAS_RNNZOO_DATA", raising=False)
    path = tmp_path / indoor_movement.ZIP
    for changes, message in (
        ({"walks": 300}, "do not count from 1 to 314"),
        ({"dataset/MovementAAL_RSS_7.csv": ["1,2,3"]}, "Sequence 7"),
        ({"dataset/MovementAAL_RSS_7.csv": ["1,2,3,x"]}, "damaged or another"),
        ({"dataset/MovementAAL_target.csv": [f"{n},2" for n in range(1, 315)]}, "-1 or 1"),
    ):
        pack(path, **changes)
        with pytest.raises(ValueError, match=f"{indoor_movement.ZIP}.*{message}"):
            indoor_movement.load("auto", path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ValueError, match="not a zip file.*UCI"):
        indoor_movement.load("auto", path)
    with pytest.raises(FileNotFoundError, match="UCI"):
        indoor_movement.load("auto", tmp_path / "none")
    with pytest.raises(FileNotFoundError, match="UCI"):
        indoor_movement.load("indoor_movement")
    with pytest.raises(FileNotFoundError, match="Did you mean 'indoor_movement'"):
        indoor_movement.load("indoor_movment")
    assert indoor_movement.load().source == "sample"
    assert capsys.readouterr().out.startswith("EMBEDDED SAMPLE of generated walks")


def test_the_sample_never_changes():
    parts = indoor_movement.load("sample", verbose=False)
    assert [len(p) for p in (parts.train, parts.validation, parts.test)] == [200, 60, 100]
    assert parts.train.labels.mean() == 0.5 and parts.train.lengths.max() < 80
    close(
        parts.train.values[0][0], [-0.8457018595, 0.4507916358, -0.8687850512, -0.9503336812], 1e-8
    )
    with pytest.raises(ValueError, match="2 or more"):
        indoor_movement.sample((1, 2, 2))


@REAL
def test_the_split_of_the_real_set():
    parts = indoor_movement.load("indoor_movement", verbose=False)
    every = [parts.train, parts.validation, parts.test]
    assert [len(part) for part in every] == [188, 63, 63]
    assert parts.checksum.startswith("eb0cb6da0b75")
    lengths = np.concatenate([part.lengths for part in every])
    assert (len(lengths), lengths.sum(), lengths.min(), lengths.max()) == (314, 13_197, 19, 129)
    assert sum(part.labels.sum() for part in every) == 158
    ids = [name for part in every for name in part.ids]
    assert len(set(ids)) == 314
    values = {x.tobytes() for part in every for x in part.values}
    assert len(values) == 314, "no walk is in two parts"
