"""The embedded sample of tagged sentences: the same everywhere, and solved by context alone."""

from collections import Counter, defaultdict

import pytest

from keras_rnnzoo.datasets import ner, ner_sample
from keras_rnnzoo.tags import spans

SAMPLE_CHECKSUM = "234d5eec745e6bcdceddf3aae8d9f10b4206455a6cfe5fc650ce19f980793202"


def f1(predicted, gold):
    guessed, right = (
        {(i, *span) for i, tags in enumerate(part) for span in spans(tags)}
        for part in (predicted, gold)
    )
    return 2 * len(guessed & right) / (len(guessed) + len(right))


def test_the_sample_is_the_same_everywhere():
    corpus = ner.load("sample", verbose=False)
    assert corpus.checksum == SAMPLE_CHECKSUM
    assert [len(corpus.train), len(corpus.validation), len(corpus.test)] == [600, 150, 150]


def test_the_sample_has_three_types_and_parts_without_a_sentence_in_common():
    corpus = ner.load("sample", verbose=False)
    parts = (corpus.train, corpus.validation, corpus.test)
    assert all(part.types == ["LOC", "ORG", "PER"] for part in parts)
    sentences = [tuple(tokens) for part in parts for tokens in part.tokens]
    assert len(set(sentences)) == len(sentences) == 900
    lengths = [stop - start for tags in corpus.train.tags for start, stop, _ in spans(tags)]
    assert max(lengths) == 3 and 0.3 < sum(n > 1 for n in lengths) / len(lengths) < 0.7


def test_the_sample_has_look_alikes_and_names_that_training_never_sees():
    corpus = ner.load("sample", verbose=False)
    kinds, known = defaultdict(set), set()
    for tokens, tags in zip(corpus.train.tokens, corpus.train.tags, strict=True):
        known.update(tokens)
        for token, tag in zip(tokens, tags, strict=True):
            kinds[token].add(tag)
    assert sum({"B-PER", "B-LOC", "B-ORG"} <= kind for kind in kinds.values()) > 20
    words = [word for word in ner_sample.WORDS if {"O", "B-PER"} <= kinds[word]]
    assert len(words) >= 3
    small = [tokens for tokens in corpus.train.tokens if tokens == [t.lower() for t in tokens]]
    assert 30 < len(small) < 100
    named = [
        token
        for tokens, tags in zip(corpus.test.tokens, corpus.test.tags, strict=True)
        for token, tag in zip(tokens, tags, strict=True)
        if tag != "O"
    ]
    assert 0.25 < sum(token not in known for token in named) / len(named) < 0.6


def features(tokens, i):
    """What stands around a token."""
    found = {}
    for k in range(-3, 4):
        word = tokens[i + k] if 0 <= i + k < len(tokens) else "-"
        found |= {f"{k} {word.lower()}": 1, f"{k} {word[-3:].lower()}": 1}
        found[f"{k} capital"] = word[0].isupper()
    return found


def test_the_sample_is_solved_by_context_and_not_by_heart():
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    train, _, test = ner_sample.splits()
    seen, rows, labels = defaultdict(Counter), [], []
    for tokens, tags in zip(*train, strict=True):
        for i, (token, tag) in enumerate(zip(tokens, tags, strict=True)):
            seen[token][tag] += 1
            rows.append(features(tokens, i))
            labels.append(tag)
    by_heart = [
        [seen[token].most_common(1)[0][0] if token in seen else "O" for token in tokens]
        for tokens in test[0]
    ]
    assert f1(by_heart, test[1]) < 0.3
    vectors = DictVectorizer()
    model = LogisticRegression(max_iter=200, C=10).fit(vectors.fit_transform(rows), labels)
    by_context = [
        list(model.predict(vectors.transform([features(tokens, i) for i in range(len(tokens))])))
        for tokens in test[0]
    ]
    assert f1(by_context, test[1]) > 0.85


def test_a_sample_has_parts():
    with pytest.raises(ValueError, match=r"sizes=\(3, 0, 2\)"):
        ner_sample.splits((3, 0, 2))
