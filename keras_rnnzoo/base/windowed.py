"""Linear cells that look at a few inputs at a time."""

from keras import ops

from keras_rnnzoo import kernels
from keras_rnnzoo.base.arithmetic import product
from keras_rnnzoo.base.linear import LinearCell


class WindowedCell(LinearCell):
    """A linear cell whose gates see the input and the `window - 1` inputs before it.

    Those before are its last state x `(window - 1, features)`, the latest first. Masked steps are
    not among them, and no sequence sees the inputs of the one before its reset.
    """

    window = 2
    "How many inputs the gates see; with one there is no state x."

    @property
    def zoneable(self):
        return self.states[:1]

    def state_shape(self, name):
        if name == "x":
            return (self.window - 1, getattr(self, "features", None))
        return super().state_shape(name)

    def get_initial_state(self, batch_size=None):
        if "x" in self.states and not self.built:
            raise ValueError(
                f"{type(self).__name__} keeps earlier inputs as a state, whose shape needs the "
                "number of features. Build it, or call it once. Received: features=None"
            )
        return super().get_initial_state(batch_size)

    def own_weights(self, features):
        if self.window > 1:
            shape = (self.window - 1, features, len(self.gates) * self.units)
            self.add_own("window_kernel", shape, "kernel", self.drawn_apart(shape))

    def project(self, inputs):
        return {**super().project(inputs), "x": inputs}

    def seeing(self, projected, before):
        """`projected`, joined by the part of the inputs `before`, the latest first."""
        gates = projected["gates"]
        for lag, x in enumerate(before):
            gates = gates + product(x, self.w.window_kernel[lag])
        return {**projected, "gates": gates}

    def step(self, x, states, drop):
        if self.window == 1:
            return super().step(x, states, drop)
        h, kept = states
        before = [kept[:, lag] for lag in range(self.window - 1)]
        a, h = super().step(self.seeing(x, before), [h], drop)
        return a, (h, ops.stack([x["x"], *before[:-1]], axis=1))

    def walked(self, sequences, states, mask, steps):
        x, before, last = sequences, [], []
        nudge = steps.get("nudge_x")
        for lag in range(self.window - 1):
            if nudge is not None:
                x = x + ops.cast(nudge[:, :, lag], x.dtype)
            x, end = kernels.previous(x, states[1][:, lag], mask, steps.get("reset"))
            before.append(x)
            last.append(end)
        a = self.join_all(self.seeing(self.project(sequences), before), states, {})
        return a, [ops.stack(last, axis=1)] if last else []
