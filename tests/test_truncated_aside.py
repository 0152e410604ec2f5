"""What is carried from window to window while other sequences are walked in between."""

import numpy as np
import test_truncated
from test_truncated import ROWS, same_weights, trainer_of

x, y = test_truncated.x, test_truncated.y


def test_evaluating_between_windows_leaves_what_is_carried(x, y):
    """So does predicting; a weight of a row is one of each of its steps."""
    weights, trainers = np.array([1.0, 0.5, 0.0, 2.0], "float32"), []
    for disturbed in (False, True):
        trainer = trainer_of("LSTM", 3)
        if disturbed:
            trainer.evaluate(x[::-1], y, batch_size=ROWS, verbose=0)
        trainer.train_on_batch(x[:, :3], y[:, :3], weights)
        if disturbed:
            trainer.evaluate(x[::-1], y, batch_size=ROWS, verbose=0)
            trainer.predict(x[::-1], batch_size=ROWS, verbose=0)
        trainer.train_on_batch(x[:, 3:6], y[:, 3:6], np.tile(weights[:, None], 3))
        trainers.append(trainer.model)
    same_weights(*trainers)
