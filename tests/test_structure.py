"""The house keeps its shape: who imports whom, sizes, docstrings, and a light import."""

import ast
import doctest
import inspect
import os
import pathlib
import re
import subprocess
import sys

import conftest
import keras
import numpy as np
import pytest
from catalogue import REGISTERED
from running import FIRST, on_one_backend

import keras_rnnzoo

ROOT = pathlib.Path(__file__).parent.parent
PACKAGE = ROOT / "keras_rnnzoo"
FILES = sorted(p for p in PACKAGE.rglob("*.py"))
TUNING = sorted((ROOT / "tuning").glob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in [*FILES, *TUNING]}
BACKENDS = ("tensorflow", "jax", "torch")

# A part may use what stands in a later row, never what stands in an earlier one.
RANKS = (
    ("models", "datasets", "metrics", "figures", "training", "through_time", "readme"),
    ("hybrids",),
    ("wrappers",),
    ("registry",),
    ("crf",),
    ("tags",),
    ("cells", "linear"),
    ("base",),
    ("kernels",),
)
ALONE = {"version"}


def ids(path):
    return str(path.relative_to(ROOT))


def imported(tree):
    """Every module that a file imports, wherever it does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rank(part):
    return next((k for k, parts in enumerate(RANKS) if part in parts), None)


def part_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@on_one_backend
@pytest.mark.parametrize("path", FILES, ids=ids)
def test_direction_of_imports(path):
    part = part_of(path)
    if part == "__init__":
        return
    assert part in ALONE or rank(part) is not None, f"{part} has no place in RANKS"
    for module in imported(TREES[path]):
        if module.startswith("keras_rnnzoo."):
            other = module.split(".")[1]
            if other != part and rank(other) is not None:
                assert rank(part) < rank(other) or rank(part) == rank(other) == 0, module


@on_one_backend
@pytest.mark.parametrize("path", [*FILES, *TUNING], ids=ids)
def test_backends_are_named_in_kernels_alone(path):
    if path in FILES and part_of(path) == "kernels":
        return
    roots = {module.split(".")[0] for module in imported(TREES[path])}
    assert not roots & {*BACKENDS, "tf"}


@on_one_backend
@pytest.mark.parametrize("folder", ["cells", "linear"])
def test_cells_import_the_base_keras_and_math(folder):
    for path in sorted((PACKAGE / folder).glob("*.py")):
        for module in imported(TREES[path]):
            own = module.startswith((f"keras_rnnzoo.{folder}", "keras_rnnzoo.base"))
            assert own or module.split(".")[0] in ("keras", "math"), f"{path.name}: {module}"


def code_lines(function):
    """Lines of a function beside its signature and docstring."""
    body = function.body[1 if ast.get_docstring(function) else 0 :]
    return function.end_lineno - body[0].lineno + 1 if body else 0


@on_one_backend
@pytest.mark.parametrize("path", [*FILES, *TUNING], ids=ids)
def test_sizes(path):
    length = len(path.read_text(encoding="utf-8").splitlines())
    cell = path in FILES and part_of(path) in ("cells", "linear")
    assert length < (120 if cell else 300)
    for node in ast.walk(TREES[path]):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert code_lines(node) < 40, f"{node.name} is {path.name}:{node.lineno}"


# Steps computed by hand read best in one place; runs that are killed and resumed should be cut.
LONG = ("test_oracles.py", "test_training.py")


@on_one_backend
def test_sizes_of_the_tests():
    for path in (ROOT / "tests").glob("*.py"):
        if path.name not in LONG:
            assert len(path.read_text(encoding="utf-8").splitlines()) < 300, path.name


@on_one_backend
def test_sweeps_hold_no_model_or_data_code():
    """A sweep tunes what an example trains, and the package never asks for a sweep."""
    for path in TUNING:
        bases = [base for node in ast.walk(TREES[path]) if isinstance(node, ast.ClassDef)
                 for base in node.bases]  # fmt: skip
        named = {ast.unparse(base) for base in bases}
        assert not any(name.endswith((".Model", ".Layer", "Cell")) for name in named), path.name
    for path in FILES:
        assert not any((m or "").split(".")[0] == "tuning" for m in imported(TREES[path])), path


def test_what_runs_on_one_backend_alone_asks_for_none():
    for name in conftest.ONCE:
        path = ROOT / "tests" / f"test_{name}.py"
        roots = {module.split(".")[0] for module in imported(ast.parse(path.read_text("utf-8")))}
        assert not roots & {"keras", "helpers", "forecasts", "running", *BACKENDS}, name


# Docstrings ------------------------------------------------------------------------------------


def issubclass_of_model(thing):
    """Models are tried by their own tests: their examples read files and train."""
    return inspect.isclass(thing) and issubclass(thing, keras.Model)


class AnyShape(doctest.OutputChecker):
    """torch and TensorFlow print a shape in words of their own."""

    def check_output(self, want, got, optionflags):
        got = re.sub(r"(?:torch\.Size|TensorShape)\(\[(.*)\]\)", r"(\1)", got)
        return super().check_output(want, got, optionflags)


LAYERS = [*keras_rnnzoo.list_layers(), *keras_rnnzoo.list_layers("cell")]
PUBLIC = {name: getattr(keras_rnnzoo, name) for name in keras_rnnzoo.__all__}
EXPORTED = [n for n, v in PUBLIC.items() if callable(v) and not issubclass_of_model(v)]
# Where each layer is compiled anew, the examples of some stand for those of all.
if keras.backend.backend() != FIRST:
    COMMON = {f"{case.name}{kind}" for case in REGISTERED for kind in ("", "Cell")}
    EXPORTED = [n for n in EXPORTED if n not in LAYERS or n in COMMON]


@on_one_backend
@pytest.mark.parametrize("name", LAYERS)
def test_docstring_sections(name):
    cls = getattr(keras_rnnzoo, name)
    text = inspect.getdoc(cls)
    first = text.splitlines()[0]
    assert first.endswith((".", ":")) or text.splitlines()[1] == ""
    for section in ("**Equations**", "Weights:", "Example:", "Reference:"):
        assert text.count(section) == 1, section
    for weight in ("`kernel (features, ", "bias (" if "bias" in text else "kernel"):
        assert weight in text
    assert re.search(r"arXiv:\d{4}\.\d{4,5}|\(\d{4}\)", text)
    cell = cls if name.endswith("Cell") else cls.cell_class
    own = [n for n in inspect.signature(cell.__init__).parameters if n not in ("self", "units")]
    for option in set(own) - {"options"}:
        assert f"{option}:" in text, f"own option {option} is not described"


@on_one_backend
@pytest.mark.parametrize("name", LAYERS)
def test_weights_are_those_of_the_docstring(name):
    """Each weight of a fresh layer stands in its docstring."""
    cls = getattr(keras_rnnzoo, name)
    layer = cls(4)
    layer.build((None, 3) if name.endswith("Cell") else (None, 5, 3))
    for weight in layer.weights:
        assert f"`{weight.name}" in inspect.getdoc(cls), weight.name


@pytest.mark.parametrize("name", EXPORTED)
def test_examples_run(name):
    """What a docstring shows as a result is what comes; other lines run without an error."""
    text = inspect.getdoc(PUBLIC[name])
    assert ">>>" in text, f"{name} shows no example"
    names = PUBLIC | {"keras_rnnzoo": keras_rnnzoo, "keras": keras, "np": np}
    test = doctest.DocTestParser().get_doctest(text, names, name, None, None)
    for example in test.examples:
        if not example.want:
            exec(compile(example.source, name, "exec"), test.globs)
    test.examples = [e for e in test.examples if e.want]
    runner = doctest.DocTestRunner(AnyShape(), optionflags=doctest.ELLIPSIS)
    failures = []
    runner.run(test, out=failures.append)
    assert not runner.failures, "".join(failures)


# Imports in a fresh process --------------------------------------------------------------------


def fresh(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def test_import_is_light():
    """What Keras brings, its one backend and pandas if it finds it, and nothing on top."""
    heavy = ["tensorflow_datasets", "sklearn", "matplotlib", "keras_tuner", "pandas", "statsmodels"]
    done = fresh(
        "import sys, keras; before = set(sys.modules); import keras_rnnzoo; "
        f"print([m for m in {[*heavy, *BACKENDS]!r} if m in set(sys.modules) - before])"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


@on_one_backend
@pytest.mark.parametrize("missing", [BACKENDS, ("keras",)], ids=["backend", "keras"])
def test_without_a_backend_the_import_says_what_to_install(missing):
    done = fresh(
        f"""
import importlib.abc, sys
class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Blocked())
import keras_rnnzoo
"""
    )
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: keras_rnnzoo needs Keras with a backend"), last
    assert "pip install keras-rnnzoo[jax]" in last and "KERAS_BACKEND" in last
