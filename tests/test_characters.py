"""Texts to model character by character: how they are read and cut, and counts as a plain model."""

import lzma
import math
import os

import numpy as np
import pytest

from keras_rnnzoo.datasets import characters
from keras_rnnzoo.datasets.characters import load, read_texts, streams
from keras_rnnzoo.datasets.play_sample import PEOPLE, play
from keras_rnnzoo.models.language_baselines import CharacterCounts, best_counts

DATA = "KERAS_RNNZOO_DATA"
TEXT = "To be, or not to be: that is the question.\n" * 50


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    return path


def test_a_text_is_cut_into_three_parts_that_follow_each_other(own, capsys):
    parts = load(own)
    assert parts.train + parts.validation + parts.test == TEXT
    sizes = [len(parts.train), len(parts.validation), len(parts.test)]
    assert sizes == [1935, 107, 108]
    said = capsys.readouterr().out
    assert said == "mine.txt: 1,935 train, 107 validation, 108 test; 18 different characters.\n"
    assert parts.characters == "\n ,.:Tabehinoqrstu"
    few = parts.shortened(200)
    assert (few.train, few.test) == (TEXT[:200], parts.test[:10])
    assert "used: 200 train" in few.description and few.checksum != parts.checksum


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path):
    (tmp_path / "b.txt").write_text("second")
    (tmp_path / "a.txt").write_text("first")
    (tmp_path / "c.md").write_text("none")
    assert read_texts(tmp_path) == "first\nsecond"


def test_the_sample_says_what_it_is_and_stays_the_same(monkeypatch, capsys):
    monkeypatch.delenv(DATA, raising=False)
    monkeypatch.setattr(characters.tfds_sets, "prepared", lambda *_: None)
    parts = load()
    said = capsys.readouterr().out
    assert said.startswith("GENERATED SAMPLE, no real text. The real text was not found (data_dir=")
    assert "karpathy/char-rnn" in said and parts.source == "sample"
    assert play(500) == play(500) != play(500, seed=1)
    assert parts.train.startswith(play(500)) and len(play()) >= 60_000
    for line in play(3000).splitlines():
        assert line == "" or line[:-1] in PEOPLE or line[-1] in ".?!", line
        assert line.count("(") == line.count(")")


def test_files_that_cannot_be_used_are_told(tmp_path, monkeypatch):
    bad = tmp_path / "bad.txt"
    for raw, said in (
        (b"caf\xc3\xa9\n\xe9t\xe9", "line 2: expected UTF-8 text. Received: the byte 0xe9"),
        (b" \n", "an empty file"),
        (b"a\0b\0", "the character U\\+0000"),
        (b"short", "1,000 characters or more.*Received: 5"),
    ):
        bad.write_bytes(raw)
        with pytest.raises(ValueError, match=f"bad.txt.*{said}"):
            load(bad)
    damaged = tmp_path / "text.xz"
    damaged.write_bytes(lzma.compress(TEXT.encode())[:-20])
    with pytest.raises(ValueError, match="damaged"):
        load(damaged)
    (tmp_path / "none").mkdir()
    with pytest.raises(ValueError, match=r"expected .txt files"):
        load(tmp_path / "none")
    with pytest.raises(FileNotFoundError, match="Did you mean 'tiny_shakespeare'"):
        load("tiny_shakespear")
    monkeypatch.delenv(DATA, raising=False)
    with pytest.raises(FileNotFoundError, match="raw.githubusercontent.com"):
        load("tiny_shakespeare")
    (tmp_path / "input.txt").write_text(TEXT)
    with pytest.raises(ValueError, match="input.txt: expected the tiny shakespeare of char-rnn"):
        load("tiny_shakespeare", data_dir=tmp_path)


def test_streams_go_on_across_rows():
    x, y = streams(np.arange(15), 2, window=3)
    np.testing.assert_array_equal(x, [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]])
    np.testing.assert_array_equal(y, x + 1)
    with pytest.raises(ValueError, match="5 characters, rows=2, window=3"):
        streams(np.arange(5), 2, window=3)


def test_counts_against_the_equations_by_hand():
    """N and T counted in strings, one context at a time."""

    def share(train, context, character, kinds):
        below = share(train, context[1:], character, kinds) if context else 1 / kinds
        places = range(len(train) - len(context))
        after = [train[k + len(context)] for k in places if train[k:].startswith(context)]
        if not after:
            return below
        return (after.count(character) + len(set(after)) * below) / (len(after) + len(set(after)))

    train, text = "abracadabra abba cad", "cabra dab ddab"
    for order in (1, 2, 4):
        model = CharacterCounts(train, "abcdr ", order)
        contexts = [text[max(0, k - order + 1) : k] for k in range(1, len(text))]
        expected = [-math.log(share(train, h, c, 6)) for h, c in zip(contexts, text[1:])]
        np.testing.assert_allclose(model.losses(text), expected, rtol=1e-12)
    total = sum(math.exp(-model.losses("cab" + one)[-1]) for one in "abcdr ")
    assert total == pytest.approx(1) and model.nats(text) == pytest.approx(np.mean(expected))
    assert best_counts(train * 20, train).order > 3 > best_counts("ab", "ba", orders=(1, 4)).order
    with pytest.raises(ValueError, match="'x', which is not one of them"):
        model.nats("x")
    with pytest.raises(ValueError, match="an empty text"):
        CharacterCounts("")


@pytest.mark.skipif(DATA not in os.environ, reason=f"needs {DATA}")
def test_the_real_text():
    parts = load("tiny_shakespeare", verbose=False)
    sizes = [len(part) for part in (parts.train, parts.validation, parts.test)]
    assert sizes == [1_003_854, 55_770, 55_770] and len(parts.characters) == 65
    assert set(parts.train) == set(parts.characters)
    assert parts.train.startswith("First Citizen:\nBefore we proceed")
