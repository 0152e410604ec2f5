"""Chains of tags on JAX: the definition, compiled once for each shape.

Outside a compiled step, `lax.scan` would compile anew in every call, as its body is a new function
each time.
"""

from functools import partial

import jax
from keras import ops

from keras_rnnzoo.kernels import chain
from keras_rnnzoo.kernels.jax_loops import walk

sums = jax.jit(partial(chain.recur, walk, ops.logsumexp))
maxima = jax.jit(partial(chain.recur, walk, ops.max))
trace = jax.jit(partial(chain.trace, walk))
