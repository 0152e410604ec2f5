"""Generated dates in many forms, each with the one way in which ISO 8601 writes it."""

import datetime
import hashlib

import numpy as np

FIRST, LAST = datetime.date(1950, 1, 1), datetime.date(2049, 12, 31)
_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first "
    "twenty-second twenty-third twenty-fourth twenty-fifth twenty-sixth twenty-seventh "
    "twenty-eighth twenty-ninth thirtieth thirty-first"
)
_MONTHS = "January February March April May June July August September October November December"
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"

_ONES, _TENS, _ORDINALS, _MONTHS, _DAYS = (
    line.split() for line in (_ONES, _TENS, _ORDINALS, _MONTHS, _DAYS)
)

FORMS = (
    "{d} {month} {y}",
    "{d} {mon} {y}",
    "{month} {d}, {y}",
    "{mon} {d}, {y}",
    "{nth} of {month} {y}",
    "the {nth} of {month}, {y}",
    "{month} the {nth}, {y}",
    "{weekday}, {d} {month} {y}",
    "{weekday}, {month} {nth}, {y}",
    "{wd} {dd} {mon} '{yy}",
    "{d}.{m}.{y}",
    "{dd}.{mm}.{yy}",
    "{m}/{d}/{y}",
    "{mm}/{dd}/{yy}",
    "{y}/{mm}/{dd}",
    "{dd}-{mon}-{y}",
    "the {ordinal} of {month} {y}",
    "{month} {ordinal}, {words}",
    "{weekday} the {ordinal} of {month}, {words}",
    "day {n} of {y}",
)
"Dots mean day before month, slashes month before day; two digits are a year of 1950 to 2049."


def _words(number):
    if number < 20:
        return _ONES[number]
    tens, ones = divmod(number, 10)
    return _TENS[tens - 2] + (f"-{_ONES[ones]}" if ones else "")


def year_in_words(year):
    """1998 as "nineteen ninety-eight", 2005 as "two thousand and five"."""
    century, rest = divmod(year, 100)
    if 2000 <= year < 2010:
        return "two thousand" + (f" and {_words(rest)}" if rest else "")
    if rest == 0:
        return f"{_words(century)} hundred"
    return f"{_words(century)} {f'oh {_words(rest)}' if 0 < rest < 10 else _words(rest)}"


def written(date, form):
    """`date` in one of `FORMS`."""
    d, suffix = date.day, "th"
    if d not in (11, 12, 13):
        suffix = {1: "st", 2: "nd", 3: "rd"}.get(d % 10, "th")
    month, weekday = _MONTHS[date.month - 1], _DAYS[date.weekday()]
    return form.format(
        d=d,
        dd=f"{d:02d}",
        nth=f"{d}{suffix}",
        ordinal=_ORDINALS[d - 1],
        m=date.month,
        mm=f"{date.month:02d}",
        month=month,
        mon=month[:3],
        y=date.year,
        yy=f"{date.year % 100:02d}",
        words=year_in_words(date.year),
        weekday=weekday,
        wd=weekday[:3],
        n=date.timetuple().tm_yday,
    )


def dates(count, part, seed=0, forms=FORMS[:-1]):
    """`count` distinct pairs of a date in some form, and the same date as ISO 8601.

    Every date belongs to one part, told by a hash of it: what is tested was seen in no form.

    Args:
        count: of pairs.
        part: "train", "validation" or "test", which have eight, one and one tenth of all dates.
        seed: of the draws.
        forms: in which dates are written; the last of `FORMS`, the day of the year, asks for
            arithmetic and is left out unless named.

    Returns:
        Two lists of strings.
    """
    days = (LAST - FIRST).days + 1
    share = {"train": (0, 8), "validation": (8, 9), "test": (9, 10)}[part]
    own = [FIRST + datetime.timedelta(day) for day in range(days)]
    own = [date for date in own if share[0] <= _tenth(date) < share[1]]
    if count > len(own) * len(forms) // 2:
        raise ValueError(
            f"There are {len(own):,} dates in {len(forms)} forms for {part}, of which at most half "
            f"are drawn. Received: count={count}"
        )
    random = np.random.default_rng((seed, share[0]))
    found = {}
    while len(found) < count:
        date = own[random.integers(len(own))]
        found.setdefault(written(date, forms[random.integers(len(forms))]), date.isoformat())
    return list(found), list(found.values())


def _tenth(date):
    return int.from_bytes(hashlib.sha256(date.isoformat().encode()).digest()[:8], "big") % 10
