"""Log-mel spectrograms: how much sound there is in each band of pitch, column by column."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from keras_rnnzoo.base.options import positive_int


@dataclass(frozen=True)
class LogMel:
    """Makes log-mel spectrograms of waves.

    Column t is, for the `window` samples from `t·hop` on, times a periodic Hann window,

        log(floor + filters · |rfft|²)

    with `bands` triangular filters of height 1 whose corners lie evenly on the mel scale
    `2595 log10(1 + f / 700)` between `low` and `high`. A wave of n samples gives
    `1 + ceil((n - window) / hop)` columns, one at least, and is filled up with zeros at its end.

    Arguments:
        rate: samples a second.
        window: seconds of a column.
        hop: seconds from one column to the next.
        bands: how many.
        low, high: lowest and highest frequency in Hz; `high` None is half the rate.
        floor: what counts as silence.

    Raises:
        ValueError: a number that cannot be, or bands so narrow that one holds no frequency.

    Example:

    >>> LogMel(8000, bands=24)(np.zeros(8000)).shape
    (99, 24)
    """

    rate: int = 8000
    window: float = 0.025
    hop: float = 0.01
    bands: int = 40
    low: float = 60.0
    high: float | None = None
    floor: float = 1e-5

    def __post_init__(self):
        positive_int("rate", self.rate)
        positive_int("bands", self.bands)
        for name in ("window", "hop", "floor"):
            if not getattr(self, name) > 0:
                raise ValueError(f"`{name}` must be above 0. Received: {name}={self._told(name)}")
        if min(self.samples, self.step) < 1:
            raise ValueError(
                "`window` and `hop` must hold a sample or more. Received: "
                f"window={self.window}, hop={self.hop}, rate={self.rate}"
            )
        if not 0 <= self.low < self.highest <= self.rate / 2:
            raise ValueError(
                "`low` and `high` must rise from 0 to half the rate. Received: "
                f"low={self.low}, high={self.high}, rate={self.rate}"
            )
        empty = np.flatnonzero(self.filters.max(1) == 0)
        if len(empty):
            raise ValueError(
                f"Band {empty[0]} holds none of the frequencies of {self.size} samples. Use fewer "
                f"bands or a longer window. Received: bands={self.bands}, window={self.window}"
            )

    def _told(self, name):
        return repr(getattr(self, name))

    @property
    def samples(self):
        """Samples in a window."""
        return round(self.window * self.rate)

    @property
    def step(self):
        """Samples from one column to the next."""
        return round(self.hop * self.rate)

    @property
    def size(self):
        """Samples of the Fourier transform: the next power of two, for finer steps of pitch."""
        return max(256, 1 << (self.samples - 1).bit_length())

    @property
    def highest(self):
        """The highest frequency in Hz."""
        return self.rate / 2 if self.high is None else self.high

    @cached_property
    def filters(self):
        """The triangles, (bands, size / 2 + 1)."""
        corners = np.linspace(mel(self.low), mel(self.highest), self.bands + 2)
        left, middle, right = (700 * (10 ** (corners / 2595) - 1))[
            [np.arange(self.bands) + k for k in range(3)]
        ][..., None]
        frequencies = np.fft.rfftfreq(self.size, 1 / self.rate)
        rising = (frequencies - left) / (middle - left)
        return np.maximum(0, np.minimum(rising, (right - frequencies) / (right - middle)))

    def columns(self, samples):
        """How many columns a wave of so many samples gives."""
        return 1 + max(0, -(-(samples - self.samples) // self.step))

    def __call__(self, wave):
        """The spectrogram of `wave (samples,)`, float32 (columns, bands)."""
        wave = np.asarray(wave, "float32")
        if wave.ndim != 1 or not len(wave):
            raise ValueError(f"Expected a wave (samples,). Received: shape={wave.shape}")
        columns = self.columns(len(wave))
        needed = (columns - 1) * self.step + self.samples
        wave = np.pad(wave, (0, max(0, needed - len(wave))))
        frames = np.lib.stride_tricks.sliding_window_view(wave, self.samples)[:: self.step]
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.samples) / self.samples)
        power = np.abs(np.fft.rfft(frames[:columns] * hann, self.size)) ** 2
        return np.log(self.floor + power @ self.filters.T).astype("float32")


def mel(frequency):
    """Hz on the mel scale.

    Example:

    >>> round(mel(1000))
    1000
    """
    return 2595 * np.log10(1 + frequency / 700)
