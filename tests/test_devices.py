"""Our models train on several devices as on one: what Keras distributes needs nothing of ours."""

import json
from pathlib import Path

import keras
import pytest
import running

CASES = {
    "data_parallel": ("jax", [None, None]),
    "model_parallel": ("jax", [None, "model"]),
    "mirrored": ("tensorflow", "2 replicas"),
}


@pytest.mark.parametrize("kind", CASES)
def test_two_devices_train_as_one(kind):
    backend, placed = CASES[kind]
    if keras.config.backend() != backend:
        pytest.skip(f"distribution of {backend}")
    script = Path(__file__).parent / "on_devices.py"
    process = running.start(script, kind, to_be_killed=True)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    found = json.loads(out.splitlines()[-1])
    assert found["placed"] == placed
    assert found["losses"][-1] < found["losses"][0] - 0.01
    assert found["on_two"] == pytest.approx(found["losses"], rel=1e-5)
    assert found["apart"] < 1e-5
