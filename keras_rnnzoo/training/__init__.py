"""What a training run needs around `fit`: seeds, folders, checkpoints, progress, records."""

from keras_rnnzoo.training.checkpoint import Checkpoint
from keras_rnnzoo.training.environment import environment, set_seed
from keras_rnnzoo.training.gradients import gradient_norms
from keras_rnnzoo.training.progress import Progress
from keras_rnnzoo.training.records import append_record, config_hash, find_record, read_records
from keras_rnnzoo.training.run_folder import RunFolder

__all__ = [
    "Checkpoint",
    "Progress",
    "RunFolder",
    "append_record",
    "config_hash",
    "environment",
    "find_record",
    "gradient_norms",
    "read_records",
    "set_seed",
]
