"""Sets to forecast that are CSV files: where the files lie, and whether they are the known ones."""

import hashlib
import os
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path

from keras_rnnzoo.datasets.conll import OPENERS
from keras_rnnzoo.datasets.time_frames import read_csv

SUFFIXES = (".csv", ".csv.gz")


@dataclass(frozen=True)
class Files:
    """A set that is a CSV file.

    Attributes:
        title: for people.
        stems: names the file may have, without suffix.
        time: its column of times.
        season: as in `ForecastingSet`.
        sha256: of the unpacked copy that this loader was tried with.
        home: where to look for the file.
        hint: as in `ForecastingSet`.
        options: for `read_csv`.
    """

    title: str
    stems: tuple
    time: str
    season: int
    sha256: str
    home: str
    hint: str = ""
    options: dict = field(default_factory=dict)


BENCHMARKS = "the collection of benchmarks that the authors of Autoformer (arXiv:2106.13008) share"
SMALL = "github.com/jbrownlee/Datasets"
FILES = {
    "weather": Files(
        "Weather (station of the MPI for Biogeochemistry, Jena, 2020)",
        ("weather_2020", "weather"),
        "date",
        144,
        "34ee981d07313e51da2a50bb600072c8ae4a69cb4b0651f4cb93a069d7a2ba63",
        BENCHMARKS,
        "Cells below -1000 are missing, and the rows are on a full grid: scores differ from those "
        "of tables that leave the file as it is.",
        {"valid_range": (-1000, None)},
    ),
    "exchange": Files(
        "Exchange rates of 8 currencies (Lai et al. 2018, arXiv:1703.07015)",
        ("exchange_rate",),
        "date",
        1,
        "d55e7aa2641009814a18ba3279431b13f6d413b0eab195b9ff21988d8cf94e97",
        BENCHMARKS,
        "The dates are artificial, one day after another from 1990-01-01 on: there is no week in "
        "them to learn from.",
    ),
    "sunspots": Files(
        "Monthly sunspot numbers (Andrews and Herzberg 1985)",
        ("monthly-sunspots",),
        "Month",
        132,
        "c4ec8cc57d9f6fb6ecdb3e1f37f25b6f4badd5124c55931052b0cd2fc3bc71f3",
        SMALL,
        "The season of 132 months is the mean length of the solar cycle, which varies.",
    ),
    "temperatures": Files(
        "Daily minimum temperatures, Melbourne",
        ("daily-min-temperatures",),
        "Date",
        365,
        "8b9de63ed6789492bf497625e7f9beb96a63d367b4b0a21754006f749fa5e5da",
        SMALL,
    ),
}


def read(name, data_dir=None):
    """Read a set.

    Args:
        name: a key of `FILES`.
        data_dir: a folder where `find` looks before it looks in ours.

    Returns:
        A `TimeSeries`, and a hint as in `ForecastingSet`.

    Raises:
        FileNotFoundError: no such folder, or no file in it or in ours.
    """
    known = FILES[name]
    path = find(known.stems, data_dir) or find(known.stems)
    if path is None or (data_dir is not None and not Path(data_dir).is_dir()):
        names = " or ".join(f"{stem}.csv" for stem in known.stems)
        given = None if data_dir is None else os.fspath(data_dir)
        raise FileNotFoundError(
            f"Expected {names}, packed (.csv.gz) or not, in data_dir or in data/timeseries of "
            f"KERAS_RNNZOO_DATA. Received: source={name!r}, data_dir={given!r}, KERAS_RNNZOO_DATA="
            f"{os.environ.get('KERAS_RNNZOO_DATA')!r}. Fetch it from {known.home}, and name its "
            "folder: data_dir=."
        )
    hint = known.hint
    if digest(path)[1] != known.sha256:
        hint = f"NOT the copy that this loader was tried with, which has other bytes. {hint}"
    return _mended(read_csv(path, time=known.time, **known.options)), hint.strip()


def find(stems, data_dir=None):
    """The first CSV file, packed or not, of one of these names without suffix; or None.

    It is looked for in `data_dir` and in its folders `manual` and `downloads/manual`, where TFDS
    looks for files fetched by hand. Without `data_dir` it is looked for in `data/timeseries` of the
    folder that the environment variable KERAS_RNNZOO_DATA names.
    """
    ours = os.environ.get("KERAS_RNNZOO_DATA")
    if data_dir is None:
        places = [Path(ours) / "data" / "timeseries"] if ours else []
    else:
        places = [Path(data_dir) / inner for inner in ("", "manual", "downloads/manual")]
    paths = (place / f"{stem}{suffix}" for place in places for stem in stems for suffix in SUFFIXES)
    return next((path for path in paths if path.is_file()), None)


def digest(path):
    """The size and the SHA-256 of a file, unpacked.

    Raises:
        ValueError: a packed file that is damaged.
    """
    path, size, sha = Path(path), 0, hashlib.sha256()
    try:
        with OPENERS.get(path.suffix, open)(path, "rb") as file:
            while block := file.read(1 << 20):
                size += len(block)
                sha.update(block)
    except (EOFError, OSError, zlib.error) as error:
        if getattr(error, "errno", None) is not None:  # such as a missing permission
            raise
        raise ValueError(
            f"Expected a whole {path.suffix} file. Received: {path}, of which unpacking failed: "
            f"{error}. Fetch it again."
        ) from error
    return size, sha.hexdigest()


def _mended(series):
    """Names with the units they had before a wrong encoding cost them a character."""
    names = [
        name.replace("\ufffdmol/m\ufffd", "µmol/m²").replace("W/m\ufffd", "W/m²")
        for name in series.targets
    ]
    count = sum(name != old for name, old in zip(names, series.targets, strict=True))
    if not count:
        return series
    told = f"Names whose unit had lost a character: {count}; mended."
    return replace(series, targets=tuple(names), report=(*series.report, told))
