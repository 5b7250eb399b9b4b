"""The names of items are tidied for people."""

from __future__ import annotations

import pytest

from digitlab.widgets.state.visit_items import MAX_NAME_LENGTH, tidy_name


@pytest.mark.parametrize(
    ("name", "tidied"),
    [
        ("C:\\fakepath\\a.png", "a.png"),
        ("../../etc/passwd", "passwd"),
        ("a\u202egnp.exe\n", "agnp.exe"),
        ("", "picture"),
        ("   ", "picture"),
    ],
)
def test_names_lose_folders_and_control_characters(name: str, tidied: str) -> None:
    assert tidy_name(name) == tidied


def test_a_long_name_keeps_its_end() -> None:
    name = tidy_name("x" * 500 + ".png")
    assert len(name) == MAX_NAME_LENGTH
    assert name.endswith(".png")
