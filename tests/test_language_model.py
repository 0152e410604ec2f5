"""The language model: what it computes, what it writes, how it scores, and its file."""

import json

import keras
import numpy as np
import pytest
from running import fresh, on_one_backend, other_backend, some

from keras_rnnzoo import LanguageModel
from keras_rnnzoo.models.language_recipes import (
    LanguageRecipe,
    build_language_model,
    fit_language_model,
)
from keras_rnnzoo.models.language_use import Draw

TEXT = "a cab, a bad dab. " * 12
CHARACTERS = "".join(sorted(set(TEXT)))
OPTIONS = (
    {"depth": 2, "cell": "lstm", "dropout": 0.2},
    {"tied": True, "embedding_dim": 5, "cell": "mgu"},
    {"tied": True, "embedding_dim": 6},
    {"embedding_dim": None, "cell": "min_gru", "connections": "residual", "depth": 2},
)


def small(**options):
    return LanguageModel(CHARACTERS, **{"units": 6, "embedding_dim": 4, "seed": 1, **options})


def log_shares(logits):
    logits = np.asarray(logits, "float64")
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


@on_one_backend
@pytest.mark.parametrize("options", some(OPTIONS), ids=str)
def test_scores_are_the_cross_entropy_of_its_logits(options):
    """At once, in windows, and one character after the other; by NumPy from the logits."""
    model = small(**options)
    ids = model.ids(TEXT)
    logits = keras.ops.convert_to_numpy(model(ids[None]))[0]
    expected = -log_shares(logits)[np.arange(len(ids) - 1), ids[1:]]
    np.testing.assert_allclose(model.losses(TEXT), expected, atol=1e-5)
    np.testing.assert_allclose(model.losses(TEXT, window=50), expected, atol=1e-5)
    assert model.nats(TEXT) == pytest.approx(expected.mean(), abs=1e-6)
    assert model.bits(TEXT) == pytest.approx(expected.mean() / np.log(2), abs=1e-6)
    found, states = [], None
    for place in ids[:9]:
        stepped = model.step({"ids": np.array([place], "int32"), "states": states})
        states = stepped["states"]
        found.append(keras.ops.convert_to_numpy(stepped["logits"])[0])
    np.testing.assert_allclose(found, logits[:9], atol=1e-5)


@on_one_backend
def test_rows_are_read_side_by_side_each_from_nothing():
    model = small()
    whole = model.losses(TEXT, rows=4, window=20)
    assert whole.shape == (len(TEXT) - 1,)
    time = -(-(len(TEXT) - 1) // 4)
    for low in range(0, len(TEXT) - 1, time):
        alone = model.losses(TEXT[low : low + time + 1])
        np.testing.assert_allclose(whole[low : low + time], alone, atol=1e-5)


@on_one_backend
def test_what_is_written_follows_from_the_logits_and_the_seed():
    model = small()
    greedy, prompt = "", "a cab"
    for _ in range(8):
        logits = keras.ops.convert_to_numpy(model(model.ids(prompt + greedy)[None]))[0, -1]
        greedy += CHARACTERS[int(logits.argmax())]
    assert model.generate(prompt, 8, temperature=0) == greedy
    assert model.generate(prompt, 8, top_k=1, seed=3) == greedy
    first = model.generate(prompt, 40, seed=3)
    assert first == model.generate(prompt, 40, seed=3) != model.generate(prompt, 40, seed=4)
    assert first.startswith(model.generate(prompt, 7, seed=3)) and set(first) <= set(CHARACTERS)
    # which is drawn with an inverted distribution function, from the shares of the whole text
    random = np.random.default_rng(3)
    logits = keras.ops.convert_to_numpy(model(model.ids(prompt + first)[None]))[0]
    for k, character in enumerate(first[:20]):
        shares = np.sort(np.exp(log_shares(logits[len(prompt) - 1 + k])))[::-1]
        order = np.argsort(-logits[len(prompt) - 1 + k], kind="stable")
        place = np.searchsorted(np.cumsum(shares), random.random())
        assert CHARACTERS[order[place]] == character


@on_one_backend
def test_draws_have_the_shares_of_the_softmax():
    logits = np.log([0.5, 0.3, 0.15, 0.05])

    def shares(**options):
        draw = Draw(4, seed=0, **options)
        return np.bincount([draw(logits) for _ in range(4000)], minlength=4) / 4000

    np.testing.assert_allclose(shares(), [0.5, 0.3, 0.15, 0.05], atol=0.03)
    np.testing.assert_allclose(shares(top_k=2), [0.625, 0.375, 0, 0], atol=0.03)
    sharp = np.array([0.5, 0.3, 0.15, 0.05]) ** 2
    np.testing.assert_allclose(shares(temperature=0.5), sharp / sharp.sum(), atol=0.03)
    assert shares(temperature=1e-320)[0] == 1
    assert Draw(3, temperature=0)([0.1, 2, 2]) == 1


def test_it_learns_and_its_file_is_read_in_another_process(tmp_path):
    keras.utils.set_random_seed(0)
    recipe = LanguageRecipe({"units": 12}, 8, 0.03, rows=4, window=10, average=0.9)
    model = build_language_model(CHARACTERS, recipe, seed=0, embedding_dim=8)
    before = model.nats(TEXT)
    history = fit_language_model(model, TEXT, TEXT, recipe)
    assert set(history) == {"loss", "val_loss", "best_epoch"} and len(history["loss"]) == 8
    assert history["loss"][-1] < history["loss"][0] and model.nats(TEXT) < before - 0.5
    best = min(history["val_loss"])
    assert model.nats(TEXT) == pytest.approx(best, abs=1e-5)
    assert history["val_loss"][history["best_epoch"] - 1] == best
    model.save(tmp_path / "model.keras")
    code = (
        "import sys, json, keras_rnnzoo as zoo\n"
        "model = zoo.LanguageModel.load(sys.argv[1])\n"
        "print(json.dumps([model.generate('a', 30, seed=1), model.nats(sys.argv[2])]))"
    )
    line = fresh(code, tmp_path / "model.keras", TEXT, backend=other_backend())
    text, nats = json.loads(line)
    assert text == model.generate("a", 30, seed=1)
    assert nats == pytest.approx(model.nats(TEXT), abs=1e-5)


@on_one_backend
def test_it_comes_back_from_its_config():
    model = small(tied=True, cell="peephole_lstm", cell_options={"zoneout": 0.1}, dropout=0.3)
    config = model.get_config()
    again = LanguageModel.from_config(config)
    assert again.get_config() == config and again.characters == CHARACTERS
    assert [w.shape for w in again.weights] == [w.shape for w in model.weights]


@on_one_backend
def test_half_precision_is_finite_and_close():
    full, half = small(), small(dtype="mixed_bfloat16")
    half.set_weights(full.get_weights())
    assert half.nats(TEXT) == pytest.approx(full.nats(TEXT), abs=0.05)
    assert len(half.generate("a", 5)) == 5


@on_one_backend
@pytest.mark.parametrize(
    "options, said",
    [
        ({"characters": "aab"}, "each once. Received: characters='aab'"),
        ({"characters": "a"}, "two or more characters"),
        ({"units": 0}, "`units` must be a positive integer"),
        ({"dropout": 1.0}, "must lie in"),
        ({"tied": True, "embedding_dim": None}, "tied=True, embedding_dim=None"),
        ({"cell": "gruu"}, "Did you mean 'gru'"),
        ({"cell": "crf"}, "must name a recurrent layer"),
    ],
)
def test_options_that_cannot_be_are_told(options, said):
    with pytest.raises(ValueError, match=said):
        LanguageModel(**{"characters": "ab", "units": 2, **options})


@on_one_backend
def test_what_cannot_be_written_or_scored_is_told():
    model = small()
    with pytest.raises(TypeError, match="Did you mean 'embedding_dim'"):
        small(embeding_dim=3)
    with pytest.raises(TypeError, match="`characters` must be a string"):
        LanguageModel(["a", "b"])
    with pytest.raises(TypeError, match="`prompt` must be a string. Received: prompt=3"):
        model.generate(3, 5)
    with pytest.raises(ValueError, match="text of two or more. Received: validation='a'"):
        fit_language_model(model, TEXT, "a", LanguageRecipe())
    with pytest.raises(ValueError, match="learning_rate=0"):
        LanguageRecipe(learning_rate=0)
    unknown = r"`prompt` holds.*'é' \(U\+00E9\).*Leave them out.*It knows ' ,.abcd'"
    with pytest.raises(ValueError, match=unknown):
        model.generate("é", 5)
    for arguments, said in (
        (("", 5), "`prompt` must have one character or more"),
        (("a", 0), "`length` must be a positive integer"),
        (("a", 5, -0.1), "`temperature` must be a number from 0.*temperature=-0.1"),
        (("a", 5, float("nan")), "temperature=nan"),
        (("a", 5, 1.0, 0), "`top_k` must be a positive integer"),
        (("a", 5, 1.0, 9), "at most 7.*top_k=9"),
        (("a", 5, 1.0, None, -1), "A seed is a whole number from 0"),
    ):
        with pytest.raises(ValueError, match=said):
            model.generate(*arguments)
    with pytest.raises(ValueError, match="two characters or more"):
        model.nats("a")
    with pytest.raises(ValueError, match="`window` must be a positive integer"):
        LanguageRecipe(window=0)
