"""The width that spends a parameter budget, so that cells are compared at equal size."""

import math

import keras
import numpy as np

WIDEST = 16_384
PROBES = (8, 16, 24)


def count_parameters(model):
    """What training moves in a model, tables of embeddings left out.

    A table grows with the vocabulary and not with the cell, and would hide all that the cells
    differ in.

    Arguments:
        model: built.

    Example:

    >>> count_parameters(model)
    20133
    """
    tables = {
        id(weight)
        for layer in model._flatten_layers()
        if isinstance(layer, keras.layers.Embedding)
        for weight in layer.trainable_weights
    }
    weights = [weight for weight in model.trainable_weights if id(weight) not in tables]
    return sum(math.prod(weight.shape) for weight in weights)


def solve_width(count, budget, tolerance=0.02):
    """The width whose model comes nearest to a budget.

    A unit more or less is 4 % of a model with layers of 50 units, so that the nearest is within
    2 % there, and farther where there are fewer units.

    Arguments:
        count: a function from a width to the number of parameters of a built model, which grows
            with the width.
        budget: parameters.
        tolerance: how far the nearest may lie, as a share of the budget.

    Returns:
        Width and number of parameters.

    Raises:
        ValueError: the nearest width is farther than that.

    Example:

    >>> solve_width(lambda units: units * units, 10_000)
    (100, 10000)
    """
    counts = {0: 0}

    def counted(units):
        if units not in counts:
            counts[units] = count(units)
        return counts[units]

    low = _guess(counted, budget)
    high, step = low + 1, 1
    while low and counted(low) > budget:  # the guess is exact as a rule, and need not be
        low, high, step = max(0, low - step), low, 2 * step
    while counted(high) < budget and high < WIDEST:
        low, high, step = high, high + step, 2 * step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if counted(middle) <= budget else (low, middle)
    near = [units for units in (low, high) if units]
    best = min(near, key=lambda units: abs(counted(units) - budget))
    if abs(counted(best) - budget) > tolerance * budget:
        found = " or ".join(f"{counts[units]:,} with {units}" for units in near)
        raise ValueError(
            f"Expected a budget that some width spends within {100 * tolerance:g} %. Received: "
            f"parameters={budget:,}; the nearest are {found} unit{'s' * (near[-1] > 1)}. Choose "
            "a larger budget, or fewer layers."
        )
    return best, counts[best]


def _guess(counted, budget):
    """The greatest width within the budget by the parabola through three widths."""
    c, b, a = np.polynomial.Polynomial.fit(PROBES, [counted(u) for u in PROBES], 2).convert().coef
    found = np.roots([a, b, c - budget])
    real = found[np.isreal(found)].real
    return int(np.clip(np.floor(max(real, default=0) + 1e-6), 0, WIDEST))
