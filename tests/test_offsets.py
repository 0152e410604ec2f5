"""Tokens and sentences lie in their text: nothing lost, nothing changed, nothing torn."""

import time
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from keras_rnnzoo.datasets.offsets import Token, split_sentences, tokenize_with_offsets

# Everything in Unicode, and more of what the rules are about.
PIECES = [*"aB7.,'\u2019-@#&:/()\"\u0301\u200d\ufe0f", "U.S.", "Dr.", "1,000", "http://", "www."]
SPICED = st.lists(st.sampled_from([*PIECES, "com", "x@y.z", " ", "\n", "\U0001f469", "\U0001f3fd"]))
TEXTS = st.one_of(st.text(), SPICED.map("".join), st.text(alphabet=".:/@'-&wa1A,)("))


def words(text):
    return [token.text for token in tokenize_with_offsets(text)]


def sentences(text):
    return [text[start:stop] for start, stop in split_sentences(text)]


@settings(max_examples=400)
@given(TEXTS)
@example("http://a)).")
@example("www.www.,.com")
def test_each_character_is_in_one_token_and_in_one_sentence(text):
    tokens = tokenize_with_offsets(text)
    assert all(token.text == text[token.start : token.stop] for token in tokens)
    for spans in ([token[1:] for token in tokens], split_sentences(text)):
        covered = [k for start, stop in spans for k in range(start, stop)]
        assert covered == sorted(set(covered))
        missing = set(range(len(text))) - set(covered)
        assert all(text[k].isspace() for k in missing)
    assert not any(character.isspace() for token in tokens for character in token.text)
    assert all(text[a:b] == text[a:b].strip() != "" for a, b in split_sentences(text))


@settings(max_examples=400)
@given(TEXTS)
def test_no_token_begins_with_what_modifies_the_one_before(text):
    for token in tokenize_with_offsets(text):
        if token.start and not text[token.start - 1].isspace():
            first = token.text[0]
            assert unicodedata.category(first)[0] != "M" and first not in "\u200c\u200d"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I don't think it's Ann's", "I don't think it 's Ann 's"),
        ("IT'S O\u2019Brien\u2019s 'em dogs' I'll", "IT 'S O\u2019Brien \u2019s ' em dogs ' I'll"),
        ("It 's , I 'm and we 'll", "It 's , I 'm and we 'll"),  # as corpora stand on disk
        ("RT @a_b: #FF #1 me@x-y.co.uk.", "RT @a_b : #FF #1 me@x-y.co.uk ."),
        ("(see http://t.co/aB1).", "( see http://t.co/aB1 ) ."),
        ("<http://x.org/a_(b)> HTTPS://X.de/?q=1&r", "< http://x.org/a_(b) > HTTPS://X.de/?q=1&r"),
        (
            "https://t.c\u2026 www.a.b, weather.com/x?",
            "https://t.c\u2026 www.a.b , weather.com/x ?",
        ),
        (
            "$1,000.50 at 7:30pm, .5 or 1/2, 8-10, 25%",
            "$ 1,000.50 at 7:30pm , .5 or 1/2 , 8-10 , 25 %",
        ),
        ("1,2 and 12.Then v2.0 1,0000", "1 , 2 and 12 . Then v2.0 1 , 0000"),
        ("In the U.S. at 5 p.m. J. K. Rowling", "In the U.S. at 5 p.m. J. K. Rowling"),
        (
            "Mr.Smith, Ph.D., of Acme Inc. vs. St. Ives",
            "Mr. Smith , Ph.D. , of Acme Inc. vs. St. Ives",
        ),
        ("No. No. 5, Nov. 5 and I. Then", "No . No. 5 , Nov. 5 and I . Then"),
        ("state-of-the-art -- non- -x", "state-of-the-art -- non - - x"),
        ("AT&T, A&amp;E &lt; &#39; a&b", "AT&T , A &amp; E &lt; &#39; a & b"),
        (
            'what?! no!!! so... \u2026 **x** (()) ""',
            'what ?! no !!! so ... \u2026 ** x ** ( ( ) ) " "',
        ),
        ("yes:) :-( ;D 3:3 <3 ^_^ -_- x=y", "yes :) :-( ;D 3:3 <3 ^_^ -_- x = y"),
        (
            "cafe\u0301 na\u00efve \u0939\u093f\u0928\u094d\u0926\u0940!",
            "cafe\u0301 na\u00efve \u0939\u093f\u0928\u094d\u0926\u0940 !",
        ),
        (
            "\u041c\u043e\u0441\u043a\u0432\u0430, \u6771\u4eac\u3002",
            "\u041c\u043e\u0441\u043a\u0432\u0430 , \u6771\u4eac \u3002",
        ),
        ("iPhone6 w/ x w/me", "iPhone6 w/ x w / me"),
        (" \n\t ", ""),
        ("", ""),
    ],
)
def test_words_and_marks(text, expected):
    assert words(text) == expected.split()


@pytest.mark.parametrize(
    "emoji",
    [
        "\U0001f602",
        "\U0001f469\u200d\U0001f4bb",
        "\u2764\ufe0f\u200d\U0001f525",
        "\U0001f44d\U0001f3fd",
        "\U0001f1e9\U0001f1ea",
        "1\ufe0f\u20e3",
        "#\ufe0f\u20e3",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    ],
)
def test_an_emoji_is_one_token(emoji):
    assert words(f"so{emoji}" if emoji[0] not in "1#" else f"so {emoji}") == ["so", emoji]
    if emoji[0] not in "1#":
        assert words(emoji * 3) == [emoji] * 3


def test_offsets_count_characters():
    assert tokenize_with_offsets("\U0001f602 a\u0301b.") == [
        Token("\U0001f602", 0, 1),
        Token("a\u0301b", 2, 5),
        Token(".", 5, 6),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "He left.| She did not!| Why?| Nobody knows.",
        "Dr. No and J. R. Ewing met Mr. Smith vs. St. Ives.| Then they left.",
        "He lives in the U.S. President Smith does too.| It is far.",
        "He lives in the U.S.| The president does too.",
        "Acme Inc. Chairman Lee spoke.| Acme Inc.| He spoke.",
        "On Nov. 5 he came.| It was cold in Nov.| We left for No. 10.| No.| Never.",
        '"What?" he asked.| "Go."| (He went.)| He came back.',
        "Well... maybe.| Wait...| No!!!| OK",
        "It cost 3.14 dollars.| See www.x.com for more.",
        "A headline\n\n|then a text\nthat is wrapped.|\r\n \r\n|The end",
        "\u6211\u4eec\u3002|\u4f60\u597d\uff01|",
        "e.g. This or i.e. That.",
    ],
)
def test_sentences(text):
    parts = [part.strip() for part in text.split("|")]
    assert sentences(text.replace("|", "")) == [part for part in parts if part]


N = 100_000


@pytest.mark.parametrize(
    "text",
    [
        *(
            piece * N
            for piece in ("a", ".", "a.", "ab.", "a+", "a@", "a-", "a'", ":(", "?", "\u0301")
        ),
        *(
            piece * N
            for piece in (" ", "\n ", "1,000", "A. ", "&a", '."', "=-", "\U0001f469\u200d")
        ),
        "http://a" + ")" * N,
        "A." + " " * N + "b",
        "." + '"' * N,
        "a" * 64 + "@" + "b-" * N,
    ],
    ids=lambda text: ascii(text[:9]),
)
def test_time_is_linear(text):
    """Hundred thousand times anything takes a second or two; in square time it took minutes."""
    begin = time.process_time()
    tokenize_with_offsets(text)
    split_sentences(text)
    assert time.process_time() - begin < 20


@pytest.mark.parametrize("function", [tokenize_with_offsets, split_sentences])
def test_only_strings_are_texts(function):
    with pytest.raises(TypeError, match=r"text=\['a'\] \(list\)"):
        function(["a"])
