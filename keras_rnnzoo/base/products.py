"""The products of a step, and how input part and recurrent part of a gate become one."""

from keras import ops

from keras_rnnzoo.base import arithmetic


class CellProducts:
    """What a step of a `RecurrentCell` calls."""

    def project(self, inputs):
        """The part of the gates that depends on `inputs (..., features)` alone."""
        features, side = inputs, {}
        if self.side_inputs:
            features = inputs[..., self.side_inputs :]
            side["side"] = inputs[..., : self.side_inputs]
        x = self.weigh(features)
        if self.layer_norm:
            x = arithmetic.normalise(x, len(self.gates)) * self.w.input_norm_gain
        return {"gates": x if self.w.input_bias is None else x + self.w.input_bias, **side}

    def weigh(self, features):
        """`features` times the input kernel, gates side by side."""
        return arithmetic.product(features, self.w.kernel)

    def recur(self, operand, matrix, drop):
        """The product of `operand` with the recurrent matrix of that name, gates side by side."""
        w = self.w.matrices[matrix]
        if self.projection and self.mixes_h and isinstance(matrix, int):
            operand = operand @ self.w.projection_kernel
        if matrix in drop:
            operand = operand * drop[matrix]
        u = arithmetic.PRODUCTS[self.recurrence](operand, w.kernel)
        if self.layer_norm:
            u = arithmetic.normalise(u, w.gates) * w.gain
        return u if w.bias is None else u + w.bias

    def join(self, gates, x, u):
        """Input part and recurrent part of `gates` as one pre-activation."""
        if self.integration == "sum":
            return x + u
        alpha, beta_x, beta_h, bias = self.w.integration[gates]
        joined = alpha * x * u + beta_x * x + beta_h * u
        return joined if bias is None else joined + bias

    def join_all(self, x, states, drop):
        """All pre-activations by name, and the blocks of the bias that belong to no gate."""
        a = arithmetic.Gates(x, self.w.free_biases)
        parts = []
        for run in self.plan:
            block = x["gates"] if run.whole else x["gates"][..., run.low : run.high]
            if run.operand is None:
                a.spread(run.gates, block)
                continue
            if run.operand == len(parts):
                operand = self.operand(run.operand, a, *states)
                parts.append(self.recur(operand, run.operand, drop))
            u = parts[run.operand]
            u = u if run.u_whole else u[..., run.u_low : run.u_high]
            if run.joined:
                a.spread(run.gates, self.join(run.gates, block, u))
            else:
                setattr(a, run.gates[0], (block, u))
        return a

    def clipped(self, c):
        """`c` within ± `cell_clip`."""
        return c if self.cell_clip is None else ops.clip(c, -self.cell_clip, self.cell_clip)

    def normed(self, c):
        """`c` as the output reads it: layer-normalised if so wished."""
        if not self.layer_norm:
            return c
        return arithmetic.normalise(c, 1) * self.w.cell_norm_gain + self.w.cell_norm_shift
