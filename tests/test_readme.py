"""The README is up to date, and what it shows runs."""

import re
import shlex

import pytest
from running import on_one_backend

from keras_rnnzoo import readme

README = readme.ROOT / "README.md"


@pytest.fixture(scope="module")
def text():
    return README.read_text(encoding="utf-8")


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.S | re.M)


@on_one_backend
def test_its_generated_parts_are_up_to_date(text):
    assert readme.fill(text) == text, "run: python -m keras_rnnzoo.readme --write"


@on_one_backend
def test_its_python_runs(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # what it saves lands here
    shown = blocks(text, "python")
    assert shown
    namespace = {}
    for number, block in enumerate(shown, start=1):
        exec(compile(block, f"README.md, Python block {number}", "exec"), namespace)


@pytest.mark.parametrize(
    "shape", blocks((readme.ROOT / "examples/shapes.md").read_text(), "python")
)
def test_an_example_of_every_shape_runs_alone(shape):
    assert sum(bool(line) for line in shape.splitlines()) <= 12
    exec(compile(shape, "examples/shapes.md", "exec"), {})


@on_one_backend
def test_its_commands_name_files_that_exist(text):
    commands = "\n".join(blocks(text, "(?:bash|sh|shell|console)"))
    words = shlex.split(commands, comments=True)
    files = [
        word for word in words if re.fullmatch(r"(examples|tests|benchmarks|tuning)/\S+", word)
    ]
    assert files
    for name in files:
        assert (readme.ROOT / name).exists(), name
    modules = [words[i + 1] for i, word in enumerate(words[:-1]) if word == "-m"]
    for name in {module for module in modules if module != "venv"}:
        path = readme.ROOT / name.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), name


@on_one_backend
def test_its_links_lead_to_files_that_exist(text):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if "://" not in target:
            assert (readme.ROOT / target).exists(), target


@on_one_backend
def test_a_part_that_is_missing_is_named():
    with pytest.raises(ValueError, match="'layers'"):
        readme.fill("# Without any part")


@on_one_backend
def test_without_records_the_table_says_so(tmp_path):
    for name in (
        "imdb",
        "forecasting",
        "forecasting cells",
        "forecasting quantiles",
        "movement",
        "digits",
        "shapes",
        "memory",
    ):
        assert "recorded yet" in readme.PARTS[name](tmp_path / "missing.jsonl")
