"""The CRF in models: learning, its loss and metrics, every kind of model, files, configs."""

import json

import crf_oracle
import keras
import numpy as np
import pytest
from crf_cases import NAMES, TAGS, random_crf, weights_of
from helpers import BACKEND, close, numpy
from keras.src.testing import TestCase
from running import on_one_backend, some
from test_saving import INSTALLED, python

from keras_rnnzoo import CRF, CRFLoss, TagAccuracy

ROWS, TIME, SIZE = 16, 5, 3


def task():
    """Tags go round 0, 1, 2; the first word alone tells where they start, so a `Dense` cannot know.

    Rows have one to five words, and are padded with zeros.
    """
    rng = np.random.default_rng(1)
    start, lengths = np.arange(ROWS) % SIZE, rng.integers(2, TIME + 1, ROWS)
    words = np.full((ROWS, TIME), 4, "int32")
    words[:, 0] = start + 1
    tags = (start[:, None] + np.arange(TIME)) % SIZE
    valid = np.arange(TIME) < lengths[:, None]
    return words * valid, np.where(valid, tags, 999).astype("int32"), valid


def layers(**options):
    return [
        keras.layers.Embedding(6, 8, mask_zero=True),
        keras.layers.Dense(SIZE),
        CRF(SIZE, **options),
    ]


def build(metrics=True, learning_rate=0.1, **options):
    model = keras.Sequential([keras.Input((None,), dtype="int32"), *layers()])
    return compiled(model, metrics, learning_rate, **options)


def compiled(model, metrics=True, learning_rate=0.1, **options):
    metrics = [TagAccuracy()] if metrics else None
    model.compile(keras.optimizers.Adam(learning_rate), CRFLoss(), metrics=metrics, **options)
    return model


def by_hand(model, words, tags, valid):
    """The negative log-likelihood of each row, by all its paths."""
    scores = keras.Sequential(model.layers[:-1])(words)
    listed = crf_oracle.rows(numpy(scores), valid, weights_of(model.layers[-1]))
    return np.array([-row.log_likelihood(y) for row, y in zip(listed, tags)])


# Learning --------------------------------------------------------------------------------------


def test_learns_what_a_dense_layer_cannot():
    words, tags, valid = task()
    model = build(metrics=False)
    model.compile(
        keras.optimizers.Adam(0.1), CRFLoss(), metrics=[TagAccuracy(), keras.metrics.Accuracy()]
    )
    history = model.fit(words, tags, epochs=12, batch_size=8, verbose=0).history
    assert history["loss"][-1] < 0.2 * history["loss"][0]
    without_the_tag_before = (ROWS + (valid.sum() - ROWS) / SIZE) / valid.sum()
    assert history["tag_accuracy"][-1] > 0.95 > without_the_tag_before + 0.2
    found = model.evaluate(words, tags, batch_size=8, verbose=0, return_dict=True)
    close(found["loss"], by_hand(model, words, tags, valid).mean(), 1e-4)
    predicted = model.predict(words, batch_size=8, verbose=0)
    assert predicted.dtype == "int32" and predicted.shape == (ROWS, TIME)
    right = (predicted == tags)[valid].mean()
    close([found["tag_accuracy"], found["accuracy"]], [right, right])
    # longer rows, another number of them: time and batch are unknown to the model
    assert model.predict(np.ones((3, 7), "int32"), verbose=0).shape == (3, 7)


def test_unknown_targets_weights_and_shapes_of_targets():
    """A third of the tags unknown, and given as (batch, time, 1)."""
    words, tags, valid = task()
    known = np.random.default_rng(2).random(tags.shape) < 0.67
    partly = np.where(known, tags, -1)
    model = build()
    history = model.fit(words, partly[..., None], epochs=12, batch_size=8, verbose=0).history
    assert history["loss"][-1] < 0.3 * history["loss"][0]
    losses = by_hand(model, words, partly, valid)
    weight = np.linspace(0.0, 2.0, ROWS)
    found = model.evaluate(
        words, partly[..., None], sample_weight=weight, batch_size=8, verbose=0, return_dict=True
    )
    close(found["loss"], np.mean(weight * losses), 1e-4)
    counted = (known & valid) * weight[:, None]
    right = model.predict(words, batch_size=8, verbose=0) == tags
    close(found["tag_accuracy"], (counted * right).sum() / counted.sum())


class Tagger(keras.Model):
    """A subclassed model, with the CRF called by hand."""

    def __init__(self):
        super().__init__()
        self.embedding, self.dense, self.crf = layers()

    def call(self, words):
        return self.crf(self.dense(self.embedding(words)))


def functional():
    words = keras.Input((None,), dtype="int32")
    x = words
    for layer in layers():
        x = layer(x)
    return keras.Model(words, x)


def nested():
    words = keras.Input((None,), dtype="int32")
    embedding, *rest = layers()
    vectors = keras.Input((None, 8))
    inner = keras.Model(vectors, rest[1](rest[0](vectors)))
    return keras.Model(words, inner(embedding(words)))


# Keras warns that the mask ends at an inner model; the CRF within gets it all the same.
@pytest.mark.filterwarnings("ignore:Layer 'functional:UserWarning")
@pytest.mark.parametrize("make", some([functional, nested, Tagger]))
def test_kinds_of_models(make):
    words, tags, valid = task()
    model, plain = compiled(make()), build()
    model(words)
    plain.set_weights([numpy(w) for w in model.weights])
    expected = by_hand(plain, words, tags, valid).mean()
    before, _ = model.train_on_batch(words, tags)
    close(before, expected, 1e-4)
    after = [keras.ops.convert_to_numpy(w) for w in model.trainable_variables]
    assert all((a != b).any() for a, b in zip(after, plain.get_weights()))


def test_nan_in_a_compiled_step_is_a_nan_loss_not_a_crash():
    """A target beyond the tags is refused where it can be seen, never learnt from in silence."""
    words, tags, _ = task()
    tags[3, 0] = SIZE
    model = build(metrics=False)
    if BACKEND == "torch":
        with pytest.raises(ValueError, match="3 tags, 0 to 2. Received: tag 3 at row 3, step 0"):
            model.train_on_batch(words, tags)
    else:
        assert np.isnan(model.train_on_batch(words, tags))


@pytest.mark.skipif(BACKEND != "tensorflow", reason="only there is XLA an option")
def test_compiled_by_xla_on_tensorflow():
    words, tags, valid = task()
    tags[0, 1] = -1
    model = build(metrics=False, jit_compile=True)
    expected = by_hand(model, words, tags, valid).mean()
    close(model.train_on_batch(words, tags), expected, 1e-4)
    assert by_hand(model, words, tags, valid).mean() < expected


# Files and configs -----------------------------------------------------------------------------

LOADER = """
import json, pathlib, sys
import numpy as np
import keras
import keras_rnnzoo

folder = pathlib.Path(sys.argv[1])
with np.load(folder / "task.npz") as file:
    words, tags = file["words"], file["tags"]
model = keras.models.load_model(folder / "crf.keras", safe_mode=True)
before = model.evaluate(words, tags, batch_size=8, verbose=0)
if sys.argv[2] != keras.backend.backend():  # the file keeps the optimizer of its own backend
    model.compile(keras.optimizers.Adam(0.01), model.loss, metrics=[keras_rnnzoo.TagAccuracy()])
model.fit(words, tags, batch_size=8, epochs=1, shuffle=False, verbose=0)
after = model.evaluate(words, tags, batch_size=8, verbose=0)
predicted = model.predict(words, batch_size=8, verbose=0).tolist()
print(json.dumps([keras.backend.backend(), before, after, predicted]))
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with a trained model, and what it gives here before and after one more epoch."""
    folder = tmp_path_factory.mktemp("crf")
    words, tags, _ = task()
    np.savez(folder / "task.npz", words=words, tags=tags)
    options = {"batch_size": 8, "verbose": 0}
    model = build(learning_rate=0.01)
    model.fit(words, tags, epochs=2, **options)
    model.save(folder / "crf.keras")
    before = model.evaluate(words, tags, **options)
    model.fit(words, tags, shuffle=False, **options)
    return folder, before, model.evaluate(words, tags, **options)


@on_one_backend
@pytest.mark.parametrize("backend", INSTALLED)
def test_files_load_compiled_in_a_fresh_process(backend, trained):
    folder, before, after = trained
    output = python(LOADER, folder, BACKEND, backend=backend, TF_CPP_MIN_LOG_LEVEL="3")
    used, *found, predicted = json.loads(output.splitlines()[-1])
    assert used == backend
    close(found[0], before, 1e-4)
    if backend == BACKEND:  # elsewhere the optimizer starts afresh
        close(found[1], after, 1e-4)
    assert found[1][0] < found[0][0]
    assert np.shape(predicted) == (ROWS, TIME)


def test_config_round_trip(rng):
    """Names, scheme, tables, decoder, initializer, regularizer and policy come back, as JSON."""
    table = np.ones((TAGS, TAGS), bool)
    table[0, 1] = False
    options = {
        "scheme": "IOBES",
        "allowed": {"transition": table, "end": [1, 0, 1, 1, 1]},
        "decoder": "marginal",
        "transition_initializer": keras.initializers.RandomNormal(stddev=0.3, seed=2),
        "transition_regularizer": keras.regularizers.L2(0.1),
        "name": "tags",
        "dtype": "mixed_bfloat16",
    }
    crf, weights = random_crf(rng, tags=NAMES["IOBES"], **options)
    config = json.loads(json.dumps(crf.get_config()))
    again = CRF.from_config(config)
    assert again.get_config() == crf.get_config()
    revived = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(crf))
    assert revived.get_config() == crf.get_config()
    assert again.names == NAMES["IOBES"] and again.decoder == "marginal"
    for name, allowed in weights.allowed.items():
        assert (again.allowed_tables[name] == allowed).all()
    assert not again.allowed_tables["transition"][0, 1] and not again.allowed_tables["end"][1]
    again.build((None, None, TAGS))
    again.set_weights(crf.get_weights())
    close(again.losses[0], 0.1 * np.sum(weights.transition**2), 1e-4)
    close(CRF.from_config(CRF(4).get_config()).size, 4)
    for part in (CRFLoss(reduction="sum", name="nll"), TagAccuracy(name="right")):
        other = type(part).from_config(part.get_config())
        assert other.get_config() == part.get_config() and other.name == part.name


@pytest.fixture
def keras_test():
    test = TestCase()
    test.setUp()
    yield test
    test.doCleanups()
    keras.config.enable_traceback_filtering()


def test_keras_own_layer_test(keras_test):
    keras_test.run_layer_test(
        CRF,
        init_kwargs={"tags": 3},
        input_shape=(2, 4, 3),
        expected_output_shape=(2, 4),
        expected_output_dtype="int32",
        expected_num_trainable_weights=3,
        expected_num_non_trainable_weights=0,
        supports_masking=True,
        run_training_check=False,  # it fits the outputs themselves, and these are whole numbers
        run_mixed_precision_check=False,
    )
