"""Clips: what they hold and refuse, WAV files, what is altered in training, and batches."""

import wave

import numpy as np
import pytest

from keras_rnnzoo.datasets.clip_batches import ClipAugment, ClipBatches, stretched
from keras_rnnzoo.datasets.clips import Clips
from keras_rnnzoo.datasets.wav import read_clips, read_wav, resampled, write_wav


def test_clips_are_checked_and_named():
    made = Clips([np.array([0, 2**14], "int16"), [0.5] * 3], ["b", "a"], ids=("x", "y"), rate=8000)
    assert made.classes == ("a", "b") and made.labels.tolist() == [1, 0]
    assert made.values[0].tolist() == [0, 0.5] and made.values[0].dtype == np.float32
    assert made.lengths.tolist() == [2, 3] and made.take([1]).ids == ("y",)
    frames = np.zeros((2, 4, 4, 1))
    for values, options, message in (
        ([], {}, r"values=\[\]"),
        ([np.zeros((5, 2))], {"rate": 8000}, "Average its channels"),
        ([np.zeros(5)], {}, "expected a video"),
        ([frames, np.zeros((2, 4, 5, 1))], {}, "Clip 1: expected frames"),
        ([np.zeros(0)], {"rate": 8000}, "Clip 0: expected one step"),
        ([[0.0, np.nan]], {"rate": 8000}, "nan in step 1"),
        ([["a"]], {"rate": 8000}, "type <U1"),
        ([[0.0]], {"rate": 0}, "rate=0"),
        ([[0.0]], {"rate": 1, "ids": ("a", "b")}, "2 ids"),
        ([[0.0]], {"rate": 1, "labels": ["c"], "classes": ("a", "b")}, "label='c'"),
    ):
        with pytest.raises(ValueError, match=message):
            Clips(values, **options)


# WAV files


def test_wav_files_of_every_width_are_read_as_one_channel(tmp_path):
    expected = np.array([-1, -0.5, 0, 0.25, 0.5])
    for width in (1, 2, 3, 4):
        with wave.open(str(tmp_path / "a.wav"), "wb") as file:
            file.setparams((2, width, 11025, 5, "NONE", ""))
            whole = (expected * 2 ** (8 * width - 1)).astype("int64")
            both = np.stack([whole, whole], 1).reshape(-1) + (128 if width == 1 else 0)
            file.writeframes(b"".join(int(v).to_bytes(width, "little", signed=width > 1)
                                      for v in both))  # fmt: skip
        sound, rate = read_wav(tmp_path / "a.wav")
        assert rate == 11025 and np.allclose(sound, expected) and sound.dtype == np.float32
    with wave.open(str(tmp_path / "b.wav"), "wb") as file:
        file.setparams((2, 2, 8000, 1, "NONE", ""))
        file.writeframes(np.array([0, 2**14], "<i2").tobytes())
    assert read_wav((tmp_path / "b.wav").read_bytes())[0].tolist() == [0.25]


def test_files_that_are_damaged_are_named(tmp_path):
    path = tmp_path / "tone.wav"
    write_wav(path, np.sin(np.arange(300)), 8000)
    data = path.read_bytes()
    assert np.allclose(read_wav(path)[0], np.sin(np.arange(300)), atol=1e-4)
    for damage, message in (
        (b"no sound", "damaged or of another kind"),
        (b"", "damaged or of another kind"),
        (data[:200], "tone.wav: expected"),
        (data[:20] + b"\3" + data[21:], "ffmpeg"),
    ):
        path.write_bytes(damage)
        with pytest.raises(ValueError, match=message):
            read_wav(path)
    write_wav(path, [], 8000)
    with pytest.raises(ValueError, match="empty"):
        read_wav(path)
    with pytest.raises(FileNotFoundError, match="none.wav"):
        read_wav(tmp_path / "none.wav")


def test_sound_of_another_rate_is_brought_to_the_one_that_is_wanted(tmp_path):
    time = np.arange(4410) / 44100
    tone = np.sin(2 * np.pi * 440 * time)
    write_wav(tmp_path / "a.wav", tone, 44100)
    clips = read_clips([tmp_path / "a.wav"], 8000)
    assert clips.ids == ("a",) and clips.rate == 8000 and len(clips.values[0]) == 800
    expected = np.sin(2 * np.pi * 440 * np.arange(800) / 8000)
    assert np.abs(clips.values[0] - expected)[50:-50].max() < 0.02
    assert resampled(tone, 8000, 8000) is tone


# What is altered, and batches


def test_each_change_does_what_it_says(rng):
    x = np.arange(1, 241, dtype="float32").reshape(40, 6)
    for _ in range(20):
        shifted = ClipAugment(shift=5)(x, rng)
        start = int(shifted[0, 0] - 1) // 6
        assert start <= 5 and len(shifted) >= 30
        assert np.array_equal(shifted, x[start : start + len(shifted)])
        assert len(ClipAugment(shift=5)(x[:1], rng)) == 1
        louder = ClipAugment(gain=0.5)(x, rng) - x
        assert np.ptp(louder) < 1e-4
        silent = ClipAugment(time_mask=30)(x, rng) == 0
        assert silent.all(1).sum() <= 13 and np.array_equal(silent.any(1), silent.all(1))
        dropped = ClipAugment(band_mask=3)(x, rng) == 0
        assert dropped.all(0).sum() <= 3 and np.array_equal(dropped.any(0), dropped.all(0))
        slower = ClipAugment(stretch=0.5)(x, rng, longest=50)
        assert 26 <= len(slower) <= 50 and slower[0, 0] == 1 and slower[-1, -1] == 240
    assert (ClipAugment(noise=0.5)(x, rng) - x).std() == pytest.approx(0.5, abs=0.1)
    assert np.array_equal(ClipAugment()(x, rng), x) and x[0, 0] == 1
    assert stretched(x[:1], 3).tolist() == [x[0].tolist()] * 3
    for options in ({"noise": -1}, {"shift": 1.5}, {"stretch": 1}, {"gain": np.nan}):
        with pytest.raises(ValueError, match=next(iter(options))):
            ClipAugment(**options)


def test_batches_are_padded_masked_and_the_same_for_the_same_epoch(rng):
    values = [rng.normal(size=(n, 3)) for n in (4, 9, 2, 6, 5)]
    batches = ClipBatches(values, [0, 1, 0, 1, 1], 2, 2, lengths=[9], shuffle=False)
    assert batches.num_batches == 3
    found = [batches[k] for k in range(3)]
    inputs, labels, weights = next(batch for batch in found if batch[2].min() == 0)
    assert inputs["values"].shape == (2, 9, 3) and weights.tolist() == [1, 0]
    assert inputs["mask"].sum(1).tolist() == [5, 1] and labels.tolist() == [[0, 1], [1, 0]]
    assert np.allclose(inputs["values"][0, :5], values[4]) and not inputs["values"][0, 5:].any()
    # A kernel is compiled for one length a batch, so rows never outgrow theirs.
    assert {batch[0]["values"].shape[1] for batch in found} == {9}
    augment = ClipAugment(noise=0.1, shift=1)
    noisy = ClipBatches(values, [0, 1, 0, 1, 1], 2, 2, augment, lengths=[9], seed=3)
    first = noisy[0][0]["values"]
    assert np.array_equal(noisy[0][0]["values"], first)
    noisy.set_epoch(1)
    assert not np.array_equal(noisy[0][0]["values"], first)
    noisy.set_epoch(0)
    assert np.array_equal(noisy[0][0]["values"], first)
    (alone,) = ClipBatches(values, None, 2, 5, shuffle=False)[0]
    assert alone["values"].shape[0] == 5
    videos = [np.zeros((3, 4, 4, 1))]
    assert ClipBatches(videos, [1], 2, 1)[0][0]["values"].shape == (1, 8, 4, 4, 1)
    with pytest.raises(ValueError, match="band_mask=2"):
        ClipBatches(videos, [1], 2, 1, ClipAugment(band_mask=2))
    with pytest.raises(ValueError, match=r"values=\[\]"):
        ClipBatches([], None, 2)
