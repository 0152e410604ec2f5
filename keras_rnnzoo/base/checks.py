"""What a layer refuses, said clearly and as early as it can be known."""

import inspect

from keras import ops

from keras_rnnzoo.base.options import refuse_unknown

_DO = "Pass sequences of shape (batch, time, features)."


def friendly(layer_class, cell_class, positional, kwargs, shared):
    """The cell of a layer; errors speak of the layer that the user named."""
    repeated = positional.keys() & kwargs.keys()
    if repeated:
        raise TypeError(f"{layer_class.__name__} got `{repeated.pop()}` twice.")
    if "units" not in positional and "units" not in kwargs:
        raise TypeError(f"{layer_class.__name__} needs `units`, the width of its state.")
    known = [*inspect.signature(layer_class).parameters]
    refuse_unknown(layer_class, kwargs, known, [*known, *cell_class.refuses])
    try:
        return cell_class(**positional, **kwargs, **shared)
    except (TypeError, ValueError) as error:
        text = str(error).replace(cell_class.__name__, layer_class.__name__)
        raise type(error)(text) from None


def sequence_shape(layer, shape):
    """Rank, features and a length above zero."""
    if len(shape) != 3:
        raise ValueError(f"{layer.name} expects a 3-D input. {_DO} Received: shape={shape}")
    if shape[1] == 0:
        raise ValueError(
            f"{layer.name} needs at least one time step. {_DO} Received: shape={shape}"
        )
    features = getattr(layer.cell, "features", None)
    if features is not None and shape[2] is not None and shape[2] != features:
        raise ValueError(
            f"{layer.name} was built for {features} features. Feed it as many, or build a new "
            f"layer. Received: shape={shape}"
        )


def step_inputs(layer, inputs):
    features = getattr(layer.cell, "features", inputs.shape[-1])
    if len(inputs.shape) != 2 or inputs.shape[-1] != features:
        raise ValueError(
            f"`{layer.name}.step` takes one time step of shape (batch, {features}). "
            f"Received: shape={tuple(inputs.shape)}"
        )


def static_batch(layer, shape):
    if shape[0] is None:
        raise ValueError(
            f"{layer.name} is stateful, so it needs a fixed batch size. Give the model "
            f"keras.Input(batch_shape=(batch, time, features)). Received: shape={shape}"
        )


def same_batch(layer, sequences):
    expected, batch = layer._expected_batch_size, sequences.shape[0]
    if batch is not None and batch != expected:
        raise ValueError(
            f"{layer.name} is stateful and keeps states for a batch of {expected}. Feed batches "
            f"of that size. Received: batch of {batch}"
        )


def mask(layer, sequences, mask, name="mask"):
    """`mask` as booleans of shape (batch, time)."""
    mask = ops.convert_to_tensor(mask)
    expected = tuple(sequences.shape[:2])
    fits = len(mask.shape) == 2 and all(
        None in (got, want) or got == want for got, want in zip(mask.shape, expected)
    )
    if not fits:
        raise ValueError(
            f"The {name} of {layer.name} must have shape (batch, time) = {expected}. "
            f"Received: {name}.shape={tuple(mask.shape)}"
        )
    return ops.cast(mask, "bool")


def lengths_to_mask(sequences, lengths, mask):
    """The steps before `lengths (batch,)`, and within `mask` where that is given too."""
    lengths = ops.convert_to_tensor(lengths)
    shape = tuple(lengths.shape)
    batch = sequences.shape[0]
    if len(shape) != 1 or (None not in (shape[0], batch) and shape[0] != batch):
        raise ValueError(
            f"`lengths` must hold one number of steps for each of the {batch} rows. "
            f"Received: lengths.shape={shape}"
        )
    steps = ops.cumsum(ops.ones_like(sequences[:, :, 0], dtype="int32"), axis=1)
    valid = steps <= ops.expand_dims(ops.cast(lengths, "int32"), -1)
    return valid if mask is None else ops.logical_and(valid, ops.cast(mask, "bool"))


def initial_state(layer, sequences, states):
    """`states` as a list that has the number and the shapes that the cell wants."""
    cell = layer.cell
    states = list(states) if isinstance(states, (list, tuple)) else [states]
    wanted = [(sequences.shape[0], *cell.state_shape(name)) for name in cell.states]
    listed = ", ".join(f"{name} {shape}" for name, shape in zip(cell.states, wanted))
    shapes = [tuple(state.shape) for state in states]
    fits = len(shapes) == len(wanted) and all(
        len(got) == len(want) and all(None in pair or pair[0] == pair[1] for pair in zip(got, want))
        for got, want in zip(shapes, wanted)
    )
    if not fits:
        raise ValueError(
            f"`initial_state` of {layer.name} must hold {len(wanted)} states: {listed}. "
            f"Received: {len(shapes)} states of shapes {shapes}"
        )
    return states
