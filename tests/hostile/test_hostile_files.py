"""Every hostile file is read or refused with one plain line, within the limits."""

import re

import pytest
from support.command_line import command_line
from support.hostile_files.models import models
from support.hostile_files.pictures import patterns, pictures
from support.hostile_files.tables import tables
from support.resources import measure

from digitlab.images import MAX_DIGITS

CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def call(tmp_path_factory):
    """The command line with one home; the memory and TensorFlow are loaded before."""
    folder = tmp_path_factory.mktemp("hostile")
    call = command_line(folder, text=True)
    call.folder = folder
    return call


def failures(call, files, arguments, *, cpu_s, growth_mb, children_mb=2_000, max_lines=4):
    """Call a command with each file; return a line for each rule that a call breaks."""
    found = []
    for name, data in files:
        path = call.folder / name
        path.write_bytes(data)
        measured = measure(lambda path=path: call(*arguments, path))
        if measured.cpu_s > cpu_s:  # a process that an earlier test left may have ended meanwhile
            measured = measure(lambda path=path: call(*arguments, path))
        path.unlink()
        done = measured.result
        lines = done.stderr.splitlines()[1:]  # the first line names the home
        problems = {
            "exit code": done.returncode not in {0, 1},
            "traceback": "Traceback" in done.stdout + done.stderr,
            "control character": bool(CONTROL.search(done.stdout + done.stderr)),
            "no reason": done.returncode == 1 and not (lines or "not read" in done.stdout),
            "several lines": len(lines) > 1 or len(done.stdout.splitlines()) > max_lines,
            f"{measured.cpu_s:.1f} s": measured.cpu_s > cpu_s,
            f"{measured.growth_mb:.0f} MB": measured.growth_mb > growth_mb,
            f"{measured.children_mb:.0f} MB in a child": measured.children_mb > children_mb,
        }
        found += [
            f"{name}: {problem}; {done.stderr[-300:]}" for problem, true in problems.items() if true
        ]
    return found


@pytest.mark.parametrize(
    ("options", "max_lines"),
    [((), 4), (("--split",), MAX_DIGITS + 1)],  # with --split one line for each row of digits
    ids=["one digit", "several digits"],
)
def test_patterns_are_read_within_the_budget(call, options, max_lines):
    found = failures(
        call, patterns(), ("predict", *options), cpu_s=5, growth_mb=500, max_lines=max_lines
    )
    assert not found


def test_pictures_are_read_or_refused(call):
    assert not failures(call, pictures(), ("predict",), cpu_s=5, growth_mb=500)


def test_tables_are_read_or_refused(call):
    assert not failures(call, tables(), ("evaluate",), cpu_s=60, growth_mb=2_000)


@pytest.mark.tf
@pytest.mark.slow
def test_models_are_imported_or_refused(call):
    files = models()
    assert not failures(call, files, ("models", "import"), cpu_s=60, growth_mb=2_000)
