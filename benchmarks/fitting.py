"""Time and peak memory of `model.fit`, each way to train in a process of its own."""

import ctypes
import gc
import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path

BACKENDS = ("torch", "tensorflow", "jax")


def fit(model, x, y, rows, epochs):
    """`{"seconds", "megabytes"}` of the epochs after the first, in which all is compiled.

    Seconds are the median; megabytes how far the process rises in them above what it holds between
    the first and the second.
    """
    import numpy as np

    watch = _watch()
    options = {"batch_size": rows, "epochs": epochs + 1, "verbose": 0, "shuffle": False}
    model.fit(x, y, callbacks=[watch], **options)
    megabytes = (_memory("VmHWM") - watch.held) / 1024
    return {"seconds": float(np.median(watch.seconds[1:])), "megabytes": megabytes}


def _memory(name):
    """Kilobytes that this process holds (`VmRSS`), or held at most (`VmHWM`); Linux alone."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(name)))


def _settle():
    """Give back what is free, forget the peak, and tell what is held."""
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    return _memory("VmRSS")


def _watch():
    import keras

    class Watch(keras.callbacks.Callback):
        seconds = []

        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                self.held = _settle()
            self.began = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            float(logs["loss"])
            self.seconds.append(time.perf_counter() - self.began)

    return Watch()


def each_kind(file, kinds, epochs, updates):
    """Run `file --kind KIND` for each of `kinds`, print them beside the first, return what came."""
    found = {}
    for kind in kinds:
        command = [sys.executable, file, "--kind", kind, "--epochs", str(epochs)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found[kind] = json.loads(done.stdout.splitlines()[-1])
        seconds, megabytes = found[kind].values()
        first = found[kinds[0]]
        print(
            f"{kind:<10} {seconds:7.3f} s an epoch ({first['seconds'] / seconds:.2f} times as "
            f"fast), {updates(kind):>2} updates, {megabytes:7.0f} MB in training "
            f"({megabytes / first['megabytes']:.2f} of {kinds[0]})",
            flush=True,
        )
    return found


def announce(what):
    """Print which backend runs on what; returned for the record."""
    from keras_rnnzoo.training import environment

    where = environment()
    print(f"\n{where['backend']} {where['backend_version']}, {where['processor']}\n{what}")
    return where


def record(path, task, config, found, where):
    """Append one line to the records at `path`."""
    from keras_rnnzoo.training import append_record

    config = {**config, "backend": where["backend"], "at": time.time()}
    line = {"task": task, "config": config, "seed": 0, "found": found, "environment": where}
    append_record(path, line)


def every_backend(file, options):
    """Run `file` once for each installed backend."""
    for backend in filter(importlib.util.find_spec, BACKENDS):
        environment = {**os.environ, "KERAS_BACKEND": backend, "OMP_NUM_THREADS": "1"}
        subprocess.run([sys.executable, file, *options], env=environment, check=True)


def main(parser, kinds, measure, run):
    """The command line that these benchmarks share."""
    parser.add_argument("--all", action="store_true", help="run every installed backend")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one epoch, nothing recorded")
    parser.add_argument("--kind", choices=kinds, help="measure one way in this very process")
    args = parser.parse_args()
    epochs = 1 if args.quick else args.epochs
    if args.kind:
        print(json.dumps(measure(args.kind, epochs)))
    elif args.all:
        options = ["--epochs", str(args.epochs)] + (["--quick"] if args.quick else [])
        every_backend(sys.argv[0], options)
    else:
        run(epochs, args.quick)
