"""The house: a module imports only what stands above it, and light imports stay light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import digitlab

PACKAGE = Path(digitlab.__file__).parent

ORDER = [
    "errors",
    "settings",
    "labels",
    "images",
    "datasets",
    "synthetic",
    "html",
    "prediction",
    "model",
    "store",
    "correction_memory",
    "picture_reader",
    "evaluation",
    "plots",
    "learning",
    "jobs",
    "lab",
    "widgets",
    "server",
    "cli",
]
"""From the ground up; `docs/design.md` has the same list."""

HEAVY = ("tensorflow", "keras", "pandas", "papermill", "matplotlib", "alembic")


def imports_of(path: Path) -> set[str]:
    """Parts of digitlab that a module imports, at its top or inside its functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "digitlab" and len(parts) > 1 and parts[1] in ORDER:
                found.add(parts[1])
    return found


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


MODULES = sorted(p for p in PACKAGE.rglob("*.py") if part_of(p) in ORDER)


def test_every_module_has_its_place_in_the_order():
    named = {part_of(p) for p in PACKAGE.rglob("*.py")}
    assert named - {"__init__", "__main__"} == set(ORDER)


def type_checking_imports(path: Path) -> set[str]:
    """Parts imported only for type checkers."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for child in ast.walk(node):
                if isinstance(child, ast.ImportFrom) and child.module:
                    found.add(child.module.split(".")[1])
    return found


KERAS = {"model/network.py", "model/finetuning.py", "model/keras_import/build.py"}

# The facade's one step upwards: Lab.page() makes the page that stands on it.
UPWARD = {("lab", "widgets")}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_what_stands_above_it(path):
    place = ORDER.index(part_of(path))
    upward = {name for name in imports_of(path) if ORDER.index(name) > place}
    assert {(part_of(path), name) for name in upward} <= UPWARD


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_only_the_modules_that_train_or_convert_import_keras_or_tensorflow(path):
    text = path.read_text(encoding="utf-8")
    modules = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(text))
        for name in (
            [a.name for a in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    allowed = {"keras", "tensorflow"} if str(path.relative_to(PACKAGE)) in KERAS else set()
    assert modules & {"keras", "tensorflow"} <= allowed


@pytest.mark.parametrize(
    "module", ["digitlab", "digitlab.widgets", "digitlab.lab", "digitlab.cli", "digitlab.server"]
)
def test_a_light_import_loads_nothing_heavy(module):
    code = f"import sys, {module}; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_importing_the_package_alone_does_not_even_load_numpy():
    code = "import sys, digitlab; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_public_names_are_sorted_and_all_there():
    assert digitlab.__all__ == sorted(digitlab.__all__)
    assert all(getattr(digitlab, name) is not None for name in digitlab.__all__)
    assert set(digitlab.__all__) <= set(dir(digitlab))


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        digitlab.nothing  # noqa: B018
