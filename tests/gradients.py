"""Gradients of a layer on the running backend, and their check against finite differences."""

import contextlib

import keras
import numpy as np
from helpers import BACKEND, numpy


def default_loss(outputs):
    """A loss that weighs every entry of every output differently."""
    flat = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    total = 0.0
    for x in flat:
        size = int(np.prod(x.shape))
        weights = np.cos(np.arange(size, dtype="float64")).reshape(x.shape)
        total = total + keras.ops.sum(x * keras.ops.cast(weights, x.dtype))
    return total


def gradients(layer, x, states=None, mask=None, loss=default_loss, **call):
    """`{"value", "weights", "x", "states"}`: the loss and its gradients, as arrays."""
    leaves = [x, *(states or [])]
    compiled = differentiable(layer, mask, loss, **call)
    return compiled([numpy(v) for v in layer.trainable_variables], leaves)


def differentiable(layer, mask=None, loss=default_loss, **call):
    """`f(weights, [x, *states])`, compiled once: the loss and its gradients."""
    mask = None if mask is None else keras.ops.convert_to_tensor(mask)

    def value_of(leaves, weights=None):
        options = {**call, "mask": mask}
        if len(leaves) > 1:
            options["initial_state"] = list(leaves[1:])
        if weights is None:
            return loss(layer(leaves[0], **options))
        fixed = [v.value for v in layer.non_trainable_variables]
        outputs, _ = layer.stateless_call(weights, fixed, leaves[0], **options)
        return loss(outputs)

    run = _BACKENDS[BACKEND](layer, value_of)

    def compute(weights, leaves):
        value, by_weight, by_leaf = run(weights, leaves)
        by_weight, by_leaf = numpy(list(by_weight)), numpy(list(by_leaf))
        found = {"weights": by_weight, "x": by_leaf[0], "states": by_leaf[1:]}
        return {"value": float(numpy(value)), **found}

    return compute


def _assign(layer, weights):
    for variable, value in zip(layer.trainable_variables, weights):
        variable.assign(value)


def _tensorflow(layer, value_of):
    import tensorflow as tf

    @tf.function(autograph=False)
    def compiled(leaves):
        with tf.GradientTape() as tape:
            tape.watch(leaves)
            value = value_of(leaves)
        sources = ([v.value for v in layer.trainable_variables], leaves)
        zero = tf.UnconnectedGradients.ZERO
        return value, *tape.gradient(value, sources, unconnected_gradients=zero)

    def run(weights, leaves):
        _assign(layer, weights)
        return compiled([tf.convert_to_tensor(x) for x in leaves])

    return run


def _jax(layer, value_of):
    import jax

    compiled = jax.jit(jax.value_and_grad(value_of, argnums=(1, 0)))

    def run(weights, leaves):
        value, found = compiled(*([jax.numpy.asarray(x) for x in v] for v in (leaves, weights)))
        return value, *found

    return run


def _torch(layer, value_of):
    import torch

    def run(weights, leaves):
        _assign(layer, weights)
        leaves = [torch.tensor(x, requires_grad=True) for x in leaves]
        weights = [v.value for v in layer.trainable_variables]
        value = value_of(leaves)
        found = torch.autograd.grad(value, [*weights, *leaves], materialize_grads=True)
        return value.detach(), found[: len(weights)], found[len(weights) :]

    return run


_BACKENDS = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}


@contextlib.contextmanager
def float64():
    """Within, the backend computes in float64 when asked to."""
    if BACKEND != "jax":
        yield
        return
    import jax

    with jax.enable_x64(True):
        yield


def check_against_differences(layer, x, states, mask=None, tolerance=1e-6, **call):
    """The derivative along a random direction of each weight, of the input and of each state.

    Gives the value of the loss.
    """
    rng = np.random.default_rng(3)
    weights = [numpy(v) for v in layer.trainable_variables]
    points = [*weights, x, *states]
    compiled = differentiable(layer, mask, **call)

    def at(step, directions):
        moved = [p + step * d for p, d in zip(points, directions)]
        return compiled(moved[: len(weights)], moved[len(weights) :])

    still = at(0.0, points)
    exact = [*still["weights"], still["x"], *still["states"]]
    for k, gradient in enumerate(exact):
        assert np.abs(gradient).max() > 0, f"gradient {k} is zero throughout"
        directions = [rng.normal(size=p.shape) * (j == k) for j, p in enumerate(points)]
        h = 1e-6
        difference = at(h, directions)["value"] - at(-h, directions)["value"]
        by_gradient = np.sum(gradient * directions[k])
        np.testing.assert_allclose(by_gradient, difference / (2 * h), tolerance, tolerance)
    return still["value"]
