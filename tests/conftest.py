"""What holds for every test: quiet backends, fixed seeds, and which tests are left out."""

import os

# Before any backend is imported. `JAX_DISABLE_JIT` would change what is tested, this does not.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

# JAX keeps what it compiled, so that a run that is resumed or repeated compiles nothing again. A
# folder for each worker, as its files are not written in one step.
if "TESTS_COMPILED" in os.environ:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    os.environ["JAX_COMPILATION_CACHE_DIR"] = os.path.join(os.environ["TESTS_COMPILED"], worker)
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"

import pytest  # noqa: E402

DATA = "KERAS_RNNZOO_DATA"

# What these test is computed by NumPy, whatever the backend: `python -m tests` runs them once.
ONCE = [
    "calendar",
    "characters",
    "clips",
    "conll",
    "entity_metrics",
    "figures",
    "figures_attention",
    "figures_capability",
    "figures_entities",
    "figures_forecast_errors",
    "figures_forecasting",
    "forecast_baselines",
    "forecast_errors",
    "forecast_metrics",
    "forecast_metrics_oracle",
    "forecast_scores",
    "forecasting_data",
    "music",
    "memory_data",
    "moving_shapes",
    "ner_sample",
    "offsets",
    "oracles",
    "oracles_gated",
    "oracles_leaky",
    "oracles_linear",
    "oracles_lstm",
    "ridge",
    "scaling",
    "sequences",
    "series_splits",
    "spectrograms",
    "spoken_digits",
    "tags",
    "time_csv",
    "time_frames",
    "time_grid",
    "time_series",
    "time_stamps",
    "tuning_budget",
    "translation_data",
    "translation_scores",
    "tuning_draws",
    "tuning_log",
    "tuning_refusals",
    "tuning_report",
    "tuning_report_docstrings",
    "tuning_report_folders",
    "tuning_report_importance",
    "tuning_report_pictures",
    "tuning_statistics",
    "tuning_summary",
    "tuning_sweep",
    "tuning_workers",
    "vector_files",
    "word_features",
    "word_vectors",
]


def pytest_addoption(parser):
    parser.addoption(
        "--update-goldens",
        action="store_true",
        help="write tests/goldens/*.json anew from what the layers give now",
    )


def pytest_collection_modifyitems(config, items):
    """Leave out `slow` tests unless asked for with `-m slow`, and what ran on another backend."""
    out = []
    if "slow" not in config.option.markexpr:
        out = [item for item in items if "slow" in item.keywords]
    if os.environ.get("TESTS_ONCE") == "done":
        out += [item for item in items if item.path.stem.removeprefix("test_") in ONCE]
    config.hook.pytest_deselected(items=out)
    left = set(map(id, out))
    items[:] = [item for item in items if id(item) not in left]


def pytest_terminal_summary(terminalreporter):
    """How many tests on real data were left out; they skip with a reason that names `DATA`."""
    if DATA not in os.environ:
        skipped = terminalreporter.stats.get("skipped", [])
        count = sum(DATA in str(report.longrepr) for report in skipped)
        terminalreporter.write_line(
            f"{count} real-data tests left out; set {DATA} to the folder of the prepared data"
        )


@pytest.fixture(autouse=True)
def seeded():
    """Every test starts from the same seed."""
    import keras

    keras.utils.set_random_seed(20)


@pytest.fixture
def rng():
    """Random numbers for inputs and weights."""
    import numpy as np

    return np.random.default_rng(7)
