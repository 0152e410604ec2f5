"""What several test files do to a layer."""

import keras
import numpy as np
import oracles
from catalogue import BATCH, FEATURES, TIME

POSITIVE = ("n", "period", "ratio_on")  # a normaliser, a period and a share of it

BACKEND = keras.backend.backend()


def compiled(function):
    """`function` of tensors as each backend's trainer would run it."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        return tf.function(function, autograph=False)
    if BACKEND == "jax":
        import jax

        return jax.jit(function)
    return function


def numpy(tree):
    """Tensors, alone or in lists, as arrays."""
    if isinstance(tree, (list, tuple)):
        return [numpy(x) for x in tree]
    return keras.ops.convert_to_numpy(tree)


def close(got, expected, tolerance=1e-5):
    """Equal within `tolerance`, lists entry by entry."""
    if isinstance(got, (list, tuple)):
        assert len(got) == len(expected)
        for a, b in zip(got, expected):
            close(a, b, tolerance)
        return
    np.testing.assert_allclose(
        *(np.asarray(numpy(x), "float64") for x in (got, expected)), rtol=tolerance, atol=tolerance
    )


def sequences(rng, batch=BATCH, time=TIME, features=FEATURES, dtype="float32"):
    return rng.normal(size=(batch, time, features)).astype(dtype)


def states_for(layer, rng, batch=BATCH):
    """Random initial states, each in its dtype."""
    cell = layer.cell
    return [
        drawn(rng, name, (batch, *cell.state_shape(name))).astype(
            "float64" if cell.state_dtype(name) == "float64" else "float32"
        )
        for name in cell.states
    ]


def drawn(rng, name, shape):
    """Normal numbers; positive ones for a state or a weight that must be so."""
    values = rng.normal(size=shape)
    return np.abs(values) + 0.5 if name in POSITIVE else values


def filled(layer, rng, features=FEATURES, batch=BATCH, time=TIME):
    """`layer` built, with random weights everywhere: no bias at zero, no gain at one."""
    if not layer.built:
        layer.build((batch, time, features))
    for weight in layer.weights:
        weight.assign(drawn(rng, weight.name, weight.shape).astype(weight.dtype) * 0.6)
    return layer


def weights_of(layer):
    """The weights by name, in the shapes that the oracles want."""
    w = {v.name: numpy(v) for v in layer.cell.weights}
    for part in ("peephole", "memory"):
        for suffix in ("", "_norm_gain"):
            names = [f"{part}_kernel_{gates}{suffix}" for gates in ("if", "o")]
            if names[0] in w:
                axis = 2 if w[names[0]].ndim == 4 else -1
                parts = [w.pop(name) for name in names]
                w[f"{part}{suffix or '_kernel'}"] = np.concatenate(parts, axis=axis)
    # The oracles keep the gates of a block side by side, the cells on an axis of their own.
    return {k: v.reshape(*v.shape[:2], -1) if v.ndim == 4 else v for k, v in w.items()}


def by_oracle(case, layer, x, states=None, mask=None, **own):
    """`[outputs, *states]` of the oracle with the weights of `layer`."""
    if states is None:
        states = [np.zeros((len(x), *layer.cell.state_shape(n))) for n in layer.cell.states]
    got = oracles.run(case.oracle(), weights_of(layer), x, states, mask, **own)
    return [got["outputs"], *got["states"]]


class Stop(keras.callbacks.Callback):
    """Ends a run in the middle of an epoch, as a kill does: nothing is tidied up."""

    def __init__(self, epoch=2):
        super().__init__()
        self.stop_in, self.epoch = epoch, 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.epoch == self.stop_in:
            raise KeyboardInterrupt


# One row for each side on which padding can lie; not in the order of their lengths, so that
# kernels that sort rows are seen to put them back.
MASKS = np.array(
    [
        [1, 0, 1, 0, 1],  # interior
        [0, 0, 0, 0, 0],  # nothing valid
        [1, 1, 1, 0, 0],  # right
        [1, 1, 1, 1, 1],  # none
        [0, 1, 0, 1, 0],  # everywhere
        [0, 0, 1, 1, 1],  # left
    ],
    bool,
)
