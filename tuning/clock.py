"""How much time there is, and how much a run takes."""

import math
import re
import time

import keras
import keras_tuner

UNITS = {"h": 3600, "m": 60, "s": 1}
MARGIN = 1.15
"What is kept for the runs at the end, as a multiple of what they should take."


class OutOfTime(keras_tuner.errors.FatalError):
    """The time for this part of the sweep is used; not an error of the trial that ran."""


def read_budget(text):
    """Seconds, from `"2h"`, `"90m"`, `"1h30m"` or `"45s"`; a bare number is seconds.

    Raises:
        ValueError: anything else.

    Example:

    >>> read_budget("1h30m")
    5400.0
    """
    if re.fullmatch(r"\d+(\.\d+)?", text):
        seconds = float(text)
    else:
        found = re.fullmatch(r"(?:([\d.]+)h)?(?:([\d.]+)m)?(?:([\d.]+)s)?", text)
        try:
            parts = zip(found.groups(), UNITS.values())
            seconds = sum(float(number) * unit for number, unit in parts if number)
        except (AttributeError, ValueError):
            seconds = 0
    if seconds <= 0:
        raise ValueError(f"A budget is a time such as 2h, 90m, 1h30m or 45s. Received: {text!r}")
    return seconds


def spoken(seconds):
    """A time in a unit that suits it.

    Example:

    >>> spoken(5400)
    '1.5 h'
    """
    if math.isinf(seconds):
        return ""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


class Clock:
    """Time left of a budget.

    Arguments:
        budget: seconds, or `None` for no limit.
        used: seconds of it that are gone.

    Example:

    >>> Clock(3600).left > 3599
    True
    """

    def __init__(self, budget=None, used=0.0):
        self.end = math.inf if budget is None else time.monotonic() + budget - used

    @property
    def left(self):
        """Seconds."""
        return self.end - time.monotonic()


class Costs:
    """What runs take: as measured before the start, and then as the log says.

    Arguments:
        log: a `Log`.
        measured: seconds to begin a run and seconds of an epoch, or `None`.
    """

    def __init__(self, log, measured=None):
        self.log, self.measured = log, measured

    def of(self, cell, epochs):
        """Seconds of a run, 0 where nothing is known."""
        done = [line for line in self.log.lines if line["epochs"]]
        same = [line for line in done if line["configuration"]["cell"] == cell] or done
        if same:
            return epochs * sum(line["seconds"] / line["epochs"] for line in same) / len(same)
        begin, epoch = self.measured or (0.0, 0.0)
        return begin + epochs * epoch


class Watch(keras.callbacks.Callback):
    """Follow a run: its curve, its seconds, and the moment at which it must stop.

    Arguments:
        name: of the validation score in the logs.
        until: `time.monotonic()` at which `OutOfTime` is raised.
        told: a function that is called with the curve after each epoch.
    """

    def __init__(self, name, until=math.inf, told=None):
        super().__init__()
        self.name, self.until, self._told = name, until, told
        self.curve, self.seconds = [], []

    def on_epoch_begin(self, epoch, logs=None):
        self._began = time.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        if time.monotonic() > self.until:
            raise OutOfTime

    def on_epoch_end(self, epoch, logs=None):
        self.curve.append(float(logs[self.name]))
        self.seconds.append(time.monotonic() - self._began)
        if self._told:
            self._told(self.curve)
        if time.monotonic() > self.until and epoch + 1 < self.params["epochs"]:
            raise OutOfTime
