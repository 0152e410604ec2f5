"""Where the README and the records lie, and how means and spreads are written."""

from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "examples" / "results"
TIMINGS = ROOT / "benchmarks" / "results"


def row(cells):
    """One row of a table."""
    return f"| {' | '.join(map(str, cells))} |"


def percent(rows, key):
    """Mean and spread of a share, in percent."""
    values = 100 * np.array([row[key] for row in rows])
    spread = f" ± {values.std(ddof=1):.2f}" if len(values) > 1 else ""
    return f"{values.mean():.2f}{spread}"


def spread(rows, key, digits=4):
    """Mean and standard deviation of a number."""
    values = np.array([row[key] for row in rows])
    more = f" ± {values.std(ddof=1):.{digits}f}" if len(values) > 1 else ""
    return f"{values.mean():.{digits}f}{more}"
