"""The sequence predictor: what it computes, its scores, its one file, and what it refuses."""

import json

import numpy as np
import pytest
from helpers import close, numpy
from running import fresh, on_one_backend, one, other_backend, some

import keras_rnnzoo
from keras_rnnzoo.datasets.task_sequences import TaskSequences
from keras_rnnzoo.models.forget_start import forget_gates
from keras_rnnzoo.models.predictor_losses import StepLoss, StepMetric
from keras_rnnzoo.models.sequence_predictor import SequencePredictor

LENGTHS = (1, 4, 9, 6, 6)
LOAD = """
import json, sys
import numpy as np
import keras_rnnzoo
model = keras_rnnzoo.SequencePredictor.load(sys.argv[1])
said = model.predict([np.array(x) for x in json.loads(sys.argv[2])])
print(json.dumps([one.tolist() for one in said]))
"""
KINDS = ("binary", "categorical", "values")


def data(rng, kind="binary", every_step=True, ids=False, lengths=LENGTHS, weighted=False):
    """Random sequences with 3 channels, or ids, and targets of 2 outputs, or classes."""
    inputs = [rng.integers(0, 3, n) if ids else rng.normal(size=(n, 3)) for n in lengths]
    shapes = [(n,) if every_step else () for n in lengths]
    if kind == "categorical":
        targets = [rng.integers(0, 2, shape) for shape in shapes]
    elif kind == "binary":
        targets = [rng.integers(0, 2, (*shape, 2)) for shape in shapes]
    else:
        targets = [rng.normal(size=(*shape, 2)) for shape in shapes]
    weights = [np.arange(n) % 3 > 0 for n in lengths] if weighted else None
    return TaskSequences(inputs, targets, kind, 3, 2, weights)


def make(sequences, rng=None, **options):
    """A tiny model; with `rng`, weights so large that every part of it is heard."""
    shape = {"kind": sequences.kind, "every_step": sequences.every_step, "ids": sequences.takes_ids}
    model = SequencePredictor(3, 2, **shape, **{"units": 4, "seed": 1, "cell": "mgu", **options})
    for weight in model.trainable_weights if rng is not None else ():
        weight.assign(rng.normal(size=weight.shape).astype("float32") * 0.6)
    return model


# What it computes


@pytest.mark.parametrize("every_step", [True, False], ids=["every", "last"])
@pytest.mark.parametrize("ids", one([False, True]), ids={False: "values", True: "ids"}.get)
def test_outputs_are_those_of_the_cell_step_by_step(rng, every_step, ids):
    sequences = data(rng, "binary", every_step, ids)
    model = make(sequences, rng)
    cell = model.recurrent.recurrent_layers[0].cell
    for x, got in zip(sequences.inputs, model.predict(sequences)):
        states, outputs = cell.get_initial_state(1), []
        for step in np.eye(3)[x] if ids else x:
            output, states = cell(step[None].astype("float32"), states)
            outputs.append(numpy(output)[0])
        logits = np.stack(outputs) @ numpy(model.head.kernel) + numpy(model.head.bias)
        expected = 1 / (1 + np.exp(-logits))
        close(got, expected if every_step else expected[-1])


@on_one_backend
@pytest.mark.parametrize("every_step", [True, False], ids=["every", "last"])
@pytest.mark.parametrize(
    "options",
    [
        {"depth": 2, "connections": "residual", "units": [3, 4]},
        {"cell": "peephole_lstm", "dropout": 0.3, "cell_options": {"recurrent_dropout": 0.2}},
    ],
    ids=["residual", "peephole"],
)
def test_neither_padding_nor_neighbours_nor_the_future_change_anything(rng, every_step, options):
    sequences = data(rng, "values", every_step)
    model = make(sequences, rng, **options)
    together = model.predict(sequences)
    for k, x in enumerate(sequences.inputs):
        close(model.predict([x])[0], together[k])
        if every_step:
            close(model.predict([x[:3]])[0], together[k][:3])  # later steps are not seen
    inputs, *_ = model.batches(sequences, batch_size=5, lengths=[9], shuffle=False)[0]
    mask = inputs["mask"]
    padded = {"values": np.pad(inputs["values"], [(0, 0), (0, 7), (0, 0)], constant_values=9)}
    padded["values"][:, :9][~mask] = 1e3
    padded["mask"] = np.pad(mask, [(0, 0), (0, 7)])
    got, expected = numpy(model(padded)), numpy(model(inputs))
    if every_step:
        got, expected = got[:, :9][mask], expected[mask]
    close(got, expected)


@on_one_backend
def test_ids_may_be_embedded(rng):
    sequences = data(rng, "categorical", ids=True)
    model = make(sequences, rng, embedding_dim=5)
    assert model.embedding.embeddings.shape == (3, 5)
    said = model.predict(sequences)
    close(said[2].sum(-1), np.ones(9))
    assert np.abs(said[2][1:] - said[2][:-1]).max() > 1e-4
    assert model.compute_output_shape({"ids": (4, 9)}) == (4, 9, 2)


@on_one_backend
def test_what_is_dropped_is_dropped_in_training_alone(rng):
    sequences = data(rng, lengths=(5, 5))
    for options in ({"dropout": 0.5}, {"cell_options": {"recurrent_dropout": 0.5}}):
        model = make(sequences, rng, **options)
        (inputs, *_) = model.batches(sequences, batch_size=2)[0]
        assert "mask" not in inputs, "sequences as long as their batch need none"
        quiet = numpy(model(inputs))
        assert np.abs(numpy(model(inputs, training=True)) - quiet).max() > 1e-4
        close(model(inputs), quiet, 1e-7)


# Scores


@pytest.mark.parametrize("every_step", one([True, False]), ids={True: "every", False: "last"}.get)
@pytest.mark.parametrize("kind", some(KINDS))
def test_scores_by_hand_and_whatever_the_batches(rng, kind, every_step):
    sequences = data(rng, kind, every_step, weighted=every_step)
    model = make(sequences, rng)
    losses, hits, weights = [], [], []
    for k, said in enumerate(model.raw(sequences)):
        y, w = np.atleast_1d(sequences.targets[k]), np.ones(1)
        z = said if every_step else said[None]
        if every_step:
            w = sequences.weights[k]
        elif kind != "categorical":
            y = y[None]
        for step in range(len(z)):
            p = 1 / (1 + np.exp(-z[step].astype("float64")))
            if kind == "values":
                losses.append(((z[step] - y[step]) ** 2).mean())
                hits.append(abs(z[step] - y[step]).mean())
            elif kind == "binary":
                losses.append(-np.log(np.where(y[step] == 1, p, 1 - p)).sum())
                hits.append(((p > 0.5) == y[step]).all())
            else:
                shares = np.exp(z[step].astype("float64"))
                losses.append(-np.log(shares[y[step]] / shares.sum()))
                hits.append(shares.argmax() == y[step])
            weights.append(w[step])
    names = ("mse", "mae") if kind == "values" else ("nll", "accuracy")
    expected = dict(zip(names, (np.average(x, weights=weights) for x in (losses, hits))))
    for size in (1, 7, 512):
        got = model.score(sequences, batch_size=size)
        close([got[name] for name in names], list(expected.values()))
    model.compile()
    for size in (1, 2, 5):
        batches = model.batches(sequences, batch_size=size, shuffle=size == 2)
        got = model.evaluate(batches, verbose=0, return_dict=True)
        for name in names[:1] if kind == "values" else names:
            assert got[name] == pytest.approx(expected[name], rel=1e-5)


@on_one_backend
def test_the_loss_of_a_batch_is_the_mean_over_its_scored_steps(rng):
    sequences = data(rng, weighted=True)
    model = make(sequences, rng)
    model.compile()
    inputs, y, weights = model.batches(sequences, batch_size=8)[0]
    said = numpy(model(inputs))
    steps = (np.logaddexp(0, said) - y * said).sum(-1)
    expected = (steps * weights).sum() / sum(w.sum() for w in sequences.weights)
    assert float(StepLoss("binary")(y, said, sample_weight=weights)) == pytest.approx(
        expected, rel=1e-5
    )
    got = model.test_on_batch(inputs, y, weights, return_dict=True)
    assert got["loss"] == pytest.approx(expected, rel=1e-5)
    assert got["nll"] == pytest.approx(expected, rel=1e-5)


# Starts of forget gates


@on_one_backend
def test_forget_gates_start_where_they_are_told(rng):
    sequences = data(rng)
    for cell, gates in (("lstm", "f"), ("cifg_lstm", "f"), ("peephole_lstm", "f"), ("ran", "f")):
        assert forget_gates(cell) == tuple(gates)
        model = make(sequences, cell=cell, forget_start=-2.0, depth=2)
        for layer in model.recurrent.recurrent_layers:
            names, bias = layer.cell.bias_blocks, numpy(layer.cell.bias).reshape(-1, 4)
            for row, name in zip(bias, names):
                close(row, np.full(4, -2.0 if name in gates else 0.0))
    assert forget_gates("gru") == () and forget_gates("intersection_rnn") == ("g_y", "g_h")
    model = make(sequences, cell="ran", forget_start="chrono", chrono_steps=50)
    i, f = numpy(model.recurrent.recurrent_layers[0].cell.bias).reshape(2, 4)
    close(i, -f)
    model = make(sequences, cell="lstm", units=400, forget_start="chrono", chrono_steps=50)
    i, f, g, o = numpy(model.recurrent.recurrent_layers[0].cell.bias).reshape(4, 400)
    close(i, -f)
    times = np.exp(f)
    assert times.min() >= 1 and times.max() <= 49 and not g.any() and not o.any()
    assert times.mean() == pytest.approx(25, abs=2)
    again = make(sequences, cell="lstm", units=400, forget_start="chrono", chrono_steps=50)
    close(numpy(again.recurrent.recurrent_layers[0].cell.bias)[400:800], f)


# One file


@on_one_backend
@pytest.mark.parametrize("backend", [other_backend()])
def test_a_saved_model_predicts_the_same_in_a_fresh_process(rng, tmp_path, backend):
    sequences = data(rng, "categorical")
    options = {"cell": "lstm", "depth": 2, "connections": "dense", "dropout": 0.1}
    options |= {"cell_options": {"zoneout": 0.1}, "forget_start": "chrono", "chrono_steps": 9}
    model = make(sequences, rng, **options)
    path = tmp_path / "new" / "model.keras"
    model.save(path)
    texts = json.dumps([x.tolist() for x in sequences.inputs])
    said = json.loads(fresh(LOAD, path, texts, backend=backend))
    for got, expected in zip(said, model.predict(sequences)):
        close(got, expected)


def test_a_loaded_model_is_the_same_and_trains_on(rng, tmp_path):
    sequences, path = data(rng, ids=True), tmp_path / "model.keras"
    start = {"class_name": "RandomUniform", "config": {"minval": 0.5, "maxval": 1.0}}
    options = {"zoneout": 0.1, "recurrent_initializer": start}  # as one writes it by hand
    model = make(sequences, rng, embedding_dim=2, cell_options=options)
    model.save(path)
    loaded = SequencePredictor.load(path)
    assert loaded.get_config() == model.get_config()
    again = SequencePredictor.from_config(json.loads(json.dumps(model.get_config())))
    assert again.get_config() == model.get_config()
    before = loaded.get_weights()
    history = loaded.fit(loaded.batches(sequences, batch_size=2), shuffle=False, verbose=0).history
    assert set(history) == {"loss", "nll", "accuracy"} and np.isfinite(history["loss"]).all()
    for old, new in zip(before, loaded.get_weights()):
        assert np.abs(old - new).max() > 0
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ValueError, match="damaged"):
        SequencePredictor.load(path)


def test_losses_and_metrics_come_back_from_their_configs():
    for part in (StepLoss("values"), StepMetric("binary", "accuracy"), StepMetric("values")):
        again = type(part).from_config(part.get_config())
        assert again.get_config() == part.get_config() and again.name == part.name
    assert StepMetric("values").name == "mse" and StepMetric("categorical").name == "nll"
    assert keras_rnnzoo.get("sequence_predictor") is SequencePredictor


# What cannot be


@on_one_backend
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"cell": "peephole_lstn"}, ValueError, "peephole_lstm"),
        ({"unit": 3}, TypeError, "no option `unit`. Did you mean 'units'"),
        ({"units": 0}, ValueError, "units=0"),
        ({"depth": 0}, ValueError, "depth=0"),
        ({"kind": "binry"}, ValueError, "Did you mean 'binary'"),
        ({"connections": "resdual"}, ValueError, "Did you mean 'residual'"),
        ({"cell_options": {"zonout": 0.1}}, TypeError, "Did you mean 'zoneout'"),
        ({"dropout": 1.0}, ValueError, "dropout=1.0"),
        ({"every_step": "yes"}, ValueError, "every_step='yes'"),
        ({"embedding_dim": 3}, ValueError, "embedding_dim=3, ids=False"),
        ({"ids": True, "embedding_dim": 0}, ValueError, "embedding_dim=0"),
        ({"forget_start": "chron"}, ValueError, "forget_start='chron'"),
        ({"forget_start": "chrono"}, ValueError, "chrono_steps=None"),
        ({"forget_start": float("inf")}, ValueError, "forget_start=inf"),
        ({"forget_start": 1.0, "cell": "gru"}, ValueError, "GRU has no forget gate"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_options_that_cannot_be_are_refused_with_a_hint(options, error, message):
    with pytest.raises(error, match=message):
        SequencePredictor(3, 2, **options)


@on_one_backend
def test_sequences_of_another_kind_are_refused(rng):
    model = make(data(rng))
    for other, message in (
        (data(rng, "values"), "kind='binary'.*Received: kind='values'"),
        (data(rng, every_step=False), "every_step=True.*Received: every_step=False"),
        (data(rng, ids=True), "takes_ids=False.*Received: takes_ids=True"),
    ):
        with pytest.raises(ValueError, match=message):
            model.score(other)
    with pytest.raises(ValueError, match=r"Sequence 1: expected finite numbers \(time, 3\)"):
        model.predict([np.zeros((2, 3)), np.zeros((2, 4))])
    with pytest.raises(ValueError, match="at least one sequence"):
        model.predict([])
