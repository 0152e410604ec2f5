"""Random chains for the tests of the CRF, and its functions compiled once for each backend."""

import functools

import crf_oracle
import keras
import numpy as np
from helpers import compiled, numpy
from keras import ops

from keras_rnnzoo import CRF
from keras_rnnzoo.crf import chain as chains
from keras_rnnzoo.crf.n_best import n_best
from keras_rnnzoo.tags import tag_set

BATCH, TIME, TAGS, N = 4, 4, 5, 6
NAMES = {
    "IOB1": tag_set(["A", "B"], "IOB1"),
    "IOB2": tag_set(["A", "B"], "IOB2"),
    "IOBES": tag_set(["A"], "IOBES"),
    "BILOU": tag_set(["A"], "BILOU"),
}
MASK = np.array([[1, 1, 1, 1], [0, 1, 0, 1], [0, 0, 0, 0], [0, 0, 1, 0]], bool)


def _everything(scores, transition, start, end, mask, tags):
    chain = chains.Chain(scores, transition, start, end, mask)
    paths, best = n_best(chain, N)
    decoded = chains.viterbi(chain)
    return {
        "decoded": decoded,
        "score": chains.path_score(chain, decoded),
        "paths": paths,
        "n_best": best,
        "log_partition": chains.log_partition(chain),
        "marginals": chains.marginals(chain),
        "entropy": chains.entropy(chain),
        "log_likelihood": chains.log_likelihood(chain, tags),
    }


@functools.cache
def _run():
    return compiled(_everything)


def everything(layer, scores, mask, tags):
    """All that a CRF computes, by name, as arrays; one compilation for each shape and dtype."""
    chain = layer.chain(ops.convert_to_tensor(scores), ops.convert_to_tensor(mask))
    found = _run()(*chain, ops.convert_to_tensor(tags))
    return {name: numpy(x) for name, x in found.items()}


def random_crf(rng, scale=1.0, tags=TAGS, **options):
    """A built CRF with random weights, and the same for the oracle."""
    crf = CRF(tags, **options)
    crf.build((None, None, crf.size))
    for weight in crf.weights:
        weight.assign(scale * rng.normal(size=weight.shape))
    return crf, weights_of(crf)


def weights_of(crf):
    parts = (numpy(crf.transition), numpy(crf.start), numpy(crf.end))
    return crf_oracle.Weights.make(*parts, crf.allowed_tables)


def random_scores(rng, scale=1.0, dtype="float32", shape=(BATCH, TIME, TAGS)):
    return (scale * rng.normal(size=shape)).astype(dtype)


def negative_log_likelihood(tags, target):
    """The summed loss of the targets by what a CRF attached to its `tags`: for `gradients`."""
    from keras_rnnzoo import kernels

    chain = kernels.attached(tags, "chains")[0]
    return -ops.sum(chains.log_likelihood(chain, ops.convert_to_tensor(target)))


class Likelihood(keras.layers.Layer):
    """log p(target) with float64 weights, to be differentiated."""

    def __init__(self, weights, target):
        super().__init__(dtype="float64")
        self.target = np.asarray(target, "int32")
        for name in ("transition", "start", "end"):
            value = keras.initializers.Constant(getattr(weights, name))
            shape = getattr(weights, name).shape
            setattr(self, name, self.add_weight(shape, value, dtype="float64", name=name))
        self.built = self.supports_masking = True

    def call(self, scores, mask=None):
        weights = (ops.convert_to_tensor(w) for w in (self.transition, self.start, self.end))
        chain = chains.Chain(scores, *weights, mask)
        found = chains.log_likelihood(chain, ops.convert_to_tensor(self.target))
        return ops.concatenate([found, chains.entropy(chain), chains.log_partition(chain)])
