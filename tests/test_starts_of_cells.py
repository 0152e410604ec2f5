"""Where cells start as their authors' do, what holds them, and which own options they refuse."""

import json

import keras
import numpy as np
import pytest
from helpers import close, filled, numpy, sequences
from running import on_one_backend

import keras_rnnzoo as zoo
from keras_rnnzoo.base.starts import Reservoir

pytestmark = on_one_backend


def built(layer, features=3):
    layer.build((None, 5, features))
    return {weight.name: numpy(weight) for weight in layer.weights}


def spread(values, limit):
    """Uniform within ± limit, as far as numbers can tell."""
    few = 3 / values.size**0.5
    assert np.abs(values).max() <= limit
    assert abs(values.mean()) < few * limit and abs(values.std() - limit / 3**0.5) < few * limit


def test_fresh_layers_start_apart():
    for name in ("IndRNN", "CoRNN", "FastRNN", "AntisymmetricRNN", "ESN"):
        first, second = (built(getattr(zoo, name)(20)) for _ in range(2))
        assert (first["recurrent_kernel"] != second["recurrent_kernel"]).any(), name


def test_lem_and_co_rnn_start_uniform():
    w = built(zoo.LEM(50), features=40)
    for name in ("kernel", "recurrent_kernel", "bias"):
        spread(w[name], 1 / 50**0.5)
    w = built(zoo.CoRNN(100), features=40)
    for name in ("kernel", "recurrent_kernel", "velocity_kernel", "bias"):
        spread(w[name], 1 / 200**0.5)
    assert (w["recurrent_kernel"] != w["velocity_kernel"]).all()


def test_fast_rnn_and_fast_grnn_start_as_the_authors():
    for layer, scalars in (
        (zoo.FastRNN(50), {"alpha": -3.0, "beta": 3.0}),
        (zoo.FastGRNN(50), {"zeta": 1.0, "nu": -4.0}),
    ):
        w = built(layer, features=50)
        for name in ("kernel", "recurrent_kernel"):
            assert abs(w[name].std() - 0.1) < 0.01
        assert (w["bias"] == 1.0).all()
        for name, value in scalars.items():
            close(w[name], [value], 0)


def test_antisymmetric_rnn_starts_normal_and_slstm_without_recurrence():
    U = built(zoo.AntisymmetricRNN(100))["recurrent_kernel"]
    assert abs(U.std() - 0.1) < 0.005 and np.abs(U).max() > 0.25
    w = built(zoo.SLSTM(6))  # three heads, as four do not divide it
    assert w["recurrent_kernel"].shape == (3, 2, 4, 2) and not w["recurrent_kernel"].any()
    close(w["bias"][6:12], [5, -7] * 3, 0)
    assert built(zoo.SLSTM(5))["recurrent_kernel"].shape == (1, 5, 4, 5)
    assert built(zoo.SLSTM(5, recurrence="dense"))["bias"][9] == -7.0


def test_rhn_starts_by_carrying():
    w = built(zoo.RHN(4, coupled=False, transform_bias=-3.0))
    for name in ("bias", "bias_2", "bias_3"):
        close(w[name], np.repeat([0.0, -3.0, 3.0], 4), 0)
    drawn = built(zoo.RHN(4, bias_initializer="random_normal"))
    assert (drawn["bias"][:4] != drawn["bias_2"][:4]).all()


# The bound of the IndRNN -----------------------------------------------------------------------


def test_max_length_bounds_the_recurrence_in_training(rng, tmp_path):
    layer = zoo.IndRNN(4, max_length=5)
    model = keras.Sequential([keras.Input((None, 3)), layer, keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1.0), "mse")
    for name in ("fresh", "loaded"):
        limit = np.float32(2 ** (1 / 5))
        layer.cell.recurrent_kernel.assign([3.0, -3.0, 0.5, 1.0])
        model.train_on_batch(0 * sequences(rng), np.zeros((3, 1)))
        close(layer.cell.recurrent_kernel, [limit, -limit, 0.5, 1.0], 1e-6)
        model.save(tmp_path / f"{name}.keras")
        model = keras.models.load_model(tmp_path / f"{name}.keras")
        layer = model.layers[0]
        assert layer.cell.max_length == 5
    constraint = layer.cell.recurrent_kernel.constraint
    config = keras.saving.serialize_keras_object(constraint)
    close(keras.saving.deserialize_keras_object(config)(np.full(2, 9.0)), [limit, limit], 1e-6)


# The reservoir of the ESN ----------------------------------------------------------------------


def test_a_reservoir_is_sparse_and_scaled():
    cell = zoo.ESN(120, connectivity=0.2, spectral_radius=0.7).cell
    cell.build((None, 3))
    U = numpy(cell.recurrent_kernel)
    close(np.abs(np.linalg.eigvals(U)).max(), 0.7, 1e-4)
    assert abs((U != 0).mean() - 0.2) < 0.02 and (U > 0).any() and (U < 0).any()


def test_a_reservoir_without_a_cycle_stays_as_drawn():
    empty = Reservoir(connectivity=1e-9, seed=1)
    assert not numpy(empty((5, 5), dtype="float32")).any()
    assert numpy(Reservoir(1.0, 0.5, seed=1)((1, 1), dtype="float32")).shape == (1, 1)
    again = Reservoir.from_config(json.loads(json.dumps(empty.get_config())))
    assert again.get_config() == empty.get_config()
    with pytest.raises(ValueError, match=r"square matrix.*Received: shape=\(4, 8\)"):
        empty((4, 8))
    drawn = Reservoir(0.5, seed=2)
    close(drawn((6, 6)), drawn((6, 6)), 0)


def test_a_reservoir_is_frozen_unless_the_user_says_otherwise(tmp_path, rng):
    frozen = zoo.ESN(6)
    model = keras.Sequential([keras.Input((None, 3)), frozen, keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1.0), "mse")
    before = [numpy(w) for w in frozen.weights]
    for _ in range(2):
        model.fit(sequences(rng), np.ones((3, 1)), verbose=0)
        close([numpy(w) for w in model.layers[0].weights], before, 0)
        assert len(model.trainable_weights) == 2
        model.save(tmp_path / "esn.keras")
        model = keras.models.load_model(tmp_path / "esn.keras")
    around = keras.layers.Bidirectional(zoo.ESN(6))
    around.build((None, 5, 3))
    assert not around.trainable_weights and len(around.weights) == 6
    free = zoo.ESN(6, trainable=True)
    assert len(filled(free, rng).trainable_weights) == 3
    assert zoo.ESN.from_config(free.get_config()).trainable
    cell = zoo.ESNCell(6)
    cell.build((None, 3))
    assert not cell.trainable_weights and len(cell.weights) == 3


def test_an_exponential_forget_gate_starts_without_bias():
    """From 5 on, what comes in at each step would weigh exp(-5) of what came before."""
    cell = zoo.SLSTMCell(4, forget="exponential")
    cell.build((None, 3))
    close(cell.bias, np.zeros(16), 0)


OWN = [
    (lambda **options: zoo.PhasedLSTM(4, **options), ("period", "phase", "ratio_on")),
    (lambda **options: zoo.FastRNN(4, **options), ("alpha", "beta")),
    (lambda **options: zoo.FastGRNN(4, **options), ("zeta", "nu")),
    (lambda **options: zoo.LSTM(4, layer_norm=True, **options), ("cell_norm_gain",)),
    (lambda **options: zoo.LayerNormLSTM(4, **options), ("cell_norm_gain",)),
    (lambda **options: zoo.GRU(4, integration="multiplicative", **options), ("integration_alpha",)),
]


@pytest.mark.parametrize(("make", "names"), OWN)
def test_what_is_said_of_biases_is_not_of_periods_and_gains(make, names):
    """Gains and periods that are pulled to zero would divide by it, or shut the cell."""
    layer = make(bias_regularizer="l2", bias_constraint="non_neg")
    layer.build((None, 5, 3))
    cell = layer.cell
    assert cell.bias.regularizer is not None and cell.bias.constraint is not None
    for name in names:
        weight = getattr(cell, name)
        assert weight.regularizer is None and weight.constraint is None, name


# Refusals --------------------------------------------------------------------------------------

REFUSED = {
    "norm": (lambda: zoo.LayerNormLSTM(4, norm="tf"), "mean 'tfa'", "norm='tf'"),
    "normed": (lambda: zoo.LayerNormLSTM(4, layer_norm=True), "as it is", "layer_norm=True"),
    "forget": (lambda: zoo.SLSTM(4, forget="exp"), "'exponential'", "forget='exp'"),
    "heads": (lambda: zoo.SLSTM(6, blocks=4), "4 equal blocks", "units=6"),
    "zoned": (lambda: zoo.SLSTM(4, zoneout={"c": 0.1}), "can keep h", "{'c': 0.1}"),
    "chrono": (
        lambda: zoo.JANET(4, chrono_steps=9, use_bias=False),
        "with a bias or leave it out",
        "chrono_steps=9",
    ),
    "highway": (lambda: zoo.SRU(4, highway_bias=1000.0), "-100 to 100", "highway_bias=1000.0"),
    "no highway": (
        lambda: zoo.SRU(4, highway_bias=-1.0, use_bias=False),
        "with a bias",
        "use_bias=False",
    ),
    "leak": (lambda: zoo.PhasedLSTM(4, leak=2), "[0, 1]", "leak=2"),
    "period": (lambda: zoo.PhasedLSTM(4, longest_period=0.5), "or above", "longest_period=0.5"),
    "depth": (lambda: zoo.RHN(4, depth=0), "positive integer", "depth=0"),
    "bias": (lambda: zoo.RHN(4, transform_bias="low"), "a finite number", "transform_bias='low'"),
    "dt": (lambda: zoo.CoRNN(4, dt=0), "positive number", "dt=0"),
    "nan": (lambda: zoo.LEM(4, dt=float("nan")), "positive number", "dt=nan"),
    "gamma": (lambda: zoo.AntisymmetricRNN(4, gamma=-1), "zero or above", "gamma=-1"),
    "gate": (
        lambda: zoo.AntisymmetricRNN(4, recurrent_activation="relu"),
        "gated=True",
        "recurrent_activation='relu'",
    ),
    "leaky": (lambda: zoo.ESN(4, leaky=0), "(0, 1]", "leaky=0"),
    "reservoir": (
        lambda: zoo.ESN(4, recurrent_initializer="zeros"),
        "`connectivity`",
        "recurrent_initializer='zeros'",
    ),
    "length": (lambda: zoo.IndRNN(4, max_length=0), "positive integer", "max_length=0"),
    "dense": (lambda: zoo.IndRNN(4, recurrence="dense"), "diagonal", "recurrence='dense'"),
    "bounds": (
        lambda: zoo.IndRNN(4, max_length=9, recurrent_constraint="non_neg"),
        "Give it or",
        "max_length=9",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    make, *parts = REFUSED[name]
    with pytest.raises(ValueError) as caught:
        make()
    for part in ("Received: ", *parts):
        assert part in str(caught.value), f"{part!r} is not in: {caught.value}"
