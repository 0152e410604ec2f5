"""What a tagger sees of a word, and batches of tagged sentences."""

import numpy as np
import pytest

from keras_rnnzoo.datasets.batches import least_padding
from keras_rnnzoo.datasets.tagged_batches import TaggedBatches
from keras_rnnzoo.datasets.word_features import (
    BOUNDARY,
    UNKNOWN,
    WordFeatures,
    case_of,
    normalise,
    pattern_of,
)
from keras_rnnzoo.tags import spans

TOKENS = [
    ["Kim", "left", "Rome", "."],
    ["Rome", "slept"],
    ["Ana", "Lima", "met", "Kim", "in", "Oslo", "in", "1999"],
]
TAGS = [
    ["B-PER", "O", "B-LOC", "O"],
    ["B-LOC", "O"],
    ["B-PER", "I-PER", "O", "B-PER", "O", "B-LOC", "O", "O"],
]
NUMBERS = {"O": 0, "B-PER": 1, "I-PER": 2, "B-LOC": 3}


def encode(tags):
    return [NUMBERS[tag] for tag in tags]


@pytest.fixture
def features():
    return WordFeatures.fit(TOKENS)


def test_normal_forms_cases_and_patterns():
    assert normalise("B52s-1999") == "b00s-0000"
    words = "12 @kim #one http://x ... lower X USA Kim KimK iPad ½"
    assert [case_of(word) for word in words.split()] == list(range(12))
    assert pattern_of("Covid-19") == "Xxx-dd"
    assert pattern_of("A1b2C3d4E5") == "XdxdXdxd"
    assert pattern_of("") == ""


def test_words_are_listed_by_frequency_then_alphabet(features):
    assert features.words[:3] == ["in", "kim", "rome"]
    assert features.counts[:3] == [2, 2, 2]
    assert WordFeatures.fit(TOKENS[::-1]).to_config() == features.to_config()
    assert WordFeatures.fit(TOKENS, min_count=2).words == ["in", "kim", "rome"]


def test_encoding_has_one_row_a_token_and_knows_the_unknown(features):
    encoded = features.encode(["Kim", "KIM", "kimono", "Zürich"])
    assert {name: array.shape for name, array in encoded.items()} == {
        "words": (4,),
        "shapes": (4, 2),
        "affixes": (4, 6),
        "characters": (4, 24),
    }
    assert encoded["words"].tolist() == [3, 3, UNKNOWN, UNKNOWN]
    assert encoded["shapes"][0, 0] != encoded["shapes"][1, 0]
    letters = encoded["characters"][0]
    assert letters[0] == letters[4] == BOUNDARY and not letters[5:].any()
    sizes = features.sizes
    assert encoded["affixes"].max() < sizes["affixes"]
    assert encoded["characters"].max() < sizes["characters"]
    assert encoded["shapes"][:, 0].max() < sizes["cases"]


def test_affixes_of_different_tables_never_share_a_row():
    """`in` is a prefix of two letters and a suffix of two letters: not the same thing."""
    features = WordFeatures.fit([["inner", "index", "begin", "within"]])
    rows = features.encode(["inner", "begin", "of"])["affixes"]
    assert rows[0, 0] != rows[1, 3]
    assert len({*rows[2]}) == 6, "each table has an unknown of its own"


def test_long_words_keep_both_ends(features):
    word = "a" * 30 + "m" * 40
    letters = features.encode([word])["characters"][0]
    assert (letters != 0).all() and letters[1] != letters[-2]


def test_config_gives_the_same_features(features):
    again = WordFeatures.from_config(features.to_config())
    for name, array in features.encode(TOKENS[2]).items():
        np.testing.assert_array_equal(again.encode(TOKENS[2])[name], array)
    with pytest.raises(ValueError, match="no token"):
        WordFeatures.fit([[]])


def test_buckets_pad_no_more_than_any_others(rng):
    for buckets in (1, 2, 3):
        counts = rng.integers(1, 60, size=25)
        lengths = least_padding(counts, buckets)

        def steps(lengths, counts=counts):
            return sum(min(n for n in lengths if n >= count) for count in counts)

        longest = -(-counts.max() // 8) * 8
        others = [{*rng.choice(range(8, longest + 8, 8), buckets), longest} for _ in range(40)]
        others = [other for other in others if len(other) <= buckets]
        assert len(lengths) <= buckets and lengths[-1] == longest
        assert all(steps(lengths) <= steps(other) for other in others)


def batches(features, **options):
    return TaggedBatches(TOKENS, TAGS, features, encode, **{"batch_size": 2, **options})


def test_every_sentence_comes_once_an_epoch_with_its_own_tags(features):
    train = batches(features, seed=3)
    assert train.num_batches == 2
    seen = []
    for k in range(2):
        inputs, tags, weights = train[k]
        for place, row in enumerate(train.rows(k)):
            seen.append(row)
            length = len(TOKENS[row])
            words = features.encode(TOKENS[row])["words"]
            np.testing.assert_array_equal(inputs["words"][place, :length], words)
            assert not inputs["words"][place, length:].any()
            assert tags[place].tolist()[:length] == encode(TAGS[row])
            assert (tags[place, length:] == -1).all() and weights[place] == 1
        filled = len(train.rows(k))
        assert not inputs["words"][filled:].any() and not weights[filled:].any()
    assert sorted(seen) == [0, 1, 2]


def test_order_depends_on_seed_and_epoch_alone(features):
    def order(train):
        return [train.rows(k).tolist() for k in range(train.num_batches)]

    orders = []
    for epoch in range(12):
        train = batches(features, seed=1, batch_size=1)
        train.set_epoch(epoch)
        orders.append(order(train))
    again = batches(features, seed=1, batch_size=1)
    again.set_epoch(5)
    assert order(again) == orders[5]
    assert len({str(each) for each in orders}) > 2


def test_the_first_two_batches_differ_in_length(features):
    """Keras takes their shapes for those of all batches on TensorFlow."""
    tokens = [["Rome"] * n for n in (*[3] * 20, 20)]
    for seed in range(4):
        train = TaggedBatches(tokens, None, features, batch_size=2, seed=seed)
        first, second = (train[k][0]["words"].shape[1] for k in range(2))
        assert {first, second} == {8, 24}


def test_swapped_mentions_keep_their_types(features):
    train = batches(features, swap=0.99, seed=0)
    known = {
        (span.type, tuple(tokens[span.start : span.stop]))
        for tokens, tags in zip(TOKENS, TAGS)
        for span in spans(tags, "IOB2")
    }
    changed = 0
    for epoch in range(8):
        random = np.random.default_rng((0, epoch))
        for tokens, tags in zip(TOKENS, TAGS):
            new, new_tags = train._alter(tokens, tags, random)
            changed += list(new) != list(tokens)
            assert len(new) == len(new_tags)
            found = {(s.type, tuple(new[s.start : s.stop])) for s in spans(new_tags, "IOB2")}
            assert found <= known
            assert [t for t in new_tags if t == "O"] == [t for t in tags if t == "O"]
    assert changed > 5
    lengths = train.lengths
    train.set_epoch(1)
    assert train.lengths == lengths, "new shapes would compile anew"


def test_a_thousand_tokens_and_bad_sentences(features):
    long = TaggedBatches([["Rome"] * 1000, ["Kim"]], None, features, batch_size=2, shuffle=False)
    assert long[0][0]["words"].shape == (2, 1000)
    with pytest.raises(ValueError, match="sentence 1, which is empty"):
        TaggedBatches([["a"], []], None, features)
    with pytest.raises(ValueError, match="sentence 0 with 2 tokens and 1 tags"):
        TaggedBatches([["a", "b"]], [["O"]], features, encode)
    with pytest.raises(ValueError, match="1 sentences, 0 lists"):
        TaggedBatches([["a"]], [], features, encode)
    with pytest.raises(ValueError, match=r"tokens=\[\]"):
        TaggedBatches([], None, features)
