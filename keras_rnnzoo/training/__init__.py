"""What a training run needs around `fit`: seeds, folders, checkpoints, progress, records."""

from keras_rnnzoo.training.best_epoch import BestEpoch
from keras_rnnzoo.training.checkpoint import Checkpoint
from keras_rnnzoo.training.environment import environment, set_seed
from keras_rnnzoo.training.progress import Progress
from keras_rnnzoo.training.records import (
    append_record,
    config_hash,
    find_record,
    read_records,
    record_once,
)
from keras_rnnzoo.training.run_folder import RunFolder, finished_run

__all__ = [
    "BestEpoch",
    "Checkpoint",
    "Progress",
    "RunFolder",
    "append_record",
    "config_hash",
    "environment",
    "find_record",
    "finished_run",
    "read_records",
    "record_once",
    "set_seed",
]
