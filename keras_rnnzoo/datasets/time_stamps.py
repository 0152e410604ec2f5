"""Columns of dates and times, as files write them, become stamps."""

import datetime
import re

import numpy as np
import pandas

from keras_rnnzoo.datasets.time_grid import off_wall

PROBED = 100  # cells that show whether a column holds dates
CLOCK = r"(?:[ T,]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?"
ZONED = r"\s*(?:Z|UTC|[+-]\d{2}(?::?\d{2})?)?)?"
MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
PATTERNS = {
    "year first": rf"\d{{4}}(?:[-/]\d{{1,2}}|([-/.])\d{{1,2}}\1\d{{1,2}}{CLOCK}{ZONED})"
    r"|\d{8}T\d{4}(?:\d{2})?Z?",
    "year last": rf"\d{{1,2}}([-/.])\d{{1,2}}\1\d{{4}}{CLOCK}\s*(?:[ap]\.?m\.?)?)?",
    "month and year": r"\d{1,2}[-/.]\d{4}",
    "quarters": r"\d{4}[- ]?Q[1-4]",
    "names of months": rf"(?:[a-z]{{3,9}},? )?(?:\d{{1,2}}[ -])?{MONTH}[ .,-]+"
    rf"(?:\d{{1,2}},? )?\d{{4}}{CLOCK}\s*(?:[ap]m)?)?",
}
PARTS = re.compile(
    r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[ T,]+(\d{1,2}):(\d{2})"
    r"(?::(\d{2})(?:[.,](\d+))?)?)?\s*(?:([ap])\.?m\.?)?",
    re.IGNORECASE,
)
# Whole numbers count as dates under a name of these alone, where no column is named.
NAMES = ("date", "datetime", "time", "timestamp", "ds", "year", "month", "epoch")
EPOCHS = (
    (10**11, "s", "seconds"),
    (10**14, "ms", "milliseconds"),
    (10**17, "us", "microseconds"),
    (2**63, "ns", "nanoseconds"),
)
HINT = "Pass date_format=, such as date_format='%d/%m/%Y %H:%M'."


def pattern_of(texts):
    """The name of the pattern that all texts follow, or None."""
    for name, pattern in PATTERNS.items():
        if texts.str.fullmatch(pattern, flags=re.IGNORECASE).all():
            return name
    return None


def is_text(column):
    """Whether a column holds strings or other objects, not numbers or stamps."""
    categories = isinstance(column.dtype, pandas.CategoricalDtype)
    return categories or column.dtype == object or pandas.api.types.is_string_dtype(column.dtype)


def looks_like_times(column, name, date_format=None):
    """Whether a column can be the one of times, by its type, or its first cells and its name."""
    if isinstance(column.dtype, (pandas.DatetimeTZDtype, pandas.PeriodDtype)):
        return True
    if column.dtype.kind == "M":
        return True
    cells = column.dropna().iloc[:PROBED]
    if cells.empty or not (is_text(column) or column.dtype.kind in "iuf"):
        return False
    if is_text(column) and isinstance(cells.iloc[0], datetime.date):
        return True
    texts = _texts(cells)
    if date_format is not None:
        return pandas.to_datetime(texts, format=date_format, errors="coerce").notna().all()
    if texts.str.fullmatch(r"\d+(\.0)?").all():
        return str(name).strip().lower() in NAMES
    return is_text(column) and pattern_of(texts) is not None


def read_stamps(column, where, date_format=None):
    """Turn a column into stamps.

    Dates may stand with the year first, with the names of months, as quarters (2020Q1), or with
    the year last, where some day above 12 must show whether it comes before the month or after
    it. Whole numbers are years (1500 to 2999), YYYYMM, YYYYMMDD, or seconds, milli-, micro- or
    nanoseconds since 1970 in UTC, by their size; other whole numbers count steps. Stamps with
    one offset from UTC keep it; where offsets differ, all become UTC.

    Args:
        column: a `pandas.Series`.
        where: a function from the number of a row to words for it.
        date_format: in the letters of `strptime`, instead of all this.

    Returns:
        A `DatetimeIndex`, or int64 where steps are counted; a phrase that says how it was read.

    Raises:
        ValueError: a cell that is empty or unlike the rest, dates whose day and month cannot be
            told apart, stamps with and without a zone.
    """
    blank = column.isna().to_numpy()
    if is_text(column):
        blank = blank | (column.astype(str).str.strip() == "").to_numpy()
    if blank.any():
        raise ValueError(
            f"Expected a time in each row. Received: none in {where(int(blank.argmax()))}, column "
            f"{column.name!r}. Drop the row, or fill it in."
        )
    if isinstance(column.dtype, pandas.PeriodDtype):
        return pandas.DatetimeIndex(column.dt.to_timestamp()), "periods by their first moment"
    if column.dtype.kind == "M" or isinstance(column.dtype, pandas.DatetimeTZDtype):
        return pandas.DatetimeIndex(column), "stamps"
    if column.dtype.kind == "b":
        raise ValueError(f"Expected times. Received: truth values in column {column.name!r}")
    if is_text(column) and column.map(lambda cell: isinstance(cell, datetime.date)).all():
        zoned = column.map(lambda cell: getattr(cell, "tzinfo", None) is not None).to_numpy()
        return _parsed(column, zoned, where, format=None)
    if date_format is not None:
        texts = _texts(column)
        return _parsed(texts, np.full(len(texts), "%z" in date_format), where, format=date_format)
    if column.dtype.kind in "iuf":
        return _from_numbers(column, where)
    return _from_texts(_texts(column), where)


def _texts(column):
    if column.dtype.kind == "f":
        column = column.map(lambda cell: int(cell) if cell == cell // 1 else cell)
    return column.astype(str).str.strip()


def _from_texts(texts, where):
    if texts.str.fullmatch(r"\d{1,18}").all():
        return _from_numbers(texts.astype("int64"), where)
    pattern = pattern_of(texts.iloc[:PROBED]) or pattern_of(texts.iloc[:1])
    if pattern is None:
        raise ValueError(
            f"Expected dates in column {texts.name!r}. Received: {texts.iloc[0]!r} in {where(0)}, "
            f"which may mean many things or none. {HINT}"
        )
    fits = texts.str.fullmatch(PATTERNS[pattern], flags=re.IGNORECASE).to_numpy()
    if not fits.all():
        row = int(fits.argmin())
        raise ValueError(
            f"Expected dates of one form in column {texts.name!r}, as {texts.iloc[0]!r} in "
            f"{where(0)}. Received: {texts.iloc[row]!r} in {where(row)}. {HINT}"
        )
    if pattern == "year last":
        return _year_last(texts, where)
    if pattern == "quarters":
        periods = pandas.PeriodIndex(
            texts.str.replace("[- ]", "", regex=True).str.upper(), freq="Q"
        )
        return periods.to_timestamp(), "quarters by their first moment"
    if pattern == "month and year":
        parts = texts.str.split("[-/.]", regex=True, expand=True)
        texts = (parts[1] + "-" + parts[0].str.zfill(2)).rename(texts.name)
    zoned = texts.str.contains(r":\d{2}.*(?:Z|UTC|[+-]\d{2}(?::?\d{2})?)$|\dZ$", regex=True)
    texts = texts.str.replace(r"\s*UTC$", "Z", regex=True)
    form = "mixed" if pattern == "names of months" else "ISO8601"
    return _parsed(texts, zoned.to_numpy(), where, format=form, words=f"dates with {pattern}")


def _parsed(cells, zoned, where, format, words="dates"):
    """Stamps from cells of which some say their offset from UTC."""
    if zoned.any() and not zoned.all():
        row = int(np.flatnonzero(zoned != zoned[0])[0])
        raise ValueError(
            "Expected all times with a zone or all without. Received: "
            f"{str(cells.iloc[0])!r} in {where(0)} and {str(cells.iloc[row])!r} in {where(row)}"
        )
    named = {} if format is None else {"format": format}
    stamps = pandas.to_datetime(cells, errors="coerce", utc=bool(zoned.any()), **named)
    bad = stamps.isna().to_numpy()
    if bad.any():
        row = int(bad.argmax())
        raise ValueError(
            f"Expected a date in column {cells.name!r}{'' if format is None else f' ({words})'}. "
            f"Received: {str(cells.iloc[row])!r} in {where(row)}. {HINT}"
        )
    index = pandas.DatetimeIndex(stamps)
    if not zoned.any():
        return index, words
    try:  # one offset, or the zone of the objects, is kept
        return pandas.DatetimeIndex(pandas.to_datetime(cells, **named)), words
    except ValueError:
        return index, f"{words} whose offsets from UTC differ, so that all became UTC"


def _year_last(texts, where):
    parts = texts.str.extract(PARTS)
    one, two = parts[0].astype(int), parts[1].astype(int)
    if (one > 12).any() and (two > 12).any():
        rows = int((one > 12).to_numpy().argmax()), int((two > 12).to_numpy().argmax())
        told = " and ".join(f"{texts.iloc[row]!r} in {where(row)}" for row in rows)
        raise ValueError(f"Expected days and months in one order. Received: {told}. {HINT}")
    if not ((one > 12).any() or (two > 12).any()):
        raise ValueError(
            f"Expected dates whose day and month can be told apart. Received: {texts.iloc[0]!r} in "
            f"{where(0)}, and no day above 12 in column {texts.name!r}. Pass date_format=, such as "
            "date_format='%d/%m/%Y' or '%m/%d/%Y'."
        )
    day, month = (one, two) if (one > 12).any() else (two, one)
    half = parts[7].str.lower()
    hour = parts[3].fillna("0").astype(int)
    hour = hour.where(half.isna(), hour % 12 + 12 * (half == "p"))
    rest = parts[[4, 5]].fillna("0").astype(int)
    fields = {"year": parts[2].astype(int), "month": month, "day": day, "hour": hour}
    stamps = pandas.to_datetime(
        pandas.DataFrame({**fields, "minute": rest[4], "second": rest[5]}), errors="coerce"
    )
    if parts[6].notna().any():
        fraction = ("0." + parts[6].fillna("0")).astype(float)
        stamps += pandas.to_timedelta((fraction * 1e6).round(), unit="us")
    order = "day" if day is one else "month"
    iso = stamps.astype(str).where(stamps.notna(), texts).rename(texts.name)
    if stamps.isna().any():
        return _parsed(iso, np.zeros(len(iso), bool), where, "ISO8601", f"dates, {order} first")
    return pandas.DatetimeIndex(stamps), f"dates with the {order} first"


def _from_numbers(column, where):
    numbers = column.to_numpy()
    whole = numbers == np.floor(numbers)
    if not whole.all():
        row = int(whole.argmin())
        raise ValueError(
            f"Expected dates or whole numbers in column {column.name!r}. Received: {numbers[row]} "
            f"in {where(row)}. Name another column, or count the rows with time=False."
        )
    numbers = numbers.astype("int64")
    low, high = numbers.min(), numbers.max()
    for least, most, form, words in (
        (1500, 2999, "%Y", "years"),
        (150_001, 299_912, "%Y%m", "numbers YYYYMM"),
        (15_000_101, 29_991_231, "%Y%m%d", "numbers YYYYMMDD"),
    ):
        if least <= low and high <= most:
            stamps = pandas.to_datetime(numbers.astype(str), format=form, errors="coerce")
            if not stamps.hasnans:
                return stamps, words
    if low < 10**8:
        return numbers, "whole numbers, which count steps"
    unit, words = next((unit, words) for most, unit, words in EPOCHS if high < most)
    stamps = pandas.DatetimeIndex(pandas.to_datetime(numbers, unit=unit, utc=True))
    return stamps.as_unit("us"), f"{words} since 1970 in UTC"


def into_zone(index, zone, groups, where):
    """Stamps in a zone: those without one are what its clocks on the wall showed.

    An hour that comes twice, when clocks are set back, is the earlier one until stamps of it come
    again in the order of rows, and the later one from there.

    Args:
        index: a `DatetimeIndex`.
        zone: a name, such as "Europe/Berlin".
        groups: for each series the numbers of its rows, in their order.
        where: a function from the number of a row to words for it.

    Returns:
        A `DatetimeIndex` in that zone.

    Raises:
        ValueError: an unknown zone, or a stamp that its clocks leave out.
    """
    try:
        if index.tz is not None:
            return index.tz_convert(zone)
        early = off_wall(index, zone)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(
            f"Expected a time zone, such as 'Europe/Berlin'. Received: zone={zone!r} ({error})"
        ) from None
    left_out = early.tz_localize(None) != index
    if left_out.any():
        row = int(left_out.argmax())
        raise ValueError(
            f"Expected stamps that clocks in {zone} show. Received: {index[row]} in {where(row)}, "
            "which they leave out when they are set forward. Are the stamps of another zone?"
        )
    late = index.tz_localize(zone, ambiguous=np.zeros(len(index), bool))
    twice, first = early != late, np.ones(len(index), bool)
    for rows in groups:
        seen = {}  # the last stamp of the first time round, for each night
        for row in rows[twice[rows]]:
            night = index[row].date()
            before = seen.get(night, index[row] - pandas.Timedelta(1))
            first[row] = before is not None and index[row] > before
            seen[night] = index[row] if first[row] else None
    return index.tz_localize(zone, ambiguous=first)
