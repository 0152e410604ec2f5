"""Scores of entities beside seqeval's, and errors that each stand in one row."""

import csv
import dataclasses
import json
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_rnnzoo import metrics as M
from keras_rnnzoo import tags as T

TAGS = T.tag_set(["LOC", "PER", "creative-work"], "IOB2")
PAIRS = st.lists(
    st.lists(st.tuples(st.sampled_from(TAGS), st.sampled_from(TAGS)), min_size=1, max_size=8),
    min_size=1,
    max_size=4,
)


def sides(pairs):
    return [[a for a, _ in row] for row in pairs], [[b for _, b in row] for row in pairs]


def seqevals(true, predicted, scheme):
    """What seqeval gives for micro, macro, weighted and each type."""
    S = pytest.importorskip("seqeval.metrics")
    schemes = pytest.importorskip("seqeval.scheme")

    options = {} if scheme == "conlleval" else {"mode": "strict"}
    options |= {} if scheme == "conlleval" else {"scheme": getattr(schemes, scheme)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = S.classification_report(true, predicted, output_dict=True, **options)
        report["accuracy"] = S.accuracy_score(true, predicted)
    return report


def assert_like_seqeval(true, predicted, scheme):
    ours, theirs = M.entity_scores(true, predicted, scheme), seqevals(true, predicted, scheme)
    assert ours.accuracy == pytest.approx(theirs.pop("accuracy"))
    for name in ("micro", "macro", "weighted"):
        assert_same(getattr(ours, name), theirs.pop(f"{name} avg"))
    assert set(ours.by_type) == set(theirs)
    for kind, score in theirs.items():
        assert_same(ours.by_type[kind], score)


def assert_same(ours, theirs):
    assert ours.support == theirs["support"]
    expected = [theirs["precision"], theirs["recall"], theirs["f1-score"]]
    np.testing.assert_allclose(ours[:3], expected, rtol=1e-12)


@pytest.mark.oracle
@pytest.mark.parametrize("scheme", ["conlleval", "IOB2"])
@settings(max_examples=150, deadline=None)
@given(PAIRS.filter(lambda rows: any(tag != "O" for row in rows for pair in row for tag in pair)))
def test_scores_are_seqevals(scheme, pairs):
    true, predicted = sides(pairs)
    # without a single entity seqeval fails where its means are taken
    if any(T.spans(tags, scheme) for tags in (*true, *predicted)):
        assert_like_seqeval(true, predicted, scheme)


@pytest.mark.oracle
@pytest.mark.parametrize("scheme", ["IOBES", "BILOU"])
def test_strict_scores_of_longer_tags_are_seqevals(scheme, rng):
    tags = np.array(T.tag_set(["LOC", "PER"], scheme))
    true, predicted = (
        [tags[rng.integers(0, len(tags), 9)].tolist() for _ in "x" * 80] for _ in "ab"
    )
    true[:40] = predicted[:40]
    assert_like_seqeval(true, predicted, scheme)


def test_scores_by_hand():
    true = [["B-PER", "I-PER", "O", "B-LOC"], ["O", "B-PER"]]
    predicted = [["B-PER", "I-PER", "O", "B-PER"], ["I-LOC", "B-PER"]]
    scores = M.entity_scores(true, predicted)
    assert scores.by_type["PER"] == M.Score(2 / 3, 1, 0.8, 2, 3, 2)
    assert scores.by_type["LOC"] == M.Score(0, 0, 0, 1, 1, 0)
    assert scores.micro == M.Score(2 / 4, 2 / 3, 4 / 7, 3, 4, 2)
    assert scores.macro == M.Score(1 / 3, 0.5, 0.4, 3, 4, 2)
    assert scores.weighted.f1 == pytest.approx(0.8 * 2 / 3)
    assert scores.accuracy == 4 / 6
    strict = M.entity_scores(true, predicted, "IOB2")
    assert strict.micro.precision == 2 / 3 and strict.by_type["LOC"].predicted == 0


@pytest.mark.parametrize("sentences", [[], [[]], [["O"]]])
def test_nothing_to_find_is_no_division_by_zero(sentences):
    scores = M.entity_scores(sentences, sentences)
    assert scores.micro == scores.macro == scores.weighted == M.Score(0, 0, 0, 0, 0, 0)
    assert scores.by_type == {} and "token accuracy" in str(scores)


def test_scores_are_a_table_and_a_dictionary():
    scores = M.entity_scores([["B-creative-work", "O"]], [["B-creative-work", "B-PER"]])
    lines = str(scores).splitlines()
    assert lines[0].split() == ["precision", "recall", "f1", "support", "predicted", "correct"]
    assert lines[2].split() == ["creative-work", *["1.0000"] * 3, *["1"] * 3]
    assert len({len(line) for line in lines[:-1] if line}) == 1
    assert lines[-1] == "tags read by conlleval, token accuracy 0.5000"
    plain = json.loads(json.dumps(scores.to_dict()))
    assert plain["micro"]["precision"] == 0.5 and plain["by_type"]["PER"]["predicted"] == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        scores.scheme = "IOB2"


def test_arrays_and_tuples_will_do():
    scores = M.entity_scores(np.array([["B-x", "O"]]), [("B-x", "O")])
    assert scores.micro.f1 == scores.accuracy == 1


@pytest.mark.parametrize(
    ("true", "predicted", "kinds"),
    [
        ("B-x I-x O", "B-x I-x O", []),
        ("B-x O O", "O O O", ["missed"]),
        ("O O O", "O B-x O", ["spurious"]),
        ("B-x I-x O", "B-y I-y O", ["wrong type"]),
        ("B-x I-x O", "B-x I-x I-x", ["wrong span"]),
        ("B-x I-x O", "O B-y I-y", ["wrong span and type"]),
        ("B-x O B-y", "B-y O O", ["wrong type", "missed"]),
        ("B-x I-x I-x", "B-x O B-x", ["wrong span", "spurious"]),
        ("B-x I-x I-x", "B-y I-y B-x", ["spurious", "wrong span"]),  # the type before the overlap
        ("B-x B-x O", "B-x I-x I-x", ["wrong span", "missed"]),
    ],
)
def test_kinds_of_errors(true, predicted, kinds):
    errors = M.span_errors([true.split()], [predicted.split()])
    assert sorted(error.kind for error in errors) == sorted(kinds)


@given(PAIRS)
def test_every_wrong_entity_stands_in_one_error(pairs):
    true, predicted = sides(pairs)
    errors = M.span_errors(true, predicted)
    for side, rows, others in (("gold", true, predicted), ("predicted", predicted, true)):
        wrong = [
            (number, span)
            for number, (row, other) in enumerate(zip(rows, others))
            for span in T.spans(row)
            if span not in T.spans(other)
        ]
        listed = [(e.sentence, getattr(e, side)) for e in errors if getattr(e, side)]
        assert sorted(listed) == sorted(wrong)
    assert [(e.sentence, e.start) for e in errors] == sorted((e.sentence, e.start) for e in errors)
    for error in errors:
        if error.kind.startswith("wrong"):
            one, two = error.gold, error.predicted
            assert max(one.start, two.start) < min(one.stop, two.stop)
            assert ("span" in error.kind) == (one[:2] != two[:2])
            assert ("type" in error.kind) == (one.type != two.type)


def test_errors_are_written_as_a_table(tmp_path):
    tokens = [["Ada", "Lovelace", "said", '\u201cno\u201d, "so"', "in", "Rome"]]
    true = [["B-PER", "I-PER", "O", "O", "O", "B-LOC"]]
    predicted = [["O", "B-PER", "O", "B-LOC", "O", "O"]]
    path = tmp_path / "errors.csv"
    M.write_errors(path, M.span_errors(true, predicted, tokens))
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["kind"] for row in rows] == ["wrong span", "spurious", "missed"]
    assert list(rows[0].values())[:-1] == (
        ["0", "wrong span", "PER", "Ada Lovelace", "PER", "Lovelace", "0", "2"]
    )
    assert rows[1]["predicted_text"] == tokens[0][3] and rows[1]["gold_type"] == ""
    assert rows[2]["gold_text"] == "Rome" and rows[2]["sentence_text"] == " ".join(tokens[0])
    assert [p.name for p in tmp_path.iterdir()] == ["errors.csv"]
    M.write_errors(path, M.span_errors(true, predicted))  # without words
    assert "0,missed,LOC,,,,5,6,\n" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: M.entity_scores([["O"]], []), ValueError, "1 in true and 0 in predicted"),
        (lambda: M.entity_scores([["O"], ["O"]], [["O"], []]), ValueError, "sentence 1 of 1 in"),
        (lambda: M.token_accuracy(["O"], ["O"]), TypeError, r"true\[0\]='O'"),
        (
            lambda: M.entity_scores([["O"], ["O", "S-x"]], [["O"], ["O", "O"]], "IOB2"),
            T.TagError,
            "In sentence 1 of true: .*'S-x' at position 1",
        ),
        (lambda: M.entity_scores([["O"]], [["PER"]]), T.TagError, "0 of predicted: At position 0"),
        (lambda: M.entity_scores([], [], "bio"), ValueError, "scheme='bio'"),
        (lambda: M.span_errors([["O"]], [["O"]], [["a", "b"]]), ValueError, "and 2 in tokens"),
    ],
)
def test_bad_arguments_say_what_was_received(make, error, message):
    with pytest.raises(error, match=message):
        make()
