"""The tagger: from tokens to tags, from text to spans, in one file, and trained by a recipe."""

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from helpers import close
from keras import ops
from running import on_one_backend, other_backend

from keras_rnnzoo import training
from keras_rnnzoo.crf import CRFLoss
from keras_rnnzoo.datasets import Tagged
from keras_rnnzoo.datasets.word_features import WordFeatures
from keras_rnnzoo.models import SequenceTagger
from keras_rnnzoo.models.tagger_baselines import MostFrequentTag
from keras_rnnzoo.models.tagger_layers import CharacterReader, WordDropout
from keras_rnnzoo.models.tagger_recipes import (
    SAMPLE,
    TaggerRecipe,
    build_tagger,
    check_types,
    fit_tagger,
    recipe_for,
)

TRAIN = Tagged(
    [["Kim", "saw", "Rome"], ["Ana", "saw", "Oslo"], ["Kim", "saw", "Oslo"], ["dogs", "bark"]] * 2,
    [["B-PER", "O", "B-LOC"]] * 3 + [["O", "O"]] + [["B-PER", "O", "B-LOC"]] * 3 + [["O", "O"]],
)
SMALL = {"units": 4, "embedding_dim": 6, "affix_dim": 3, "character_units": 5}
TEXT = "Kim saw Rome\n\ndogs bark\n\n  Ana saw Oslo"
LOAD = """
import json, sys
from keras_rnnzoo.models import SequenceTagger
model = SequenceTagger.load(sys.argv[1])
print(json.dumps(model.tag(json.loads(sys.argv[2]))))
"""


def make(**options):
    model = SequenceTagger(WordFeatures.fit(TRAIN.tokens), ["LOC", "PER"], **{**SMALL, **options})
    model.build()
    return model


@pytest.fixture(scope="module")
def trained():
    training.set_seed(0)
    recipe = TaggerRecipe(SMALL, epochs=12, learning_rate=0.05, batch_size=4, average=0.5)
    model = build_tagger(TRAIN, recipe, seed=0)
    return model, fit_tagger(model, TRAIN, TRAIN, recipe)


def test_it_learns_and_keeps_its_best_epoch(trained):
    model, history = trained
    scores = history["val_f1"]
    assert len(scores) == 12 and max(scores) == 1.0
    assert history["best_epoch"] == int(np.argmax(scores)) + 1
    assert model.tag_tokens(TRAIN.tokens) == TRAIN.tags


def test_spans_of_a_text_are_where_they_stand(trained):
    model, _ = trained
    entities = model.tag(TEXT)
    assert [(e.text, e.type) for e in entities] == [
        ("Kim", "PER"),
        ("Rome", "LOC"),
        ("Ana", "PER"),
        ("Oslo", "LOC"),
    ]
    assert all(TEXT[e.start : e.stop] == e.text and 0.3 < e.score <= 1 for e in entities)


@on_one_backend
def test_documents_are_tagged_as_each_alone(trained):
    model, _ = trained
    documents = [TEXT, "", "  \n ", "Kim saw Oslo"]
    together = model.tag(documents)
    assert [len(found) for found in together] == [4, 0, 0, 2]
    for document, found in zip(documents, together):
        for ours, theirs in zip(model.tag(document), found, strict=True):
            assert ours[:4] == theirs[:4]
            assert ours.score == pytest.approx(theirs.score, abs=2e-4)
    assert model.tag([]) == []
    assert model.tag(document for document in documents) == together


@on_one_backend
def test_the_score_of_an_entity_is_its_probability(trained):
    """Against the likelihood of all paths that have its tags, by way of unknown targets."""
    model, _ = trained
    tokens = ["Kim", "saw", "Rome"]
    (inputs,) = model.batches([tokens], batch_size=1, shuffle=False)[0]
    mask = inputs["words"] != 0
    scores = ops.convert_to_numpy(model.network.predict_on_batch(inputs))
    known = np.full(mask.shape, -1)
    known[0, 2] = model.tag_names.index("S-LOC")
    chance = float(np.exp(ops.convert_to_numpy(
        model.crf.log_likelihood(scores, known, mask=mask))[0]))  # fmt: skip
    (entity,) = [e for e in model.tag("Kim saw Rome") if e.type == "LOC"]
    assert entity.score == pytest.approx(chance, abs=2e-4)


@on_one_backend
def test_a_long_sentence(trained):
    model, _ = trained
    tags = model.tag_tokens([["Kim", *["saw"] * 1000]])
    assert len(tags[0]) == 1001


@on_one_backend
@pytest.mark.parametrize("backend", [other_backend()])
def test_a_saved_tagger_tags_the_same_in_a_fresh_process(trained, tmp_path, backend):
    model, _ = trained
    path = tmp_path / "new" / "tagger.keras"
    model.save(path)
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", LOAD, str(path), json.dumps(TEXT)],
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for ours, theirs in zip(model.tag(TEXT), json.loads(done.stdout.splitlines()[-1]), strict=True):
        assert list(ours[:4]) == theirs[:4]
        assert ours.score == pytest.approx(theirs[4], abs=2e-4)


@on_one_backend
def test_a_loaded_tagger_is_the_same_and_trains_on(trained, tmp_path):
    model, _ = trained
    path = tmp_path / "tagger.keras"
    model.save(path)
    loaded = SequenceTagger.load(path)
    assert loaded.get_config() == model.get_config()
    history = loaded.fit(
        loaded.batches(TRAIN.tokens, TRAIN.tags, batch_size=4), shuffle=False, verbose=0
    ).history
    assert np.isfinite(history["loss"]).all() and set(history) == {"loss", "tag_accuracy"}
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ValueError, match="damaged"):
        SequenceTagger.load(path)
    with pytest.raises(FileNotFoundError, match="no saved SequenceTagger"):
        SequenceTagger.load(tmp_path / "none.keras")


@on_one_backend
@pytest.mark.parametrize(
    "options",
    [
        {"head": "softmax", "characters": None},
        {"scheme": "IOB2", "cell": "gru", "characters": "birnn", "depth": 2},
    ],
    ids=["softmax", "birnn"],
)
def test_variants_train_and_give_legal_tags(options):
    model = make(**options)
    model.compile()
    train = model.batches(TRAIN.tokens, TRAIN.tags, batch_size=8)
    before = [np.array(w) for w in model.get_weights()]
    model.fit(train, shuffle=False, verbose=0)
    moved = [np.abs(new - old).max() > 0 for new, old in zip(model.get_weights(), before)]
    assert sum(moved) >= len(model.trainable_variables) - 1
    tags = model.tag_tokens(TRAIN.tokens[:4])
    for sentence in tags:
        model.encode_tags(sentence)  # which refuses what is not legal


@on_one_backend
def test_a_softmax_head_is_trained_by_the_cross_entropy_of_each_tag():
    model = make(head="softmax")
    inputs, tags, _ = model.batches(TRAIN.tokens, TRAIN.tags, batch_size=8)[0]
    scores = ops.convert_to_numpy(model.network(inputs)).astype("float64")
    chances = scores - np.log(np.exp(scores).sum(-1, keepdims=True))
    told = np.take_along_axis(chances, np.maximum(tags, 0)[..., None], -1)[..., 0]
    expected = -(told * (tags >= 0)).sum(1).mean()
    got = ops.convert_to_numpy(ops.stop_gradient(CRFLoss()(tags, model(inputs))))
    close(got, expected, tolerance=1e-4)


@on_one_backend
def test_padding_changes_no_score():
    model = make()
    short = model.batches([["Kim", "saw", "Rome"]], batch_size=1, lengths=[8], shuffle=False)
    long = model.batches([["Kim", "saw", "Rome"]], batch_size=1, lengths=[16], shuffle=False)
    a, b = (ops.convert_to_numpy(model.network(x[0][0]))[:, :3] for x in (short, long))
    close(a, b, tolerance=1e-5)


def test_a_word_is_hidden_as_often_as_it_is_rare():
    layer = WordDropout([0, 0, 1, 9], strength=1.0, seed=0)
    words = np.tile([[2, 3, 0, 1]], (4000, 1)).astype("int32")
    kept = ops.convert_to_numpy(layer(words))
    np.testing.assert_array_equal(kept, words)
    drawn = ops.convert_to_numpy(layer(words, training=True))
    shares = (drawn == 1).mean(0)
    assert shares[0] == pytest.approx(0.5, abs=0.03)
    assert shares[1] == pytest.approx(0.1, abs=0.03)
    assert shares[2] == 0 and shares[3] == 1


@on_one_backend
def test_characters_are_read_the_same_whatever_the_padding(rng):
    letters = rng.integers(3, 20, size=(2, 3, 6)).astype("int32")
    letters[0, 1] = 0
    padded = np.pad(letters, [(0, 0), (0, 0), (0, 4)])
    for reader, units in (("cnn", 4), ("birnn", 5)):
        layer = CharacterReader(20, units, reader, cell="gru")
        short, long = (ops.convert_to_numpy(layer(x)) for x in (letters, padded))
        assert short.shape == (2, 3, units) and not short[0, 1].any()
        close(short, long, tolerance=1e-5)


@on_one_backend
def test_vectors_of_a_file_start_the_embeddings(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("kim 1 2 3\nbergen 4 5 6\nunused 7 8 9\n", encoding="utf-8")
    model = build_tagger(TRAIN, SAMPLE, vectors=path, also=[["Bergen", "Nowhere"]], **SMALL)
    table = ops.convert_to_numpy(model.network.words.embeddings)
    assert table.shape[1] == 3
    ids = {word: k + 2 for k, word in enumerate(model.features.words)}
    assert table[ids["kim"]].tolist() == [1, 2, 3] and table[ids["bergen"]].tolist() == [4, 5, 6]
    assert "nowhere" not in ids and "unused" not in ids


@on_one_backend
def test_the_most_frequent_tag():
    plain = MostFrequentTag(Tagged([["May", "May", "May", "x"]], [["O", "B-PER", "B-PER", "O"]]))
    assert plain.tag_tokens([["May", "x", "y"], []]) == [["B-PER", "O", "O"], []]


@on_one_backend
def test_bad_input_is_named():
    model = make()
    with pytest.raises(ValueError, match=r"Sentence 1: The model knows .*'B-ORG' at position 0"):
        model.batches([["a"], ["Acme"]], [["O"], ["B-ORG"]])[0]
    with pytest.raises(ValueError, match="'I-ORG' at token 1 of sentence 0 of the test part"):
        check_types(model, Tagged([["a", "b"]], [["B-PER", "I-ORG"]]), "test")
    with pytest.raises(ValueError, match="position 0"):
        model.batches([["a"]], [["I-PER"]])[0]
    with pytest.raises(ValueError, match="Did you mean 'crf'"):
        make(head="crff")
    with pytest.raises(ValueError, match="Did you mean 'IOB2'"):
        make(scheme="IOB22")
    with pytest.raises(TypeError, match="Did you mean `?'?cell"):
        make(cel="lstm")
    for wrong in ([1], None, b"Kim"):
        with pytest.raises(TypeError, match="must be a string"):
            model.tag(wrong)
    for wrong in ("Kim", ["Kim saw"], [["Kim"], ["saw", 1]]):
        with pytest.raises(
            TypeError, match="list of tokens, which are strings. Received: sentence"
        ):
            model.tag_tokens(wrong)
    with pytest.raises(ValueError, match="batch_size=0"):
        model.tag(TEXT, batch_size=0)
    with pytest.raises(TypeError, match="WordFeatures"):
        SequenceTagger(None, ["LOC"])
    with pytest.raises(ValueError, match="one at least"):
        SequenceTagger(WordFeatures.fit(TRAIN.tokens), [])


@on_one_backend
def test_recipes_follow_the_number_of_sentences():
    class Corpus:
        source, train = "files", range(3000)

    few = recipe_for(Corpus)
    Corpus.train = range(20_000)
    many = recipe_for(Corpus)
    assert few.swap > 0 == many.swap and few.epochs > many.epochs
    Corpus.source = "sample"
    assert recipe_for(Corpus) is SAMPLE
    with pytest.raises(ValueError, match="epochs=0"):
        TaggerRecipe(epochs=0)


@on_one_backend
def test_scores_with_nan_are_refused():
    model = make()
    kernel = model.network.scores.bias
    kernel.assign(np.full(kernel.shape, np.nan, "float32"))
    with pytest.raises(ValueError, match="NaN at row 0, step 0"):
        model.tag("Kim saw Rome")


@on_one_backend
def test_keras_predict_gives_tag_numbers():
    model = make()
    (inputs,) = model.batches(TRAIN.tokens[:4], batch_size=4, shuffle=False)[0]
    tags = keras.Model.predict(model, inputs, verbose=0)
    assert tags.shape == (4, 8) and tags.dtype == "int32"
