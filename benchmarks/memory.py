"""Time and peak memory of training on long sequences, with blocks walked again and without.

    OMP_NUM_THREADS=1 KERAS_BACKEND=jax python benchmarks/memory.py
    python benchmarks/memory.py --all        # each installed backend in turn

One peephole LSTM learns from the same sequences in four ways, each in a fresh process: its cell
within `keras.layers.RNN`, its layer with everything kept (`recompute=False`), in blocks of √time
(`recompute=True`), and as it comes (`recompute=None`). Time is the median over epochs of one
epoch, which is one step of descent; memory is how far the process rises in the epochs after the
first above what it held between the first two. Every line is appended to
benchmarks/results/memory.jsonl.
"""

import argparse
from pathlib import Path

import fitting

RESULTS = Path(__file__).parent / "results" / "memory.jsonl"
ROWS, TIME, FEATURES, UNITS = 32, 2000, 128, 128
KINDS = {"keras RNN": None, "kept": False, "blocks": True, "default": None}


def measure(kind, epochs):
    """Seconds of the median epoch and megabytes of one way to train; in a process of its own."""
    import keras
    import numpy as np

    import keras_rnnzoo as zoo

    random = np.random.default_rng(0)
    x = random.normal(size=(ROWS, TIME, FEATURES)).astype("float32")
    y = random.normal(size=(ROWS, 1)).astype("float32")
    if kind == "keras RNN":
        layer = keras.layers.RNN(zoo.PeepholeLSTMCell(UNITS))
    else:
        layer = zoo.PeepholeLSTM(UNITS, recompute=KINDS[kind])
    model = keras.Sequential([keras.Input((TIME, FEATURES)), layer, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return fitting.fit(model, x, y, ROWS, epochs)


def run(epochs, quick):
    where = fitting.announce(
        f"{ROWS} rows of {TIME} steps, peephole LSTM of {UNITS} units, {epochs} epochs"
    )
    found = fitting.each_kind(__file__, list(KINDS), epochs, lambda kind: 1)
    if not quick:
        config = {"rows": ROWS, "time": TIME, "units": UNITS, "epochs": epochs}
        fitting.record(RESULTS, "memory", config, found, where)


if __name__ == "__main__":
    description = {"description": __doc__, "formatter_class": argparse.RawDescriptionHelpFormatter}
    fitting.main(argparse.ArgumentParser(**description), list(KINDS), measure, run)
