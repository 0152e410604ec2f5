"""What figures of time series share: axes of dates or steps, and checks of what they are given."""

from typing import Any, NamedTuple

import numpy as np

from keras_rnnzoo.figures.style import INK

# How ticks are written that count years, months, days, hours, minutes or seconds, and where the
# counting starts anew, as at midnight.
FORMATS = ["%Y", "%b", "%d %b", "%H:%M", "%H:%M", "%S.%f"]
WHOLE = {"steps": (1, 2, 5, 10), "integer": True, "min_n_ticks": 1}
ZEROS = ["", "%Y", "%d %b", "%d %b", "%H:%M", "%H:%M"]


class TimeAxis(NamedTuple):
    """Places on an axis of time, and how it is written on."""

    places: np.ndarray
    label: str
    dates: bool
    zone: Any = None

    def dress(self, axes, margin=0.01):
        """Limits and ticks."""
        from matplotlib import dates, ticker

        if self.dates:
            locator = dates.AutoDateLocator(tz=self.zone, minticks=4, maxticks=8)
            axes.xaxis.set_major_locator(locator)
            axes.xaxis.set_major_formatter(
                dates.ConciseDateFormatter(
                    locator, self.zone, FORMATS, zero_formats=ZEROS, show_offset=False
                )
            )
            axes.set_xlabel(self.label, loc="right", fontsize=9, color=INK)
        else:
            axes.xaxis.set_major_locator(ticker.MaxNLocator("auto", **WHOLE))
        first, last = self.places[0], self.places[-1]
        space = margin * (last - first) or 0.5
        axes.set_xlim(first - space, last + space)


def read_times(times, count, first=0, label="step"):
    """The axis of at least `count` times; without any, of steps counted from `first`."""
    if times is None:
        return TimeAxis(np.arange(first, first + count, dtype="float64"), label, dates=False)
    zone = getattr(times, "tz", None)
    values = np.asarray(times if zone is None else times.tz_convert("UTC").tz_localize(None))
    if values.ndim != 1 or values.dtype.kind not in "Miuf":
        raise TypeError(
            "Expected times as a pandas.DatetimeIndex (pandas.to_datetime makes one), as NumPy "
            f"dates, or as numbers, in one row. Received: times={times!r:.200}"
        )
    if len(values) < count:
        raise ValueError(
            f"Expected {count} times, one for each row. Received: times of length {len(values)}"
        )
    steps = np.diff(values)
    if np.isnan(values).any() or not (steps > np.zeros(1, steps.dtype)).all():
        raise ValueError(f"Expected times that increase. Received: times={times!r:.200}")
    if values.dtype.kind != "M":
        return TimeAxis(values.astype("float64"), label, dates=False)
    from matplotlib.dates import date2num

    places = date2num(values)
    return TimeAxis(places, _when(places, zone), dates=True, zone=zone)


def _when(places, zone):
    """What the ticks do not say: the day, or one or two years, and the time zone."""
    from matplotlib.dates import num2date

    first, last = num2date(places[0], zone), num2date(places[-1], zone)
    if first.date() == last.date():
        when = f"{first:%d %b %Y}"
    elif first.year == last.year:
        when = f"{first:%Y}"
    else:
        when = f"{first:%Y} to {last:%Y}" if last.year == first.year + 1 else ""
    return ", ".join(filter(None, (when, zone and str(zone))))


def numbers(name, array, *shape):
    """`array` in float64 if it is finite and has that shape, with `None` for any length above 0.

    An axis of channels, the second one, is put in where it is missing and may be 1.
    """
    try:
        array = np.asarray(array, "float64")
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"Expected {name} as an array of numbers. Received: {name}={array!r:.200}"
        ) from error
    if array.ndim == len(shape) - 1 > 0 and shape[1] in (None, 1):
        array = np.expand_dims(array, 1)
    sizes = zip(shape, array.shape)
    fits = array.ndim == len(shape) and all(got and want in (None, got) for want, got in sizes)
    if not fits:
        words = ", ".join("any" if want is None else str(want) for want in shape)
        raise ValueError(
            f"Expected {name} of shape ({words}), with something in it. Received: {name} of shape "
            f"{array.shape}"
        )
    if not np.isfinite(array).all():
        place = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(
            f"Expected {name} without missing or infinite values. Received: "
            f"{name}[{', '.join(map(str, place))}]={array[place]}"
        )
    return array
