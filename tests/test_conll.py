"""Column files of tokens and tags: every shape that is read, and every fault with its place."""

import bz2
import gzip
import lzma

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keras_rnnzoo.datasets.conll import read_conll, write_conll
from keras_rnnzoo.datasets.tagged import Tagged, as_iob2

TOKENS = [["Rose", "Hill", "slept"], ["in", "Paris"]]
TAGS = [["B-PER", "I-PER", "O"], ["O", "B-LOC"]]
PLAIN = "Rose\tB-PER\nHill\tI-PER\nslept\tO\n\nin\tO\nParis\tB-LOC\n"


@pytest.fixture
def write(tmp_path):
    def write(content, name="set.conll"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def is_the_set(tagged):
    return tagged.tokens == TOKENS and tagged.tags == TAGS


# What is read


SAME = {
    "tabs": PLAIN,
    "blanks": PLAIN.replace("\t", "  "),
    "several blank lines at both ends": f"\n\n{PLAIN}\n\n",
    "no line end at the end": PLAIN.rstrip("\n"),
    "a lone tab as separator": PLAIN.replace("\n\n", "\n\t\n"),
    "lone blanks as separator": PLAIN.replace("\n\n", "\n \t \n"),
    "CRLF": PLAIN.replace("\n", "\r\n"),
    "CR CRLF": PLAIN.replace("\n", "\r\r\n"),
    "byte order mark": "\ufeff" + PLAIN,
    "documents": f"-DOCSTART-\tO\n\n{PLAIN}\n-DOCSTART-\tO\n",
    "documents in other columns": f"-DOCSTART- -X- O O\n{PLAIN}",
    "documents with a name": f"-DOCSTART- (12 news)\n{PLAIN}",
    "comments": f"# a file\n#of two\n# id = 1\n{PLAIN}# the end\n",
    "comment in a sentence": PLAIN.replace("slept", "# what now\nslept"),
    "comments between blanks": "# id = 1\n" + PLAIN.replace("\t", " ") + "\n# text = a b c\n",
    "index from 0": "0\tRose\tB-PER\n1\tHill\tI-PER\n2\tslept\tO\n\n0\tin\tO\n1\tParis\tB-LOC\n",
    "index from 1": "1 Rose B-PER\n2 Hill I-PER\n3 slept O\n\n1 in O\n2 Paris B-LOC\n",
    "index and document": (
        "0\t-DOCSTART-\tO\n\n0\tRose\tB-PER\n1\tHill\tI-PER\n2\tslept\tO\n\n0\tin\tO\n1\tParis\tB-LOC\n"
    ),
    "IOB1": PLAIN.replace("B-", "I-"),
    "IOBES": PLAIN.replace("I-PER", "E-PER").replace("B-LOC", "S-LOC"),
    "BILOU": PLAIN.replace("I-PER", "L-PER").replace("B-LOC", "U-LOC"),
}


@pytest.mark.parametrize("content", SAME.values(), ids=SAME.keys())
def test_one_set_in_many_shapes(write, content):
    assert is_the_set(read_conll(write(content)))


def test_packed_files(write):
    for suffix, pack in ((".gz", gzip.compress), (".xz", lzma.compress), (".bz2", bz2.compress)):
        assert is_the_set(read_conll(write(pack(PLAIN.encode()), f"set.conll{suffix}")))


def test_other_encodings(write):
    tagged = read_conll(write("Zoë\tB-PER\n".encode("cp1252")), encoding="cp1252")
    assert tagged.tokens == [["Zoë"]]
    assert is_the_set(read_conll(write(PLAIN.encode("utf-16")), encoding="utf-16"))


def test_columns_can_be_named(write):
    path = write("B-PER Rose x NN\nI-PER Hill y NN\nO slept z VB\n\nO in x IN\nB-LOC Paris y NN\n")
    for token, tag in ((1, 0), (-3, -4)):
        assert is_the_set(read_conll(path, token_column=token, tag_column=tag))


def test_numbers_that_do_not_count_are_tokens(write):
    assert read_conll(write("1 CD O\n3 CD O\n")).tokens == [["1", "3"]]
    assert read_conll(write("0\tO\n1\tO\n")).tokens == [["0", "1"]]


def test_odd_tokens_survive(write):
    odd = ['"', "#", "#tag", "a\u00a0b", "\u00a0", "\u2028", "\x85", "'", "O", "''", "-", "=", "\\"]
    for separator in ("\t", " "):
        content = "".join(f"{token}{separator}O\n" for token in odd)
        assert read_conll(write(content)).tokens == [odd]
    assert read_conll(write("ok\tO\n# a = b\tO\n two words \tO\n")).tokens == [
        ["ok", "# a = b", " two words "]
    ]
    assert read_conll(write("#\tB-PER\n#x\tO\n\n#\tO\n")).tokens == [["#", "#x"], ["#"]]
    assert read_conll(write("# NN O\n# = O\n#x= SYM O\n")).tokens == [["#", "#", "#x="]]


def test_counts(write):
    tagged = read_conll(write(PLAIN))
    assert (len(tagged), tagged.token_count, tagged.entity_count) == (2, 5, 2)
    assert tagged.types == ["LOC", "PER"]


def test_schemes_are_told_apart_and_converted():
    def one(*tags, **options):
        return as_iob2([list(tags)], **options)[0]

    assert one("I-A", "B-A", "I-A", "I-B") == ["B-A", "B-A", "I-A", "B-B"]
    assert one("B-A", "I-A", "B-A") == ["B-A", "I-A", "B-A"]
    assert one("B-A", "I-A", "E-A", "S-A") == ["B-A", "I-A", "I-A", "B-A"]
    assert one("B-A", "I-A", "L-A", "U-A") == ["B-A", "I-A", "I-A", "B-A"]
    # Evidence in the last sentence decides for the first one as well.
    assert as_iob2([["O", "I-A", "B-A"], ["I-A"]])[0] == ["O", "B-A", "B-A"]
    assert one("O", "I-A", "B-B", scheme="conlleval") == ["O", "B-A", "B-B"]


# What is wrong with a file


FAULTS = {
    "no tag": ("a\tO\nb\n", 2, "expected 2 columns that end at tabs, as in line 1.*1, 'b'"),
    "a blank for a tab": ("a\tO\nb O\n", 2, "expected 2 columns that end at tabs"),
    "too many columns": ("a O\n\nb O O\n", 3, "expected 2 columns that end at blanks.*3"),
    "one column": ("a\nb\n", 1, "a token and its tag in two columns"),
    "a hashtag without its tag": ("a\tO\n#b\nc\tO\n", 2, "expected 2 columns"),
    "empty token": ("a\tO\n\tO\n", 2, "expected a token"),
    "token of blanks": ("a\tO\n  \tO\n", 2, "expected a token"),
    "empty tag": ("a\tO\nb\t\n", 2, "tag=''"),
    "no tag of any scheme": ("a\tO\n\nb\tX-PER\n", 3, "column 1.*tag='X-PER'"),
    "no hyphen": ("a\tB\n", 1, "tag='B'"),
    "words": ("a\tperson\n", 1, "tag='person'"),
    "two schemes": ("a\tI-A\n\nb\tO\nc\tB-A\n", 4, "IOB1 was taken for 'I-A'.*line 1.*conlleval"),
    "letters of two schemes": ("a\tS-A\n\n# x\nb\tU-A\n", 4, "IOBES was taken for 'S-A'"),
    "undecodable": (b"a\tO\n\nZo\xeb\tO\n", 3, "encoding utf-8, which was tried.*0xeb.*encoding="),
    "UTF-16": (PLAIN.encode("utf-16"), 1, "0xff"),
    "CR alone": ("a\tO\rb\tO\r", 1, "LF or CRLF"),
    "empty": ("", 1, "without a sentence"),
    "blank": ("\n\t\n \n", 1, "without a sentence"),
    "comments alone": ("# id = 1\n#a\n-DOCSTART- O\n", 1, "without a sentence"),
}


@pytest.mark.parametrize(("content", "line", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_faults_name_file_and_line(write, content, line, message):
    with pytest.raises(ValueError, match=rf"(?s)set\.conll, line {line}[:,].*{message}"):
        read_conll(write(content))


GIVEN = {
    "IOB2": ("a\tO\nb\tI-A\n", 2),
    "IOB1": ("a\tI-A\n\nb\tB-A\n", 3),
    "IOBES": ("# c\na\tB-A\nb\tO\n", 3),
    "BILOU": ("a\tU-A\nb\tS-A\n", 2),
}


@pytest.mark.parametrize(("scheme", "fault"), GIVEN.items())
def test_a_given_scheme_is_insisted_on(write, scheme, fault):
    content, line = fault
    with pytest.raises(ValueError, match=rf"set\.conll, line {line}: .*{scheme}"):
        read_conll(write(content), scheme=scheme)


def test_faults_far_into_a_file(write):
    good = "a\tO\n" * 20_000
    with pytest.raises(ValueError, match="line 20001: .*0xe9"):
        read_conll(write(good.encode() + b"\xe9\tO\n" + good.encode()))
    packed = gzip.compress(good.encode() + b"\xe9\tO\n")
    with pytest.raises(ValueError, match="line 20001: .*0xe9"):
        read_conll(write(packed, "set.gz"))


def test_columns_that_are_not_there(write):
    path = write(PLAIN)
    with pytest.raises(ValueError, match=r"set\.conll, line 1: .*0 to 1 .*tag_column=2"):
        read_conll(path, tag_column=2)
    with pytest.raises(ValueError, match=r"line 1: .*token_column=-3"):
        read_conll(path, token_column=-3)
    with pytest.raises(ValueError, match=r"line 1: .*two columns.*token_column=1"):
        read_conll(path, token_column=1)


def test_options_and_files_that_are_not_there(write, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"path='.*none\.conll'"):
        read_conll(tmp_path / "none.conll")
    with pytest.raises(ValueError, match="IOB1, IOB2.*scheme='BIO'"):
        read_conll(write(PLAIN), scheme="BIO")
    with pytest.raises(ValueError, match="encoding='utf8x'"):
        read_conll(write(PLAIN), encoding="utf8x")


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [("gz", gzip.compress), ("xz", lzma.compress), ("bz2", bz2.compress)],
)
def test_files_that_cannot_be_unpacked(write, suffix, pack):
    for content in (pack(PLAIN.encode() * 50)[:-20], PLAIN):
        with pytest.raises(ValueError, match=rf"set\.{suffix}: expected a whole \.{suffix} file"):
            read_conll(write(content, f"set.{suffix}"))


# Writing


@pytest.mark.parametrize("name", ["set.conll", "set.gz", "set.xz", "set.bz2"])
def test_what_is_written_is_read_back(tmp_path, name):
    write_conll(tmp_path / name, Tagged(TOKENS, TAGS))
    assert is_the_set(read_conll(tmp_path / name))
    assert [path.name for path in tmp_path.iterdir()] == [name]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5)
SENTENCE = st.lists(st.tuples(TEXT, st.sampled_from(["O", "B-A", "B-B"])), min_size=1, max_size=5)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(SENTENCE, min_size=1, max_size=4))
def test_any_tokens_are_read_back_or_refused(tmp_path, sentences):
    tagged = Tagged([[a for a, _ in s] for s in sentences], [[b for _, b in s] for s in sentences])
    try:
        write_conll(tmp_path / "any.conll", tagged)
    except ValueError as error:
        assert "Received" in str(error)
        return
    assert read_conll(tmp_path / "any.conll") == tagged


@pytest.mark.parametrize("token", ["", " ", "a\tb", "a\nb", "a\r", "-DOCSTART-", "\ufeffa"])
def test_tokens_that_would_not_come_back_are_refused(tmp_path, token):
    with pytest.raises(ValueError, match="Sentence 1: expected tokens without tab"):
        write_conll(tmp_path / "x.conll", Tagged([["a"], [token]], [["O"], ["O"]]))
    with pytest.raises(ValueError, match="Sentence 0: .*1 tokens and 0 tags"):
        write_conll(tmp_path / "x.conll", Tagged([["a"]], [[]]))
    assert not list(tmp_path.iterdir())
