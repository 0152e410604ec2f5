"""How good predictions are, in numbers that other programs would give too."""

from keras_rnnzoo.metrics.entities import (
    EntityScores,
    Score,
    SpanError,
    entity_scores,
    span_errors,
    token_accuracy,
    write_errors,
)
from keras_rnnzoo.metrics.forecast_distributions import (
    crps_gaussian,
    crps_quantiles,
    crps_samples,
    mean_weighted_quantile_loss,
    pinball,
    sample_quantiles,
    weighted_quantile_loss,
)
from keras_rnnzoo.metrics.forecast_intervals import (
    IntervalScore,
    coverage,
    interval_score,
    interval_scores,
    interval_width,
)
from keras_rnnzoo.metrics.forecast_points import (
    error_by_horizon,
    mae,
    mase,
    mase_scale,
    mse,
    rmse,
    smape,
)
from keras_rnnzoo.metrics.forecast_table import ForecastScores
from keras_rnnzoo.metrics.forecasts import RunningScores, forecast_scores
from keras_rnnzoo.metrics.task_scores import (
    capability_scores,
    constant_scores,
    task_scores,
)
from keras_rnnzoo.metrics.translations import translation_scores

__all__ = [
    "EntityScores",
    "ForecastScores",
    "IntervalScore",
    "RunningScores",
    "Score",
    "SpanError",
    "capability_scores",
    "constant_scores",
    "coverage",
    "crps_gaussian",
    "crps_quantiles",
    "crps_samples",
    "entity_scores",
    "error_by_horizon",
    "forecast_scores",
    "interval_score",
    "interval_scores",
    "interval_width",
    "mae",
    "mase",
    "mase_scale",
    "mean_weighted_quantile_loss",
    "mse",
    "pinball",
    "rmse",
    "sample_quantiles",
    "smape",
    "span_errors",
    "task_scores",
    "token_accuracy",
    "translation_scores",
    "weighted_quantile_loss",
    "write_errors",
]
