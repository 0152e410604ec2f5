"""Where a series is cut into rows to train on, to choose on, and to score once."""

import math
from typing import NamedTuple

import numpy as np

from keras_rnnzoo.base.options import positive_int, rate

MONTH = 30 * 24  # hours


class Borders(NamedTuple):
    """Row ranges (start, stop) of the parts of a series; `test` is None where there is none.

    The horizon rows of a window lie within one part. Its history may reach back into the part
    before, whose rows are known by then.

    Example:

    >>> borders = ett_borders(len(series.times[0]))
    >>> scaler = SeriesScaler().fit(series.slice(*borders.train))
    >>> start, stop = borders.validation
    >>> validation = ForecastWindows(series, 96, 24, scaler=scaler, start=start, stop=stop)
    """

    train: tuple
    validation: tuple
    test: tuple | None


def ett_borders(rows, steps_per_hour=1):
    """The parts of the ETT sets: 12, 4 and 4 months of 30 days.

    Rows after them are unused, as in all published tables (Zhou et al. 2021, arXiv:2012.07436).

    Args:
        rows: of the series.
        steps_per_hour: 1 for ETTh, 4 for ETTm.

    Returns:
        `Borders`.

    Raises:
        ValueError: fewer rows than 20 months have.

    Example:

    >>> ett_borders(17420)
    Borders(train=(0, 8640), validation=(8640, 11520), test=(11520, 14400))
    """
    rows = positive_int("rows", rows)
    month = MONTH * positive_int("steps_per_hour", steps_per_hour)
    return _borders(rows, 12 * month, 4 * month, 4 * month, "12, 4 and 4 months of 30 days")


def fraction_borders(rows, validation=0.1, test=0.2):
    """Parts by fractions, rounded as the code of the common benchmarks rounds them.

    The training part has int((1 - validation - test) rows) rows, the test part, which is last,
    int(test rows), and the validation part what is left. So weather, electricity, traffic and
    exchange rates are cut in the tables of Wu et al. 2021 (arXiv:2106.13008) and later ones.

    Args:
        rows: of the series.
        validation, test: fractions; a `test` of 0 makes no test part.

    Returns:
        `Borders`.

    Raises:
        ValueError: fractions outside [0, 1) or of a sum from 1 on, a validation part of 0, or so
            few rows that a part is empty.

    Example:

    >>> fraction_borders(7588)
    Borders(train=(0, 5311), validation=(5311, 6071), test=(6071, 7588))
    """
    rows = positive_int("rows", rows)
    validation, test = rate("validation", validation), rate("test", test)
    train = round(1 - validation - test, 12)  # 0.7 and not 0.7000000000000001
    if not (validation > 0 and train > 0):
        raise ValueError(
            "Expected a validation fraction above 0 that leaves rows to train on. "
            f"Received: validation={validation}, test={test}"
        )
    needed = max(_fewest(part) for part in (train, test) if part)
    if rows < needed:
        raise ValueError(
            f"Expected at least {needed} rows, so that no part is empty. Received: rows={rows}, "
            f"validation={validation}, test={test}"
        )
    first, last = int(rows * train), int(rows * test)
    return _borders(rows, first, rows - first - last, last, "three parts")


def last_borders(rows, horizon, windows=1, look_back=1):
    """Parts for a short series: at its end what a rolling origin needs, twice, and no more.

    The test part is the last `horizon * windows` rows: forecasts from `windows` origins that lie
    `horizon` rows apart meet every row of it once. The validation part before it is as long.
    The rest is for training.

    Args:
        rows: of the series.
        horizon: steps that are forecast from an origin.
        windows: origins of the test part, and of the validation part.
        look_back: rows of history of a window; the training part holds one whole window.

    Returns:
        `Borders`.

    Raises:
        ValueError: fewer rows than `look_back + horizon + 2 * horizon * windows`.

    Example:

    >>> last_borders(144, horizon=12, windows=2)
    Borders(train=(0, 96), validation=(96, 120), test=(120, 144))
    """
    rows, horizon = positive_int("rows", rows), positive_int("horizon", horizon)
    part = horizon * positive_int("windows", windows)
    first = positive_int("look_back", look_back) + horizon
    why = (
        f"one training window of look_back + horizon = {first}, and {windows} of {horizon} for "
        "validation and for test each"
    )
    return _borders(rows, max(rows - 2 * part, first), part, part, why)


def origins(series, look_back, horizon, start=0, stop=None, stride=1):
    """Where windows can be cut: all origins whose horizon lies in rows [start, stop).

    An origin is the first horizon row. `look_back` rows lie before it, be it before `start`.

    Args:
        series: a `TimeSeries`.
        look_back, horizon: rows of a window before its origin, and from it on.
        start, stop: as in a slice of the rows of each series.
        stride: rows from an origin to the next.

    Returns:
        Integers (windows, 2): number of the series, origin.

    Raises:
        ValueError: a series in which there is no window.
    """
    stride, found = positive_int("stride", stride), []
    for k, rows in enumerate(series.values):
        first, last, _ = slice(start, stop).indices(len(rows))
        first = max(first, look_back)
        own = np.arange(first, last - horizon + 1, stride)
        if not len(own):
            if len(rows) < look_back + horizon:
                needed = f"look_back + horizon = {look_back + horizon} rows are needed"
                has = len(rows)
            else:
                needed = f"horizon = {horizon} rows are needed between row {first} and row {last}"
                has = max(0, last - first)
            raise ValueError(
                f"{needed}, {_named(series, k)} has {has}. Use a shorter look_back or horizon, or "
                f"other borders. Received: {look_back=}, {horizon=}, {start=}, {stop=}"
            )
        found.append(np.stack([np.full_like(own, k), own], axis=1))
    return np.concatenate(found)


def ends(series, look_back, horizon, start=0, stop=None, stride=1):
    """As `origins`, but one a series, just after its last row; nothing else can be asked for."""
    if (start, stop, stride) != (0, None, 1):
        raise ValueError(
            "Windows ahead begin where the series end. Cut the series itself: "
            f"series.slice(None, stop). Received: {start=}, {stop=}, {stride=}"
        )
    lengths = [len(rows) for rows in series.values]
    for k, rows in enumerate(lengths):
        if rows < look_back:
            raise ValueError(
                f"look_back = {look_back} rows are needed, {_named(series, k)} has {rows}. Use a "
                f"shorter look_back. Received: {look_back=}, {horizon=}"
            )
    return np.stack([np.arange(len(lengths)), lengths], axis=1)


def _fewest(part):
    """The fewest rows of which a part has one."""
    rows = math.ceil(1 / part)
    return rows if int(rows * part) else rows + 1


def _named(series, k):
    return f"series {series.ids[k]!r}" if series.ids[k] else "the series"


def _borders(rows, train, validation, test, why):
    needed = train + validation + test
    if rows < needed:
        raise ValueError(
            f"Expected at least {needed} rows: {why}. Received: rows={rows}. Use a shorter "
            "horizon or look-back, or other borders."
        )
    last = (train + validation, needed) if test else None
    return Borders((0, train), (train, train + validation), last)
