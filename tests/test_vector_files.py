"""Word vectors from files as GloVe, word2vec and fastText publish them."""

import gzip
import lzma

import numpy as np
import pytest

from keras_rnnzoo.datasets.vector_files import read_word_vectors

GLOVE = "the 0.1 -0.2 3e-1\nParis 1 2 3\nparis 4 5 6\n. . . 7 8 9\nat me@x.com 1 1 1\n"
GLOVE += "\u00a0 2 2 2\n\u00e9t\u00e9 3 3 3\n"


@pytest.fixture
def write(tmp_path):
    def write(content, name="vectors.txt"):
        content = content.encode() if isinstance(content, str) else content
        pack = {"gz": gzip.compress, "xz": lzma.compress}.get(name.split(".")[-1], bytes)
        (tmp_path / name).write_bytes(pack(content))
        return tmp_path / name

    return write


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz", "a.vec.xz", "a.GZ.txt"])
@pytest.mark.parametrize("header", ["", "7 3\n"])
def test_wanted_words_are_read(write, name, header):
    words = [
        "Paris",
        "paris",
        "PARIS",
        "The",
        "none",
        ". . .",
        "at me@x.com",
        "\u00a0",
        "\u00c9T\u00c9",
    ]
    vectors, found = read_word_vectors(str(write(header + GLOVE, name)), words)
    assert vectors.dtype == np.float32 and found.dtype == bool
    expected = [[1, 2, 3], [4, 5, 6], [4, 5, 6], [0.1, -0.2, 0.3], [0, 0, 0]]
    expected += [[7, 8, 9], [1, 1, 1], [2, 2, 2], [3, 3, 3]]
    np.testing.assert_allclose(vectors, expected, rtol=1e-6)
    assert found.tolist() == [True] * 4 + [False] + [True] * 4


def test_a_word_that_is_only_capitalised_in_the_file_is_not_its_lower_case(write):
    _, found = read_word_vectors(write("Apple 1 2\nb 3 4\n"), ["apple", "b"])
    assert found.tolist() == [False, True]


@pytest.mark.parametrize(
    "content",
    ["1 2\na 1 2 \n", "a\t1\t2\r\nb 3 4\r\n", "\n\na 1 2\n\n", "a 1 2\na 5 6"],
)
def test_ways_to_write_a_file(write, content):
    vectors, _ = read_word_vectors(write(content), ["a"])
    assert vectors.tolist() == [[1, 2]]


def test_numbers_are_words_too(write):
    vectors, found = read_word_vectors(write("1 0.5 0.25\n2 1 1\n"), ["1", "2"])
    assert vectors.tolist() == [[0.5, 0.25], [1, 1]] and found.all()


def test_words_that_are_no_utf_8_do_no_harm(write):
    vectors, _ = read_word_vectors(write(b"a 1 2\nb 3 4\n\xff\xfe 5 6\nc 7 8\n"), ["c"])
    assert vectors.tolist() == [[7, 8]]


def test_no_words_are_wanted(write):
    vectors, found = read_word_vectors(write(GLOVE), [])
    assert vectors.shape == (0, 3) and found.shape == (0,)


def test_progress_is_reported(write, capsys):
    read_word_vectors(write(GLOVE), ["paris"], progress=True)
    assert "vectors.txt: 7 lines, 1 wanted words\n" in capsys.readouterr().err
    read_word_vectors(write(GLOVE), ["paris"])
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "with 0 lines of vectors; get the file again"),
        ("\n \n", "with 0 lines"),
        ("2 3\n", "with 0 lines of vectors of 2 that its first line promises"),
        ("3 2\na 1 2\n", "with 1 lines of vectors of 3 that"),
        ("a 1 2\nb 1\n", r"a word and 2 numbers at .*vectors.txt:2. Received: 'b 1'"),
        ("a 1 2\nb 1 2 3\n", r"a word and 2 numbers at .*vectors.txt:2. Received: 'b 1 2 3'"),
        ("a 1 2\nw 1 x\n", r"finite numbers after the word at .*:2. Received: 'x'"),
        ("a 1 2\nw nan 1\n", r"finite numbers .*:2. Received: 'nan'"),
        ("a 1 2\nw 1 -inf\n", r"Received: '-inf'"),
        ("a 1 2\nw 1 1e39\n", r"Received: '1e39'"),
        ("a 1  2\n", r":1. Received: 'a 1  2'"),
        ("a 1 nan\n", r'or "count width" at .*:1. Received'),
        ("word\n", r":1. Received: 'word'"),
        ("1 1\na 1 2\n", r"a word and 1 numbers at .*:2. Received: 'a 1 2'"),
        ("5 0\na 1 2\n", r"a word and 1 numbers at .*:2"),
        ("a 1 2\nb 3 4\n", r"words='w', none of which is in .*vectors.txt; is it"),
        (b"2 2\nw \x01\x02\xff\x3f\x01\x02\xff\x3f\n", "which is binary. Take the text form"),
        (b"2 2\nw " + np.float32([1, 2]).tobytes() + b"\n", "binary=False"),
        (b"PK\x03\x04\x00\x00", "unpack a .zip"),
        (gzip.compress(b"a 1 2\n", mtime=0), "name a gzip"),
    ],
)
def test_bad_files_say_what_is_wrong(write, content, message):
    with pytest.raises(ValueError, match=message):
        read_word_vectors(write(content), ["w"])


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress], ids=["gz", "xz"])
def test_a_file_that_is_cut_off(tmp_path, pack):
    path = tmp_path / f"vectors.{'gz' if pack is gzip.compress else 'xz'}"
    path.write_bytes(pack(GLOVE.encode())[:-12])
    with pytest.raises(ValueError, match=rf"whole compressed file. Received: .*{path.name}"):
        read_word_vectors(path, ["the"])
    path.write_bytes(b"the 1 2\n")
    with pytest.raises(ValueError, match="whole compressed file"):
        read_word_vectors(path, ["the"])


def test_a_file_that_is_not_there_and_words_that_are_one_string(tmp_path):
    with pytest.raises(FileNotFoundError, match="none.txt"):
        read_word_vectors(tmp_path / "none.txt", ["a"])
    with pytest.raises(TypeError, match=r"words='Paris'; write \['Paris'\]"):
        read_word_vectors(tmp_path / "none.txt", "Paris")
