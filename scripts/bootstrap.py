"""Create `.venv` and install digitlab into it; `make serve` and `make test` call this script.

    python scripts/bootstrap.py serve|test

The script uses only the standard library and syntax of old Pythons, so that it can report an
unsupported version. After an installation it writes a stamp file; later calls return at once.
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
"""Commands of the browsers that the tests can use; tests/support/chromium.py has the same list."""

PARTS = {
    "serve": (".", "about 0.7 GB, most of it TensorFlow; 2.7 GB on disk"),
    "test": (".[dev]", "about 0.8 GB, most of it TensorFlow; 3.1 GB on disk"),
}


def main(part: str) -> None:
    """Install what `make serve` or `make test` needs, unless it is installed."""
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        sys.exit(
            "digitlab needs Python 3.11, 3.12 or 3.13 (TensorFlow has no builds for others); "
            "this is %d.%d. Name another one: make PYTHON=python3.12 %s"
            % (sys.version_info[0], sys.version_info[1], part)
        )
    target, size = PARTS[part]
    key = requirements_hash()
    stamps = [VENV / (".digitlab-%s" % name) for name in ("test", part)]  # test includes serve
    if PYTHON.exists() and any(s.exists() and s.read_text() == key for s in stamps):
        return
    print("digitlab: installing into %s" % VENV)
    print("digitlab: this downloads %s. Later calls download nothing." % size, flush=True)
    create = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    # An environment without pip comes from an interrupted call; it is created again.
    if not python_runs("-m", "pip", "--version") and subprocess.call(create):
        sys.exit(
            "digitlab: %s cannot create a virtual environment. On Debian and Ubuntu install "
            "this package first: apt install python3-venv" % sys.executable
        )
    run(
        *(str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--constraint", str(CONSTRAINTS), "--editable", target),
        cwd=str(ROOT),
    )
    if part == "test":
        ensure_browser()
    stamps[-1].write_text(key)


def requirements_hash() -> str:
    """Return a hash of the dependencies, the pinned versions and the folder of the checkout."""
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("[tool.", 1)[0]
    text = "\0".join([lines, CONSTRAINTS.read_text(encoding="utf-8"), str(ROOT)])
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def python_runs(*arguments: str) -> bool:
    """Return whether the environment's Python exists and runs the arguments without an error."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return PYTHON.exists() and not subprocess.call([str(PYTHON), *arguments], **quiet)


def ensure_browser() -> None:
    """Install Chromium for the browser tests from Debian or Playwright if there is no browser."""
    if any(map(shutil.which, BROWSERS)):
        return
    if is_debian() and hasattr(os, "geteuid") and os.geteuid() == 0:
        print("digitlab: installing Debian's chromium for the browser tests (about 100 MB)")
        subprocess.call(["apt-get", "update", "-q"])
        install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"]
        if not subprocess.call(install):
            return
    print("digitlab: downloading Playwright's Chromium for the browser tests (about 170 MB)")
    run(str(PYTHON), "-m", "playwright", "install", "chromium")


def is_debian() -> bool:
    """Return whether this is Debian; Ubuntu's chromium is a snap, which a container cannot run."""
    try:
        return "\nID=debian\n" in "\n" + Path("/etc/os-release").read_text()
    except OSError:
        return False


def run(*command: str, **options: str) -> None:
    """Run a command and exit if it fails."""
    code = subprocess.call(command, **options)
    if code:
        sys.exit("digitlab: this failed with code %d: %s" % (code, " ".join(command)))


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in PARTS:
        sys.exit(__doc__)
    main(sys.argv[1])
