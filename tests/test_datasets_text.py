"""Tokens, vocabulary and batches: what goes in is what comes out, in an order one can repeat."""

import json

import keras
import numpy as np
import pytest

from keras_rnnzoo.datasets import ReviewBatches, Vocabulary, bucket_lengths, tokenize
from keras_rnnzoo.datasets.text import PADDING, UNKNOWN

TEXTS = ["a good film", "a bad film", "a good good play", "film"]


def test_tokens_are_lower_case_words_and_marks():
    text = "It's GREAT<br /><br />10/10 -- don't miss (really)! café_x"
    assert " ".join(tokenize(text)) == "it's great 10 / 10 - - don't miss ( really ) ! caf x"


def test_tokenize_refuses_what_is_no_text():
    with pytest.raises(TypeError, match="Received: text=b'raw'"):
        tokenize(b"raw")


def test_ids_follow_frequency_then_alphabet_in_whatever_order_texts_come():
    vocabulary = Vocabulary.fit(TEXTS)
    assert vocabulary.words == ["a", "film", "good", "bad", "play"]
    assert Vocabulary.fit(TEXTS[::-1]).words == vocabulary.words
    assert vocabulary.encode("good play nonsense")["words"].tolist() == [4, 6, UNKNOWN]
    assert vocabulary.size == 7


def test_rare_words_are_unknown():
    vocabulary = Vocabulary.fit(TEXTS, max_words=2)
    assert vocabulary.encode("a bad film")["words"].tolist() == [2, UNKNOWN, 3]


def test_bigrams_count_texts_not_occurrences():
    texts = ["good film"] * 2 + ["bad film bad film bad film"]
    vocabulary = Vocabulary.fit(texts, bigrams=True, min_bigram_df=2)
    assert vocabulary.bigram_size == 2
    assert vocabulary.encode("good film good bad film")["bigrams"].tolist() == [0, 1, 0, 0, 0]


def test_bigrams_of_unknown_words_are_not_listed():
    vocabulary = Vocabulary.fit(["x y"] * 9, max_words=1, bigrams=True)
    assert vocabulary.bigrams == []
    assert vocabulary.encode("x y")["bigrams"].tolist() == [0, 0]


def test_long_texts_keep_head_and_tail():
    vocabulary = Vocabulary([str(i) for i in range(1000)])
    kept = vocabulary.encode(" ".join(map(str, range(1000))), 400)["words"] - 2
    assert kept.tolist() == [*range(160), *range(760, 1000)]
    assert vocabulary.encode("1 2 3 4 5 6", 5)["words"].tolist() == [3, 4, 6, 7, 8]
    assert len(vocabulary.encode("1 2 3", None)["words"]) == 3


def test_no_bigram_is_made_up_where_a_text_is_cut():
    words = [str(i) for i in range(10)]
    vocabulary = Vocabulary(words, bigrams=[(3, 6), (5, 6)])  # "1 4" and "3 4"
    encoded = vocabulary.encode("0 1 2 3 4 5 6", 5)
    assert encoded["words"].tolist() == [2, 3, 6, 7, 8]
    assert encoded["bigrams"].tolist() == [0, 0, 2, 0, 0]


@pytest.mark.parametrize("text", ["", "   ", "<br />", "é"])
def test_an_empty_text_is_one_unknown_word(text):
    vocabulary = Vocabulary.fit(TEXTS, bigrams=True, min_bigram_df=1)
    encoded = vocabulary.encode(text)
    assert encoded["words"].tolist() == [UNKNOWN]
    assert encoded["bigrams"].tolist() == [0]


def test_the_config_survives_json():
    vocabulary = Vocabulary.fit(TEXTS, bigrams=True, min_bigram_df=1)
    again = Vocabulary.from_config(json.loads(json.dumps(vocabulary.to_config())))
    for name, ids in vocabulary.encode("a good bad film").items():
        np.testing.assert_array_equal(again.encode("a good bad film")[name], ids)
    assert Vocabulary.from_config(Vocabulary.fit(TEXTS).to_config()).bigrams is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Vocabulary(["a", "a"]), "2 words, of which 1"),
        (lambda: Vocabulary(["a"], bigrams=[(2, 3)]), "ids from 2 to 3"),
        (lambda: Vocabulary.fit(["", "é"]), "2 texts without one"),
        (lambda: Vocabulary.fit(TEXTS, max_words=0), "max_words=0"),
        (lambda: Vocabulary.fit(TEXTS).encode("a", 0), "max_length=0"),
        (lambda: batches(batch_size=0), "batch_size=0"),
        (lambda: batches(labels=[0, 1, 2, 0]), r"values \[0, 1, 2\]"),
        (lambda: batches(labels=[0, 1]), "2 labels"),
        (lambda: ReviewBatches([], None, Vocabulary(["a"])), r"texts=\[\]"),
    ],
)
def test_bad_arguments_say_what_was_received(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def batches(labels=(0, 1, 0, 1), **options):
    return ReviewBatches(TEXTS, labels, Vocabulary.fit(TEXTS), **options)


def many(count=50, **options):
    """Text i has i % 12 + 1 words and is labelled i % 2."""
    texts = [" ".join([f"w{i}"] * (i % 12 + 1)) for i in range(count)]
    vocabulary = Vocabulary([f"w{i}" for i in range(count)])
    options = {"batch_size": 8, "lengths": (4, 8, 12), **options}
    return ReviewBatches(texts, [i % 2 for i in range(count)], vocabulary, **options)


def order(data):
    """Row numbers in the order in which an epoch shows them."""
    return [
        int(row[0]) - 2
        for inputs, _, weights in (data[i] for i in range(data.num_batches))
        for row in inputs["words"][weights > 0]
    ]


def test_bucket_lengths_hold_every_text():
    assert bucket_lengths([5, 9, 20, 40], buckets=2) == (16, 40)
    assert bucket_lengths([3] * 10) == (8,)


def test_every_text_is_seen_once_an_epoch():
    data = many()
    for _ in range(3):
        assert sorted(order(data)) == list(range(50))
        data.on_epoch_end()


def test_rows_carry_their_label_and_padding_is_on_the_right():
    data = many()
    for index in range(data.num_batches):
        inputs, labels, weights = data[index]
        words = inputs["words"]
        assert words.shape[0] == 8 and words.shape[1] in data.lengths
        assert words.dtype == "int32" and labels.shape == (8, 1) and labels.dtype == "float32"
        for row, label in zip(words[weights > 0], labels[weights > 0, 0], strict=True):
            number = row[0] - 2
            assert label == number % 2
            length = number % 12 + 1
            assert (row[:length] == row[0]).all() and (row[length:] == PADDING).all()


def test_only_the_rows_that_fill_the_last_batch_up_weigh_nothing():
    data = many()
    weights = np.concatenate([data[i][2] for i in range(data.num_batches)])
    assert weights.sum() == 50 and (weights == 0).sum() == -50 % 8
    filled = np.concatenate(
        [data[i][0]["words"][data[i][2] == 0][:, :2] for i in range(data.num_batches)]
    )
    assert (filled == [UNKNOWN, PADDING]).all()


def test_short_texts_are_padded_less():
    data = many(960)
    lengths = [data[i][0]["words"].shape[1] for i in range(data.num_batches)]
    assert {length: lengths.count(length) for length in data.lengths} == {4: 40, 8: 40, 12: 40}


def test_a_resumed_run_sees_the_order_it_would_have_seen():
    through, resumed = many(seed=3), many(seed=3)
    orders = []
    for _ in range(4):
        orders.append(order(through))
        through.on_epoch_end()
    assert len({tuple(seen) for seen in orders}) == 4
    resumed.set_epoch(2)
    assert order(resumed) == orders[2]
    resumed.on_epoch_end()
    assert order(resumed) == orders[3]
    assert order(many(seed=4)) != orders[0]


def test_predictions_come_back_in_the_order_of_the_texts():
    data = many(shuffle=False)
    rows = np.concatenate([data[i][0]["words"][:, :1] for i in range(data.num_batches)])
    assert (data.restore(rows)[:, 0] - 2).tolist() == list(range(50))
    with pytest.raises(ValueError, match="56 rows.*shape"):
        data.restore(rows[:50])
    with pytest.raises(ValueError, match="shuffle=True"):
        many().restore(rows)


def test_keras_predicts_and_fits_from_batches():
    inputs = keras.Input((None,), dtype="int32", name="words")
    outputs = keras.layers.Embedding(52, 1, mask_zero=True)(inputs)
    outputs = keras.layers.GlobalAveragePooling1D()(outputs)
    model = keras.Model({"words": inputs}, outputs)
    model.set_weights([np.arange(52, dtype="float32")[:, None] - 2])
    data = many(shuffle=False)
    plain = ReviewBatches(
        [f"w{i}" for i in range(9)], None, Vocabulary([f"w{i}" for i in range(50)]), batch_size=4
    )
    predicted = data.restore(model.predict(data, verbose=0))
    np.testing.assert_allclose(predicted[:, 0], np.arange(50), atol=1e-5)
    assert model.predict(plain, verbose=0).shape == (12, 1)
    model.compile("sgd", keras.losses.BinaryCrossentropy(from_logits=True))
    model.fit(data, epochs=2, shuffle=False, verbose=0)
    assert np.isfinite(model.get_weights()[0]).all()
