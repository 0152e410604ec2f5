"""Time and peak memory of truncated against full backpropagation through time.

    OMP_NUM_THREADS=1 KERAS_BACKEND=torch python benchmarks/truncated.py
    python benchmarks/truncated.py --all        # each installed backend in turn

One LSTM learns from the same sequences in three ways, each in a fresh process: by plain `fit` on
whole sequences, by `TruncatedBPTT.fit` in windows, and by plain `fit` on the windows as rows of
their own, which carries nothing and shows what the carrying costs. Time is the median over epochs
of one epoch, which walks the same steps each time; memory is how far the process rises in the
epochs after the first above what it held between the first two. Every line is appended to
benchmarks/results/truncated.jsonl.
"""

import argparse
from pathlib import Path

import fitting

RESULTS = Path(__file__).parent / "results" / "truncated.jsonl"
ROWS, TIME, WINDOW, FEATURES, UNITS = 16, 2000, 100, 32, 128
KINDS = ("full", "truncated", "windows")


def measure(kind, epochs):
    """Seconds of the median epoch and megabytes of one way to train; in a process of its own."""
    import keras
    import numpy as np

    import keras_rnnzoo as zoo
    from keras_rnnzoo.through_time import TruncatedBPTT

    random = np.random.default_rng(0)
    x = random.normal(size=(ROWS, TIME, FEATURES)).astype("float32")
    y = random.normal(size=(ROWS, TIME, 1)).astype("float32")
    recurrent = zoo.LSTM(UNITS, return_sequences=True, recompute=False)
    model = keras.Sequential([keras.Input((None, FEATURES)), recurrent, keras.layers.Dense(1)])
    if kind == "truncated":
        model = TruncatedBPTT(model, WINDOW)
    if kind == "windows":  # one batch holds the same window of each row
        x, y = (
            a.reshape(ROWS, -1, WINDOW, a.shape[-1]).swapaxes(0, 1).reshape(-1, WINDOW, a.shape[-1])
            for a in (x, y)
        )
    model.compile("adam", "mse")
    return fitting.fit(model, x, y, ROWS, epochs)


def run(epochs, quick):
    where = fitting.announce(
        f"{ROWS} rows of {TIME} steps, window {WINDOW}, LSTM of {UNITS} units, {epochs} epochs"
    )
    found = fitting.each_kind(
        __file__, KINDS, epochs, lambda kind: 1 if kind == "full" else TIME // WINDOW
    )
    if not quick:
        config = {"rows": ROWS, "time": TIME, "window": WINDOW, "units": UNITS, "epochs": epochs}
        fitting.record(RESULTS, "truncated", config, found, where)


if __name__ == "__main__":
    description = {"description": __doc__, "formatter_class": argparse.RawDescriptionHelpFormatter}
    fitting.main(argparse.ArgumentParser(**description), KINDS, measure, run)
