"""The width that spends a parameter budget, so that cells are compared at equal size."""

import math

import keras

TOLERANCE = 0.02
WIDEST = 16_384


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


def solve_width(count, budget):
    """The width whose model comes nearest to a budget, by bisection.

    Arguments:
        count: a function from a width to the number of parameters, which grows with the width.
        budget: parameters.

    Returns:
        Width and number of parameters.

    Raises:
        ValueError: no width comes within 2 % of the budget.

    Example:

    >>> solve_width(lambda units: units * units, 10_000)
    (100, 10000)
    """
    counts = {}

    def counted(units):
        if units not in counts:
            counts[units] = count(units)
        return counts[units]

    low, high = 0, 16
    while counted(high) < budget and high < WIDEST:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if counted(middle) <= budget else (low, middle)
    best = min((units for units in (low, high) if units), key=lambda u: abs(counted(u) - budget))
    if abs(counted(best) - budget) > TOLERANCE * budget:
        near = ", ".join(f"{counts[u]:,} with {u}" for u in (low, high) if u in counts)
        raise ValueError(
            f"Expected a budget that some width spends within {100 * TOLERANCE:.0f} %. Received: "
            f"parameters={budget:,}; the nearest are {near} unit{'s' * (high > 1)}. Choose another "
            "number of --parameters, or other --depths."
        )
    return best, counts[best]
