"""Outputs of the forecaster: losses, quantiles and samples against SciPy, and a change of units."""

import numpy as np
import pytest
from keras import ops
from running import on_one_backend
from scipy import special, stats

from keras_rnnzoo.models.forecast_outputs import OUTPUTS, log_gamma, make_output

NAMES = tuple(OUTPUTS)
RAW = np.random.default_rng(5).normal(size=(40, 3)).astype("float32")
LEVELS = (0.05, 0.25, 0.5, 0.9)


def numpy(tensor):
    return np.asarray(ops.convert_to_numpy(tensor), "float64")


def made(name):
    """An output, 40 sets of parameters of it, and numbers that it could have drawn."""
    output = make_output(name, LEVELS if name == "quantiles" else None)
    raw = np.resize(RAW, (40, output.count)).astype("float32")
    base = np.linspace(-1, 1, 40).astype("float32")
    parameters = output.parameters(ops.convert_to_tensor(raw), ops.convert_to_tensor(base))
    y = np.linspace(-2, 3, 40) if name != "negative_binomial" else np.arange(40.0) % 5
    return output, numpy(parameters), y.astype("float32")


def distribution(name, p):
    """The same in SciPy."""
    if name == "gaussian":
        return stats.norm(p[:, 0], p[:, 1])
    if name == "student_t":
        return stats.t(p[:, 2], p[:, 0], p[:, 1])
    return stats.nbinom(1 / p[:, 1], 1 / (1 + p[:, 0] * p[:, 1]))


def test_log_gamma():
    x = np.geomspace(1e-3, 1e4, 300)
    ours = numpy(log_gamma(ops.convert_to_tensor(x, dtype="float32")))
    np.testing.assert_allclose(ours, special.gammaln(x), rtol=3e-6, atol=3e-6)


@pytest.mark.parametrize("name", ["gaussian", "student_t", "negative_binomial"])
def test_losses_are_negative_log_likelihoods(name):
    output, parameters, y = made(name)
    found = distribution(name, parameters)
    expected = -(found.logpmf(y) if name == "negative_binomial" else found.logpdf(y))
    loss = numpy(
        output.loss(ops.convert_to_tensor(y), ops.convert_to_tensor(parameters, "float32"))
    )
    np.testing.assert_allclose(loss, expected, rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("mse", [4.0, 0.25]),
        ("mae", [2.0, 0.5]),
        ("huber", [1.5, 0.125]),
    ],
)
def test_losses_of_points(loss, expected):
    output = make_output("point", loss=loss)
    y, said = ops.convert_to_tensor([1.0, 1.0]), ops.convert_to_tensor([[3.0], [0.5]])
    assert numpy(output.loss(y, said)).tolist() == expected


def test_the_loss_of_quantiles_is_the_pinball_loss():
    output, parameters, y = made("quantiles")
    error = y[:, None].astype("float64") - parameters
    levels = np.array(LEVELS)
    expected = 2 * np.where(error >= 0, levels * error, (levels - 1) * error).mean(-1)
    loss = numpy(
        output.loss(ops.convert_to_tensor(y), ops.convert_to_tensor(parameters, "float32"))
    )
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_quantiles_never_cross_and_the_middle_one_moves_with_the_base():
    output = make_output("quantiles", LEVELS)
    raw = (8 * np.resize(RAW, (40, 4))).astype("float32")
    low, high = (
        numpy(output.parameters(ops.convert_to_tensor(raw), ops.convert_to_tensor(base)))
        for base in (np.zeros(40, "float32"), np.full(40, 2.5, "float32"))
    )
    assert (np.diff(low, axis=-1) >= 0).all()
    np.testing.assert_allclose(high, low + 2.5, atol=2e-5)
    np.testing.assert_allclose(low[:, output.middle], raw[:, output.middle], rtol=1e-6)


@on_one_backend
@pytest.mark.parametrize("name", ["gaussian", "student_t", "negative_binomial"])
def test_quantiles_of_distributions(name):
    output, parameters, _ = made(name)
    expected = np.stack([distribution(name, parameters).ppf(q) for q in LEVELS], -1)
    np.testing.assert_allclose(output.quantiles(parameters, LEVELS), expected, rtol=1e-7)


@on_one_backend
@pytest.mark.parametrize("name", ["quantiles", "gaussian", "student_t", "negative_binomial"])
def test_samples_have_the_quantiles(name):
    output, parameters, _ = made(name)
    many = np.repeat(parameters[:1], 40_000, axis=0)
    drawn = output.sample(many, np.random.default_rng(2))
    inner = (0.25, 0.5)  # beyond its outermost levels a set of quantiles knows nothing
    expected = output.quantiles(parameters[:1], inner)[0]
    for level, value in zip(inner, expected):
        assert (drawn < value).mean() - 0.012 <= level <= (drawn <= value).mean() + 0.012


@on_one_backend
@pytest.mark.parametrize("name", ["point", "quantiles", "gaussian", "student_t"])
def test_a_change_of_units_moves_mean_and_quantiles(name):
    output, parameters, _ = made(name)
    scale, shift = np.linspace(0.5, 4, 40), np.linspace(-9, 9, 40)
    moved = output.in_units(parameters, scale, shift)
    np.testing.assert_allclose(output.mean(moved), output.mean(parameters) * scale + shift)
    if name != "point":
        before, after = (output.quantiles(p, LEVELS) for p in (parameters, moved))
        np.testing.assert_allclose(after, before * scale[:, None] + shift[:, None], rtol=1e-9)


def test_counts_scale_as_in_deepar():
    output, parameters, _ = made("negative_binomial")
    scale = np.full(40, 4.0, "float32")
    tensor = ops.convert_to_tensor(parameters, "float32")
    moved = numpy(output.in_units(tensor, ops.convert_to_tensor(scale), None))
    np.testing.assert_allclose(moved[:, 0], 4 * parameters[:, 0], rtol=1e-6)
    np.testing.assert_allclose(moved[:, 1], parameters[:, 1] / 2, rtol=1e-6)


@on_one_backend
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("gausian",), "Did you mean 'gaussian'"),
        (("point", None, "msee"), "Did you mean 'mse'"),
        (("gaussian", (0.1, 0.9)), "`levels` are those of output='quantiles'"),
        (("gaussian", None, "mae"), "`loss` chooses for output='point' alone"),
        (("quantiles", ()), "must increase within"),
        (("quantiles", (0.5, 0.5)), "must increase within"),
        (("quantiles", (0.0, 0.5)), "must increase within"),
        (("quantiles", (0.5, 1.0)), "must increase within"),
    ],
)
def test_options_that_cannot_be(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_output(*arguments)


@on_one_backend
def test_what_an_output_does_not_know_is_said():
    with pytest.raises(ValueError, match="knows no quantiles"):
        make_output("point").quantiles(np.zeros((1, 1)), (0.1,))
    with pytest.raises(ValueError, match="cannot draw samples"):
        make_output("point").sample(np.zeros((1, 1)), None)
    with pytest.raises(ValueError, match=r"trained for the quantiles .*level 0.3"):
        made("quantiles")[0].quantiles(np.zeros((1, 4)), (0.3,))
