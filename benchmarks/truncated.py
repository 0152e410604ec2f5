"""Time and peak memory of truncated against full backpropagation through time.

    OMP_NUM_THREADS=1 KERAS_BACKEND=torch python benchmarks/truncated.py
    python benchmarks/truncated.py --all        # each installed backend in turn

One LSTM learns from the same sequences in three ways, each in a fresh process: by plain `fit` on
whole sequences, by `TruncatedBPTT.fit` in windows, and by plain `fit` on the windows as rows of
their own, which carries nothing and shows what the carrying costs. Time is the median over epochs
of one epoch, which walks the same steps each time; memory is the peak of the process above what it
held before the first step, compilation included. Every line is appended to
benchmarks/results/truncated.jsonl.
"""

import argparse
import importlib.util
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "truncated.jsonl"
BACKENDS = ("torch", "tensorflow", "jax")
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
    model = keras.Sequential(
        [
            keras.Input((None, FEATURES)),
            zoo.LSTM(UNITS, return_sequences=True),
            keras.layers.Dense(1),
        ]
    )
    if kind == "truncated":
        model = TruncatedBPTT(model, WINDOW)
    if kind == "windows":  # one batch holds the same window of each row
        x, y = (
            a.reshape(ROWS, -1, WINDOW, a.shape[-1]).swapaxes(0, 1).reshape(-1, WINDOW, a.shape[-1])
            for a in (x, y)
        )
    model.compile("adam", "mse")
    before = _peak()
    clock = _Clock(keras)
    options = {"batch_size": ROWS, "epochs": epochs + 1, "verbose": 0, "shuffle": False}
    model.fit(x, y, callbacks=[clock], **options)
    return {"seconds": float(np.median(clock.seconds[1:])), "megabytes": _peak() - before}


def _peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _Clock(keras):
    class Clock(keras.callbacks.Callback):
        seconds = []

        def on_epoch_begin(self, epoch, logs=None):
            self.began = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            float(logs["loss"])
            self.seconds.append(time.perf_counter() - self.began)

    return Clock()


def run_backend(epochs, quick):
    import keras

    from keras_rnnzoo.training import append_record, environment

    where = environment()
    print(f"\n{where['backend']} {where['backend_version']}, {where['processor']}")
    print(f"{ROWS} rows of {TIME} steps, window {WINDOW}, LSTM of {UNITS} units, {epochs} epochs")
    found = {}
    for kind in KINDS:
        command = [sys.executable, __file__, "--kind", kind, "--epochs", str(epochs)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found[kind] = json.loads(done.stdout.splitlines()[-1])
        seconds, megabytes = found[kind].values()
        ratio = found["full"]["seconds"] / seconds
        share = megabytes / found["full"]["megabytes"]
        updates = 1 if kind == "full" else TIME // WINDOW
        print(
            f"{kind:<10} {seconds:7.3f} s an epoch ({ratio:.2f} times as fast), "
            f"{updates:>2} updates, {megabytes:7.0f} MB above the start ({share:.2f} of full)",
            flush=True,
        )
    if not quick:
        config = {
            "rows": ROWS,
            "time": TIME,
            "window": WINDOW,
            "units": UNITS,
            "epochs": epochs,
            "backend": keras.backend.backend(),
            "at": time.time(),
        }
        record = {"task": "truncated", "config": config, "seed": 0, "found": found}
        append_record(RESULTS, {**record, "environment": where})


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--all", action="store_true", help="run every installed backend")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one epoch, nothing recorded")
    parser.add_argument("--kind", choices=KINDS, help="measure one way in this very process")
    args = parser.parse_args()
    epochs = 1 if args.quick else args.epochs
    if args.kind:
        print(json.dumps(measure(args.kind, epochs)))
    elif not args.all:
        run_backend(epochs, args.quick)
    else:
        options = ["--epochs", str(args.epochs)] + (["--quick"] if args.quick else [])
        for backend in filter(importlib.util.find_spec, BACKENDS):
            environment = {**os.environ, "KERAS_BACKEND": backend, "OMP_NUM_THREADS": "1"}
            subprocess.run([sys.executable, __file__, *options], env=environment, check=True)


if __name__ == "__main__":
    main()
