"""The scores of a forecast, in one object that prints as tables."""

import math
from dataclasses import dataclass

import numpy as np

POINTS = ("mae", "mse", "rmse", "smape", "mase", "wql", "crps")
MOST_ROWS = 20  # a table of more targets says how many it leaves out


@dataclass(frozen=True)
class ForecastScores:
    """Scores of a forecast; printed, they are tables.

    A score is `None` where the forecast does not have it (no training part for MASE, points alone
    for the last two) and NaN where it is not defined: at a step or a target without a truth, and a
    weighted quantile loss where all truths are 0.

    Attributes:
        mae, mse, rmse: in the unit of the truth, squared for `mse`; of the points, which are the
            median where only quantiles or samples are given.
        smape: a fraction between 0 and 2, as in `smape`.
        mase: mean absolute scaled error, as in `mase`.
        wql: mean weighted quantile loss over the levels.
        crps: continuous ranked probability score in the unit of the truth: exact for samples,
            approximated as in `crps_quantiles` for quantiles.
        quantile_losses: the weighted quantile loss of each level.
        intervals: an `IntervalScore` for each interval's probability.
        by_target: for each target a dictionary of its scores. Of intervals there are "coverage_80"
            and "width_80". A weighted quantile loss is weighed by its own target's truths.
        by_horizon: for each score a tuple of its values at each step, as in `by_target`.
        windows, horizon: how many, and their steps.
        scored, missing: elements with and without a truth.
        crossings: truths whose quantiles crossed and were sorted.
    """

    mae: float
    mse: float
    rmse: float
    smape: float
    mase: float | None
    wql: float | None
    crps: float | None
    quantile_losses: dict
    intervals: dict
    by_target: dict
    by_horizon: dict
    windows: int
    horizon: int
    scored: int
    missing: int
    crossings: int

    def as_dict(self):
        """The same as plain dictionaries, lists and numbers, for a JSON file; NaN is `None`."""
        fields = dict(self.__dict__)
        fields["intervals"] = {level: score._asdict() for level, score in self.intervals.items()}
        return _plain(fields)

    def __str__(self):
        parts = [self._targets(), self._steps(), self._intervals(), self._levels()]
        counts = f"{self.windows} windows of {self.horizon} steps, {self.scored} truths scored"
        if self.missing:
            counts += f", {self.missing} missing"
        if self.crossings:
            counts += f", quantiles of {self.crossings} crossed and were sorted"
        return "\n\n".join([*filter(None, parts), counts])

    def _targets(self):
        names = [name for name in POINTS if getattr(self, name) is not None]
        rows = {} if len(self.by_target) == 1 else dict(list(self.by_target.items())[:MOST_ROWS])
        rows = {target: [scores[name] for name in names] for target, scores in rows.items()}
        rows["all"] = [getattr(self, name) for name in names]
        text = _table("", names, rows)
        left = len(self.by_target) - MOST_ROWS
        return f"{text}\n{left} more targets are left out here" if left > 0 else text

    def _steps(self):
        if self.horizon == 1:
            return ""
        names = [name for name in POINTS if name in self.by_horizon]
        shown = sorted({math.ceil(self.horizon * part / 4) or 1 for part in range(5)})
        rows = {str(k): [self.by_horizon[name][k - 1] for name in names] for k in shown}
        return _table("step", names, rows)

    def _intervals(self):
        rows = {f"{100 * level:.6g} %": score for level, score in self.intervals.items()}
        return _table("interval", ("coverage", "width", "score"), rows) if rows else ""

    def _levels(self):
        rows = {f"{level:.6g}": [loss] for level, loss in self.quantile_losses.items()}
        return _table("level", ["wql"], rows) if rows else ""


def _table(corner, names, rows):
    width = max(map(len, (corner, *rows)))
    lines = [f"{corner:<{width}}" + "".join(f"{name:>11}" for name in names)]
    lines += [f"{row:<{width}}" + "".join(map(_number, cells)) for row, cells in rows.items()]
    return "\n".join(lines)


def _number(value):
    if math.isnan(value):
        return f"{'-':>11}"
    return f"{value:>11.4f}" if value == 0 or 1e-3 <= abs(value) < 1e5 else f"{value:>11.3e}"


def _plain(value):
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(part) for part in value]
    if isinstance(value, (float, np.floating)):
        return None if math.isnan(value) else float(value)
    return value
