"""Time series to forecast: sets with a name, a user's CSV file, or the series that is embedded."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from keras_rnnzoo.base.options import nearest, positive_int
from keras_rnnzoo.datasets import forecasting_files, forecasting_tfds
from keras_rnnzoo.datasets.ett import STEPS_PER_HOUR
from keras_rnnzoo.datasets.forecasting_files import FILES
from keras_rnnzoo.datasets.series_splits import (
    Borders,
    ett_borders,
    fraction_borders,
    last_borders,
)
from keras_rnnzoo.datasets.time_frames import from_frame, read_csv
from keras_rnnzoo.datasets.time_series import TimeSeries

HOW_TO_GET = (
    "To get real sets: call load('ETTh1') where there is a network (3 MB, needs pip install "
    '"keras_rnnzoo[examples]"), or name your own file: load("my.csv", time=..., targets=...).'
)
SHARES = "70, 10 and 20 % of the rows"


@dataclass(frozen=True)
class ForecastingSet:
    """Series, and which rows of them are to train on, to choose on, and to score once.

    Attributes:
        series: a `TimeSeries`. Its `report` says what was found in the raw data.
        borders: `Borders`, the rows of the parts.
        source: the name of the set, or the path of a file.
        description: one line: what this is, how many rows and channels, and how it is cut.
        hint: what else to know before quoting a result; for the embedded series, why it is that.
        season: steps after which the series is most like itself, for the seasonal naive forecast
            and MASE; 1 where there is no such number.
    """

    series: TimeSeries
    borders: Borders
    source: str
    description: str
    hint: str = ""
    season: int = 1

    @property
    def checksum(self):
        """SHA-256 over the series and the borders, as 64 hexadecimal digits."""
        text = f"{self.series.checksum};{tuple(self.borders)}"
        return hashlib.sha256(text.encode()).hexdigest()


SOURCES = ("auto", *STEPS_PER_HOUR, *FILES, "co2")


def load(source="auto", data_dir=None, verbose=True, horizon=None, look_back=1, **reading):
    """Load series to forecast, and the rows of their parts.

    | source | what | parts |
    |---|---|---|
    | "ETTh1", "ETTh2", "ETTm1" | power transformers (CC BY-ND 4.0) | 12, 4, 4 months of 30 days |
    | "weather" | 21 channels of a station, 10 minutes | 70, 10, 20 % |
    | "exchange" | 8 exchange rates | 70, 10, 20 % |
    | "sunspots", "temperatures" | one channel, months and days | 70, 10, 20 % |
    | "co2" | weeks on Mauna Loa, public domain, comes with statsmodels | 70, 10, 20 % |

    Files named x.csv or x.csv.gz are looked for in `data_dir`, then in `data/timeseries` of the
    folder that the environment variable KERAS_RNNZOO_DATA names. ETT may also be prepared by TFDS,
    or else is downloaded and prepared; its files must be those of the authors, byte for byte.

    A user's CSV file is cut into 70, 10 and 20 % of its rows too (`fraction_borders`). Where a part
    would have no whole window of `horizon`, validation and test get one each (`last_borders`).
    Series of unequal length have the validation and test parts of the shortest, counted from the
    end of each.

    Args:
        source: a name, in letters of any case; "auto" for ETTh1 if it is there or can be
            downloaded and else "co2"; or the path of a CSV file.
        data_dir: a folder with the file, or the TFDS folder that holds, or shall hold, `ett`.
        verbose: whether to print what was loaded in one line, and below it what was found in it.
        horizon, look_back: rows of a window, to cut a CSV file by. Sets with a name have parts that
            do not depend on them.
        reading: for a CSV file, what `read_csv` takes: `time`, `targets`, `id`, `past`, `future`,
            `static`, `frequency` and so on.

    Returns:
        A `ForecastingSet`.

    Raises:
        FileNotFoundError: a missing folder or file, or an unknown name.
        ConnectionError: an ETT set that is not there, and no network.
        ImportError: TFDS or statsmodels is missing where it is needed.
        TypeError: options for reading, and a set with a name.
        ValueError: a file that cannot be used; the message names it.

    Example:

    >>> data = load("co2", verbose=False)
    >>> data.series.steps, data.season, data.borders.test
    (2284, 52, (1828, 2284))
    """
    source = os.fspath(source)
    name = {known.lower(): known for known in SOURCES}.get(source.lower())
    if data_dir is not None and Path(data_dir).is_file():
        raise FileNotFoundError(
            f"Expected a folder. Received: data_dir={os.fspath(data_dir)!r}, which is a file. Pass "
            "a CSV file as the source."
        )
    if name is None:
        loaded = _csv(source, horizon, look_back, reading)
    elif reading:
        raise TypeError(
            f"{name} is read in one way alone. Received: {', '.join(reading)}. Pass the path of "
            "the file as the source to read it as any CSV file."
        )
    elif name == "auto":
        loaded = _auto(data_dir)
    elif name == "co2":
        loaded = _co2("It was asked for by name.")
    else:
        loaded = _ett(name, data_dir) if name in STEPS_PER_HOUR else _file(name, data_dir)
    if verbose:
        print(f"{loaded.description} {loaded.hint}".strip(), flush=True)
        for sentence in loaded.series.report:
            print(f"  {sentence}", flush=True)
    return loaded


def _described(title, series, borders, cut, **rest):
    """A `ForecastingSet` whose description counts what there is."""
    lengths = [len(rows) for rows in series.values]
    size = f"{lengths[0]:,} rows"
    if len(lengths) > 1:
        size = f"{len(lengths)} series of {min(lengths):,} to {max(lengths):,} rows"
    channels = f"{len(series.targets)} channel{'s' * (len(series.targets) > 1)}"
    span = ", counted"
    if series.frequency is not None:
        first, last = min(t[0] for t in series.times), max(t[-1] for t in series.times)
        span = f", step {series.frequency}, {first:%Y-%m-%d} to {last:%Y-%m-%d}"
    counts = [sum(len(range(n)[slice(*part)]) for n in lengths) for part in borders]
    parts = [f"{n:,} {part}" for n, part in zip(counts, borders._fields, strict=True)]
    left = sum(lengths) - sum(counts)
    parts += [f"{left:,} unused"] if left else []
    text = f"{title}: {size} of {channels}{span}; {', '.join(parts)} ({cut})."
    return ForecastingSet(series, borders, description=text, **rest)


def _auto(data_dir):
    try:
        return _ett("ETTh1", data_dir)
    except (ConnectionError, ImportError) as error:
        return _co2(f"ETTh1 could not be had. {error} {HOW_TO_GET}")


def _ett(name, data_dir):
    steps = STEPS_PER_HOUR[name]
    series = forecasting_tfds.read(name, data_dir)
    borders = ett_borders(series.steps, steps)
    title, cut = f"{name} (Zhou et al. 2021, CC BY-ND 4.0)", "12, 4 and 4 months of 30 days"
    return _described(title, series, borders, cut, source=name, season=24 * steps)


def _file(name, data_dir):
    known = FILES[name]
    series, hint = forecasting_files.read(name, data_dir)
    rest = {"source": name, "hint": hint, "season": known.season}
    return _described(known.title, series, fraction_borders(series.steps), SHARES, **rest)


def _co2(hint):
    """The weekly series, of which 59 weeks are missing; months would be a quarter as many rows."""
    try:
        from statsmodels.datasets import co2
    except ImportError as error:
        raise ImportError(
            f"The embedded series of CO2 comes with statsmodels. {error}. Install it: pip install "
            f'"keras_rnnzoo[examples]". {hint}'
        ) from error
    frame = co2.load_pandas().data.rename_axis("week").reset_index()
    series = from_frame(frame, time="week", targets="co2")
    title = (
        "EMBEDDED SERIES, real but none of the usual benchmarks: CO2 in the air of Mauna Loa, ppm "
        "(Keeling and Whorf 2004, public domain)"
    )
    borders = fraction_borders(series.steps)
    return _described(title, series, borders, SHARES, source="co2", hint=hint, season=52)


def _csv(source, horizon, look_back, reading):
    """Series from a file of the user."""
    path = Path(source)
    if not path.is_file():
        what = "a folder: name the file in it" if path.is_dir() else "none of these"
        raise FileNotFoundError(
            f"Expected one of {', '.join(SOURCES)}, or the path of a CSV file."
            f"{nearest(source, SOURCES)} Received: source={source!r}, which is {what}"
        )
    series = read_csv(path, **reading)
    try:
        borders, cut = _cut(series, horizon, look_back)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    season = _season(series.frequency)
    return _described(f"Series from {path}", series, borders, cut, source=source, season=season)


def _cut(series, horizon, look_back):
    """Borders, and words for the rule they follow."""
    lengths = [len(rows) for rows in series.values]
    rows, how = min(lengths), SHARES
    needed = (1, 1, 1)
    if horizon is not None:
        horizon = positive_int("horizon", horizon)
        needed = (positive_int("look_back", look_back) + horizon, horizon, horizon)
    try:
        borders = fraction_borders(rows)
        fits = all(stop - start >= n for (start, stop), n in zip(borders, needed, strict=True))
    except ValueError:
        if horizon is None:
            raise
        fits = False
    if not fits:
        borders = last_borders(rows, horizon, look_back=look_back)
        how = f"the last two times {horizon} rows are for validation and test"
    if max(lengths) > rows:
        first, second, last = borders[0][1] - rows, borders[1][1] - rows, None
        borders = Borders((0, first), (first, second), (second, last))
        how += f" of the shortest series, whose {rows:,} rows count from the end of each"
    return borders, how


def _season(frequency):
    from keras_rnnzoo.models.forecast_baselines import season_of

    try:
        return season_of(frequency)
    except ValueError:  # a frequency without a usual season
        return 1
