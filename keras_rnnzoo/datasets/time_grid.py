"""Regular grids of time: which frequency stamps show, and the points of a grid."""

import functools

import numpy as np
import pandas

DAY = 86_400_000_000  # microseconds
ALIASES = ("s", "min", "h", "D", "B", "W-MON", "MS", "ME", "QS", "QE", "YS", "YE")
# By months in a step: aliases of grids of first days and of last days, of business days too.
MONTHLY = {1: ("MS", "ME"), 3: ("QS", "QE"), 12: ("YS", "YE")}
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


def offset_of(frequency):
    """The offset of pandas for an alias, an error for what is none or does not go forward."""
    try:
        offset = pandas.tseries.frequencies.to_offset(frequency)
    except (ValueError, TypeError):
        offset = None
    if offset is None or offset.n < 1 or "bh" in offset.freqstr:
        raise ValueError(
            f"Expected a frequency as an offset alias of pandas, such as {', '.join(ALIASES)} or a "
            f"multiple like 15min. Received: frequency={frequency!r}"
        )
    return offset


def is_exact(offset):
    """Whether a step is a length of time, not a day, month or the like of the calendar."""
    return isinstance(offset, pandas.offsets.Tick) and not isinstance(offset, pandas.offsets.Day)


def on_wall(index):
    """The stamps as clocks on the wall show them, without a zone."""
    # A frequency that an index carries changes what pandas calls the end of a month.
    return pandas.DatetimeIndex(index.tz_localize(None), freq=None)


def off_wall(wall, zone):
    """Stamps of the wall clock in a zone: the first of an hour that comes twice, and the end of an
    hour that is left out."""
    if zone is None:
        return wall
    first = np.ones(len(wall), bool)
    return wall.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")


def grid(start, steps, frequency):
    """`steps` points of a grid that begins at `start`.

    Steps shorter than a day have a fixed length. Days and what is longer follow the clock on the
    wall, also where a day has 23 or 25 hours.

    Args:
        start: a stamp, with or without a zone.
        steps: how many points.
        frequency: an offset alias of pandas.

    Returns:
        A `DatetimeIndex`. It begins later than `start` where that is no point of such a grid.
    """
    offset = offset_of(frequency)
    if is_exact(offset):
        index = pandas.date_range(start, periods=steps, freq=offset)
    else:
        wall = pandas.date_range(start.tz_localize(None), periods=steps, freq=offset)
        index = off_wall(wall, start.tz)
    return pandas.DatetimeIndex(index, freq=None)


def extended(index, frequency, steps):
    """An index of times and the `steps` that follow it."""
    if isinstance(index, pandas.RangeIndex):
        return pandas.RangeIndex(index.start, index.stop + steps)
    return index.append(grid(index[-1], steps + 1, frequency)[1:]) if steps else index


def covering(stamps, frequency):
    """A grid from before the first stamp to after the last one.

    It goes through the first stamp if the second one lies whole steps after it, and else through
    round times: multiples of the step from midnight, the first or last days of months. So its
    place is known from the first two stamps.

    Args:
        stamps: a `DatetimeIndex`, rising.
        frequency: an offset alias of pandas.

    Returns:
        A `DatetimeIndex`.
    """
    second = stamps[min(1, len(stamps) - 1)]
    # Stamps of one moment in two zones are equal, so that the zone must be told beside them.
    return _covering(stamps[0], second, stamps[-1], frequency, str(stamps.tz))


@functools.lru_cache(maxsize=64)  # since series often have the same stamps
def _covering(first, second, last, frequency, zone):
    offset = offset_of(frequency)
    walls = [stamp.tz_localize(None) for stamp in (first, second, last)]
    dates = [wall.normalize() for wall in walls]
    if is_exact(offset):
        step = pandas.Timedelta(offset)
        whole = (second - first) % step == pandas.Timedelta(0)
        base = first if whole else off_wall(pandas.DatetimeIndex(dates[:1]), first.tz)[0]
        base += ((first - base) // step - 1) * step
        return grid(base, (last - base) // step + 3, frequency)
    times = [wall - date for wall, date in zip(walls, dates, strict=True)]
    start = dates[0] if isinstance(offset, pandas.offsets.Day) else offset.base.rollback(dates[0])
    index = pandas.date_range(start - offset, dates[2] + 2 * offset, freq=offset)
    index = index + times[0] if times[0] == times[1] else index
    return pandas.DatetimeIndex(off_wall(index, first.tz), freq=None)


def regular(indexes, frequency, ids):
    """Times that are regular already, and their frequency, which is inferred where it is None."""
    if not all(isinstance(index, pandas.DatetimeIndex) for index in indexes):
        raise TypeError("Expected stamps for all series or counted steps for all. Received: both")
    zones = {str(index.tz) for index in indexes}
    if len(zones) > 1:
        raise ValueError(f"Expected one time zone. Received: {', '.join(sorted(zones))}")
    if any(index.hasnans for index in indexes):
        raise ValueError("Expected a time for each row. Received: NaT")
    found = frequency or infer(indexes)[0]
    for index, name in zip(indexes, ids, strict=True):
        wanted = grid(index[0], len(index), found)
        off = np.flatnonzero(wanted != index)
        if len(off):
            raise ValueError(
                f"Expected regular times, a step of {found} each. Received: {index[off[0]]} in "
                f"row {off[0]} of series {name!r}, not {wanted[off[0]]}. from_frame brings raw "
                "data onto a grid."
            )
    return indexes, offset_of(found).freqstr


def infer(indexes):
    """The frequency that at least half of the steps between neighbouring stamps agree to.

    A step is of the calendar where that explains as many steps as a length of time does: months,
    quarters or years between first days, last days or equal days of months, and business days
    where no stamp lies on a weekend.

    Args:
        indexes: a list of `DatetimeIndex`, one a series, each of rising stamps that differ.

    Returns:
        An offset alias, the number of steps that agree, and of all steps. For stamps on an equal
        day inside of months the alias is that of last days.

    Raises:
        ValueError: fewer than half of the steps agree; the three most common ones are named.
    """
    ends = np.cumsum([len(index) for index in indexes])
    stamps = indexes[0].append(indexes[1:])
    inside = np.ones(len(stamps) - 1, bool)
    inside[ends[:-1] - 1] = False
    if not inside.any():
        raise ValueError(
            "Expected a series of at least two times, to infer the frequency from. Received: none. "
            "Pass frequency=, such as frequency='D'."
        )
    wall = on_wall(stamps)
    lengths = np.diff(wall.as_unit("us").asi8)
    lengths = np.where(
        (lengths > 0) & (lengths % DAY == 0), lengths, np.diff(stamps.as_unit("us").asi8)
    )[inside]
    values, counts = np.unique(lengths, return_counts=True)
    common = np.argsort(-counts, kind="stable")
    options = [*_by_months(wall, inside), *_by_business_days(wall, inside)]
    options.append((counts[common[0]], _alias(int(values[common[0]]), wall)))
    count, alias = max(options, key=lambda option: option[0])
    if 2 * count < len(lengths):
        named = ", ".join(
            f"{pandas.Timedelta(int(values[k]), unit='us')} ({100 * counts[k] // len(lengths)} %)"
            for k in common[:3]
        )
        raise ValueError(
            "Expected at least half of the steps between times to agree, to infer the frequency. "
            f"Received: {len(lengths)} steps, of which the most common are {named}. Pass "
            "frequency=, onto whose grid the rows are brought."
        )
    return alias, int(count), len(lengths)


def _alias(step, wall):
    if step % (7 * DAY) == 0:
        weeks = step // (7 * DAY)
        return f"{weeks if weeks > 1 else ''}W-{WEEKDAYS[np.bincount(wall.day_of_week).argmax()]}"
    if step % DAY == 0:
        return offset_of(f"{step // DAY}D").freqstr
    return pandas.tseries.frequencies.to_offset(pandas.Timedelta(step, unit="us")).freqstr


def _by_business_days(wall, inside):
    """How many steps lead to the next business day, if all stamps are on such days."""
    day = wall.day_of_week.to_numpy()
    steps = np.diff(wall.as_unit("us").asi8)
    over_weekend = np.count_nonzero((inside & (steps == 3 * DAY))[day[:-1] == 4])
    next_day = np.count_nonzero(inside & (steps == DAY))
    found = next_day and over_weekend and day.max() < 5
    return [(next_day + over_weekend, "B")] if found else []


def _by_months(wall, inside):
    """How many steps lead from one month to another, for each kind of day in them."""
    months = np.diff((wall.year * 12 + wall.month).to_numpy())
    if not (inside & (months > 0)).any():
        return []
    step = int(np.bincount(months[inside & (months > 0)]).argmax())
    agrees = inside & (months == step) & (np.diff((wall - wall.normalize()).asi8) == 0)
    month = int(np.bincount(wall.month).argmax())
    found = []
    for kind, on in _kinds(wall).items():
        both = np.diff(wall.day) == 0 if kind == "same" else on[1:] & on[:-1]
        first = kind in ("first", "bfirst")
        alias = MONTHLY.get(step, (f"{step}MS", f"{step}ME"))[0 if first else 1]
        if kind[0] == "b":
            alias = "B" + alias if step in MONTHLY else alias.replace("M", "BM")
        if step in (3, 12):
            alias += "-" + _anchor(month, step, first)
        found.append((np.count_nonzero(agrees & both), alias))
    return found


def _kinds(wall):
    """Which stamps are on first and last days of months, and on first and last business days."""
    dates = wall.normalize()
    return {
        "first": wall.is_month_start,
        "last": wall.is_month_end,
        "same": None,
        "bfirst": dates == dates.to_period("M").to_timestamp() + pandas.offsets.BMonthBegin(0),
        "blast": dates == dates + pandas.offsets.BMonthEnd(0),
    }


def _anchor(month, step, first):
    """The month by whose name quarters or years of such first or last days go."""
    if step == 3:
        month = (month - 1) % 3 + (1 if first else 10)
    return MONTHS[month - 1]


def steps_between(first, last, frequency):
    """About how many steps lie between two stamps."""
    offset = offset_of(frequency)
    if is_exact(offset):
        return int((last - first) // pandas.Timedelta(offset))
    return int((last - first) // pandas.Timedelta(days=1)) // offset.n
