"""How fast the CRF trains and decodes beside pytorch-crf, in one process and run.

    OMP_NUM_THREADS=1 KERAS_BACKEND=torch python benchmarks/crf.py
    python benchmarks/crf.py --all        # each installed backend in turn

Needs `pip install pytorch-crf`. A training step is the mean negative log-likelihood and its
gradient by the scores and by all weights; decoding gives the best path of every row. Candidates
take turns within every round, as in loop.py. Printed is the median over rounds of (time of
pytorch-crf / time of ours): above one, ours is faster. Every line is appended to
benchmarks/results/crf.jsonl.
"""

import argparse
import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "crf.jsonl"
BATCH, TIME, TAGS, SHORTEST = 32, 100, 20, 20
BACKENDS = ("torch", "tensorflow", "jax")


def arrays(masked):
    """Scores, tags and a mask with rows of 20 to 100 steps padded on the right, or of 100."""
    import numpy as np

    random = np.random.default_rng(0)
    scores = random.normal(size=(BATCH, TIME, TAGS)).astype("float32")
    tags = random.integers(0, TAGS, (BATCH, TIME)).astype("int32")
    lengths = random.integers(SHORTEST if masked else TIME, TIME + 1, BATCH)
    lengths[0] = TIME
    return scores, tags, np.arange(TIME) < lengths[:, None]


def theirs(train, masked):
    import torch
    from torchcrf import CRF

    crf = CRF(TAGS, batch_first=True)
    scores, tags, mask = map(torch.from_numpy, arrays(masked))
    scores, tags = scores.requires_grad_(), tags.long()
    leaves = [scores, *crf.parameters()]

    def step():
        return torch.autograd.grad(-crf(scores, tags, mask=mask, reduction="mean"), leaves)

    @torch.no_grad()
    def decode():
        return crf.decode(scores, mask=mask)

    return step if train else decode


def ours(train, masked):
    import keras

    import keras_rnnzoo as zoo

    crf = zoo.CRF(TAGS)
    crf.build((None, None, TAGS))
    scores, tags, mask = map(keras.ops.convert_to_tensor, arrays(masked))
    mask = mask if masked else None
    make = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}[keras.backend.backend()]
    return make(
        crf, _loss(crf, tags, mask) if train else lambda x: crf(x, mask=mask), scores, train
    )


def _loss(crf, tags, mask):
    """What `CRFLoss` computes in `fit`, where the tags are not looked for."""
    from keras import ops

    from keras_rnnzoo.crf import chain as chains

    return lambda scores: -ops.mean(chains.log_likelihood(crf.chain(scores, mask), tags))


def _tensorflow(crf, function, scores, train):
    import tensorflow as tf

    @tf.function
    def step(scores):
        if not train:
            return function(scores)
        with tf.GradientTape() as tape:
            tape.watch(scores)
            loss = function(scores)
        return tape.gradient(loss, [scores, *(v.value for v in crf.trainable_variables)])

    return lambda: tf.nest.map_structure(lambda x: x.numpy(), step(scores))


def _jax(crf, function, scores, train):
    import jax
    import keras

    variables = crf.trainable_variables

    def compute(scores, weights):
        with keras.StatelessScope(state_mapping=list(zip(variables, weights))):
            return function(scores)

    step = jax.jit(jax.grad(compute, argnums=(0, 1)) if train else compute)
    weights = [v.value for v in variables]
    return lambda: jax.block_until_ready(step(scores, weights))


def _torch(crf, function, scores, train):
    import torch

    leaves = [scores.requires_grad_(), *crf.parameters()]

    def step():
        if train:
            return torch.autograd.grad(function(scores), leaves)
        with torch.no_grad():
            return function(scores)

    return step


def run_backend(rounds, record):
    import keras
    import numpy as np
    import torch
    from loop import time_rounds

    from keras_rnnzoo.training import append_record, environment

    torch.set_num_threads(1)  # pytorch-crf on one core, as ours with OMP_NUM_THREADS=1
    where = environment()
    print(f"\n{where['backend']} {where['backend_version']}, {where['processor']}, {rounds} rounds")
    for train in (True, False):
        for masked in (False, True):
            runs = {"ours": ours(train, masked), "pytorch-crf": theirs(train, masked)}
            times = {name: np.array(t) for name, t in time_rounds(runs, rounds).items()}
            ratio = float(np.median(times["pytorch-crf"] / times["ours"]))
            ms = float(np.median(times["ours"]) * 1e3)
            kind = f"{'train ' if train else 'decode'} {'masked' if masked else 'plain '}"
            print(f"{kind}  ours {ms:7.2f} ms  pytorch-crf / ours {ratio:.2f}", flush=True)
            if record:
                config = {"batch": BATCH, "time": TIME, "tags": TAGS, "train": train}
                config |= {"masked": masked, "backend": keras.backend.backend(), "at": time.time()}
                line = {"task": "crf", "config": config, "seed": 0, "ms": ms}
                line |= {"ratios": {"pytorch-crf": ratio}, "environment": where}
                append_record(RESULTS, line)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--all", action="store_true", help="run every installed backend")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--quick", action="store_true", help="nothing is recorded")
    args = parser.parse_args()
    if not args.all:
        return run_backend(args.rounds, not args.quick)
    options = ["--rounds", str(args.rounds)] + (["--quick"] if args.quick else [])
    for backend in filter(importlib.util.find_spec, BACKENDS):
        environment = {**os.environ, "KERAS_BACKEND": backend, "OMP_NUM_THREADS": "1"}
        subprocess.run([sys.executable, __file__, *options], env=environment, check=True)
    return None


if __name__ == "__main__":
    main()
