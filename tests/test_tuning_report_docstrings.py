"""What the docstrings around the report show as a result is what comes."""

import doctest
import importlib

import numpy as np
import pandas as pd
import pytest

MODULES = ("document", "entries", "factors", "importance", "ranking", "comparisons", "winners")


@pytest.mark.parametrize("name", MODULES)
def test_examples_with_a_result(name):
    module = importlib.import_module(f"tuning.{name}")
    runner = doctest.DocTestRunner()
    failures, tried = [], 0
    names = vars(module) | {"np": np, "pd": pd}
    for test in doctest.DocTestFinder(exclude_empty=True).find(module, globs=names):
        if any(example.want for example in test.examples):
            tried += runner.run(test, out=failures.append).attempted
    assert tried and not failures, "".join(failures)
