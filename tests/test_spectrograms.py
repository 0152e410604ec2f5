"""Log-mel spectrograms against their definition, and against SciPy."""

import numpy as np
import pytest
from scipy import signal

from keras_rnnzoo.datasets.spectrograms import LogMel, mel


def close(got, expected, tolerance=1e-4):
    np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)


def definition(wave, m):
    """Column by column and band by band, with sums instead of a Fourier transform."""
    size, high = m.size, m.rate / 2 if m.high is None else m.high
    mels = np.linspace(
        2595 * np.log10(1 + m.low / 700), 2595 * np.log10(1 + high / 700), m.bands + 2
    )
    corners = 700 * (10 ** (mels / 2595) - 1)
    count = 1
    while (count - 1) * m.step + m.samples < len(wave):
        count += 1
    wave = np.concatenate([wave, np.zeros(count * m.step + m.samples)])
    n = np.arange(m.samples)
    found = np.zeros((count, m.bands))
    for t in range(count):
        piece = wave[t * m.step : t * m.step + m.samples]
        piece = piece * (0.5 - 0.5 * np.cos(2 * np.pi * n / m.samples))
        for k in range(size // 2 + 1):
            f = k * m.rate / size
            power = abs((piece * np.exp(-2j * np.pi * k * n / size)).sum()) ** 2
            for b in range(m.bands):
                left, middle, right = corners[b : b + 3]
                slope = (f - left) / (middle - left), (right - f) / (right - middle)
                found[t, b] += max(0, min(slope)) * power
    return np.log(m.floor + found)


@pytest.mark.parametrize("samples", [1, 50, 100, 101, 330])
def test_it_is_what_its_definition_says(rng, samples):
    made = LogMel(4000, window=0.025, hop=0.01, bands=6, low=100, high=1500)
    wave = rng.normal(size=samples)
    expected = definition(wave, made)
    assert made.columns(samples) == len(expected)
    close(made(wave), expected)
    assert made(wave).dtype == np.float32


def test_it_agrees_with_scipy(rng):
    made, wave = LogMel(8000, bands=20), rng.normal(size=2000)
    options = {"nperseg": 200, "noverlap": 120, "nfft": 256, "detrend": False, "mode": "complex"}
    _, _, columns = signal.spectrogram(wave, 8000, window="hann", scaling="spectrum", **options)
    power = np.abs(columns * signal.get_window("hann", 200).sum()) ** 2
    expected = np.log(made.floor + made.filters @ power).T
    close(made(wave)[: len(expected)], expected)


def test_a_tone_is_in_its_band_and_silence_is_the_floor():
    made = LogMel(8000)
    bands = np.linspace(mel(60), mel(4000), 42)[1:-1]
    for pitch in (300, 1000, 3000):
        tone = np.sin(2 * np.pi * pitch * np.arange(4000) / 8000)
        assert abs(bands[made(tone).mean(0).argmax()] - mel(pitch)) <= bands[1] - bands[0]
    close(made(np.zeros(999)), np.log(1e-5))
    # padding is heard by nothing before it
    wave = np.sin(np.arange(1000.0))
    close(made(np.pad(wave, (0, 800)))[:11], made(wave)[:11])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rate": 0}, "rate=0"),
        ({"bands": 0}, "bands=0"),
        ({"window": 0}, "window=0"),
        ({"hop": 1e-5}, "hop=1e-05"),
        ({"high": 5000}, "high=5000"),
        ({"low": -1}, "low=-1"),
        ({"floor": 0.0}, "floor=0.0"),
        ({"bands": 200}, "holds none of the frequencies.*bands=200"),
    ],
)
def test_numbers_that_cannot_be(options, message):
    with pytest.raises(ValueError, match=message):
        LogMel(**options)


def test_waves_that_cannot_be():
    for wave in (np.zeros(0), np.zeros((2, 5))):
        with pytest.raises(ValueError, match="Expected a wave"):
            LogMel()(wave)
