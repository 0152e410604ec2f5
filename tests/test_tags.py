"""Tags: legal sequences, readings and conversions, beside the package seqeval."""

import itertools
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_rnnzoo import tags as T

TYPES = ("PER", "creative-work")


def tag_lists(prefixes, max_size=12):
    tags = ["O", *(f"{prefix}-{kind}" for prefix in prefixes for kind in TYPES)]
    return st.lists(st.sampled_from(tags), max_size=max_size)


@st.composite
def sentences(draw):
    """Spans that do not overlap, and the length of their sentence."""
    spans, place = [], 0
    for gap, size, kind in draw(
        st.lists(
            st.tuples(st.integers(0, 2), st.integers(1, 4), st.sampled_from(TYPES)), max_size=5
        )
    ):
        spans.append(T.Span(place + gap, place + gap + size, kind))
        place = spans[-1].stop
    return spans, place + draw(st.integers(0, 2))


@pytest.mark.parametrize("scheme", T.SCHEMES)
@given(sentences())
def test_spans_survive_every_scheme(scheme, sentence):
    spans, length = sentence
    tags = T.encode(spans, length, scheme)
    T.check(tags, scheme)
    assert len(tags) == length and T.spans(tags, scheme) == spans
    assert T.encode(reversed(spans), length, scheme) == tags
    if scheme != "IOB1":  # the B of IOB1 is all that tells neighbours of one type apart
        assert T.spans(tags) == spans
    for target in T.SCHEMES:
        there = T.convert(tags, scheme, target)
        T.check(there, target)
        assert T.convert(there, target, scheme) == tags


@pytest.mark.parametrize("scheme", T.SCHEMES)
def test_what_passes_is_what_is_a_legal_path(scheme):
    """All sequences of up to four tags; and a legal one is what its entities encode to."""
    tags = T.tag_set(["x", "y"], scheme)
    start, transition, end = T.legal(tags, scheme)
    for length in range(4 if len(tags) > 5 else 5):
        for path in itertools.product(range(len(tags)), repeat=length):
            sequence = [tags[k] for k in path]
            steps = all(transition[i, j] for i, j in itertools.pairwise(path))
            possible = not path or bool(start[path[0]] and steps and end[path[-1]])
            assert passes(sequence, scheme) == possible, sequence
            encoded = T.encode(T.spans(sequence, scheme), length, scheme)
            assert (encoded == sequence) == possible, sequence


def passes(sequence, scheme):
    try:
        T.check(sequence, scheme)
    except T.TagError:
        return False
    return True


@pytest.mark.parametrize("scheme", T.SCHEMES)
@given(data=st.data())
def test_the_position_of_an_error_is_the_first_that_no_ending_mends(scheme, data):
    sequence = data.draw(tag_lists(T.PREFIXES[scheme], 6))
    try:
        T.check(sequence, scheme)
    except T.TagError as error:
        before = sequence[: error.position]
        mended = [T.spans(before), len(before)]
        assert T.spans(T.encode(*mended, "IOB2")) == mended[0]
        endings = [[], *([tag] for tag in T.tag_set(TYPES, scheme))]
        assert any(passes(before + ending, scheme) for ending in endings)
        if error.position < len(sequence) - 1:
            assert not any(passes(sequence[: error.position + 1] + e, scheme) for e in endings)


@pytest.mark.oracle
@settings(max_examples=500)
@given(tag_lists("BIES"))
def test_the_lenient_reading_is_seqevals(sequence):
    get_entities = pytest.importorskip("seqeval.metrics.sequence_labeling").get_entities

    theirs = [T.Span(first, last + 1, kind) for kind, first, last in get_entities(sequence)]
    assert T.spans(sequence) == theirs


def strict(sequence, scheme):
    seqeval = pytest.importorskip("seqeval")
    pytest.importorskip("seqeval.scheme")

    (entities,) = seqeval.scheme.Entities([sequence], getattr(seqeval.scheme, scheme)).entities
    return [T.Span(entity.start, entity.end, entity.tag) for entity in entities]


@pytest.mark.oracle
@pytest.mark.parametrize("scheme", ["IOB2", "IOBES", "BILOU"])
@settings(max_examples=500)
@given(data=st.data())
def test_the_strict_reading_is_seqevals(scheme, data):
    sequence = data.draw(tag_lists(T.PREFIXES[scheme]))
    assert T.spans(sequence, scheme) == strict(sequence, scheme)


@pytest.mark.oracle
@given(sentences())
def test_legal_iob1_is_read_as_by_seqeval(sentence):
    sequence = T.encode(*sentence, "IOB1")
    assert T.spans(sequence, "IOB1") == strict(sequence, "IOB1")


@given(tag_lists("BILU"))
def test_bilou_is_iobes_in_other_letters(sequence):
    letters = str.maketrans("LU", "ES")
    other = [tag[:1].translate(letters) + tag[1:] for tag in sequence]
    assert T.spans(sequence) == T.spans(other)
    assert T.spans(sequence, "BILOU") == T.spans(other, "IOBES")


@pytest.mark.parametrize(
    ("sequence", "found"),
    [
        (["O", "B-x", "I-x"], []),  # the B claims a neighbour that is not there
        (["I-x", "B-x", "I-x"], [(0, 1, "x"), (1, 3, "x")]),
        (["I-x", "B-y"], [(0, 1, "x")]),
        (["I-x", "I-y"], [(0, 1, "x"), (1, 2, "y")]),
        (["B-x", "B-x"], [(1, 2, "x")]),
    ],
)
def test_strict_iob1(sequence, found):
    assert T.spans(sequence, "IOB1") == found


def test_legal_by_hand():
    start, transition, end = T.legal(["O", "B-x", "E-x", "B-y", "E-y"], "IOBES")
    assert start.tolist() == [1, 1, 0, 1, 0] and end.tolist() == [1, 0, 1, 0, 1]
    assert transition.astype(int).tolist() == [
        [1, 1, 0, 1, 0],
        [0, 0, 1, 0, 0],
        [1, 1, 0, 1, 0],
        [0, 0, 0, 0, 1],
        [1, 1, 0, 1, 0],
    ]
    assert [array.dtype for array in (start, transition, end)] == [np.bool_] * 3
    assert [array.shape for array in T.legal([], "IOB2")] == [(0,), (0, 0), (0,)]


def test_the_set_of_tags():
    bilou = "O B-b I-b L-b U-b B-a I-a L-a U-a"
    assert " ".join(T.tag_set(["b", "a"], "BILOU")) == bilou
    assert T.tag_set([], "IOB1") == ["O"]
    assert T.split_tag("O") == ("O", "") and T.split_tag("I-a-b-") == ("I", "a-b-")


def test_the_lenient_reading_mends():
    assert T.convert(["I-x", "E-x", "O", "I-y"], "conlleval", "IOB2") == ["B-x", "I-x", "O", "B-y"]


@pytest.mark.parametrize(
    ("sequence", "scheme", "position", "message"),
    [
        (["O", "I-x"], "IOB2", 1, "'I-x' at position 1 after 'O'"),
        (["I-x"], "IOB2", 0, "'I-x' at position 0 at the start of the sentence"),
        (["B-x", "I-y"], "IOB2", 1, "'I-y' at position 1 after 'B-x'"),
        (["O", "O", "E-x"], "IOB2", 2, "'E-x' at position 2 after 'O'.*name their scheme"),
        (["B-x"], "IOB1", 0, "at the start"),
        (["S-x", "B-x"], "IOBES", 1, "'B-x' at position 1 after 'S-x', where the sentence ends"),
        (["B-x"], "BILOU", 0, "'B-x' at position 0 .* of the sentence, where the sentence ends"),
        (["B-x", "O"], "BILOU", 1, "'O' at position 1 after 'B-x'"),
        (["O", "B_x"], "IOB2", 1, "At position 1: Expected .*tag='B_x'"),
        (["O", None], "IOB2", 1, "tag=None"),
    ],
)
def test_an_illegal_sequence_is_named(sequence, scheme, position, message):
    with pytest.raises(T.TagError, match=message) as caught:
        T.check(sequence, scheme)
    assert caught.value.position == position
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value) and again.position == position
    with pytest.raises(T.TagError):
        T.convert(sequence, scheme, "IOB2")


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: T.check([], "iob"), ValueError, "IOB1, IOB2, IOBES, BILOU. .*scheme='iob'"),
        (lambda: T.spans([], "IOB"), ValueError, "BILOU, conlleval. .*scheme='IOB'"),
        (lambda: T.split_tag("X-PER"), ValueError, "tag='X-PER'"),
        (lambda: T.split_tag("B-"), ValueError, "tag='B-'"),
        (lambda: T.split_tag("-PER"), ValueError, "tag='-PER'"),
        (lambda: T.spans(["E-x"], "IOB2"), T.TagError, "'E-x' at position 0"),
        (lambda: T.encode([(0, 2, "x"), (1, 3, "y")], 3, "IOB2"), ValueError, "not overlap"),
        (lambda: T.encode([(2, 4, "x")], 3, "IOB2"), ValueError, "length=3.*stop=4"),
        (lambda: T.encode([(2, 2, "x")], 3, "IOB2"), ValueError, "start=2, stop=2"),
        (lambda: T.encode([(-1, 2, "x")], 3, "IOB2"), ValueError, "start=-1"),
        (lambda: T.encode([(0, 1, "")], 3, "IOB2"), ValueError, "type=''"),
        (lambda: T.tag_set("PER", "IOB2"), TypeError, "types='PER'"),
        (lambda: T.tag_set(["x", "x"], "IOB2"), ValueError, "each once"),
        (lambda: T.legal(["O", "S-x"], "IOB2"), T.TagError, "'S-x' at position 1"),
    ],
)
def test_bad_arguments_say_what_was_received(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_tags_need_no_keras():
    """Seen in the file's own imports: the package around it brings Keras anyway."""
    code = (
        "import sys, runpy; runpy.run_path(sys.argv[1]); "
        "print([m for m in ('keras', 'jax', 'torch', 'tensorflow') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code, T.__file__]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
