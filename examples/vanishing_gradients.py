"""How far does a gradient reach? Networks that lose it, networks that blow it up, and the cures.

    python examples/vanishing_gradients.py                         # a minute, any machine
    python examples/vanishing_gradients.py --train 300             # and after 300 steps of learning

A network reads the adding problem: many numbers, two of them marked, whose sum it shall say after
the last step. What it learns about step t depends on d loss / d state_t, a product of one matrix
for each step from t to the end: it vanishes where they shrink vectors, and explodes where they
stretch them. The run's folder gets the table as gradients.json, the curves as gradients.png.
"""

import argparse
import sys
from pathlib import Path

import keras
import numpy as np

from keras_rnnzoo import figures, training
from keras_rnnzoo.datasets import memory
from keras_rnnzoo.models import SequencePredictor
from keras_rnnzoo.through_time import gradient_through_time
from keras_rnnzoo.training.files import write_json

BY_CONSTRUCTION = ("FastRNN", "IndRNN", "AntisymmetricRNN", "LEM", "CoRNN", "LRU")
GONE = 1e-3  # of the gradient at the last step
MEANING = """
arrives    the gradient at the first of {length} steps, as a share of that at the last: the median
           of {seeds} seeds, the least and the most
reach      how many steps back it stays above {gone:g} of the last
stretch    the largest singular value of d state_t / d state_(t-1): what one step can stretch
saturated  the share of activations within 0.05 of an end of their range, where slopes are small

Clipping brings no vanished gradient back, but tames one that explodes: a step of plain gradient
descent moves the weights of "SimpleRNN, large start" by {free:.3g}, with global_clipnorm=1 by
{clipped:.3g} (nan where the square of the norm is beyond float32)."""


def networks(length):
    """By name: what `SequencePredictor` is given."""

    def plain(scale, **options):
        start = keras.initializers.VarianceScaling(scale**2, distribution="untruncated_normal")
        return {"cell": "simple_rnn", "cell_options": {"recurrent_initializer": start, **options}}

    narrow = keras.initializers.RandomNormal(stddev=0.001)
    irnn = {"activation": "relu", "recurrent_initializer": "identity", "kernel_initializer": narrow}
    return {
        # the two illnesses: matrices that shrink, matrices that stretch
        "SimpleRNN, small start": plain(0.5),
        "SimpleRNN, large start": plain(2.0),
        # a start that keeps lengths, and a norm with which the scale of the start has no effect
        "SimpleRNN, orthogonal": {"cell": "simple_rnn"},
        "SimpleRNN, ReLU and identity": {"cell": "simple_rnn", "cell_options": irnn},
        "SimpleRNN, layer norm": plain(2.0, layer_norm=True),
        # gates, which can stay open: wider by their bias
        "GRU": {"cell": "gru"},
        "LSTM": {"cell": "lstm"},
        "LSTM, forget bias 4": {"cell": "lstm", "forget_start": 4.0},
        "LSTM, chrono start": {"cell": "lstm", "forget_start": "chrono", "chrono_steps": length},
        # a way through by construction: leaky, independent, antisymmetric, oscillating, linear
        **{name: {"cell": name} for name in BY_CONSTRUCTION},
    }


def network(name, args, seed):
    training.set_seed(seed)  # before `networks`, whose initializers draw when they are made
    options = {"every_step": False, "units": args.units, "seed": seed}
    return SequencePredictor(2, 1, **options, **networks(args.length)[name])


def batch(length, rows, seed):
    """Rows of the adding problem."""
    part = memory.adding(length, sizes=(rows, 1, 1), seed=seed).train
    x = {"values": np.stack(part.inputs).astype("float32")}
    return x, np.reshape(part.targets, (rows, -1)).astype("float32")


def measure(name, args):
    """The curves of all seeds, one network's row of the table."""
    curves, jacobians, shares = [], [], []
    for seed in range(args.seed, args.seed + args.seeds):
        model = network(name, args, seed)
        if args.train:
            model.compile(keras.optimizers.Adam(1e-3, global_clipnorm=1.0), "mse")
            model.fit(*batch(args.length, 32 * args.train, seed + 1000), batch_size=32, verbose=0)
        (through,) = gradient_through_time(model, *batch(args.length, 8, seed), "mse").values()
        curves.append(through.total / through.total[-1])
        jacobians.append(through.jacobian)
        shares += [share.mean() for share in through.saturation.values()] or [0.0]
    first = [curve[0] for curve in curves]
    gone = [len(c) - 1 - max(np.flatnonzero(c < GONE), default=-1) for c in curves]
    row = {"arrives": np.median(first), "least": min(first), "most": max(first)}
    row |= {"reach": np.median(gone), "stretch": np.nanmedian(jacobians)}
    return row | {"saturated": np.mean(shares)}, curves, jacobians


def clipping(name, args):
    """How far a step of plain gradient descent moves the weights, without and with clipping."""
    moved = []
    for clip in (None, 1.0):
        model = network(name, args, args.seed)
        before = model.get_weights()
        model.compile(keras.optimizers.SGD(1.0, global_clipnorm=clip), "mse")
        model.train_on_batch(*batch(args.length, 8, args.seed))
        steps = [np.float64(w) - b for w, b in zip(model.get_weights(), before)]
        moved.append(float(np.sqrt(sum(np.sum(step**2) for step in steps))))
    return moved


def arguments():
    raw = argparse.RawDescriptionHelpFormatter
    p = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    p.add_argument("--length", type=int, default=200, help="steps of a sequence")
    p.add_argument("--units", type=int, default=32)
    p.add_argument("--seed", type=int, default=0, help="the first one")
    p.add_argument("--seeds", type=int, default=3, help="how many networks of each kind")
    p.add_argument("--train", type=int, default=0, help="steps of learning before it is measured")
    p.add_argument("--out", type=Path, default=Path("runs") / "vanishing_gradients")
    args = p.parse_args()
    if args.seeds < 1 or args.train < 0:
        p.error(
            f"--seeds from 1, --train from 0. Received: --seeds {args.seeds} --train {args.train}"
        )
    if args.length < 3:
        p.error(f"--length from 3, as chrono initialisation has it. Received: {args.length}")
    return args


def main():
    args = arguments()
    args.out.mkdir(parents=True, exist_ok=True)
    rows, curves, jacobians = {}, {}, {}
    print("d loss / d state                arrives   (least    most)  reach  stretch  saturated")
    for name in networks(args.length):
        try:
            rows[name], curves[name], jacobians[name] = measure(name, args)
        except ValueError as error:  # numbers beyond float32, in long sequences
            rows[name] = {"error": str(error)}
            print(f"{name:<30}  {str(error).splitlines()[0]}", flush=True)
            continue
        arrives, least, most, reach, stretch, saturated = rows[name].values()
        print(f"{name:<30}{arrives:>9.0e}{least:>9.0e}{most:>9.0e}{reach:>7.0f}", end="")
        print(f"{stretch:>9.2f}{saturated:>11.1%}", flush=True)
    free, clipped = clipping("SimpleRNN, large start", args)
    print(MEANING.format(free=free, clipped=clipped, gone=GONE, **vars(args)))
    record = {"config": vars(args), "rows": rows, "update": [free, clipped], "curves": curves}
    write_json(args.out / "gradients.json", record | {"environment": training.environment()})
    figures.save(figures.gradient_through_time(curves, jacobians), args.out / "gradients.png")
    print(f"\nTable and curves are in {args.out}")


if __name__ == "__main__":
    try:
        main()
    except (OSError, ImportError, TypeError, ValueError) as error:
        sys.exit(f"error: {error}")
