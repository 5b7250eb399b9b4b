"""A virtual environment with only the dependencies that a wheel declares, linked, not copied.

Downloading and unpacking them (0.7 GB) took minutes. The links show the same: an import that
the wheel does not declare fails.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import venv
from importlib.metadata import Distribution, distribution
from pathlib import Path
from zipfile import ZipFile

from packaging.requirements import Requirement

SCRIPTS = "Scripts" if os.name == "nt" else "bin"


def install_linked(wheel: Path, folder: Path) -> Path:
    """Install a wheel into a new environment and link its declared dependencies.

    Args:
        wheel: the wheel.
        folder: of the new environment.

    Returns:
        The environment's folder of commands.
    """
    venv.create(folder, with_pip=False)
    purelib = Path(
        sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)})
    )
    for dependency in closure(declared(wheel)):
        link(dependency, purelib, prefix=folder)
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--python", str(folder / SCRIPTS / "python"), "install"),
            *("--quiet", "--no-deps", "--no-index", str(wheel)),
        ],
        check=True,
        capture_output=True,
    )
    return folder / SCRIPTS


def declared(wheel: Path) -> list[Requirement]:
    """Return the requirements in a wheel's metadata, without those of its extras."""
    with ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        lines = archive.read(name).decode("utf-8").splitlines()
    requirements = [Requirement(line[15:]) for line in lines if line.startswith("Requires-Dist: ")]
    return [one for one in requirements if applies(one, extras=())]


def closure(requirements: list[Requirement]) -> list[Distribution]:
    """Return the installed distributions that the requirements need, directly or not."""
    found: dict[str, Distribution] = {}
    done: set[tuple[str, frozenset[str]]] = set()
    queue = list(requirements)
    while queue:
        requirement = queue.pop()
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        key = name, frozenset(requirement.extras)
        if key in done:
            continue
        done.add(key)
        found[name] = distribution(name)
        for line in found[name].requires or ():
            needed = Requirement(line)
            if applies(needed, extras=requirement.extras):
                queue.append(needed)
    return list(found.values())


def applies(requirement: Requirement, *, extras: object) -> bool:
    """Return whether a requirement's marker holds here, for any of the extras or for none."""
    marker = requirement.marker
    names = [*(extras or ()), ""]  # type: ignore[misc]
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in names)


def link(package: Distribution, purelib: Path, *, prefix: Path) -> None:
    """Link the files of an installed distribution into another environment."""
    here = Path(sys.prefix)
    commands = here / SCRIPTS
    for file in package.files or ():
        source = Path(os.path.abspath(str(package.locate_file(file))))
        if source.is_relative_to(commands) or not source.is_file():
            continue  # commands name this environment's Python
        if source.is_relative_to(Path(sysconfig.get_path("purelib"))):
            target = purelib / source.relative_to(sysconfig.get_path("purelib"))
        else:
            target = prefix / source.relative_to(here)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            target.symlink_to(source)
