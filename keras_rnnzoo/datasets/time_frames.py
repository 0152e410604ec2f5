"""Series from pandas frames and CSV files as users have them."""

import inspect

from keras_rnnzoo.base.options import nearest
from keras_rnnzoo.datasets.time_rules import MARKS


def from_frame(
    frame,
    time=None,
    targets=None,
    id=None,
    past=(),
    future=(),
    static=(),
    frequency=None,
    date_format=None,
    zone=None,
    sort=False,
    duplicates="mean",
    max_gap=None,
    missing_values=MARKS,
    valid_range=None,
):
    """Series from a frame of raw data, which may have gaps, duplicates and irregular stamps.

    Wide frames have a column a channel; long ones have several series below each other, told
    apart by a column of ids. What is found is stated in the report of the result. The rules, of
    which none fills a value from a later one:

    - Rows must rise in time within a series. `sort=True` sorts them.
    - Rows of one stamp with equal cells are one row. Differing ones are averaged (`duplicates`).
    - The frequency is the most common step, of the calendar where that fits as well: months,
      quarters, years, business days. At least half of the steps must agree to it.
    - The grid goes through the first stamp if the second lies whole steps after it, else through
      round times. A stamp at most a tenth of a step from a point is moved to it, back only if no
      earlier row is there. Values between two points are averaged into the later one.
    - Steps without a row and missing cells have the last value before them. Rows before every
      column has had a value are cut off, and so are rows at the end without any target.
    - Rows at the end without any target that have covariates known ahead are the steps to come.
    - Missing are blank cells, words such as NA, NaN, infinite numbers, `missing_values`, and
      targets outside `valid_range`.
    - Stamps keep their one zone. Offsets that differ become UTC, unless `zone` names a zone.

    So the rows up to a time t give the same steps, up to t and a tenth of a step less, whatever
    comes later. The frequency, the zone and the form of dates are those of the whole frame.

    Args:
        frame: a `pandas.DataFrame`.
        time: the column of times, or several that make a time together: year, month, day and
            hour, or date and time of day. None takes the first that reads as dates, False counts
            the rows. An index of times counts as a column.
        targets: column or columns to forecast. Default: all other columns of numbers.
        id: the column whose values tell series apart.
        past: columns of covariates known up to now.
        future: columns of covariates known ahead.
        static: columns that do not change within a series.
        frequency: an offset alias of pandas, such as "h", "15min", "B" or "MS". Default: inferred.
        date_format: how times are written, in the letters of `strptime`.
        zone: such as "Europe/Berlin", into which stamps come. Those without a zone are taken as
            its local time.
        sort: whether to sort the rows of each series by time.
        duplicates: "mean", "first", "last" or "error".
        max_gap: how many steps in a row may be filled. Default: any number.
        missing_values: numbers and texts that mean missing.
        valid_range: (low, high) of the targets, or a dict of such pairs by column; None is open.

    Returns:
        A `TimeSeries`.

    Raises:
        TypeError: what is no frame.
        ValueError: what no rule above handles; the message names column, row and cell.

    Example:

    >>> days = ["2020-05-01", "2020-05-02", "2020-05-04"]
    >>> frame = pandas.DataFrame({"day": days, "y": [1, 2, 3]})
    >>> from_frame(frame).values[0][:, 0].tolist()
    [1.0, 2.0, 2.0, 3.0]
    """
    from keras_rnnzoo.datasets.time_reading import Reading, read, with_index

    how = Reading(
        time, targets, id, past, future, static, frequency, date_format, zone, sort, duplicates,
        max_gap, missing_values, valid_range,
    )  # fmt: skip
    return read(with_index(frame), lambda row: f"row {row}", how)


def read_csv(
    path,
    time=None,
    targets=None,
    id=None,
    past=(),
    future=(),
    static=(),
    separator=None,
    decimal=".",
    thousands=None,
    encoding="utf-8",
    skip_rows=0,
    **options,
):
    """Series from a file of columns, whose first line names them.

    Args:
        path: of the file; `.gz`, `.xz` and `.bz2` are unpacked. A byte order mark is dropped.
        time, targets, id, past, future, static: names of columns, as in `from_frame`.
        separator: "," or ";" or "|" or a tab. Default: the one that the first lines show.
        decimal: the mark in numbers, "." or ",".
        thousands: a mark between thousands that is dropped.
        encoding: of the text.
        skip_rows: how many lines stand above the one with the names.
        options: the rest of what `from_frame` takes.

    Returns:
        A `TimeSeries`, made by the rules of `from_frame`.

    Raises:
        FileNotFoundError: no such file.
        ValueError: anything else that is wrong with it. The message names the file, and the line
            where there is one.

    Example:

    >>> series = read_csv("load.csv", time="date", targets="load", zone="Europe/Berlin")
    >>> series.report
    """
    from keras_rnnzoo.datasets.time_csv import read_text
    from keras_rnnzoo.datasets.time_reading import Reading, read

    known = [name for name in inspect.signature(from_frame).parameters if name != "frame"]
    for name in options:
        if name not in known:
            raise TypeError(
                f"read_csv has no argument `{name}`.{nearest(name, [*known, 'separator'])} "
                f"Received: {name}={options[name]!r}"
            )
    how = Reading(
        time, targets, id, past, future, static, decimal=decimal, thousands=thousands, **options
    )
    try:
        frame, lines = read_text(path, how, separator, encoding, skip_rows)
        return read(frame, lambda row: f"line {lines[row]}", how)
    except ValueError as error:
        text = str(error)
        text = f", l{text[1:]}" if text.startswith("Line ") else f": {text}"
        raise ValueError(f"{path}{text}") from None
