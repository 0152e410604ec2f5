"""What the CRF refuses: what was expected and received, as early as it can be known."""

import keras
import numpy as np
import pytest
from test_errors import refused

from keras_rnnzoo import CRF, CRFLoss

NAMES = ["O", "B-PER", "I-PER"]
X = np.zeros((2, 4, 3), "float32")


def table(*shape, value=True):
    return np.full(shape, value)


CONSTRUCTION = {
    "no tags": (ValueError, lambda: CRF(0), "positive integer", "tags=0"),
    "decoder": (ValueError, lambda: CRF(3, decoder="viterby"), "mean 'viterbi'", "'viterby'"),
    "scheme": (ValueError, lambda: CRF(NAMES, scheme="IOBS"), "mean 'IOBES'", "'IOBS'"),
    "no names": (ValueError, lambda: CRF(3, scheme="IOB2"), "names of tags", "tags=3", "'IOB2'"),
    "tag twice": (ValueError, lambda: CRF(["O", "O"], scheme="IOB2"), "named once", "['O', 'O']"),
    "tag of another scheme": (ValueError, lambda: CRF([*NAMES, "S-PER"], scheme="IOB2"), "S-PER"),
    "table shape": (
        ValueError,
        lambda: CRF(3, allowed={"transition": table(3, 2)}),
        "shape (3, 3)",
        "shape (3, 2)",
    ),
    "table numbers": (ValueError, lambda: CRF(2, allowed={"end": [0.5, 1]}), "booleans", "0.5"),
    "table name": (TypeError, lambda: CRF(2, allowed={"ends": [1, 1]}), "mean 'end'"),
    "no start": (ValueError, lambda: CRF(2, allowed={"start": [0, 0]}), "No sequence of tags"),
    "no way": (
        ValueError,
        lambda: CRF(2, allowed={"start": [1, 0], "end": [0, 1], "transition": np.eye(2)}),
        "No sequence of tags",
    ),
    "version": (
        ValueError,
        lambda: CRF.from_config({**CRF(3).get_config(), "config_version": 9}),
        "config_version=9",
    ),
}

NAN, LARGE = X.copy(), X.copy()
NAN[1, 2, 0], LARGE[0, 3, 1] = np.nan, np.inf
CALLS = {
    "width": (ValueError, lambda crf: crf(X[..., :2]), "keras.layers.Dense(3)", "(2, 4, 2)"),
    "rank": (ValueError, lambda crf: crf(X[0]), "(batch, time, 3)", "(4, 3)"),
    "no steps": (ValueError, lambda crf: crf(X[:, :0]), "(2, 0, 3)"),
    "numbers as mask": (
        ValueError,
        lambda crf: crf(X, mask=np.ones((2, 4), "int32")),
        "mask != 0",
        "dtype int32",
    ),
    "mask shape": (
        ValueError,
        lambda crf: crf.decode(X, mask=table(2, 3)),
        "(batch, time) = (2, 4)",
        "shape (2, 3)",
    ),
    "lengths": (ValueError, lambda crf: crf(X, lengths=np.ones(3)), "each of the 2 rows", "(3,)"),
    "not a number": (ValueError, lambda crf: crf.decode(NAN), "row 1, step 2, tag 0", "1 in all"),
    "marginals": (ValueError, lambda crf: crf.marginals(NAN), "row 1, step 2, tag 0"),
    "infinite": (ValueError, lambda crf: crf(LARGE), "+∞ at row 0, step 3, tag 1", "1 in all"),
    "n": (ValueError, lambda crf: crf.decode_n_best(X, 0), "positive integer", "n=0"),
    "samples": (ValueError, lambda crf: crf.sample(X, -1), "positive integer", "n=-1"),
    "target": (
        ValueError,
        lambda crf: crf.log_likelihood(X, [[0, 1, 2, 0], [0, 3, 0, 3]]),
        "3 tags, 0 to 2",
        "tag 3 at row 1, step 1",
    ),
    "target shape": (
        ValueError,
        lambda crf: crf.log_likelihood(X, np.zeros((2, 5), "int32")),
        "(batch, time) = (2, 4)",
        "(2, 5)",
    ),
    "loss of targets": (
        ValueError,
        lambda crf: CRFLoss()(np.full((2, 4), 7), crf(X)),
        "tag 7 at row 0, step 0",
    ),
    "weights of steps": (
        ValueError,
        lambda crf: CRFLoss()(np.zeros((4, 4)), crf(X[[0] * 4]), np.ones((4, 4))),
        "one sample weight for each",
        "(4, 4)",
    ),
    "loss of scores": (
        ValueError,
        lambda crf: CRFLoss()(np.zeros((2, 4)), keras.ops.zeros((2, 4, 3))),
        "End the model in the CRF",
        "(2, 4, 3)",
    ),
}


@pytest.mark.parametrize("name", CONSTRUCTION)
def test_construction(name):
    error, make, *parts = CONSTRUCTION[name]
    refused(error, make, "Received", *parts)


@pytest.mark.parametrize("name", CALLS)
def test_calls(name):
    error, make, *parts = CALLS[name]
    crf = CRF(3)
    crf.build((None, None, 3))
    refused(error, lambda: make(crf), "Received", *parts)


def test_masked_steps_may_hold_anything():
    """Neither their NaN nor their targets are an error."""
    crf = CRF(3)
    mask = np.ones((2, 4), bool)
    mask[1, 2] = False
    crf.decode(NAN, mask=mask)
    crf.log_likelihood(X, np.where(mask, 1, 77), mask=mask)


def test_a_model_is_refused_when_it_is_made():
    scores = keras.Input((4, 5))
    refused(ValueError, lambda: CRF(3)(scores), "keras.layers.Dense(3)", "(None, 4, 5)")


def test_fit_without_a_crf_at_the_end():
    model = keras.Sequential([keras.Input((4, 3)), keras.layers.Dense(3)])
    model.compile("sgd", CRFLoss())
    refused(
        ValueError,
        lambda: model.train_on_batch(X, np.zeros((2, 4), "int32")),
        "End the model in the CRF",
    )


def test_tags_are_a_number_or_a_list_of_names():
    assert CRF(np.array(["O", "B-X"])).names == ["O", "B-X"]
    assert CRF(np.int64(3)).size == 3
    for wrong in ("OBI", [], [["O"]]):
        with pytest.raises(ValueError, match="a number of tags or a list of their names"):
            CRF(wrong)


def test_a_call_refuses_nan():
    scores = np.zeros((2, 3, 2), "float32")
    scores[1, 2, 0] = np.nan
    with pytest.raises(ValueError, match="NaN at row 1, step 2, tag 0"):
        CRF(2)(scores)
    mask = np.array([[True] * 3, [True, True, False]])
    assert CRF(2)(scores, mask=mask).shape == (2, 3)
