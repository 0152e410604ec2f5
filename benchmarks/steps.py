"""A forward pass or a training step of a layer, compiled the way each backend's trainer does it."""

import keras


def stepper(layer, train):
    """A function `(x, mask) -> None` that runs to its end: forward, or forward and back and SGD."""
    return {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}[keras.backend.backend()](
        layer, train
    )


def _tensorflow(layer, train):
    import tensorflow as tf

    @tf.function
    def step(x, mask):
        if not train:
            return layer(x, mask=mask)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(layer(x, mask=mask, training=True) ** 2)
        variables = [v.value for v in layer.trainable_variables]
        for v, g in zip(variables, tape.gradient(loss, variables)):
            v.assign_sub(1e-3 * g)
        return loss

    return lambda x, mask: step(x, mask).numpy()


def _jax(layer, train):
    import jax

    held = {"weights": [v.value for v in layer.trainable_variables]}
    rest = [v.value for v in layer.non_trainable_variables]

    def forward(weights, x, mask):
        return layer.stateless_call(weights, rest, x, mask=mask)[0]

    @jax.jit
    def step(weights, x, mask):
        if not train:
            return weights, forward(weights, x, mask)
        loss, g = jax.value_and_grad(lambda w: (forward(w, x, mask) ** 2).mean())(weights)
        return [w - 1e-3 * d for w, d in zip(weights, g)], loss

    def run(x, mask):
        held["weights"], output = step(held["weights"], x, mask)
        jax.block_until_ready((held["weights"], output))

    return run


def _torch(layer, train):
    import torch

    parameters = [p for p in layer.parameters() if p.requires_grad]

    def run(x, mask):
        arguments = {} if isinstance(layer, torch.nn.LSTM) else {"mask": mask}
        if not train:
            with torch.no_grad():
                return layer(x, **arguments)
        output = layer(x, **arguments)
        output = output[0] if isinstance(output, tuple) else output
        gradients = torch.autograd.grad((output**2).mean(), parameters)
        with torch.no_grad():
            torch._foreach_add_(parameters, gradients, alpha=-1e-3)
        return output

    return run
