"""Data for the ready models: loaders, embedded samples and batching."""

from keras_rnnzoo.datasets.batches import ReviewBatches, bucket_lengths
from keras_rnnzoo.datasets.calendar import Calendar
from keras_rnnzoo.datasets.clip_batches import ClipAugment, ClipBatches
from keras_rnnzoo.datasets.clips import ClipParts, Clips
from keras_rnnzoo.datasets.conll import read_conll, write_conll
from keras_rnnzoo.datasets.scaling import SeriesScaler
from keras_rnnzoo.datasets.series_splits import (
    Borders,
    ett_borders,
    fraction_borders,
    last_borders,
)
from keras_rnnzoo.datasets.spectrograms import LogMel
from keras_rnnzoo.datasets.tagged import Tagged
from keras_rnnzoo.datasets.task_batches import TaskBatches
from keras_rnnzoo.datasets.task_sequences import TaskParts, TaskSequences, next_steps
from keras_rnnzoo.datasets.text import Vocabulary, tokenize
from keras_rnnzoo.datasets.time_frames import from_frame, read_csv
from keras_rnnzoo.datasets.time_series import TimeSeries
from keras_rnnzoo.datasets.translation import Pairs, TranslationParts
from keras_rnnzoo.datasets.translation_batches import TranslationBatches
from keras_rnnzoo.datasets.translation_text import vocabulary_of
from keras_rnnzoo.datasets.windows import ForecastWindows

__all__ = [
    "Borders",
    "Calendar",
    "ClipAugment",
    "ClipBatches",
    "ClipParts",
    "Clips",
    "ForecastWindows",
    "Pairs",
    "ReviewBatches",
    "LogMel",
    "SeriesScaler",
    "Tagged",
    "TaskBatches",
    "TaskParts",
    "TaskSequences",
    "TimeSeries",
    "TranslationBatches",
    "TranslationParts",
    "Vocabulary",
    "bucket_lengths",
    "ett_borders",
    "fraction_borders",
    "from_frame",
    "last_borders",
    "next_steps",
    "read_conll",
    "read_csv",
    "tokenize",
    "vocabulary_of",
    "write_conll",
]
