"""The rooms import only what they may; every import statement is looked at."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODELING_MAY = {
    "ahocorasick",
    "modeling",
    "numpy",
    "onnx",
    "onnxruntime",
    "regex",
    "rensa",
    "safetensors",
    "tokenizers",
    "torch",
    "torchcrf",
    "transformers",
}
# These import neither torch nor numpy.
PURE = {
    "card",
    "configuration",
    "confusion",
    "curves",
    "diversity",
    "effort",
    "export",
    "lexicon",
    "names",
    "rules",
    "scoring",
    "shapes",
    "spans",
    "tagging",
    "tokens",
    "votes",
}
NUMERIC = {"stopping"}  # imports numpy, but not torch
ANNOTATOR_MAY_NOT = {
    "onnxruntime",
    "torch",
    "torchcrf",
    "transformers",
    "tokenizers",
    "safetensors",
}


def sources(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def imports(path: Path, *, top_level_only: bool = False) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_level_only else list(ast.walk(tree))
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", sources("modeling"), ids=named)
def test_modeling_knows_no_web_no_queue_and_no_database(path: Path) -> None:
    rooms = {name.split(".")[0] for name in imports(path)}
    assert rooms - MODELING_MAY - set(sys.stdlib_module_names) == set()


@pytest.mark.parametrize("name", sorted(PURE))
def test_pure_modules_load_no_heavy_library(name: str) -> None:
    rooms = {name.split(".")[0] for name in imports(ROOT / "modeling" / f"{name}.py")}
    assert rooms & {"numpy", "torch", "torchcrf", "transformers"} == set()


@pytest.mark.parametrize("name", sorted(NUMERIC))
def test_numeric_modules_load_numpy_and_pure_modules_only(name: str) -> None:
    names = set(imports(ROOT / "modeling" / f"{name}.py"))
    assert {n.split(".")[0] for n in names} & ANNOTATOR_MAY_NOT == set()
    modules = {n.split(".")[1] for n in names if n.startswith("modeling.")}
    assert modules - PURE == set()


def test_the_modeling_package_itself_imports_nothing() -> None:
    assert list(imports(ROOT / "modeling" / "__init__.py")) == []


@pytest.mark.parametrize("path", sources("annotator"), ids=named)
def test_the_web_side_never_loads_the_model(path: Path) -> None:
    names = set(imports(path))
    assert {name.split(".")[0] for name in names} & ANNOTATOR_MAY_NOT == set()
    modules = {name.split(".")[1] for name in names if name.startswith("modeling.")}
    assert modules - PURE - NUMERIC == set()


@pytest.mark.parametrize("path", sources("annotator/models"), ids=named)
def test_models_import_neither_tasks_nor_views_nor_forms(path: Path) -> None:
    for name in imports(path):
        assert not name.startswith(("tasks", "annotator.views", "annotator.forms"))


@pytest.mark.parametrize("path", sources("tasks"), ids=named)
def test_task_modules_load_the_model_only_when_a_task_runs(path: Path) -> None:
    # These are imported inside a body.
    inner = ("adaptation.py", "grid.py", "recipe.py", "run.py", "simulation.py")
    if path.name in inner:
        return
    names = {
        name
        for name in imports(path, top_level_only=True)
        if name.startswith("modeling.")
    }
    assert {name.split(".")[1] for name in names} - PURE - NUMERIC == set()


def test_nobody_uses_model_signals() -> None:
    for room in ("annotator", "tasks"):
        for path in sources(room):
            assert "django.db.models.signals" not in set(imports(path)), path
