"""The fakes of the page's tests have the same members and parameters as the real Lab."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from pathlib import Path

import pytest
from support.fake_lab import FakeLab
from support.fine_tune_views import FakeFineTuneLab

import digitlab.widgets
from digitlab.lab import Lab
from digitlab.learning import FineTuneConfig

WIDGETS = Path(digitlab.widgets.__file__).parent
LAB_NAMES = {"lab", "_lab"}
CONFIG_FIELDS = {field.name for field in dataclasses.fields(FineTuneConfig)} | {"evaluate_on"}


def members_used_by_the_page() -> set[str]:
    """Return the names of all attributes that the widgets read from a lab."""
    nodes = [
        node
        for path in WIDGETS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
    ]
    return {
        node.attr
        for node in nodes
        if (isinstance(node.value, ast.Name) and node.value.id in LAB_NAMES)
        or (isinstance(node.value, ast.Attribute) and node.value.attr in LAB_NAMES)
    }


USED = sorted(members_used_by_the_page())
METHODS = [name for name in USED if inspect.isfunction(getattr(Lab, name, None))]


def parameters(lab: type[Lab], method: str) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(getattr(lab, method)).parameters)


def test_the_page_uses_these_members_of_a_lab() -> None:
    assert {"predict", "predict_all", "judge", "confirm_all", "reconsider", "undo"} <= set(METHODS)
    assert {"undo_all", "fine_tune", "examples", "digit_images"} <= set(METHODS)
    assert set(USED) - set(METHODS) == {
        "champion",
        "contributor",
        "home_settings",
        "is_unread",
        "not_kept_in_public",
        "runs",
        "settings",
        "warns",
    }


@pytest.mark.parametrize("fake", [FakeLab, FakeFineTuneLab])
@pytest.mark.parametrize("method", METHODS)
def test_a_method_of_the_fake_has_the_parameters_of_the_real_one(
    fake: type[Lab], method: str
) -> None:
    ours, real = parameters(fake, method), parameters(Lab, method)
    if "parameters" in ours:  # stands for the fields of FineTuneConfig, which the page never gives
        del ours["parameters"]
        real = {name: real[name] for name in real if name in ours or name not in CONFIG_FIELDS}
    summary = [
        [(name, one.kind, one.default) for name, one in group.items()] for group in (ours, real)
    ]
    assert summary[0] == summary[1]


@pytest.mark.parametrize("fake", [FakeLab, FakeFineTuneLab])
def test_the_fakes_have_all_members_that_the_page_uses(fake: type[Lab], tmp_path: Path) -> None:
    with fake(tmp_path / "home") as lab:  # type: ignore[arg-type, call-arg]
        assert all(hasattr(lab, name) for name in USED)
