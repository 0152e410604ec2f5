"""What the clock and the calendar say about a time, known as far ahead as one likes."""

import numpy as np

from keras_rnnzoo.base.options import choice, positive_int

MINUTE, HOUR, DAY = 60, 3600, 86400


def _seconds(times):
    """Seconds since midnight on the local clock."""
    whole = (
        times.hour.to_numpy() * HOUR + times.minute.to_numpy() * MINUTE + times.second.to_numpy()
    )
    return whole + times.microsecond.to_numpy() / 1e6


def _month(times):
    """The share of the month that is over."""
    days = times.day.to_numpy() - 1 + _seconds(times) / DAY
    return days / times.days_in_month.to_numpy()


# Each cycle: how far a time is through it, from 0 up to but not including 1.
CYCLES = {
    "second of minute": lambda at: _seconds(at) % MINUTE / MINUTE,
    "minute of hour": lambda at: _seconds(at) % HOUR / HOUR,
    "hour of day": lambda at: _seconds(at) / DAY,
    "day of week": lambda at: (at.day_of_week.to_numpy() + _seconds(at) / DAY) / 7,
    "day of month": _month,
    "day of year": lambda at: (at.month.to_numpy() - 1 + _month(at)) / 12,
    "month of year": lambda at: (at.month.to_numpy() - 1) / 12,
}

# For steps below so many seconds these cycles; the first row that fits holds.
CHOICES = (
    (MINUTE, ("second of minute", "minute of hour", "hour of day", "day of week")),
    (HOUR, ("minute of hour", "hour of day", "day of week", "day of year")),
    (DAY, ("hour of day", "day of week", "day of year")),
    (6.9 * DAY, ("day of week", "day of month", "day of year")),
    (27 * DAY, ("day of month", "day of year")),
    (360 * DAY, ("month of year",)),
)


class Calendar:
    """Features of times: sine and cosine of how far a time is through a cycle.

    **Equations**: with p in [0, 1) the share of the cycle that is over and k = 1 ... harmonics

        sin(2π k p), cos(2π k p)

    The share follows the local clock, so with a time zone 8 o'clock is 8 o'clock before and after
    the clock changes. It grows smoothly within a cycle: at 12:00 "hour of day" is 0.5, "day of
    week" is 0.5 of a seventh further than at midnight. "day of month" counts in the days that the
    month has. "day of year" is the month and the share of it, over 12, so a date has the same
    share in leap years and others (but within February). "month of year" is the month alone.

    Args:
        cycles: names out of "second of minute", "minute of hour", "hour of day", "day of week",
            "day of month", "day of year", "month of year"; none of them: no features.
        harmonics: how many sines and cosines a cycle. With 1, a straight line can follow one
            smooth rise and fall a cycle; more follow sharper shapes.

    Attributes:
        names: of the features, such as "hour of day sin", or "hour of day sin 2".

    Raises:
        ValueError: an unknown or repeated cycle; `harmonics` below 1.

    Example:

    >>> calendar = Calendar.for_frequency("h")
    >>> calendar.cycles
    ('hour of day', 'day of week', 'day of year')
    >>> calendar.features(pd.date_range("2024-01-01", periods=48, freq="h")).shape
    (48, 6)
    """

    def __init__(self, cycles=(), harmonics=1):
        cycles = (cycles,) if isinstance(cycles, str) else tuple(cycles)
        self.cycles = tuple(choice("cycles", cycle, tuple(CYCLES)) for cycle in cycles)
        if len(set(self.cycles)) < len(self.cycles):
            raise ValueError(f"Expected each cycle once. Received: cycles={self.cycles}")
        self.harmonics = positive_int("harmonics", harmonics)

    @classmethod
    def for_frequency(cls, frequency, harmonics=1):
        """The cycles that a step of this frequency can show.

        | step shorter than | cycles |
        |---|---|
        | a minute | second of minute, minute of hour, hour of day, day of week |
        | an hour | minute of hour, hour of day, day of week, day of year |
        | a day | hour of day, day of week, day of year |
        | a week (days, business days) | day of week, day of month, day of year |
        | a month (weeks) | day of month, day of year |
        | a year (months, quarters) | month of year |
        | longer steps, or `None` (steps are only counted) | none |

        Args:
            frequency: a pandas offset alias such as "h", "15min", "D", "MS", or None.
            harmonics: see the class.

        Raises:
            ValueError: not an offset alias.
        """
        if frequency is None:
            return cls((), harmonics)
        step = _mean_step(frequency)
        return cls(next((cycles for below, cycles in CHOICES if step < below), ()), harmonics)

    @property
    def names(self):
        """One name a feature, in their order."""
        return tuple(
            f"{cycle} {wave}{f' {k}' if k > 1 else ''}"
            for cycle in self.cycles
            for k in range(1, self.harmonics + 1)
            for wave in ("sin", "cos")
        )

    def features(self, times):
        """The features of times.

        Args:
            times: a pandas `DatetimeIndex`; without cycles any index.

        Returns:
            float32 array (time, features).

        Raises:
            TypeError: times that are not a `DatetimeIndex`.
            ValueError: a missing time.
        """
        if not self.cycles:
            return np.zeros((len(times), 0), "float32")
        _check_times(times)
        waves = []
        for cycle in self.cycles:
            angle = 2 * np.pi * CYCLES[cycle](times)
            for k in range(1, self.harmonics + 1):
                waves += [np.sin(k * angle), np.cos(k * angle)]
        return np.stack(waves, axis=1).astype("float32")

    @staticmethod
    def extend(times, frequency, steps):
        """The times of the next steps.

        Steps of a fixed length (hours and shorter) are counted in real time; days, business days,
        months and longer on the local calendar: a day after 8 o'clock is 8 o'clock. A local time
        that the clock skips becomes the first one after it; of one that comes twice the first is
        taken.

        Args:
            times: the index of a series, a `DatetimeIndex` or a `RangeIndex`.
            frequency: its pandas offset alias; None for a `RangeIndex`.
            steps: how many times to give, from 0.

        Returns:
            An index of `steps` times of the same kind, time zone and resolution.

        Raises:
            ValueError: no times, `steps` below 0, a frequency that is no alias or that does not
                lead through the last time (such as "MS" from the 15th of a month).
            TypeError: another kind of index, or no frequency for a `DatetimeIndex`.

        Example:

        >>> Calendar.extend(pd.date_range("2024-01-01", periods=3, freq="MS"), "MS", 1)[0]
        Timestamp('2024-04-01 00:00:00')
        """
        import pandas as pd

        from keras_rnnzoo.datasets import time_grid

        if isinstance(steps, bool) or not hasattr(steps, "__index__") or steps < 0:
            raise ValueError(f"`steps` must be a whole number from 0. Received: steps={steps!r}")
        if not len(times):
            raise ValueError("Expected at least one time to go on from. Received: no times")
        if isinstance(times, pd.RangeIndex):
            return pd.RangeIndex(
                times[-1] + times.step, times[-1] + times.step * (steps + 1), times.step
            )
        _check_times(times)
        if frequency is None:
            raise TypeError("Expected the frequency of the times. Received: frequency=None")
        on = time_grid.grid(times[-1], steps + 1, frequency)
        if on[0] != times[-1]:
            raise ValueError(
                f"Expected a frequency that leads through the last time {times[-1]}. Received: "
                f"frequency={frequency!r}. Name the frequency of the series."
            )
        return on[1:].as_unit(times.unit).rename(times.name)

    def to_config(self):
        """A JSON-able description from which `from_config` builds the same calendar."""
        return {"cycles": list(self.cycles), "harmonics": self.harmonics}

    @classmethod
    def from_config(cls, config):
        """Rebuild a calendar from `to_config`."""
        return cls(**config)


def _check_times(times):
    import pandas as pd

    if not isinstance(times, pd.DatetimeIndex):
        raise TypeError(
            "Expected times as a pandas DatetimeIndex. Steps that are only counted have no "
            f"calendar: use Calendar(). Received: {type(times).__name__}"
        )
    if times.hasnans:
        raise ValueError(f"Expected times. Received: none in row {int(times.isna().argmax())}")


def _mean_step(frequency, steps=24):
    """The mean length of a step in seconds."""
    import pandas as pd

    from keras_rnnzoo.datasets.time_grid import offset_of

    times = pd.date_range("2001-01-01", periods=steps + 1, freq=offset_of(frequency))
    return (times[-1] - times[0]).total_seconds() / steps
