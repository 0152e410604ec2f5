"""Sweeps that nobody ran: logs with a known best cell and known effects, for tests of reports."""

import json

import numpy as np

CELLS = ("lstm", "gru", "peephole_lstm", "cifg_lstm", "mgu", "min_gru", "li_gru", "simple_rnn")
ENVIRONMENT = {
    "python": "3.11.7",
    "keras": "3.15.1",
    "backend": "torch",
    "backend_version": "2.13.0",
    "numpy": "2.4.6",
    "cpu_count": 2,
    "commit": "0123abcd",
}
SPACE = {
    "cell": "any of the cells",
    "depth": "1 to 3",
    "learning_rate": "log-uniform, 0.0001 to 0.03",
    "dropout": "uniform, 0 to 0.5",
    "clip": "none or 1",
    "forget_bias": "0, 1 or chrono, for cells with a forget gate",
}


class FakeSweep:
    """A sweep in compare mode; cells come in the order of how good they are, the best first.

    Args:
        cells, draws, seeds: how many of each; seeds are of winners and defaults.
        direction: "min" or "max"; a score is 8 + loss, or 8 - loss.
        step: between the losses of a cell and the next.
        noise: of each score.
        failed: pairs of cell and draw that failed.
    """

    def __init__(
        self,
        cells=CELLS,
        draws=16,
        seeds=3,
        direction="min",
        step=0.1,
        noise=0.05,
        failed=(),
        seed=0,
    ):
        self.random = np.random.default_rng(0)
        self.cells, self.direction, self.step, self.noise = cells, direction, step, noise
        self.draws = [self._draw() for _ in range(draws)]
        self.lines, best = [], {}
        for draw, settings in enumerate(self.draws):
            for cell in cells:
                line = self._line("trial", cell, settings, 0, (cell, draw) in failed)
                line |= {"trial": f"{len(self.lines):04d}", "draw": draw}
                self.lines.append(line)
                value = line["validation"]
                if value is not None and self._better(value, best.get(cell)):
                    best[cell] = line
        for cell, line in best.items():
            for seed in range(100, 100 + seeds):
                settings = {k: v for k, v in line["configuration"].items() if k != "cell"}
                winner = self._line("winner", cell, settings, seed)
                self.lines.append(winner | {"trial": line["trial"]})
                plain = {"depth": 1, "learning_rate": 0.001, "dropout": 0.0, "clip": None}
                self.lines.append(self._line("default", cell, plain, seed))

    def _better(self, value, than):
        if than is None:
            return True
        return (value < than["validation"]) == (self.direction == "min")

    def _draw(self):
        return {
            "depth": int(self.random.integers(1, 4)),
            "learning_rate": float(10 ** self.random.uniform(-4, -1.5)),
            "dropout": float(self.random.uniform(0, 0.5)),
            "clip": [None, 1.0][self.random.integers(2)],
            "forget_bias": [0, 1, "chrono"][self.random.integers(3)],
        }

    def loss(self, cell, settings):
        """What a configuration costs on top of the best, without noise."""
        rate = np.log10(settings["learning_rate"]) + 2.5
        depth = {1: 0.1, 2: 0.0, 3: 0.05}[settings["depth"]]
        loss = 0.5 * rate**2 + depth + 0.1 * settings["dropout"]
        return loss + self.step * self.cells.index(cell)

    def _line(self, kind, cell, settings, seed, failed=False):
        configuration = {"cell": cell, "units": 40 - 3 * settings["depth"], **settings}
        if "forget_bias" in settings and ("gru" in cell or "rnn" in cell):
            configuration["forget_bias"] = None
        sign = 1 if self.direction == "min" else -1
        noisy = self.loss(cell, settings) + self.noise * self.random.normal(size=2)
        score, test = (8 + sign * noisy).tolist()
        curve = [score + sign * 2 * 0.5**epoch for epoch in range(8)] + [score]
        objective = "nll" if self.direction == "min" else "accuracy"
        return {
            "kind": kind,
            "task": "parity",
            "sweep": "5f3a",
            "trial": None,
            "draw": None,
            "status": "failed" if failed else "completed",
            "error": "ValueError: the loss is not finite" if failed else None,
            "configuration": configuration,
            "seed": seed,
            "objective": objective,
            "direction": self.direction,
            "curve": curve[:2] if failed else curve,
            "validation": None if failed else score,
            "best_epoch": None if failed else 9,
            "epochs": 2 if failed else 9,
            "test": {objective: test} if kind != "trial" else None,
            "parameters": int(30000 + self.random.integers(-500, 500)),
            "seconds": 10
            + 5 * settings["depth"]
            + self.cells.index(cell)
            + float(self.random.random()),
            "environment": ENVIRONMENT,
            "time": "2026-11-24T20:01:02+00:00",
        }

    def write(self, folder):
        """The folder as a sweep leaves it; gives the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        settings = {
            "task": "parity",
            "mode": "compare",
            "tuner": "random",
            "cells": list(self.cells),
            "depths": [1, 2, 3],
            "trials": len(self.draws),
            "seeds": 3,
            "budget_seconds": 7200,
            "parameters": 30000,
            "epochs": 9,
            "space": SPACE,
            "command": "python -m tuning.sweep parity --cells all --depths 1-3",
            "environment": ENVIRONMENT,
        }
        (folder / "sweep.json").write_text(json.dumps(settings))
        text = "".join(json.dumps(line) + "\n" for line in self.lines)
        (folder / "trials.jsonl").write_text(text)
        return folder
