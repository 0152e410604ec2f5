"""A linear forecast in closed form: the line that any other forecaster has to beat."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from keras_rnnzoo.base.options import boolean, choice, positive_int

GRID = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
LIMITS = (1e-10, 1e6)  # of a grid that is extended
BLOCK = 2**23  # numbers worked on at once, 64 MB
SOLUTION = ("weights", "bias", "ridge", "multiple", "validation_mse")


class RidgeForecast:
    """One linear map from the last `look_back` rows to the next `horizon` rows.

    All channels and series share the map, or each channel has its own. With the window x of a
    channel, its centre c and its scale s, the forecast is c + W'(x - c) + s b, where (c, s) is
    (last value, 1) with `normalization="last"`, (mean, standard deviation) of the window with
    "instance", (mean of all training rows, 1) with "none". W and b minimise, over all windows of
    the training rows and in the units of the values, the squared error + ridge (‖W‖² + ‖b‖²). The
    penalty on b holds back a drift that the training rows happen to have. So "last" is NLinear
    (Zeng et al. 2022, arXiv:2205.13504) and "instance" RLinear (Li et al. 2023, arXiv:2305.10721),
    solved exactly. Bring channels that share a map to one scale before.

    The ridge is a multiple of the mean diagonal of the normal equations: the one with the lowest
    squared error on the validation rows. Where it lies at the edge of the grid `report` says so.
    Rows after the validation rows are never read.

    Args:
        look_back, horizon: rows of history, and rows to forecast.
        normalization: "last", "instance" or "none".
        per_channel: whether each channel has its own map and ridge.
        grid: increasing multiples. A single one needs no validation rows.
        extend: whether the grid grows by factors of ten while the best lies at its edge.
        residuals: "validation" or "training"; without validation rows always the latter.

    Attributes:
        weights: W, (look_back, horizon). With `per_channel` this and the next four have a first
            axis of channels.
        bias: b, (horizon,). With "none" it is that of the map on the values as they are.
        ridge, multiple: the penalty taken, and the same in units of the mean diagonal.
        validation_mse: of the ridge taken; NaN without validation rows.
        residual_deviation: (horizon, channels), root mean square of the residuals.
        residuals_from: "validation" or "training", the rows that these were taken from.
        report: sentences about the choice.

    Example:

    >>> values = np.sin(np.arange(400) / 5) + np.arange(400) / 100
    >>> model = RidgeForecast(look_back=48, horizon=12).fit(values, validation=(300, 350))
    >>> model.predict(values[-48:, None]).shape
    (12, 1)
    """

    channels = None  # before fit

    def __init__(
        self,
        look_back,
        horizon,
        normalization="last",
        per_channel=False,
        grid=GRID,
        extend=False,
        residuals="validation",
    ):
        self.look_back = positive_int("look_back", look_back)
        self.horizon = positive_int("horizon", horizon)
        self.normalization = choice("normalization", normalization, ("last", "instance", "none"))
        self.per_channel = boolean("per_channel", per_channel)
        self.extend = boolean("extend", extend)
        self.residuals = choice("residuals", residuals, ("validation", "training"))
        self.grid = tuple(np.atleast_1d(np.asarray(grid, "float64")).tolist())
        if not self.grid or min(self.grid) <= 0 or any(np.diff(self.grid) <= 0):
            raise ValueError(f"Expected increasing numbers above zero. Received: grid={grid!r}")

    def fit(self, values, train=None, validation=None):
        """Solve for the map and choose the ridge.

        Args:
            values: array (time,) or (time, channels), or a list of them, one a series.
            train: rows (start, stop) as in a slice, the same for all series, or a list with a pair
                for each. Default: all rows before the validation rows.
            validation: rows (start, stop), likewise. The rows to forecast lie in these rows, the
                history may reach before them.

        Returns: the model itself.

        Raises:
            ValueError: too few rows, values that are not finite, a channel that is constant in the
                training rows, parts that overlap, several ridges and no validation rows.
        """
        if validation is None and len(self.grid) > 1:
            raise ValueError(
                f"Expected rows to choose one of {len(self.grid)} ridges on. Received: "
                "validation=None. Pass validation=(start, stop), or a grid of one multiple."
            )
        train, held_out = cut(values, train, validation, self.look_back, self.horizon)
        self.channels = train[0].shape[1]
        groups = [[k] for k in range(self.channels)] if self.per_channel else [range(self.channels)]
        found = [self._choose(train, held_out, group) for group in groups]
        for name, each in zip(SOLUTION, zip(*found)):
            setattr(self, name, np.stack(each) if self.per_channel else each[0])
        self.report = tuple(dict.fromkeys(note for one in found for note in one[-1]))
        self.residuals_from = self.residuals if held_out else "training"
        rows = {"training": train, "validation": held_out}[self.residuals_from]
        self.residual_deviation = self._mean(np.square, rows) ** 0.5
        return self

    def predict(self, history):
        """Forecasts (..., horizon, channels) for a history (..., look_back, channels)."""
        history = finite_history(history, self.look_back, self.channels)
        flat = history.reshape(-1, self.look_back, self.channels)
        forecast = np.moveaxis(self._forecast(np.moveaxis(flat, 2, 0)), 0, 2)
        return forecast.reshape(*history.shape[:-2], self.horizon, self.channels)

    def score(self, values, rows=(0, None)):
        """Mean squared and mean absolute error over every window whose forecast lies in `rows`."""
        parts, _ = cut(values, rows, None, self.look_back, self.horizon, constant=True)
        both = self._mean(lambda residual: np.stack([residual**2, np.abs(residual)]), parts)
        return tuple(both.mean(axis=(0, 1)).tolist())

    def _choose(self, train, held_out, group):
        """Weights, bias, ridge, multiple, validation error and report for some channels."""
        every = np.concatenate([part[:, group].ravel() for part in train])
        shift = every.mean() if self.normalization == "none" else None
        past, cross, _ = self._moments(train, group, shift)
        unit = float(np.trace(past)) / len(past)
        values, vectors = np.linalg.eigh(past)
        rotated = vectors.T @ cross

        def solve(multiple):
            return vectors @ (rotated / (np.maximum(values, 0) + multiple * unit)[:, None])

        multiple, mse, report = self.grid[0], np.nan, ()
        if held_out:
            apart = self._moments(held_out, group, shift)
            losses = {one: _mse(solve(one), *apart) for one in self.grid}
            if self.extend:
                _extend(losses, lambda one: _mse(solve(one), *apart))
            multiple = min(losses, key=losses.get)
            mse, report = losses[multiple], _edge(multiple, losses, self.grid)
        solution = solve(multiple)
        weights, bias = solution[:-1], solution[-1]
        if shift is not None:
            bias = bias + shift * (1 - weights.sum(axis=0))
        return weights, bias, multiple * unit, multiple, mse, report

    def _moments(self, parts, group, shift):
        """X'X, X'Y and the mean of Y'Y for the windows less their centres, X with a column s."""
        n, width, gram, count = self.look_back, self.look_back + self.horizon, 0.0, 0
        for part in parts:
            for k in group:
                gram = gram + _gram(part[:, k], n, width, shift, self.normalization == "instance")
                count += (len(part) - width + 1) * self.horizon
        m, ones = np.zeros(width + 1), np.r_[np.ones(width), 0]  # the centre of a window w is m'w
        m[:n] = {"instance": 1 / n, "last": np.eye(n)[-1], "none": 0}[self.normalization]
        centre = gram @ m
        gram = gram - np.outer(ones, centre) - np.outer(centre, ones)
        gram += (m @ centre) * np.outer(ones, ones)
        x, future = np.r_[:n, width], np.trace(gram[n:width, n:width]) / count
        return gram[np.ix_(x, x)], gram[x, n:width], (future, count)

    def _forecast(self, x):
        """(channels, windows, look_back) -> (channels, windows, horizon)."""
        centre, scale = 0.0, 1.0
        if self.normalization == "last":
            centre = x[..., -1:]
        elif self.normalization == "instance":
            centre, scale = x.mean(axis=-1, keepdims=True), x.std(axis=-1, keepdims=True)
        bias = self.bias[:, None] if self.per_channel else self.bias
        return centre + (x - centre) @ self.weights + scale * bias

    def _mean(self, kind, parts):
        """The mean of `kind(residual)` over all windows, (horizon, channels), by blocks."""
        total, count = 0.0, 0
        for part in parts:
            every = np.moveaxis(sliding_window_view(part, self.look_back + self.horizon, 0), 1, 0)
            size = max(1, BLOCK // (every.shape[0] * every.shape[2]))
            for start in range(0, every.shape[1], size):
                block = every[:, start : start + size]
                forecast = self._forecast(np.ascontiguousarray(block[..., : self.look_back]))
                total = total + kind(block[..., self.look_back :] - forecast).sum(axis=-2)
            count += every.shape[1]
        return (total / count).T


def _gram(column, look_back, width, shift, instance):
    """Σ v v' over all windows w of a column less the shift, with v = (w, s).

    Σ w_{i+1} w_{j+1} is Σ w_i w_j with one product less and one more: no window is ever copied.
    """
    column = column - (column.mean() if shift is None else shift)
    count = len(column) - width + 1
    scale = np.ones(count)
    if instance:
        view, size = sliding_window_view(column, look_back), BLOCK // look_back + 1
        blocks = [view[k : min(k + size, count)] for k in range(0, count, size)]
        scale = np.concatenate([block.std(axis=1) for block in blocks])
    lagged = [column[lag : lag + count] for lag in range(width)]
    gram = np.empty((width + 1, width + 1))
    gram[0, :width] = gram[:width, 0] = [column[:count] @ one for one in lagged]
    head, tail = column[: width - 1], column[count:]
    for k in range(width - 1):
        gram[k + 1, 1:width] = gram[k, : width - 1] + tail[k] * tail - head[k] * head
    gram[width] = gram[:, width] = [scale @ one for one in (*lagged, scale)]
    return gram


def _mse(solution, past, cross, future):
    """Mean squared error of a map over the windows that the moments are of."""
    mean, count = future
    return mean + float(np.vdot(solution, past @ solution - 2 * cross)) / count


def _extend(losses, loss):
    """Add multiples while the best is the smallest or the largest."""
    while (best := min(losses, key=losses.get)) in (min(losses), max(losses)):
        wider = float(f"{best * (0.1 if best == min(losses) else 10):.12g}")
        if not LIMITS[0] <= wider <= LIMITS[1]:
            break
        losses[wider] = loss(wider)


def _edge(best, losses, grid):
    """What there is to say of a best that is at the edge, or was outside the grid."""
    inner = min(losses) < best < max(losses)
    if len(grid) == 1 or (inner and min(grid) <= best <= max(grid)):
        return ()
    end = "found by extending the grid" if inner else "at the edge of what was tried (see `extend`)"
    return (f"The best ridge is {best:g} times the mean diagonal, {end}.",)


def cut(values, train, validation, look_back, horizon, constant=False):
    """The rows that the windows of two parts reach: two lists with an array for each series."""
    listed = isinstance(values, (list, tuple)) and np.ndim(values[0] if len(values) else 0) > 0
    series = [np.asarray(one, "float64") for one in (values if listed else [values])]
    series = [one[:, None] if one.ndim == 1 else one for one in series]
    if any(one.ndim != 2 or one.shape[1] != series[0].shape[1] or not one.size for one in series):
        shapes = [one.shape for one in series]
        raise ValueError(f"Expected arrays (time, channels), channels alike. Received: {shapes}")
    parts = [[], []]
    for number, one in enumerate(series):
        first, second = (_span(rows, number, len(series), len(one)) for rows in (train, validation))
        first = first or (0, second[0] if second else len(one))
        if second and max(first[0], second[0]) < min(first[1], second[1]):
            received = f"train={first}, validation={second}"
            raise ValueError(f"Expected rows that do not overlap. Received: {received}")
        for part, span in zip(parts, (first, second)):
            if span:
                part.append(_reach(one, span, number, look_back, horizon))
    spread = np.ptp(np.concatenate(parts[0]), axis=0)
    if not constant and not spread.all():
        received = f"a constant channel {int(np.argmin(spread))}. Leave it out."
        raise ValueError(
            f"Expected channels that change in the training rows. Received: {received}"
        )
    return parts


def _span(rows, number, count, length):
    if rows is None:
        return None
    pairs = rows if len(rows) and np.ndim(rows[0]) else [rows] * count
    if len(pairs) != count or len(pairs[number]) != 2:
        expected = f"Expected rows (start, stop), or such a pair for each of {count} series."
        raise ValueError(f"{expected} Received: {rows!r}")
    return slice(*pairs[number]).indices(length)[:2]


def _reach(values, span, number, look_back, horizon):
    start = max(span[0] - look_back, 0)
    reached = values[start : span[1]]
    if len(reached) < look_back + horizon:
        raise ValueError(
            f"look_back + horizon = {look_back + horizon} rows are needed. Received: series "
            f"{number} has {len(reached)} up to row {span[1]}. Shorten look_back or horizon."
        )
    wrong = np.argwhere(~np.isfinite(reached))
    if len(wrong):
        raise ValueError(
            f"Expected finite values. Received: {reached[tuple(wrong[0])]} in row "
            f"{start + wrong[0][0]}, channel {wrong[0][1]} of series {number}. Fill gaps before."
        )
    return reached


def finite_history(history, look_back, channels):
    """The history as float64, or an error that says what is wrong with it."""
    if channels is None:
        raise ValueError("Expected a fitted model. Received: one before fit(). Call fit() first.")
    history = np.asarray(history, "float64")
    if history.shape[-2:] != (look_back, channels) or not np.isfinite(history).all():
        raise ValueError(
            f"Expected a finite history (..., look_back={look_back}, channels={channels}). "
            f"Received: {(~np.isfinite(history)).sum()} values not finite, shape {history.shape}"
        )
    return history
