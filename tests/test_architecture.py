"""The import graph of the package: floors, no cycles, and light imports that stay light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import digitlab

PACKAGE = Path(digitlab.__file__).parent

FLOORS = [
    "errors",
    "settings",
    "private_files",
    "special_files",
    "labels",
    "phrases",
    "html",
    "images.formats",
    "images.budget",
    "images.jpeg_structure",
    "images.tiff_structure",
    "images.pdf_worker",
    "images.pdf",
    "images.resize",
    "images.pixel_scale",
    "images.transparency",
    "images.picture",
    "images.decode",
    "images.sources",
    "images.segmentation",
    "images.normalise",
    "images.single_digit",
    "images.several_digits",
    "images.multi_digit",
    "images.similarity",
    "images.explain",
    "images.examples",
    "images",
    "datasets",
    "synthetic.handwriting",
    "synthetic.non_digits",
    "synthetic.photographs",
    "synthetic",
    "prediction",
    "reading",
    "model.train_config",
    "model.metrics",
    "model.augment",
    "model.native_stderr",
    "model.network",
    "model.finetuning",
    "model.card",
    "model.runtime",
    "model.refusal_threshold",
    "model.calibration",
    "model.reference_embeddings",
    "model.training_data",
    "model.training",
    "model.keras_import",
    "model",
    "store.tables",
    "store.migrations",
    "store.database",
    "store.change_counter",
    "store.home_settings",
    "store.feedback",
    "store.models",
    "store.runs",
    "store",
    "correction_memory",
    "candidate_choice",
    "page_reader",
    "digit_count",
    "picture_reader",
    "feedback_import",
    "evaluation",
    "plots",
    "learning.config",
    "learning.thresholds",
    "learning.results",
    "learning.time_estimate",
    "learning.notebook_parameters",
    "learning.label_quality",
    "learning.data",
    "learning.training",
    "learning.gate",
    "learning.run_session",
    "learning.report",
    "learning.fine_tune",
    "learning",
    "jobs",
    "lab",
    "widgets.state",
    "widgets.views",
    "widgets",
    "notebook_lab",
    "server",
    "cli",
    "__main__",
]
"""From the ground up: a module imports only its own floor and those before it.

`docs/design.md` describes each floor.
"""

HEAVY = ("tensorflow", "keras", "pandas", "papermill", "matplotlib", "alembic")

KERAS = {"model/network.py", "model/finetuning.py", "model/keras_import/saved_model.py"}
"""The modules that train or convert networks."""


def name_of(path: Path) -> str:
    """Return the dotted name of a module without the leading "digitlab."."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
del MODULES["__init__"]  # names the public API, and imports a module when a name is used


def floor_of(module: str) -> int:
    """Return the place of a module's floor; ValueError if it has none."""
    while module not in FLOORS:
        parent, dot, _ = module.rpartition(".")
        if not dot:
            raise ValueError(module)
        module = parent
    return FLOORS.index(module)


def imports_of(path: Path) -> set[str]:
    """Return the modules of digitlab that a file imports, also inside functions."""
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            package, _, module = name.partition(".")
            if package != "digitlab":
                continue
            while module and module not in MODULES:
                module = module.rpartition(".")[0]
            if module:
                imported.add(module)
    return imported


GRAPH = {module: imports_of(path) - {module} for module, path in MODULES.items()}


def cycles() -> list[list[str]]:
    """Return the groups of modules that import one another (Tarjan 1972)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups = []

    def visit(module: str) -> None:
        order[module] = low[module] = len(order)
        stack.append(module)
        for other in GRAPH[module]:
            if other not in order:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in stack:
                low[module] = min(low[module], order[other])
        if low[module] == order[module]:
            place = stack.index(module)
            group = stack[place:]
            del stack[place:]
            if len(group) > 1:
                groups.append(sorted(group))

    for module in GRAPH:
        if module not in order:
            visit(module)
    return groups


def test_every_module_has_a_floor():
    assert [floor_of(module) for module in MODULES]


def test_every_floor_has_a_module():
    used = {FLOORS[floor_of(module)] for module in MODULES}
    assert used == set(FLOORS)


def test_no_module_imports_a_floor_above_its_own():
    upward = {
        f"{module} -> {other}"
        for module, others in GRAPH.items()
        for other in others
        if floor_of(other) > floor_of(module)
    }
    assert upward == set()


def test_no_modules_import_each_other():
    assert cycles() == []


def test_only_the_modules_that_train_or_convert_import_keras_or_tensorflow():
    importers = set()
    for path in MODULES.values():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            if {name.split(".")[0] for name in names} & {"keras", "tensorflow"}:
                importers.add(path.relative_to(PACKAGE).as_posix())
    assert importers == KERAS


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


def test_every_error_is_public():
    from digitlab import errors

    trees = [errors.DigitlabError, *errors.DigitlabError.__subclasses__()]
    defined_here = {error.__name__ for error in trees if error.__module__ == "digitlab.errors"}
    assert defined_here <= set(digitlab.__all__)


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        digitlab.nothing  # noqa: B018
