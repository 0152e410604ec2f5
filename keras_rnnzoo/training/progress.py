"""Training progress in lines that stay readable in a log."""

import sys
import time

import keras


class Progress(keras.callbacks.Callback):
    """Print one line every few seconds, and one for each finished epoch.

    On a terminal the line is written over; elsewhere each is a new one.

    Args:
        seconds: between two lines within an epoch.
        stream: where to print; default the standard output.

    Raises:
        ValueError: `seconds` below 0.

    Example:

    >>> model.fit(train, epochs=3, verbose=0, callbacks=[Progress()])
    """

    def __init__(self, seconds=10.0, stream=None):
        super().__init__()
        if seconds < 0:
            raise ValueError(f"seconds must be at least 0. Received: seconds={seconds}")
        self.seconds, self._stream = seconds, stream

    def on_train_begin(self, logs=None):
        self._began = self._printed = time.monotonic()
        self._done, self._width = 0, 0

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch, self._epoch_began = epoch, time.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        self._done += 1
        now = time.monotonic()
        steps = self.params.get("steps")
        if now - self._printed >= self.seconds and batch + 1 != steps:
            self._printed = now
            self._print(f"{_batch(batch + 1, steps)}  {_scores(logs)}  {self._left(batch)}")

    def on_epoch_end(self, epoch, logs=None):
        self._printed = time.monotonic()
        took = f"{self._printed - self._epoch_began:.1f} s"
        self._print(f"{_scores(logs)}  {took}", last=True)

    def _left(self, batch):
        """What remains, at the mean speed so far."""
        steps, epochs = self.params.get("steps"), self.params.get("epochs")
        if not steps or not epochs:
            return ""
        remaining = steps * (epochs - self._epoch) - (batch + 1)
        return f"{remaining * (time.monotonic() - self._began) / self._done:.0f} s left"

    def _print(self, text, last=False):
        stream = self._stream or sys.stdout
        line = f"epoch {self._epoch + 1}/{self.params.get('epochs', '?')}  {text}".rstrip()
        if stream.isatty():
            padded, self._width = line.ljust(self._width), 0 if last else len(line)
            stream.write(f"\r{padded}" + ("\n" if last else ""))
        else:
            stream.write(line + "\n")
        stream.flush()


def _batch(number, steps):
    return f"batch {number}/{steps}" if steps else f"batch {number}"


def _scores(logs):
    return "  ".join(f"{name} {float(value):.4f}" for name, value in (logs or {}).items())
