"""Pairs of sentences: how they are cut, split and read, dates that are generated, batches."""

import datetime
import os
import re
import zipfile

import numpy as np
import pytest

from keras_rnnzoo.datasets import TranslationBatches, translation, vocabulary_of
from keras_rnnzoo.datasets.translation import Pairs, load, read_pairs
from keras_rnnzoo.datasets.translation_dates import FORMS, dates, written, year_in_words
from keras_rnnzoo.datasets.translation_text import cut, joined

WORDS = [f"w{k}" for k in range(120)]


@pytest.fixture
def own(tmp_path):
    """A file of 120 sentences with two translations each, of which the second comes later."""
    lines = [f"Say {w}.\tDis {w}." for w in WORDS] + [
        f"say {w}!\tDites {w} !\tCC-BY" for w in WORDS
    ]
    path = tmp_path / "mine.tsv"
    path.write_text("\n".join([*lines, f"{'long ' * 9}\tlongue"]), encoding="utf-8")
    return path


def test_texts_are_cut_and_joined_again():
    said = "J\u2019ai vu l'homme, aujourd'hui\u00a0! Est-ce qu'il l'a dit ?"
    tokens = cut(said)
    assert tokens[:5] == ["j'", "ai", "vu", "l'", "homme"]
    assert tokens[6:9] == ["aujourd'hui", "!", "est-ce"] and tokens[9] == "qu'"
    assert joined(tokens) == "j'ai vu l'homme, aujourd'hui ! est-ce qu'il l'a dit ?"
    assert cut("I don't (really).") == ["i", "don't", "(", "really", ")", "."]
    assert cut("e\u0301te\u0301") == ["\u00e9t\u00e9"], "accents are composed"
    for text in ("i don't (really).", "l'été, c'est « chaud ».", "50% of $3"):
        assert cut(joined(cut(text))) == cut(text)
    assert joined(cut("3 May", "characters"), "characters") == "3 may"
    with pytest.raises(ValueError, match="Did you mean 'words'"):
        cut("a", "word")


def test_vocabularies_hold_what_is_frequent():
    words = vocabulary_of(["b a", "a c"], min_count=1)
    assert words.words == ["<s>", "</s>", "a", "b", "c"]
    assert vocabulary_of(["b a", "a c"], min_count=2).words[2:] == ["a"]
    with pytest.raises(ValueError, match="Received: none"):
        vocabulary_of(["", " "])


def test_all_translations_of_a_sentence_are_in_one_part(own, capsys):
    parts = load(own)
    said = capsys.readouterr().out
    assert said.startswith("mine.tsv, up to 8 words: ") and "cut into words" in said
    where = {}
    for name in ("train", "validation", "test"):
        part = getattr(parts, name)
        assert len(part) == len(set(part.sources))
        for source in part.sources:  # "say w1." and "say w1!" are the same words
            where.setdefault(re.sub(r"\W", "", source), set()).add(name)
    assert len(where) == len(WORDS) and all(len(names) == 1 for names in where.values())
    assert sum(map(len, (parts.train, parts.validation, parts.test))) == 2 * len(WORDS)
    assert load(own, verbose=False) == parts
    sources, targets = parts.train.flat()
    assert len(sources) == len(targets) == len(parts.train)
    kept = parts.train.take(5)
    assert len(kept) == 5 and set(kept.sources) < set(parts.train.sources)


def test_a_sentence_keeps_all_its_translations(tmp_path):
    path = tmp_path / "mine.tsv"
    rows = [f"Say {w}.\tDis {w}.\nSAY  {w}.\tDites {w}.\nsay {w}.\tdis {w}." for w in WORDS]
    path.write_text("\n".join(rows), encoding="utf-8")
    test = load(path, verbose=False).test
    assert all(len(each) == 2 for each in test.references)


def test_dates_are_right_and_no_day_is_in_two_parts(capsys):
    day = datetime.date(2005, 3, 22)
    assert written(day, "the {nth} of {month}, {y}") == "the 22nd of March, 2005"
    assert written(day, "{weekday} the {ordinal}") == "Tuesday the twenty-second"
    assert written(day, "{mm}/{dd}/{yy} {n}") == "03/22/05 81"
    assert year_in_words(2005) == "two thousand and five"
    assert year_in_words(1998) == "nineteen ninety-eight"
    assert year_in_words(1907) == "nineteen oh seven"
    assert year_in_words(1900) == "nineteen hundred"
    parts = load("dates", sizes=(300, 100, 100))
    assert capsys.readouterr().out.startswith("GENERATED DATES, no real text.")
    days = [{each[0] for each in part.references} for part in (parts.train, parts.validation)]
    days.append({each[0] for each in parts.test.references})
    assert not (days[0] & days[1] or days[0] & days[2] or days[1] & days[2])
    assert all(datetime.date.fromisoformat(day) for part in days for day in part)
    assert dates(50, "test", seed=3) == dates(50, "test", seed=3) != dates(50, "test", seed=4)
    assert len({re.sub("[a-z0-9]+", "x", text.lower()) for text in parts.train.sources}) > 8
    with pytest.raises(ValueError, match="at most half"):
        dates(10**6, "test")
    assert len(FORMS) == 20


def test_without_the_file_dates_are_loaded_and_say_so(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("KERAS_RNNZOO_DATA", str(tmp_path))
    assert load("auto").source == "dates"
    assert "The real pairs were not found" in capsys.readouterr().out
    with pytest.raises(FileNotFoundError, match="manythings.org"):
        load("fra-eng")
    with pytest.raises(FileNotFoundError, match="Did you mean 'dates'"):
        load("date")


def test_files_that_cannot_be_used_are_told_with_the_line(tmp_path, own):
    with pytest.raises(ValueError, match=r"x.tsv, line 2: expected a text, a tab.*'only one'"):
        read_pairs(b"a\tb\nonly one\n", "x.tsv")
    with pytest.raises(ValueError, match="line 1: expected a text, a tab"):
        read_pairs(b"a\t \n", "x.tsv")
    with pytest.raises(ValueError, match="line 3: expected UTF-8 text. Received: the byte 0xe9"):
        read_pairs(b"a\tb\na\tb\n\xe9t\xe9\tb\n", "x.tsv")
    with pytest.raises(ValueError, match="an empty file"):
        read_pairs(b"\n\n", "x.tsv")
    few = tmp_path / "few.tsv"
    few.write_text("a\tb\n")
    with pytest.raises(ValueError, match="Received: 1 of 1 pairs, none for"):
        load(few)
    bad = tmp_path / "fra-eng.zip"
    bad.write_bytes(b"PK damaged")
    for place in (bad, tmp_path):
        with pytest.raises(ValueError, match="damaged or another"):
            load("fra-eng", data_dir=place)
    with zipfile.ZipFile(bad, "w") as file:
        file.writestr("other.txt", "a\tb")
    with pytest.raises(ValueError, match="expected a zip file with fra.txt"):
        load("auto", data_dir=bad)
    with zipfile.ZipFile(bad, "w") as file:
        file.writestr("fra.txt", own.read_bytes())
    assert load("auto", data_dir=bad).source == "fra-eng"
    with pytest.raises(ValueError, match="`max_words` must be a positive integer"):
        load(own, max_words=0)
    with pytest.raises(ValueError, match="one translation or more"):
        Pairs(("a",), ((),))


@pytest.mark.skipif("KERAS_RNNZOO_DATA" not in os.environ, reason="needs KERAS_RNNZOO_DATA")
def test_the_real_pairs():
    parts = load("fra-eng", max_words=4, verbose=False)
    counts = [
        sum(map(len, part.references)) for part in (parts.train, parts.validation, parts.test)
    ]
    assert sum(counts) == 6421 and min(counts) > 500
    assert "va !" in parts.train.references[parts.train.sources.index("go.")]


def test_batches_hold_each_pair_once_in_few_shapes():
    random = np.random.default_rng(0)
    sources = [[*random.integers(4, 9, n), 3] for n in random.integers(1, 20, 70)]
    targets = [[2, *source[:2], 3] for source in sources]
    batches = TranslationBatches(sources, targets, batch_size=16, seed=1)
    assert batches.num_batches == 5
    for _ in range(2):
        seen, shapes = [], set()
        for k in range(batches.num_batches):
            inputs, labels, weights = batches[k]
            shapes.add((inputs["source"].shape, labels.shape))
            assert inputs["target"].shape == labels.shape == weights.shape
            np.testing.assert_array_equal(weights, labels != 0)
            np.testing.assert_array_equal(inputs["target"][:, 1:] * (labels[:, 1:] != 0),
                                          labels[:, :-1] * (labels[:, 1:] != 0))  # fmt: skip
            seen += [tuple(row[row != 0]) for row in inputs["source"] if row.any()]
        assert sorted(seen) == sorted(map(tuple, sources)) and len(shapes) <= 3
        order, _ = seen, batches.on_epoch_end()
    assert order != [tuple(row[row != 0]) for k in range(5) for row in batches[k][0]["source"]]
    with pytest.raises(ValueError, match="1 sources, 2 targets"):
        TranslationBatches(sources[:1], targets[:2])


def test_the_module_is_reached_from_the_package():
    assert translation.SOURCES == ("auto", "fra-eng", "dates")
