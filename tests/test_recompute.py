"""Blocks of time that are walked again for their gradient: same numbers, less memory."""

import keras
import numpy as np
import pytest
from catalogue import ARCHETYPES, SOME
from gradients import default_loss, differentiable, gradients
from helpers import BACKEND, MASKS, close, filled, numpy, sequences, states_for
from running import on_one_backend

import keras_rnnzoo as zoo
from keras_rnnzoo.base import LinearCell

ROWS, TIME = MASKS.shape
STEPPED = [case for case in SOME if not isinstance(case.cell(), LinearCell)]
FEW = STEPPED if BACKEND == "torch" else [ARCHETYPES[3], ARCHETYPES[5]]


def resets():
    found = np.zeros((ROWS, TIME), bool)
    found[[0, 3, 5], [2, 3, 4]] = True
    return keras.ops.convert_to_tensor(found)


def pair(case, rng, blocks=2, **options):
    """The layer that keeps everything and the one that walks blocks again, of equal weights."""
    kept = filled(case.layer(**options, recompute=False), rng)
    again = filled(case.layer(**options, recompute=blocks), rng)
    again.set_weights(kept.get_weights())
    return kept, again


def same_gradients(kept, again, x, states=None, mask=None, **call):
    expected = gradients(kept, x, states, mask, **call)
    found = gradients(again, x, states, mask, **call)
    np.testing.assert_allclose(found["value"], expected["value"], 1e-5, 1e-5)
    for name in ("weights", "x", "states"):
        close(found[name], expected[name], 1e-5)
    assert np.abs(expected["x"]).max() > 0


@pytest.mark.parametrize("case", FEW, ids=str)
def test_blocks_give_the_same_gradients(case, rng):
    """Masks on every side, resets, given states; blocks of two steps and one that is left over."""
    options = {"return_sequences": True, "return_state": True}
    kept, again = pair(case, rng, **options)
    states = states_for(kept, rng, ROWS)
    same_gradients(kept, again, sequences(rng, ROWS), states, MASKS, resets=resets())


@pytest.mark.parametrize("mask", [None, MASKS], ids=["dense", "masked"])
@pytest.mark.parametrize("case", [ARCHETYPES[1], ARCHETYPES[5]], ids=str)
@pytest.mark.parametrize("blocks", [1, True, 4] if BACKEND == "torch" else [4])
def test_blocks_give_the_same_last_output(case, mask, blocks, rng):
    kept, again = pair(case, rng, blocks)
    same_gradients(kept, again, sequences(rng, ROWS), mask=mask)


def test_noise_is_the_same_when_a_block_is_walked_again(rng):
    rates = {"dropout": 0.3, "recurrent_dropout": 0.3, "zoneout": 0.3, "seed": 5}
    kept, again = pair(ARCHETYPES[1], rng, return_sequences=True, **rates)
    same_gradients(kept, again, sequences(rng, ROWS), mask=MASKS, training=True)


@pytest.mark.skipif(BACKEND == "tensorflow", reason="its loops have no second gradients to compare")
def test_gradients_of_gradients(rng):
    kept, again = pair(ARCHETYPES[1], rng, return_sequences=True)
    x, found = sequences(rng, ROWS), []
    for layer in (kept, again):
        if BACKEND == "torch":
            import torch

            leaf = torch.tensor(x, requires_grad=True)
            loss = default_loss(layer(leaf))
            (first,) = torch.autograd.grad(loss, leaf, create_graph=True)
            second = torch.autograd.grad((first**2).sum(), [leaf, layer.cell.kernel.value])
        else:
            import jax

            def first(x, weights, layer=layer):
                def of(x):
                    return default_loss(stateless(layer, weights, x))

                return (jax.grad(of)(x) ** 2).sum()

            fixed = [v.value for v in layer.trainable_variables]
            by_x, by_weights = jax.grad(first, (0, 1))(jax.numpy.asarray(x), fixed)
            second = [by_x, by_weights[0]]
        found.append(numpy(list(second)))
    close(*found, 1e-5)


def stateless(layer, weights, x, **call):
    fixed = [v.value for v in layer.non_trainable_variables]
    return layer.stateless_call(weights, fixed, x, **call)[0]


def kept_bytes(layer, x, **call):
    """How much a training step holds between its way forward and its way back."""
    if BACKEND == "torch":
        import torch

        held = {}
        hooks = torch.autograd.graph.saved_tensors_hooks(
            lambda t: (held.update({t.untyped_storage().data_ptr(): t.untyped_storage()}), t)[1],
            lambda t: t,
        )
        with hooks:
            default_loss(layer(torch.tensor(x), **call))
        return sum(storage.nbytes() for storage in held.values())
    import jax

    def loss(weights, x):
        return default_loss(stateless(layer, weights, x, **call))

    weights = [v.value for v in layer.trainable_variables]
    compiled = jax.jit(jax.grad(loss)).lower(weights, jax.numpy.asarray(x)).compile()
    return compiled.memory_analysis().temp_size_in_bytes


@pytest.mark.skipif(BACKEND == "tensorflow", reason="no way to count; see benchmarks/memory.py")
@pytest.mark.parametrize("mask", [False, True], ids=["dense", "masked"])
def test_little_is_kept(rng, mask):
    """Of 400 steps: their inputs, the states before each block, the gates of 20."""
    x = sequences(rng, 4, 400)
    kept, again = pair(ARCHETYPES[4], rng, True, units=16)
    valid = np.arange(400) < np.array([400, 399, 200, 30])[:, None]
    call = {"mask": keras.ops.convert_to_tensor(valid)} if mask else {}
    assert kept_bytes(again, x, **call) < 0.3 * kept_bytes(kept, x, **call)


XLA = [(False, True), (True, 3)] if BACKEND == "tensorflow" else [(False, True), (False, 3)]


@pytest.mark.skipif(BACKEND == "jax", reason="a length is always known there")
@pytest.mark.parametrize(("xla", "blocks"), XLA)
def test_models_train_alike_where_the_length_is_not_known(xla, blocks, rng):
    """In a wrapper, above it, with a mask."""
    length = 40 if blocks is True else 10
    x, y = sequences(rng, 4, length), rng.normal(size=(4, 2)).astype("float32")
    x[:2, 8:] = 0.0
    histories, weights = [], None
    for recompute in (False, blocks):
        model = keras.Sequential(
            [
                keras.Input((None, x.shape[-1])),
                keras.layers.Masking(),
                zoo.Bidirectional(zoo.LSTM(2, return_sequences=True, recompute=recompute)),
                zoo.PeepholeLSTM(2, recompute=recompute),
            ]
        )
        weights = weights or model.get_weights()
        model.set_weights(weights)
        model.compile(keras.optimizers.SGD(0.5), "mse", jit_compile=xla)
        histories.append(model.fit(x, y, epochs=2, verbose=0, shuffle=False).history["loss"])
    close(*histories, 1e-5)
    assert histories[0][-1] < histories[0][0]


@pytest.mark.skipif(BACKEND != "tensorflow", reason="only there nothing need be known of a shape")
@pytest.mark.parametrize("time", [1, 3, 5, 6, 11])
def test_sequences_of_any_length_through_one_traced_function(time, rng):
    """Shorter than a block too, with batch and time unknown."""
    import tensorflow as tf

    kept, again = pair(ARCHETYPES[1], rng, return_sequences=True)
    again.recompute = 6
    x = sequences(rng, ROWS, time)
    walk = tf.function(again, input_signature=[tf.TensorSpec((None, None, x.shape[-1]))])
    close(walk(x), kept(x))


def test_mixed_precision(rng):
    case, x = ARCHETYPES[1], sequences(rng, ROWS)
    kept, again = pair(case, rng, return_sequences=True, dtype="mixed_float16")
    expected, found = (differentiable(layer) for layer in (kept, again))
    weights = [numpy(v) for v in kept.trainable_variables]
    expected, found = expected(weights, [x]), found(weights, [x])
    close(found["weights"], expected["weights"], 0.02)


# What is told -----------------------------------------------------------------------------------


@on_one_backend
@pytest.mark.parametrize("value", [0, -3, 2.5, "yes"])
def test_what_is_no_block_is_refused(value):
    with pytest.raises(ValueError, match="number of steps of a block. Received: recompute="):
        zoo.LSTM(4, recompute=value)


@on_one_backend
def test_kernels_say_what_they_recompute():
    def told(layer, backend):
        return layer.explain_kernel(backend)

    assert "from 500 steps on" in told(zoo.GRU(4), "jax")
    assert "again" not in told(zoo.GRU(4), "torch") + told(zoo.GRU(4, recompute=False), "jax")
    assert "blocks of 40 steps" in told(zoo.GRU(4, recompute=40), "torch")
    assert "fused" not in told(zoo.GRU(4, recompute=40), "torch").split(" (")[0]
    assert "blocks of √time steps" in told(zoo.GRU(4, recompute=True), "tensorflow")
    assert "nothing to `recompute`" in told(zoo.MinGRU(4, recompute=True), "jax")


@on_one_backend
def test_the_option_is_saved():
    for value in (None, True, False, 12):
        layer = zoo.LSTM(4, recompute=value)
        assert zoo.LSTM.from_config(layer.get_config()).recompute is value
