"""What a CRF refuses, said clearly and as early as it can be known."""

import keras
import numpy as np
from keras import ops

from keras_rnnzoo import kernels
from keras_rnnzoo.base.checks import lengths_to_mask


def tag_names(tags):
    """The names of tags as a list, or `None` for a number of tags."""
    if not isinstance(tags, str) and np.ndim(tags) == 1 and len(tags):
        return [str(tag) for tag in tags]
    if isinstance(tags, str) or np.ndim(tags):
        raise ValueError(
            f"`tags` must be a number of tags or a list of their names. Received: tags={tags!r}"
        )
    return None


def scores_shape(layer, shape):
    """Rank three, one score for each tag, at least one step."""
    if len(shape) != 3 or shape[-1] != layer.width or shape[1] == 0:
        raise ValueError(
            f"{layer.name} expects scores of shape (batch, time, {layer.width}), one for each tag. "
            f"Put keras.layers.Dense({layer.width}) in front of it. Received: shape={tuple(shape)}"
        )


def valid_steps(layer, scores, mask, lengths):
    """The boolean mask of a call, or `None`."""
    scores_shape(layer, scores.shape)
    mask, lengths = (np.asarray(x) if isinstance(x, (list, tuple)) else x for x in (mask, lengths))
    if mask is not None:
        expected, got = tuple(scores.shape[:2]), tuple(mask.shape)
        fits = len(got) == 2 and all(None in (a, b) or a == b for a, b in zip(expected, got))
        dtype = keras.backend.standardize_dtype(mask.dtype)
        if not fits or dtype != "bool":
            raise ValueError(
                f"The mask of {layer.name} must hold booleans of shape (batch, time) = {expected}; "
                f"a mask of numbers becomes one by `mask != 0`. Received: mask of dtype {dtype} "
                f"and shape {got}"
            )
        mask = mask if isinstance(mask, keras.KerasTensor) else ops.convert_to_tensor(mask)
    return mask if lengths is None else lengths_to_mask(scores, lengths, mask)


def no_nan(layer, scores, mask):
    """Where the values are known now, refuse NaN and +∞ in a valid step and name the first."""
    bad = ops.logical_not(scores < float("inf"))
    bad = bad if mask is None else ops.logical_and(bad, ops.expand_dims(mask, -1))
    bad = kernels.concrete(bad)
    if bad is not None and bad.any():
        row, step, tag = np.argwhere(bad)[0]
        what = "NaN" if kernels.concrete(ops.isnan(scores))[row, step, tag] else "+∞"
        raise ValueError(
            f"The scores of {layer.name} must be numbers, or -∞ for a tag that cannot be. Received:"
            f" {what} at row {row}, step {step}, tag {tag}, and {int(bad.sum())} in all. Look "
            "for a learning rate that is too high."
        )


def targets(size, tags, chain):
    """`tags` as int32 `(batch, time)`; those beyond the tags are refused where they are known."""
    tags = ops.convert_to_tensor(tags)
    if len(tags.shape) == 3 and tags.shape[-1] == 1:
        tags = ops.squeeze(tags, -1)
    expected = tuple(chain.scores.shape[:2])
    got = tuple(tags.shape)
    if len(got) != 2 or any(None not in (a, b) and a != b for a, b in zip(got, expected)):
        raise ValueError(
            f"The targets of a CRF are one tag number for each step, (batch, time) = {expected}. "
            f"Received: targets of shape {got}"
        )
    tags = ops.cast(tags, "int32")
    values, mask = kernels.concrete(tags), kernels.concrete(chain.mask)
    if values is not None and mask is not None and ((values >= size) & mask).any():
        row, step = np.argwhere((values >= size) & mask)[0]
        raise ValueError(
            f"The CRF has {size} tags, 0 to {size - 1}. Received: tag {values[row, step]} at row "
            f"{row}, step {step}. Make a CRF with more tags, or mask the step."
        )
    return tags


def row_weights(weights):
    """One weight for each sequence: `(batch,)` or `(batch, 1)`."""
    shape = tuple(np.shape(weights) if not hasattr(weights, "shape") else weights.shape)
    if len(shape) > 1 and (len(shape) > 2 or shape[1] != 1):
        raise ValueError(
            "A CRF weighs whole sequences, with one sample weight for each: (batch,). To leave "
            "single steps out, mask them, or make their targets negative. Received: sample weights "
            f"of shape {shape}"
        )
