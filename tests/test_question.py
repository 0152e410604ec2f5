"""The loss of which `gradient_through_time` and `explain_nan` speak is the one of training."""

import keras
import numpy as np
import pytest
import running
from catalogue import TIME
from helpers import close, filled, numpy, sequences

import keras_rnnzoo as zoo
from keras_rnnzoo.through_time import explain_nan
from keras_rnnzoo.through_time.nudged import nudged
from keras_rnnzoo.through_time.question import question

LOSSES = {"function": "mse", "object": keras.losses.MeanSquaredError()}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_a_loss_is_weighed(loss, rng):
    layer = filled(zoo.MGU(2, return_sequences=True, name="memory"), rng)
    x, y = sequences(rng), sequences(rng, features=2)
    weight = rng.uniform(size=y.shape[:2]).astype("float32")
    found = nudged(question(layer, x, y, loss, sample_weight=weight))
    errors = numpy(layer(x)) - y
    close(found.loss, ((errors**2).mean(-1) * weight).mean())
    # After the last step there is nothing but the loss of that step.
    expected = errors[:, -1] * weight[:, -1:] / weight.size
    close(found.gradients["memory"]["h"][:, -1], expected)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_masked_steps_have_no_part_in_a_loss(loss, rng):
    """As in training: the mean is one over the steps that the output's mask leaves."""
    layer, mask = filled(zoo.MGU(2, return_sequences=True), rng), np.ones((3, TIME), bool)
    mask[0, 3:] = mask[2, 1:] = False
    x, y = sequences(rng), sequences(rng, features=2)
    errors = ((numpy(layer(x, mask=mask)) - y) ** 2).mean(-1)
    found = question(layer, x, y, loss, mask=mask).passed({}).loss
    close(found, errors[mask].mean())
    model = keras.Sequential([keras.layers.Masking(), layer])
    model.compile("sgd", loss)
    zeroed = np.where(mask[..., None], x, 0)
    close(found, model.evaluate(zeroed, y, verbose=0))
    close(found, question(model, zeroed, y, loss).passed({}).loss)


@running.on_one_backend
def test_a_weight_of_a_row_counts_for_all_its_steps(rng):
    layer = filled(zoo.MGU(2, return_sequences=True), rng)
    x, y, weight = sequences(rng), sequences(rng, features=2), np.array([1.0, 0.0, 3.0])
    errors = np.abs(numpy(layer(x)) - y).mean(-1)
    for loss in ("mae", keras.losses.MeanAbsoluteError()):
        asked = question(layer, x, y, loss, sample_weight=weight)
        close(asked.passed({}).loss, (errors * weight[:, None]).mean())
    with pytest.raises(ValueError, match=r"sample_weight.shape=.2,., losses of shape .3, 5."):
        explain_nan(layer, x, y, "mae", sample_weight=weight[:2])
    with pytest.raises(ValueError, match="give `y` and `loss` beside it"):
        explain_nan(layer, x, sample_weight=weight)
