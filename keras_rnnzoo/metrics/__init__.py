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

__all__ = [
    "EntityScores",
    "Score",
    "SpanError",
    "entity_scores",
    "span_errors",
    "token_accuracy",
    "write_errors",
]
