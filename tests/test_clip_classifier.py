"""The clip classifier: its three kinds, masks, one file, recipes, and what it refuses."""

import json

import numpy as np
import pytest
from helpers import close, numpy
from running import fresh, on_one_backend, one, other_backend

from keras_rnnzoo.datasets import tones
from keras_rnnzoo.datasets.clips import ClipParts, Clips
from keras_rnnzoo.datasets.spectrograms import LogMel
from keras_rnnzoo.models.clip_classifier import ClipClassifier, clip_scaling
from keras_rnnzoo.models.clip_recipes import (
    SAMPLE,
    SPEECH,
    VIDEOS,
    ClipLogistic,
    ClipRecipe,
    build_clip_classifier,
    recipe_for,
)

CLASSES, KINDS = ("left", "right", "up"), ("conv-rnn", "rnn", "cnn")
SOUND = {"rate": 1000, "bands": 6}
SMALL = {"units": 3, "filters": (2, 2), "features": 4, "context": (4, 2), "seed": 1}
LOAD = """
import json, sys
import numpy as np
from keras_rnnzoo.models.clip_classifier import ClipClassifier
model = ClipClassifier.load(sys.argv[1])
print(json.dumps(model.predict([np.array(x) for x in json.loads(sys.argv[2])]).tolist()))
"""


def make(rng=None, **options):
    """A tiny model; with `rng`, weights so large that every part of it is heard."""
    sound = {} if "frame" in options else {"spectrogram": SOUND}
    model = ClipClassifier(CLASSES, **{**SMALL, **sound, **options})
    model.build()
    for weight in model.trainable_weights if rng is not None else ():
        weight.assign(rng.normal(size=weight.shape).astype("float32") * 0.5)
    return model


def waves(rng, lengths=(200, 20, 130)):
    return [rng.normal(size=length).astype("float32") * 0.1 for length in lengths]


def softmax(logits):
    shares = np.exp(logits - logits.max(-1, keepdims=True))
    return shares / shares.sum(-1, keepdims=True)


@pytest.mark.parametrize("kind", one(KINDS))
def test_neither_padding_nor_neighbours_change_a_prediction(rng, kind):
    model, values = make(rng, kind=kind, mean=[-3.0] * 6, sd=[2.0] * 6), waves(rng)
    together = model.predict(values)
    close(together.sum(-1), np.ones(3))
    scaled = [(LogMel(**SOUND)(wave) + 3) / 2 for wave in values]
    close(model.scale(values)[0], scaled[0])
    length = max(map(len, scaled)) + 5
    inputs = {
        "values": np.stack([np.pad(x, [(0, length - len(x)), (0, 0)]) for x in scaled]),
        "mask": np.arange(length) < np.array([len(x) for x in scaled])[:, None],
    }
    inputs["values"][~inputs["mask"]] = 1e3
    close(softmax(numpy(model(inputs))), together)


@on_one_backend
def test_the_kinds_share_their_parts(rng):
    whole, flat, pooled = (make(kind=kind) for kind in KINDS)
    assert whole.network.body.frames.count_params() == pooled.network.body.count_params()
    assert flat.network.body.frames.count_params() == 0
    recurrent = whole.network.body.layer
    assert recurrent.units == flat.network.body.layer.units == [3]
    # without a recurrence, the order of frames is not heard
    model = make(rng, kind="cnn", frame=(4, 4, 1))
    video = rng.normal(size=(6, 4, 4, 1))
    close(model.predict([video]), model.predict([video[::-1]]))
    last = make(rng, pooling="last", cell="mgu", bidirectional=False, frame=(4, 4, 1))
    scores = [last.predict([frames]) for frames in (video, video[::-1])]
    assert np.abs(scores[0] - scores[1]).max() > 1e-3
    assert last.compute_output_shape({"values": (3, 6, 4, 4, 1)}) == (3, 3)
    assert "no recurrence" in pooled.network.explain() and len(whole.network.explain()) > 20


def test_predict_takes_what_a_user_has(rng):
    model, values = make(rng), waves(rng)
    many = model.predict(values)
    close(model.predict(Clips(values, rate=1000)), many)
    close(model.predict([np.round(v * 2**15).astype("int16") for v in values]), many, 1e-2)
    assert model.predict([]).shape == (0, 3)
    assert model.predict_classes(values) == [CLASSES[k] for k in many.argmax(-1)]
    assert model.predict_classes(values[0]) == CLASSES[many[0].argmax()]


@on_one_backend
def test_a_saved_model_predicts_the_same_in_a_fresh_process(rng, tmp_path):
    model, values = make(rng, cell="mgu", cell_options={"dropout": 0.1}), waves(rng)
    model.save(tmp_path / "model.keras")
    texts = json.dumps([value.tolist() for value in values])
    said = json.loads(fresh(LOAD, tmp_path / "model.keras", texts, backend=other_backend()))
    close(said, model.predict(values), 1e-4)
    again = ClipClassifier.load(tmp_path / "model.keras")
    assert again.get_config() == model.get_config()


def test_recipes_scale_by_the_training_part_and_the_plain_model_compares():
    train, validation, _ = tones.sample((24, 8, 4))
    recipe = ClipRecipe({**SMALL, "spectrogram": {"bands": 8, "hop": 0.02}})
    model = build_clip_classifier(train, recipe)
    assert model.log_mel.rate == 8000 and model.classes == tones.CLASSES
    steps = np.concatenate(model.scale(train))
    close(steps.mean(0), np.zeros(8), 1e-3)
    close(steps.std(0), np.ones(8), 1e-3)
    chances = ClipLogistic(model, train, validation).predict(validation)
    assert chances.shape == (8, 4) and np.mean(chances.argmax(-1) == validation.labels) > 0.5
    clips = Clips([np.zeros((2, 4, 4, 1))] * 2, [0, 1], ("a", "b"))
    assert recipe_for(ClipParts(clips, clips, clips, "x", "")) is VIDEOS
    for count, expected in ((600, SPEECH), (60, SAMPLE)):
        clips = Clips([[0.0]] * count, [0, 1] * (count // 2), ("a", "b"), rate=8000)
        assert recipe_for(ClipParts(clips, clips, clips, "x", "")) is expected


@on_one_backend
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"kind": "crnn"}, ValueError, "Did you mean 'rnn'"),
        ({"cell": "peephole_lstn"}, ValueError, "peephole_lstm"),
        ({"unit": 3}, TypeError, "Did you mean 'units'"),
        ({"frame": (4, 4)}, ValueError, r"frame=\(4, 4\)"),
        ({"frame": (4, 4, 1), "spectrogram": {}}, ValueError, "or `frame` for videos"),
        ({"spectrogram": {"rate": 0}}, ValueError, "rate=0"),
        ({"mean": [1.0]}, ValueError, r"each of the 6 bands.*mean=\[1.0\]"),
        ({"context": (4,)}, ValueError, r"context=\(4,\)"),
        ({"pooling": "maxmean"}, ValueError, "Did you mean 'max[+]mean'"),
        ({"dropout": 1.0}, ValueError, "dropout=1.0"),
        ({"label_smoothing": 1.0}, ValueError, "label_smoothing=1.0"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_options_that_cannot_be(options, error, message):
    with pytest.raises(error, match=message):
        make(**options)


@on_one_backend
def test_clips_that_cannot_be(rng):
    model = make()
    for clips, message in (
        (Clips([[0.0]], rate=8000), "sound at 1,000 Hz. Received: sound at 8,000 Hz"),
        (Clips([np.zeros((2, 4, 4, 1))]), "sound at 1,000 Hz. Received: videos"),
        ([[np.nan]], "finite"),
    ):
        with pytest.raises(ValueError, match=message):
            model.predict(clips)
    with pytest.raises(ValueError, match=r"\(4, 4, 1\). Received: frames \(4, 5, 1\)"):
        make(frame=(4, 4, 1)).predict([np.zeros((2, 4, 5, 1))])
    with pytest.raises(ValueError, match="label='lefd'"):
        model.batches(waves(rng), ["left", "lefd", "up"])
    with pytest.raises(ValueError, match="`classes` must name 2"):
        ClipClassifier(["one"])
    with pytest.raises(ValueError, match="Band 0 has the same value"):
        clip_scaling(Clips([np.zeros(500)], rate=1000), SOUND)
