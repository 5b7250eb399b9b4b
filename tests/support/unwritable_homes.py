"""Use digitlab in homes that cannot be written: on real mounts, in a mount namespace.

Run as `python unwritable_homes.py FOLDER PICTURE LABEL`. The program mounts small file systems in
a namespace that no other process sees, and prints one JSON object: what each command, the Python
interface and the page say in each state of a home, with the seconds that it took.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from support.command_line import command_line

Report = dict[str, dict[str, Any]]

UNSHARE = (
    ["unshare", "--mount"]
    if hasattr(os, "geteuid") and os.geteuid() == 0
    else (["unshare", "--map-root-user", "--mount"])
)
"""The command that gives a process its own mounts, without rights outside them."""


def mount_refusal() -> str:
    """Return why this machine allows no mounts; empty if it does."""
    try:
        subprocess.run(
            [*UNSHARE, "mount", "-t", "tmpfs", "test", "/mnt"],
            check=True,
            capture_output=True,
            text=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        reason = getattr(error, "stderr", "") or str(error)
        return f"this machine allows no mounts in a namespace: {reason.strip()}"
    return ""


def report_of(folder: Path, picture: Path, label: int) -> dict[str, Report]:
    """Run this program in a new mount namespace and return its report."""
    done = subprocess.run(
        [*UNSHARE, sys.executable, __file__, str(folder), str(picture), str(label)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    report: dict[str, Report] = json.loads(done.stdout.splitlines()[-1])
    return report


def main(folder: Path, picture: Path, label: int) -> dict[str, Report]:
    """Use every home; the first one is writable and holds one correction of the picture."""
    seed = folder / "seed"
    other = folder / "labelled" / str(label) / "other.png"
    other.parent.mkdir(parents=True)
    shutil.copy(picture, other)
    added = command_line(folder, text=True)("feedback", "add", picture, "--label", label, home=seed)
    assert added.returncode == 0, added.stderr
    return {
        name: _use(home, folder, picture, label)
        for name, make in STATES.items()
        for home in _made(make, folder / name.replace(" ", "-"), seed)
    }


def _made(make: Callable[[Path, Path], Any], home: Path, seed: Path) -> Iterator[Path]:
    made = make(home, seed)
    if not isinstance(made, contextlib.AbstractContextManager):
        made = contextlib.nullcontext(made)
    with made as changed:
        yield changed or home


def _mount(home: Path, seed: Path, size: str = "32m") -> None:
    home.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "home", home], check=True)
    shutil.copytree(seed, home, dirs_exist_ok=True)


def _make_read_only(home: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", home], check=True)


def _fill(folder: Path) -> None:
    with contextlib.suppress(OSError), (folder / "full").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def _read_only(home: Path, seed: Path) -> None:
    _mount(home, seed)
    _make_read_only(home)


def _missing(home: Path, seed: Path) -> Path:
    _read_only(home, seed)
    return home / "no" / "home"


def _below_a_file(home: Path, seed: Path) -> Path:
    home.write_text("a file")
    return home / "home"


def _full(home: Path, seed: Path) -> None:
    _mount(home, seed, "8m")
    _fill(home)


@contextlib.contextmanager
def _locked(home: Path, seed: Path) -> Iterator[None]:
    shutil.copytree(seed, home)
    with contextlib.closing(_connect(home)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield


@contextlib.contextmanager
def _locked_for_readers(home: Path, seed: Path) -> Iterator[None]:
    shutil.copytree(seed, home)
    with contextlib.closing(_connect(home)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("UPDATE alembic_version SET version_num = version_num")
        yield


def _outdated(home: Path, seed: Path) -> None:
    _mount(home, seed)
    with contextlib.closing(_connect(home)) as database:
        database.execute("UPDATE alembic_version SET version_num = '0003'")
    _make_read_only(home)


def _stale_log(home: Path, seed: Path) -> None:
    """Leave the last write in SQLite's log, as a process that dies does, without its index."""
    _mount(home, seed)
    file = home / "feedback" / "digitlab.db"
    names = (file, file.with_name("digitlab.db-wal"))
    with contextlib.closing(_connect(home)) as database:
        database.execute("UPDATE verdicts SET comment = 'newest'")
        contents = {each: each.read_bytes() for each in names}
    for each, content in contents.items():
        each.write_bytes(content)
    _make_read_only(home)


def _connect(home: Path) -> sqlite3.Connection:
    return sqlite3.connect(home / "feedback" / "digitlab.db", isolation_level=None)


STATES: dict[str, Callable[[Path, Path], Any]] = {
    "read-only": _read_only,
    "full": _full,
    "locked": _locked,
    "locked for readers": _locked_for_readers,
    "missing": _missing,
    "below a file": _below_a_file,
    "outdated": _outdated,
    "stale log": _stale_log,
}


def _use(home: Path, folder: Path, picture: Path, label: int) -> Report:
    run = command_line(folder, text=True)
    before = _files(home)
    commands: dict[str, tuple[object, ...]] = {
        "predict": ("predict", picture, "--json"),
        "evaluate": ("evaluate", folder / "labelled"),
        "add": ("feedback", "add", picture, "--label", (label + 1) % 10),
        "import": ("feedback", "import", folder / "labelled"),
        "list": ("feedback", "list", "--json"),
        "export": ("feedback", "export", home / "exported", "--format", "imagefolder"),
        "fine-tune": ("fine-tune",),
    }
    report: Report = {}
    for name, arguments in commands.items():
        start = time.monotonic()
        done = run(*arguments, home=home)
        report[name] = {
            "code": done.returncode,
            "out": done.stdout,
            "err": [
                line
                for line in done.stderr.splitlines()
                if not line.startswith("home: ") and line != "checking ..."
            ],
            "seconds": time.monotonic() - start,
        }
    report["python"] = _use_lab(home, picture)
    report["page"] = _use_page(home, picture)
    new = sorted(_files(home) - before)
    report["files"] = {"new": [name for name in new if not name.endswith(("-wal", "-shm"))]}
    return report


def _use_lab(home: Path, picture: Path) -> dict[str, Any]:
    import digitlab

    start = time.monotonic()
    with warnings.catch_warnings(record=True) as caught, digitlab.open(home) as lab:
        warnings.simplefilter("always")
        predictions = [lab.predict(picture), lab.predict(picture), *lab.predict_all(picture)]
        return {
            "digits": [one.digit for one in predictions],
            "remembered": [one.remembered for one in predictions],
            "ids": [one.id for one in predictions],
            "warnings": [
                f"{one.category.__name__}: {one.message}"
                for one in caught
                if one.category.__name__ == "NotKeptWarning"
            ],
            "not_kept": lab.not_kept,
            "seconds": time.monotonic() - start,
        }


def _use_page(home: Path, picture: Path) -> dict[str, Any]:
    import digitlab
    from digitlab.widgets.state.run_follower import RunFollower
    from digitlab.widgets.state.session import Session

    start = time.monotonic()
    if (home / "full").is_file():
        tempfile.tempdir = str(home)  # the temporary folder is on the full disk, too
    with digitlab.open(home) as lab:
        session = Session(lab)
        follower = RunFollower(lab, session)
        session.open(picture.name, picture.read_bytes())
        tempfile.tempdir = None
        digits = [item.prediction.digit for item in session.items if item.prediction]
        error, verdict_error = session.error, ""
        with session.guard():
            session.judge("unsure", item_id=0)
        verdict_error, session.error = session.error, ""
        follower.start_run()
        follower.poll()
        return {
            "digits": digits,
            "error": error,
            "not_kept": session.not_kept,
            "verdict_error": verdict_error,
            "verdict": session.items[0].verdict is not None,
            "notice": session.notice,
            "run_error": session.error,
            "seconds": time.monotonic() - start,
        }


def _files(home: Path) -> set[str]:
    if not home.is_dir():
        return set()
    return {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))))
