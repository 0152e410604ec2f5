"""How probable given tags are on a stretch of a row, all others being free."""

import numpy as np
from keras import ops

from keras_rnnzoo.crf import chain as chains


def span_probabilities(chain, tags, spans):
    """p(y_a, ..., y_b) = exp(α_a + Σ_(a < t <= b) (A + e_t) + β_b - e_b - log Z) of each span.

    log Z is that of step a, as in `chain.marginals`.
    """
    chain = chain.centred()
    parts = (chain.scores, chain.transition, chains.forward(chain), chains.backward(chain))
    scores, transition, alpha, beta = (ops.convert_to_numpy(part) for part in parts)
    found = []
    for row, start, stop in spans:
        y = np.asarray(tags[row][start:stop])
        emitted = scores[row, np.arange(start, stop), y]
        linked = emitted[1:].sum() + transition[y[:-1], y[1:]].sum()
        ends = alpha[row, start, y[0]] + beta[row, stop - 1, y[-1]] - emitted[-1]
        paths = alpha[row, start] + beta[row, start] - scores[row, start]
        found.append(ends + linked - np.logaddexp.reduce(paths))
    return np.exp(np.minimum(found, 0.0))
