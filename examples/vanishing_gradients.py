"""How far does a gradient reach? Networks that lose it, networks that blow it up, and the cures.

    python examples/vanishing_gradients.py                         # a minute, any machine
    python examples/vanishing_gradients.py --length 400 --units 64
    python examples/vanishing_gradients.py --train 300             # and after 300 steps of learning

A network reads the adding problem: many numbers, two of them marked, whose sum it shall say after
the last step. What it learns about a step depends on the gradient of its loss with respect to its
state there, d loss / d state_t, and that is a product of one matrix for each step from t to the
end. With matrices that shrink vectors it vanishes, with matrices that stretch them it explodes.

Each network is measured as it starts, on several seeds; all it takes is `gradient_through_time`.
The folder of the run gets the table as gradients.json and the curves as gradients.png.
"""

import argparse
import sys
from pathlib import Path

import keras
import numpy as np

import keras_rnnzoo as zoo
from keras_rnnzoo import figures, training
from keras_rnnzoo.datasets import memory
from keras_rnnzoo.models import SequencePredictor
from keras_rnnzoo.through_time import gradient_through_time
from keras_rnnzoo.training.files import write_json

GONE = 1e-3  # of the gradient at the last step


def networks(units, length):
    """By name: what `SequencePredictor` is given."""

    def plain(scale, **options):
        start = keras.initializers.RandomNormal(stddev=scale / np.sqrt(units))
        return {"cell": "simple_rnn", "cell_options": {"recurrent_initializer": start, **options}}

    irnn = {
        "activation": "relu",
        "recurrent_initializer": keras.initializers.Identity(),
        "kernel_initializer": keras.initializers.RandomNormal(stddev=0.001),
    }
    rows = {
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
    }
    # a way round the nonlinearity by construction: leaky, independent, antisymmetric, oscillating
    for cell in ("fast_rnn", "ind_rnn", "antisymmetric_rnn", "lem", "co_rnn"):
        rows[zoo.get(cell).__name__] = {"cell": cell}
    return rows


def network(name, args, seed):
    training.set_seed(seed)  # before `networks`, whose initializers draw when they are made
    options = networks(args.units, args.length)[name]
    return SequencePredictor(
        2, 1, "values", every_step=False, units=args.units, seed=seed, **options
    )


def batch(length, rows, seed):
    """Rows of the adding problem."""
    part = memory.adding(length, sizes=(rows, 1, 1), seed=seed).train
    x = {"values": np.stack(part.inputs).astype("float32")}
    return x, np.reshape(part.targets, (rows, -1)).astype("float32")


def learn(model, args, seed):
    """Some steps on the adding problem."""
    model.compile(keras.optimizers.Adam(1e-3, global_clipnorm=1.0), "mse")
    model.fit(*batch(args.length, 32 * args.train, seed), batch_size=32, verbose=0)


def measure(name, args):
    """The curves of all seeds, one network's row of the table."""
    curves, jacobians, saturated = [], [], []
    for seed in range(args.seed, args.seed + args.seeds):
        model = network(name, args, seed)
        if args.train:
            learn(model, args, seed + 1000)
        (through,) = gradient_through_time(model, *batch(args.length, 8, seed), "mse").values()
        curves.append(through.total / through.total[-1])
        jacobians.append(through.jacobian)
        saturated.append(np.mean([share.mean() for share in through.saturation.values()] or [0.0]))
    first = [curve[0] for curve in curves]
    gone = [len(c) - 1 - max(np.flatnonzero(c < GONE), default=-1) for c in curves]
    row = {"arrives": np.median(first), "least": min(first), "most": max(first)}
    row |= {"reach": np.median(gone), "stretch": np.nanmedian(jacobians)}
    return {**row, "saturated": np.mean(saturated)}, np.array(curves), np.array(jacobians)


def clipping(name, args):
    """How far one step of plain gradient descent moves the weights: without and with clipping."""
    moved = []
    for clip in (None, 1.0):
        model = network(name, args, args.seed)
        before = [np.array(w) for w in model.get_weights()]
        model.compile(keras.optimizers.SGD(1.0, global_clipnorm=clip), "mse")
        model.train_on_batch(*batch(args.length, 8, args.seed))
        step = [np.ravel(w - b) for w, b in zip(model.get_weights(), before)]
        moved.append(float(np.linalg.norm(np.concatenate(step).astype("float64"))))
    return moved


def main():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--length", type=int, default=200, help="steps of a sequence")
    p.add_argument("--units", type=int, default=32)
    p.add_argument("--seed", type=int, default=0, help="the first one")
    p.add_argument("--seeds", type=int, default=3, help="how many networks of each kind")
    p.add_argument("--train", type=int, default=0, help="steps of learning before it is measured")
    p.add_argument("--out", type=Path, default=Path("runs") / "vanishing_gradients")
    args = p.parse_args()
    rows, curves, jacobians = {}, {}, {}
    print(f"{'d loss / d state':<30}{'arrives':>9}{'(least':>9}{'most)':>9}{'reach':>7}", end="")
    print(f"{'stretch':>9}{'saturated':>11}")
    for name in networks(args.units, args.length):
        row, curves[name], jacobians[name] = measure(name, args)
        rows[name] = row
        numbers = "".join(f"{row[key]:>9.0e}" for key in ("arrives", "least", "most"))
        print(f"{name:<30}{numbers}{row['reach']:>7.0f}", end="")
        print(f"{row['stretch']:>9.2f}{row['saturated']:>11.1%}", flush=True)
    free, clipped = clipping("SimpleRNN, large start", args)
    print(
        f"""
arrives    the gradient at the first of {args.length} steps, as a share of that at the last: the
           median of {args.seeds} seeds, the least and the most
reach      how many steps back it stays above {GONE:g} of the last
stretch    the largest singular value of d state_t / d state_(t-1): what one step can stretch
saturated  the share of activations within 0.05 of an end of their range, where slopes are small

Clipping does not bring a vanished gradient back, but it tames one that explodes: one step of plain
gradient descent moves the weights of "SimpleRNN, large start" by {free:.3g}, with
global_clipnorm=1 by {clipped:.3g}."""
    )
    args.out.mkdir(parents=True, exist_ok=True)
    update = {"free": free, "clipped": clipped}
    config = {name: value for name, value in vars(args).items() if name != "out"}
    record = {"config": config, "rows": rows, "update": update, "curves": curves}
    write_json(args.out / "gradients.json", record | {"environment": training.environment()})
    figures.save(figures.gradient_through_time(curves, jacobians), args.out / "gradients.png")
    print(f"\nTable and curves are in {args.out}")


if __name__ == "__main__":
    try:
        main()
    except (OSError, ImportError, TypeError, ValueError) as error:
        sys.exit(f"error: {error}")
