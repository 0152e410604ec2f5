"""The sequence classifier: what it computes, its one file, and what it refuses."""

import json

import numpy as np
import pytest
from helpers import close, numpy
from running import fresh, on_one_backend, other_backend, some

from keras_rnnzoo.datasets.sequences import Sequences
from keras_rnnzoo.models.sequence_classifier import SequenceClassifier, scaling_of
from keras_rnnzoo.models.sequence_network import (
    ChannelJitter,
    MembersAccuracy,
    MembersCrossentropy,
)

CHANNELS, CLASSES = ("x", "y"), ("left", "right", "up")
LENGTHS = (1, 4, 9, 6)
LOAD = """
import json, sys
import numpy as np
from keras_rnnzoo.models.sequence_classifier import SequenceClassifier
model = SequenceClassifier.load(sys.argv[1])
print(json.dumps(model.predict([np.array(x) for x in json.loads(sys.argv[2])]).tolist()))
"""


def make(rng=None, **options):
    """A tiny model; with `rng`, weights so large that every part of it is heard."""
    options = {"units": 4, "seed": 1, "mean": [5.0, -1.0], "sd": [2.0, 0.5], **options}
    model = SequenceClassifier(CHANNELS, CLASSES, **options)
    model.build()
    for weight in model.trainable_weights if rng is not None else ():
        weight.assign(rng.normal(size=weight.shape).astype("float32") * 0.6)
    return model


def walks(rng, lengths=LENGTHS):
    return [rng.normal(size=(length, 2)) * [2, 0.5] + [5, -1] for length in lengths]


def softmax(logits):
    shares = np.exp(logits - logits.max(-1, keepdims=True))
    return shares / shares.sum(-1, keepdims=True)


# What it computes


@pytest.mark.parametrize("pooling", some(["last", "max", "mean", "max+mean"]))
def test_probabilities_are_those_of_each_sequence_alone(rng, pooling):
    """Against the cell, step by step, on scaled values without padding."""
    model = make(rng, pooling=pooling, bidirectional=False, cell="mgu")
    values, expected = walks(rng), []
    network = model.networks[0]
    cell = network.recurrent.recurrent_layers[0].cell
    for value in values:
        states, outputs = cell.get_initial_state(1), []
        for step in (value - [5, -1]) / [2, 0.5]:
            output, states = cell(step[None].astype("float32"), states)
            outputs.append(numpy(output)[0])
        y = np.stack(outputs)
        parts = {"last": y[-1], "max": y.max(0), "mean": y.mean(0)}
        pooled = np.concatenate([parts[part] for part in pooling.split("+")])
        expected.append(softmax(pooled @ numpy(network.logits.kernel) + numpy(network.logits.bias)))
    got = model.predict(values)
    close(got, np.stack(expected))
    close(got.sum(-1), np.ones(4))
    assert model.predict_classes(values) == [CLASSES[k] for k in got.argmax(-1)]


@on_one_backend
@pytest.mark.parametrize(
    "options",
    [
        {"convolution": 3, "filters": 5, "depth": 2, "connections": "residual", "units": [4, 8]},
        {"pooling": "last", "cell": "peephole_lstm", "merge_mode": "sum", "members": 2},
    ],
    ids=["convolution", "members"],
)
def test_neither_padding_nor_neighbours_change_a_prediction(rng, options):
    model, values = make(rng, **options), walks(rng)
    together = model.predict(values)
    close(np.concatenate([model.predict([value]) for value in values]), together)
    close(model.predict(values[::-1])[::-1], together)
    inputs, *_ = model.batches(values, batch_size=4, lengths=[9], shuffle=False)[0]
    padded = {
        name: np.pad(a, [(0, 0), (0, 7)] + [(0, 0)] * (a.ndim - 2)) for name, a in inputs.items()
    }
    close(model(padded), numpy(model(inputs)))
    padded["values"][~padded["mask"]] = 1e3
    close(model(padded), numpy(model(inputs)))


@on_one_backend
def test_members_are_averaged_and_convolutions_join_the_channels(rng):
    model, values = make(rng, members=3, convolution=3, filters=5), walks(rng)
    (inputs,) = model.batches(values, batch_size=4, shuffle=False)[0]
    logits = numpy(model(inputs))
    assert logits.shape == (4, 3, 3) == model.compute_output_shape({"values": (4, 9, 2)})
    batches = model.batches(values, batch_size=4, shuffle=False)
    close(model.predict(values), softmax(batches.restore(logits).astype("float64")).mean(1))
    assert np.abs(logits[:, 0] - logits[:, 1]).max() > 1e-3
    assert model.networks[0].recurrent.recurrent_layers[0].forward_layer.cell.kernel.shape[0] == 7


def test_loss_and_accuracy_of_members():
    logits = np.array([[[2.0, 0.0, 1.0], [0.0, 3.0, 1.0]], [[0.0, 0.0, 5.0], [1.0, 0.0, 1.0]]])
    y = np.eye(3)[[1, 2]]
    logs = np.log(softmax(logits))
    expected = -(np.array([1, 1])[:, None] * np.take_along_axis(
        logs, np.array([1, 2])[:, None, None], -1)[..., 0]).mean()  # fmt: skip
    assert float(MembersCrossentropy()(y, logits)) == pytest.approx(expected, rel=1e-5)
    smooth = float(MembersCrossentropy(0.3)(y, logits))
    assert smooth == pytest.approx(0.7 * expected - 0.3 * logs.mean(), rel=1e-5)
    accuracy = MembersAccuracy()
    accuracy.update_state(y, logits)
    means = softmax(logits).mean(1).argmax(-1)
    assert float(accuracy.result()) == pytest.approx((means == [1, 2]).mean())


@on_one_backend
@pytest.mark.parametrize(
    "rates",
    [{"noise": 0.5}, {"jitter": 0.5}, {"dropout": 0.5}, {"cell_options": {"zoneout": 0.5}}],
    ids=lambda rates: next(iter(rates)),
)
def test_noise_acts_in_training_alone(rng, rates):
    model = make(rng, **{"dropout": 0.0, **rates})
    (inputs,) = model.batches(walks(rng), batch_size=4, shuffle=False)[0]
    quiet = numpy(model(inputs))
    first, second = (numpy(model(inputs, training=True)) for _ in range(2))
    assert np.abs(first - second).max() > 1e-4
    close(model(inputs), quiet, 1e-7)
    silent = make(rng, dropout=0.0)
    close(silent(inputs, training=True), numpy(silent(inputs)), 1e-7)


def test_jitter_is_one_gain_and_offset_for_a_sequence_and_channel():
    x = np.tile(np.array([[0.0, 1.0], [1.0, 2.0], [-3.0, 5.0]], "float32"), (500, 1, 1))
    layer = ChannelJitter(0.3, seed=1)
    y = numpy(layer(x, training=True))
    gain = y[:, 1] - y[:, 0]
    offset = y[:, 0] - gain * x[:, 0]
    close(y, gain[:, None] * x + offset[:, None], 1e-4)
    for drawn, mean in ((gain, 1), (offset, 0)):
        assert drawn.mean() == pytest.approx(mean, abs=0.04)
        assert drawn.std() == pytest.approx(0.3, abs=0.03)
    assert abs(np.corrcoef(gain[:, 0], gain[:, 1])[0, 1]) < 0.2
    assert np.array_equal(numpy(layer(x)), x)


@on_one_backend
def test_predict_takes_what_a_user_has(rng):
    model, values = make(rng), walks(rng)
    many = model.predict(values)
    one = model.predict(values[2])
    assert one.shape == (3,) and isinstance(model.predict_classes(values[2]), str)
    close(one, many[2])
    close(model.predict(Sequences(values, None, channels=CHANNELS)), many)
    close(model.predict(Sequences(values, ["up"] * 4, CLASSES, CHANNELS)), many)
    close(model.predict(np.stack([values[1]] * 2)), many[[1, 1]])
    close(model.predict([value.tolist() for value in values]), many)
    assert model.predict([]).shape == (0, 3)
    (inputs,) = model.batches(values, batch_size=4, shuffle=False)[0]
    assert model.predict(inputs, verbose=0).shape == (4, 1, 3)
    plain = SequenceClassifier(1, ["a", "b"], units=3)
    assert plain.channels == ("0",) and plain.predict([[1.0, 2.0]]).shape == (1, 2)
    far = make(rng, mean=[1e9, -1.0])  # scaled in double precision
    near = make(np.random.default_rng(7))
    far.set_weights(near.get_weights())
    close(far.predict([value + [1e9 - 5, 0] for value in values]), near.predict(values), 1e-4)


@on_one_backend
def test_scaling_is_that_of_all_steps_of_the_training_part(rng):
    values = walks(rng, (3, 50))
    found = scaling_of(Sequences(values, ["left", "up"], CLASSES, CHANNELS))
    close(found["mean"], np.concatenate(values).mean(0))
    close(found["sd"], np.concatenate(values).std(0))
    scaled = np.concatenate(make(**found).scale(values))
    close(scaled.mean(0), [0, 0], 1e-5)
    close(scaled.std(0), [1, 1], 1e-5)
    for value in values:
        value[:, 1] = 0.1
    with pytest.raises(ValueError, match="Channel y has the same value"):
        scaling_of(Sequences(values, None, channels=CHANNELS))


# One file


@on_one_backend
@pytest.mark.parametrize("backend", [other_backend()])
def test_a_saved_model_predicts_the_same_in_a_fresh_process(rng, tmp_path, backend):
    options = {"members": 2, "convolution": 3, "cell_options": {"zoneout": 0.1}, "cell": "mgu"}
    model, values = make(rng, **options), walks(rng)
    path = tmp_path / "new" / "model.keras"
    model.save(path)
    texts = json.dumps([value.tolist() for value in values])
    said = json.loads(fresh(LOAD, path, texts, backend=backend))
    close(said, model.predict(values))


def test_a_loaded_model_is_the_same_and_trains_on(rng, tmp_path):
    model, path = make(rng, label_smoothing=0.1, jitter=0.1), tmp_path / "model.keras"
    model.save(path)
    loaded = SequenceClassifier.load(path)
    assert loaded.get_config() == model.get_config()
    before = loaded.get_weights()
    batches = loaded.batches(walks(rng), ["up", "left", "right", "up"], batch_size=4)
    history = loaded.fit(batches, shuffle=False, verbose=0).history
    assert set(history) == {"loss", "accuracy"} and np.isfinite(history["loss"]).all()
    for old, new in zip(before, loaded.get_weights()):
        assert np.abs(old - new).max() > 0
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ValueError, match="damaged"):
        SequenceClassifier.load(path)
    with pytest.raises(FileNotFoundError, match="no saved SequenceClassifier"):
        SequenceClassifier.load(tmp_path / "none.keras")


# What cannot be


@on_one_backend
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"cell": "peephole_lstn"}, ValueError, "peephole_lstm"),
        ({"unit": 3}, TypeError, "no option `unit`. Did you mean 'units'"),
        ({"units": 0}, ValueError, "units=0"),
        ({"depth": 0}, ValueError, "depth=0"),
        ({"merge_mode": "conct"}, ValueError, "Did you mean 'concat'"),
        ({"connections": "resdual"}, ValueError, "Did you mean 'residual'"),
        ({"pooling": "maxmean"}, ValueError, "Did you mean 'max[+]mean'"),
        ({"cell_options": {"zonout": 0.1}}, TypeError, "Did you mean 'zoneout'"),
        ({"convolution": 0}, ValueError, "convolution=0"),
        ({"convolution": 3, "filters": 0}, ValueError, "filters=0"),
        ({"dropout": 1.0}, ValueError, "dropout=1.0"),
        ({"noise": -0.1}, ValueError, "noise=-0.1"),
        ({"jitter": float("nan")}, ValueError, "jitter=nan"),
        ({"label_smoothing": 1.0}, ValueError, "label_smoothing=1.0"),
        ({"members": 0}, ValueError, "members=0"),
        ({"mean": [1.0]}, ValueError, r"each of the 2 channels.*mean=\[1.0\]"),
        ({"sd": [1.0, 0.0]}, ValueError, r"sd=\[1.0, 0.0\]"),
        ({"mean": [1.0, float("nan")]}, ValueError, "nan"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_options_that_cannot_be_are_refused_with_a_hint(options, error, message):
    with pytest.raises(error, match=message):
        make(**options)


@on_one_backend
def test_names_that_cannot_be():
    for channels, classes, message in (
        (0, CLASSES, "channels=0"),
        ([], CLASSES, "`channels` must name 1"),
        (["x", "x"], CLASSES, "each once"),
        (2, ["one"], "`classes` must name 2 or more"),
        (2, ["a", "a"], "each once"),
    ):
        with pytest.raises(ValueError, match=message):
            SequenceClassifier(channels, classes)


@on_one_backend
def test_sequences_that_cannot_be_are_named(rng):
    model, values = make(), walks(rng)
    values[2][3, 1] = np.nan
    with pytest.raises(ValueError, match="Sequence 2, step 3, channel y: .*nan"):
        model.predict(values)
    values[2][3, 1] = -np.inf
    with pytest.raises(ValueError, match="Sequence 2, step 3, channel y: .*-inf"):
        model.batches(values, [0, 1, 2, 0])
    with pytest.raises(ValueError, match=r"Sequence 1: .*\(time, 2\).*shape \(3, 4\)"):
        model.predict([np.zeros((3, 2)), np.zeros((3, 4))])
    with pytest.raises(ValueError, match="Sequence 0: .*an empty sequence"):
        model.predict([np.zeros((0, 2))])
    good = walks(rng)[:2]
    with pytest.raises(ValueError, match="Sequence 1: .*Did you mean 'right'.*label='rigth'"):
        model.batches(good, ["left", "rigth"])
    with pytest.raises(ValueError, match="label=3"):
        model.batches(good, [0, 3])
    with pytest.raises(ValueError, match="Sequence 1: .*classes left, right, up"):
        model.batches(Sequences(good, ["left", "down"], channels=CHANNELS))
    with pytest.raises(ValueError, match="channels x, y, in this order. Received: y, x"):
        model.predict(Sequences(good, None, channels=("y", "x")))
