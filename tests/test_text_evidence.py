"""Naive-Bayes evidence: against counts by hand, out of fold, and in a classifier that sees it."""

import numpy as np
import pytest
from helpers import close, numpy
from running import on_one_backend
from texts import VOCABULARY

import keras_rnnzoo as zoo
from keras_rnnzoo.datasets.reviews import Split
from keras_rnnzoo.models.text_evidence import CLIP, NBEvidence, out_of_fold
from keras_rnnzoo.models.text_recipes import SAMPLE, build_classifier, fit_classifier

TEXTS = ["a good film", "a bad film", "not a good film", "not bad", "good", "a bad bad one"] * 4
LABELS = [1, 0, 0, 1, 1, 0] * 4


@pytest.fixture(scope="module")
def evidence():
    return NBEvidence.fit(TEXTS, LABELS)


@on_one_backend
def test_ratios_and_logit_are_those_of_the_equations(evidence):
    """p and q by counting; the logistic regression by scikit-learn on what was counted."""
    from sklearn.linear_model import LogisticRegression

    def grams(text):
        words = text.split()
        return {tuple(words[k : k + n]) for n in (1, 2, 3) for k in range(len(words) - n + 1)}

    known = sorted(set().union(*map(grams, TEXTS)))
    table = np.array([[gram in grams(text) for gram in known] for text in TEXTS], float)
    y = np.array(LABELS)
    p, q = 1 + table[y == 1].sum(0), 1 + table[y == 0].sum(0)
    ratio = np.log(p / p.sum()) - np.log(q / q.sum())
    rows = table * ratio
    rows = rows / np.sqrt((rows**2).sum(1, keepdims=True))
    model = LogisticRegression(C=100.0, solver="liblinear", dual=True, max_iter=9000, tol=1e-8)
    model.fit(rows, y)
    w = dict(zip(known, model.coef_[0] * ratio))
    assert len(evidence.keys) == len(known)
    logits = model.decision_function(rows)
    got = np.array([evidence.encode(text)["offset"] for text in TEXTS])
    close(got * evidence.spread, logits, 1e-2)
    scale = 0.2 / np.mean(np.abs(list(w.values())))
    seen = evidence.encode("a good film")["evidence"]
    expected = [
        [w["a",], 0, 0],
        [w["good",], w["a", "good"], 0],
        [w["film",], w["good", "film"], w["a", "good", "film"]],
    ]
    close(seen, np.clip(np.array(expected) * scale, -CLIP, CLIP), 2e-2)


@on_one_backend
def test_what_is_unknown_says_nothing(evidence):
    row = evidence.encode("an utterly unheard play")
    assert not row["evidence"].any()
    close(row["offset"] * evidence.spread, evidence.bias, 1e-5)
    assert evidence.encode("")["evidence"].shape == (1, 3)
    assert evidence.encode("a good film " * 200, 10)["evidence"].shape == (10, 3)


@on_one_backend
def test_it_comes_back_from_its_config(evidence):
    again = NBEvidence.from_config(evidence.to_config())
    assert again.to_config() == evidence.to_config()
    close(again.encode("not a bad film")["evidence"], evidence.encode("not a bad film")["evidence"])


@on_one_backend
def test_out_of_fold_evidence_comes_from_other_texts():
    """A word that one text alone has, twice, can say nothing about that text."""
    texts, labels = [*TEXTS, "unique", "unique"], [*LABELS, 1, 1]
    inside = NBEvidence.fit(texts, labels).encode("unique")["evidence"]
    assert inside[0, 0] > 0
    rows = out_of_fold(texts, labels, folds=len(texts))
    assert not rows[-1]["evidence"].any()
    close(np.std([row["offset"] for row in rows]), 1, 1e-5)


@on_one_backend
def test_the_classifier_adds_what_it_says(evidence, rng):
    model = zoo.EvidenceClassifier(VOCABULARY, evidence, units=4, embedding_dim=4, seed=1)
    model.build()
    batch = model.batches(TEXTS[:4], shuffle=False, batch_size=4)[0][0]
    assert batch["evidence"].dtype == batch["offset"].dtype == np.float32
    logit, part = numpy(model(batch)).T
    assert not part.any()
    model.trust.assign(0.0)
    offsets = np.array([evidence.encode(text)["offset"] for text in TEXTS[:4]])
    close(logit - numpy(model(batch))[:, 0], offsets, 1e-4)
    batch["evidence"] = batch["evidence"] * 0
    assert np.abs(numpy(model(batch))[:, 0] - logit + offsets).max() > 1e-4
    model.trust.assign(1.0)
    model.balance(TEXTS)
    logits = model.logits(TEXTS)
    close(0.5 * logits.std(0)[0], logits.std(0)[1], 1e-3)
    alone = np.concatenate([model.logits([text]) for text in TEXTS[:4]])
    close(alone, logits[:4], 1e-4)


def test_it_learns_and_comes_back_from_its_file(tmp_path):
    part = Split(TEXTS, LABELS)
    changes = {"evidence": True, "units": 4, "embedding_dim": 4, "architecture": "rnn-attention"}
    model = build_classifier(TEXTS, SAMPLE, 0, labels=LABELS, **changes)
    fit_classifier(model, part, part, SAMPLE)
    assert ((model.logits(TEXTS).sum(-1) > 0) == np.array(LABELS)).mean() > 0.9
    model.save(tmp_path / "model.keras")
    loaded = zoo.TextClassifier.load(tmp_path / "model.keras")
    assert isinstance(loaded, zoo.EvidenceClassifier)
    close(loaded.logits(TEXTS), model.logits(TEXTS), 1e-5)
    assert len(loaded.attention("a good film")) == 3


@on_one_backend
@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"evidence": None}, "must be an NBEvidence"),
        ({"bag": True}, "has no `bag`"),
        ({"convolution": 3}, "has no `convolution`"),
    ],
)
def test_what_is_refused(options, match, evidence):
    with pytest.raises((TypeError, ValueError), match=match):
        zoo.EvidenceClassifier(VOCABULARY, **{"evidence": evidence, **options})
    with pytest.raises(ValueError, match="No n-gram is in 9 texts"):
        NBEvidence.fit(["a", "b"], [0, 1], min_df=9)
