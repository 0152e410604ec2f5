"""Where reviews come from: the real set, the sample, a user's file, and what goes wrong."""

import os
import socket
import subprocess
import sys
import threading

import keras
import numpy as np
import pytest
from running import on_one_backend

from keras_rnnzoo.datasets import imdb, sentiment_sample
from keras_rnnzoo.datasets.reviews import Split, cut, distinct, read_csv
from keras_rnnzoo.models.text_baselines import nb_svm, tfidf_logistic

pytestmark = on_one_backend

real = pytest.mark.skipif(
    "KERAS_RNNZOO_DATA" not in os.environ, reason="KERAS_RNNZOO_DATA names no folder of real data"
)
SAMPLE_CHECKSUM = "8e0c84ce6e578d40f029e3a6ca6e187d013bd128e52bf06d0bb2820460b63975"


@pytest.fixture
def nothing_prepared(tmp_path, monkeypatch):
    """No prepared set and no network."""
    monkeypatch.setenv("KERAS_RNNZOO_DATA", str(tmp_path))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "default"))
    monkeypatch.setattr(imdb, "online", lambda: False)


def accuracy(model, part):
    return np.mean((model.predict_proba(part[0])[:, 1] > 0.5) == part[1])


def write(tmp_path, content, name="reviews.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rows(count=20, labels=("0", "1")):
    return "".join(f'"review {i}, in words",{labels[i % 2]}\n' for i in range(count))


# The embedded sample


def test_the_sample_is_the_same_everywhere():
    assert imdb.load("sample", verbose=False).checksum == SAMPLE_CHECKSUM


def test_the_sample_is_balanced_and_its_parts_are_disjoint():
    parts = sentiment_sample.splits()
    assert [len(texts) for texts, _ in parts] == [2000, 500, 1000]
    assert all(labels.mean() == 0.5 for _, labels in parts)
    texts = [text for part in parts for text in part[0]]
    assert len(set(texts)) == 3500
    assert 3 <= min(map(len, map(str.split, texts))) and max(map(len, map(str.split, texts))) <= 60


def test_counting_words_does_not_solve_the_sample():
    train, validation, test = sentiment_sample.splits()
    assert 0.52 < accuracy(tfidf_logistic(*train, validation), test) < 0.7
    assert accuracy(nb_svm(*train, validation), test) < 0.8


def test_a_sample_has_even_parts():
    with pytest.raises(ValueError, match=r"sizes=\(3, 2, 2\)"):
        sentiment_sample.splits((3, 2, 2))


# Which source is taken


def test_without_data_and_network_auto_says_first_that_it_is_the_sample(nothing_prepared, capsys):
    reviews = imdb.load("auto")
    first = capsys.readouterr().out.splitlines()[0]
    assert first == f"{reviews.description} {reviews.hint}"
    assert first.startswith("EMBEDDED SAMPLE of generated sentences, not the IMDB reviews")
    assert "no answer from" in first and "imdb.download()" in first and "TensorFlow" in first
    assert reviews.source == "sample" and len(reviews.train) == 2000


def test_imdb_insists(nothing_prepared, tmp_path):
    with pytest.raises(FileNotFoundError, match="data_dir='.*empty'.*imdb.download"):
        imdb.load("imdb", data_dir=tmp_path / "empty")
    with pytest.raises(ConnectionError, match="no answer from"):
        imdb.load("imdb")


def test_a_folder_in_another_format_is_not_taken_for_prepared(tmp_path):
    place = tmp_path / "imdb_reviews" / "plain_text" / "1.0.0"
    place.mkdir(parents=True)
    for part in ("train", "test"):
        (place / f"imdb_reviews-{part}.tfrecord-00000-of-00001").touch()
    assert not imdb.is_prepared(tmp_path)
    for part in ("train", "test"):
        (place / f"imdb_reviews-{part}.array_record-00000-of-00001").touch()
    assert imdb.is_prepared(tmp_path)


def test_a_failed_download_ends_in_the_sample_for_auto(nothing_prepared, monkeypatch):
    def fail(data_dir=None):
        raise OSError("connection lost")

    monkeypatch.setattr(imdb, "online", lambda: True)
    monkeypatch.setattr(imdb, "download", fail)
    assert "connection lost" in imdb.load("auto", verbose=False).hint
    with pytest.raises(ConnectionError, match="connection lost"):
        imdb.load("imdb")


def test_the_folder_is_argument_then_ours_then_the_default(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", "/default")
    monkeypatch.setenv("KERAS_RNNZOO_DATA", str(tmp_path))
    assert imdb.folder() == "/default"
    (tmp_path / "tfds").mkdir()
    assert imdb.folder() == str(tmp_path / "tfds")
    assert imdb.folder("given") == "given"


def test_looking_for_the_network_ends_in_time(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    server = socket.create_server(("127.0.0.1", 0))
    monkeypatch.setattr(imdb, "HOST", server.getsockname())
    assert imdb.online(timeout=1)
    server.close()
    assert not imdb.online(timeout=1)
    released = threading.Event()

    def hang(*_, **__):
        released.wait(5)
        raise OSError

    monkeypatch.setattr(socket, "create_connection", hang)
    assert not imdb.online(timeout=0.1)
    released.set()


# A user's own file


def test_csv_is_cut_into_three_balanced_parts(tmp_path):
    content = "\ufefflabel,id,Text \n" + "".join(
        f'{"pos" if i % 2 else "Negative"},{i},"line one, of {i}\nline two é"\n' for i in range(40)
    )
    path = write(tmp_path, content)
    reviews = imdb.load(path, verbose=False)
    assert (len(reviews.train), len(reviews.validation), len(reviews.test)) == (28, 4, 8)
    assert reviews.source == str(path) and str(path) in reviews.description
    for part in (reviews.train, reviews.validation, reviews.test):
        assert part.labels.mean() == 0.5
        for text, label in zip(part.texts, part.labels, strict=True):
            number = int(text.split("of ")[1].split("\n")[0])
            assert number % 2 == label and text.endswith("line two é")
    assert imdb.load(path, verbose=False).checksum == reviews.checksum
    assert imdb.load(path, seed=8, verbose=False).checksum != reviews.checksum


def test_copies_in_a_csv_are_dropped(tmp_path):
    path = write(tmp_path, "text,label\n" + rows(20) * 3)
    reviews = read_csv(path)
    parts = (reviews.train, reviews.validation, reviews.test)
    assert len({text for part in parts for text in part.texts}) == sum(map(len, parts)) == 20


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"text,label\ngood,1\ncaf\xe9,0\n", "line 3: expected UTF-8.*0xe9"),
        ("text,labels\n" + rows(), "line 1.*without 'label'.*Is 'labels' meant"),
        ("", r"line 1.*Received: \[\]"),
        ("text,label\n" + rows(4) + "fine,maybe\n", "line 6, column label.*Received: 'maybe'"),
        ("text,label\ngood\n" + rows(), "line 2.*'label'.*ends before"),
        ("text,label\n" + rows(20, ("1", "1")), "Received: 0 with label 0"),
        ("text,label\n" + rows(6), "Received: 3 with label 0"),
        ('text,label\n"never closed,1\n', "after line 1.*cannot take"),
    ],
)
def test_a_csv_that_cannot_be_used_names_file_and_place(tmp_path, content, message):
    path = write(tmp_path, content)
    with pytest.raises(ValueError, match=f"(?s)reviews.csv.*{message}"):
        imdb.load(path)


def test_a_misspelt_source_is_not_a_file():
    with pytest.raises(FileNotFoundError, match="auto, imdb and sample.*source='idmb'"):
        imdb.load("idmb")


def test_cutting_keeps_shares_and_order_and_refuses_too_much():
    split = Split([str(i) for i in range(100)], (np.arange(100) % 4 == 0).astype("int64"))
    rest, off = cut(split, 20, seed=0)
    assert off.labels.sum() == 5 and rest.labels.sum() == 20
    assert sorted(rest.texts + off.texts) == sorted(split.texts)
    assert off.texts == sorted(off.texts, key=int)
    with pytest.raises(ValueError, match="100 of 100"):
        cut(split, 100, seed=0)


def test_the_first_copy_of_a_text_stays():
    split = distinct(Split(["b", "a", "b"], np.array([1, 0, 0])))
    assert split.texts == ["b", "a"] and split.labels.tolist() == [1, 0]


# The real set


@real
def test_the_real_set_has_its_counts_and_no_leak_into_validation():
    reviews = imdb.load("imdb", verbose=False)
    assert (len(reviews.train), len(reviews.validation), len(reviews.test)) == (22404, 2500, 25000)
    assert reviews.train.labels.sum() == 11220 and reviews.validation.labels.sum() == 1252
    assert reviews.test.labels.sum() == 12500
    assert not set(reviews.train.texts) & set(reviews.validation.texts)
    assert len(set(reviews.train.texts)) == 22404
    assert reviews.checksum == "0ffb37c64aa51b20eef8ee48c74758a4b5982457f095fbe4742032dce598f426"


@real
def test_reading_needs_no_tensorflow():
    if keras.backend.backend() == "tensorflow":
        pytest.skip("this backend is TensorFlow")
    code = (
        "import sys; from keras_rnnzoo.datasets import imdb; imdb.load('imdb')\n"
        "print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
