"""Files of noise to read series from, and a machine without data and network."""

import socket

import numpy as np
import pandas as pd


def write_noise(path, rows, start="2020-01-01", frequency="D", channels=("y",), seed=0):
    """Write a CSV file of noise, in whose cells all digits of a float64 stand; gives its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = np.random.default_rng(seed).normal(size=(rows, len(channels)))
    index = pd.date_range(start, periods=rows, freq=frequency).strftime("%Y-%m-%d %H:%M:%S")
    pd.DataFrame(table, index, channels).rename_axis("date").to_csv(path, float_format="%.17g")
    return path


def take_away(monkeypatch, folder):
    """No data but those in `folder`, and no network; gives the addresses that are asked for."""
    monkeypatch.setenv("KERAS_RNNZOO_DATA", str(folder))
    monkeypatch.setenv("TFDS_DATA_DIR", str(folder / "default"))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    asked = []

    def unreachable(address, **_):
        asked.append(address)
        raise OSError("Network is unreachable")

    monkeypatch.setattr(socket, "create_connection", unreachable)
    return asked
