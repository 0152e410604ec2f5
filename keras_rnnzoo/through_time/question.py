"""A model, a batch, and one pass of it to a loss."""

from typing import Any, NamedTuple

import keras
from keras import ops

from keras_rnnzoo import kernels
from keras_rnnzoo.base.passage import Passage


class Passed(NamedTuple):
    """What one pass left: the visits of recurrent layers, the output, the loss as a scalar."""

    visits: list
    output: Any
    loss: Any


class Question(NamedTuple):
    """What is passed through which model; `question` makes it.

    Attributes: as the arguments of `explain_nan`, arrays as tensors.
    """

    model: Any
    x: Any
    y: Any
    loss: Any
    mask: Any
    sample_weight: Any
    states: dict
    resets: Any
    valid: Any

    def passed(self, states, nudges=None):
        """One pass without dropout, from `states` and with `nudges` as a `Passage` takes them."""
        masked = {} if self.mask is None else {"mask": self.mask}
        with Passage(states, self.resets, nudges, self.valid) as passage:
            output = self.model(self.x, training=False, **masked)
        return Passed(passage.visits, output, self._loss(output))

    def _loss(self, output):
        if getattr(self.model, "return_state", False):
            output = output[0]
        if self.loss is None:
            return self._sum_of_the_last(output)
        mask, loss, weight = self._mask_of(output), self.loss, self.sample_weight
        if mask is not None:
            kernels.set_mask(output, mask)
        if not isinstance(loss, keras.losses.Loss):
            loss = _OfFunction(loss, output)
        if weight is not None:
            # Keras, on PyTorch, scales the weights that it is given in place where there is a mask.
            weight = ops.copy(_like(loss.call(self.y, output), weight))
        return ops.mean(loss(self.y, output, weight))

    def _mask_of(self, output):
        """Which steps of an output are valid, or `None`."""
        if not ops.is_tensor(output):
            return None
        mask = kernels.mask_of(output)
        if mask is None and not getattr(self.model, "go_backwards", False):
            mask = self.mask
        timed = len(output.shape) > 2 and mask is not None
        return mask if timed and tuple(mask.shape) == tuple(output.shape[:2]) else None

    def _sum_of_the_last(self, output):
        if not ops.is_tensor(output):
            raise ValueError(
                "The last output is summed where a model has one output. Give `y` and a `loss` of "
                f"(y_true, y_pred). Received: output of type {type(output).__name__}"
            )
        if len(output.shape) < 3:
            return ops.sum(output)
        mask = self._mask_of(output)
        if mask is not None and len(output.shape) == 3:
            output = kernels.forward_fill(output, mask)
        return ops.sum(output[:, -1])


class _OfFunction(keras.losses.Loss):
    """A function as `compile` takes it: masked steps do not count."""

    def __init__(self, function, output):
        super().__init__(dtype="float64" if "float64" in str(output.dtype) else None)
        self.call = function


def question(
    model,
    x,
    y=None,
    loss=None,
    mask=None,
    *,
    sample_weight=None,
    states=None,
    resets=None,
    valid=None,
):
    """The arguments checked, arrays as tensors.

    Raises:
        ValueError: targets without a loss, a loss without targets, weights without both.
    """
    if y is not None and loss is None:
        loss = getattr(model, "loss", None)  # of a compiled model
    if (y is None) != (loss is None):
        raise ValueError(
            "A loss compares targets with outputs: give both `y` and `loss`, or neither for the "
            f"sum of the last output. Received: y={type(y).__name__}, loss={loss!r}"
        )
    if y is None and sample_weight is not None:
        raise ValueError(
            "`sample_weight` weighs a loss: give `y` and `loss` beside it, or leave it out. "
            f"Received: y=None, sample_weight={type(sample_weight).__name__}"
        )
    if isinstance(loss, (dict, list, tuple)):
        raise ValueError(
            "The loss of a model with several outputs must be one function of (y_true, y_pred) "
            f"that gives their sum. Received: loss={loss!r}"
        )
    x = keras.tree.map_structure(ops.convert_to_tensor, x)
    if y is not None:
        y, loss = keras.tree.map_structure(ops.convert_to_tensor, y), keras.losses.get(loss)
    if sample_weight is not None:
        sample_weight = ops.convert_to_tensor(sample_weight)
    mask, resets, valid = (
        None if flags is None else ops.convert_to_tensor(flags, dtype="bool")
        for flags in (mask, resets, valid)
    )
    return Question(model, x, y, loss, mask, sample_weight, states or {}, resets, valid)


def _like(losses, weight):
    """`weight` with as many axes as `losses`, which it must begin."""
    shape = tuple(weight.shape)
    if shape != tuple(losses.shape[: len(shape)]):
        raise ValueError(
            "`sample_weight` must begin as the losses do. Give a weight for each row, or for each "
            f"row and step of a loss that leaves time alone. Received: sample_weight.shape={shape},"
            f" losses of shape {tuple(losses.shape)}"
        )
    return ops.cast(
        ops.reshape(weight, (*shape, *[1] * (len(losses.shape) - len(shape)))), losses.dtype
    )
