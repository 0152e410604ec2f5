"""How far back the gradient of a loss reaches, in every recurrent layer of a model."""

from typing import NamedTuple

import numpy as np

from keras_rnnzoo.base.options import positive_int
from keras_rnnzoo.through_time.not_finite import explain
from keras_rnnzoo.through_time.nudged import nudged
from keras_rnnzoo.through_time.question import question
from keras_rnnzoo.through_time.steps import jacobian_norms, saturation


class LayerGradients(NamedTuple):
    """What `gradient_through_time` says of one layer, in the order in which it walks time.

    A step that is masked in every row has NaN.

    Attributes:
        norms: by the name of a state, (time,): the norm over units of d loss / d state after step
            t, averaged over the rows of the batch in which the step is valid.
        total: (time,): as much of all states together.
        saturation: by the name of a gate, (time,): the share of its units within 0.05 of an end
            of the range of its activation.
        jacobian: (time,): the largest singular value of d state_t / d state_(t-1), with all states
            side by side, averaged over the first rows; NaN where it was not computed.
    """

    norms: dict
    total: np.ndarray
    saturation: dict
    jacobian: np.ndarray


def gradient_through_time(model, x, y=None, loss=None, mask=None, *, jacobian_steps=20):
    """d loss / d state at each step of every recurrent layer, and what makes it shrink or grow.

    The derivative is total: through all later steps, and through the output of the step. The other
    states of the step are held, so that of an LSTM's c leaves out the way through the h beside it.
    It is that of `update`, before zoneout.

    Steps are in the order in which a layer walks: those of a layer that goes backwards, or of the
    backward layer of a `Bidirectional`, start at the end of the sequence. The gates that are seen
    are those that a cell passes to its `activation` or `recurrent_activation`; an end that lies at
    infinity does not count, so that of a ReLU the share is that below 0.05. Dropout is off, and
    stateful layers keep their states.

    Args:
        model: a recurrent layer, a wrapper of some, or any model with recurrent layers of this
            package inside. What is not built is built.
        x: a batch, whatever the model takes.
        y: targets of that batch, or `None`.
        loss: name, Keras loss or function of (y_true, y_pred), averaged over what it gives; that of
            a compiled model if `None`. Without `y`, the sum of the last output (of each row's last
            valid step).
        mask: (batch, time) bool, where the model does not make its own.
        jacobian_steps: at how many steps, evenly spaced, to compute Jacobians of four rows; `None`
            leaves them out. With n numbers in all states of a row each costs a step of n rows, so
            that n may be 4096 at most.

    Returns:
        A dict of the layers' names to `LayerGradients`.

    Raises:
        ValueError: no recurrent layer, a layer that is called twice, targets without a loss, a
            loss that depends on no state, states too large for Jacobians, or numbers that are not
            finite: the message says where they begin, as `explain_nan` does.

    Example:

    >>> layer = keras_rnnzoo.LSTM(16, name="memory")
    >>> through = gradient_through_time(layer, np.random.randn(8, 100, 4))["memory"]
    >>> through.norms["c"].shape
    (100,)
    """
    if jacobian_steps is not None:
        positive_int("jacobian_steps", jacobian_steps)
    asked = question(model, x, y, loss, mask)
    found = nudged(asked)
    broken = explain(asked, found)
    if broken:
        raise ValueError(
            f"There is no gradient to follow, as not every number is finite:\n{broken}"
        )
    if not any(g.any() for states in found.gradients.values() for g in states.values()):
        raise ValueError(
            "The loss does not change with any state of any recurrent layer: its way to the loss "
            "is cut, or every unit on it is dead. Received: gradients that are zero throughout, of "
            f"{', '.join(found.gradients)}"
        )
    return {
        name: _layer(walk, found.gradients[name], jacobian_steps)
        for name, walk in found.walks.items()
    }


def _layer(walk, gradients, jacobian_steps):
    flat = {
        name: gradient[walk.valid].reshape(walk.valid.sum(), -1).astype("float64")
        for name, gradient in gradients.items()
    }
    norms = {name: _norm(walk, gradient) for name, gradient in flat.items()}
    total = _norm(walk, np.concatenate([*flat.values()], axis=-1))
    jacobian = np.full(walk.x.shape[1], np.nan)
    if jacobian_steps:
        jacobian = jacobian_norms(walk, jacobian_steps)
    return LayerGradients(norms, total, saturation(walk), jacobian)


def _norm(walk, gradient):
    return walk.averaged(np.argwhere(walk.valid), np.linalg.norm(gradient, axis=-1))
