"""From a normalised history to raw numbers for each step of the horizon: three ways.

Every head takes `history (batch, look_back, channels)`, the covariates of the windows and a vector
`extra (batch, e)` of what stays the same, and gives `(batch, horizon, channels, count)`.
"""

import keras
from keras import ops

from keras_rnnzoo.base.options import choice
from keras_rnnzoo.models.forecast_parts import along, joined
from keras_rnnzoo.wrappers import StackedRecurrent

HEADS = ("direct", "autoregressive", "segments")


class Head(keras.layers.Layer):
    """What the heads share: the stack, the last layer, and how big they are.

    Arguments:
        sizes: a `Sizes`.
        stack: options of `StackedRecurrent`.
        dropout: in front of the last layer.
        flat: whether the last layer starts at zero, so that a linear forecast stands alone.
        seed: of the dropout.
    """

    walks = {"return_sequences": False, "return_state": False}

    def __init__(self, sizes, stack, dropout=0.0, flat=False, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.sizes = sizes
        self.stack = StackedRecurrent(**stack, **self.walks, seed=seed, name="stack")
        self.drop = keras.layers.Dropout(dropout, seed=None if seed is None else seed + 50)
        self.start = "zeros" if flat else "glorot_uniform"

    @property
    def hidden(self):
        """Features that the last layer of the stack gives."""
        shape = self.stack.compute_output_shape((None, 2, self.sizes.step))
        return (shape[0] if self.stack.return_state else shape)[-1]

    def shaped(self, raw, steps):
        """`(batch, n, steps · channels · count)` to `(batch, n · steps, channels, count)`."""
        channels, count = self.sizes.channels, self.sizes.count
        return ops.reshape(raw, (-1, raw.shape[1] * steps, channels, count))


class DirectHead(Head):
    """All steps of the horizon at once, from the last output of the stack.

    What is known ahead meets, at each step of the horizon, a context that the last output has for
    that step (the global and the local network of Wen et al., arXiv:1711.11053, section 3.2).
    """

    def build(self, shape=None):
        sizes = self.sizes
        self.stack.build((None, sizes.look_back, sizes.step))
        width = sizes.channels * sizes.count
        if not sizes.known:
            self.last = keras.layers.Dense(sizes.horizon * width, kernel_initializer=self.start)
            self.last.build((None, self.hidden))
        else:
            context = max(8, self.hidden // 4)
            self.contexts = keras.layers.Dense(sizes.horizon * context, name="contexts")
            self.contexts.build((None, self.hidden))
            self.local = keras.layers.Dense(2 * context, "relu", name="local")
            self.local.build((None, None, context + sizes.known))
            self.last = keras.layers.Dense(width, kernel_initializer=self.start)
            self.last.build((None, None, 2 * context))
        self.built = True

    def call(self, history, inputs, extra=None, training=False):
        x = joined(history, inputs, extra, slice(0, self.sizes.look_back))
        y = self.stack(x, training=training)
        return self.answer(self.drop(y, training=training), inputs)

    def answer(self, y, inputs):
        """Raw numbers from the last output of the stack."""
        sizes = self.sizes
        if not sizes.known:
            return self.shaped(ops.expand_dims(self.last(y), 1), sizes.horizon)
        width = self.contexts.units // sizes.horizon
        contexts = ops.reshape(self.contexts(y), (-1, sizes.horizon, width))
        ahead = ops.cast(inputs["known"][:, sizes.look_back :], contexts.dtype)
        return self.shaped(self.last(self.local(ops.concatenate([contexts, ahead], -1))), 1)


class SegmentHead(Head):
    """Segments in, and all segments of the horizon out at once, told apart by their position.

    The history is cut into segments of w steps; each is projected, and the stack walks over them.
    From its last states one step of the same stack is taken for each segment of the horizon, whose
    input is a vector of its position, of the series and of what is known of it (SegRNN: Lin et al.,
    arXiv:2308.11200, sections 3.2 to 3.4).

    Arguments:
        segment: w. Steps at the start of the history that fill no segment are not read; a last
            segment may reach beyond the horizon.
        width: of the projection, the input of the stack.
    """

    walks = {"return_sequences": False, "return_state": True}

    def __init__(self, sizes, stack, segment, width, **kwargs):
        super().__init__(sizes, stack, **kwargs)
        self.segment, self.width = segment, width
        self.segments_in = sizes.look_back // segment
        self.segments_out = -(-sizes.horizon // segment)
        self.project = keras.layers.Dense(width, "relu", name="project")
        self.query = keras.layers.Dense(width, use_bias=False, name="query")

    def build(self, shape=None):
        sizes, w = self.sizes, self.segment
        self.project.build((None, None, w * sizes.step_alone + sizes.extra))
        self.stack.build((None, None, self.width))
        self.positions = self.add_weight(
            (self.segments_out, self.width), "random_normal", name="positions"
        )
        asked = w * sizes.known + sizes.extra
        if asked:
            self.query.build((None, None, asked))
        count = w * sizes.channels * sizes.count
        self.last = keras.layers.Dense(count, kernel_initializer=self.start, name="last")
        self.last.build((None, None, self.stack.compute_output_shape((None, 2, self.width))[0][-1]))
        self.built = True

    def call(self, history, inputs, extra=None, training=False):
        sizes, n = self.sizes, self.segments_in
        first = sizes.look_back - n * self.segment
        x = joined(history[:, first:], inputs, None, slice(first, sizes.look_back))
        x = ops.reshape(x, (-1, n, self.segment * x.shape[-1]))
        x = x if extra is None else ops.concatenate([x, along(extra, n)], -1)
        _, *states = self.stack(self.project(x), training=training)
        m = self.segments_out
        queries = ops.reshape(self._queries(inputs, extra, x), (-1, 1, self.width))
        states = [ops.repeat(state, m, axis=0) for state in states]
        y, *_ = self.stack(queries, initial_state=states, training=training)
        y = ops.reshape(self.drop(y, training=training), (-1, m, y.shape[-1]))
        return self.shaped(self.last(y), self.segment)[:, : sizes.horizon]

    def _queries(self, inputs, extra, x):
        """What each segment of the horizon starts from: `(batch, segments, width)`."""
        m, parts = self.segments_out, []
        if self.sizes.known:
            ahead = inputs["known"][:, self.sizes.look_back :]
            short = m * self.segment - self.sizes.horizon
            ahead = ops.concatenate([ahead, *[ahead[:, -1:]] * short], 1) if short else ahead
            parts.append(ops.reshape(ahead, (-1, m, self.segment * self.sizes.known)))
        if extra is not None:
            parts.append(along(extra, m))
        position = ops.expand_dims(ops.cast(self.positions, x.dtype), 0)
        if parts:
            return position + self.query(ops.concatenate([ops.cast(p, x.dtype) for p in parts], -1))
        return position + ops.zeros((ops.shape(x)[0], m, self.width), x.dtype)


class AutoregressiveHead(Head):
    """Step after step, each reading the value before it (DeepAR: Salinas et al., arXiv:1704.04110).

    In training the values before are the true ones (`inputs["target"]`, normalised like the
    history). Without them each step reads the point forecast of the one before; sampled paths are
    drawn with `decode`.
    """

    walks = {"return_sequences": True, "return_state": True}

    def build(self, shape=None):
        self.stack.build((None, None, self.sizes.step))
        width = self.sizes.channels * self.sizes.count
        self.last = keras.layers.Dense(width, kernel_initializer=self.start, name="last")
        self.last.build((None, None, self.hidden))
        self.built = True

    def call(self, history, inputs, extra=None, target=None, training=False):
        steps = self.sizes.horizon
        before = ops.concatenate([history, target[:, :-1]], axis=1)
        x = joined(before, inputs, extra, slice(1, self.sizes.look_back + steps))
        y, *_ = self.stack(x, training=training)
        return self.shaped(self.last(self.drop(y[:, -steps:], training=training)), 1)

    def encode(self, history, inputs, extra=None):
        """The states after all of the history but its last step."""
        x = joined(history[:, :-1], inputs, extra, slice(1, self.sizes.look_back))
        return self.stack(x)[1:]

    def decode(self, before, states, inputs, extra, step):
        """Raw numbers `(batch, 1, channels, count)` of one step of the horizon, and the states."""
        at = self.sizes.look_back + step
        x = joined(before, inputs, extra, slice(at, at + 1))
        y, *states = self.stack(x, initial_state=states)
        return self.shaped(self.last(y), 1), states


def make_heads(sizes, given, dropout):
    """The heads that the options of a `Forecaster` ask for, one for each of its members.

    Arguments:
        sizes: a `Sizes`.
        given: the options.
        dropout: between the layers of the stack and in front of the last layer.
    """
    names = ("cell", "units", "depth", "connections", "cell_options")
    stack = {"dropout": dropout, **{name: given[name] for name in names}}
    options = {"dropout": dropout, "flat": bool(given["skip"])}
    if choice("head", given["head"], HEADS) == "segments":
        segment = given["segment"] or min(24, max(1, sizes.look_back // 4))
        width = stack["units"] if isinstance(stack["units"], int) else stack["units"][0]
        options |= {"segment": segment, "width": width}
    kinds = {"direct": DirectHead, "autoregressive": AutoregressiveHead, "segments": SegmentHead}
    first, count = given["seed"], given["members"]
    seeds = [None if first is None else first + 1000 * k for k in range(count)]
    return [
        kinds[given["head"]](sizes, stack, seed=seed, **options, name=f"head_{k}")
        for k, seed in enumerate(seeds)
    ]
