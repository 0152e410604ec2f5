"""All scores together: the same by any batches, as the single functions, printed and as data."""

import dataclasses
import functools
import json

import numpy as np
import pytest

from keras_rnnzoo.metrics import forecast_sums
from keras_rnnzoo.metrics import forecasts as F
from keras_rnnzoo.metrics.forecast_distributions import (
    crps_quantiles,
    crps_samples,
    sample_quantiles,
    weighted_quantile_loss,
)
from keras_rnnzoo.metrics.forecast_intervals import interval_scores
from keras_rnnzoo.metrics.forecast_points import (
    error_by_horizon,
    mae,
    mase,
    mase_scale,
    rmse,
    smape,
)

LEVELS = (0.1, 0.5, 0.9)
KINDS = ("points", "quantiles", "samples")
WINDOWS = 700
close = functools.partial(np.testing.assert_allclose, rtol=1e-12)


@pytest.fixture(scope="module")
def case():
    """700 windows of values around 1e6 and around 1e-3, so that sums must round; two series."""
    random = np.random.default_rng(3)
    size = np.array([1e6, 1e-3])
    truth = (1 + random.normal(size=(WINDOWS, 6, 2))) * size
    return {
        "truth": truth,
        "points": truth + random.normal(size=truth.shape) * size,
        "quantiles": np.sort(random.normal(1, 1, (WINDOWS, 6, 2, 3))) * size[:, None],
        "samples": (1 + random.normal(size=(WINDOWS, 9, 6, 2))) * size,
        "train": [random.normal(size=(40, 2)) * size, random.normal(size=(25, 2)) * size],
        "series": random.integers(0, 2, WINDOWS),
    }


def whole(case, kind, **options):
    levels = LEVELS if kind == "quantiles" else None
    return F.forecast_scores(case["truth"], **{kind: case[kind]}, levels=levels, **options)


def leaves(value):
    """All numbers of nested dictionaries and lists, in order."""
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in leaves(part)]
    if isinstance(value, list):
        return [leaf for part in value for leaf in leaves(part)]
    return [np.nan if value is None else value]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [1, 7, 512])
@pytest.mark.parametrize("missing", [False, True], ids=["complete", "missing"])
def test_batches_of_any_size_give_the_same_scores(case, kind, size, missing):
    truth = case["truth"].copy()
    if missing:
        truth[::3, 2:4, 1] = np.nan
    options = {"levels": LEVELS if kind == "quantiles" else None, "missing": "skip"}
    scale = mase_scale(case["train"], 5)
    expected = F.forecast_scores(
        truth, **{kind: case[kind]}, **options, train=case["train"], season=5, series=case["series"]
    )
    running = F.RunningScores(**options, scale=scale)
    for start in range(0, WINDOWS, size):
        rows = slice(start, start + size)
        running.update(truth[rows], **{kind: case[kind][rows]}, series=case["series"][rows])
    found = running.result()
    assert found.missing == (2 * len(truth[::3]) if missing else 0)
    assert found.windows == WINDOWS and found.scored == truth.size - found.missing
    assert len(leaves(found.as_dict())) > 40
    close(leaves(found.as_dict()), leaves(expected.as_dict()))


@pytest.mark.parametrize("kind", KINDS)
def test_parts_of_a_large_batch_are_scored_one_by_one(case, kind, monkeypatch):
    expected = whole(case, kind).as_dict()
    monkeypatch.setattr(forecast_sums, "AT_ONCE", 1000)
    close(leaves(whole(case, kind).as_dict()), leaves(expected))


def test_sums_carry_what_they_round_off():
    values = np.array([1e16, -1e16, 1.0, 1.0, 3.0])[:, None]
    total, lost = forecast_sums.exact_sum(values)
    assert lost.tolist() == [2.0] and (total + lost).tolist() == [5.0]
    sums = {}
    for value in (1e16, 1.0, 1.0, 1.0):
        truth = np.full((1, 1, 1), value)
        there, forecasts = np.ones(truth.shape, bool), {"points": np.zeros_like(truth)}
        sums = forecast_sums.add(sums, truth, there, forecasts, None, (), (), False)
    assert sum(sums["absolute"]).item() == 1e16 + 4  # the nearest float64 to 1e16 + 3
    assert sums["absolute"][1].item() == 3


def test_scores_are_those_of_the_functions(case):
    truth, points, quantiles, samples = (case[name] for name in ("truth", *KINDS))
    scores = whole(case, "points", train=case["train"], season=5, series=case["series"])
    close([scores.mae, scores.rmse], [mae(truth, points), rmse(truth, points)])
    close(scores.mase, mase(truth, points, case["train"], 5, case["series"]))
    assert scores.wql is scores.crps is None and scores.intervals == scores.quantile_losses == {}
    close(scores.by_horizon["smape"], error_by_horizon(truth, points, smape))
    close(scores.by_target["1"]["mae"], mae(truth[..., 1], points[..., 1]))

    scores = whole(case, "quantiles")
    losses = weighted_quantile_loss(truth, quantiles, LEVELS)
    close(list(scores.quantile_losses.values()), losses)
    close([scores.wql, scores.mae], [losses.mean(), mae(truth, quantiles[..., 1])])
    close(scores.crps, crps_quantiles(truth, quantiles, LEVELS))
    expected = interval_scores(truth, quantiles, LEVELS)
    assert scores.mase is None and list(scores.intervals) == list(expected) == [0.8]
    close(scores.intervals[0.8], expected[0.8])
    one = interval_scores(truth[:, 3], quantiles[:, 3], LEVELS)[0.8]
    close(scores.by_horizon["coverage_80"][3], one.coverage)
    close(scores.by_horizon["width_80"][3], one.width)

    scores = whole(case, "samples")
    close(scores.crps, crps_samples(truth, samples))
    assert tuple(scores.quantile_losses) == F.LEVELS and tuple(scores.intervals) == F.INTERVALS
    ends = sample_quantiles(samples, [0.025, 0.5, 0.975])
    close(scores.intervals[0.95], interval_scores(truth, ends, [0.025, 0.5, 0.975])[0.95])
    close(scores.mae, mae(truth, ends[..., 1]))


def test_options_of_samples(case):
    truth, samples = case["truth"], case["samples"]
    scores = F.forecast_scores(truth, samples=samples, levels=[0.3], intervals=[0.9], fair=True)
    assert list(scores.quantile_losses) == [0.3] and list(scores.intervals) == [0.9]
    close(scores.crps, crps_samples(truth, samples, fair=True))
    close(scores.by_target["0"]["crps"], crps_samples(truth[..., 0], samples[..., 0], fair=True))


def test_points_may_stand_beside_a_distribution(case):
    truth, points = case["truth"], case["points"]
    quantiles = case["quantiles"][..., ::2]
    scores = F.forecast_scores(truth, points, quantiles, levels=LEVELS[::2])
    close(scores.mae, mae(truth, points))
    close(scores.wql, weighted_quantile_loss(truth, quantiles, LEVELS[::2]).mean())
    scores = F.forecast_scores(truth, points, samples=case["samples"])
    close([scores.mae, scores.crps], [mae(truth, points), crps_samples(truth, case["samples"])])


def test_rows_that_fill_up_a_batch_do_not_count(case):
    truth, points = case["truth"][:8].copy(), case["points"][:8].copy()
    scale = mase_scale(case["train"], 5)
    expected = F.RunningScores(scale=scale).update(truth[:6], points[:6], series=[0, 1] * 3)
    truth[6:] = points[6:] = np.nan
    weight, series = np.array([1.0] * 6 + [0.0] * 2), [0, 1] * 3 + [-1, -1]
    running = F.RunningScores(scale=scale).update(truth, points, series=series, weight=weight)
    running.update(truth[6:], points[6:], series=series[6:], weight=weight[6:])
    assert running.windows == 6 and running.result().as_dict() == expected.result().as_dict()


def test_nothing_is_added_by_a_batch_that_is_refused(case):
    truth, points = case["truth"], case["points"].copy()
    running = F.RunningScores().update(truth, points)
    before = running.result().as_dict()
    points[-1] = np.nan
    with pytest.raises(ValueError, match=r"in points.*12 of 8400 are NaN.*\(699, 0, 0\)"):
        running.update(truth, points)
    assert running.result().as_dict() == before


def test_crossing_quantiles_are_sorted_and_counted_when_asked(case):
    truth, quantiles = case["truth"], case["quantiles"].copy()
    quantiles[4, 2, 1] = quantiles[4, 2, 1, ::-1]
    with pytest.raises(ValueError, match=r"cross for 1 of 8400 truths.*\(4, 2, 1\).*sort=True"):
        F.forecast_scores(truth, quantiles=quantiles, levels=LEVELS)
    scores = F.forecast_scores(truth, quantiles=quantiles, levels=LEVELS, sort=True)
    assert scores == dataclasses.replace(whole(case, "quantiles"), crossings=1)
    assert str(scores).endswith("8400 truths scored, quantiles of 1 crossed and were sorted")


def test_what_is_not_defined_is_nan_and_shown_as_a_dash():
    truth, levels = np.zeros((3, 2, 2)), [0.1, 0.5, 0.9]
    truth[..., 1], truth[:, 1] = 2, [0, np.nan]
    quantiles = np.stack([truth * 0 + 1] * 3, -1)
    quantiles[np.isnan(quantiles)] = 1
    scores = F.forecast_scores(truth, quantiles=quantiles, levels=levels, missing="skip")
    assert np.isnan(scores.by_target["0"]["wql"]) and scores.by_target["1"]["wql"] == 0.5
    assert np.isnan(scores.by_horizon["wql"][1]) and scores.missing == 3
    plain = json.loads(json.dumps(scores.as_dict(), allow_nan=False))
    assert plain["by_target"]["0"]["wql"] is None and plain["mase"] is None
    assert str(scores).splitlines()[1].split()[-2:] == ["-", "1.0000"]
    assert "9 truths scored, 3 missing" in str(scores)


def test_scores_are_tables_and_a_dictionary():
    truth = np.ones((2, 8, 2))
    samples = np.stack([truth - 1, truth, truth + 1], 1)
    scores = F.forecast_scores(
        truth, samples=samples, train=np.arange(9.0).repeat(2).reshape(9, 2), targets=("a", "load")
    )
    targets, steps, intervals, levels, last = str(scores).split("\n\n")
    heads = ["mae", "mse", "rmse", "smape", "mase", "wql", "crps"]
    assert targets.split()[:7] == heads and steps.split()[:8] == ["step", *heads]
    assert [line.split()[0] for line in targets.splitlines()[1:]] == ["a", "load", "all"]
    assert [line.split()[0] for line in steps.splitlines()[1:]] == ["1", "2", "4", "6", "8"]
    assert intervals.splitlines()[2].split() == ["80", "%", "1.0000", "1.6000", "1.6000"]
    assert levels.splitlines()[5].split() == ["0.5", "0.0000"] and len(levels.splitlines()) == 10
    assert last == "2 windows of 8 steps, 32 truths scored"
    assert len({len(line) for line in targets.splitlines()}) == 1
    plain = json.loads(json.dumps(scores.as_dict(), allow_nan=False))
    assert plain["intervals"]["0.8"] == pytest.approx({"coverage": 1, "width": 1.6, "score": 1.6})
    assert len(plain["by_horizon"]["crps"]) == 8 and plain["by_target"]["load"]["mase"] == 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        scores.mae = 0


def test_tables_stay_short_and_show_small_numbers():
    truth = np.zeros((1, 1, 23))
    lines = str(F.forecast_scores(truth, truth + 1e-5)).splitlines()
    assert lines[20].split()[:2] == ["19", "1.000e-05"] and lines[21].split()[0] == "all"
    assert lines[22:24] == ["3 more targets are left out here", ""] and "step" not in lines
    assert str(F.forecast_scores(truth[..., :1], truth[..., :1])).splitlines()[1][:3] == "all"


def test_names_of_targets_come_from_a_time_series(case):
    class Series(list):
        ids, targets = ("a", "b"), ("load", "price")
        values = case["train"]

    scores = whole(case, "points", train=Series(), season=5, series=case["series"])
    assert list(scores.by_target) == ["load", "price"]
    close(scores.mase, mase(case["truth"], case["points"], case["train"], 5, case["series"]))
