"""The documents agree with the code."""

import re
import sys
import tomllib

import click
import pytest
from support.chromium import BROWSERS
from support.paths import ROOT

from digitlab.cli import main
from digitlab.cli.main import COMMANDS
from digitlab.errors import IMAGE_ERROR_CODES
from digitlab.settings import Settings

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("feedback/*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_and_file_names_of_a_page_exist(page):
    text = page.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#\s]+)\)", text) if "://" not in link]
    named = re.findall(r"`((?:docs|tests|scripts|digitlab|notebooks|dashboards)/[\w./-]+)`", text)
    missing = [name for name in links if not (page.parent / name).exists()]
    missing += [name for name in named if not (ROOT / name).exists()]
    assert missing == []


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_the_command_line_page_lists_every_command_and_option(command):
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    section = text.partition(f"\n## digitlab {command}\n")[2].partition("\n## ")[0]
    context = click.Context(main)
    found = main.get_command(context, command)
    parts = found.commands.values() if isinstance(found, click.Group) else [found]
    options = {o for part in parts for p in part.params for o in p.opts if o.startswith("--")}
    assert {name for name in options if name not in section} == set()


def test_the_pictures_page_lists_every_error_code():
    text = (ROOT / "docs" / "pictures.md").read_text(encoding="utf-8")
    table = text.partition("| code | meaning |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)) == set(IMAGE_ERROR_CODES)


def test_the_metrics_of_the_base_equal_its_card():
    import json

    card = json.loads((ROOT / "models" / "base" / "card.json").read_text())
    text = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")
    for name, figures in card["metrics"].items():
        row = next(line for line in text.splitlines() if line.startswith(f"| {name}"))
        assert f"| {figures['n']:,} | {figures['correct']:,} | {figures['accuracy']:.2%} |" in row


def test_the_constraints_pin_every_dependency_by_name_and_version():
    lines = (ROOT / "constraints.txt").read_text().splitlines()[1:]
    pins = [re.fullmatch(r"([a-z0-9.-]+)==([\w.+!]+)", line) for line in lines]
    assert None not in pins
    names = {pin[1] for pin in pins}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    parts = [project["dependencies"], *project["optional-dependencies"].values()]
    asked_names = {re.match(r"[\w-]+", line)[0].lower() for part in parts for line in part}
    assert asked_names - names - {"digitlab"} == set()


def test_bootstrap_and_tests_use_the_same_browsers(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import bootstrap

    monkeypatch.delitem(sys.modules, "bootstrap")
    assert bootstrap.BROWSERS == BROWSERS


def test_an_old_python_gets_a_plain_sentence(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import bootstrap

    monkeypatch.delitem(sys.modules, "bootstrap")
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 9, 2))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11.*this is 3\.9"):
        bootstrap.main("serve")


def test_the_documented_limits_equal_the_settings(tmp_path):
    text = (ROOT / "docs" / "pictures.md").read_text(encoding="utf-8")
    settings = Settings.load(tmp_path)
    assert f"{settings.max_bytes // 1_000_000} MB" in text
    assert f"{settings.max_upload_bytes // 1_000_000} MB" in text
    assert f"{settings.max_pixels // 1_000_000} million" in text
    assert f"{settings.max_seconds:g} s" in text
    assert f"{settings.max_memory // 1_000_000} MB" in text
