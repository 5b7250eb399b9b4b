"""Make `.venv` and install digitlab into it, once; what `make serve` and `make test` call.

    python scripts/bootstrap.py serve|test

Standard library only, and words that an old Python can read, so that the version check
reaches whoever needs it. A second call finds its stamp and returns at once.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
CONSTRAINTS = ROOT / "constraints.txt"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""Commands of browsers that the tests take; tests/support/chromium.py has the same list."""

PARTS = {
    "serve": (".", "about 0.7 GB, most of it TensorFlow; 2.7 GB on disk"),
    "test": (".[dev]", "about 0.8 GB, most of it TensorFlow; 3.1 GB on disk"),
}


def main(part: str) -> None:
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        sys.exit(
            "digitlab needs Python 3.11, 3.12 or 3.13 (TensorFlow has no builds for others); "
            "this is %d.%d. Name another one: make PYTHON=python3.12 %s"
            % (sys.version_info[0], sys.version_info[1], part)
        )
    what, size = PARTS[part]
    key = wanted()
    stamps = [VENV / (".digitlab-%s" % name) for name in ("test", part)]  # test holds serve too
    if PYTHON.exists() and any(s.exists() and s.read_text() == key for s in stamps):
        return
    print("digitlab: installing into %s" % VENV)
    print("digitlab: this downloads %s. Later calls download nothing." % size, flush=True)
    make = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    # An environment without pip is one that was left half made.
    if not works("-m", "pip", "--version") and subprocess.call(make):
        sys.exit(
            "digitlab: %s cannot make a virtual environment. On Debian and Ubuntu this "
            "takes one package more: apt install python3-venv" % sys.executable
        )
    run(
        *(str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--constraint", str(CONSTRAINTS), "--editable", what),
        cwd=str(ROOT),
    )
    if part == "test":
        ensure_browser()
    stamps[-1].write_text(key)


def wanted() -> str:
    """A hash of what is to be installed: the lines on dependencies, the pins, the place."""
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("[tool.", 1)[0]
    text = "\0".join([lines, CONSTRAINTS.read_text(encoding="utf-8"), str(ROOT)])
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def works(*arguments: str) -> bool:
    """Whether the environment's Python is there and runs this."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return PYTHON.exists() and not subprocess.call([str(PYTHON), *arguments], **quiet)


def ensure_browser() -> None:
    """A Chromium for the browser tests: one that is installed, else Debian's, else Playwright's."""
    if any(map(shutil.which, BROWSERS)):
        return
    if is_debian() and hasattr(os, "geteuid") and os.geteuid() == 0:
        print("digitlab: installing Debian's chromium for the browser tests (about 100 MB)")
        subprocess.call(["apt-get", "update", "-q"])
        install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"]
        if not subprocess.call(install):
            return
    print("digitlab: fetching Playwright's Chromium for the browser tests (about 170 MB)")
    run(str(PYTHON), "-m", "playwright", "install", "chromium")


def is_debian() -> bool:
    """Ubuntu is not meant: its chromium is a snap, which a container cannot run."""
    try:
        return "\nID=debian\n" in "\n" + Path("/etc/os-release").read_text()
    except OSError:
        return False


def run(*command: str, **options: str) -> None:
    code = subprocess.call(command, **options)
    if code:
        sys.exit("digitlab: this failed with code %d: %s" % (code, " ".join(command)))


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in PARTS:
        sys.exit(__doc__)
    main(sys.argv[1])
