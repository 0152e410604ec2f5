"""Series and forecasters that the tests of forecasting share."""

import numpy as np
import pandas as pd

from keras_rnnzoo.datasets.time_series import TimeSeries
from keras_rnnzoo.models import Forecaster

HEADS = ("direct", "segments", "autoregressive")
TRAIN, VALIDATION = (0, 150), (150, 190)


def series(rows=200, covariates=False, past=True, count=1, seed=3):
    """Hourly waves with noise, two targets; with covariates of every kind."""
    rng = np.random.default_rng(seed)
    steps = np.arange(rows)
    times = pd.date_range("2021-03-01", periods=rows, freq="h")
    values = [
        (k + 1) * np.sin(2 * np.pi * steps / 24)[:, None] * [1.0, 3.0]
        + rng.normal(size=(rows, 2)) * 0.1
        + [5.0, -20.0]
        for k in range(count)
    ]
    more = {}
    if covariates:
        more["future"] = [rng.normal(size=(rows + 40, 2)) for _ in range(count)]
        more["static"] = np.arange(2.0 * count).reshape(count, 2)
        if past:
            more["past"] = [rng.normal(size=(rows, 1)) for _ in range(count)]
    return TimeSeries.from_arrays(values, [times] * count, targets=("load", "price"), **more)


def forecaster(data, head="direct", **options):
    """A small one for a series, built."""
    options = {"units": 6, "seed": 1, "look_back": 24, "horizon": 7, **options}
    model = Forecaster.for_series(data.slice(*TRAIN), head=head, **options)
    model.build()
    return model
