"""WAV files: read whole, as one channel, and brought to another rate."""

import io
import wave
from math import gcd
from pathlib import Path

import numpy as np

from keras_rnnzoo.base.options import positive_int
from keras_rnnzoo.datasets.clips import Clips


def read_wav(source, name=None):
    """The sound of a WAV file of whole numbers (PCM), as one channel.

    Channels are averaged.

    Args:
        source: path of the file, or its bytes.
        name: of it in messages; default its path.

    Returns:
        The wave, float32 (samples,) in [-1, 1], and its samples a second.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no such file, or damaged, or without a sample.

    Example:

    >>> wave, rate = read_wav("7_jackson_32.wav")
    """
    in_memory = isinstance(source, (bytes, bytearray))
    name = name or ("the WAV file" if in_memory else str(source))
    if not in_memory and not Path(source).is_file():
        raise FileNotFoundError(f"Expected a WAV file. Received: {str(source)!r}, which is none")
    data = bytes(source) if in_memory else Path(source).read_bytes()
    try:
        with wave.open(io.BytesIO(data)) as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            frames, stated = file.readframes(file.getnframes()), file.getnframes()
    except (wave.Error, EOFError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"{name}: expected a WAV file of whole numbers (PCM). Received: one that is damaged or "
            f"of another kind ({error or 'it ends too soon'}). Convert it: ffmpeg -i IN -c:a "
            "pcm_s16le OUT.wav"
        ) from error
    if not stated or len(frames) != stated * channels * width:
        raise ValueError(
            f"{name}: expected {stated or 1} samples or more in {channels} channels. Received: "
            f"{len(frames)} bytes of sound; the file is empty or cut short"
        )
    return _numbers(frames, width).reshape(-1, channels).mean(1, dtype="float32"), rate


def _numbers(frames, width):
    """Samples of 1 to 4 bytes as float32 in [-1, 1]."""
    if width == 1:  # the only unsigned one
        return np.frombuffer(frames, "u1").astype("float32") / 128 - 1
    if width == 3:  # the lowest byte of 32 bits is left at zero
        bytes_ = np.zeros((len(frames) // 3, 4), "u1")
        bytes_[:, 1:] = np.frombuffer(frames, "u1").reshape(-1, 3)
        return (bytes_.view("<i4")[:, 0] / 2**31).astype("float32")
    return (np.frombuffer(frames, f"<i{width}") / 2.0 ** (8 * width - 1)).astype("float32")


def write_wav(path, wave_, rate):
    """Write a wave in [-1, 1] as a WAV file of 16 bits.

    Example:

    >>> write_wav("tone.wav", np.sin(np.arange(8000) / 3), 8000)
    """
    numbers = np.clip(np.round(np.asarray(wave_) * 2**15), -(2**15), 2**15 - 1).astype("<i2")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, positive_int("rate", rate), len(numbers), "NONE", ""))
        file.writeframes(numbers.tobytes())


def resampled(wave_, rate, wanted):
    """A wave at another rate, without what the new rate cannot hold.

    Raises:
        ImportError: SciPy is missing, and the rates differ.

    Example:

    >>> len(resampled(np.zeros(44100, "float32"), 44100, 8000))
    8000
    """
    rate, wanted = positive_int("rate", rate), positive_int("rate", wanted)
    if rate == wanted:
        return wave_
    try:
        from scipy.signal import resample_poly
    except ImportError as error:
        raise ImportError(
            f"Sound at {rate} Hz is brought to {wanted} Hz with SciPy. {error}. "
            'Install it: pip install "keras_rnnzoo[examples]"'
        ) from error
    common = gcd(rate, wanted)
    return resample_poly(wave_, wanted // common, rate // common).astype("float32")


def read_clips(paths, rate):
    """WAV files as `Clips` at one rate, named by their files.

    Raises:
        FileNotFoundError, ValueError: as `read_wav`.
        ImportError: as `resampled`.

    Example:

    >>> clips = read_clips(["mine.wav", "yours.wav"], 8000)
    """
    sounds = [resampled(*read_wav(path), rate) for path in paths]
    return Clips(sounds, ids=tuple(Path(path).stem for path in paths), rate=rate)
