"""Files: into a fresh process of every installed backend, with equal outputs; configs of all."""

import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
from catalogue import CASES, EVERY, FEATURES, REGISTERED, TALLY, TIME, Tally, case
from helpers import BACKEND, close, filled, numpy, sequences
from running import FIRST

import keras_rnnzoo
from keras_rnnzoo import LSTM, MGU, LSTMCell, RecurrentLayer

ROOT = pathlib.Path(__file__).parent.parent
INSTALLED = [b for b in ("tensorflow", "jax", "torch") if importlib.util.find_spec(b)]

LOADER = """
import json, pathlib, sys
import numpy as np
import keras
import keras_rnnzoo

folder = pathlib.Path(sys.argv[1])
x = np.load(folder / "x.npy")
errors = {}
for path in sorted(folder.glob("*.keras")):
    model = keras.models.load_model(path, compile=False, safe_mode=True)
    expected = np.load(path.with_suffix(".npy"))
    errors[path.stem] = float(np.abs(keras.ops.convert_to_numpy(model(x)) - expected).max())
print(json.dumps([keras.backend.backend(), errors]))
"""


def options_of(case):
    """Something other than the default for options that a file must not lose."""
    return case.taken(
        seed=3,
        zoneout=0.2,
        kernel_regularizer=keras.regularizers.L2(0.1),
        layer_norm=True,
        integration="multiplicative",
        activation="softsign",
    )


def models():
    """A model of every archetype, and what goes around a layer."""
    for which in REGISTERED:
        layer = which.layer(return_sequences=True, **options_of(which))
        yield str(which).replace("=", "_"), [keras.layers.Masking(), layer]
    around = keras.layers.Bidirectional(LSTM(3, return_sequences=True))
    yield "bidirectional", [keras.layers.Masking(), around, RecurrentLayer(LSTMCell(2))]
    yield "keras_rnn", [keras.layers.RNN(case("PeepholeLSTM", peephole="full").cell())]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """One file for each model, with the outputs that it gave here."""
    folder = tmp_path_factory.mktemp("files")
    rng = np.random.default_rng(5)
    x = sequences(rng)
    x[1, :2] = x[2, 3:] = 0.0
    np.save(folder / "x.npy", x)
    for name, layers in models():
        model = keras.Sequential([keras.Input((None, FEATURES)), *layers])
        for weight in model.weights:
            weight.assign(rng.normal(size=weight.shape) * 0.5)
        np.save(folder / f"{name}.npy", numpy(model(x)))
        model.save(folder / f"{name}.keras")
    return folder


def python(code, *arguments, backend=BACKEND, **environment):
    """Run `code` in a fresh process; what it printed."""
    environment = {**os.environ, "KERAS_BACKEND": backend, **environment}
    environment["PYTHONPATH"] = str(ROOT)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *map(str, arguments)],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


# What the first backend writes is read by each; what another writes, by the first.
@pytest.mark.parametrize("backend", INSTALLED if BACKEND == FIRST else [FIRST])
def test_files_load_in_a_fresh_process(files, backend):
    used, errors = json.loads(python(LOADER, files, backend=backend).splitlines()[-1])
    assert used == backend
    assert set(errors) == {path.stem for path in files.glob("*.keras")}
    assert len(errors) == len(REGISTERED) + 2
    assert max(errors.values()) < 1e-5, errors


# Configs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=str)
def test_config_round_trip(case, rng):
    """Every option that differs comes back, the config is plain JSON and says its version."""
    layer = filled(case.layer(return_sequences=True, go_backwards=True, **options_of(case)), rng)
    for thing in (layer, layer.cell):
        config = thing.get_config()
        assert config["config_version"] == 1
        again = type(thing).from_config(json.loads(json.dumps(config)))
        assert again.get_config() == config
        revived = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(thing))
        assert revived.get_config() == config
    again = type(layer).from_config(layer.get_config())
    filled(again, rng).set_weights(layer.get_weights())
    x = sequences(rng)
    if case in EVERY:
        close(again(x), layer(x), 1e-6)
    assert again.cell.seed == 3 and again.go_backwards and again.return_sequences


@pytest.mark.parametrize("version", [2, 0, "1", None])
def test_a_newer_config_is_refused(version):
    for thing in (LSTM(4), LSTMCell(4), RecurrentLayer(LSTMCell(4))):
        config = {**thing.get_config(), "config_version": version}
        with pytest.raises(ValueError, match=f"config_version={version!r}.*[Ii]nstall a newer"):
            type(thing).from_config(config)
    config = LSTM(4).get_config()
    del config["config_version"]
    assert LSTM.from_config(config).cell.units == 4


def test_a_users_subclass_of_the_same_name_does_not_replace_ours():
    ours = keras_rnnzoo.MGU

    class MGU(ours):
        """A user's own."""

    class MGUCell(ours.cell_class):
        """A user's own."""

    registered = keras.saving.get_registered_object
    assert registered("keras_rnnzoo>MGU") is ours
    assert registered("keras_rnnzoo>MGUCell") is ours.cell_class
    saved = keras.saving.serialize_keras_object(MGU(4))
    assert saved["registered_name"] != "keras_rnnzoo>MGU"
    plain = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(ours(4)))
    assert type(plain) is ours


def test_every_exported_class_is_registered_once():
    for name in (*keras_rnnzoo.list_layers(), *keras_rnnzoo.list_layers("cell")):
        cls = getattr(keras_rnnzoo, name)
        assert keras.saving.get_registered_name(cls) == f"keras_rnnzoo>{name}"


def test_a_users_cell_is_saved_with_custom_objects(tmp_path, rng):
    model = keras.Sequential([keras.Input((TIME, FEATURES)), TALLY.layer()])
    model.save(tmp_path / "tally.keras")
    x = sequences(rng)
    with pytest.raises(TypeError, match="Tally"):
        keras.models.load_model(tmp_path / "tally.keras")
    loaded = keras.models.load_model(tmp_path / "tally.keras", custom_objects={"Tally": Tally})
    close(loaded(x), model(x), 1e-6)


def test_a_trained_model_comes_back_compiled(tmp_path, rng):
    model = keras.Sequential([keras.Input((None, FEATURES)), MGU(4), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    x, y = sequences(rng), np.ones((3, 1), "float32")
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    close(again.predict(x, verbose=0), model.predict(x, verbose=0), 1e-6)
    losses = [m.fit(x, y, verbose=0).history["loss"] for m in (model, again)]
    close(*losses, 1e-6)
