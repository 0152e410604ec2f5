"""What truths and forecasts must be before they are scored."""

import numpy as np

from keras_rnnzoo.base.options import choice

MISSING = ("error", "skip")


def numbers(name, value):
    """`value` as an array of numbers of any type; what a masked array hides becomes NaN."""
    if isinstance(value, np.ma.MaskedArray):
        value = value.astype("float64").filled(np.nan)
    try:
        array = np.atleast_1d(np.asarray(value))
        if array.dtype.kind in "OV":  # objects, and short floats that NumPy does not know
            array = array.astype("float64")
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"Expected an array of numbers. Received: {name} of type {type(value).__name__} "
            f"({error})"
        ) from None
    if array.dtype.kind not in "fiu":
        raise TypeError(f"Expected an array of numbers. Received: {name} of type {array.dtype}")
    if not array.size:
        raise ValueError(f"Expected at least one number. Received: {name} of shape {array.shape}")
    return array


def finite(name, array, infinite=False):
    """Refuse NaN, and infinite numbers too unless `infinite`."""
    bad = np.isnan(array) if infinite else ~np.isfinite(array)
    if bad.any():
        what = "no NaN" if infinite else "finite numbers"
        raise ValueError(f"Expected {what} in {name}. Received: {_where(bad, array)}")
    return array


def scored(truth, missing="error"):
    """Where truths are there: booleans of the same shape.

    Raises:
        ValueError: NaN unless `missing="skip"`, infinite numbers, no truth at all, or another word.
    """
    choice("missing", missing, MISSING)
    gone = np.isnan(truth)
    if gone.any() and missing == "error":
        raise ValueError(
            f"Expected a truth for each forecast. Received: {_where(gone, truth)}; pass "
            'missing="skip" to score the others'
        )
    if np.isinf(truth).any():
        raise ValueError(
            f"Expected finite numbers in truth. Received: {_where(np.isinf(truth), truth)}"
        )
    return ~gone


def paired(truth, forecast, missing="error", name="forecast", infinite=False):
    """Truths that are there and their forecasts, float64 (elements,), after all checks."""
    truth, forecast = numbers("truth", truth), numbers(name, forecast)
    agree(truth.shape, name, forecast.shape, truth.shape, "as truth")
    there = some(scored(truth, missing))
    finite(name, forecast, infinite)
    return truth[there].astype("float64"), forecast[there].astype("float64")


def with_levels(truth, quantiles, levels, missing="error", sort=False):
    """Truths (elements,), their quantiles (elements, levels) and levels, after all checks."""
    levels = read_levels(levels)
    truth, quantiles = numbers("truth", truth), numbers("quantiles", quantiles)
    agree(truth.shape, "quantiles", quantiles.shape, (*truth.shape, len(levels)), "truth + levels")
    there = some(scored(truth, missing))
    quantiles, _ = uncrossed(finite("quantiles", quantiles), sort)
    return truth[there].astype("float64"), quantiles[there].astype("float64"), levels


def with_samples(truth, samples, missing="error"):
    """Truths (elements,) and their sorted samples (elements, samples), after all checks."""
    truth, samples = numbers("truth", truth), numbers("samples", samples)
    agree_samples(truth.shape, samples.shape)
    there = some(scored(truth, missing))
    ordered = np.moveaxis(finite("samples", samples), 1, -1)[there].astype("float64")
    return truth[there].astype("float64"), np.sort(ordered, axis=-1)


def some(there):
    """Refuse that every truth is missing."""
    if not there.any():
        raise ValueError(f"Expected at least one truth. Received: {there.size} that are all NaN")
    return there


def agree(truth, name, found, expected, words, beside="truth"):
    """Refuse another shape than the expected one; `words` say where it comes from."""
    if found == expected:
        return
    message = (
        f"Expected {name} of shape {expected} ({words}). Received: {beside} of shape "
        f"{truth} and {name} of shape {found}"
    )
    if len(found) == len(expected) > 1 and found[1] != expected[1]:
        same = [k for k in range(len(found)) if k != 1 and found[k] == expected[k]]
        if len(same) == len(found) - 1:
            message += f"; the horizons differ: {expected[1]} steps and {found[1]}"
    raise ValueError(message)


def agree_samples(truth, found):
    """Refuse samples that are not (windows, samples, ...) for truths (windows, ...)."""
    if len(found) != len(truth) + 1 or (*found[:1], *found[2:]) != truth:
        expected = f"({', '.join(map(str, (truth[0], 'samples', *truth[1:])))})"
        raise ValueError(
            f"Expected samples of shape {expected}, their axis after the windows. Received: truth "
            f"of shape {truth} and samples of shape {found}"
        )


def read_levels(levels, name="levels"):
    """Increasing numbers within (0, 1), as float64."""
    found = finite(name, numbers(name, levels)).astype("float64")
    if found.ndim != 1 or not (np.diff(found) > 0).all() or found[0] <= 0 or found[-1] >= 1:
        raise ValueError(
            f"Expected {name} that increase and lie within (0, 1). Received: {name}={levels!r}"
        )
    return found


def uncrossed(quantiles, sort=False):
    """Quantiles in order, and for how many truths they were not.

    Raises:
        ValueError: a higher level has a lower quantile, unless `sort`.
    """
    crossed = (quantiles[..., 1:] < quantiles[..., :-1]).any(-1)
    count = int(crossed.sum())
    if count and not sort:
        raise ValueError(
            "Expected quantiles that do not fall from level to level. Received: quantiles that "
            f"cross for {count} of {crossed.size} truths, the first at index {_first(crossed)}; "
            "pass sort=True to sort them"
        )
    return (np.sort(quantiles, axis=-1), count) if count else (quantiles, 0)


def _where(bad, array):
    kinds = [
        kind for kind, test in (("NaN", np.isnan), ("infinite", np.isinf)) if test(array).any()
    ]
    count = f"{int(bad.sum())} of {bad.size} are {' or '.join(kinds)}"
    return f"{count}, the first at index {_first(bad)}"


def _first(bad):
    return tuple(int(k) for k in np.unravel_index(bad.argmax(), bad.shape))
