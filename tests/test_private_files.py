"""Permissions of what a home holds: for its owner alone, or for the group that shares it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command_line import command_line

from digitlab.datasets.cached import write_cache_file
from digitlab.images.examples import examples
from digitlab.private_files import make_folder, protect_home, umask_for, write_file
from digitlab.settings import Settings, bundled
from digitlab.store import ModelRegistry

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no such permissions")


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(folder: Path) -> set[tuple[bool, int]]:
    """Return (is a folder, permissions) of a folder and all that is in it."""
    return {
        (path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in (folder, *folder.rglob("*"))
    }


PRIVATE = {(True, 0o700), (False, 0o600)}
SHARED = {(True, 0o2770), (False, 0o660)}


def use(folder: Path) -> Path:
    """Give a verdict and register a version in a home; return the home."""
    home, picture = folder / "home", folder / "five.png"
    base = bundled("models/base")
    example = examples()[0]
    picture.write_bytes(example.data)
    done = command_line(folder)("feedback", "add", picture, "--label", example.label, home=home)
    assert done.returncode == 0, done.stderr
    with (
        ModelRegistry(Settings.load(home, environ={})) as models,
        models.folders.staging_folder() as staging,
    ):
        for name in ("card.json", "model.keras", "model.tflite"):
            (staging / name).write_bytes((base / name).read_bytes())
        models.folders.register(staging)
    write_cache_file(home / "models" / "cache" / "x.npz", b"cached")
    return home


def test_a_home_is_private_with_every_umask_and_an_export_is_not(
    tmp_path: Path, umask: int
) -> None:
    home = use(tmp_path)
    assert modes(home) == PRIVATE
    out = tmp_path / "exported.csv"
    command_line(tmp_path)("feedback", "export", out, "--format", "csv", home=home)
    assert stat.S_IMODE(out.stat().st_mode) == 0o666 & ~umask


def test_an_older_home_becomes_private_when_it_is_opened(tmp_path: Path) -> None:
    home = use(tmp_path)
    for path in home.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    home.chmod(0o755)
    command_line(tmp_path)("predict", tmp_path / "five.png", home=home)
    assert modes(home / "feedback") == PRIVATE
    assert modes(home / "models") == PRIVATE
    assert stat.S_IMODE(home.stat().st_mode) == 0o755  # it may hold other things


def test_a_home_that_a_group_shares_stays_shared(tmp_path: Path, umask: int) -> None:
    home = tmp_path / "home"
    for name in ("feedback", "models"):
        (home / name).mkdir(parents=True)
        (home / name).chmod(0o2775)
    use(tmp_path)
    protect_home(Settings.load(home, environ={}))
    assert modes(home / "feedback") | modes(home / "models") <= SHARED | {(True, 0o2775)}
    assert umask_for(home / "feedback") == 0o007


def test_a_folder_that_only_the_umask_opened_is_not_shared(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o775)
    make_folder(folder / "a" / "b")
    write_file(folder / "a" / "b" / "file", b"x")
    assert modes(folder / "a") == PRIVATE
    assert umask_for(folder) == 0o077


def test_a_file_that_cannot_be_written_is_not_left(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        write_file(tmp_path / "file", "no bytes")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
