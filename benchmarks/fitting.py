"""Time and peak memory of `model.fit`, each way to train in a process of its own."""

import importlib.util
import json
import os
import resource
import subprocess
import sys
import time

BACKENDS = ("torch", "tensorflow", "jax")


def fit(model, x, y, rows, epochs):
    """`{"seconds", "megabytes"}`: the median epoch after the first, and the peak of this process
    above what it held before the first step, compilation included."""
    import numpy as np

    before, clock = _peak(), _clock()
    options = {"batch_size": rows, "epochs": epochs + 1, "verbose": 0, "shuffle": False}
    model.fit(x, y, callbacks=[clock], **options)
    return {"seconds": float(np.median(clock.seconds[1:])), "megabytes": _peak() - before}


def _peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _clock():
    import keras

    class Clock(keras.callbacks.Callback):
        seconds = []

        def on_epoch_begin(self, epoch, logs=None):
            self.began = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            float(logs["loss"])
            self.seconds.append(time.perf_counter() - self.began)

    return Clock()


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
            f"fast), {updates(kind):>2} updates, {megabytes:7.0f} MB above the start "
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
