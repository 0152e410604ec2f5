"""Where weights start: apart from each other, and as the options say."""

import inspect

import keras
import numpy as np
import pytest
from catalogue import FEATURES, case
from helpers import close, numpy
from running import on_one_backend

from keras_rnnzoo import get, list_layers
from keras_rnnzoo.models.forget_start import forget_gates

FORGETFUL = [n for n in list_layers() if "unit_forget_bias" in inspect.signature(get(n)).parameters]


def test_orthogonal_start_of_a_diagonal_means_signs():
    cell = case("LSTM").cell(50, recurrence="diagonal")
    cell.build((None, FEATURES))
    start = numpy(cell.recurrent_kernel)
    assert start.shape == (200,) and set(np.unique(start)) == {-1.0, 1.0}
    assert 0.3 < (start > 0).mean() < 0.7
    gates = start.reshape(4, 50)
    assert (gates[0] != gates[1]).any(), "all gates start alike"
    cell = case("SimpleRNN").cell(5, recurrence="diagonal", recurrent_initializer="identity")
    cell.build((None, FEATURES))
    close(cell.recurrent_kernel, np.ones(5), 0)


def test_each_block_starts_by_itself():
    cell = case("SimpleRNN").cell(12, recurrence="block", blocks=3)
    cell.build((None, FEATURES))
    kernel = numpy(cell.recurrent_kernel)[:, :, 0]
    assert kernel.shape == (3, 4, 4)
    for part in kernel:
        close(part @ part.T, np.eye(4), 1e-5)
    assert np.abs(kernel[0] - kernel[1]).max() > 0.1


def test_weights_that_share_an_initializer_start_apart():
    cell = case("PeepholeLSTM").cell()
    cell.build((None, FEATURES))
    assert np.abs(numpy(cell.peephole_i) - numpy(cell.peephole_f)).max() > 1e-3
    cell = case("PeepholeLSTM", peephole="full").cell(bias_initializer="random_normal")
    cell.build((None, FEATURES))
    i_and_f = np.split(numpy(cell.peephole_kernel_if), 2, axis=1)
    for part in i_and_f:
        assert np.abs(part - numpy(cell.peephole_kernel_o)).max() > 1e-3
    i, f, g, o = np.split(numpy(cell.bias), 4)
    assert (f == 1).all() and np.abs(i - g).max() > 1e-3 and np.abs(g - o).max() > 1e-3


@on_one_backend
def test_forget_bias_is_the_cells_own_option():
    for name in FORGETFUL:
        for asked in (True, False):
            cell = case(name).cell(unit_forget_bias=asked)
            cell.build((None, FEATURES))
            bias = numpy(cell.bias).reshape(len(cell.bias_blocks), -1)
            ones = {g for g, row in zip(cell.bias_blocks, bias) if (row == 1).all()}
            assert ones == (set(cell.bias_starts) if asked else set())
            assert bool(cell.bias_starts) == asked


@on_one_backend
def test_forget_gates_are_those_that_start_at_one():
    assert forget_gates("JANET") == forget_gates("RAN") == ("f",)
    assert forget_gates("CFN") == ("theta",) and forget_gates("MUT2") == ()
    for name in FORGETFUL:
        assert forget_gates(name) == tuple(get(name)(4).cell.bias_starts)


def test_janet_remembers_for_as_long_as_it_is_told():
    """b_f = 1, or ln u with u even in [1, steps - 1]: anew for each layer, repeated by a seed."""
    f, g = np.split(numpy(started("JANET").bias), 2)
    assert (f == 1).all() and not g.any()
    keras.utils.set_random_seed(3)
    first, second = (numpy(started("JANET", chrono_steps=50).bias) for _ in range(2))
    times, g = np.split(np.exp(first), 2)
    assert times.min() >= 1 and times.max() <= 49 and (g == 1).all()
    assert times.mean() == pytest.approx(25, abs=2) and times.std() == pytest.approx(13.9, abs=1)
    assert np.abs(first - second).max() > 1
    keras.utils.set_random_seed(3)
    close(started("JANET", chrono_steps=50).bias, first, 0)


def started(name, **own):
    cell = case(name, **own).cell(400)
    cell.build((None, FEATURES))
    return cell
