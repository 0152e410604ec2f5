"""Train one of our models on one device and on two, and say how far the weights lie apart.

Run in a process of its own, as devices are set up before a backend starts:
`python tests/on_devices.py data_parallel|model_parallel|mirrored`.
"""

import contextlib
import json
import os
import sys

KIND = sys.argv[1]
os.environ["KERAS_BACKEND"] = "tensorflow" if KIND == "mirrored" else "jax"
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"

import keras  # noqa: E402
import numpy as np  # noqa: E402

import keras_rnnzoo as zoo  # noqa: E402


def trained(scope=contextlib.nullcontext):
    """The losses and the weights of a stack that is trained on given numbers."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(32, 7, 5)).astype("float32")
    x[::2, 4:] = 0.0  # padding
    y = x[:, :4, :3].mean(axis=1)
    with scope():
        stack = zoo.StackedRecurrent("peephole_lstm", units=8, depth=2)
        inputs = keras.Input((7, 5))
        outputs = keras.layers.Dense(3)(stack(keras.layers.Masking()(inputs)))
        model = keras.Model(inputs, outputs)
        model.compile(keras.optimizers.Adam(0.01), "mse")
    history = model.fit(x, y, batch_size=8, epochs=3, shuffle=False, verbose=0).history
    return history["loss"], model


def on_two():
    """The same on two devices, and how a recurrent kernel lies on them."""
    if KIND == "mirrored":
        import tensorflow as tf

        strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
        return *trained(strategy.scope), f"{strategy.num_replicas_in_sync} replicas"
    devices = keras.distribution.list_devices()
    if KIND == "data_parallel":
        keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices))
    else:
        mesh = keras.distribution.DeviceMesh((1, 2), ["batch", "model"], devices)
        layout = keras.distribution.LayoutMap(mesh)
        layout[".*cell.*/kernel"] = (None, "model")
        layout[".*cell.*/recurrent_kernel"] = (None, "model")
        layout[".*cell.*/bias"] = ("model",)
        keras.distribution.set_distribution(
            keras.distribution.ModelParallel(layout_map=layout, batch_dim_name="batch")
        )
    losses, model = trained()
    kernel = next(w for w in model.weights if w.path.endswith("recurrent_kernel"))
    return losses, model, list(kernel.value.sharding.spec)


def main():
    if KIND == "mirrored":
        import tensorflow as tf

        cpu = tf.config.list_physical_devices("CPU")[0]
        halves = [tf.config.LogicalDeviceConfiguration()] * 2
        tf.config.set_logical_device_configuration(cpu, halves)
    losses, alone = trained()
    alone = [np.array(weight) for weight in alone.get_weights()]
    both, model, placed = on_two()
    apart = max(np.abs(a - b).max() for a, b in zip(alone, model.get_weights(), strict=True))
    print(json.dumps({"losses": losses, "on_two": both, "apart": float(apart), "placed": placed}))


main()
