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

    def value_of(leaves, weights=None):
        options = dict(call, mask=None if mask is None else keras.ops.convert_to_tensor(mask))
        if states:
            options["initial_state"] = list(leaves[1:])
        if weights is None:
            return loss(layer(leaves[0], **options))
        fixed = [v.value for v in layer.non_trainable_variables]
        outputs, _ = layer.stateless_call(weights, fixed, leaves[0], **options)
        return loss(outputs)

    value, by_weight, by_leaf = _BACKENDS[BACKEND](layer, value_of, leaves)
    return {
        "value": float(numpy(value)),
        "weights": numpy(by_weight),
        "x": numpy(by_leaf[0]),
        "states": numpy(by_leaf[1:]),
    }


def _tensorflow(layer, value_of, leaves):
    import tensorflow as tf

    leaves = [tf.convert_to_tensor(x) for x in leaves]
    weights = [v.value for v in layer.trainable_variables]

    @tf.function
    def compiled(*leaves):
        with tf.GradientTape() as tape:
            tape.watch(leaves)
            value = value_of(leaves)
        found = tape.gradient(
            value, (weights, list(leaves)), unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        return value, *found

    return compiled(*leaves)


def _jax(layer, value_of, leaves):
    import jax

    weights = [v.value for v in layer.trainable_variables]
    compiled = jax.jit(jax.value_and_grad(value_of, argnums=(0, 1)))
    value, (by_leaf, by_weight) = compiled([jax.numpy.asarray(x) for x in leaves], weights)
    return value, by_weight, by_leaf


def _torch(layer, value_of, leaves):
    import torch

    leaves = [torch.tensor(x, requires_grad=True) for x in leaves]
    weights = [v.value for v in layer.trainable_variables]
    value = value_of(leaves)
    found = torch.autograd.grad(value, [*weights, *leaves], materialize_grads=True)
    return value.detach(), list(found[: len(weights)]), list(found[len(weights) :])


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
    """Directional derivatives along random directions equal central differences, in float64."""
    rng = np.random.default_rng(3)
    got = gradients(layer, x, states, mask, **call)
    exact = [*got["weights"], got["x"], *got["states"]]
    assert all(np.abs(g).max() > 0 for g in exact), "a gradient is zero throughout"
    start = [numpy(v) for v in layer.trainable_variables]
    points = [*start, x, *states]

    def value(step, directions):
        moved = [p + step * d for p, d in zip(points, directions)]
        for variable, new in zip(layer.trainable_variables, moved):
            variable.assign(new)
        options = dict(call, initial_state=moved[len(start) + 1 :], mask=mask)
        return float(numpy(default_loss(layer(moved[len(start)], **options))))

    for k in range(len(points)):  # one direction for each weight, for the input, for each state
        directions = [rng.normal(size=p.shape) * (j == k) for j, p in enumerate(points)]
        by_gradient = sum(np.sum(g * d) for g, d in zip(exact, directions))
        h = 1e-5
        by_difference = (value(h, directions) - value(-h, directions)) / (2 * h)
        np.testing.assert_allclose(by_gradient, by_difference, rtol=tolerance, atol=tolerance)
    value(0.0, points)
