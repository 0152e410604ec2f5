"""How fast time is walked: our LSTM beside Keras's own loop, Keras's LSTM and PyTorch's.

    OMP_NUM_THREADS=1 KERAS_BACKEND=torch python benchmarks/loop.py
    python benchmarks/loop.py --all        # each installed backend in turn

Candidates take turns within every round, and a ratio is formed within a round, so that whatever
else the machine does falls on all of them alike. Printed is the median over rounds of
(time of the other / time of ours): above one, ours is faster. Every line printed is appended to
benchmarks/results/loop.jsonl. The last lines say whether the floors hold: never below 0.97 of
`keras.layers.RNN(cell)`, masked within 1.2 of unmasked, twice the time within 2.2 of once.
"""

import argparse
import importlib.util
import itertools
import os
import subprocess
import sys
import time
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "loop.jsonl"
BATCH, FEATURES = 32, 128
BACKENDS = ("torch", "tensorflow", "jax")


def plain_cell(units):
    """An LSTM cell as one writes it for `keras.layers.RNN`."""
    import keras
    from keras import ops

    class PlainLSTMCell(keras.layers.Layer):
        def __init__(self, units):
            super().__init__()
            self.units, self.state_size, self.output_size = units, [units, units], units

        def build(self, shape):
            n = 4 * self.units
            self.kernel = self.add_weight((shape[-1], n), name="kernel")
            self.recurrent_kernel = self.add_weight((self.units, n), name="recurrent_kernel")
            self.bias = self.add_weight((n,), initializer="zeros", name="bias")
            self.built = True

        def call(self, inputs, states):
            h, c = states
            z = ops.matmul(inputs, self.kernel) + ops.matmul(h, self.recurrent_kernel) + self.bias
            i, f, g, o = ops.split(z, 4, axis=-1)
            c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
            h = ops.sigmoid(o) * ops.tanh(c)
            return h, [h, c]

    return PlainLSTMCell(units)


def candidates(units, masked):
    """Layers to time, by name; ours first."""
    import keras

    import keras_rnnzoo as zoo

    layers = {
        "ours": zoo.LSTM(units, return_sequences=True),
        "keras RNN(cell)": keras.layers.RNN(plain_cell(units), return_sequences=True),
        "keras LSTM": keras.layers.LSTM(units, return_sequences=True),
    }
    for layer in layers.values():
        layer.build((BATCH, None, FEATURES))
    if keras.backend.backend() == "torch" and not masked:
        import torch

        layers["torch.nn.LSTM"] = torch.nn.LSTM(FEATURES, units, batch_first=True)
    return layers


def arrays(length, masked):
    """An input, and a mask under which rows hold 50 to 100 % of the steps, padded on the right."""
    import numpy as np
    from keras import ops

    random = np.random.default_rng(0)
    x = random.normal(size=(BATCH, length, FEATURES)).astype("float32")
    lengths = random.integers(length // 2, length + 1, BATCH)
    mask = np.arange(length) < lengths[:, None]
    return ops.convert_to_tensor(x), ops.convert_to_tensor(mask) if masked else None


def time_rounds(runs, rounds):
    """Seconds of every run in every round, in an order that rotates; two rounds warm up."""
    names = list(runs)
    times = {name: [] for name in names}
    for k in range(rounds + 2):
        for name in names[k % len(names) :] + names[: k % len(names)]:
            start = time.perf_counter()
            runs[name]()
            if k >= 2:
                times[name].append(time.perf_counter() - start)
    return times


def measure(length, units, train, masked, rounds):
    """One case: `(milliseconds of ours, {other: ratio})` and times of ours for the floors."""
    import numpy as np
    from steps import stepper

    layers = candidates(units, masked)
    x, mask = arrays(length, masked)
    runs = {name: _bind(stepper(layer, train), x, mask) for name, layer in layers.items()}
    if masked:  # the same layer without the mask, for the floor
        runs["ours, unmasked"] = _bind(stepper(layers["ours"], train), x, None)
    times = {name: np.array(seconds) for name, seconds in time_rounds(runs, rounds).items()}
    ours = times.pop("ours")
    ratios = {name: float(np.median(seconds / ours)) for name, seconds in times.items()}
    return float(np.median(ours) * 1e3), ratios


def _bind(run, x, mask):
    return lambda: run(x, mask)


def run_backend(rounds, quick):
    import keras

    from keras_rnnzoo.training import append_record, environment

    where = environment()
    print(f"\n{where['backend']} {where['backend_version']}, {where['processor']}, {rounds} rounds")
    lengths, widths = ((100,), (32,)) if quick else ((100, 400), (32, 128))
    worst = {"keras RNN(cell)": [], "ours, unmasked": []}
    ours = {}
    cases = itertools.product(widths, lengths, (False, True), (False, True))
    for units, length, train, masked in cases:
        ms, ratios = measure(length, units, train, masked, rounds)
        ours[units, length, train, masked] = ms
        config = {"units": units, "time": length, "train": train, "masked": masked}
        shown = "  ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items())
        kind = f"{'train' if train else 'infer'} {'masked' if masked else 'plain '}"
        print(f"units {units:>3}  time {length:>3}  {kind}  ours {ms:7.2f} ms  {shown}", flush=True)
        for name in worst.keys() & ratios.keys():
            worst[name].append(ratios[name])
        if not quick:
            config = {**config, "backend": keras.backend.backend(), "at": time.time()}
            record = {"task": "loop", "config": config, "seed": 0, "ms": ms, "ratios": ratios}
            append_record(RESULTS, {**record, "environment": where})
    floors(worst, ours, lengths)


def floors(worst, ours, lengths):
    """What was promised, and whether it was kept."""
    slowest = min(worst["keras RNN(cell)"])
    print(f"slowest against keras.layers.RNN(cell): {slowest:.2f} {_verdict(slowest >= 0.97)}")
    masked = max(1 / ratio for ratio in worst["ours, unmasked"])
    print(f"masked over unmasked, at most: {masked:.2f} {_verdict(masked <= 1.2)}")
    if len(lengths) == 2:
        growth = max(
            (ours[(u, lengths[1], *rest)] / ours[(u, lengths[0], *rest)]) ** 0.5
            for (u, t, *rest) in ours
            if t == lengths[0]
        )
        print(f"twice the time costs at most: {growth:.2f} {_verdict(growth <= 2.2)}")


def _verdict(kept):
    return "(kept)" if kept else "(MISSED)"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--all", action="store_true", help="run every installed backend")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--quick", action="store_true", help="one small size, nothing recorded")
    args = parser.parse_args()
    if not args.all:
        return run_backend(args.rounds, args.quick)
    options = ["--rounds", str(args.rounds)] + (["--quick"] if args.quick else [])
    for backend in filter(importlib.util.find_spec, BACKENDS):
        environment = {**os.environ, "KERAS_BACKEND": backend, "OMP_NUM_THREADS": "1"}
        command = [sys.executable, __file__, *options]
        subprocess.run(command, env=environment, check=True)
    return None


if __name__ == "__main__":
    main()
