"""Convolutions on every frame: the definition, masks, towers, files, and what is refused."""

import keras
import numpy as np
import pytest
from helpers import close, numpy

import keras_rnnzoo as zoo

BATCH, TIME, SIDE, BANDS = 3, 5, 4, 5
LENGTHS = [5, 2, 0]


def video(rng, time=TIME):
    return rng.normal(size=(BATCH, time, SIDE, SIDE, 2)).astype("float32")


def spectrogram(rng, time=TIME):
    return rng.normal(size=(BATCH, time, BANDS)).astype("float32")


def make(rng, *, sequences=True, layer=None, shape=(None, None, SIDE, SIDE, 2), **options):
    """A small layer in which every weight is heard."""
    layer = layer or zoo.GRU(3, return_sequences=sequences)
    if "tower" not in options:
        options = {"filters": (2, 3), "features": 4, **options}
    made = zoo.ConvRNN2D(layer, **options)
    if options.get("context"):
        shape = (None, None, BANDS)
    made.build(shape)
    for weight in made.weights:
        if "seed" not in weight.name:
            weight.assign(rng.normal(size=weight.shape).astype("float32") * 0.5)
    return made


def blocks(frame, weights):
    """The default tower on one frame, in NumPy."""
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2]):
        padded = np.pad(frame, [(1, 1), (1, 1), (0, 0)])
        height, width, _ = frame.shape
        maps = np.zeros((height, width, kernel.shape[-1]))
        for row, column in np.ndindex(height, width):
            patch = padded[row : row + 3, column : column + 3]
            maps[row, column] = np.tensordot(patch, kernel, 3) + bias
        maps = np.maximum(maps, 0)
        rows, columns = range(0, height, 2), range(0, width, 2)
        frame = np.array([[maps[r : r + 2, c : c + 2].max((0, 1)) for c in columns] for r in rows])
    return np.maximum(frame.reshape(-1) @ weights[-2] + weights[-1], 0)


def windows(x, width, hop):
    """The windows of one spectrogram, column by column."""
    starts = [k * hop - (width - 1) // 2 for k in range(-(-len(x) // hop))]
    zero = np.zeros(x.shape[1])
    columns = [[x[c] if 0 <= c < len(x) else zero for c in range(s, s + width)] for s in starts]
    return np.array(columns)[..., None]


def test_frames_go_through_the_tower_one_by_one_and_then_through_the_layer(rng):
    made, x = make(rng), video(rng)
    weights = numpy(made.frames.weights)
    frames = np.array([[blocks(frame, weights) for frame in row] for row in x])
    close(made.frames(x), frames, 1e-4)
    close(made(x), made.layer(frames.astype("float32")), 1e-4)
    last = make(rng, sequences=False)
    last.set_weights(made.get_weights())
    close(last(x), numpy(made(x))[:, -1])


@pytest.mark.parametrize("context", [(1, 1), (4, 2), (2, 3)])
def test_spectrograms_are_cut_into_windows(rng, context):
    made, x = make(rng, context=context), spectrogram(rng, 7)
    weights = numpy(made.frames.weights)
    frames = np.array([[blocks(frame, weights) for frame in windows(row, *context)] for row in x])
    close(made.frames(x), frames, 1e-4)
    assert made.compute_output_shape(x.shape) == (BATCH, frames.shape[1], 3)
    assert made.compute_output_shape((None, None, BANDS)) == (None, None, 3)


@pytest.mark.parametrize(("context", "sequences"), [(None, True), ((4, 2), False)])
def test_padding_changes_nothing(rng, context, sequences):
    made = make(rng, sequences=sequences, context=context)
    x = video(rng, 6) if context is None else spectrogram(rng, 6)
    valid = np.arange(6) < np.array(LENGTHS)[:, None]
    x[~valid] = np.nan
    out = numpy(made(x, mask=valid))
    assert np.isfinite(out).all()
    close(made(x, lengths=LENGTHS), out)
    longer = np.concatenate([x, np.full_like(x, 9)], axis=1)
    mask = np.concatenate([valid, np.zeros_like(valid)], axis=1)
    hop = context[1] if context else 1
    alone, windows = numpy(made(x[1:2, :2]))[0], -(-2 // hop)
    for padded in (out[1], numpy(made(longer, mask=mask))[1]):
        close(padded[:windows] if sequences else padded, alone)
    told = made.compute_mask(x, valid)
    assert told is None if not sequences else numpy(told).tolist() == valid[:, ::hop].tolist()


def test_masks_come_in_from_keras_and_go_on(rng):
    """With a free time axis, in a functional model."""
    inputs = keras.Input((None, BANDS))
    masked = keras.layers.Masking()(inputs)
    first = make(rng, context=(3, 2), layer=keras.layers.LSTM(3, return_sequences=True))
    model = keras.Model(inputs, zoo.GRU(2)(first(masked)))
    x = spectrogram(rng, 6)
    short = model.predict(x[:, :4], verbose=0)
    x[:, 4:] = 0
    close(model.predict(x, verbose=0), short)


@pytest.mark.parametrize(
    "layer",
    [
        lambda: keras.layers.SimpleRNN(3),
        lambda: keras.layers.Bidirectional(keras.layers.GRU(2, return_sequences=True)),
        lambda: zoo.StackedRecurrent("mgu", 3, 2, connections="residual", return_sequences=True),
    ],
    ids=["keras", "keras-both", "stacked"],
)
def test_any_recurrent_layer(rng, layer):
    made, x = make(rng, layer=layer()), video(rng)
    lengths = np.array([5, 2, 3])
    out = numpy(made(x, lengths=lengths))
    assert out.shape == made.compute_output_shape(x.shape)
    alone = numpy(made(x[1:2, :2]))[0]
    close(out[1, :2] if out.ndim == 3 else out[1], alone)


@pytest.mark.parametrize("pooling", ["flatten", "mean", "max"])
def test_own_towers_are_pooled_where_they_give_maps(rng, pooling):
    tower = keras.layers.Conv2D(3, 2)
    made, x = make(rng, tower=tower, pooling=pooling), video(rng)
    maps = numpy(tower(x.reshape(-1, SIDE, SIDE, 2))).reshape(BATCH, TIME, 3, 3, 3)
    pools = {"mean": maps.mean((2, 3)), "max": maps.max((2, 3))}
    expected = pools.get(pooling, maps.reshape(BATCH, TIME, -1))
    close(made.frames(x), expected)
    own = zoo.ConvRNN2D(zoo.GRU(2), pooling="mean" if pooling == "flatten" else pooling)
    assert own.compute_output_shape((None, None, None, None, 2)) == (None, 2)


def test_configs_and_files(rng, tmp_path):
    tower = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(4)])
    made = make(rng, tower=tower, layer=zoo.Bidirectional(zoo.MGU(2)), context=(2, 1))
    config = made.get_config()
    assert type(made).from_config(config).get_config() == config
    inputs = keras.Input((None, BANDS))
    model, x = keras.Model(inputs, made(inputs)), spectrogram(rng)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    close(loaded(x), made(x))
    again = zoo.ConvRNN2D.from_config(zoo.ConvRNN2D.sample().get_config())
    assert again.frames.filters == [2, 3] and again.context == [3, 1]


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_one_step_of_fit(rng, dtype):
    made = zoo.ConvRNN2D(zoo.GRU(3, dtype=dtype), filters=2, features=4, dtype=dtype)
    model = keras.Sequential([made, keras.layers.Dense(1)])
    x, before = video(rng), None
    model.compile("sgd", "mse")
    model.build(x.shape)
    before = made.get_weights()
    loss = model.fit(x, np.ones((BATCH, 1)), epochs=1, verbose=0).history["loss"]
    assert np.isfinite(loss).all() and numpy(made(x)).shape == (BATCH, 3)
    assert any(np.abs(a - b).max() > 0 for a, b in zip(before, made.get_weights()))
    assert made.frames.network.layers[0].compute_dtype == made.compute_dtype


class Halved(keras.layers.Layer):
    """Leaves out every other frame."""

    def call(self, frames):
        return frames[::2]


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: zoo.ConvRNN2D(keras.layers.Dense(3)), TypeError, "takes a recurrent layer"),
        (lambda: zoo.ConvRNN2D(zoo.GRU(3, return_state=True)), ValueError, "return_state=False"),
        (lambda: zoo.ConvRNN2D(zoo.GRU(3), tower=len), TypeError, "tower=<built-in"),
        (lambda: zoo.ConvRNN2D(zoo.GRU(3), filters=0), ValueError, "filters=0"),
        (lambda: zoo.ConvRNN2D(zoo.GRU(3), filters=()), ValueError, r"filters=\(\)"),
        (lambda: zoo.ConvRNN2D(zoo.GRU(3), pooling="flat"), ValueError, "Did you mean 'flatten'"),
        (lambda: zoo.ConvRNN2D(zoo.GRU(3), context=8), ValueError, r"\(width, hop\).*context=8"),
        (lambda: zoo.ConvRNN2D(zoo.GRU(3), context=(8, 0)), ValueError, "hop=0"),
        (
            lambda: zoo.ConvRNN2D(zoo.GRU(3), keras.layers.Flatten(), features=3),
            ValueError,
            "Set it in your own `tower`.*features=3",
        ),
    ],
)
def test_options_that_cannot_be(build, error, message):
    with pytest.raises(error, match=message):
        build()


def test_inputs_that_cannot_be():
    made = zoo.ConvRNN2D(zoo.GRU(3))
    for shape, message in (
        ((2, 5, 4), r"spectrogram .* needs context=.*\(2, 5, 4\)"),
        ((2, 5, 4, 4), "one more axis"),
        ((2, 0, 4, 4, 1), "at least one time step"),
        ((2, 5, None, 4, 1), "frames of a fixed size"),
    ):
        with pytest.raises(ValueError, match=message):
            made.compute_output_shape(shape)
    with pytest.raises(ValueError, match="For video leave `context` out"):
        zoo.ConvRNN2D(zoo.GRU(3), context=(3, 1)).build((2, 5, 4, 4, 1))
    with pytest.raises(ValueError, match="must give a vector"):
        zoo.ConvRNN2D(zoo.GRU(3), keras.layers.Reshape((-1, 2))).build((2, 5, 4, 4, 1))
    x = np.zeros((2, 5, 4, 4, 1), "float32")
    with pytest.raises(ValueError, match="as many frames as it gets.* of 6 frames"):
        zoo.ConvRNN2D(zoo.GRU(3), Halved())(x)
    with pytest.raises(ValueError, match="mask of .*shape"):
        made(x, mask=np.ones((2, 4), bool))
