"""What cannot be scored is refused, and the message says what came and what to do."""

import numpy as np
import pytest

from keras_rnnzoo.metrics import forecast_distributions as D
from keras_rnnzoo.metrics import forecast_intervals as I
from keras_rnnzoo.metrics import forecast_points as P
from keras_rnnzoo.metrics.forecasts import RunningScores, forecast_scores

Y = np.ones((3, 4, 2))
GAP = np.where(np.arange(24).reshape(3, 4, 2) == 13, np.nan, Y)
ENDLESS = np.where(np.isnan(GAP), np.inf, Y)
Q = np.stack([Y, Y + 1], -1)
S = np.stack([Y] * 5, 1)
CONSTANT = np.stack([np.arange(6.0), np.full(6, 0.1)], 1)
RISING = np.arange(18.0).reshape(9, 2)
TENTHS = (0.1, 0.9)


def scale(train, **options):
    return lambda: P.mase_scale(train, **options)


def scores(*args, **options):
    return lambda: forecast_scores(*args, **options)


def running(truth, points=None, options=None, **given):
    return lambda: RunningScores(**(options or {})).update(truth, points, **given)


POINTS = {
    "shape": (lambda: P.mae(Y, Y[..., 0]), r"\(3, 4, 2\) and forecast of shape \(3, 4\)$"),
    "horizon": (lambda: P.mae(Y, Y[:, :3]), "the horizons differ: 4 steps and 3"),
    "windows": (lambda: P.mse(Y, Y[:2]), r"forecast of shape \(2, 4, 2\)$"),
    "empty": (lambda: P.mae([], []), r"at least one number. Received: truth of shape \(0,\)"),
    "nan in truth": (
        lambda: P.rmse(GAP, Y),
        r'1 of 24 are NaN, the first at index \(1, 2, 1\); pass missing="skip"',
    ),
    "nan in forecast": (lambda: P.smape(Y, GAP), "finite numbers in forecast. Received: 1 of 24"),
    "infinite forecast": (lambda: P.mae(Y, ENDLESS), "in forecast.*1 of 24 are infinite"),
    "nan in both": (lambda: P.mae(GAP, GAP, "skip"), "finite numbers in forecast"),
    "infinite truth": (lambda: P.mae(ENDLESS, Y, "skip"), "in truth.*1 of 24 are infinite"),
    "no truth": (lambda: P.mae(Y * np.nan, Y, "skip"), "at least one truth. Received: 24 that are"),
    "missing": (lambda: P.mae(Y, Y, "skipp"), "Did you mean 'skip'.*missing='skipp'"),
    "season": (scale(np.arange(5.0), season=0), "`season` must be a positive integer"),
    "rows": (scale([Y[0], Y[0]], season=4, ids="ab"), "season=4 and 4 rows of series 'a'"),
    "constant": (
        scale([CONSTANT], targets=("x", "load")),
        "Target 'load' of series 0 does not differ from itself 1 steps before, in 5 pairs",
    ),
    "repeats": (scale(np.sin(np.arange(40) * np.pi / 4), season=8), "Target 0 .* Choose another"),
    "no pairs": (scale([1, np.nan, 2, np.nan], missing="skip"), "in 0 pairs"),
    "nan in train": (scale([1, np.nan, 2]), 'pass missing="skip"'),
    "different targets": (scale([CONSTANT[:, :1], RISING]), r"with \[1, 2\] targets"),
    "axes of train": (scale(Y), r"train of shape \(3, 4, 2\); put several series into a list"),
    "no train": (scale([]), r"train of shape \(0,\)"),
    "scale": (lambda: P.mase(Y, Y, np.arange(9.0)), r"\(windows, horizon, 1\).*\(3, 4, 2\)"),
    "axes of mase": (lambda: P.mase(Y[0], Y[0], RISING), r"truth of shape \(4, 2\)"),
    "no series": (lambda: P.mase(Y, Y, [RISING] * 2), "among 2. .*series=None"),
    "series": (lambda: P.mase(Y, Y, [RISING], 1, [0, 0]), r"3 windows.*\(2,\)"),
    "float series": (lambda: P.mase(Y, Y, [RISING], 1, np.zeros(3)), "float64"),
    "range": (lambda: P.mase(Y, Y, [RISING], 1, [0, 1, 0]), "from 0 to 0.*0 to 1"),
    "steps": (lambda: P.error_by_horizon(Y, Y[:, 1:]), r"axis 1 of truth.*\(3, 3, 2\)"),
    "no horizon": (lambda: P.error_by_horizon(Y[:, 0, 0], Y[:, 0, 0]), r"truth of shape \(3,\)"),
}
DISTRIBUTIONS = {
    "order": (lambda: D.pinball(Y, Q, (0.9, 0.1)), r"increase and .*levels=\(0.9, 0.1\)"),
    "same": (lambda: D.pinball(Y, Q, (0.5, 0.5)), "that increase"),
    "nought": (lambda: D.pinball(Y, Q, (0, 0.5)), r"within \(0, 1\)"),
    "one": (lambda: D.weighted_quantile_loss(Y, Q, (0.5, 1)), r"within \(0, 1\)"),
    "nan level": (lambda: D.pinball(Y, Q, (0.5, np.nan)), "finite numbers in levels"),
    "no levels": (lambda: D.pinball(Y, Q, []), "levels of shape"),
    "levels": (
        lambda: D.pinball(Y, Q, (0.5,)),
        r"\(3, 4, 2, 1\) \(truth \+ levels\).*\(3, 4, 2, 2\)",
    ),
    "horizon": (lambda: D.pinball(Y[:, :3], Q, TENTHS), "horizons differ: 3 steps and 4"),
    "crossing": (lambda: D.crps_quantiles(Y, Q[..., ::-1], TENTHS), "24 of 24 truths.*sort=True"),
    "nan": (lambda: D.pinball(Y, Q * GAP[..., None], TENTHS), "in quantiles. Received: 2 of 48"),
    "missing": (lambda: D.mean_weighted_quantile_loss(GAP, Q, TENTHS), "1 of 24 are NaN"),
    "zeros": (lambda: D.weighted_quantile_loss(Y * 0, Q, TENTHS), "24 zeros; use `pinball`"),
    "samples": (
        lambda: D.crps_samples(Y, Y),
        r"\(3, samples, 4, 2\).*samples of shape \(3, 4, 2\)",
    ),
    "last": (
        lambda: D.crps_samples(Y, np.moveaxis(S, 1, -1)),
        r"\(3, samples, 4, 2\), their.*\(3, 4, 2, 5\)$",
    ),
    "no samples": (lambda: D.crps_samples(Y, S[:, :0]), r"samples of shape \(3, 0, 4, 2\)"),
    "fair": (lambda: D.crps_samples(Y, S[:, :1], fair=True), "Expected two samples"),
    "nan sample": (lambda: D.crps_samples(Y, S * GAP[:, None]), "in samples. Received: 5 of 120"),
    "sample levels": (lambda: D.sample_quantiles(S, (0.5, 2)), r"within \(0, 1\)"),
    "deviation": (lambda: D.crps_gaussian(Y, Y, Y * 0), "above 0. Received: deviation with 0.0"),
    "mean": (lambda: D.crps_gaussian(Y, Y[0], Y), r"mean of shape \(4, 2\)"),
    "bounds": (lambda: I.coverage(Y, Y + 1, Y), "no lower bound above.*24 of 24"),
    "width": (
        lambda: I.interval_width(Y, Y[0]),
        r"low of shape \(3, 4, 2\) and high of shape \(4, 2\)",
    ),
    "nan bound": (lambda: I.coverage(Y, GAP, Y), "no NaN in low"),
    "nan bound above": (lambda: I.interval_width(Y, GAP), "no NaN in high"),
    "shape of bounds": (lambda: I.coverage(Y[0], Y, Y), r"low of shape \(3, 4, 2\)"),
    "level": (lambda: I.interval_score(Y, Y, Y, 80), r"level .*within \(0, 1\)"),
    "interval": (
        lambda: I.interval_scores(Y, Q, TENTHS, [0.5]),
        r"levels 0.25 and 0.75 for the interval of 50 %. Received: levels=\[0.1, 0.9\]",
    ),
    "intervals": (lambda: I.interval_scores(Y, Q, TENTHS, [80]), r"intervals .*within \(0, 1\)"),
}
SCORES = {
    "axes": (scores(Y[..., 0], Y[..., 0]), r"one target is truth\[..., None\]"),
    "no forecast": (scores(Y), "Received: none of them"),
    "two kinds": (scores(Y, None, Q, S, levels=TENTHS), "Received: quantiles and samples"),
    "horizon": (scores(Y, Y[:, :2]), "horizons differ: 4 steps and 2"),
    "no levels": (scores(Y, None, Q), "levels of the quantiles. Received: levels=None"),
    "no median": (scores(Y, None, Q, levels=TENTHS), r"level 0.5, .*levels=\(0.1, 0.9\)"),
    "levels": (scores(Y, Y, levels=TENTHS), "need quantiles or samples"),
    "intervals": (scores(Y, Y, Q, levels=TENTHS, intervals=[0.7]), "for the interval of 70 %"),
    "samples": (scores(Y, samples=S[:2]), r"samples of shape \(2, 5, 4, 2\)"),
    "fair": (scores(Y, samples=S[:, :1], fair=True), "two samples"),
    "fair points": (scores(Y, Y, fair=True), "fair=True needs samples. Received: points"),
    "season": (scores(Y, Y, season=24), "needs a training part. Received: season=24"),
    "series": (scores(Y, Y, series=[0, 0, 0]), "need scales for MASE"),
    "word of names": (scores(Y, Y, train=RISING, targets="xy"), "different name.*targets='xy'"),
    "channel": (scores(Y, Y, train=CONSTANT, targets=["x", "y"]), "Target 'y' of series 0"),
    "names": (scores(Y, Y, targets=["x"]), "Expected 1 targets, x. Received"),
    "double": (scores(Y, Y, targets=["x", "x"]), "a different name for each target"),
    "word": (scores(Y, Y, missing="no"), "'error', 'skip'"),
    "nan": (scores(GAP, Y), 'missing="skip"'),
    "all missing": (scores(Y * np.nan, Y, missing="skip"), "3 windows with 24 missing"),
    "weight": (running(Y, Y, weight=[1, 1]), r"each of 3 windows. .*weight of shape \(2,\)"),
    "weights": (running(Y, Y, weight=[1, 0.5, 1]), r"values \[0.5, 1.0\]"),
    "scale": (running(Y, Y, {"scale": [1, 0]}), "scales above 0. Received: scale with 0.0"),
    "length of series": (
        running(Y, Y, {"scale": [1, 1]}, series=[0], weight=[1, 0, 1]),
        r"series of shape \(1,\)",
    ),
    "nothing": (lambda: RunningScores().result(), "0 windows with 0 missing"),
    "other horizon": (
        lambda: RunningScores().update(Y, Y).update(Y[:, 1:], Y[:, 1:]),
        "first 4 steps of 2 targets with points, now 3 steps of 2 targets with points",
    ),
    "other kind": (
        lambda: RunningScores().update(Y, Y).update(Y, samples=S),
        "with points, now .* with samples",
    ),
}
CASES = {
    f"{group}: {name}": case
    for group, cases in (("points", POINTS), ("distributions", DISTRIBUTIONS), ("scores", SCORES))
    for name, case in cases.items()
}


@pytest.mark.parametrize(("make", "message"), CASES.values(), ids=CASES)
def test_bad_arguments_say_what_was_received(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([["a"]], "truth of type <U1"),
        ([[1.0], [1.0, 2.0]], "truth of type list"),
        (np.array([[True]]), "truth of type bool"),
        (np.array([[object()]]), "truth of type ndarray"),
        (np.array([["2020-01-01"]], "datetime64[D]"), "truth of type datetime64"),
    ],
    ids=["text", "ragged", "bool", "object", "date"],
)
def test_what_is_not_numbers_is_refused(value, message):
    with pytest.raises(TypeError, match=message):
        P.mae(value, [[1.0]])


def test_missing_truths_are_left_out_when_asked():
    gap, forecast = GAP.copy(), Y * 2
    forecast[np.isnan(gap)] = 99
    quantiles, samples = np.stack([forecast] * 2, -1), np.stack([forecast] * 3, 1)
    for metric in (P.mae, P.mse, P.rmse):
        assert metric(gap, forecast, "skip") == 1
    assert P.smape(gap, forecast, "skip") == pytest.approx(2 / 3)
    assert P.mase(gap, forecast, np.eye(6)[:, :2] * 5, missing="skip") == pytest.approx(
        (12 + 11 / 2) / 23
    )
    assert D.pinball(gap, quantiles, TENTHS, "skip") == pytest.approx([0.9, 0.1])
    assert D.weighted_quantile_loss(gap, quantiles, TENTHS, "skip") == pytest.approx([1.8, 0.2])
    assert D.crps_samples(gap, samples, missing="skip") == 1
    assert I.coverage(gap, Y, forecast, "skip") == 1
    assert I.interval_score(gap, Y, forecast, 0.5, "skip") == 1
    assert forecast_scores(gap, forecast, missing="skip").mae == 1
    masked = np.ma.array(np.where(np.isnan(gap), 7, gap), mask=np.isnan(gap))
    assert P.mae(masked, forecast, "skip") == 1
    with pytest.raises(ValueError, match="1 of 24 are NaN"):
        P.mae(masked, forecast)


def test_missing_values_of_the_training_part_are_left_out_when_asked():
    train = [1.0, 2.0, np.nan, 5.0, 9.0]
    assert P.mase_scale(train, missing="skip").tolist() == [[(1 + 4) / 2]]


def test_other_types_of_numbers_are_read():
    short = Y.astype("float16")
    assert P.mae(short, (Y * 3).astype(int)) == 2
    assert P.mae([1, None], [2, 2], "skip") == 1
    assert P.mae(1.0, 3) == 2
